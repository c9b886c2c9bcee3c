"""Intervals and changes, against tables, a bootstrap, and what must never happen."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboard.numbers import statistics

Stories = Sequence[Sequence[float]]


def interval(stories: Stories) -> tuple[float, float, float] | None:
    """The interval of these stories' scores, by the five sums that the queries hand over."""
    counts, sums = [len(story) for story in stories], [sum(story) for story in stories]
    return statistics.mean_interval(
        len(stories),
        sum(counts),
        sum(sums),
        sum(s * s for s in sums),
        sum(s * n for s, n in zip(sums, counts, strict=True)),
        sum(n * n for n in counts),
    )


def press(luck: np.random.Generator, stories: int, *, wire: int = 1) -> list[list[float]]:
    """Scores by story: a level of its own for each, and some stories reprinted up to `wire` times."""
    found = []
    for _ in range(stories):
        level = float(np.clip(luck.normal(0.1, 0.4), -1, 1))
        mentions = int(luck.integers(1, 5)) * (
            int(luck.integers(2, wire + 1)) if wire > 1 and luck.random() < 0.3 else 1
        )
        found.append([float(np.clip(luck.normal(level, 0.2), -1, 1)) for _ in range(mentions)])
    return found


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(4, 2.776445), (5, 2.570582), (6, 2.446912), (9, 2.262157), (14, 2.144787), (29, 2.045230), (99, 1.984217),
     (1_000, 1.962339), (1_000_000, 1.959966)],
)  # fmt: skip
def test_students_t_as_in_the_tables(freedom: int, quantile: float) -> None:
    assert statistics.student(freedom) == pytest.approx(quantile, abs=0.0015 if freedom < 6 else 0.0005)


@pytest.mark.parametrize("wire", [1, 30])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_interval_is_what_a_bootstrap_over_stories_finds(wire: int, seed: int) -> None:
    luck = np.random.default_rng(seed)
    stories = press(luck, 250, wire=wire)
    counts = np.array([len(story) for story in stories])
    sums = np.array([sum(story) for story in stories])
    draws = luck.integers(0, len(stories), size=(4_000, len(stories)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    found = interval(stories)
    assert found is not None
    mean, low, high = found
    assert mean == pytest.approx(np.mean([score for story in stories for score in story]))
    # The width is the bootstrap's, within its own luck and the skew that a symmetrical interval can't have.
    assert (high - low) / 2 == pytest.approx(1.96 * means.std(ddof=1), rel=0.07)
    bottom, top = np.percentile(means, [2.5, 97.5])
    assert low == pytest.approx(bottom, abs=0.25 * (high - low) / 2)
    assert high == pytest.approx(top, abs=0.25 * (high - low) / 2)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    luck = np.random.default_rng(4)
    truth, held, tries = 0.1, 0, 600
    for _ in range(tries):
        stories = [[float(luck.normal(truth, 0.3))] for _ in range(40)]
        found = interval(stories)
        assert found is not None
        held += found[1] <= truth <= found[2]
    assert 0.92 < held / tries < 0.975


def test_under_five_stories_there_is_no_mean_however_often_they_are_told() -> None:
    four = [[0.5] * 100, [0.1], [-0.3], [0.2]]
    assert interval(four) is None
    assert interval([*four, [0.0]]) is not None
    assert statistics.mean_interval(0, 0, 0, 0, 0, 0) is None


@pytest.mark.parametrize("tone", [3_000, -7, 9_999])
def test_equal_tones_have_an_interval_of_no_width(tone: int) -> None:
    counts = (1, 2, 3, 4, 5, 6)
    sums = [tone * n for n in counts]
    products, squares = sum(map(operator.mul, sums, counts)), sum(s * s for s in sums)
    found = statistics.mean_interval(6, 21, sum(sums), squares, products, sum(n * n for n in counts), steps=10_000)
    assert found == (tone / 10_000,) * 3


@given(
    stories=some.lists(some.lists(some.floats(-1, 1), min_size=1, max_size=6), min_size=5, max_size=30),
    copies=some.integers(2, 50),
)
def test_copying_every_story_narrows_nothing(stories: list[list[float]], copies: int) -> None:
    once, often = interval(stories), interval([story * copies for story in stories])
    assert once is not None
    assert often is not None
    assert often == pytest.approx(once, abs=1e-6)


@given(some.lists(some.lists(some.floats(-1, 1), min_size=1, max_size=6), min_size=5, max_size=30))
def test_an_interval_holds_its_mean_and_stays_on_the_scale(stories: list[list[float]]) -> None:
    found = interval(stories)
    assert found is not None
    mean, low, high = found
    assert -1 <= low <= mean + 1e-12
    assert mean - 1e-12 <= high <= 1


def test_an_outlier_that_everybody_reprints_widens_the_interval() -> None:
    calm = [[0.1], [0.0], [-0.1], [0.05], [-0.05], [0.1], [-0.1], [0.0]]
    once, often = interval([*calm, [0.9]]), interval([*calm, [0.9] * 20])
    assert once is not None
    assert often is not None
    assert often[2] - often[1] > once[2] - once[1]


def test_stories_that_all_agree_have_no_width() -> None:
    assert interval([[0.25]] * 9) == pytest.approx((0.25, 0.25, 0.25), abs=1e-6)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0),
     (0, 1, 0.0, 0.7935), (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)],
)  # fmt: skip
def test_wilsons_interval_as_published(hits: int, of: int, low: float, high: float) -> None:
    assert statistics.wilson(hits, of) == pytest.approx((low, high), abs=6e-5)


@given(of=some.integers(1, 10_000_000), part=some.floats(0, 1))
def test_wilsons_interval_holds_the_share_and_stays_between_nothing_and_all(of: int, part: float) -> None:
    hits = round(of * part)
    found = statistics.wilson(hits, of)
    assert found is not None
    assert 0 <= found[0] <= hits / of <= found[1] <= 1
    assert found[0] < found[1]


def test_a_share_of_nothing_has_no_interval() -> None:
    assert statistics.wilson(0, 0) is None


def test_change_is_against_the_period_before() -> None:
    assert statistics.change(12, 8) == 0.5
    assert statistics.change(0, 8) == -1
    assert statistics.change(8, 0) is None
    assert math.isclose(statistics.change(7, 7) or 0, 0)
