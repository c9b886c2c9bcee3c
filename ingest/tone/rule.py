"""The tone that words give, without a model: each pulls toward good or bad, and less the further it stands away.

A word's pull is VADER's valence (after boosters, negations and "but") times a weight, plus a weight of its own that was
learnt, by its stem, from labelled news: that news says "united", "supreme" and "party" neutrally, that who is "slammed"
fares ill and who "slams" less so. Pulls fade with the distance to the name and from clause to clause. Names have no
weights: nobody is bad news by being himself. Inside a quotation its speaker is not scored by what he says.

The weights are in `rule.json`; `python -m tests.bench.rulefit LABELLED.jsonl` fits them and says how well they do.
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
from ingest.tone import Target, Toward, answer
from ingest.tone.clauses import Name, Passage, Token, read

#: Words after which a pull has fallen to a third: what stands before a name tells less of it than what it does after.
_FADE_BEFORE, _FADE_AFTER = 6.0, 15.0
#: What is left of a pull at each border of a clause, and after how many borders it falls no more.
_ACROSS, _BORDERS = 0.7, 2
#: Words further away pull no more: a sentence of any length takes a name the same time.
_REACH = 60
_BEFORE = [exp(-distance / _FADE_BEFORE) for distance in range(_REACH)]
_AFTER = [exp(-distance / _FADE_AFTER) for distance in range(_REACH)]
_FALL = [_ACROSS**borders for borders in range(_BORDERS + 1)]

#: Words that hold a sentence together pull from beside a name only; from afar they would tell a reader nothing.
_JOINTS = frozenset(
    "a also an and are as at be been being by did do does for from had has have he her him his i if in is it its me mr "
    "mrs ms my of on one or our said so than that the their them then there these they this those to two was we were "
    "what when where which who with you your".split()
)
#: "anti-X", "never-X": what is named so is against X. Too rare in the labelled news to be learnt from it.
_OPPOSED = ("anti-", "never-", "dump-", "stop-")

#: How many words are told; one that moves the odds by less than a sixth is not worth it.
_CUES, _SLIGHT = 8, 0.15
#: Sentences whose parts are kept: the figures of one are asked for one after the other.
_KEPT, _LONG = 64, 2_000
#: Answers that are kept: reprints come in swarms, and a page may say one sentence a thousand times.
_ANSWERS = 1_024


class Pull(NamedTuple):
    """How something moves the odds (their logarithms) of negative and of positive against neutral."""

    negative: float
    positive: float


class Rule:
    """The scorer that needs no model and can name the words that moved it."""

    name = "rule-1"

    def toward(self, targets: Sequence[Target]) -> list[Toward]:
        """One answer a target, in their order; the label is always the one that `label_of` reads from the tone."""
        return [_seen(target) if len(target.sentence) <= _LONG else _toward(target) for target in targets]


def features(target: Target) -> Iterator[tuple[str, float]]:
    """What pulls at a target, as the names of its weights, and how strongly each is felt there: what is fitted."""
    passage, _ = _pulls(target.sentence)
    name = passage.name(target.sentence, target.start, target.end)
    for index in _near(range(len(passage.words)), passage, name):
        fade = _fade(passage.clauses, name, index)
        yield _anywhere(passage.words[index]), fade
        if valence := passage.reading.valences.get(index):
            yield _loaded(valence), abs(valence) * fade
    for key, _ in _beside(passage, name):
        yield key, 1.0
    for fact in _facts(passage, name):
        yield fact, 1.0


def _toward(target: Target) -> Toward:
    passage, pulls = _pulls(target.sentence) if len(target.sentence) <= _LONG else _pulled(target.sentence)
    name = passage.name(target.sentence, target.start, target.end)
    weights, clauses = _weights(), passage.clauses
    negative = positive = 0.0
    moved: dict[int, float] = {}
    for index in _near(pulls[0], passage, name):
        fade = _fade(clauses, name, index)
        bad, good = pulls[1][index]
        negative += fade * bad
        positive += fade * good
        moved[index] = fade * (good - bad)
    for key, index in _beside(passage, name):
        if key in weights:
            bad, good = weights[key]
            negative += bad
            positive += good
            moved[index] = moved.get(index, 0.0) + good - bad
    for fact in _facts(passage, name):
        bad, good = weights[fact]
        negative += bad
        positive += good
    return _answer(negative, positive, _because(passage, moved))


def _answer(negative: float, positive: float, because: tuple[Cue, ...]) -> Toward:
    top = max(0.0, negative, positive)
    odds = (exp(negative - top), exp(-top), exp(positive - top))
    bad, neutral, good = (each / sum(odds) for each in odds)
    return answer(bad, neutral, good, because)


def _because(passage: Passage, moved: dict[int, float]) -> tuple[Cue, ...]:
    strongest = sorted([(-abs(weight), index) for index, weight in moved.items() if abs(weight) >= _SLIGHT])[:_CUES]
    return tuple([Cue(passage.words[index].word, round(moved[index], 4)) for _, index in strongest])


def _near(indices: Sequence[int], passage: Passage, name: Name) -> list[int]:
    """Those of the words (in order) that can be felt at a name."""
    first, last = name.first, name.last
    near = [
        *indices[bisect_left(indices, first - _REACH) : bisect_left(indices, first)],
        *indices[bisect_right(indices, last) : bisect_right(indices, last + _REACH)],
    ]
    return [index for index in near if not passage.quoted[index]] if name.mute else near


def _fade(clauses: list[int], name: Name, index: int) -> float:
    """How much of a word's pull is felt at a name."""
    if index < name.first:
        return _BEFORE[name.first - index - 1] * _FALL[min(clauses[name.first] - clauses[index], _BORDERS)]
    return _AFTER[index - name.last - 1] * _FALL[min(clauses[index] - clauses[name.last], _BORDERS)]


