"""Measures how far a scorer's labels agree with people's. It gets labels and returns numbers, nothing else.

A number that can't be computed (the F1 of a label that nobody gave, an interval from four articles) is None, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.models import LABELS, Label

Counts = NDArray[np.int64]  #: labels by people (rows) × labels found (columns), in the order of LABELS
Interval = tuple[float, float]

#: Confidences from which answers may be accepted, from "all" to "only the surest".
THRESHOLDS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
BINS = 10
WORST = 20

#: From fewer groups there is no interval (docs/methods.md).
FEWEST_GROUPS = 5
_DRAWS = 1000
_SEED = 5
#: Draws at once: a hundred over ten thousand groups take 8 MB.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One label: how often people gave it, how often it was found, and how well the two agree."""

    label: Label
    n: int
    found: int
    precision: float | None  #: None if it was never found
    recall: float | None  #: None if nobody gave it
    f1: float | None  #: None if neither


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose confidence is in one range."""

    low: float
    high: float
    n: int
    confidence: float  #: their mean
    accuracy: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many answers have at least this confidence, and how good they are."""

    threshold: float
    n: int
    share: float
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All measures of a scorer against labels."""

    n: int
    groups: int
    accuracy: float | None
    accuracy_interval: Interval | None  #: 95 %, bootstrap over groups
    macro_f1: float | None  #: mean F1 of the labels that people gave or the scorer found
    macro_f1_interval: Interval | None
    kappa: float | None  #: agreement beyond chance, scorer against people
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]  #: rows: by people; columns: found; negative, neutral, positive
    calibration: tuple[Bin, ...]
    ece: float | None  #: expected calibration error: mean difference of confidence and accuracy
    coverage: tuple[Coverage, ...]
    worst: tuple[int, ...]  #: indices of the surest mistakes, surest first

    @property
    def missing(self) -> tuple[Label, ...]:
        """The labels that nobody gave, so that nothing was measured for them."""
        return tuple(each.label for each in self.classes if each.n == 0)


def of(
    golds: Sequence[Label],
    found: Sequence[Label],
    confidences: Sequence[float | None] | None = None,
    groups: Sequence[str] | None = None,
) -> Evaluation:
    """The evaluation of the labels `found` against `golds`, which people gave, pair by pair.

    Without confidences there is no calibration and no coverage; without groups each label is a group.
    """
    gold, guess = _places(golds), _places(found)
    if len(gold) != len(guess):
        raise ValueError(f"{len(golds)} labels by people and {len(found)} found")
    clusters = _clusters(groups, len(gold))
    counts = confusion(gold, guess, clusters)
    whole: Counts = counts.sum(axis=0)
    sure = None if confidences is None or any(c is None for c in confidences) else np.array(confidences, float)
    right = gold == guess
    calibration = () if sure is None else _calibration(sure, right)
    accuracy_interval, macro_interval = _intervals(counts)
    return Evaluation(
        n=len(gold),
        groups=len(counts),
        accuracy=_ratio(int(right.sum()), len(gold)),
        accuracy_interval=accuracy_interval,
        macro_f1=macro_f1(whole),
        macro_f1_interval=macro_interval,
        kappa=_kappa(whole),
        classes=tuple(_class(whole, place) for place in range(len(LABELS))),
        confusion=tuple(tuple(int(value) for value in row) for row in whole),
        calibration=calibration,
        ece=sum(bin.n * abs(bin.accuracy - bin.confidence) for bin in calibration) / len(gold) if calibration else None,
        coverage=() if sure is None else tuple(_coverage(sure, right, at) for at in THRESHOLDS),
        worst=_worst(gold, guess, sure),
    )


def confusion(gold: Counts, guess: Counts, clusters: Counts) -> Counts:
    """The confusion matrix of each cluster: clusters × labels by people × labels found."""
    kinds = len(LABELS)
    cells = (clusters * kinds + gold) * kinds + guess
    number = int(clusters.max()) + 1 if len(clusters) else 0
    return np.bincount(cells, minlength=number * kinds**2).reshape(number, kinds, kinds)


def macro_f1(counts: Counts) -> float | None:
    """Mean F1 of the labels that were given or found; None if there are none."""
    scores = _f1(counts[None])[0]
    return None if np.isnan(scores).all() else float(np.nanmean(scores))


def kappa(one: Sequence[Label], other: Sequence[Label]) -> float | None:
    """Cohen's kappa of two coders for the same mentions (Cohen 1960): 1 is agreement, 0 is chance.

    None if there is nothing to compare, or if both gave one label to all, which chance would do as well.
    """
    first, second = _places(one), _places(other)
    return _kappa(confusion(first, second, np.zeros(len(first), np.int64)).sum(axis=0))


def _kappa(counts: Counts) -> float | None:
    n = counts.sum()
    if n == 0:
        return None
    agreed = np.trace(counts) / n
    chance = float(counts.sum(axis=0) @ counts.sum(axis=1)) / float(n) ** 2
    return None if chance >= 1 else float((agreed - chance) / (1 - chance))


def _places(labels: Sequence[Label]) -> Counts:
    number = {label: place for place, label in enumerate(LABELS)}
    return np.array([number[label] for label in labels], np.int64)


def _clusters(groups: Sequence[str] | None, n: int) -> Counts:
    if groups is None:
        return np.arange(n)
    if len(groups) != n:
        raise ValueError(f"{n} labels and {len(groups)} groups")
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups], np.int64)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _f1(counts: NDArray[np.generic]) -> NDArray[np.float64]:
    """F1 of each label in confusion matrices (… × 3 × 3); NaN if it was neither given nor found."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1).astype(float)
    given_and_found = counts.sum(axis=-1) + counts.sum(axis=-2)
    scores = np.full(hits.shape, np.nan)
    np.divide(2 * hits, given_and_found, out=scores, where=given_and_found > 0)
    return scores


