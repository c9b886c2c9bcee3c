"""When a feed left the list: links that fix the numbers show it as it stood then."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("source", sa.Column("unlisted_at", sa.DateTime(timezone=True), nullable=True))
    # Of those that left before, the last attempt is the last that is known of them.
    op.execute("UPDATE source SET unlisted_at = coalesce(last_attempt_at, added_at) WHERE NOT listed")
