"""What of the versioned tables is in force, now or as of a revision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from ingest.store.planner import no_index


def live(columns: Any, as_of: int | None, *, by_index: bool = True) -> ColumnElement[bool]:
    """Whether a row with these columns (`table.c`) is in force; None asks for what is current.

    `by_index=False`: SQLite finds the rows by something else (see `planner`).
    """
    start, end = columns.rev_from, columns.rev_to
    if not by_index:
        start, end = no_index(start), no_index(end)
    if as_of is None:
        current: ColumnElement[bool] = end.is_(None)
        return current
    return and_(start <= as_of, or_(end.is_(None), end > as_of))
