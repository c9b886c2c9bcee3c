"""Takes archives to the record: read → identify → analyse (in many processes) → store (in one).

A bad record never stops the rest.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from ingest.errors import SourceError, bug
from ingest.formats import archive_row
from ingest.formats.archive_row import Columns
from ingest.models import Article, Entry, Source
from ingest.run.analysts import Analysts, Result
from ingest.sources.rejects import Reject, Rejects
from ingest.store import record
from ingest.store.plan import progress, schedule
from ingest.store.write import identity
from ingest.store.write.commit import Commit, Written
from ingest.store.write.identity import unchanged
from ingest.store.write.versions import Scoring
from ingest.watchlist.lists import Watchlist

if TYPE_CHECKING:
    from ingest.sources.archive import Archive

log = logging.getLogger(__name__)

KIND = "backfill"

#: Records that go to a worker together: enough to be worth sending, few enough to be back soon.
_BATCH = 64
_BATCH_CHARACTERS = 300_000

#: Time between two commits: another writer waits for one at most, and a crash loses no more than this much work.
_COMMIT_SECONDS = 1.0
_FEWEST, _MOST = 100, 5_000

#: Called with the share of the file that is done (0 to 1) and the number of records.
Progress = Callable[[float, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A file that can be read, with the options that were given for it."""

    path: Path
    columns: Columns
    source: str | None
    mark: str  #: identifies the same work after an interruption


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file brought."""

    read: int = 0
    added: int = 0
    edited: int = 0
    rejected: int = 0
    before: datetime | None = None  #: when an earlier run finished the file, if one did
    resumed: int = 0  #: the record's number after which this run began
    broken: str | None = None  #: why the file could not be read to its end

    @property
    def known(self) -> int:
        """Records whose words were in the record already, or twice in the file."""
        return self.read - self.added - self.edited - self.rejected


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records that were read together; `fresh` are those that must be analysed."""

    last: int
    read: int
    fresh: tuple[tuple[Source, Entry], ...]
    rejects: tuple[Reject, ...]

    @property
    def entries(self) -> Sequence[Entry]:
        return [entry for _, entry in self.fresh]


def look(path: Path, given: Mapping[str, str], source: str | None) -> Job:
    """A file as a job. Raises SourceError when it can't be read, SettingError when its columns don't fit."""
    from ingest.sources import archive  # here, because it imports pyarrow, which takes every other command's time

    with archive.opened(path) as opened:
        found = archive_row.chosen(given, opened.columns, source=source)
    facts = json.dumps([_signature(path), sorted(found.of.items()), sorted(found.guessed), source])
    return Job(path, found, source, hashlib.sha256(facts.encode()).hexdigest())


def _signature(path: Path) -> list[str]:
    """Size, time and a hash of both ends: changes with the file, without reading many gigabytes."""
    found = path.stat()
    with path.open("rb") as file:
        ends = file.read(1 << 16)
        file.seek(max(0, found.st_size - (1 << 16)))
        ends += file.read(1 << 16)
    return [str(found.st_size), str(found.st_mtime_ns), hashlib.sha256(ends).hexdigest()]


