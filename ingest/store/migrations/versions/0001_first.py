"""Where migrations begin. A new record is not made by them but from the schema as it is (see `ingest.store.record`)."""

revision = "0001"
down_revision = None
