"""What of the versioned tables is in force, now or as of a revision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_


def live(columns: Any, as_of: int | None) -> ColumnElement[bool]:
    """Whether a row with these columns (`table.c`) is in force; None asks for what is current."""
    if as_of is None:
        current: ColumnElement[bool] = columns.rev_to.is_(None)
        return current
    return and_(columns.rev_from <= as_of, or_(columns.rev_to.is_(None), columns.rev_to > as_of))
