"""Reads the watch-list in force: what every number in the record was made with."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ingest.store import schema
from ingest.watchlist.lists import Watchlist

_a = schema.analysis.c


def watchlist(connection: Connection, as_of: int | None = None) -> Watchlist:
    """The watch-list in force, now or as of a revision; empty before the first article.

    That is the newest analysis' own: a list put back as it was is no new one.
    """
    latest = select(_a.watchlist_id).order_by(_a.rev_from.desc(), _a.id.desc()).limit(1)
    if as_of is not None:
        latest = latest.where(_a.rev_from <= as_of)
    id_ = connection.execute(latest).scalar()
    return Watchlist.stored("") if id_ is None else one(connection, id_)


def one(connection: Connection, id_: int) -> Watchlist:
    """The watch-list with this id."""
    row = connection.execute(select(schema.watchlist).where(schema.watchlist.c.id == id_)).one()
    return Watchlist.stored(row.hash, row.figures, row.topics)


def scorer(connection: Connection, as_of: int | None = None) -> str:
    """What the newest analysis was made with, now or as of a revision; empty before the first article."""
    latest = select(_a.scorer).order_by(_a.rev_from.desc(), _a.id.desc()).limit(1)
    if as_of is not None:
        latest = latest.where(_a.rev_from <= as_of)
    return connection.execute(latest).scalar() or ""
