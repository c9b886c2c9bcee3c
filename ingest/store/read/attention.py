"""How many articles name whom, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from ingest.store import schema
from ingest.store.read.filters import Filters, current, denominator, numerator

_c, _a, _m = schema.content.c, schema.analysis.c, schema.mention.c


@dataclass(frozen=True, slots=True)
class DayCount:
    """Articles of one day that name a figure; `figure` is None for all articles."""

    day: date
    figure: str | None
    articles: int


def by_day(connection: Connection, filters: Filters) -> Iterator[DayCount]:
    """First the denominator of each day, then for each figure the articles that name it (offices too, if counted)."""
    base = denominator(connection, filters)
    for day, articles in connection.execute(
        select(_c.day, func.count()).select_from(current(filters.as_of)).where(*base).group_by(_c.day)
    ):
        yield DayCount(day, None, articles)
    conditions = [*base, *numerator(connection, filters), _m.kind.in_(filters.kinds)]
    if filters.figures:
        conditions.append(_m.figure.in_(filters.figures))
    joined = current(filters.as_of).join(schema.mention, _m.analysis_id == _a.id)
    for day, figure, articles in connection.execute(
        select(_c.day, _m.figure, func.count(_m.article_id.distinct()))
        .select_from(joined)
        .where(*conditions)
        .group_by(_c.day, _m.figure)
    ):
        yield DayCount(day, figure, articles)
