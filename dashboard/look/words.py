"""Numbers and dates as the dashboard writes them."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeGuard

from ingest import bins
from ingest.bins import Bin

MONTHS = ("January February March April May June July August September October November December").split()

NO_VALUE = "–"
MINUS = "−"
NBSP = "\u00a0"


def number(value: float | None) -> str:
    """A count with its thousands separated: `1,204`."""
    if not _known(value):
        return NO_VALUE
    return f"{round(value):,}".replace("-", MINUS)


def count(n: int, noun: str, plural: str = "") -> str:
    """`1 story`, `1,204 articles`."""
    return f"{number(n)} {noun if n == 1 else plural or noun + 's'}"


def share(value: float | None) -> str:
    """A share of 0 … 1 in per cent: whole from 10 %, one decimal below, never `0 %` for something."""
    if not _known(value):
        return NO_VALUE
    percent = value * 100
    if percent == 0:
        return f"0{NBSP}%"
    if percent < 0.05:
        return f"<{NBSP}0.1{NBSP}%"
    return (f"{percent:.1f}" if round(percent, 1) < 10 else f"{percent:.0f}") + f"{NBSP}%"


def signed(value: float | None) -> str:
    """A tone of −1 … 1 with its sign: `−.12`, `+.30`, `.00`."""
    if not _known(value):
        return NO_VALUE
    digits = f"{abs(value):.2f}"
    if float(digits) == 0:
        return ".00"
    return (MINUS if value < 0 else "+") + digits.removeprefix("0")


def day(value: date) -> str:
    """`12 Mar 2025`."""
    return f"{value.day} {MONTHS[value.month - 1][:3]} {value.year}"


def period(since: date, until: date) -> str:
    """`12 Mar – 10 Jun 2025`: one year is written once."""
    if since == until:
        return day(since)
    first = day(since).removesuffix(f" {since.year}") if since.year == until.year else day(since)
    return f"{first} – {day(until)}"


def span(since: date, until: date, unit: Bin, today: date, *, whole: bool = False) -> str:
    """The period and its bins, and which of them it cuts: `24 Oct – 22 Nov 2026 · per week (the first is cut)`.

    The bin of today is drawn as not over and is not mentioned. A `whole` period is all there is, and cuts no bin.
    """
    if whole:
        return f"{period(since, until)} · per {unit}"
    cut = ["first"] if bins.start_of(since, unit) != since else []
    if until != today and bins.after(bins.start_of(until, unit), unit) != until + timedelta(days=1):
        cut.append("last")
    note = f" (the {' and the '.join(cut)} {'is' if len(cut) == 1 else 'are'} cut)" if cut else ""
    return f"{period(since, until)} · per {unit}{note}"


@lru_cache(maxsize=4096)  # every line of a chart has the same bins
def bin_name(start: date, unit: Bin) -> str:
    """A bin in words: `12 Mar 2025`, `Week of 10 Mar 2025`, `March 2025`."""
    if unit == "year":
        return str(start.year)
    if unit == "quarter":
        return f"Q{start.month // 3 + 1} {start.year}"
    if unit == "month":
        return f"{MONTHS[start.month - 1]} {start.year}"
    return f"Week of {day(start)}" if unit == "week" else day(start)


def so_far(unit: Bin) -> str:
    """The note over the bin that is not over: `this week, so far`."""
    return ("today" if unit == "day" else f"this {unit}") + ", so far"


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and not math.isnan(value)
