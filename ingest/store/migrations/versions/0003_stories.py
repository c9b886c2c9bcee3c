"""Reprints: the signatures of texts that may still be copied, and the keys by which a copy finds them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "signature",
        sa.Column("id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("story_id", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("arrived", sa.Date(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_signature_article_id")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_signature_story_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
    )
    op.create_table(
        "signature_key",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("signature_id", _ID, nullable=False),
        sa.Column("story_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("key", "signature_id", name=op.f("pk_signature_key")),
        sqlite_with_rowid=False,
    )
    op.drop_column("story", "signature")
