"""Reads what another watch-list, or another version of a scorer, has analysed: what a re-score looks at again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from ingest.models import Analysis, Entry, StoredAnalysis
from ingest.store import schema
from ingest.store.read import analyses

_c, _a, _w, _body = schema.content.c, schema.analysis.c, schema.watchlist.c, schema.content_text.c


@dataclass(frozen=True, slots=True)
class Outdated:
    """An analysis to be looked at again, and the words it is of."""

    id: int
    entry: Entry
    analysis: Analysis
    watchlist: int | None  #: with which it was made; None where it was another version of the scorer


def count(connection: Connection, watchlist_hash: str, scorer: str, *, after: int) -> int:
    """How many current analyses with an id above `after` were not made with this list and scorer."""
    question = _outdated(select(func.count()), watchlist_hash, scorer, after)
    return int(connection.execute(question).scalar_one())


def read(connection: Connection, watchlist_hash: str, scorer: str, *, after: int, limit: int) -> list[Outdated]:
    """The first of them, by id."""
    columns = (_c.title, _c.text_kind, _c.published_at, _c.language, _body.body, _a.id, _a.watchlist_id, _a.scorer)
    question = _outdated(select(*columns), watchlist_hash, scorer, after)
    question = question.join(schema.content_text, _body.content_id == _c.id).order_by(_a.id).limit(limit)
    found = connection.execute(question).all()
    made = analyses.of(connection, [row.id for row in found])
    return [
        Outdated(
            row.id,
            Entry(
                source=f"analysis {row.id}",
                title=row.title,
                body=row.body,
                keys=(),
                text_kind=row.text_kind,
                published=row.published_at,
                published_from="feed",  # not always true, but this entry is never stored
                language=row.language,
                stored=StoredAnalysis(row.scorer, made[row.id]),
            ),
            made[row.id],
            row.watchlist_id if row.scorer == scorer else None,
        )
        for row in found
    ]


def _outdated(question: Select[Any], watchlist_hash: str, scorer: str, after: int) -> Select[Any]:
    return (
        question.select_from(schema.analysis)
        .join(schema.content, _c.id == _a.content_id)
        .join(schema.watchlist, _w.id == _a.watchlist_id)
        .where(_a.rev_to.is_(None), _c.rev_to.is_(None), _a.id > after)
        .where((_w.hash != watchlist_hash) | (_a.scorer != scorer))
    )
