"""A record of the first version, 0001: what today's program must be able to take along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from ingest.store.search import index

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def _text(length: int | None = None) -> sa.types.TypeEngine[str]:
    # PostgreSQL sorts by the server's language and refuses what is too long: there it is plain text in the order of
    # code points, as on SQLite.
    ours: sa.types.TypeEngine[str] = sa.String(length) if length else sa.Text()
    return ours.with_variant(sa.Text(collation="C"), "postgresql")


def create(connection: sa.Connection) -> None:
    """Makes its tables, its full-text index and its mark."""
    context = MigrationContext.configure(connection)
    op = Operations(context)
    op.create_table(
        "request",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", _text(20), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("by", _text(), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("state", _text(10), server_default="waiting", nullable=False),
        sa.Column("progress", sa.Float(), server_default="0", nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("message", _text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_table(
        "revision",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("what", _text(200), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_revision")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", _text(), nullable=False),
        sa.Column("query", _text(), nullable=False),
        sa.Column("by", _text(), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("name", "by", name=op.f("uq_saved_view_name_by")),
    )
    op.create_table(
        "source",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", _text(10), nullable=False),
        sa.Column("key", _text(), nullable=False),
        sa.Column("name", _text(), nullable=False),
        sa.Column("group", _text(), server_default="", nullable=False),
        sa.Column("home", _text(), nullable=True),
        sa.Column("language", _text(8), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("added_at", _TIME, nullable=False),
        sa.Column("next_at", _TIME, nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", _text(20), server_default="new", nullable=False),
        sa.Column("etag", _text(), nullable=True),
        sa.Column("last_modified", _text(), nullable=True),
        sa.Column("last_attempt_at", _TIME, nullable=True),
        sa.Column("last_success_at", _TIME, nullable=True),
        sa.Column("last_error", _text(), nullable=True),
        sa.CheckConstraint("kind IN ('feed', 'folder', 'archive')", name=op.f("ck_source_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("key", name=op.f("uq_source_key")),
    )
    op.create_table(
        "watchlist",
        sa.Column("id", _ID, nullable=False),
        sa.Column("hash", _text(64), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist")),
        sa.UniqueConstraint("hash", name=op.f("uq_watchlist_hash")),
    )
    op.create_table(
        "article",
        sa.Column("id", _ID, nullable=False),
        sa.Column("uid", _text(16), nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("guid", _text(), nullable=True),
        sa.Column("url", _text(), nullable=True),
        sa.Column("first_seen", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_article_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("uid", name=op.f("uq_article_uid")),
    )
    op.create_index("ix_article_source_id", "article", ["source_id"], unique=False)
    op.create_table(
        "fetch",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("outcome", _text(12), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("edited", sa.Integer(), nullable=False),
        sa.Column("reason", _text(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_fetch_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetch")),
    )
    op.create_index("ix_fetch_source_id_at", "fetch", ["source_id", "at"], unique=False)
    op.create_table(
        "article_key",
        sa.Column("scope", _text(40), nullable=False),
        sa.Column("key", _text(), nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_article_key_article_id")),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_article_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_article_key_folder",
        "article_key",
        ["article_id"],
        unique=False,
        sqlite_where=sa.text("scope = 'folder'"),
        postgresql_where=sa.text("scope = 'folder'"),
    )
    op.create_table(
        "content",
        sa.Column("id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("rev_from", sa.Integer(), nullable=False),
        sa.Column("rev_to", sa.Integer(), nullable=True),
        sa.Column("title", _text(), nullable=False),
        sa.Column("author", _text(), nullable=True),
        sa.Column("link", _text(), nullable=True),
        sa.Column("language", _text(8), nullable=False),
        sa.Column("published_at", _TIME, nullable=False),
        sa.Column("published_from", _text(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text_kind", _text(8), nullable=False),
        sa.Column("hash", _text(32), nullable=False),
        sa.Column("fetched_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_content_article_id")),
        sa.ForeignKeyConstraint(["rev_from"], ["revision.number"], name=op.f("fk_content_rev_from")),
        sa.ForeignKeyConstraint(["rev_to"], ["revision.number"], name=op.f("fk_content_rev_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content")),
    )
    op.create_index("ix_content_day", "content", ["day"], unique=False)
    op.create_index("ix_content_hash", "content", ["hash"], unique=False)
    op.create_index("ix_content_published_at", "content", ["published_at"], unique=False)
    op.create_index("ix_content_article_id", "content", ["article_id"], unique=False)
    op.create_index("ix_content_rev_from", "content", ["rev_from"], unique=False)
    op.create_index("ix_content_rev_to", "content", ["rev_to"], unique=False)
    op.create_index(
        "uq_content_current",
        "content",
        ["article_id"],
        unique=True,
        sqlite_where=sa.text("rev_to IS NULL"),
        postgresql_where=sa.text("rev_to IS NULL"),
    )
    op.create_table(
        "note",
        sa.Column("id", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("figure", _text(80), nullable=True),
        sa.Column("article_id", _ID, nullable=True),
        sa.Column("text", _text(), nullable=False),
        sa.Column("by", _text(), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_note_article_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_table(
        "story",
        sa.Column("id", _ID, nullable=False),
        sa.Column("uid", _text(16), nullable=False),
        sa.Column("first_article_id", _ID, nullable=False),
        sa.Column("first_seen", _TIME, nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["first_article_id"], ["article.id"], name=op.f("fk_story_first_article_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
        sa.UniqueConstraint("uid", name=op.f("uq_story_uid")),
    )
    op.create_table(
        "analysis",
        sa.Column("id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("content_id", _ID, nullable=False),
        sa.Column("rev_from", sa.Integer(), nullable=False),
        sa.Column("rev_to", sa.Integer(), nullable=True),
        sa.Column("tone", sa.Float(), nullable=True),
        sa.Column("sentences", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("story_id", _ID, nullable=False),
        sa.Column("scorer", _text(40), nullable=False),
        sa.Column("watchlist_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_analysis_article_id")),
        sa.ForeignKeyConstraint(["content_id"], ["content.id"], name=op.f("fk_analysis_content_id")),
        sa.ForeignKeyConstraint(["rev_from"], ["revision.number"], name=op.f("fk_analysis_rev_from")),
        sa.ForeignKeyConstraint(["rev_to"], ["revision.number"], name=op.f("fk_analysis_rev_to")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_analysis_story_id")),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlist.id"], name=op.f("fk_analysis_watchlist_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis")),
    )
    op.create_index("ix_analysis_content_id", "analysis", ["content_id"], unique=False)
    op.create_index("ix_analysis_article_id", "analysis", ["article_id"], unique=False)
    op.create_index("ix_analysis_rev_from", "analysis", ["rev_from"], unique=False)
    op.create_index("ix_analysis_rev_to", "analysis", ["rev_to"], unique=False)
    op.create_index(
        "uq_analysis_current",
        "analysis",
        ["article_id"],
        unique=True,
        sqlite_where=sa.text("rev_to IS NULL"),
        postgresql_where=sa.text("rev_to IS NULL"),
    )
    op.create_table(
        "content_text",
        sa.Column("content_id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("body", _text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_content_text_article_id")),
        sa.ForeignKeyConstraint(["content_id"], ["content.id"], name=op.f("fk_content_text_content_id")),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_content_text")),
    )
    op.create_table(
        "label",
        sa.Column("id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("content_id", _ID, nullable=False),
        sa.Column("figure", _text(80), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("label", _text(8), nullable=False),
        sa.Column("by", _text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_label_article_id")),
        sa.ForeignKeyConstraint(["content_id"], ["content.id"], name=op.f("fk_label_content_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    op.create_index("ix_label_article_id", "label", ["article_id"], unique=False)
    op.create_table(
        "analysis_sentences",
        sa.Column("analysis_id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analysis.id"], name=op.f("fk_analysis_sentences_analysis_id")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_analysis_sentences_article_id")),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_analysis_sentences")),
    )
    op.create_table(
        "analysis_topic",
        sa.Column("analysis_id", _ID, nullable=False),
        sa.Column("topic", _text(80), nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analysis.id"], name=op.f("fk_analysis_topic_analysis_id")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_analysis_topic_article_id")),
        sa.PrimaryKeyConstraint("analysis_id", "topic", name=op.f("pk_analysis_topic")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mention",
        sa.Column("id", _ID, nullable=False),
        sa.Column("analysis_id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figure", _text(80), nullable=False),
        sa.Column("sentence", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("kind", _text(10), nullable=False),
        sa.Column("tone_rule", sa.Float(), nullable=True),
        sa.Column("tone_encoder", sa.Float(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("label", _text(8), nullable=True),
        sa.Column("because", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'office', 'ambiguous')", name=op.f("ck_mention_kind")),
        sa.ForeignKeyConstraint(["analysis_id"], ["analysis.id"], name=op.f("fk_mention_analysis_id")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_mention_article_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_mention_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention")),
    )
    op.create_index("ix_mention_analysis_id", "mention", ["analysis_id"], unique=False)
    op.create_index("ix_mention_figure", "mention", ["figure"], unique=False)
    index.create(connection)
    op.create_table("alembic_version", sa.Column("version_num", sa.String(32), primary_key=True))
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
