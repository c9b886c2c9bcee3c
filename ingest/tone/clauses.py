"""Cuts a sentence for the rule: tokens with VADER's valences, clauses, quotations and their speakers."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from ingest.tone import sentiment

#: One character for one, so that offsets stay: VADER knows only straight apostrophes, and no dash between words.
_PLAIN = str.maketrans({"’": "'", "‘": "'", "—": " ", "–": " "})
_STRAIGHT = str.maketrans({"“": '"', "”": '"'})
_MARK = re.compile('["“”]')
_AROUND = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~…"
_QUOTES_OFF = "\"')]"
#: Fewer quoted words are a phrase ("great courage"), not speech.
_SPEECH = 4

_LISTS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))

#: Distinct tokens that are cached, and how long one may be; a day's news has fewer.
_REMEMBERED, _LONG_TOKEN = 50_000, 50
#: Tokens that may be between a name and its verb: of an apposition in commas, and of titles and given names.
_APPOSITION, _NAME = 12, 5


def words_of(list_: str) -> frozenset[str]:
    """The words of a list in `words.toml`, which says what each is for."""
    return frozenset(_LISTS[list_].split())


_OPENS_CLAUSE = words_of("opens_clause")
_SAYS = words_of("says")
_BEFORE_SAYS = words_of("before_says")
_TITLES = words_of("titles")


class Named(NamedTuple):
    """A place in a sentence that names somebody."""

    first: int  #: index of its first and last token
    last: int
    speaks: bool  #: whether the sentence says that he or she says something
    mute: bool  #: whether it is outside of his or her own quotation, whose words are then not about the speaker


class Token(NamedTuple):
    """What the rule needs to know of a token, independent of its place."""

    word: str  #: without punctuation around it
    lower: str  #: the word in lower case, without possessive ending
    stem: str
    opens: bool  #: a clause begins with it …
    ends: bool  #: … or ends after it
    owns: bool  #: possessive


@dataclass(frozen=True)
class Clauses:
    """A sentence cut into tokens and clauses; each list has one item for each token."""

    reading: sentiment.Reading
    lead: int  #: number of blanks before the sentence
    worded: bool  #: whether emoji were replaced by words
    tokens: list[str]  #: as written
    words: list[Token]
    clauses: list[int]  #: the number of each token's clause
    quoted: list[bool]  #: whether each is in a quotation of some length

    @cached_property
    def speech(self) -> bool:
        """Whether somebody is quoted."""
        return any(self.quoted)

    def named(self, sentence: str, start: int, end: int) -> Named:
        """The name at these offsets of the sentence."""
        starts = self.reading.starts
        if self.worded:
            start, end = (len(sentiment.described(sentence[:at])) for at in (start, end))
        first = max(0, bisect_right(starts, start - self.lead) - 1)
        last = max(first, bisect_left(starts, end - self.lead) - 1)
        speaks = self._speaks(first, last)
        return Named(first, last, speaks, speaks and not self.quoted[first])

    def _speaks(self, first: int, last: int) -> bool:
        """Whether the person named by these tokens says something: "X said", "said President X", "X: …"."""
        token, after = self.tokens[last].rstrip(_QUOTES_OFF), last + 1
        if token.endswith(":"):
            return True
        if token.endswith(","):  # "X, the leader of the party, said"
            near = range(after, min(after + _APPOSITION, len(self.tokens)))
            after = next((at + 1 for at in near if self.tokens[at].endswith(",")), after)
        while after < len(self.words) and self.words[after].lower in _BEFORE_SAYS:
            after += 1
        if after < len(self.words) and self.words[after].lower in _SAYS:
            return True
        before, far = first - 1, max(0, first - _NAME)
        while before > far and (self.words[before].lower in _TITLES or self.tokens[before][:1].isupper()):
            before -= 1
        return before >= 0 and self.words[before].lower in _SAYS


def read(sentence: str) -> Clauses:
    """Cuts a sentence into tokens and clauses."""
    shown = sentiment.described(sentence)
    text = shown.translate(_PLAIN)
    reading = sentiment.read(text.translate(_STRAIGHT))
    lead = len(text) - len(text.lstrip())
    tokens = reading.text.split()
    words = [_token(token) if len(token) <= _LONG_TOKEN else _token.__wrapped__(token) for token in tokens]
    quoted = _quoted(text.strip(), reading.starts) if _MARK.search(text) else [False] * len(tokens)
    return Clauses(reading, lead, shown is not sentence, tokens, words, _clauses(words), quoted)


def stem(word: str) -> str:
    """The part that a word roughly shares with its inflections: attacked, attacking and attacks have one stem."""
    for ending in ("ations", "ation", "ingly", "edly", "ings", "ing", "ied", "ies", "ed", "es", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


@lru_cache(_REMEMBERED)
def _token(token: str) -> Token:
    word = token.strip(_AROUND)
    lower = word.lower().removesuffix("'s")
    ends = token.rstrip(_QUOTES_OFF)[-1:] in (",", ";", ":", "!", "?")
    owns = token.rstrip(",.").endswith(("'s", "s'"))
    return Token(word, lower, stem(lower), lower in _OPENS_CLAUSE, ends, owns)


def _clauses(words: list[Token]) -> list[int]:
    numbers, number, ended = [], 0, False
    for word in words:
        if ended or word.opens:
            number += 1
        ended = word.ends
        numbers.append(number)
    return numbers


def _quoted(text: str, starts: list[int]) -> list[bool]:
    found = [False] * len(starts)
    for opened, closed in quotations(text):
        inside = range(bisect_left(starts, opened), bisect_left(starts, closed))
        if len(inside) >= _SPEECH:
            for index in inside:
                found[index] = True
    return found


def quotations(sentence: str) -> Iterator[tuple[int, int]]:
    """Start and end of everything in quotation marks, straight or curly.

    An unclosed quotation extends to the end; one that was opened in an earlier sentence begins at the start.
    """
    opened: int | None = None
    first = True
    for mark in _MARK.finditer(sentence):
        at = mark.start()
        closes = mark.group() == "”" or (mark.group() == '"' and (opened is not None or _after_word(sentence, at)))
        if not closes:
            opened = at if opened is None else opened
        elif opened is not None or first:
            yield opened or 0, at
            opened = None
        first = False
    if opened is not None:
        yield opened, len(sentence)


def _after_word(sentence: str, at: int) -> bool:
    """Whether a straight mark follows a word, as a closing one does."""
    return at > 0 and not sentence[at - 1].isspace() and sentence[at - 1] not in "([—–-"
