"""Topics: lists of words and phrases, each with its Comparative Agendas Project major topic code."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.models import TopicHit
from ingest.watchlist import names, tomlfile

_KEYS = {"id", "name", "cap", "keywords", "not", "at_least"}
#: The major topics of the project's master codebook; there is no 11 and no 22.
CAP_MAJOR = frozenset({*range(1, 11), *range(12, 22), 23})
# May separate two words of a phrase: spaces, a hyphen, a line's end; not a blank line.
_GAP = re.compile(r"(?:['’ʼ][sS])?[^\S\n]*[-‐‑–]?[^\S\n]*\n?[^\S\n]*")


@dataclass(frozen=True, slots=True)
class Topic:
    """What an article may be about."""

    id: str
    name: str
    cap: int  #: Comparative Agendas Project, major topic
    keywords: tuple[str, ...]
    not_: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()  #: of the keywords whose weight is not 1
    at_least: float = 1.0  #: the least total weight of the words found in an article
    stored_hash: str | None = None  #: of the words of a topic that the record keeps

    def as_dict(self) -> dict[str, Any]:
        """The entry as the record keeps it: what is needed to show it, and a hash of its words."""
        words = repr((self.keywords, self.not_, self.weights, self.at_least))
        hash_ = self.stored_hash or hashlib.sha256(words.encode()).hexdigest()[:12]
        return {"id": self.id, "name": self.name, "cap": self.cap, "words": hash_}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Topic:
        """A topic from what `as_dict` gave: it has no keywords."""
        return cls(kept["id"], kept["name"], int(kept["cap"]), (), stored_hash=kept["words"])


def load(path: Path) -> list[Topic]:
    """The topics in a file. Raises ConfigFileError, naming the entry and what is wrong with it."""
    return [_topic(entry) for entry in tomlfile.entries(path, "topic")]


def _topic(entry: tomlfile.Table) -> Topic:
    entry.refuse_unknown(_KEYS)
    cap = entry.number("cap")
    if cap not in CAP_MAJOR:
        raise entry.complain(f"'cap' is {cap}, which is no major topic of the codebook: 1 to 10, 12 to 21 or 23")
    keywords, weights = _keywords(entry)
    not_ = tuple(entry.texts("not"))
    for key, phrases in (("keywords", keywords), ("not", not_)):
        for phrase in phrases:
            if not any(names.tokens(phrase)) or "*" in phrase[:-1]:
                raise entry.complain(f"'{key}' has \"{phrase}\"; give words, with a * at the very end at most", key)
    at_least: Any = entry.values.get("at_least", 1.0)
    if isinstance(at_least, bool) or not isinstance(at_least, int | float) or at_least <= 0:
        raise entry.complain("'at_least' must be a number above 0", "at_least")
    return Topic(entry.slug("id"), entry.text("name"), cap, keywords, not_, weights, float(at_least))


def _keywords(entry: tomlfile.Table) -> tuple[tuple[str, ...], tuple[tuple[str, float], ...]]:
    """The keywords, and the weights of those written as { text = "summit", weight = 0.5 }."""
    listed = entry.values.get("keywords", [])
    if not isinstance(listed, list):
        raise entry.complain("'keywords' must be a list", "keywords")
    plain, weights = [], []
    for keyword in listed:
        if isinstance(keyword, dict):
            weight: Any = keyword.get("weight")
            good = isinstance(weight, int | float) and not isinstance(weight, bool) and weight > 0
            if keyword.keys() != {"text", "weight"} or not good:
                raise entry.complain('a keyword with a weight is { text = "summit", weight = 0.5 }', "keywords")
            weights.append((str(keyword["text"]).strip(), float(weight)))
            keyword = keyword["text"]
        plain.append(keyword)
    entry = replace(entry, values={**entry.values, "keywords": plain})
    return tuple(entry.texts("keywords", required=True)), tuple(weights)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """One keyword of one topic, compiled."""

    words: tuple[str, ...]
    prefix: bool  #: the last word is only the beginning of one
    topic: int
    wanted: bool
    weight: float


class Matcher:
    """All topics compiled once; safe to share between threads."""

    def __init__(self, topics: list[Topic]) -> None:
        self._ids = [topic.id for topic in topics]
        self._least = [topic.at_least for topic in topics]
        self._by_word: dict[str, list[_Phrase]] = {}
        self._stems: list[_Phrase] = []
        for number, topic in enumerate(topics):
            weights = dict(topic.weights)
            for keyword in topic.keywords:
                self._compile(keyword, number, wanted=True, weight=weights.get(keyword, 1.0))
            for phrase in topic.not_:
                self._compile(phrase, number, wanted=False)
        self._head = min((len(stem.words[0]) for stem in self._stems), default=0)
        self._by_head: dict[str, list[_Phrase]] = {}
        for stem in self._stems:
            self._by_head.setdefault(stem.words[0][: self._head], []).append(stem)

    def _compile(self, phrase: str, topic: int, *, wanted: bool, weight: float = 1.0) -> None:
        words = tuple(token.folded for token in names.tokens(phrase))
        compiled = _Phrase(words, phrase.endswith("*"), topic, wanted, weight)
        if compiled.prefix and len(words) == 1:
            self._stems.append(compiled)
        else:
            self._by_word.setdefault(words[0], []).append(compiled)

    def find(self, text: str, tokens: Sequence[names.Token] | None = None) -> tuple[TopicHit, ...]:
        """The topics of a text, with the number of hits and the words found, in the file's order.

        `tokens` are the text's, if the caller has them already.
        """
        spans: dict[int, dict[tuple[int, int], float]] = {}
        unwanted: dict[int, list[tuple[int, int]]] = {}
        for phrase, start, end in self._phrases(text, list(names.tokens(text)) if tokens is None else tokens):
            if phrase.wanted:
                weighed = spans.setdefault(phrase.topic, {})
                weighed[start, end] = max(phrase.weight, weighed.get((start, end), 0.0))
            else:
                unwanted.setdefault(phrase.topic, []).append((start, end))
        found = []
        for topic in sorted(spans):
            counted = list(_longest(spans[topic], _longest(unwanted.get(topic, []), ())))
            if counted and sum(spans[topic][span] for span in counted) >= self._least[topic]:
                distinct = dict.fromkeys(" ".join(text[start:end].lower().split()) for start, end in counted)
                found.append(TopicHit(self._ids[topic], len(counted), tuple(distinct)))
        return tuple(found)

    def _phrases(self, text: str, tokens: Sequence[names.Token]) -> Iterator[tuple[_Phrase, int, int]]:
        """Every phrase in the text with its start and end, in order of the starts."""
        by_word, by_head, head = self._by_word, self._by_head, self._head
        for at, token in enumerate(tokens):
            word = token.folded
            for phrase in by_word.get(word, ()):
                last = at + len(phrase.words) - 1
                if last < len(tokens) and (last == at or _follows(text, tokens, at, phrase)):
                    yield phrase, token.start, tokens[last].end
            for phrase in by_head.get(word[:head], ()):
                if word.startswith(phrase.words[0]):
                    yield phrase, token.start, token.end


def _follows(text: str, tokens: Sequence[names.Token], at: int, phrase: _Phrase) -> bool:
    last = len(phrase.words) - 1
    for nth in range(1, last + 1):
        here, there = tokens[at + nth - 1], tokens[at + nth]
        same = there.folded == phrase.words[nth]
        if not same and not (nth == last and phrase.prefix and there.folded.startswith(phrase.words[nth])):
            return False
        if not _GAP.fullmatch(text, here.end, there.start):
            return False
    return True


def _longest(spans: Iterable[tuple[int, int]], excluded: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans that overlap no earlier or longer one and do not begin within an excluded one; both in order."""
    barriers = list(excluded)
    next_, last_end = 0, -1
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        while next_ < len(barriers) and barriers[next_][1] <= start:
            next_ += 1
        inside = next_ < len(barriers) and barriers[next_][0] <= start
        if start >= last_end and not inside:
            last_end = end
            yield start, end
