"""Connections to the record's database, set up so that both kinds of it behave alike; and faults in plain words."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool, QueuePool

from ingest.errors import RecordError

#: A writer waits this long for another one; a commit of 200 articles takes a small part of it.
BUSY_MS = 30_000

#: Our advisory locks on PostgreSQL, each a pair of numbers; they belong to one database of the server.
WRITING = (1_147_106, 1)
FOLLOWING = (1_147_106, 2)

#: Pages of a new SQLite file.
_PAGE_BYTES = 8_192
#: For a connection that writes very many rows: its cache, as index pages are written all over the file; and the pages
#: of the log at which it is copied into the file, as most of them are written several times.
_CACHE_KB, _LOG_PAGES = 131_072, 4_000

#: How libpq connects, unless the URL says otherwise. A dead machine is noticed within a quarter of a minute, not hours.
_POSTGRESQL = {
    "connect_timeout": 5,
    "application_name": "discourse-monitor",
    "client_encoding": "utf8",
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    # Compiling a query that takes 20 ms takes 200.
    "options": "-c jit=off",
}


def make(url: str) -> Engine:
    """An engine for a database; nothing is asked of it yet."""
    parsed = make_url(url)
    return _postgresql(parsed) if parsed.get_backend_name() == "postgresql" else _sqlite(parsed)


def is_postgresql(connection: Connection | Engine) -> bool:
    """Whether the record stands on PostgreSQL, not in a file."""
    return connection.dialect.name == "postgresql"


def connect_arguments(url: URL) -> dict[str, Any]:
    """Arguments for libpq besides the URL."""
    return {name: value for name, value in _POSTGRESQL.items() if name not in url.query}


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        # Several dashboards and a worker share a server's usual 100 connections.
        pool_size=5,
        max_overflow=15,
        pool_pre_ping=True,
        # A reader that asks several questions sees one state, as in a WAL file.
        isolation_level="REPEATABLE READ",
        connect_args=connect_arguments(url),
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writing", False):
            connection.exec_driver_sql(
                f"SELECT set_config('lock_timeout', '{BUSY_MS}', true), pg_advisory_xact_lock{WRITING}"
            )

    return engine


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordError(f"The folder of the record can't be made: {error}. Set DISCOURSE_DATA_DIR.") from error
    # The connection used last is used first: its cache holds the pages of its last commit.
    engine = create_engine(url, poolclass=QueuePool, pool_size=8, max_overflow=32, pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own BEGIN is a deferred one, whose later upgrade ignores busy_timeout: we send ours below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        # Of a new file. One packed article of 2 KB leaves half of a page of 4 KB empty, three fill one of 8 KB.
        cursor.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA case_sensitive_like = ON")  # as on PostgreSQL
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("many", False):
            connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KB}")
            connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing", False) else "BEGIN")

    return engine


def unpooled(url: URL) -> Engine:
    """Connections to a PostgreSQL outside any pool, without transactions."""
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=connect_arguments(url))


def try_to_follow(connection: Connection) -> bool:
    """Tries to get the lock of the one loop that follows the feeds, for this session; returns whether it has it."""
    # The server must notice that our machine is gone before long, but not before we have noticed that it is.
    connection.exec_driver_sql(
        "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; "
        "SET tcp_user_timeout = 40000"
    )
    return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock{FOLLOWING}").scalar())


def followed(connection: Connection) -> bool:
    """Whether some session has that lock."""
    space, number = FOLLOWING
    question = (
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        f"AND classid = {space} AND objid = {number})"
    )
    return bool(connection.exec_driver_sql(question).scalar())


def name(url: URL) -> str:
    """A database's name for messages, without its password."""
    if url.get_backend_name() != "postgresql":
        return f"{url.drivername}:///{url.database}"
    host = url.host or url.query.get("host") or "this machine"
    port = url.port or url.query.get("port") or 5432
    return f"{url.database or url.username} on the PostgreSQL server {host}, port {port},"


def reason(error: Exception) -> str:
    """The database's own message, in one line."""
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    return said.removesuffix(" Is the server running on that host and accepting TCP/IP connections?")