def _class(counts: Counts, place: int) -> ClassScore:
    hits, given, found = int(counts[place, place]), int(counts[place].sum()), int(counts[:, place].sum())
    precision, recall, f1 = _ratio(hits, found), _ratio(hits, given), _ratio(2 * hits, given + found)
    return ClassScore(LABELS[place], given, found, precision, recall, f1)


def _intervals(counts: Counts) -> tuple[Interval | None, Interval | None]:
    """95 % intervals of accuracy and macro-F1 by a bootstrap over groups, always with the same seed."""
    groups = len(counts)
    if groups < FEWEST_GROUPS:
        return None, None
    rng = np.random.default_rng(_SEED)
    flat = counts.reshape(groups, -1)
    drawn = np.concatenate(
        [rng.multinomial(groups, np.full(groups, 1 / groups), _AT_ONCE) @ flat for _ in range(_DRAWS // _AT_ONCE)]
    ).reshape(_DRAWS, len(LABELS), len(LABELS))
    accuracies = np.trace(drawn, axis1=1, axis2=2) / drawn.sum(axis=(1, 2))
    return _middle(accuracies), _middle(np.nanmean(_f1(drawn), axis=1))


def _middle(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def _calibration(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    found = []
    for place in range(BINS):
        inside = bins == place
        if n := int(inside.sum()):
            low, high = place / BINS, (place + 1) / BINS
            found.append(Bin(low, high, n, float(sure[inside].mean()), float(right[inside].mean())))
    return tuple(found)


def _coverage(sure: NDArray[np.float64], right: NDArray[np.bool_], threshold: float) -> Coverage:
    kept = sure >= threshold
    n = int(kept.sum())
    return Coverage(threshold, n, n / len(sure) if len(sure) else 0.0, _ratio(int(right[kept].sum()), n))


def _worst(gold: Counts, guess: Counts, sure: NDArray[np.float64] | None) -> tuple[int, ...]:
    """Indices of mistakes: the surest first, then those with the wrong sign, then in order."""
    wrong = np.flatnonzero(gold != guess)
    confidence = np.zeros(len(gold)) if sure is None else sure
    order = sorted(wrong.tolist(), key=lambda at: (-confidence[at], -abs(int(gold[at]) - int(guess[at])), at))
    return tuple(order[:WORST])
