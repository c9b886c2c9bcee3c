from __future__ import annotations

import math
from datetime import date

import pytest

from dashboard.look import words


@pytest.mark.parametrize(
    ("value", "said"), [(1204, "1,204"), (1_000_000.0, "1,000,000"), (0, "0"), (-3, "−3"), (None, "–"), (math.nan, "–")]
)
def test_counts_have_their_thousands_separated(value: float | None, said: str) -> None:
    assert words.number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.314, "31 %"),
        (0.1, "10 %"),
        (0.0999, "10 %"),
        (0.0994, "9.9 %"),
        (0.031, "3.1 %"),
        (1, "100 %"),
        (0, "0 %"),
        (0.0001, "< 0.1 %"),
        (math.nan, "–"),
    ],
)
def test_shares_are_whole_from_ten_per_cent_on(value: float, said: str) -> None:
    assert words.share(value).replace(words.NBSP, " ") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(-0.12, "−.12"), (0.3, "+.30"), (1, "+1.00"), (-1, "−1.00"), (-0.004, ".00"), (0, ".00"), (None, "–")],
)
def test_a_tone_has_a_sign_that_is_no_hyphen(value: float | None, said: str) -> None:
    assert words.signed(value) == said


def test_a_period_names_its_year_once() -> None:
    assert words.period(date(2025, 3, 12), date(2025, 6, 10)) == "12 Mar – 10 Jun 2025"
    assert words.period(date(2024, 12, 30), date(2025, 1, 2)) == "30 Dec 2024 – 2 Jan 2025"
    assert words.period(date(2025, 3, 1), date(2025, 3, 1)) == "1 Mar 2025"


def test_bins_in_words() -> None:
    start = date(2025, 3, 10)
    assert words.bin_name(start, "day") == "10 Mar 2025"
    assert words.bin_name(start, "week") == "Week of 10 Mar 2025"
    assert words.bin_name(start.replace(day=1), "month") == "March 2025"
    assert words.so_far("day") == "today, so far"


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (date(2026, 11, 2), date(2026, 11, 15), "per week"),
        (date(2026, 10, 24), date(2026, 11, 22), "per week (the first is cut)"),  # the last one holds today
        (date(2026, 11, 2), date(2026, 11, 12), "per week (the last is cut)"),
        (date(2026, 11, 3), date(2026, 11, 12), "per week (the first and the last are cut)"),
    ],
)
def test_a_period_says_which_bins_it_cuts(since: date, until: date, said: str) -> None:
    assert words.span(since, until, "week", date(2026, 11, 22)).endswith(f" · {said}")
