"""Opens the record: engine, pragmas, migrations; and says plainly when it can't be used."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from ingest.errors import NewerRecord, RecordError
from ingest.store import schema

log = logging.getLogger(__name__)

#: A writer waits this long for another one; a commit of 200 articles takes a small part of it.
_BUSY_MS = 30_000

_MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str) -> Engine:
    """An engine for the record at `url`, migrated to this version; made if there is none.

    Raises NewerRecord when it was written by a newer version, RecordError when it can't be opened.
    """
    engine = _engine(url)
    try:
        _migrate(engine)
    except NewerRecord:
        engine.dispose()
        raise
    except (DatabaseError, OSError) as error:
        engine.dispose()
        raise RecordError(
            f"The record {engine.url.render_as_string(hide_password=True)} can't be opened: {_reason(error)}. "
            "Check the path and its permissions; restore a copy if the file is damaged."
        ) from error
    return engine


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordError(f"The folder of the record can't be made: {error}. Set DISCOURSE_DATA_DIR.") from error
    engine = create_engine(parsed, poolclass=QueuePool, pool_size=8, max_overflow=32)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own BEGIN is a deferred one, whose later upgrade ignores busy_timeout: we send ours below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the record's write lock from its first moment to its end."""
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


# Alembic keeps the running migration in module globals.
_migrating = threading.Lock()


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    known = {step.revision for step in script.walk_revisions()}

    def found(connection: Connection) -> str | None:
        version = MigrationContext.configure(connection).get_current_revision()
        if version is not None and version not in known:
            raise NewerRecord(
                f"This record is of version {version}, this program knows up to {head}. "
                "Update the program, or point DISCOURSE_DATABASE_URL at another record."
            )
        return version

    with engine.connect() as connection:
        if found(connection) == head:
            return
    with _migrating, writing(engine) as connection:
        # Another process may have migrated while we waited for the lock.
        if (version := found(connection)) != head:
            log.info("migrating the record from %s to %s", version or "nothing", head)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def current_revision(connection: Connection) -> int:
    """The newest revision's number; 0 for a record in which nothing has happened yet."""
    newest = connection.execute(select(func.max(schema.revision.c.number))).scalar()
    return int(newest or 0)


def damage(engine: Engine) -> list[str]:
    """What SQLite's own integrity check finds; an empty list when all is well."""
    try:
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
    except DatabaseError as error:
        return [_reason(error)]
    return [] if list(rows) == ["ok"] else [str(row) for row in rows]
