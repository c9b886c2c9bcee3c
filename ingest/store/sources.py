"""Reads the sources: their state, what each holds, and which ones a view shows when nobody chose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from ingest.models import DEMO_GROUP
from ingest.store import schema

_c, _art, _src = schema.content.c, schema.article.c, schema.source.c


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source with its state and what the record holds of it."""

    id: int
    kind: str
    key: str
    name: str
    group: str
    home: str | None
    language: str | None
    listed: bool
    state: str
    failures: int
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    next_at: datetime | None
    articles: int
    newest: datetime | None


def listing(connection: Connection) -> list[SourceRow]:
    """All sources, by group and name, with how many current articles each has."""
    counts = (
        select(_art.source_id, func.count().label("articles"), func.max(_c.published_at).label("newest"))
        .join(schema.content, (_c.article_id == _art.id) & _c.rev_to.is_(None))
        .group_by(_art.source_id)
        .subquery()
    )
    rows = connection.execute(
        select(schema.source, func.coalesce(counts.c.articles, 0).label("articles"), counts.c.newest)
        .outerjoin(counts, counts.c.source_id == _src.id)
        .order_by(_src.group, _src.name)
    ).mappings()
    names = SourceRow.__dataclass_fields__
    return [SourceRow(**{name: row[name] for name in names}) for row in rows]


def newest_fetch(connection: Connection) -> datetime | None:
    """When some source was last heard from."""
    return connection.execute(select(func.max(_src.last_success_at))).scalar()


def automatic(connection: Connection) -> list[int]:
    """The ids of all sources but the demo; of the demo too while nothing else has articles."""
    rows = connection.execute(select(_src.id, _src.group)).all()
    real = [row.id for row in rows if row.group != DEMO_GROUP]
    if (
        real
        and connection.execute(
            select(_art.id)
            .join(schema.content, (_c.article_id == _art.id) & _c.rev_to.is_(None))
            .where(_art.source_id.in_(real))
            .limit(1)
        ).first()
    ):
        return real
    return [row.id for row in rows]
