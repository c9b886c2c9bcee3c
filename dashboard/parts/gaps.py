"""Verdicts on the days of the sources in view: for their calendar, and for the hatching of charts.

Verdicts on past days are computed a few times a day for all viewers, today's every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlalchemy import Engine

from dashboard.charts.canvas import Gaps
from dashboard.look import words
from dashboard.state.page import Page
from ingest import bins
from ingest.bins import Bin
from ingest.store.plan import coverage
from ingest.store.read import sources, verdicts
from ingest.store.read.sources import SourceRow
from ingest.store.read.verdicts import DEAD, Judged, Verdict

#: How long verdicts on past days, and on today, are cached.
_PAST_SECONDS, _TODAY_SECONDS = 21_600, 10

#: Sources named for a bin; the Sources page has them all.
_NAMED = 3


#: The days of each feed, in the order of time; by the source's id.
Days = dict[int, list[Judged]]


def days(page: Page) -> Days:
    """All days of all feeds up to today.

    For a pinned link, up to the moment of its revision: what happened later does not change what the link shows.
    """
    seconds, at = (_PAST_SECONDS, page.pin.now) if page.pin.fixed else (_TODAY_SECONDS, None)
    return _with_today(page.model.engine, page.view.today, int(time.monotonic()) // seconds, at)


def standing(page: Page) -> dict[int, Verdict]:
    """The verdict on each listed feed now, or at the moment of a pinned link; by the source's id."""
    known = days(page)
    return {
        row.id: verdicts.current_verdict(known.get(row.id, []), row.state)
        for row in page.choices.sources
        if row.kind == "feed" and row.listed
    }


@lru_cache(maxsize=4)
def _past_days(engine: Engine, today: date, slot: int, at: datetime | None) -> Days:
    """The days before today."""
    with engine.connect() as connection:
        rows = sources.listing(connection, {}, at=at)
        # As of `at`: a source that has retired since was not retired then.
        return verdicts.of(connection, rows, today=today, until=today - timedelta(days=1))


@lru_cache(maxsize=4)
def _with_today(engine: Engine, today: date, slot: int, at: datetime | None = None) -> Days:
    over = _past_days(engine, today, int(time.monotonic()) // _PAST_SECONDS, at)
    with engine.connect() as connection:
        now = coverage.ledger(connection, since=today) if at is None else coverage.day_so_far(connection, at)
        rows = [row for row in sources.listing(connection, {}, at=at) if row.kind == "feed"]
    found = {}
    for row in rows:
        found[row.id] = [*over.get(row.id, ())]
        if row.unlisted_at is None or row.unlisted_at.date() >= today:
            mine = next((each for each in now.get(row.id, ()) if each.day == today), None)
            found[row.id].append(verdicts.judge_today(found[row.id], mine, today, gone_at=row.retired_at))
    return found


def gaps(page: Page) -> Gaps:
    """The bins of the view in which sources in view were failing, silent or gone; by their first day.

    Sources without articles do not count, nor sources from the day on which they left the list.
    """
    view = page.view
    chosen = set(view.sources)
    heard = [row for row in page.choices.sources if row.id in chosen and row.articles]
    return of(heard, days(page), view.since, view.until, view.bin) if heard else {}


def of(heard: Sequence[SourceRow], known: Days, since: date, until: date, unit: Bin) -> Gaps:
    """The same for given sources, days and bins."""
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
    if (more := len(worst) - _NAMED) > 0:
        lines.append(f"and {words.count(more, 'other source')}")
    return tuple(lines)


def _how(start: date, mine: list[Judged], unit: Bin) -> str:
    verdict = min((each.verdict for each in mine), key=verdicts.VERDICTS.index)
    length = (bins.after(start, unit) - start).days
    return verdict if length == 1 else f"{verdict} on {len(mine)} of {length} days"


def in_words(found: Gaps, unit: Bin) -> str:
    """The hatched bins for a caption: `▨ sources not heard in 3 weeks`; empty if there are none."""
    return f"▨ sources not heard in {words.count(len(found), unit)}" if found else ""
