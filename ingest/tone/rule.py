"""The tone that words give, without a model: each pulls toward good or bad, and less the further it stands away.

A word's pull is VADER's valence (after boosters, negations and "but") times a weight, plus a weight of its own that was
learnt, by its stem, from labelled news: that news says "united", "supreme" and "party" neutrally, that who is "slammed"
fares ill and who "slams" less so. Pulls fade with the distance to the name and from clause to clause. Names have no
weights: nobody is bad news by being himself. Inside a quotation its speaker is not scored by what he says.

The weights are in `rule.json`; `python -m tests.bench.rulefit LABELLED.jsonl` fits them and says how well they do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice
from math import exp
from pathlib import Path
from typing import NamedTuple

from ingest.models import NEUTRAL_BELOW, Cue
from ingest.tone import Target, Toward
from ingest.tone.passage import Name, Passage, read, stem

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

#: How many words are told; one that moves the odds by less than a twentieth is not worth it.
_CUES, _SLIGHT = 8, 0.05
#: The tone of a neutral mention leans within the borders of neutral.
_NEUTRAL = 0.0499
#: Sentences whose parts are kept: the figures of one are asked for one after the other.
_KEPT, _LONG = 64, 2_000


class Pull(NamedTuple):
    """How something moves the odds (their logarithms) of negative and of positive against neutral."""

    negative: float
    positive: float


class Rule:
    """The scorer that needs no model and can name the words that moved it."""

    name = "rule-1"

    def toward(self, targets: Sequence[Target]) -> list[Toward]:
        """One answer a target, in their order; the label is always the one that `label_of` reads from the tone."""
        return [_toward(target) for target in targets]


def features(target: Target) -> Iterator[tuple[str, float]]:
    """What pulls at a target, as the names of its weights, and how strongly each is felt there: what is fitted."""
    passage, _ = _pulls(target.sentence)
    name = passage.name(target.sentence, target.start, target.end)
    for index, fade in _fades(passage, name):
        yield _anywhere(passage, index), fade
        if valence := passage.reading.valences.get(index):
            yield _loaded(valence), abs(valence) * fade
    for key, _ in _beside(passage, name):
        yield key, 1.0
    for fact in _facts(passage, name):
        yield fact, 1.0


def _toward(target: Target) -> Toward:
    passage, pulls = _pulls(target.sentence) if len(target.sentence) <= _LONG else _pulled(target.sentence)
    name = passage.name(target.sentence, target.start, target.end)
    weights = _weights()
    negative = positive = 0.0
    moved: dict[int, float] = {}
    for index, fade in _fades(passage, name):
        pull = pulls[index]
        if pull is not None:
            negative += fade * pull[0]
            positive += fade * pull[1]
            moved[index] = fade * (pull[1] - pull[0])
    for key, index in _beside(passage, name):
        pull = weights.get(key)
        if pull is not None:
            negative += pull[0]
            positive += pull[1]
            moved[index] = moved.get(index, 0.0) + pull[1] - pull[0]
    for fact in _facts(passage, name):
        negative += weights[fact][0]
        positive += weights[fact][1]
    return _answer(negative, positive, _because(passage, moved))


def _answer(negative: float, positive: float, because: tuple[Cue, ...]) -> Toward:
    top = max(0.0, negative, positive)
    odds = (exp(negative - top), exp(-top), exp(positive - top))
    bad, neutral, good = (each / sum(odds) for each in odds)
    # Beyond neutral by as much as one side outweighs the other and what says nothing.
    lean = (good - bad) * max(0.0, 1 - neutral / max(good, bad))
    if neutral >= max(good, bad):
        return Toward(round(_NEUTRAL * (good - bad), 4) + 0.0, "neutral", round(neutral, 4), because)
    if good > bad:
        return Toward(round(max(NEUTRAL_BELOW, lean), 4), "positive", round(good, 4), because)
    return Toward(round(min(-NEUTRAL_BELOW, lean), 4), "negative", round(bad, 4), because)


def _because(passage: Passage, moved: dict[int, float]) -> tuple[Cue, ...]:
    strongest = sorted(moved.items(), key=lambda item: (-abs(item[1]), item[0]))
    told = ((passage.word(index), weight) for index, weight in strongest if abs(weight) >= _SLIGHT)
    return tuple(islice((Cue(word, round(weight, 4)) for word, weight in told if word), _CUES))


def _fades(passage: Passage, name: Name) -> list[tuple[int, float]]:
    """The words around a name, and how much of each pull is felt there."""
    clauses, (first, last, _, mute) = passage.clauses, name
    start, stop = max(0, first - _REACH), min(len(clauses), last + 1 + _REACH)
    here, there = clauses[first], clauses[last]
    found = [(at, _BEFORE[first - at - 1] * _FALL[min(here - clauses[at], _BORDERS)]) for at in range(start, first)]
    found += [(at, _AFTER[at - last - 1] * _FALL[min(clauses[at] - there, _BORDERS)]) for at in range(last + 1, stop)]
    return [(at, fade) for at, fade in found if not passage.quoted[at]] if mute else found


def _beside(passage: Passage, name: Name) -> Iterator[tuple[str, int]]:
    """The weights of the words just before and after a name, with the words' places."""
    for side, at in (("before:", name.first - 1), ("after:", name.last + 1)):
        if 0 <= at < len(passage.lowers) and not (name.mute and passage.quoted[at]):
            yield side + stem(passage.lowers[at]), at


def _facts(passage: Passage, name: Name) -> Iterator[str]:
    yield "*always"
    if name.speaks:
        yield "*speaks"
    if passage.speech:
        yield "*is quoted" if passage.quoted[name.first] else "*beside a quotation"
    if name.first == 0:
        yield "*first"
    if passage.tokens[name.last].rstrip(",.").endswith(("'s", "s'")):
        yield "*owns"
    if passage.lowers[name.first].startswith(_OPPOSED):
        yield "*opposed"


def _anywhere(passage: Passage, index: int) -> str:
    lower = passage.lowers[index]
    return "" if lower in _JOINTS else stem(lower)


def _loaded(valence: float) -> str:
    return "*good" if valence > 0 else "*bad"


def _pulled(sentence: str) -> tuple[Passage, list[Pull | None]]:
    passage, weights = read(sentence), _weights()
    pulls = [weights.get(_anywhere(passage, index)) for index in range(len(passage.lowers))]
    for index, valence in passage.reading.valences.items():
        own, shared = pulls[index] or Pull(0.0, 0.0), weights[_loaded(valence)]
        size = abs(valence)
        pulls[index] = Pull(own.negative + size * shared.negative, own.positive + size * shared.positive)
    return passage, pulls


_pulls = lru_cache(_KEPT)(_pulled)


def forget() -> None:
    """Drops the sentences that are kept, as whoever measures wants."""
    _pulls.cache_clear()


@cache
def _weights() -> dict[str, Pull]:
    """Every weight by its name: a stem; `before:` or `after:` and the stem beside the target; `*` and a fact."""
    given = json.loads((Path(__file__).parent / "rule.json").read_text(encoding="utf-8"))
    return {key: Pull(*pair) for key, pair in given["weights"].items()}
