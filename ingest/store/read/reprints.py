"""Reads stories: the copies of an article, and of which story each article is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from ingest.store import rows, schema
from ingest.store.asof import live

_a, _c, _art, _src = schema.analysis.c, schema.content.c, schema.article.c, schema.source.c


@dataclass(frozen=True, slots=True)
class Copy:
    """An article that tells the same story as another one."""

    uid: str
    content_id: int
    source: str
    title: str
    published_at: datetime
    first: bool  #: whether it arrived before all others: the one that counts where copies count once


def copies(connection: Connection, article_id: int, as_of: int | None = None, *, most: int) -> tuple[list[Copy], int]:
    """The other articles of an article's story, the oldest first and no more than `most`; and how many there are."""
    of = select(_a.story_id).where(_a.article_id == article_id, live(_a, as_of)).scalar_subquery()
    told = (
        schema.analysis.join(schema.content, _c.id == _a.content_id)
        .join(schema.article, _art.id == _a.article_id)
        .join(schema.source, _src.id == _art.source_id)
    )
    here = (_a.story_id == of, live(_a, as_of), live(_c, as_of))
    count, first = connection.execute(
        select(func.count(), func.min(_a.article_id)).select_from(told).where(*here)
    ).one()
    if count < 2:
        return [], 0
    question = (
        select(_art.id, _art.uid, _c.id.label("content_id"), _src.name, _c.title, _c.published_at)
        .select_from(told)
        .where(*here, _a.article_id != article_id)
        .order_by(_a.article_id)
        .limit(most)
    )
    found = [
        Copy(row.uid, row.content_id, row.name, row.title, row.published_at, row.id == first)
        for row in connection.execute(question)
    ]
    return found, count - 1


def body(connection: Connection, content_id: int) -> str:
    """The body of one version of an article's words."""
    text = schema.content_text.c
    return str(connection.execute(select(text.body).where(text.content_id == content_id)).scalar_one())


def stories_of(connection: Connection, article_ids: Iterable[int], as_of: int | None = None) -> dict[int, str]:
    """The uid of the story of each of these articles, by article id."""
    question = (
        select(_a.article_id, schema.story.c.uid)
        .join(schema.story, schema.story.c.id == _a.story_id)
        .where(live(_a, as_of))
    )
    return {row.article_id: row.uid for row in rows.among(connection, question, _a.article_id, article_ids)}
