"""How the ingest is doing, as the record tells it: wherever the worker runs, the record knows."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from ingest.store import schema
from ingest.store.plan import schedule

_a, _f, _src, _p, _r = schema.analysis.c, schema.fetch.c, schema.source.c, schema.page.c, schema.request.c


@dataclass(frozen=True, slots=True)
class Fetched:
    """All attempts so far, added up."""

    upto: int = 0  #: the id of the last one
    outcomes: dict[str, int] = field(default_factory=dict)
    ms: int = 0
    parsed: int = 0
    parse_ms: int = 0
    bytes: int = 0
    added: int = 0
    edited: int = 0


class Tally:
    """Adds up the attempts of one record: each is read once, however often it is asked."""

    def __init__(self) -> None:
        self._so_far = Fetched()
        self._lock = threading.Lock()

    def read(self, connection: Connection) -> Fetched:
        """What there is now."""
        with self._lock:
            newest = int(connection.execute(select(func.max(_f.id))).scalar() or 0)
            before = self._so_far if newest >= self._so_far.upto else Fetched()  # another record stands in its place
            self._so_far = _added(connection, before, newest)
            return self._so_far


def _added(connection: Connection, before: Fetched, newest: int) -> Fetched:
    sums = [func.coalesce(func.sum(column), 0) for column in (_f.ms, _f.parse_ms, _f.bytes, _f.added, _f.edited)]
    question = (
        select(_f.outcome, func.count(), func.count(_f.parse_ms), *sums)
        .where(_f.id > before.upto, _f.id <= newest)
        .group_by(_f.outcome)
    )
    found = replace(before, upto=newest, outcomes=dict(before.outcomes))
    for outcome, count, parsed, ms, parse_ms, size, added, edited in connection.execute(question):
        found.outcomes[outcome] = found.outcomes.get(outcome, 0) + count
        found = replace(
            found,
            ms=found.ms + int(ms),
            parsed=found.parsed + parsed,
            parse_ms=found.parse_ms + int(parse_ms),
            bytes=found.bytes + int(size),
            added=found.added + int(added),
            edited=found.edited + int(edited),
        )
    return found


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits to be done."""

    feeds: int  #: whose time has come
    age_seconds: float  #: how long the longest of them has waited
    pages: int
    requests: int


def queue(connection: Connection, now: datetime) -> Queue:
    """What waits now."""
    feeds, oldest = connection.execute(
        select(func.count(), func.min(func.coalesce(_src.next_at, _src.added_at))).where(schedule.is_due(now))
    ).one()
    waiting = select(func.count()).where(_p.state == "waiting", or_(_p.next_at.is_(None), _p.next_at <= now))
    open_ = select(func.count()).where(_r.kind == "retry", _r.state.in_(("waiting", "running")))
    return Queue(
        feeds=feeds,
        age_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        pages=connection.execute(waiting).scalar_one(),
        requests=connection.execute(open_).scalar_one(),
    )


def current(connection: Connection) -> tuple[int, int]:
    """How many articles and mentions are current."""
    articles = select(func.count()).select_from(schema.analysis).where(_a.rev_to.is_(None))
    mentions = articles.join(schema.mention, _a.id == schema.mention.c.analysis_id)
    return connection.execute(articles).scalar_one(), connection.execute(mentions).scalar_one()


def first_after(connection: Connection, revision: int) -> datetime | None:
    """When the first revision after this one was made: what a follower that stands here lags behind."""
    table = schema.revision.c
    return connection.execute(select(func.min(table.at)).where(table.number > revision)).scalar()
