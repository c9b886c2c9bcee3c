"""Asks the running worker to fetch sources again, and says what came of it: rows of `request`, kind `retry`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, or_, select, update

from ingest.store import rows, schema

KIND = "retry"
State = Literal["waiting", "running", "done", "failed"]

_r, _src = schema.request.c, schema.source.c


@dataclass(frozen=True, slots=True)
class Retry:
    """One such request."""

    id: int
    source_id: int
    at: datetime
    state: State
    started_at: datetime | None
    ended_at: datetime | None
    message: str | None  #: what came of it, in words

    @property
    def open(self) -> bool:
        """Whether it still waits for its answer."""
        return self.state in ("waiting", "running")


def ask(connection: Connection, source_ids: Collection[int], *, by: str, now: datetime) -> dict[int, int]:
    """The request of each source, by the source's id: one that still waits is not asked again."""
    found = {each.source_id: each.id for each in recent(connection) if each.open}
    for source_id in source_ids:
        if source_id not in found:
            values = {"kind": KIND, "args": {"source": source_id}, "by": by, "at": now}
            found[source_id] = rows.inserted(connection, schema.request, values)
    return {source_id: found[source_id] for source_id in source_ids}


def recent(connection: Connection, since: datetime | None = None) -> list[Retry]:
    """The requests that are open, and those asked for since then; the newest first."""
    is_open = _r.state.in_(("waiting", "running"))
    wanted = is_open if since is None else or_(is_open, _r.at >= since)
    question = select(schema.request).where(_r.kind == KIND, wanted).order_by(_r.id.desc())
    return [_retry(row) for row in connection.execute(question)]


def begin(connection: Connection, busy: Collection[int], *, now: datetime) -> list[int]:
    """Makes every waiting source due at once, whatever its schedule says; those that are `busy` wait.

    Each is fetched whole, not only if changed; one that was gone for good is tried again. Returns the sources' ids.
    """
    waiting = [each for each in recent(connection) if each.state == "waiting" and each.source_id not in busy]
    for each in waiting:
        revived = {"next_at": now - timedelta(seconds=1), "retired_at": None, "etag": None, "last_modified": None}
        made = connection.execute(
            update(schema.source).where(_src.id == each.source_id, _src.listed, _src.kind == "feed").values(**revived)
        )
        if made.rowcount:
            values = {"state": "running", "started_at": now, "progress": 0.1}
        else:
            values = {"state": "failed", "ended_at": now, "message": "It is no longer on the list of feeds."}
        connection.execute(update(schema.request).where(_r.id == each.id).values(**values))
    return [each.source_id for each in waiting]


def answer(
    connection: Connection, source_id: int, asked_at: datetime, *, failure: bool, message: str, now: datetime
) -> None:
    """An attempt that began at `asked_at` answers what was asked before it."""
    for each in recent(connection):
        if each.source_id == source_id and each.state == "running" and each.started_at and each.started_at <= asked_at:
            values = {"state": "failed" if failure else "done", "ended_at": now, "message": message, "progress": 1.0}
            connection.execute(update(schema.request).where(_r.id == each.id).values(**values))


def one(connection: Connection, id_: int) -> Retry:
    """The request of this id."""
    return _retry(connection.execute(select(schema.request).where(_r.id == id_)).one())


def _retry(row: Row[Any]) -> Retry:
    return Retry(row.id, int(row.args["source"]), row.at, row.state, row.started_at, row.ended_at, row.message)
