"""The full-text index of PostgreSQL; that of SQLite, there since 0001, is made anew."""

from alembic import op

from ingest.store import index

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        index.create(connection)
    else:  # its tokens were others, and its tokenizer cut them again
        index.rebuild(connection)


def downgrade() -> None:
    raise NotImplementedError("the record only goes forward; restore a copy to go back")