@dataclass
class Backfill:
    """One run over one file."""

    engine: Engine
    job: Job
    analysts: Analysts
    watchlist: Watchlist
    rejects: Rejects
    clock: Callable[[], datetime]
    on_progress: Progress
    _sources: dict[Source, int] = field(default_factory=dict)
    _scopes: dict[Source, str] = field(default_factory=dict)  #: of the sources that the record has
    _broken: str | None = None

    def run(self) -> Loaded:
        """Reads and stores the file, from where an earlier run was interrupted."""
        from ingest.sources import archive

        name = self.job.path.name
        with record.writing(self.engine) as connection:
            work = progress.begin(connection, KIND, self.job.mark, by="backfill", now=self.clock(), file=name)
        if work.done:
            return Loaded(before=work.ended_at)
        self.rejects.begin(name, after=work.position)
        outcome = Loaded(resumed=work.position)
        with archive.opened(self.job.path, skip=work.position) as opened:
            waiting: list[tuple[_Batch, list[Result]]] = []
            size, since = _FEWEST, time.monotonic()
            for batch, results in self.analysts.analysed(self._batches(opened)):
                waiting.append((batch, results))
                count = sum(len(results) for _, results in waiting)
                if count >= size or time.monotonic() - since >= _COMMIT_SECONDS:
                    start = time.monotonic()
                    outcome = self._commit(work.id, waiting, opened.done(), outcome)
                    since, waiting = time.monotonic(), []
                    if count >= size:
                        size = round(min(_MOST, max(_FEWEST, size * min(2.0, _COMMIT_SECONDS / (since - start)))))
            outcome = self._commit(work.id, waiting, opened.done(), outcome)
        with record.writing(self.engine) as connection:
            progress.end(connection, work.id, now=self.clock(), failure=self._broken)
            schedule.note_archive(connection, self._sources.values(), self.clock())
        return replace(outcome, broken=self._broken)

    def _batches(self, opened: Archive) -> Iterator[_Batch]:
        """The file's records in batches; if it breaks off, `_broken` says why."""
        entries: list[tuple[Source, Entry]] = []
        rejects: list[Reject] = []
        read = characters = number = 0
        try:
            for found in opened.records:
                read, number = read + 1, found.number
                try:
                    if found.fault:
                        raise archive_row.UnusableRow(found.fault)
                    entries.append(self._entry(found.number, found.values))
                    characters += len(entries[-1][1].body)
                except archive_row.UnusableRow as error:
                    rejects.append(Reject(number, str(error), found.values))
                if read >= _BATCH or characters >= _BATCH_CHARACTERS:
                    yield self._batch(number, read, entries, rejects)
                    entries, rejects, read, characters = [], [], 0, 0
        except SourceError as error:
            self._broken = str(error)
        if read:
            yield self._batch(number, read, entries, rejects)

    def _entry(self, number: int, values: Mapping[str, object]) -> tuple[Source, Entry]:
        job, place = self.job, f"{self.job.path.name}:{number}"
        try:
            return archive_row.entry(values, job.columns, place=place, source=job.source, now=self.clock())
        except archive_row.UnusableRow:
            raise
        except Exception as error:  # a record that breaks the reader is a bug that must not stop the others
            log.exception("reading %s failed", place)
            raise archive_row.UnusableRow(bug("reading it", error)) from error

    def _batch(self, last: int, read: int, found: Sequence[tuple[Source, Entry]], rejects: Sequence[Reject]) -> _Batch:
        """Leaves out what the record has already, before the analysis, which is the expensive part."""
        with self.engine.connect() as connection:
            for source in {source for source, _ in found} - self._scopes.keys():
                id_ = identity.source_id(connection, source)
                if id_ is not None:
                    self._scopes[source] = identity.scope_of(id_, source)
            places = [at for at, (source, _) in enumerate(found) if source in self._scopes]
            asked = [(self._scopes[source], entry) for source, entry in found if source in self._scopes]
            known = {places[at] for at in unchanged(connection, asked, ever=True)} if asked else set()
        fresh = tuple(pair for at, pair in enumerate(found) if at not in known)
        return _Batch(last, read, fresh, tuple(rejects))

    def _commit(
        self, id_: int, waiting: Sequence[tuple[_Batch, list[Result]]], share: float, outcome: Loaded
    ) -> Loaded:
        """Stores what has been analysed, and how far the file is done."""
        if not waiting:
            return outcome
        rejects = [reject for batch, _ in waiting for reject in batch.rejects]
        pairs: list[tuple[Source, Article]] = []
        for batch, results in waiting:
            for (source, entry), result in zip(batch.fresh, results, strict=True):
                if isinstance(result, Article):
                    pairs.append((source, result))
                else:
                    rejects.append(Reject(_number(entry), result, _as_dict(entry)))
        with record.writing(self.engine, many=True) as connection:
            sources = dict(self._sources)
            written, faults = self._store(connection, pairs, sources)
            rejects += faults
            progress.move(connection, id_, waiting[-1][0].last, share)
            # Before the commit ends: after a crash the list may hold too much, which the next run removes.
            self.rejects.add(sorted(rejects, key=lambda reject: reject.number))
        self._sources = sources
        read = outcome.read + sum(batch.read for batch, _ in waiting)
        self.on_progress(share, read)
        return replace(
            outcome, read=read, added=outcome.added + written.added, edited=outcome.edited + written.edited,
            rejected=outcome.rejected + len(rejects),
        )  # fmt: skip

    def _store(
        self, connection: Connection, pairs: Sequence[tuple[Source, Article]], sources: dict[Source, int]
    ) -> tuple[Written, list[Reject]]:
        commit = Commit(connection, self.clock(), f"backfill {self.job.path.name}")
        faults: list[Reject] = []
        if not pairs:
            return commit.written, faults
        scoring = Scoring(commit.watchlist(self.watchlist), self.analysts.scorer)
        for source in dict.fromkeys(source for source, _ in pairs):  # in the file's order: the first spelling shows
            if source not in sources:
                sources[source] = commit.source(source)
        # One outlet after the other; each has its articles in the file's order.
        groups = [
            (sources[source], source, [article for _, article in group])
            for source, group in groupby(sorted(pairs, key=lambda pair: pair[0].key), key=lambda pair: pair[0])
        ]
        for article, error in commit.store_possible(groups, scoring=scoring):
            faults.append(Reject(_number(article.entry), bug("storing it", error), _as_dict(article.entry)))
        return commit.written, faults


def _number(entry: Entry) -> int:
    return int(entry.source.rpartition(":")[2])


def _as_dict(entry: Entry) -> dict[str, object]:
    return {"title": entry.title, "body": entry.body}
