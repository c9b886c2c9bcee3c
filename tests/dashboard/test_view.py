"""The view: which period is meant, what came before it, which bin is not over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from dashboard.view import ALL, AUTOMATIC, CUSTOM, PERIODS, View, period
from ingest.bins import Bin
from ingest.store.read.filters import Filters

TODAY = date(2026, 11, 22)
SPAN = (date(2017, 1, 23), date(2025, 11, 14))


def chosen(label: str, *dates: date, extent: tuple[date, date] | None = SPAN, fresh: bool = True) -> tuple[date, date]:
    return period(label, dates, today=TODAY, extent=extent, fresh=fresh)


def view(since: date, until: date, unit: Bin = "day", today: date = TODAY) -> View:
    return View(Filters(sources=(1,), since=since, until=until), unit, "share", today)


@pytest.mark.parametrize(("label", "days"), PERIODS.items())
@pytest.mark.parametrize("fresh", [True, False])
def test_a_moving_period_holds_that_many_days_and_ends_today(label: str, days: int, fresh: bool) -> None:
    for extent in (SPAN, None):
        since, until = chosen(label, extent=extent, fresh=fresh)
        assert until == TODAY
        assert view(since, until).days == days


def test_every_label_is_understood_with_and_without_data() -> None:
    for label in (AUTOMATIC, ALL, CUSTOM, *PERIODS, "Last century"):
        for extent in (SPAN, None):
            for fresh in (True, False):
                since, until = chosen(label, extent=extent, fresh=fresh)
                assert since <= until


def test_automatic_is_the_last_thirty_days_while_there_is_something_fresh() -> None:
    assert chosen(AUTOMATIC, fresh=True) == (date(2026, 10, 24), TODAY)


def test_automatic_is_all_there_is_when_nothing_is_fresh() -> None:
    assert chosen(AUTOMATIC, fresh=False) == SPAN


def test_automatic_without_any_article_is_the_last_thirty_days() -> None:
    assert chosen(AUTOMATIC, extent=None, fresh=False) == (date(2026, 10, 24), TODAY)


def test_all_is_the_span_that_holds_data_even_when_that_is_fresh() -> None:
    assert chosen(ALL, fresh=True) == SPAN
    assert chosen(ALL, extent=None) == (date(2026, 10, 24), TODAY)


@pytest.mark.parametrize(
    "dates",
    [
        (date(2025, 3, 12), date(2025, 6, 10)),
        (date(2025, 6, 10), date(2025, 3, 12)),  # the wrong way round
    ],
)
def test_a_custom_period_is_its_two_days_whichever_came_first(dates: Sequence[date]) -> None:
    assert chosen(CUSTOM, *dates) == (date(2025, 3, 12), date(2025, 6, 10))


def test_a_custom_period_with_one_end_is_that_day() -> None:
    assert chosen(CUSTOM, date(2025, 3, 12)) == (date(2025, 3, 12), date(2025, 3, 12))


def test_a_custom_period_without_dates_is_all_there_is() -> None:
    assert chosen(CUSTOM) == SPAN


def test_dates_count_for_a_custom_period_only() -> None:
    assert chosen(ALL, date(2025, 3, 12), date(2025, 6, 10)) == SPAN


def test_before_is_as_long_ends_the_day_before_and_keeps_everything_else() -> None:
    now = View(
        Filters(figures=("ada",), sources=(1, 2), topics=("trade",), languages=("en",), since=date(2026, 3, 1),
                until=date(2026, 3, 31), tone=(0, 1), search="x", offices=True),
        "week", "count", TODAY, ("ada",),
    )  # fmt: skip
    before = now.before()
    assert (before.since, before.until) == (date(2026, 1, 29), date(2026, 2, 28))
    assert before.days == now.days == 31
    assert now.since - before.until == timedelta(days=1)
    again = View(
        Filters(figures=("ada",), sources=(1, 2), topics=("trade",), languages=("en",), since=before.since,
                until=before.until, tone=(0, 1), search="x", offices=True),
        "week", "count", TODAY, ("ada",),
    )  # fmt: skip
    assert before == again
    assert before.before().until == before.since - timedelta(days=1)


def test_a_period_runs_while_it_holds_today() -> None:
    assert view(TODAY, TODAY).running
    assert view(TODAY - timedelta(days=6), TODAY + timedelta(days=3)).running
    assert not view(TODAY - timedelta(days=6), TODAY - timedelta(days=1)).running
    assert not view(TODAY + timedelta(days=1), TODAY + timedelta(days=9)).running


@pytest.mark.parametrize(
    ("unit", "over", "partial", "to_come"),
    [
        ("day", date(2026, 11, 21), TODAY, date(2026, 11, 23)),
        ("week", date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)),
        ("month", date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)),
        ("quarter", date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 1)),
        ("year", date(2025, 1, 1), date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_the_bin_that_holds_today_is_partial(unit: Bin, over: date, partial: date, to_come: date) -> None:
    here = view(date(2025, 1, 1), date(2027, 12, 31), unit)
    assert [here.partial(start) for start in (over, partial, to_come)] == [False, True, False]


def test_a_week_is_over_when_the_next_monday_comes() -> None:
    monday = date(2026, 11, 16)
    assert view(monday, monday, "week", today=date(2026, 11, 22)).partial(monday)
    assert not view(monday, monday, "week", today=date(2026, 11, 23)).partial(monday)
