"""The full-text index of the tokens that both databases share; PostgreSQL's first, SQLite's second."""

from alembic import op

from ingest.store import index

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    index.rebuild(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("the record only goes forward; restore a copy to go back")
