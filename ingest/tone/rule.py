"""The tone by rule, without a network: each word pulls toward positive or negative, less with distance to the name.

How, and from which weights (`rule.json`): docs/methods.md, "The rule".
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from math import exp
from pathlib import Path
from typing import NamedTuple

from ingest.models import Cue
from ingest.tone import Target, Toward, from_probabilities
from ingest.tone.clauses import Clauses, Named, Token, read, words_of

#: Words after which a pull has fallen to a third (e⁻¹): words before a name are less about it than words after it.
_FADE_BEFORE, _FADE_AFTER = 6.0, 15.0
#: Part of a pull that is left after each border of a clause, and the number of borders after which it falls no more.
_ACROSS, _BORDERS = 0.7, 2
#: Words further away have no pull, so that a name takes the same time in a sentence of any length.
_REACH = 60
_BEFORE = [exp(-distance / _FADE_BEFORE) for distance in range(_REACH)]
_AFTER = [exp(-distance / _FADE_AFTER) for distance in range(_REACH)]
_FALL = [_ACROSS**borders for borders in range(_BORDERS + 1)]

_FUNCTION_WORDS = words_of("function_words")
#: "anti-X", "never-X": what is called so is against X. Too rare in the labelled news to be learnt.
_OPPOSED = ("anti-", "never-", "dump-", "stop-")

#: The most words that are given as reasons, and the least weight of one: it moves the odds by a sixth.
_CUES, _SLIGHT = 8, 0.15
#: Sentences whose pulls are cached, because all figures of one are scored in a row, and the longest such sentence.
_KEPT, _LONG = 64, 2_000
#: Tones that are cached: reprints come together, and a page may repeat one sentence a thousand times.
_ANSWERS = 1_024


class Pull(NamedTuple):
    """What is added to the log-odds of negative and of positive against neutral."""

    negative: float
    positive: float


class Rule:
    """The scorer that needs no model and names the words that moved the tone."""

    name = "rule-1"

    def toward(self, targets: Sequence[Target]) -> list[Toward]:
        """The tone toward each target, in their order; the label is always `label_of` the tone."""
        return [_seen(target) if len(target.sentence) <= _LONG else _toward(target) for target in targets]


def features(target: Target) -> Iterator[tuple[str, float]]:
    """The features of a target for fitting: names of weights, and how strongly each counts."""
    parts, _ = _pulls(target.sentence)
    name = parts.named(target.sentence, target.start, target.end)
    for index in _near(range(len(parts.words)), parts, name):
        fade = _fade(parts.clauses, name, index)
        yield _anywhere(parts.words[index]), fade
        if valence := parts.reading.valences.get(index):
            yield _loaded(valence), abs(valence) * fade
    for key, _ in _beside(parts, name):
        yield key, 1.0
    for fact in _facts(parts, name):
        yield fact, 1.0


def _toward(target: Target) -> Toward:
    parts, pulls = _pulls(target.sentence) if len(target.sentence) <= _LONG else _pulled(target.sentence)
    name = parts.named(target.sentence, target.start, target.end)
    weights, clauses = _weights(), parts.clauses
    negative = positive = 0.0
    moved: dict[int, float] = {}
    for index in _near(pulls[0], parts, name):
        fade = _fade(clauses, name, index)
        bad, good = pulls[1][index]
        negative += fade * bad
        positive += fade * good
        moved[index] = fade * (good - bad)
    for key, index in _beside(parts, name):
        if key in weights:
            bad, good = weights[key]
            negative += bad
            positive += good
            moved[index] = moved.get(index, 0.0) + good - bad
    for fact in _facts(parts, name):
        bad, good = weights[fact]
        negative += bad
        positive += good
    return _answer(negative, positive, _because(parts, moved))


def _answer(negative: float, positive: float, because: tuple[Cue, ...]) -> Toward:
    top = max(0.0, negative, positive)
    odds = (exp(negative - top), exp(-top), exp(positive - top))
    bad, neutral, good = (each / sum(odds) for each in odds)
    return from_probabilities(bad, neutral, good, because)


def _because(parts: Clauses, moved: dict[int, float]) -> tuple[Cue, ...]:
    strongest = sorted([(-abs(weight), index) for index, weight in moved.items() if abs(weight) >= _SLIGHT])[:_CUES]
    return tuple([Cue(parts.words[index].word, round(moved[index], 4)) for _, index in strongest])


def _near(indices: Sequence[int], parts: Clauses, name: Named) -> list[int]:
    """Those of the words (indices, ascending) that count toward a name."""
    first, last = name.first, name.last
    near = [
        *indices[bisect_left(indices, first - _REACH) : bisect_left(indices, first)],
        *indices[bisect_right(indices, last) : bisect_right(indices, last + _REACH)],
    ]
    return [index for index in near if not parts.quoted[index]] if name.mute else near


def _fade(clauses: list[int], name: Named, index: int) -> float:
    """The part of a word's pull that counts toward a name, 0 … 1."""
    if index < name.first:
        return _BEFORE[name.first - index - 1] * _FALL[min(clauses[name.first] - clauses[index], _BORDERS)]
    return _AFTER[index - name.last - 1] * _FALL[min(clauses[index] - clauses[name.last], _BORDERS)]


def _beside(parts: Clauses, name: Named) -> list[tuple[str, int]]:
    """The weights' names for the words right before and after a name, with the words' indices."""
    return [
        (side + parts.words[at].stem, at)
        for side, at in (("before:", name.first - 1), ("after:", name.last + 1))
        if 0 <= at < len(parts.words) and not (name.mute and parts.quoted[at])
    ]


def _facts(parts: Clauses, name: Named) -> list[str]:
    found = ["*always"]
    if name.speaks:
        found.append("*speaks")
    if parts.speech:
        found.append("*is quoted" if parts.quoted[name.first] else "*beside a quotation")
    if name.first == 0:
        found.append("*first")
    if parts.words[name.last].owns:
        found.append("*owns")
    if parts.words[name.first].lower.startswith(_OPPOSED):
        found.append("*opposed")
    return found


def _anywhere(token: Token) -> str:
    return "" if token.lower in _FUNCTION_WORDS else token.stem


def _loaded(valence: float) -> str:
    return "*good" if valence > 0 else "*bad"


def _pulled(sentence: str) -> tuple[Clauses, tuple[list[int], dict[int, Pull]]]:
    """The sentence, and the indices of the words that have a pull, with their pulls by index."""
    parts, weights = read(sentence), _weights()
    valences = parts.reading.valences
    pulls = {}
    for index, token in enumerate(parts.words):
        pull = weights.get(_anywhere(token))
        if index in valences:
            own, shared, size = pull or Pull(0.0, 0.0), weights[_loaded(valences[index])], abs(valences[index])
            pull = Pull(own.negative + size * shared.negative, own.positive + size * shared.positive)
        if pull is not None and token.word:
            pulls[index] = pull
    return parts, (list(pulls), pulls)


_pulls = lru_cache(_KEPT)(_pulled)
_seen = lru_cache(_ANSWERS)(_toward)


def forget() -> None:
    """Empties the caches, for measuring."""
    _pulls.cache_clear()
    _seen.cache_clear()


@cache
def _weights() -> dict[str, Pull]:
    """Every weight by its name: a stem, `before:` or `after:` and the stem beside the target, or `*` and a fact."""
    given = json.loads((Path(__file__).parent / "rule.json").read_text(encoding="utf-8"))
    return {key: Pull(*pair) for key, pair in given["weights"].items()}
