"""The tables of the record, one SQLAlchemy Core schema for every database.

Rows of `content` and `analysis` are versioned: `rev_from` is the revision that made them, `rev_to` the one that
closed them (null: current). What is true as of revision N is `rev_from <= N AND (rev_to IS NULL OR rev_to > N)`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    literal_column,
)

from ingest.store.types import LongText, PlainText, Spans, UtcTime

# SQLite numbers rows by itself only in a column that is INTEGER to the letter.
_Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True)


def _ref(name: str, target: str, **options: Any) -> Column[int]:
    return Column(name, _Id, ForeignKey(target), nullable=options.pop("nullable", False), **options)


def _revisions() -> tuple[Column[int], Column[int]]:
    return (
        Column("rev_from", Integer, ForeignKey("revision.number"), nullable=False),
        Column("rev_to", Integer, ForeignKey("revision.number")),
    )


def _current(table: Table, column: str) -> None:
    """One current row for each article, all of an article, and the two ways a follower asks for what has changed."""
    Index(
        f"uq_{table.name}_current",
        table.c[column],
        unique=True,
        sqlite_where=table.c.rev_to.is_(None),
        postgresql_where=table.c.rev_to.is_(None),
    )
    Index(f"ix_{table.name}_{column}", table.c[column])
    Index(f"ix_{table.name}_rev_from", table.c.rev_from)
    Index(f"ix_{table.name}_rev_to", table.c.rev_to)


revision = Table(
    "revision",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("what", PlainText(200), nullable=False),
)

source = Table(
    "source",
    metadata,
    _id(),
    Column("kind", PlainText(10), nullable=False),
    Column("key", PlainText, nullable=False, unique=True),
    Column("name", PlainText, nullable=False),
    Column("group", PlainText, nullable=False, server_default=""),
    Column("home", PlainText),
    Column("language", PlainText(8)),
    Column("listed", Boolean, nullable=False),  # false once a feed has left the feeds file; its articles stay
    Column("added_at", UtcTime, nullable=False),
    Column("unlisted_at", UtcTime),  # when it left the list; null while it is on it
    # the schedule: it lives here, so that a restart does not stampede
    Column("next_at", UtcTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("state", PlainText(20), nullable=False, server_default="new"),  # new, ok, failing, gone
    Column("etag", PlainText),
    Column("last_modified", PlainText),
    Column("last_attempt_at", UtcTime),
    Column("last_success_at", UtcTime),
    Column("last_error", PlainText),
    Column("retired_at", UtcTime),  # when it answered that it is gone for good; a retry revives it
    Column("interval_seconds", Integer),  # the rhythm it has shown; null before its first answer
    Column("asked_seconds", Integer),  # the rhythm its publisher asks for, from its last whole answer
    Column("whole_at", UtcTime),  # its last whole answer: one that says "unchanged" for ever is asked for all again
    Column("moved_to", PlainText),  # where a permanent redirect led the last time …
    Column("moved_seen", Integer, nullable=False, server_default="0"),  # … and how many times in a row it did
    Column("full_text", PlainText(8), nullable=False, server_default="auto"),  # auto, always, never
    CheckConstraint("kind IN ('feed', 'folder', 'archive')", name="kind"),
)

fetch = Table(
    "fetch",
    metadata,
    _id(),
    _ref("source_id", "source.id"),
    Column("at", UtcTime, nullable=False),
    Column("outcome", PlainText(12), nullable=False),  # ok, unchanged, error
    Column("status", Integer),
    Column("bytes", BigInteger, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("parse_ms", Integer),  # from the bytes to the entries; null where nothing was parsed
    Column("added", Integer, nullable=False),
    Column("edited", Integer, nullable=False),
    Column("reason", PlainText),
    Index("ix_fetch_source_id_at", "source_id", "at"),
)

# What each day of a source has brought: the ledger that tells silence from decline.
coverage = Table(
    "coverage",
    metadata,
    Column("source_id", _Id, ForeignKey("source.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("articles", Integer, nullable=False),  # new ones, by the day on which they were fetched
    sqlite_with_rowid=False,
)

article = Table(
    "article",
    metadata,
    _id(),
    Column("uid", PlainText(16), nullable=False, unique=True),  # the same on every machine: links carry it
    _ref("source_id", "source.id"),
    Column("guid", PlainText),
    Column("url", PlainText),
    Column("first_seen", UtcTime, nullable=False),
    Index("ix_article_source_id", "source_id"),
)

# Every name by which a source has called an article (guid, address, path). Unique, so that identity is decided
# by the database inside the write transaction, and any number of writers is safe.
article_key = Table(
    "article_key",
    metadata,
    Column("scope", PlainText(40), primary_key=True),  # `folder`, or the id of the feed
    Column("key", PlainText, primary_key=True),
    _ref("article_id", "article.id"),
    # Its rows stand in the order of its key, once. A feed's articles are never asked for their keys.
    sqlite_with_rowid=False,
)
IN_FOLDER = article_key.c.scope == literal_column("'folder'")
Index("ix_article_key_folder", article_key.c.article_id, sqlite_where=IN_FOLDER, postgresql_where=IN_FOLDER)

content = Table(
    "content",
    metadata,
    _id(),
    _ref("article_id", "article.id"),
    *_revisions(),
    Column("title", PlainText, nullable=False),
    Column("author", PlainText),
    Column("link", PlainText),
    Column("language", PlainText(8), nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("published_from", PlainText(20), nullable=False),
    Column("day", Date, nullable=False),
    Column("text_kind", PlainText(8), nullable=False),
    Column("hash", PlainText(32), nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
    Column("feed_at", UtcTime),  # the date that the feed gives
    Column("page_at", UtcTime),  # the date that the article's page gives, where it was fetched
    # Of which words of the feed this is the page: without it the feed's summary would seem an edit of it.
    Column("given_hash", PlainText(32)),
    Index("ix_content_day", "day"),
    Index("ix_content_published_at", "published_at"),
    Index("ix_content_hash", "hash"),
)
_current(content, "article_id")

content_text = Table(
    "content_text",
    metadata,
    Column("content_id", _Id, ForeignKey("content.id"), primary_key=True),
    _ref("article_id", "article.id"),
    Column("body", LongText, nullable=False),
)

# Pages that are to be fetched for articles of which the feed gives a summary only, and what became of it.
page = Table(
    "page",
    metadata,
    Column("article_id", _Id, ForeignKey("article.id"), primary_key=True),
    _ref("source_id", "source.id"),
    Column("url", PlainText, nullable=False),
    Column("state", PlainText(8), nullable=False),  # waiting, done, failed
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcTime),
    Column("reason", PlainText),
    Index("ix_page_next_at", "next_at"),
)

story = Table(
    "story",
    metadata,
    _id(),
    Column("uid", PlainText(16), nullable=False, unique=True),
    _ref("first_article_id", "article.id"),
    Column("first_seen", UtcTime, nullable=False),
)

# The texts of the last weeks that others may be copies of. A text that says the same as one of them is not among them.
signature = Table(
    "signature",
    metadata,
    _id(),
    _ref("article_id", "article.id"),
    _ref("story_id", "story.id"),
    Column("day", Date, nullable=False),  # on which the text was published
    Column("arrived", Date, nullable=False),
    Column("sketch", LargeBinary, nullable=False),
)

# By what a copy finds them: a hash of their words, and above it the weeks they are from, so that what is looked for
# together stands together. No foreign key: for each signature that goes, all keys would be looked through.
signature_key = Table(
    "signature_key",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("signature_id", _Id, primary_key=True),
    Column("story_id", _Id, nullable=False),
    sqlite_with_rowid=False,
)

watchlist = Table(
    "watchlist",
    metadata,
    _id(),
    Column("hash", PlainText(64), nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("topics", JSON, nullable=False),
)

analysis = Table(
    "analysis",
    metadata,
    _id(),
    _ref("article_id", "article.id"),
    _ref("content_id", "content.id"),
    *_revisions(),
    Column("tone", Float),
    Column("sentences", Integer, nullable=False),
    Column("words", Integer, nullable=False),
    _ref("story_id", "story.id"),
    Column("scorer", PlainText(40), nullable=False),
    _ref("watchlist_id", "watchlist.id"),
    Index("ix_analysis_content_id", "content_id"),
    Index("ix_analysis_story_id", "story_id"),
)
_current(analysis, "article_id")

# [[start, end, tone], …] for the reader page; apart from `analysis`, so that scans stay narrow.
analysis_sentences = Table(
    "analysis_sentences",
    metadata,
    Column("analysis_id", _Id, ForeignKey("analysis.id"), primary_key=True),
    _ref("article_id", "article.id"),
    Column("spans", Spans, nullable=False),
)

mention = Table(
    "mention",
    metadata,
    _id(),
    _ref("analysis_id", "analysis.id"),
    _ref("article_id", "article.id"),
    _ref("source_id", "source.id"),
    Column("day", Date, nullable=False),
    Column("figure", PlainText(80), nullable=False),
    Column("sentence", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("kind", PlainText(10), nullable=False),
    Column("tone_rule", Float),
    Column("tone_encoder", Float),
    Column("confidence", Float),
    Column("label", PlainText(8)),
    Column("because", JSON, nullable=False),
    CheckConstraint("kind IN ('person', 'office', 'ambiguous')", name="kind"),
    Index("ix_mention_analysis_id", "analysis_id"),
    Index("ix_mention_figure", "figure"),
)

analysis_topic = Table(
    "analysis_topic",
    metadata,
    Column("analysis_id", _Id, ForeignKey("analysis.id"), primary_key=True),
    Column("topic", PlainText(80), primary_key=True),
    _ref("article_id", "article.id"),
    Column("hits", Integer, nullable=False),
    Column("words", JSON, nullable=False),
    sqlite_with_rowid=False,
)

request = Table(
    "request",
    metadata,
    _id(),
    Column("kind", PlainText(20), nullable=False),
    Column("args", JSON, nullable=False),
    Column("by", PlainText),
    Column("at", UtcTime, nullable=False),
    Column("state", PlainText(10), nullable=False, server_default="waiting"),  # waiting, running, done, failed
    Column("progress", Float, nullable=False, server_default="0"),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("message", PlainText),
)

saved_view = Table(
    "saved_view",
    metadata,
    _id(),
    Column("name", PlainText, nullable=False),
    Column("query", PlainText, nullable=False),
    Column("by", PlainText),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("name", "by"),
)

note = Table(
    "note",
    metadata,
    _id(),
    Column("day", Date),
    Column("figure", PlainText(80)),
    _ref("article_id", "article.id", nullable=True),
    Column("text", PlainText, nullable=False),
    Column("by", PlainText),
    Column("at", UtcTime, nullable=False),
)

label = Table(
    "label",
    metadata,
    _id(),
    _ref("article_id", "article.id"),
    _ref("content_id", "content.id"),
    Column("figure", PlainText(80), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("label", PlainText(8), nullable=False),  # negative, neutral, positive, unsure
    Column("by", PlainText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_label_article_id", "article_id"),
)
