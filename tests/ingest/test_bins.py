"""Bins: they tile a period without gap or overlap, and the automatic one can be read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ingest import bins
from ingest.bins import Bin

DAYS = some.dates(date(1990, 1, 1), date(2060, 12, 31))
UNITS = some.sampled_from(get_args(Bin))


@given(day=DAYS, length=some.integers(0, 3_000), unit=UNITS)
def test_bins_tile_the_period(day: date, length: int, unit: Bin) -> None:
    until = day + timedelta(days=length)
    starts = bins.between(day, until, unit)
    assert starts[0] <= day
    assert starts[-1] <= until < bins.after(starts[-1], unit)
    assert starts[1:] == [bins.after(start, unit) for start in starts[:-1]]
    assert all(bins.start_of(start, unit) == start for start in starts)
    assert len(starts) == 1 or starts[1] > day


@given(day=DAYS, unit=UNITS)
def test_a_day_lies_in_exactly_one_bin(day: date, unit: Bin) -> None:
    start = bins.start_of(day, unit)
    assert start <= day < bins.after(start, unit)
    last = bins.after(start, unit) - timedelta(days=1)
    assert bins.start_of(last, unit) == start
    assert bins.start_of(last + timedelta(days=1), unit) != start


@pytest.mark.parametrize(
    ("unit", "start"),
    [
        ("day", date(2026, 11, 22)),
        ("week", date(2026, 11, 16)),  # a Monday
        ("month", date(2026, 11, 1)),
        ("quarter", date(2026, 10, 1)),
        ("year", date(2026, 1, 1)),
    ],
)
def test_bins_begin_where_calendars_say(unit: Bin, start: date) -> None:
    assert bins.start_of(date(2026, 11, 22), unit) == start


def test_a_week_may_begin_in_the_year_before() -> None:
    assert bins.between(date(2026, 1, 1), date(2026, 1, 8), "week") == [date(2025, 12, 29), date(2026, 1, 5)]


def test_a_period_that_ends_before_it_begins_has_no_bins() -> None:
    assert bins.between(date(2026, 1, 2), date(2026, 1, 1), "day") == []


@given(day=DAYS, length=some.integers(0, 12_000), articles=some.integers(0, 1_000_000))
def test_the_automatic_bin_is_the_finest_that_can_be_read(day: date, length: int, articles: int) -> None:
    until = day + timedelta(days=length)
    chosen = bins.automatic(day, until, articles)
    points = {unit: len(bins.between(day, until, unit)) for unit in get_args(Bin)}
    readable = [unit for unit in get_args(Bin) if points[unit] <= 70 and articles >= 5 * points[unit]]
    if readable:
        assert chosen == readable[0]
    else:
        assert points[chosen] >= 4 or chosen == "day"


@pytest.mark.parametrize(
    ("days", "articles", "unit"),
    [(7, 1_000, "day"), (30, 1_000, "day"), (30, 60, "week"), (90, 10_000, "week"), (365, 10_000, "week"),
     (365, 100, "month"), (3_200, 96, "year"), (3_200, 10_000, "quarter"), (30, 0, "week"), (1, 0, "day")],
)  # fmt: skip
def test_the_automatic_bin_of_usual_periods(days: int, articles: int, unit: Bin) -> None:
    until = date(2026, 11, 22)
    assert bins.automatic(until - timedelta(days=days - 1), until, articles) == unit


def test_more_bins_than_can_be_drawn_become_coarser_ones() -> None:
    assert bins.coarsened(date(2024, 1, 1), date(2026, 12, 31), "day") == "day"
    assert bins.coarsened(date(1990, 1, 1), date(2026, 12, 31), "day") == "month"
    assert bins.coarsened(date(1990, 1, 1), date(2026, 12, 31), "quarter") == "quarter"
