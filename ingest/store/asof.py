"""What of the versioned tables is in force, now or as of a revision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from ingest.store.planner import unled


def live(columns: Any, as_of: int | None, *, led: bool = True) -> ColumnElement[bool]:
    """Whether a row with these columns (`table.c`) is in force; None asks for what is current.

    `led=False`: rows are found by something else (see `planner`).
    """
    start, end = (columns.rev_from, columns.rev_to) if led else (unled(columns.rev_from), unled(columns.rev_to))
    if as_of is None:
        current: ColumnElement[bool] = end.is_(None)
        return current
    return and_(start <= as_of, or_(end.is_(None), end > as_of))
