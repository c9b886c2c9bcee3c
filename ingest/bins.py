"""Days, weeks and months of a period. Days are UTC; weeks begin on Monday."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

Bin = Literal["day", "week", "month"]


def start_of(day: date, unit: Bin) -> date:
    """The first day of the bin that holds `day`."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def after(start: date, unit: Bin) -> date:
    """The first day of the next bin."""
    if unit == "month":
        return (start.replace(day=1) + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if unit == "week" else 1)


def between(since: date, until: date, unit: Bin) -> list[date]:
    """The first days of all bins that touch `since` … `until`, both included."""
    found = []
    start = start_of(since, unit)
    while start <= until:
        found.append(start)
        start = after(start, unit)
    return found


def automatic(since: date, until: date) -> Bin:
    """The bin that gives a line some 10 to 70 points."""
    days = (until - since).days + 1
    if days <= 62:
        return "day"
    return "week" if days <= 430 else "month"
