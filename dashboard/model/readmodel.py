"""The read model: the record's narrow facts in memory, following it by revision. A cache: it can be rebuilt."""

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
from dashboard.model.facts import Kind
from ingest.errors import IngestError
from ingest.store import record
from ingest.store.read import analyses, sources

log = logging.getLogger(__name__)

#: Parts of the record read side by side while all of it is loaded: databases and Arrow leave Python free meanwhile.
_READERS = 2

Part = TypeVar("Part")
Table = TypeVar("Table")

_NEVER: Callable[[int, int], None] = lambda done, total: None  # noqa: E731


def in_words(error: Exception) -> str:
    """What went wrong, in a line."""
    said = str(getattr(error, "orig", None) or error).strip()
    return f"{type(error).__name__}: {said.partition(chr(10))[0]}"


class ReadModel:
    """The facts of one record. One per process; a cursor for each query; one follower."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.columns = Columns()
        self.at: datetime | None = None  #: when the newest revision that is in was made
        self.checked: datetime | None = None  #: when the record was last looked at
        self.heard: datetime | None = None  #: when some source was last heard from
        self.fault: str | None = None  #: why following fails, in words, while it does
        self._following = threading.Lock()
        self._doubtful = False  # the copy may be half of something: the next look makes a new one
        self._file = self._inode()

    @property
    def revision(self) -> int:
        """All revisions up to this one are in."""
        return self.columns.revision

    def catch_up(self, progress: Callable[[int, int], None] = _NEVER) -> int:
        """Takes in everything the record has gained; answers how many articles were touched.

        `progress` is told how many articles of how many are in while all of them are loaded: the first time, and when
        the record is no longer the one that was followed (a copy was restored, or it stands elsewhere).
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
        """Catches up for ever. A fault is kept in words for the page to say, and tried again."""
        while not stop.wait(seconds):
            try:
                self.catch_up()
                self.fault = None
            except Exception as error:  # whatever it is, the page must say it and go on with what it has
                if self.fault is None:
                    log.exception("the read model can't follow the record")
                self.fault = in_words(error)

    def doubt(self, why: str) -> None:
        """Whoever changed the copy may have been stopped half-way: the next look makes a new one."""
        self.fault, self._doubtful = why, True

    def reaching(self, revision: int) -> Columns:
        """The copy, with all versions that held at a revision.

        Those closed before the dashboard started are loaded when somebody first asks that far back: most never do, and
        three re-scores would make the start three times as long.
        """
        columns = self.columns
        if 0 <= revision < columns.reaches:
            with self._following, self.engine.connect() as connection:
                columns = self.columns
                if revision < columns.reaches:
                    self._guarded(lambda: self._remember(connection, columns, revision))
        return columns

    def _same(self, connection: Connection) -> bool:
        """Whether the newest revision that is in is the record's own one of this number."""
        return self.revision == 0 or record.made(connection, self.revision) == self.at

    def _continues(self, connection: Connection, newest: int) -> bool:
        """Whether the record is the one followed so far, with every revision since."""
        since = record.revisions(connection, after=self.revision, upto=newest)
        return self._same(connection) and newest - self.revision == since

    def _load(self, connection: Connection, newest: int, progress: Callable[[int, int], None]) -> int:
        which = facts.current(newest)
        total = facts.count(connection, which)
        columns = Columns()

        def told() -> Iterator[tuple[Kind, pa.Table]]:
            parts = list(facts.whole(connection, which, total))
            for done, (part, table) in enumerate(zip(parts, self._side_by_side(facts.table, parts), strict=True), 1):
                progress(total * done // len(parts), total)
                yield part.kind, table

        columns.load(told(), newest)
        # All at once: who asks meanwhile gets the whole of what was in before.
        self.columns, self._doubtful = columns, False
        return total

    def _follow(self, connection: Connection, newest: int) -> int:
        opened = facts.read(connection, facts.opened(self.revision, newest))
        closed = analyses.closed(connection, after=self.revision, upto=newest)
        closing = [(each.id, each.revision) for each in closed]
        self._guarded(lambda: self.columns.follow(opened, closing, newest))
        return len({each.article_id for each in closed} | set(opened.article["id"].to_pylist()))

    def _remember(self, connection: Connection, columns: Columns, revision: int) -> None:
        which = facts.closed(revision, columns.reaches)
        total = facts.count(connection, which)
        columns.remember(self._side_by_side(facts.read, facts.parts(connection, which, total)), revision)

    def _side_by_side(self, read: Callable[[Connection, Part], Table], parts: Iterable[Part]) -> Iterator[Table]:
        """What is read of each part, in order, a few of them side by side."""

        def one(part: Part) -> Table:
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
            # Rolled back, as a rule; but after some of its faults DuckDB answers nothing more, ever.
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
        """Lets go of a file that another one stands in the place of: connections would read the old one for ever."""
        file = self._inode()
        if file == self._file:
            return
        if file == (0, 0):
            raise IngestError(f"The record's file {self.engine.url.database} is gone.")
        self.engine.dispose()
        self._file = file
