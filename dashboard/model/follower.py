"""Follows the record: makes the next snapshot of each commit, and a new one where the record has been replaced."""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, Engine

from dashboard.model import facts
from dashboard.model.facts import TABLES, Facts, Part, Selection, TableName
from dashboard.model.kept import Kept
from dashboard.model.snapshot import Snapshot
from ingest.errors import IngestError
from ingest.store import record
from ingest.store.read import analyses, sources

log = logging.getLogger(__name__)

#: Threads that read while the record is loaded: databases and Arrow leave Python free meanwhile.
_READERS = 2

#: The record is looked at so often even if its file seems unchanged.
_AT_LEAST = timedelta(seconds=5)

_NEVER: Callable[[int, int], None] = lambda done, total: None  # noqa: E731


def in_words(error: Exception) -> str:
    """What went wrong, in one line."""
    message = str(getattr(error, "orig", None) or error).strip()
    return f"{type(error).__name__}: {message.partition(chr(10))[0]}"


class Follower:
    """Holds the newest snapshot of one record: one follower a process, whose thread alone makes new snapshots."""

    def __init__(self, engine: Engine, kept: Kept | None = None) -> None:
        """`kept` is where the snapshot is kept between starts, if anywhere."""
        self.engine = engine
        self.snapshot = self._empty()  #: the newest one; readers take it once
        self.checked: datetime | None = None  #: when the record was last looked at
        self.heard: datetime | None = None  #: when some source was last heard from
        self.fault: str | None = None  #: why following fails, in words, while it does
        self._kept = kept
        self._mapping = True  # whether the next look begins with the kept snapshot
        self._following = threading.Lock()
        self._written: list[tuple[int, int] | None] = []  # when the record's files were changed, at the last look
        self._file = self._inode()

    @property
    def revision(self) -> int:
        """All revisions up to this one are in the snapshot."""
        return self.snapshot.revision

    def catch_up(self, progress: Callable[[int, int], None] = _NEVER) -> int:
        """Takes in what is new in the record, and returns how many articles it concerns.

        The first time it begins with the kept snapshot. Without one, or when the record has been replaced (by a
        restored copy, say), everything is loaded; `progress` then gets the number of articles loaded so far and of all.
        """
        with self._following:
            self._reopen()
            with self.engine.connect() as connection:
                newest = record.current_revision(connection)
                snapshot, touched = self._begun(connection), 0
                if newest != snapshot.revision or not _same(snapshot, connection):
                    if snapshot.revision and _continues(snapshot, connection, newest):
                        snapshot, touched = _followed(snapshot, connection, newest)
                    else:
                        snapshot, touched = self._loaded(connection, newest, progress)
                self.snapshot, self._mapping = snapshot, False
                self.heard = sources.newest_fetch(connection)
                self.checked = datetime.now(UTC)
                return touched

    def follow(self, stop: threading.Event, seconds: float = 0.5) -> None:
        """Catches up until `stop` is set. A fault is put in words for the page, and the attempt repeated.

        Meanwhile and at the end the snapshot is kept for the next start.
        """
        ended = False
        while not ended:
            ended = stop.wait(seconds)
            try:
                if not ended and not (self.fault is None and self._quiet()):
                    self.catch_up()
                    self.fault = None
                if self.fault is None:
                    self.keep(at_end=ended)
            except Exception as error:  # whatever it is, the page must show it and go on with what is loaded
                if self.fault is None:
                    log.exception("the record can't be followed")
                self.fault = in_words(error)

    def keep(self, *, at_end: bool = False) -> None:
        """Writes the snapshot where it is kept, now and then; the next look begins with what is kept, by whomever.

        So processes share the memory of one file, and what each has added to it stays little.
        """
        if self._kept is None:
            return
        if self._kept.due(self.snapshot, at_end=at_end) and not self._kept.newer():
            with self.engine.connect() as connection:
                self._mapping = self._kept.write(self.snapshot, connection)
        else:
            self._mapping = self._kept.newer()

    def _empty(self) -> Snapshot:
        return Snapshot(self.engine, self._reaching)

    def _reaching(self, revision: int) -> Snapshot:
        """A snapshot with all versions that held at a revision or later.

        Versions closed before the start are loaded when first asked for: that is rare, and after three re-scores the
        start would take three times as long.
        """
        with self._following:
            snapshot = self.snapshot
            if revision < snapshot.back_to:
                with self.engine.connect() as connection:
                    old, _ = self._read(connection, facts.closed(revision, snapshot.back_to))
                snapshot = self.snapshot = replace(snapshot.with_facts(old), back_to=revision)
            return snapshot

    def _begun(self, connection: Connection) -> Snapshot:
        """The snapshot to go on from: the one at hand, or the one that is kept if that is to be mapped."""
        found = self._kept.read(self._empty(), connection) if self._kept and self._mapping else None
        if found and self.revision:
            # What was loaded or sorted took more memory than what is mapped now, and libraries keep it for later.
            pa.default_memory_pool().release_unused()
            if sys.platform == "linux":
                ctypes.CDLL(None).malloc_trim(0)
        return found or self.snapshot

    def _loaded(
        self, connection: Connection, newest: int, progress: Callable[[int, int], None]
    ) -> tuple[Snapshot, int]:
        found, total = self._read(connection, facts.current(newest), progress)
        empty = replace(self._empty(), revision=newest, back_to=newest, at=record.made(connection, newest))
        return empty.with_facts(found).in_order(), total

    def _read(
        self, connection: Connection, selection: Selection, progress: Callable[[int, int], None] = _NEVER
    ) -> tuple[Facts, int]:
        """The facts of any number of analyses, and that number. A few threads read them, in parts."""
        total = facts.count(connection, selection)
        parts = list(facts.parts(connection, selection, total))
        tables: dict[TableName, list[pa.Table]] = {name: [] for name in TABLES}

        def read(part: Part) -> pa.Table:
            with self.engine.connect() as own:
                return facts.read_part(own, part)

        with ThreadPoolExecutor(_READERS, "facts") as pool:
            try:
                for done, (part, rows) in enumerate(zip(parts, pool.map(read, parts), strict=True), 1):
                    tables[part.table].append(rows)
                    progress(total * done // len(parts), total)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return Facts(*(pa.concat_tables(tables.pop(name)) for name in TABLES)), total

    def _quiet(self) -> bool:
        """Whether nothing was written to the record's file since the last look, which then can be left out.

        Not for long: two commits within one tick of the file system's clock look like one.
        """
        if self._file is None:
            return False
        path = Path(self.engine.url.database or "")
        written = [_changed(path), _changed(path.with_name(f"{path.name}-wal"))]
        before, self._written = self._written, written
        return written == before and self.checked is not None and datetime.now(UTC) - self.checked < _AT_LEAST

    def _inode(self) -> tuple[int, int] | None:
        if self.engine.dialect.name != "sqlite" or not self.engine.url.database:
            return None
        try:
            found = Path(self.engine.url.database).stat()
        except FileNotFoundError:
            return (0, 0)
        return found.st_dev, found.st_ino

    def _reopen(self) -> None:
        """Reopens the record if its file has been replaced: open connections would go on reading the old one."""
        file = self._inode()
        if file == self._file:
            return
        if file == (0, 0):
            raise IngestError(f"The record's file {self.engine.url.database} is gone.")
        self.engine.dispose()
        self._file = file


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


def _same(snapshot: Snapshot, connection: Connection) -> bool:
    """Whether the newest revision of a snapshot is the one that the record has under this number."""
    return snapshot.revision == 0 or record.made(connection, snapshot.revision) == snapshot.at


def _continues(snapshot: Snapshot, connection: Connection, newest: int) -> bool:
    """Whether it is still the same record, with no gap in the revisions since."""
    since = record.revisions(connection, after=snapshot.revision, upto=newest)
    return _same(snapshot, connection) and newest - snapshot.revision == since


def _followed(snapshot: Snapshot, connection: Connection, newest: int) -> tuple[Snapshot, int]:
    opened = facts.read(connection, facts.opened(snapshot.revision, newest))
    closed = analyses.closed(connection, after=snapshot.revision, upto=newest)
    closing = [(each.id, each.revision) for each in closed]
    touched = {each.article_id for each in closed} | set(opened.article["id"].to_pylist())
    return snapshot.plus(opened, closing, newest, record.made(connection, newest)), len(touched)
