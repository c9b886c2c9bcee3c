"""The seed files that are being read, and those that stopped their reader.

Each is stored before it is read, so that one that ends the whole process is known after a restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from ingest.store import schema
from ingest.store.types import storable

KIND = "seed files"


@dataclass(frozen=True, slots=True)
class Trial:
    """A file as it was when its reading began."""

    mtime_ns: int
    size: int
    tries: int = 1  #: how often it was begun and never ended
    fault: str | None = None  #: why it is not tried again until it changes


def stored(connection: Connection) -> dict[str, Trial]:
    """All of them, by the files' names."""
    table = schema.request.c
    found = connection.execute(select(table.args).where(table.kind == KIND)).scalar()
    return {name: Trial(**facts) for name, facts in found.items()} if found else {}


def note(connection: Connection, changes: Mapping[str, Trial | None], now: datetime) -> None:
    """Keeps these and drops those that are None; the others stay, as another process may be reading them."""
    table = schema.request
    found = connection.execute(select(table.c.id, table.c.args).where(table.c.kind == KIND)).first()
    kept = dict(found.args) if found else {}
    for name, trial in changes.items():
        kept.pop(storable(name), None)
        if trial:
            kept[storable(name)] = asdict(trial)
    if found:
        connection.execute(update(table).where(table.c.id == found.id).values(args=kept))
    else:
        values = {"kind": KIND, "args": kept, "by": "worker", "at": now, "state": "running"}
        connection.execute(insert(table).values(**values))
