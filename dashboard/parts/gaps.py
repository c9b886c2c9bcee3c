"""What the ledger of days says of the sources in view: their calendars, and where a chart must be hatched.

Verdicts of days that are over are worked out a few times a day for all viewers, and today's once in some seconds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlalchemy import Engine

from dashboard.look import words
from dashboard.state.page import Page
from ingest import bins
from ingest.bins import Bin
from ingest.store.plan import coverage
from ingest.store.read import sources, verdicts
from ingest.store.read.sources import SourceRow
from ingest.store.read.verdicts import DEAD, Judged, Verdict

_OVER, _FRESH = 21_600, 10

#: Sources named for a bin; the Sources page has them all.
_NAMED = 3


#: The days of each feed, in the order of time; by the source's id.
Days = dict[int, list[Judged]]

#: Which sources were not heard in a bin, by its first day: `West Post failing on 3 of 7 days`, not escaped.
Gaps = dict[date, tuple[str, ...]]


def days(page: Page) -> Days:
    """All days of all feeds, to today; for a link that fixes the numbers, to the moment for which it was made.

    What happened later changes nothing that such a link shows.
    """
    every, at = (_OVER, page.pin.now) if page.pin.fixed else (_FRESH, None)
    return _fresh(page.model.engine, page.view.today, int(time.monotonic()) // every, at)


def standing(page: Page) -> dict[int, Verdict]:
    """How each feed on the list stands now, or at the moment that a link fixes; by the source's id."""
    known = days(page)
    return {
        row.id: verdicts.standing(known.get(row.id, []), row.state)
        for row in page.choices.sources
        if row.kind == "feed" and row.listed
    }


@lru_cache(maxsize=4)
def _over(engine: Engine, today: date, slot: int, at: datetime | None) -> Days:
    """The days before this one."""
    with engine.connect() as connection:
        rows = sources.listing(connection, {}, at=at)
        # As things stood: what has retired since was not retired then.
        return verdicts.of(connection, rows, today=today, until=today - timedelta(days=1))


@lru_cache(maxsize=4)
def _fresh(engine: Engine, today: date, slot: int, at: datetime | None = None) -> Days:
    over = _over(engine, today, int(time.monotonic()) // _OVER, at)
    with engine.connect() as connection:
        now = coverage.ledger(connection, since=today) if at is None else coverage.day_so_far(connection, at)
        rows = [row for row in sources.listing(connection, {}, at=at) if row.kind == "feed"]
    found = {}
    for row in rows:
        found[row.id] = [*over.get(row.id, ())]
        if row.unlisted_at is None or row.unlisted_at.date() >= today:
            mine = next((each for each in now.get(row.id, ()) if each.day == today), None)
            found[row.id].append(verdicts.going_on(found[row.id], mine, today, gone_at=row.retired_at))
    return found


def gaps(page: Page) -> Gaps:
    """The bins of the view in which sources in view were failing, silent or gone; by their first day.

    A source that never brought anything can't be missed, nor one that nobody lists any more from that day on.
    """
    view = page.view
    chosen = set(view.sources)
    heard = [row for row in page.choices.sources if row.id in chosen and row.articles]
    if not heard:
        return {}
    return of(heard, days(page), view.since, view.until, view.bin)


def of(heard: Sequence[SourceRow], known: Days, since: date, until: date, unit: Bin) -> Gaps:
    """The bins from `since` to `until` in which some of these sources were not heard."""
    found: dict[date, dict[int, list[Judged]]] = {}
    for row in heard:
        for each in known.get(row.id, ()):
            if each.verdict in DEAD and since <= each.day <= until:
                found.setdefault(bins.start_of(each.day, unit), {}).setdefault(row.id, []).append(each)
    names = {row.id: row.name for row in heard}
    return {start: _lines(start, of_bin, names, unit) for start, of_bin in sorted(found.items())}


def _lines(start: date, dead: dict[int, list[Judged]], names: dict[int, str], unit: Bin) -> tuple[str, ...]:
    worst = sorted(dead.items(), key=lambda item: (-len(item[1]), names[item[0]]))
    lines = [f"{names[id_]} {_how(start, mine, unit)}" for id_, mine in worst[:_NAMED]]
    if more := len(worst) - _NAMED:
        lines += [f"and {words.count(more, 'other source')}"] if more > 0 else []
    return tuple(lines)


def _how(start: date, mine: list[Judged], unit: Bin) -> str:
    verdict = min((each.verdict for each in mine), key=verdicts.VERDICTS.index)
    length = (bins.after(start, unit) - start).days
    return verdict if length == 1 else f"{verdict} on {len(mine)} of {length} days"


def in_words(found: Gaps, unit: Bin) -> str:
    """The hatched bins for a caption: `▨ sources not heard in 3 weeks`; empty where there are none."""
    return f"▨ sources not heard in {words.count(len(found), unit)}" if found else ""
