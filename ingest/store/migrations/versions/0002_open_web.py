"""What the open web asks for: rhythm, retirement and moves of feeds, their coverage by day, pages and their dates."""

import sqlalchemy as sa
from alembic import op

from ingest.text import urls

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def _text(length: int | None = None) -> sa.types.TypeEngine[str]:
    ours: sa.types.TypeEngine[str] = sa.String(length) if length else sa.Text()
    return ours.with_variant(sa.Text(collation="C"), "postgresql")


def _respell() -> None:
    """Writes the addresses under which articles are known as they are written now: without `www.` and `m.`."""
    connection = op.get_bind()
    table = sa.table("article_key", sa.column("scope", sa.Text), sa.column("key", sa.Text))
    held = connection.execute(sa.select(table.c.scope, table.c.key).where(table.c.key.like("url:%")))
    changed = [(row.scope, row.key, new) for row in held if (new := f"url:{urls.canonical(row.key[4:])}") != row.key]
    for scope, key, new in changed:
        here = sa.and_(table.c.scope == scope, table.c.key == key)
        # Two articles under one address, as it is written now: the one that has it keeps it.
        if connection.execute(sa.select(table.c.key).where(table.c.scope == scope, table.c.key == new)).first():
            connection.execute(sa.delete(table).where(here))
        else:
            connection.execute(sa.update(table).where(here).values(key=new))


def upgrade() -> None:
    op.add_column("source", sa.Column("retired_at", _TIME, nullable=True))
    op.add_column("source", sa.Column("interval_seconds", sa.Integer(), nullable=True))
    op.add_column("source", sa.Column("asked_seconds", sa.Integer(), nullable=True))
    op.add_column("source", sa.Column("whole_at", _TIME, nullable=True))
    op.add_column("source", sa.Column("moved_to", _text(), nullable=True))
    op.add_column("source", sa.Column("moved_seen", sa.Integer(), server_default="0", nullable=False))
    op.add_column("source", sa.Column("full_text", _text(8), server_default="auto", nullable=False))
    op.add_column("content", sa.Column("feed_at", _TIME, nullable=True))
    op.add_column("content", sa.Column("page_at", _TIME, nullable=True))
    op.add_column("content", sa.Column("given_hash", _text(32), nullable=True))
    op.create_table(
        "coverage",
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_coverage_source_id")),
        sa.PrimaryKeyConstraint("source_id", "day", name=op.f("pk_coverage")),
        sqlite_with_rowid=False,
    )
    # What was asked before there was a ledger belongs in it too: its rhythm is known from the first day on.
    day = "date(at)" if op.get_bind().dialect.name == "sqlite" else "CAST(at AT TIME ZONE 'UTC' AS date)"
    op.execute(
        "INSERT INTO coverage (source_id, day, attempts, successes, articles) "
        f"SELECT source_id, {day}, count(*), sum(CASE WHEN outcome = 'error' THEN 0 ELSE 1 END), sum(added) "
        'FROM "fetch" GROUP BY 1, 2'
    )
    op.add_column("fetch", sa.Column("parse_ms", sa.Integer(), nullable=True))
    op.create_table(
        "page",
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("url", _text(), nullable=False),
        sa.Column("state", _text(8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", _TIME, nullable=True),
        sa.Column("reason", _text(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_page_article_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_page_source_id")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_page")),
    )
    op.create_index("ix_page_next_at", "page", ["next_at"], unique=False)
    op.create_index("ix_analysis_story_id", "analysis", ["story_id"], unique=False)
    _respell()
