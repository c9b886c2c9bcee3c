"""Opens the record, a file or a server's database, and migrates it to this version."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DatabaseError

from ingest.errors import NewerRecord, RecordError
from ingest.store import engines, schema
from ingest.store.search import index

log = logging.getLogger(__name__)

#: The version of a record that is still being copied into (see `copy`).
COPYING = "copying"

_MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str) -> Engine:
    """An engine for the record at `url`, migrated to this version; made if there is none.

    Raises NewerRecord when it was written by a newer version, RecordError when it can't be opened.
    """
    engine = engines.make(url)
    try:
        _migrate(engine)
    except RecordError:
        engine.dispose()
        raise
    except (DatabaseError, OSError) as error:
        engine.dispose()
        raise RecordError(
            f"The record {engines.name(engine.url)} can't be opened: {engines.reason(error)}. {_REMEDY[engine.name]}"
        ) from error
    return engine


_REMEDY = {
    "sqlite": (
        "Check the path and its permissions. If the file is damaged: docs/operate.md, 'Restoring the record', says "
        "what to do."
    ),
    "postgresql": "See that the server runs and that DISCOURSE_DATABASE_URL is right.",
}


@contextmanager
def writing(engine: Engine, *, many: bool = False) -> Iterator[Connection]:
    """A transaction that holds the record's write lock from its first moment to its end; `many` rows need memory."""
    options: dict[str, object] = {"writing": True, "many": many}
    if engines.is_postgresql(engine):
        # Its state would else be fixed while it waits for the lock, and miss what the writer before it did.
        options["isolation_level"] = "READ COMMITTED"
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


# Alembic keeps the running migration in module globals.
_migrating = threading.Lock()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def head() -> str:
    """The version that this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _migrate(engine: Engine) -> None:
    config = _config()
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    known = {step.revision for step in script.walk_revisions()}

    def found(connection: Connection) -> str | None:
        version = MigrationContext.configure(connection).get_current_revision()
        if version == COPYING:
            raise RecordError(
                f"A copy into the record {engines.name(engine.url)} is not finished. "
                "`python -m ingest copy` with the same arguments finishes it."
            )
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
            config.attributes["connection"] = connection
            if version is None:
                _require_utf8(connection)
                schema.metadata.create_all(connection)
                index.create(connection)
                command.stamp(config, "head")
            else:
                log.info("migrating the record from %s to %s", version, head)
                command.upgrade(config, "head")


def _require_utf8(connection: Connection) -> None:
    """Refuses a PostgreSQL database that can't hold every language."""
    if engines.is_postgresql(connection):
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise RecordError(
                f"The database {engines.name(connection.engine.url)} is of the encoding {encoding}. Make one of UTF-8: "
                "createdb --encoding UTF8 --template template0 …"
            )


def current_revision(connection: Connection) -> int:
    """The newest revision's number; 0 for a record in which nothing has happened yet."""
    newest = connection.execute(select(func.max(schema.revision.c.number))).scalar()
    return int(newest or 0)


def made(connection: Connection, number: int) -> datetime | None:
    """When a revision was made; None when there is none of this number."""
    return connection.execute(select(schema.revision.c.at).where(schema.revision.c.number == number)).scalar()


def revisions(connection: Connection, *, after: int, upto: int) -> int:
    """How many revisions have a number in this range."""
    number = schema.revision.c.number
    return int(connection.execute(select(func.count()).where(number > after, number <= upto)).scalar_one())


def version(connection: Connection) -> str:
    """To which version the record is migrated. Raises DatabaseError where it can't be read."""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())
