"""What is shown: one frozen description that every number is a function of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from ingest import bins
from ingest.bins import Bin
from ingest.store.read.filters import Filters

Measure = Literal["share", "count"]

AUTOMATIC: Final = "Automatic"
CUSTOM = "Custom"
ALL = "All"

#: How many days each period reaches back, today included.
PERIODS = {"Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90, "Last year": 365}

#: What a first look shows when it has anything to show.
FRESH = "Last 30 days"

#: Lines drawn where nobody has chosen figures.
LINES = 5


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a number depends on; period and automatic choices are resolved."""

    filters: Filters  #: `sources`, `since` and `until` are set; `figures` only where somebody chose them
    bin: Bin
    measure: Measure
    today: date
    lines: tuple[str, ...] = ()  #: ids of the figures drawn, in their order: those chosen, or the most named
    whole: bool = False  #: whether the period is the span that holds data, so that it cuts no bin

    @property
    def sources(self) -> tuple[int, ...]:
        return self.filters.sources

    @property
    def since(self) -> date:
        assert self.filters.since is not None
        return self.filters.since

    @property
    def until(self) -> date:
        assert self.filters.until is not None
        return self.filters.until

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def running(self) -> bool:
        """Whether the period is not over yet: it holds today."""
        return self.since <= self.today <= self.until

    def of(self, figure: str) -> View:
        """The same view of one figure alone."""
        return replace(self, filters=replace(self.filters, figures=(figure,)), lines=(figure,))

    def before(self) -> View:
        """The same view of the period of equal length just before."""
        span = timedelta(days=self.days)
        return replace(self, filters=replace(self.filters, since=self.since - span, until=self.until - span))

    def partial(self, start: date) -> bool:
        """Whether the bin that begins at `start` is not over."""
        return start <= self.today < bins.after(start, self.bin)


def period(
    chosen: str, dates: Sequence[date], *, today: date, extent: tuple[date, date] | None, fresh: bool
) -> tuple[date, date]:
    """First and last day of the period that was chosen.

    `extent` is the span that holds data (None: there is none); `fresh` says whether articles other than the demo fall
    into the last 30 days. `dates` count for a custom period: one end alone, or both in the wrong order, are mended.
    """
    if chosen == CUSTOM and dates:
        ends = sorted(dates)
        return ends[0], ends[-1]
    if extent is None or chosen in PERIODS or (chosen == AUTOMATIC and fresh):
        return today - timedelta(days=PERIODS.get(chosen, PERIODS[FRESH]) - 1), today
    return extent
