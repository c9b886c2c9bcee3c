"""What is wrong with the lists that people edit, where everybody sees it: rows of `request` of the kind `list`.

The worker that reads the lists may run elsewhere, and its log be read by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ingest.store import schema
from ingest.store.plan import progress

KIND = "list"
FEEDS, WATCHLIST = "list of feeds", "watch-list"


@dataclass(frozen=True, slots=True)
class Complaint:
    """A list that could not be read, while the one before goes on."""

    what: str
    message: str
    at: datetime


def note(connection: Connection, what: str, fault: str | None, *, now: datetime) -> None:
    """The list is as bad as `fault` says, or fine again; nothing is written that is known already."""
    found = progress.find(connection, KIND, what)
    if fault is None and (found is None or found.done):
        return
    begun = progress.begin(connection, KIND, what, by="worker", now=now)
    progress.end(connection, begun.id, now=now, failure=fault)


def current(connection: Connection) -> list[Complaint]:
    """What is wrong now."""
    table = schema.request
    question = select(table).where(table.c.kind == KIND, table.c.state == "failed").order_by(table.c.id)
    return [Complaint(row.args["mark"], row.message or "", row.ended_at) for row in connection.execute(question)]
