"""Sentence scores: exactly vaderSentiment's compound, in linear time, and the valences behind it.

Lexicon, emoji, boosters, negations, idioms and weights are read from the installed package (Hutto & Gilbert 2014). Only
the order of work differs: every distinct token is looked up once and cached, and its neighbours are read only if it is
in the lexicon. The package lower-cases all tokens for every such word, which takes most of its time and is quadratic.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from heapq import heappop, heappush
from typing import NamedTuple

from vaderSentiment import vaderSentiment as vader

SCORER = "vader-3.3.2"

_ANALYZER = vader.SentimentIntensityAnalyzer()
_LEXICON: dict[str, float] = _ANALYZER.lexicon
_BOOSTERS: dict[str, float] = vader.BOOSTER_DICT
_IDIOMS: dict[str, float] = vader.SPECIAL_CASES
_NEGATIONS = frozenset(vader.NEGATE)
_EMOJI: dict[str, str] = _ANALYZER.emojis
_ALL_EMOJI = frozenset(_EMOJI)
_TOKEN = re.compile(r"\S+")
_PHRASES = [phrase.split() for phrase in (*_IDIOMS, *_BOOSTERS) if " " in phrase]
_LAST_OF_PHRASE = frozenset(phrase[-1] for phrase in _PHRASES)
_FIRST_OF_PHRASE = frozenset(phrase[0] for phrase in _PHRASES)
#: The words that the rules below name.
_NAMED = frozenset("at but doubt kind least never no nor of or so this very without".split())
_KNOWN = _NAMED.union(_LEXICON, _BOOSTERS, _NEGATIONS, *_PHRASES)

#: Distinct tokens that are cached; a day's news has fewer.
_REMEMBERED = 50_000
#: A longer token is in no lexicon and is not cached.
_LONG_TOKEN = 50
#: Readings that are cached, because the rule needs the valences after the compound: a long article's sentences …
_READINGS = 512
#: … none longer than the analysis makes them, which bounds their memory.
_LONG_SENTENCE = 2_000


class Word(NamedTuple):
    """A token with what VADER needs to know of it."""

    lower: str  #: without punctuation around it, in lower case; empty if the package does not know the word
    upper: bool  #: written in capitals
    valence: float | None  #: None: not in the lexicon, or a booster
    boost: float
    negates: bool
    ends: bool  #: a phrase that the package knows ends with it …
    begins: bool  #: … or begins with it


@dataclass(frozen=True)
class Reading:
    """VADER's result for a sentence."""

    text: str  #: the sentence with its emoji described in words
    words: list[Word]
    valences: dict[int, float]  #: by the word's index, after boosters, negations, idioms and "but"; others have 0
    compound: float  #: −1 … 1, four digits

    @cached_property
    def starts(self) -> list[int]:
        """The offset in `text` at which each word's token begins."""
        return [token.start() for token in _TOKEN.finditer(self.text)]


class _Words(dict[str, Word]):
    """A cache of tokens that were looked up in the lexicons."""

    def __missing__(self, token: str) -> Word:
        stripped = token.strip(vader.string.punctuation)
        plain = stripped if len(stripped) > 2 else token  # an emoticon is all punctuation
        lower = plain.lower()
        word = _word(lower, plain.isupper()) if lower in _KNOWN or "n't" in lower else _OTHERS[plain.isupper()]
        if len(token) <= _LONG_TOKEN:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[token] = word
        return word


def _word(lower: str, upper: bool) -> Word:
    boost = _BOOSTERS.get(lower, 0.0)
    return Word(
        lower=lower,
        upper=upper,
        valence=None if boost else _LEXICON.get(lower),
        boost=boost,
        negates=lower in _NEGATIONS or "n't" in lower,
        ends=lower in _LAST_OF_PHRASE,
        begins=lower in _FIRST_OF_PHRASE,
    )


#: Words that are in no list: in lower case and in capitals.
_OTHERS = (_word("", False), _word("", True))
_WORDS = _Words()


def compound(sentence: str) -> float:
    """VADER's compound of one sentence, −1 … 1, four digits. A whole article would saturate it."""
    return read(sentence).compound


def mean(tones: list[float]) -> float:
    """The article's tone: the mean of its sentences' tones, four digits; 0 for no sentences."""
    return round(sum(tones) / len(tones), 4) if tones else 0.0


def read(sentence: str) -> Reading:
    """VADER's result for a sentence, from a small cache."""
    return _remembered(sentence) if len(sentence) <= _LONG_SENTENCE else _read(sentence)


def forget() -> None:
    """Empties the cache of readings, for measuring."""
    _remembered.cache_clear()


