"""The snapshot in a file: the next start, and other processes of the server, map it instead of loading the record.

It is a cache: deleting it loses nothing. One Arrow stream a table, then a checksum; about the snapshot stands in the
metadata of the first. A file is replaced by a new one and never written in place, so whoever maps it may go on.
"""

from __future__ import annotations

import json
import logging
import os
import struct
import time
import zlib
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import filelock
import polars as pl
import pyarrow as pa
from filelock import FileLock
from sqlalchemy import Connection, Engine, select

from dashboard.model.snapshot import OPEN, SCHEMAS, Rows, Snapshot, Words
from ingest.store import record, schema

log = logging.getLogger(__name__)

#: Of this file's form and of the tables in it; a file of another one is thrown away.
_FORMAT = 1
#: Length and checksum of all that stands before, and a word that tells that it is a snapshot.
_END = struct.Struct("<QI8s")
_MAGIC = b"SNAPSHOT"
_ABOUT = b"about"

#: The snapshot is written again after so many seconds, if it has changed.
_EVERY_SECONDS = 600.0


class Unusable(Exception):
    """A kept snapshot that can't be used, and why."""


class Kept:
    """Where one record's snapshot is kept."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Beside the record, or in `folder` where the record is a server's."""
        name = Path(engine.url.database or "record")
        self._file = (name if engine.dialect.name == "sqlite" else folder / name.name).with_suffix(".snapshot")
        self._seen: tuple[int, int] | None = None  # the file that was read or written last
        self._revision = 0  # its revision
        self._next = 0.0  # when to write again

    def newer(self) -> bool:
        """Whether another process has put a file there since the last `read` or `write`."""
        return self._found() not in (None, self._seen)

    def due(self, snapshot: Snapshot, *, at_end: bool = False) -> bool:
        """Whether it is time to write this snapshot."""
        return snapshot.revision != self._revision and (at_end or time.monotonic() >= self._next)

    def read(self, empty: Snapshot, connection: Connection) -> Snapshot | None:
        """The snapshot of this record that is kept, made from the `empty` one; None if there is none that can be used.

        Why is said in the log, and the file thrown away.
        """
        self._seen = self._found()
        if self._seen is None:
            return None
        try:
            snapshot = _read(self._file, empty, connection)
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException, Unusable) as error:
            log.warning("the kept snapshot %s is thrown away, and the record read instead: %s", self._file, error)
            with suppress(OSError):
                self._file.unlink()
            # Now and then only: where two records share a file, each would else throw away the other's all the time.
            self._revision = 0
            return None
        self._revision, self._next = snapshot.revision, time.monotonic() + _EVERY_SECONDS
        return snapshot

    def write(self, snapshot: Snapshot, connection: Connection) -> bool:
        """Writes a snapshot in place of the one that is kept, and answers whether it did.

        It does not while another process writes, and if that is impossible; then the old one stays.
        """
        self._next = time.monotonic() + _EVERY_SECONDS
        made = self._file.with_name(f"{self._file.name}.{os.getpid()}.new")
        try:
            with FileLock(f"{self._file}.lock", timeout=0):
                for left in self._file.parent.glob(f"{self._file.name}.*.new"):  # by a process that was killed
                    left.unlink()
                articles = snapshot.articles.all()
                closed = int((articles["rev_to"] < OPEN).sum())
                # In order, the next start need not sort it; and old versions are asked for rarely.
                snapshot = snapshot.without_closed() if 2 * closed > len(articles) else snapshot.in_order()
                _write(made, snapshot, connection)
                made.replace(self._file)
        except filelock.Timeout:
            return False
        except OSError as error:
            log.warning("the snapshot can't be kept in %s (the next start takes longer): %s", self._file, error)
            with suppress(OSError):
                made.unlink()
            return False
        self._seen, self._revision = self._found(), snapshot.revision
        return True

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


def _identity(connection: Connection, snapshot: Snapshot) -> list[Any]:
    """What another record, or a migrated one, has not in common with this one; but for the time of its revision."""
    newest = snapshot.articles.all()["id"].max()
    uid = connection.execute(select(schema.article.c.uid).where(schema.article.c.id == newest)).scalar()
    return [record.version(connection), newest, uid]


def _write(file: Path, snapshot: Snapshot, connection: Connection) -> None:
    about = {
        "format": _FORMAT, "record": _identity(connection, snapshot), "revision": snapshot.revision,
        "at": snapshot.at and snapshot.at.isoformat(), "back_to": snapshot.back_to, "words": snapshot.words.known,
    }  # fmt: skip
    with pa.OSFile(str(file), "wb") as sink:
        for rows in snapshot.tables.values():
            table = rows.ordered.to_arrow().replace_schema_metadata({_ABOUT: json.dumps(about)})
            with pa.ipc.new_stream(sink, table.schema) as stream:
                stream.write_table(table)
    _end(file)


def _end(file: Path) -> None:
    """Adds what tells that the file is whole."""
    with pa.memory_map(str(file)) as written:
        size, checksum = written.size(), zlib.crc32(written.read_buffer())
    with file.open("ab") as end:
        end.write(_END.pack(size, checksum, _MAGIC))


def _read(file: Path, empty: Snapshot, connection: Connection) -> Snapshot:
    # Windows replaces no file that is mapped.
    opened = pa.memory_map(str(file)) if os.name != "nt" else pa.OSFile(str(file))
    whole = opened.read_buffer()
    if whole.size < _END.size:
        raise Unusable("it is cut short")
    content = whole.slice(0, whole.size - _END.size)
    size, checksum, magic = _END.unpack(whole.slice(content.size))
    if magic != _MAGIC or size != content.size or checksum != zlib.crc32(content):
        raise Unusable("it is damaged")
    source, tables = pa.BufferReader(content), dict[str, Rows]()
    for name, columns in SCHEMAS.items():
        with pa.ipc.open_stream(source) as stream:
            about = json.loads(stream.schema.metadata[_ABOUT])
            if about["format"] != _FORMAT:
                raise Unusable("another version of this program wrote it")
            frame = pl.from_arrow(stream.read_all(), rechunk=False)
        assert isinstance(frame, pl.DataFrame)
        tables[name] = Rows(frame.select(*columns), frame.clear())
    snapshot = Snapshot(
        engine=empty.engine, older=empty.older, revision=about["revision"], back_to=about["back_to"],
        at=about["at"] and datetime.fromisoformat(about["at"]), words=Words(tuple(about["words"])), tables=tables,
    )  # fmt: skip
    # The time is the snapshot's own: when it was written, another record may just have taken the place of its own.
    same = record.made(connection, snapshot.revision) == snapshot.at
    if not same or about["record"] != _identity(connection, snapshot):
        raise Unusable("it is of another record, or of one that was put back or migrated since")
    return snapshot
