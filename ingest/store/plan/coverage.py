"""The ledger of each source and day: how often it was asked, how often it answered, what was new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from ingest.store import engines, schema

_table, _f = schema.coverage.c, schema.fetch.c


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC) of one source."""

    day: date
    attempts: int
    successes: int
    articles: int  #: new ones, by the day on which they were fetched


#: The days of each source on which it was asked, in the order of time; by the source's id.
Ledger = dict[int, list[Day]]


def note(connection: Connection, source_id: int, at: datetime, ok: bool, articles: int) -> None:
    """Enters one attempt, in the transaction that stores what came of it."""
    insert = postgresql.insert if engines.is_postgresql(connection) else sqlite.insert
    fresh = insert(schema.coverage).values(
        source_id=source_id, day=at.astimezone(UTC).date(), attempts=1, successes=int(ok), articles=articles
    )
    added = {name: _table[name] + fresh.excluded[name] for name in ("attempts", "successes", "articles")}
    connection.execute(fresh.on_conflict_do_update(index_elements=["source_id", "day"], set_=added))


def ledger(connection: Connection, *, since: date | None = None, sources: Sequence[int] | None = None) -> Ledger:
    """The days of all sources, or of some, from `since` on."""
    question = select(_table.source_id, _table.day, _table.attempts, _table.successes, _table.articles)
    if since is not None:
        question = question.where(_table.day >= since)
    if sources is not None:
        question = question.where(_table.source_id.in_(sources))
    return _ledger(connection, question.order_by(_table.source_id, _table.day))


def day_so_far(connection: Connection, at: datetime) -> Ledger:
    """The day of a moment up to that moment, of all sources asked on it."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    counted = (func.count(), func.sum(case((_f.outcome != "error", 1), else_=0)), func.sum(_f.added))
    question = (
        select(_f.source_id, literal(midnight.date()), *counted)
        .where(_f.source_id.in_(select(schema.source.c.id)), _f.at.between(midnight, at))  # the index is by source
        .group_by(_f.source_id)
    )
    return _ledger(connection, question)


def _ledger(connection: Connection, question: Select[Any]) -> Ledger:
    found: Ledger = {}
    for source_id, *values in connection.execute(question):
        found.setdefault(source_id, []).append(Day(*values))
    return found
