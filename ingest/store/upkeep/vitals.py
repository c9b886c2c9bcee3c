"""How the ingest is doing, read from the record, so that it does not matter where the worker runs."""

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


#: Columns that are added up.
_SUMMED = ("ms", "parse_ms", "bytes", "added", "edited")


class Tally:
    """Adds up the attempts of one record; each attempt is read once."""

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
    sums = [func.coalesce(func.sum(_f[name]), 0) for name in _SUMMED]
    question = select(_f.outcome, func.count(), func.count(_f.parse_ms), *sums).group_by(_f.outcome)
    found = replace(before, upto=newest, outcomes=dict(before.outcomes))
    for outcome, count, *more in connection.execute(question.where(_f.id > before.upto, _f.id <= newest)):
        found.outcomes[outcome] = found.outcomes.get(outcome, 0) + count
        pairs = zip(("parsed", *_SUMMED), more, strict=True)
        found = replace(found, **{name: getattr(found, name) + int(value) for name, value in pairs})
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