def _beside(passage: Passage, name: Name) -> list[tuple[str, int]]:
    """The weights of the words just before and after a name, with the words' places."""
    return [
        (side + passage.words[at].stem, at)
        for side, at in (("before:", name.first - 1), ("after:", name.last + 1))
        if 0 <= at < len(passage.words) and not (name.mute and passage.quoted[at])
    ]


def _facts(passage: Passage, name: Name) -> list[str]:
    found = ["*always"]
    if name.speaks:
        found.append("*speaks")
    if passage.speech:
        found.append("*is quoted" if passage.quoted[name.first] else "*beside a quotation")
    if name.first == 0:
        found.append("*first")
    if passage.words[name.last].owns:
        found.append("*owns")
    if passage.words[name.first].lower.startswith(_OPPOSED):
        found.append("*opposed")
    return found


def _anywhere(token: Token) -> str:
    return "" if token.lower in _JOINTS else token.stem


def _loaded(valence: float) -> str:
    return "*good" if valence > 0 else "*bad"


def _pulled(sentence: str) -> tuple[Passage, tuple[list[int], dict[int, Pull]]]:
    """The sentence, and what its words pull, by their index and in order."""
    passage, weights = read(sentence), _weights()
    valences = passage.reading.valences
    pulls = {}
    for index, token in enumerate(passage.words):
        pull = weights.get(_anywhere(token))
        if index in valences:
            own, shared, size = pull or Pull(0.0, 0.0), weights[_loaded(valences[index])], abs(valences[index])
            pull = Pull(own.negative + size * shared.negative, own.positive + size * shared.positive)
        if pull is not None and token.word:
            pulls[index] = pull
    return passage, (list(pulls), pulls)


_pulls = lru_cache(_KEPT)(_pulled)
_seen = lru_cache(_ANSWERS)(_toward)


def forget() -> None:
    """Drops what is kept of sentences, as whoever measures wants."""
    _pulls.cache_clear()
    _seen.cache_clear()


@cache
def _weights() -> dict[str, Pull]:
    """Every weight by its name: a stem; `before:` or `after:` and the stem beside the target; `*` and a fact."""
    given = json.loads((Path(__file__).parent / "rule.json").read_text(encoding="utf-8"))
    return {key: Pull(*pair) for key, pair in given["weights"].items()}
