"""Reads the watch-list in force: what every number in the record was made with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from ingest.store import schema
from ingest.watchlist.lists import Watchlist

_a = schema.analysis.c


def watchlist(connection: Connection, as_of: int | None = None) -> Watchlist:
    """The watch-list in force, now or as of a revision; empty before the first article.

    That is the newest analysis' own: a list put back as it was is no new one.
    """
    id_ = _newest(connection, _a.watchlist_id, as_of)
    return Watchlist.stored("") if id_ is None else one(connection, id_)


def one(connection: Connection, id_: int) -> Watchlist:
    """The watch-list with this id."""
    row = connection.execute(select(schema.watchlist).where(schema.watchlist.c.id == id_)).one()
    return Watchlist.stored(row.hash, row.figures, row.topics)


def scorer(connection: Connection, as_of: int | None = None) -> str:
    """What the newest analysis was made with, now or as of a revision; empty before the first article."""
    return _newest(connection, _a.scorer, as_of) or ""


def _newest(connection: Connection, column: ColumnElement[Any], as_of: int | None) -> Any:
    """What the newest analysis says, now or as of a revision."""
    latest = select(column).order_by(_a.rev_from.desc(), _a.id.desc()).limit(1)
    return connection.execute(latest if as_of is None else latest.where(_a.rev_from <= as_of)).scalar()
