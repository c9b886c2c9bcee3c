"""Opens and closes what is versioned of one article: its content, with text and index, and its analysis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from ingest import text
from ingest.models import Analysis, Article, PublishedFrom
from ingest.store import schema, tokens


@dataclass(frozen=True, slots=True)
class Scoring:
    """What an analysis was made with."""

    watchlist_id: int
    scorer: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where new rows belong."""

    article_id: int
    source_id: int
    story_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest version of an article; `open` is false once it has been withdrawn."""

    content_id: int
    source_id: int
    story_id: int
    hash: str
    open: bool
    day: date
    published_at: datetime
    published_from: PublishedFrom


def latest(connection: Connection, article_id: int) -> Latest:
    """The newest version of an article, withdrawn or not."""
    content, analysis = schema.content, schema.analysis
    row = connection.execute(
        select(content, schema.article.c.source_id)
        .join(schema.article, schema.article.c.id == content.c.article_id)
        .where(content.c.article_id == article_id)
        .order_by(content.c.id.desc())
        .limit(1)
    ).one()
    story_id = connection.execute(
        select(analysis.c.story_id).where(analysis.c.article_id == article_id).order_by(analysis.c.id.desc()).limit(1)
    ).scalar_one()
    return Latest(
        content_id=row.id,
        source_id=row.source_id,
        story_id=story_id,
        hash=row.hash,
        open=row.rev_to is None,
        day=row.day,
        published_at=row.published_at,
        published_from=row.published_from,
    )


def is_open(connection: Connection, article_id: int) -> bool:
    """Whether the article has a current version."""
    content = schema.content
    current = select(content.c.id).where(content.c.article_id == article_id, content.c.rev_to.is_(None))
    return connection.execute(current).first() is not None


def close(connection: Connection, article_id: int, revision: int) -> None:
    """Ends the current content and analysis of an article with this revision."""
    _close(connection, schema.content, article_id, revision)
    close_analysis(connection, article_id, revision)


def close_analysis(connection: Connection, article_id: int, revision: int) -> None:
    """Ends the current analysis alone: the words stay."""
    _close(connection, schema.analysis, article_id, revision)


def _close(connection: Connection, table: Table, article_id: int, revision: int) -> None:
    connection.execute(
        update(table).where(table.c.article_id == article_id, table.c.rev_to.is_(None)).values(rev_to=revision)
    )


def open_content(
    connection: Connection, place: Place, article: Article, scoring: Scoring, *, hash_: str, now: datetime
) -> None:
    """Adds a version of an article's words, indexed, with its analysis."""
    entry = article.entry
    published = entry.published or now
    content_id = inserted(
        connection,
        schema.content,
        {
            "article_id": place.article_id,
            "rev_from": place.revision,
            "title": entry.title,
            "author": entry.author,
            "link": entry.link,
            "language": article.analysis.language,
            "published_at": published,
            "published_from": entry.published_from if entry.published else "fetch time",
            "day": published.date(),
            "text_kind": entry.text_kind,
            "hash": hash_,
            "fetched_at": now,
        },
    )
    body = text.body_of(article.text, entry.title)
    connection.execute(
        insert(schema.content_text).values(content_id=content_id, article_id=place.article_id, body=body)
    )
    connection.execute(
        insert(schema.content_index),
        {
            "rowid": content_id,
            "title": " ".join(tokens.words(entry.title)),
            "body": " ".join(tokens.words(body)),
        },
    )
    open_analysis(connection, place, article.analysis, scoring, content_id=content_id, day=published.date())


def open_analysis(
    connection: Connection, place: Place, analysis: Analysis, scoring: Scoring, *, content_id: int, day: date
) -> None:
    """Adds an analysis of a content, with its sentences, mentions and topics."""
    analysis_id = inserted(
        connection,
        schema.analysis,
        {
            "article_id": place.article_id,
            "content_id": content_id,
            "rev_from": place.revision,
            "tone": analysis.tone,
            "sentences": len(analysis.sentences),
            "words": analysis.words,
            "story_id": place.story_id,
            "scorer": scoring.scorer,
            "watchlist_id": scoring.watchlist_id,
        },
    )
    ids = {"analysis_id": analysis_id, "article_id": place.article_id}
    connection.execute(
        insert(schema.analysis_sentences).values(spans=[[s.start, s.end, s.tone] for s in analysis.sentences], **ids)
    )
    if analysis.mentions:
        connection.execute(
            insert(schema.mention),
            [
                {
                    "source_id": place.source_id,
                    "day": day,
                    "figure": m.figure,
                    "sentence": m.sentence,
                    "start": m.start,
                    "end": m.end,
                    "kind": m.kind,
                    "tone_rule": m.tone,
                    "label": m.label,
                    "because": [[cue.word, cue.weight] for cue in m.because],
                    **ids,
                }
                for m in analysis.mentions
            ],
        )
    if analysis.topics:
        connection.execute(
            insert(schema.analysis_topic),
            [{"topic": hit.topic, "hits": hit.hits, "words": list(hit.words), **ids} for hit in analysis.topics],
        )


def inserted(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """The id of a new row."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
