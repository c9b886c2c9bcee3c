"""Faults of the edited lists and of the loop, in `request` (kind `list`), where the dashboard finds and shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from ingest.models import utcnow
from ingest.store import record, schema
from ingest.store.plan import progress

KIND = "list"
FEEDS, WATCHLIST, LOOP = "list of feeds", "watch-list", "ingest"


@dataclass(frozen=True, slots=True)
class Complaint:
    """A list that could not be read, while the one before goes on; or a fault of the loop, which goes on as well."""

    what: str
    message: str
    at: datetime

    @property
    def heading(self) -> str:
        """What it means for who reads it."""
        if self.what == LOOP:
            return "The ingest met a fault and goes on."
        return f"The {self.what} can't be read; the old one goes on."


def note(connection: Connection, what: str, fault: str | None, *, now: datetime) -> None:
    """Stores a fault, or with None that it is over; writes nothing if that is known already."""
    found = progress.find(connection, KIND, what)
    if fault is None and (found is None or found.done):
        return
    begun = progress.begin(connection, KIND, what, by="worker", now=now)
    progress.end(connection, begun.id, now=now, failure=fault)


def report(engine: Engine, what: str, fault: str | None) -> None:
    """The same, in a transaction of its own."""
    with record.writing(engine) as connection:
        note(connection, what, fault, now=utcnow())


def current(connection: Connection) -> list[Complaint]:
    """What is wrong now."""
    table = schema.request
    question = select(table).where(table.c.kind == KIND, table.c.state == "failed").order_by(table.c.id)
    return [Complaint(row.args["mark"], row.message or "", row.ended_at) for row in connection.execute(question)]
