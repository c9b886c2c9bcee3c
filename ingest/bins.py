"""Bins of time: days, weeks, months, quarters and years. Days are in UTC; weeks begin on Monday."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, get_args

Bin = Literal["day", "week", "month", "quarter", "year"]

_MONTHS: dict[Bin, int] = {"month": 1, "quarter": 3, "year": 12}

#: Most bins that are drawn: three years of days.
MOST_DRAWN = 1_100

#: Most points of a readable line.
_MOST = 70
#: With fewer articles in a bin, on average, shares jump between 0 and 1.
_FEWEST_ARTICLES = 5


def start_of(day: date, unit: Bin) -> date:
    """The first day of the bin that contains `day`."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS[unit]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def after(start: date, unit: Bin) -> date:
    """The first day of the next bin."""
    if unit in ("day", "week"):
        return start + timedelta(days=7 if unit == "week" else 1)
    month = start.month - 1 + _MONTHS[unit]
    return date(start.year + month // 12, month % 12 + 1, 1)


def between(since: date, until: date, unit: Bin) -> list[date]:
    """The first days of all bins that overlap `since` … `until`, both included."""
    found = []
    start = start_of(since, unit)
    while start <= until:
        found.append(start)
        start = after(start, unit)
    return found


def coarsened(since: date, until: date, unit: Bin) -> Bin:
    """`unit`, or the finest coarser one with at most MOST_DRAWN bins."""
    units = get_args(Bin)
    days = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
    coarser = units[units.index(unit) :]
    return next((each for each in coarser if (until - since).days / days[each] <= MOST_DRAWN), "year")


def automatic(since: date, until: date, articles: int) -> Bin:
    """The finest bin that gives a readable line: not too many points, and enough articles in each."""
    units = get_args(Bin)
    for unit in units:
        count = len(between(since, until, unit))
        if count <= _MOST and articles >= count * _FEWEST_ARTICLES:
            return unit  # type: ignore[no-any-return]
    # Too few articles for any: the coarsest one with at least four points.
    return next((unit for unit in reversed(units) if len(between(since, until, unit)) >= 4), "day")
