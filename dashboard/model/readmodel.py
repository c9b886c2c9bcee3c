"""The read model: the record's narrow facts in memory. It follows the record by revision and can always be rebuilt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, Engine

from dashboard.model import facts
from dashboard.model.columns import Columns
from dashboard.model.facts import TableName
from ingest.errors import IngestError
from ingest.store import record
from ingest.store.read import analyses, sources

log = logging.getLogger(__name__)

#: Threads that read while the record is loaded: databases and Arrow leave Python free meanwhile.
_READERS = 2

Part = TypeVar("Part")
Read = TypeVar("Read")

_NEVER: Callable[[int, int], None] = lambda done, total: None  # noqa: E731


def in_words(error: Exception) -> str:
    """What went wrong, in one line."""
    message = str(getattr(error, "orig", None) or error).strip()
    return f"{type(error).__name__}: {message.partition(chr(10))[0]}"


class ReadModel:
    """The facts of one record: one read model a process, one thread that follows, a cursor for each query."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.columns = Columns()
        self.at: datetime | None = None  #: when the newest loaded revision was made
        self.checked: datetime | None = None  #: when the record was last looked at
        self.heard: datetime | None = None  #: when some source was last heard from
        self.fault: str | None = None  #: why following fails, in words, while it does
        self._following = threading.Lock()
        self._doubtful = False  # the copy may be incomplete
        self._file = self._inode()

    @property
    def revision(self) -> int:
        """All revisions up to this one are loaded."""
        return self.columns.revision

    def catch_up(self, progress: Callable[[int, int], None] = _NEVER) -> int:
        """Loads what is new in the record, and returns how many articles it concerns.

        Everything is loaded the first time, and when the record has been replaced (by a restored copy, say); `progress`
        then gets the number of articles loaded so far and of all.
        """
        with self._following:
            self._reopen()
            with self.engine.connect() as connection:
                newest = record.current_revision(connection)
                touched = 0
                if newest != self.revision or self._doubtful or not self._same(connection):
                    if self.revision and not self._doubtful and self._continues(connection, newest):
                        touched = self._follow(connection, newest)
                    else:
                        touched = self._load(connection, newest, progress)
                    self.at = record.made(connection, newest)
                self.heard = sources.newest_fetch(connection)
                self.checked = datetime.now(UTC)
                return touched

    def follow(self, stop: threading.Event, seconds: float = 0.5) -> None:
        """Catches up until `stop` is set. A fault is put in words for the page, and the attempt repeated."""
        while not stop.wait(seconds):
            try:
                self.catch_up()
                self.fault = None
            except Exception as error:  # whatever it is, the page must show it and go on with what is loaded
                if self.fault is None:
                    log.exception("the read model can't follow the record")
                self.fault = in_words(error)

    def mark_doubtful(self, why: str) -> None:
        """Marks the copy as possibly incomplete: the next `catch_up` loads a new one."""
        self.fault, self._doubtful = why, True

    def back_to(self, revision: int) -> Columns:
        """The copy, with all versions that held at a revision or later.

        Versions closed before the start are loaded when first asked for: that is rare, and after three re-scores the
        start would take three times as long.
        """
        columns = self.columns
        if 0 <= revision < columns.back_to:
            with self._following, self.engine.connect() as connection:
                columns = self.columns
                if revision < columns.back_to:
                    self._guarded(lambda: self._load_closed(connection, columns, revision))
        return columns

    def _same(self, connection: Connection) -> bool:
        """Whether the newest loaded revision is the one that the record has under this number."""
        return self.revision == 0 or record.made(connection, self.revision) == self.at

    def _continues(self, connection: Connection, newest: int) -> bool:
        """Whether it is still the same record, with no gap in the revisions since."""
        since = record.revisions(connection, after=self.revision, upto=newest)
        return self._same(connection) and newest - self.revision == since

    def _load(self, connection: Connection, newest: int, progress: Callable[[int, int], None]) -> int:
        selection = facts.current(newest)
        total = facts.count(connection, selection)
        columns = Columns()

        def tables() -> Iterator[tuple[TableName, pa.Table]]:
            parts = list(facts.all_parts(connection, selection, total))
            read = self._in_threads(facts.read_part, parts)
            for done, (part, rows) in enumerate(zip(parts, read, strict=True), 1):
                progress(total * done // len(parts), total)
                yield part.table, rows

        columns.load(tables(), newest)
        # Only now, so that queries meanwhile see the old copy as a whole.
        self.columns, self._doubtful = columns, False
        return total

    def _follow(self, connection: Connection, newest: int) -> int:
        opened = facts.read(connection, facts.opened(self.revision, newest))
        closed = analyses.closed(connection, after=self.revision, upto=newest)
        closing = [(each.id, each.revision) for each in closed]
        self._guarded(lambda: self.columns.follow(opened, closing, newest))
        return len({each.article_id for each in closed} | set(opened.article["id"].to_pylist()))

    def _load_closed(self, connection: Connection, columns: Columns, revision: int) -> None:
        selection = facts.closed(revision, columns.back_to)
        total = facts.count(connection, selection)
        columns.load_closed(self._in_threads(facts.read, facts.parts(connection, selection, total)), revision)

    def _in_threads(self, read: Callable[[Connection, Part], Read], parts: Iterable[Part]) -> Iterator[Read]:
        """Reads parts in a few threads, each with a connection of its own; in the order of `parts`."""

        def one(part: Part) -> Read:
            with self.engine.connect() as connection:
                return read(connection, part)

        with ThreadPoolExecutor(_READERS, "facts") as pool:
            try:
                yield from pool.map(one, parts)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _guarded(self, change: Callable[[], None]) -> None:
        try:
            change()
        except duckdb.Error:
            # Usually it was rolled back, but after some faults DuckDB fails on every further query.
            self._doubtful = True
            raise

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
