"""Archives to the record: read → identify → analyse, by many → store, by one. A bad record never stops the rest."""

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

#: Records that go to a worker together: enough to be worth the way, few enough to be back soon.
_BATCH = 64
_BATCH_CHARACTERS = 300_000

#: Another writer waits for one commit at most, and a crash costs no more work than was done in this time.
_COMMIT_SECONDS = 1.0
_FEWEST, _MOST = 100, 5_000

#: Told how much of the work is done (0 to 1) and how many records that were.
Tell = Callable[[float, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A file with all that was said about it, looked into and found good."""

    path: Path
    kind: str
    columns: Columns
    source: str | None
    mark: str  #: what tells this work from any other


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file brought; `known` were in the record already, `before` were done by an earlier run."""

    read: int = 0
    added: int = 0
    edited: int = 0
    rejected: int = 0
    before: datetime | None = None  #: when an earlier run had done all of it
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
    from ingest.sources import archive  # and with it pyarrow, which every other command would wait for

    with archive.opened(path) as opened:
        found = archive_row.chosen(given, opened.columns, source=source)
        kind = opened.kind
    facts = json.dumps([_signature(path), sorted(found.of.items()), sorted(found.guessed), source])
    return Job(path, kind, found, source, hashlib.sha256(facts.encode()).hexdigest())


def _signature(path: Path) -> list[str]:
    """What changes when a file changes, without reading a file of many gigabytes."""
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
    tell: Tell
    _sources: dict[Source, int] = field(default_factory=dict)
    _met: dict[Source, str] = field(default_factory=dict)  #: sources that the record has, with their scopes

    def run(self) -> Outcome:
        """Takes the file in, from where an earlier run was interrupted."""
        from ingest.sources import archive

        with record.writing(self.engine) as connection:
            work = progress.begin(
                connection, KIND, self.job.mark, by="backfill", now=self.clock(), file=self.job.path.name
            )
        if work.done:
            return Outcome(before=work.ended_at)
        self.rejects.begin(self.job.path.name, after=work.position)
        outcome = Outcome(resumed=work.position)
        with archive.opened(self.job.path, skip=work.position) as opened:
            broken: list[str] = []
            batches = self._batches(opened, broken)
            waiting: list[tuple[_Batch, list[Result]]] = []
            size, since = _FEWEST, time.monotonic()
            for batch, results in self.analysts.analysed(batches):
                waiting.append((batch, results))
                held = sum(len(results) for _, results in waiting)
                if held >= size or time.monotonic() - since >= _COMMIT_SECONDS:
                    start = time.monotonic()
                    outcome = self._commit(work.id, waiting, opened.done(), outcome)
                    since, waiting = time.monotonic(), []
                    if held >= size:
                        size = round(min(_MOST, max(_FEWEST, size * min(2.0, _COMMIT_SECONDS / (since - start)))))
            outcome = self._commit(work.id, waiting, opened.done(), outcome)
        with record.writing(self.engine) as connection:
            progress.end(connection, work.id, now=self.clock(), failure=broken[0] if broken else None)
            schedule.note_archive(connection, self._sources.values(), self.clock())
        return replace(outcome, broken=broken[0] if broken else None)

    def _batches(self, opened: Archive, broken: list[str]) -> Iterator[_Batch]:
        """The file's records in batches; why it breaks off, if it does, is added to `broken`."""
        held: list[tuple[Source, Entry]] = []
        rejects: list[Reject] = []
        read = characters = number = 0
        try:
            for found in opened.records:
                read, number = read + 1, found.number
                try:
                    if found.fault:
                        raise archive_row.UnusableRow(found.fault)
                    held.append(self._entry(found.number, found.values))
                    characters += len(held[-1][1].body)
                except archive_row.UnusableRow as error:
                    rejects.append(Reject(number, str(error), found.values))
                if read >= _BATCH or characters >= _BATCH_CHARACTERS:
                    yield self._batch(number, read, held, rejects)
                    held, rejects, read, characters = [], [], 0, 0
        except SourceError as error:
            broken.append(str(error))
        if read:
            yield self._batch(number, read, held, rejects)

    def _entry(self, number: int, values: Mapping[str, object]) -> tuple[Source, Entry]:
        job, place = self.job, f"{self.job.path.name}:{number}"
        try:
            return archive_row.entry(values, job.columns, place=place, source=job.source, now=self.clock())
        except archive_row.UnusableRow:
            raise
        except Exception as error:  # a record that breaks the reader is a bug, but never everybody's
            log.exception("reading %s failed", place)
            raise archive_row.UnusableRow(bug("reading it", error)) from error

    def _batch(self, last: int, read: int, held: Sequence[tuple[Source, Entry]], rejects: Sequence[Reject]) -> _Batch:
        """Leaves out what the record knows already, before the analysis, which is the dear part."""
        with self.engine.connect() as connection:
            for source in {source for source, _ in held} - self._met.keys():
                id_ = identity.source_id(connection, source)
                if id_ is not None:
                    self._met[source] = identity.scope_of(id_, source)
            places = [at for at, (source, _) in enumerate(held) if source in self._met]
            asked = [(self._met[source], entry) for source, entry in held if source in self._met]
            known = {places[at] for at in unchanged(connection, asked, ever=True)} if asked else set()
        fresh = tuple(pair for at, pair in enumerate(held) if at not in known)
        return _Batch(last, read, fresh, tuple(rejects))

    def _commit(
        self, id_: int, waiting: Sequence[tuple[_Batch, list[Result]]], share: float, outcome: Outcome
    ) -> Outcome:
        """Stores what has come back, and how far that is."""
        if not waiting:
            return outcome
        rejects = [reject for batch, _ in waiting for reject in batch.rejects]
        pairs: list[tuple[Source, Article]] = []
        for batch, results in waiting:
            for (source, entry), result in zip(batch.fresh, results, strict=True):
                if isinstance(result, Article):
                    pairs.append((source, result))
                else:
                    rejects.append(Reject(_number(entry), result, _told(entry)))
        with record.writing(self.engine, many=True) as connection:
            sources = dict(self._sources)
            written, faults = self._store(connection, pairs, sources)
            rejects += faults
            progress.move(connection, id_, waiting[-1][0].last, share)
            # Before the commit ends: after a crash the list may say too much, which the next run takes back.
            self.rejects.add(sorted(rejects, key=lambda reject: reject.number))
        self._sources = sources
        read = outcome.read + sum(batch.read for batch, _ in waiting)
        self.tell(share, read)
        return replace(
            outcome,
            read=read,
            added=outcome.added + written.added,
            edited=outcome.edited + written.edited,
            rejected=outcome.rejected + len(rejects),
        )

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
            faults.append(Reject(_number(article.entry), bug("storing it", error), _told(article.entry)))
        return commit.written, faults


def _number(entry: Entry) -> int:
    return int(entry.source.rpartition(":")[2])


def _told(entry: Entry) -> dict[str, object]:
    return {"title": entry.title, "body": entry.body}
