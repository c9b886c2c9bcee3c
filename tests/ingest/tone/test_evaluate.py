"""A scorer against labels: every number worked out by hand, and what can't be said is not said."""

from __future__ import annotations

import random

import pytest

from ingest.tone import evaluate
from ingest.tone.evaluate import Evaluation

NEG, NEU, POS = "negative", "neutral", "positive"


def some(right: float, n: int = 300, groups: int = 60, seed: int = 3) -> Evaluation:
    """Labels of which a share is right; as many groups."""
    luck = random.Random(seed)
    golds = [luck.choice((NEG, NEU, POS)) for _ in range(n)]
    found = [gold if luck.random() < right else luck.choice((NEG, NEU, POS)) for gold in golds]
    return evaluate.of(golds, found, groups=[str(number % groups) for number in range(n)])


def test_every_number_by_hand() -> None:
    golds = [NEG, NEG, NEG, NEU, NEU, POS]
    found = [NEG, NEG, POS, NEU, NEG, POS]
    result = evaluate.of(golds, found, [0.9, 0.6, 0.95, 0.5, 0.7, 0.9], ["a", "a", "b", "b", "c", "d"])
    assert (result.n, result.groups) == (6, 4)
    assert result.accuracy == pytest.approx(4 / 6)
    assert result.confusion == ((2, 0, 1), (1, 1, 0), (0, 0, 1))
    assert [(each.n, each.found) for each in result.classes] == [(3, 3), (2, 1), (1, 2)]
    assert [each.precision for each in result.classes] == pytest.approx([2 / 3, 1, 1 / 2])
    assert [each.recall for each in result.classes] == pytest.approx([2 / 3, 1 / 2, 1])
    assert [each.f1 for each in result.classes] == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    assert result.macro_f1 == pytest.approx(2 / 3)
    # The surest mistake first; of equally sure ones the wrong sign before the missed one.
    assert result.worst == (2, 4)
    assert evaluate.of([NEU, NEG], [POS, POS], [0.8, 0.8]).worst == (1, 0)
    assert evaluate.of([NEU, NEG], [POS, POS]).worst == (1, 0)


def test_what_confidence_is_worth() -> None:
    result = evaluate.of([POS] * 4, [POS, POS, NEG, NEG], [1.0, 0.9, 0.9, 0.35])
    assert [(each.low, each.n, each.accuracy) for each in result.calibration] == [
        (0.3, 1, 0.0), (0.9, 3, pytest.approx(2 / 3))
    ]  # fmt: skip
    assert result.ece == pytest.approx((1 * 0.35 + 3 * (2.8 / 3 - 2 / 3)) / 4)
    kept = {each.threshold: (each.n, each.share, each.accuracy) for each in result.coverage}
    assert kept[0.0] == (4, 1.0, 0.5)
    assert kept[0.4] == (3, 0.75, pytest.approx(2 / 3))
    assert kept[0.95] == (1, 0.25, 1.0)
    without = evaluate.of([POS], [POS])
    assert (without.calibration, without.ece, without.coverage) == ((), None, ())
    assert evaluate.of([POS], [POS], [0.5]).coverage[-1].accuracy is None


def test_nothing_is_nothing_and_not_zero() -> None:
    result = evaluate.of([], [], [], [])
    assert (result.n, result.groups, result.accuracy, result.macro_f1, result.kappa) == (0, 0, None, None, None)
    assert (result.accuracy_interval, result.ece, result.worst) == (None, None, ())
    assert evaluate.kappa([], []) is None


def test_labels_of_one_kind_tell_nothing_of_the_others() -> None:
    result = evaluate.of([POS] * 6, [POS] * 6)
    assert (result.accuracy, result.macro_f1) == (1.0, 1.0)
    assert result.missing == (NEG, NEU)
    assert [each.f1 for each in result.classes] == [None, None, 1.0]
    assert result.kappa is None  # chance would agree as well
    wrong = evaluate.of([POS] * 6, [POS] * 3 + [NEG] * 3)
    assert wrong.macro_f1 == pytest.approx((2 / 3 + 0) / 2)  # found and never given: an F1 of 0, not none
    assert wrong.classes[0].recall is None


def test_kappa_is_agreement_beyond_chance() -> None:
    # Cohen 1960: agreement .7, by chance .5.
    one = [POS] * 20 + [POS] * 5 + [NEG] * 10 + [NEG] * 15
    other = [POS] * 20 + [NEG] * 5 + [POS] * 10 + [NEG] * 15
    assert evaluate.kappa(one, other) == pytest.approx(0.4)
    assert evaluate.kappa([POS, NEG], [NEG, POS]) == pytest.approx(-1)
    assert evaluate.kappa([POS, NEG, NEU], [POS, NEG, NEU]) == pytest.approx(1)


def test_the_interval_holds_what_was_found_and_is_always_the_same() -> None:
    result = some(0.7)
    low, high = result.macro_f1_interval or (0, 0)
    assert low < (result.macro_f1 or 0) < high
    assert 0.08 < high - low < 0.15
    assert result == some(0.7)


def test_labels_of_one_article_make_nothing_surer() -> None:
    # Each group says one thing thirty times: ten observations, not three hundred.
    golds = [POS] * 300
    found = [POS if number // 30 % 2 else NEG for number in range(300)]
    alone = evaluate.of(golds, found)
    together = evaluate.of(golds, found, groups=[str(number // 30) for number in range(300)])
    assert alone.accuracy_interval is not None
    assert together.accuracy_interval is not None
    width = [high - low for low, high in (alone.accuracy_interval, together.accuracy_interval)]
    assert width[1] > 4 * width[0]
    assert evaluate.of(golds, found, groups=[str(number // 75) for number in range(300)]).accuracy_interval is None


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="2 labels by people and 1 found"):
        evaluate.of([POS, NEG], [POS])
    with pytest.raises(ValueError, match="1 labels and 2 groups"):
        evaluate.of([POS], [POS], groups=["a", "b"])


def test_only_the_worst_twenty_are_named() -> None:
    result = evaluate.of([NEG] * 50, [POS] * 50, [number / 50 for number in range(50)])
    assert result.worst == tuple(range(49, 29, -1))
