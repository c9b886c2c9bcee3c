"""What the ledger of days says of the sources in view: their calendars, and where a chart must be hatched.

Verdicts of days that are over are worked out a few times a day for all viewers, and today's once in some seconds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import Engine

from dashboard.look import words
from dashboard.state.page import Page
from ingest import bins
from ingest.bins import Bin
from ingest.store.plan import coverage
from ingest.store.read import sources, verdicts
from ingest.store.read.sources import SourceRow
from ingest.store.read.verdicts import DEAD, Judged

_OVER, _FRESH = 21_600, 10

#: Sources named for a bin; the Sources page has them all.
_NAMED = 3


#: The days of each feed, in the order of time; by the source's id.
Days = dict[int, list[Judged]]

#: Which sources were not heard in a bin, by its first day: `West Post failing on 3 of 7 days`, not escaped.
Gaps = dict[date, tuple[str, ...]]


def days(page: Page) -> Days:
    """All days of all feeds, to today; for a link that fixes the numbers, to the day before it was made.

    What happened later changes nothing that such a link shows.
    """
    engine, today = page.model.engine, page.view.today
    if page.pin.fixed:
        return _over(engine, today, int(time.monotonic()) // _OVER)
    return _fresh(engine, today, int(time.monotonic()) // _FRESH)


@lru_cache(maxsize=4)
def _over(engine: Engine, today: date, slot: int) -> Days:
    """The days before this one."""
    with engine.connect() as connection:
        rows = sources.listing(connection, {})
        # As things stood: what has retired since was not retired then.
        return verdicts.of(connection, rows, today=today, until=today - timedelta(days=1))


@lru_cache(maxsize=2)
def _fresh(engine: Engine, today: date, slot: int) -> Days:
    over = _over(engine, today, int(time.monotonic()) // _OVER)
    with engine.connect() as connection:
        now = coverage.ledger(connection, since=today)
        rows = {row.id: row for row in sources.listing(connection, {}) if row.kind == "feed"}
    found = {}
    for id_, row in rows.items():
        before = over.get(id_, [])
        mine = [each for each in now.get(id_, ()) if each.day == today]
        found[id_] = [*before, verdicts.going_on(before, mine[0] if mine else None, today, gone_at=row.retired_at)]
    return found


def gaps(page: Page) -> Gaps:
    """The bins of the view in which sources in view were failing, silent or gone; by their first day.

    A source that never brought anything can't be missed, and one that nobody lists any more is not asked.
    """
    view = page.view
    chosen = set(view.sources)
    heard = [row for row in page.choices.sources if row.id in chosen and row.articles and row.listed]
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
