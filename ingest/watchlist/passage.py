"""A text as the matcher reads it: its words, its sentences, and the signs between two words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from ingest.watchlist import names
from ingest.watchlist.names import Token

HYPHENS = frozenset("-‐‑–")
# May separate two words of one name: a space, a wrapped line, a hyphen, the dot of an initial.
_GAP = re.compile(r"\.?(?:[ \u00a0]{1,2}|[ \u00a0]?\n[ \u00a0]?)|[-‐‑–.]")
#: Signs before a word whose capital says nothing, like that of a sentence's first word.
_OPENERS = frozenset("“\"‘'(:—–-•*«„")


class Passage:
    """One text in one language. A place is the index of a word; expensive answers are computed when first needed."""

    def __init__(
        self, text: str, sentences: Sequence[tuple[int, int]], language: str, tokens: Sequence[Token] | None = None
    ) -> None:
        self.text = text
        self.sentences = sentences
        self.english = language == "en"
        self.tokens = list(names.tokens(text)) if tokens is None else tokens
        self.words = [token.folded for token in self.tokens]
        self._starts = [start for start, _ in sentences]
        self._headlines: dict[int, bool] = {}
        self._shouted: dict[int, bool] = {}
        self._small: frozenset[str] | None = None

    def sentence_of(self, offset: int) -> int:
        """The index of the sentence at an offset in characters; −1 if it is in none."""
        index = bisect_right(self._starts, offset) - 1
        return index if index >= 0 and offset < self.sentences[index][1] else -1

    def capital(self, place: int) -> bool:
        return self.tokens[place].raw[0].isupper()

    def gap(self, place: int) -> str:
        """The text between a word and the next."""
        return self.text[self.tokens[place].end : self.tokens[place + 1].start]

    def adjacent(self, place: int) -> bool:
        """Whether only a gap separates a word from the next (a possessive ending is more than a gap)."""
        if not 0 <= place < len(self.tokens) - 1:
            return False
        here, there = self.tokens[place], self.tokens[place + 1]
        gap = self.text[here.end : there.start]
        if gap == " " or gap in HYPHENS or (gap == ", " and there.folded in ("jr", "sr")):
            return True
        # "He met Trump. Tower blocks fell": the dot may end a sentence instead.
        return _GAP.fullmatch(gap) is not None and self.sentence_of(here.start) == self.sentence_of(there.start)

    def spaced(self, place: int) -> bool:
        """Whether only a blank, or the dot of an initial, separates a word from the next."""
        return self.adjacent(place) and self.gap(place) not in HYPHENS

    def hyphen_before(self, place: int) -> bool:
        start = self.tokens[place].start
        return start > 0 and self.text[start - 1] in HYPHENS

    def hyphen_after(self, place: int) -> bool:
        end = self.tokens[place].end
        return self.text[end : end + 1] in HYPHENS and self.text[end + 1 : end + 2].isalnum()

    def opens(self, place: int) -> bool:
        """Whether a word is the first of its sentence, or of a quotation or bracket: its capital says nothing."""
        start = self.tokens[place].start
        sentence = self.sentence_of(start)
        if sentence < 0 or place == 0 or self.tokens[place - 1].start < self.sentences[sentence][0]:
            return True
        before = self.text[max(0, start - 2) : start].rstrip()
        return bool(before) and before[-1] in _OPENERS and not self.adjacent(place - 1)

    def is_headline(self, sentence: int) -> bool:
        """Whether most words of a sentence are capitalised and it does not end in a full stop."""
        if sentence not in self._headlines:
            start, end = self.sentences[max(0, sentence)]
            words = [word for word in self.text[start:end].split() if len(word) > 3]
            lower = sum(word[0].islower() for word in words)
            self._headlines[sentence] = self.text[end - 1] not in ".!?" and lower * 2 < len(words)
        return self._headlines[sentence]

    def is_shouted(self, sentence: int) -> bool:
        """Whether a sentence of at least three words is written IN CAPITALS."""
        if sentence not in self._shouted:
            start, end = self.sentences[max(0, sentence)]
            words = [word for word in self.text[start:end].split() if len(word) > 1 and word[:2].isalpha()]
            small = sum(not word.isupper() for word in words)
            self._shouted[sentence] = len(words) >= 3 and small * 5 <= len(words)
        return self._shouted[sentence]

    def written_small(self, word: str) -> bool:
        """Whether this word also occurs in lower case in the text: then it is not a first name."""
        if self._small is None:
            self._small = frozenset(token.raw for token in self.tokens if token.raw.islower())
        return word in self._small
