"""How far a long piece of work has come: one row of `request`, moved on in the same commit as what it speaks of.

So whoever goes on after a crash can trust it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from ingest.store import rows, schema

#: The kind of work that looks again at what an older watch-list has analysed.
RESCORE = "rescore"


@dataclass(frozen=True, slots=True)
class Progress:
    """A piece of work, known by its kind and mark; everything up to `position` is done."""

    id: int
    position: int
    done: bool  #: nothing is left to do
    ended_at: datetime | None
    worked: int = 0  #: pieces of it that are done, where somebody counts them …
    total: int = 0  #: … of so many


def find(connection: Connection, kind: str, mark: str) -> Progress | None:
    """The work of this kind and mark, if it was ever begun."""
    table = schema.request
    # Few rows: one a file or watch-list. No database needs to look into JSON for that.
    for row in connection.execute(select(table).where(table.c.kind == kind).order_by(table.c.id.desc())):
        if row.args.get("mark") == mark:
            return _progress(row)
    return None


def newest(connection: Connection, kind: str) -> Progress | None:
    """The work of this kind that was begun last and is not done, if any is."""
    table = schema.request
    question = select(table).where(table.c.kind == kind).order_by(table.c.id.desc()).limit(1)
    row = connection.execute(question).first()
    return _progress(row) if row and row.state == "running" else None


def _progress(row: Row[Any]) -> Progress:
    args = row.args
    done, counted = row.state == "done", (int(args.get("worked", 0)), int(args.get("total", 0)))
    return Progress(row.id, int(args.get("position", 0)), done, row.ended_at, *counted)


def begin(connection: Connection, kind: str, mark: str, *, by: str, now: datetime, **facts: Any) -> Progress:
    """The work of this kind and mark, begun now or before; what is done stays done."""
    table = schema.request
    found = find(connection, kind, mark)
    if found:
        if not found.done:
            connection.execute(update(table).where(table.c.id == found.id).values(state="running", ended_at=None))
        return found
    values = {
        "kind": kind,
        "args": {"mark": mark, "position": 0, **facts},
        "by": by,
        "at": now,
        "state": "running",
        "started_at": now,
    }
    return Progress(rows.inserted(connection, table, values), 0, False, None)


def move(connection: Connection, id_: int, position: int, share: float, **facts: Any) -> None:
    """Everything up to `position` is done, that is `share` (0 to 1) of the work."""
    table = schema.request
    args = connection.execute(select(table.c.args).where(table.c.id == id_)).scalar_one()
    values = {"args": {**args, "position": position, **facts}, "progress": share}
    connection.execute(update(table).where(table.c.id == id_).values(**values))


def end(connection: Connection, id_: int, *, now: datetime, failure: str | None = None) -> None:
    """The work is done, or has failed and may be begun again."""
    table = schema.request
    values: dict[str, Any] = {"state": "failed" if failure else "done", "ended_at": now, "message": failure}
    if not failure:
        values["progress"] = 1.0
    connection.execute(update(table).where(table.c.id == id_).values(**values))