def described(text: str) -> str:
    """The text with its emoji replaced by words, as VADER does."""
    if text.isascii() or _ALL_EMOJI.isdisjoint(text):
        return text
    pieces, before = [], " "
    for character in text:
        words = _EMOJI.get(character)
        pieces.append(character if words is None else words if before == " " else f" {words}")
        before = character
    return "".join(pieces)


def _read(sentence: str) -> Reading:
    text = described(sentence).strip()
    words = [_WORDS[token] for token in text.split()]
    hits = [index for index, word in enumerate(words) if word.valence is not None]
    if not hits:
        return Reading(text, words, {}, 0.0)
    capitals = 0 < [word.upper for word in words].count(True) < len(words)
    lowers = [word.lower for word in words]
    valences = {index: value for index in hits if (value := _valence(words, lowers, index, capitals))}
    if valences and "but" in lowers:
        _weigh(valences, lowers.index("but"))
    return Reading(text, words, valences, _compound(valences, text))


_remembered = lru_cache(_READINGS)(_read)


def _valence(words: list[Word], lowers: list[str], index: int, capitals: bool) -> float:
    """The valence of a word of the lexicon among its neighbours (the package's `sentiment_valence`)."""
    word = words[index]
    own = valence = word.valence or 0.0
    after = words[index + 1] if index + 1 < len(words) else None
    if word.lower == "kind" and after and after.lower == "of":
        return 0.0
    if word.lower == "no" and after and (after.valence is not None):
        valence = 0.0  # it negates the next word and has no valence itself
    before = lowers[max(0, index - 3) : index]
    if "no" in before and ("no" in before[-2:] or before[-1] in ("or", "nor")):
        valence = own * vader.N_SCALAR
    if word.upper and capitals:
        valence += vader.C_INCR if valence > 0 else -vader.C_INCR
    for distance in range(1, min(index, 3) + 1):
        other = words[index - distance]
        if other.valence is not None:
            continue
        if other.boost:
            valence += _boost(other, valence, capitals) * (1, 0.95, 0.9)[distance - 1]
        valence = _negate(valence, other, before, distance)
        if distance == 3 and (word.begins or word.ends or words[index - 1].ends or words[index - 2].ends):
            valence = _idiom(valence, lowers, index)
    if before and before[-1] == "least" and not (len(before) > 1 and before[-2] in ("at", "very")):
        valence *= vader.N_SCALAR
    return valence


def _boost(word: Word, valence: float, capitals: bool) -> float:
    boost = -word.boost if valence < 0 else word.boost
    if word.upper and capitals:
        boost += vader.C_INCR if valence > 0 else -vader.C_INCR
    return boost


def _negate(valence: float, word: Word, before: list[str], distance: int) -> float:
    """The valence after the word at that distance before it may have negated it (`_negation_check`)."""
    if distance == 3 and before[-1] in ("so", "this"):  # the package's "and" binds closer than its "or"
        return valence * 1.25
    if not word.negates:
        return valence
    if distance > 1 and word.lower == "never" and before[-distance + 1] in ("so", "this"):
        return valence * 1.25
    if distance > 1 and word.lower == "without" and "doubt" in before[-distance + 1 :]:
        return valence
    return valence * float(vader.N_SCALAR)


def _idiom(valence: float, lowers: list[str], index: int) -> float:
    """The valence if the word is part of a phrase that the package knows (`_special_idioms_check`)."""
    three, two, one, here, *after = lowers[index - 3 : index + 3]
    back = (f"{one} {here}", f"{two} {one} {here}", f"{two} {one}", f"{three} {two} {one}", f"{three} {two}")
    valence = next((_IDIOMS[phrase] for phrase in back if phrase in _IDIOMS), valence)
    for end in range(1, len(after) + 1):
        valence = _IDIOMS.get(" ".join((here, *after[:end])), valence)
    for phrase in (back[3], back[4], back[2]):
        valence += _BOOSTERS.get(phrase, 0.0)
    return valence


def _weigh(valences: dict[int, float], but: int) -> None:
    """Halves the valences before "but" and raises those after by half (`_but_check`).

    The package looks up each value by its first occurrence in the list it is changing, so that of equal values one may
    be weighed twice and another not at all. A heap of indices for each value gives the same without its searching.
    """
    places: defaultdict[float, list[int]] = defaultdict(list)
    for index, value in valences.items():
        places[value].append(index)  # in order: a sorted list is a heap
    for index in valences:
        value = valences[index]
        heap = places[value]
        while valences[heap[0]] != value:
            heappop(heap)
        first = heap[0]
        if first != but:
            valences[first] = weighed = value * (0.5 if first < but else 1.5)
            heappush(places[weighed], first)


def _compound(valences: dict[int, float], text: str) -> float:
    total = sum(valences.values())
    if total:
        emphasis = _ANALYZER._punctuation_emphasis(text)
        total += emphasis if total > 0 else -emphasis
    return round(float(vader.normalize(total)), 4)
