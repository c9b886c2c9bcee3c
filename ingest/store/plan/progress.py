"""How far long work has come: a row of `request`, updated in the commit that does the work, so crashes do no harm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from ingest.store import rows, schema

_table = schema.request
_r = _table.c

#: The kind of work that looks again at what an older watch-list has analysed.
RESCORE = "rescore"


@dataclass(frozen=True, slots=True)
class Progress:
    """A piece of work, known by its kind and mark; everything up to `position` is done."""

    id: int
    position: int
    done: bool  #: nothing is left to do
    ended_at: datetime | None
    worked: int = 0  #: pieces of it that are done, where they are counted
    total: int = 0


def find(connection: Connection, kind: str, mark: str) -> Progress | None:
    """The work of this kind and mark, if it was ever begun."""
    # Few rows, one a file or watch-list: no need to search JSON in SQL.
    found = connection.execute(_table.select().where(_r.kind == kind).order_by(_r.id.desc()))
    return next((_progress(row) for row in found if row.args.get("mark") == mark), None)


def newest(connection: Connection, kind: str) -> Progress | None:
    """The work of this kind that was begun last and is not done, if any is."""
    row = connection.execute(_table.select().where(_r.kind == kind).order_by(_r.id.desc()).limit(1)).first()
    return _progress(row) if row and row.state == "running" else None


def _progress(row: Row[Any]) -> Progress:
    args = row.args
    done, counted = row.state == "done", (int(args.get("worked", 0)), int(args.get("total", 0)))
    return Progress(row.id, int(args.get("position", 0)), done, row.ended_at, *counted)


def begin(connection: Connection, kind: str, mark: str, *, by: str, now: datetime, **facts: Any) -> Progress:
    """The work of this kind and mark, begun now or before; what is done stays done."""
    if found := find(connection, kind, mark):
        if not found.done:
            connection.execute(update(_table).where(_r.id == found.id).values(state="running", ended_at=None))
        return found
    values = {"kind": kind, "args": {"mark": mark, "position": 0, **facts}, "by": by, "state": "running"}
    return Progress(rows.inserted(connection, _table, values | {"at": now, "started_at": now}), 0, False, None)


def move(connection: Connection, id_: int, position: int, share: float, **facts: Any) -> None:
    """Everything up to `position` is done, that is `share` (0 to 1) of the work."""
    args = connection.execute(select(_r.args).where(_r.id == id_)).scalar_one()
    values = {"args": {**args, "position": position, **facts}, "progress": share}
    connection.execute(update(_table).where(_r.id == id_).values(**values))


def end(connection: Connection, id_: int, *, now: datetime, failure: str | None = None) -> None:
    """The work is done, or has failed and may be begun again."""
    values: dict[str, Any] = {"state": "failed"} if failure else {"state": "done", "progress": 1.0}
    connection.execute(update(_table).where(_r.id == id_).values(ended_at=now, message=failure, **values))
