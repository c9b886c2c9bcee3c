"""Runs the migrations on the connection that `ingest.store.record` holds."""

from alembic import context

from ingest.store import schema

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=schema.metadata, transactional_ddl=False)
context.run_migrations()
