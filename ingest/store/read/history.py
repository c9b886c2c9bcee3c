"""The versions of an article: what it said, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ingest.store import schema


@dataclass(frozen=True, slots=True)
class Version:
    """An article as it stood from a moment on."""

    at: datetime  #: when it came
    title: str
    body: str
    author: str | None
    link: str | None
    published_at: datetime


def versions(connection: Connection, article_id: int, as_of: int | None = None) -> list[Version]:
    """Every version up to a revision, the oldest first.

    A summary that gave way to the text of its page was not edited: of the two only the longer one is listed.
    """
    content, body = schema.content.c, schema.content_text.c
    question = (
        select(
            content.hash, content.given_hash, content.fetched_at, content.title, content.author, content.link,
            content.published_at, body.body,
        )
        .join(schema.content_text, body.content_id == content.id)
        .where(content.article_id == article_id)
        .order_by(content.id)
    )  # fmt: skip
    if as_of is not None:
        question = question.where(content.rev_from <= as_of)
    found: list[tuple[str, Version]] = []
    for row in connection.execute(question):
        since = row.fetched_at
        if row.given_hash and found and found[-1][0] == row.given_hash:
            since = found.pop()[1].at
        found.append((row.hash, Version(since, row.title, row.body, row.author, row.link, row.published_at)))
    return [version for _, version in found]
