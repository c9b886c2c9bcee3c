"""Reads the watch-list in force: what every number in the record was made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from ingest.store import schema

_a = schema.analysis.c


@dataclass(frozen=True, slots=True)
class Watched:
    """A snapshot of figures and topics."""

    hash: str
    figures: tuple[dict[str, Any], ...]
    topics: tuple[dict[str, Any], ...]


def watchlist(connection: Connection, as_of: int | None = None) -> Watched:
    """The snapshot in force, now or as of a revision; empty before the first article.

    That is the newest analysis' own: a list put back as it was is no new snapshot.
    """
    latest = select(_a.watchlist_id).order_by(_a.rev_from.desc(), _a.id.desc()).limit(1)
    if as_of is not None:
        latest = latest.where(_a.rev_from <= as_of)
    found = select(schema.watchlist).where(schema.watchlist.c.id == latest.scalar_subquery())
    row = connection.execute(found).mappings().first()
    return Watched(row["hash"], tuple(row["figures"]), tuple(row["topics"])) if row else Watched("", (), ())


def scorer(connection: Connection, as_of: int | None = None) -> str:
    """What the newest analysis was made with, now or as of a revision; empty before the first article."""
    latest = select(_a.scorer).order_by(_a.rev_from.desc(), _a.id.desc()).limit(1)
    if as_of is not None:
        latest = latest.where(_a.rev_from <= as_of)
    return connection.execute(latest).scalar() or ""
