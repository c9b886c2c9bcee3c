"""Whether a source was heard on a day as its own rhythm would have it.

The rule, with its reasons, is in docs/methods.md, "Whether a feed is heard". A day counts toward the rhythm only if the
day before was answered too, because the first answers after a pause bring what had piled up; and a day that is not over
is not expected to have brought anything yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import Connection

from ingest.store.plan import coverage
from ingest.store.plan.coverage import Day
from ingest.store.read.sources import SourceRow

Verdict = Literal["failing", "silent", "gone", "quiet", "new", "not asked", "normal"]

#: The worst first.
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

#: Verdicts under which articles are missing that there may have been.
DEAD: frozenset[Verdict] = frozenset(("failing", "silent", "gone"))

WEEKS = 8
FEWEST = 10  #: days, of two weeks, before a rhythm is known
FEWEST_WEEKDAYS = 2
#: A source that publishes by chance alone, at its usual rate, misses 5 in a row once in 150 times.
MISSED = 5.0
#: Below 6 a day a third is too near to chance.
BUSY = 6.0

_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Judged:
    """One day of one source with its verdict."""

    day: date
    verdict: Verdict
    attempts: int
    successes: int
    articles: int
    usual: float | None  #: new articles that its rhythm has on such a day; None while none is known


def judged(days: Sequence[Day], *, until: date, today: date, gone_at: datetime | None = None) -> list[Judged]:
    """Every day from a source's first in the ledger to `until`, in the order of time; `today` is not over.

    `days` are those on which it was asked, in the order of time, all that there are before `until`.
    """
    asked = [each for each in days if each.day <= until]
    if not asked:
        return []
    found = list(_answered(asked, until, today))
    _silences(found, today)
    _gaps(found)
    return [_gone(each, gone_at.date()) for each in found] if gone_at else found


def of(
    connection: Connection, rows: Iterable[SourceRow], *, today: date, until: date | None = None
) -> dict[int, list[Judged]]:
    """Every day of the feeds among these sources, to today or to `until`, or to the day on which it left the list.

    By the source's id.
    """
    ledger = coverage.ledger(connection)
    last = until or today
    return {
        row.id: judged(
            ledger.get(row.id, ()),
            until=min(last, row.unlisted_at.date()) if row.unlisted_at else last,
            today=today,
            gone_at=row.retired_at,
        )
        for row in rows
        if row.kind == "feed"
    }


def judge_today(before: Sequence[Judged], day: Day | None, today: date, *, gone_at: datetime | None = None) -> Judged:
    """The verdict of today, which is not over; `day` is None while the source has not been asked."""
    day = day or Day(today, 0, 0, 0)
    last = next((each for each in reversed(before) if each.successes), None)
    verdict: Verdict = "normal"
    if not day.successes:
        verdict = "failing" if day.attempts else "not asked"
    elif last is None or last.verdict == "new":
        verdict = "new"
    elif not day.articles and last.verdict == "silent":
        verdict = "silent"
    found = Judged(today, verdict, day.attempts, day.successes, day.articles, None)
    return _gone(found, gone_at.date()) if gone_at else found


def current_verdict(days: Sequence[Judged], state: str) -> Verdict:
    """The verdict now: by the last attempt if it failed, else of the last day on which the source was asked."""
    if state in ("gone", "failing"):
        return "gone" if state == "gone" else "failing"
    # An interval of a day, and some, may leave a day out.
    known = next((each for each in reversed(days[-3:]) if each.attempts), None)
    if known is None:
        return "not asked"
    # It failed earlier on this day, or before: its last attempt did not.
    return "normal" if known.verdict in ("failing", "gone") else known.verdict


def _answered(asked: Sequence[Day], until: date, today: date) -> Iterator[Judged]:
    """Every day with all verdicts but those that look beyond the day itself."""
    by_day = {each.day: each for each in asked}
    rhythm = _Rhythm()
    day, before = asked[0].day, False
    while day <= until:
        each = by_day.get(day) or Day(day, 0, 0, 0)
        usual = rhythm.usual(day)
        yield Judged(day, _of_the_day(each, usual, today), each.attempts, each.successes, each.articles, usual)
        if each.articles:
            rhythm.reach(day)
        if each.successes and before:
            rhythm.add(day, each.articles)
        before = each.successes > 0
        day += _ONE


def _of_the_day(day: Day, usual: float | None, today: date) -> Verdict:
    if not day.successes:
        return "failing" if day.attempts else "not asked"
    if usual is None:
        return "new"
    return "quiet" if usual >= BUSY and 0 < day.articles < usual / 3 and day.day < today else "normal"


class _Rhythm:
    """What a source has brought on the days of the 8 weeks before its last article."""

    def __init__(self) -> None:
        self._weekdays: list[list[tuple[date, int]]] = [[] for _ in range(7)]  # each in the order of time
        self._later: list[tuple[date, int]] = []  # days without anything new since its last article

    def add(self, day: date, articles: int) -> None:
        if articles:
            self._weekdays[day.weekday()].append((day, articles))
        else:
            self._later.append((day, 0))

    def reach(self, day: date) -> None:
        """All up to this day is rhythm: it brought something."""
        for each in self._later:
            self._weekdays[each[0].weekday()].append(each)
        self._later.clear()
        first = day - timedelta(weeks=WEEKS)
        for same in self._weekdays:
            while same and same[0][0] < first:
                del same[0]

    def usual(self, day: date) -> float | None:
        known = sum(map(len, self._weekdays))
        if known < FEWEST and known + len(self._later) < FEWEST:
            return None
        # It has been silent from its first days on: only the days since are known.
        more = self._later if known < FEWEST else ()
        same = [each[1] for each in self._weekdays[day.weekday()]]
        same += [each[1] for each in more if each[0].weekday() == day.weekday()]
        if len(same) < FEWEST_WEEKDAYS:
            same = [each[1] for days in (*self._weekdays, more) for each in days]
        return (sum(same) - max(same)) / (len(same) - 1)


def _silences(days: list[Judged], today: date) -> None:
    """Runs of answers without anything new: silent as a whole, where enough was to be expected."""
    run: list[int] = []
    for place, each in enumerate([*days, None]):
        if each is not None and each.successes and not each.articles:
            run.append(place)
            continue
        if each is not None and not each.articles and run:
            continue  # not asked or failing in between: that ends no silence, and is none
        expected = sum(days[i].usual or 0.0 for i in run if days[i].day < today)
        if expected >= MISSED or len(run) >= 7 * WEEKS:
            for i in run:
                if days[i].usual is not None:
                    days[i] = replace(days[i], verdict="silent")
        run = []


def _gaps(days: list[Judged]) -> None:
    """Days without an attempt between failing ones are failing."""
    last: int | None = None
    for place, each in enumerate(days):
        if each.attempts:
            if last is not None and each.verdict == "failing" and days[last].verdict == "failing":
                for i in range(last + 1, place):
                    days[i] = replace(days[i], verdict="failing")
            last = place


def _gone(day: Judged, since: date) -> Judged:
    return replace(day, verdict="gone") if day.day > since or (day.day == since and not day.successes) else day
