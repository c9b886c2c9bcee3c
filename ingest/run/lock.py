"""The lock that keeps two loops from polling the same feeds.

A lock file in the data folder for a record on SQLite; for one on PostgreSQL an advisory lock of its database, which
holds across machines.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from ingest.errors import RecordBusy, RecordError
from ingest.settings import Settings
from ingest.store import engines

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0


@contextmanager
def only_loop(settings: Settings, *, patience: float = 1.0) -> Iterator[threading.Event]:
    """Holds the lock; yields an event that is set when the lock is lost, and then the loop must end.

    Raises RecordBusy when another loop holds it for longer than `patience` seconds, RecordError when the server does
    not respond.
    """
    if _on_server(settings):
        with _advisory_lock(settings, patience) as lost:
            yield lost
        return
    lock = FileLock(settings.data / "watch.lock")
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        raise RecordBusy(
            f"Another ingest already follows {settings.data}. Stop it first, or leave this one out; "
            "`once`, `export` and `status` work beside it."
        ) from None
    try:
        yield threading.Event()
    finally:
        lock.release()


def alive(settings: Settings) -> bool:
    """Whether a loop follows this record now."""
    try:
        if _on_server(settings):
            with engines.unpooled(make_url(settings.database)).connect() as connection:
                return engines.followed(connection)
        with FileLock(settings.data / "watch.lock", timeout=0):
            return False
    except Timeout:
        return True
    except (DatabaseError, OSError):
        return False


def _on_server(settings: Settings) -> bool:
    return make_url(settings.database).get_backend_name() == "postgresql"


@contextmanager
def _advisory_lock(settings: Settings, patience: float) -> Iterator[threading.Event]:
    lost, done = threading.Event(), threading.Event()
    engine = engines.unpooled(make_url(settings.database))
    try:
        connection = engine.connect()
    except DatabaseError as error:
        raise RecordError(f"{engines.name(engine.url)} does not answer: {engines.reason(error)}.") from None
    try:
        _acquire(connection, patience)
        watcher = threading.Thread(target=_watch, args=(connection, lost, done), daemon=True, name="loop-lock")
        watcher.start()
        try:
            yield lost
        finally:
            done.set()
            watcher.join()
    finally:
        connection.close()  # which ends the session, and with it the lock


def _acquire(connection: Connection, patience: float) -> None:
    until = time.monotonic() + patience
    try:
        while not engines.try_to_follow(connection):
            if time.monotonic() >= until:
                raise RecordBusy(
                    f"Another ingest already follows the feeds of {engines.name(connection.engine.url)} perhaps on "
                    "another machine. `once`, `export` and `status` work beside it."
                )
            time.sleep(0.2)
    except DatabaseError as error:
        raise RecordError(f"{engines.name(connection.engine.url)} broke off: {engines.reason(error)}.") from None


def _watch(connection: Connection, lost: threading.Event, done: threading.Event) -> None:
    """Sets `lost` when the session has ended, and the lock with it: another loop may hold it by now."""
    while not done.wait(_LOOK_SECONDS):
        try:
            engines.followed(connection)
        except DatabaseError as error:
            log.error("the lock on the record is lost: %s", engines.reason(error))
            lost.set()
            return
