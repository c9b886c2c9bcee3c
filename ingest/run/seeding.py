"""Takes the seed folder's files to the record.

They are read and analysed in the sandbox, one after the other; while one takes long, others are read beside it. One
thread stores the articles.
"""

from __future__ import annotations

import logging
import math
import pickle
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from ingest.analyser import Analyser
from ingest.errors import IngestError, SourceError, Stopped, bug
from ingest.models import Article, Attempt, Entry, Outcome, Source
from ingest.run import analysts
from ingest.run.pipeline import Pipeline
from ingest.sources import folder, sandbox
from ingest.sources.folder import SeedFile
from ingest.store import record
from ingest.store.plan import schedule, trials
from ingest.store.plan.trials import Trial
from ingest.store.write import identity
from ingest.store.write.commit import Commit
from ingest.store.write.identity import FOLDER_SCOPE
from ingest.text import plain

log = logging.getLogger(__name__)

#: The source of files whose front matter names none.
SEED_FOLDER = Source(kind="folder", key="folder:", name="Seed folder", group="Seed folder")

#: Files that are noted in one commit before they are read, and stored in one.
BATCH = 100
#: When no file has been read for this long (a process starts in two seconds), what has been read is stored without
#: waiting for the rest of its batch, and another thread starts to read, up to _AT_ONCE.
_LATE_SECONDS = 3.0
_AT_ONCE = 3
#: Files in a batch by how often they were being read when the process ended: at last alone, which shows the culprit.
_TOGETHER = (BATCH, 10, 1)
#: Characters of the faults that are shown.
_REASON = 4_000


@dataclass(frozen=True, slots=True)
class _Task:
    file: SeedFile
    known: str | None  #: the fingerprint of its words in the record
    analyser: Analyser
    pickled: bytes  #: the analyser


@dataclass(frozen=True, slots=True)
class _Result:
    task: _Task
    found: analysts.Read | IngestError


class SeedFolder:
    """Takes a folder's files to the record; used by one thread. The articles of deleted files stay."""

    def __init__(self, pipeline: Pipeline, root: Path) -> None:
        self._pipeline = pipeline
        self._root = root
        self._waiting: list[SeedFile] = []
        self._under_way: dict[str, SeedFile] = {}
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._results: SimpleQueue[_Result] = SimpleQueue()
        self._read: list[_Result] = []  # not yet stored
        self._moved = 0.0  # when the last of them was read, or a thread started
        self._lock = threading.Lock()
        self._working = 0  # threads that read
        self._analyser: tuple[Analyser, bytes] | None = None
        self._present: frozenset[str] = frozenset()
        self._seen: dict[str, tuple[int, int]] = {}  # file -> (mtime_ns, size) when it was last read
        self._left_out: Mapping[str, str] = {}
        self._faults: dict[str, str] = {}  # file -> what is wrong with it, until it is corrected or gone
        self._recorded: dict[str, str] | None = None  # the faults that the record holds; None before the first pass …
        self._recorded_at = time.monotonic()  # … and when that was
        self._stored = Outcome()  # what was stored since then
        self._trials: dict[str, Trial] | None = None  # as in the record; None before the first look
        self._changes: dict[str, Trial | None] = {}  # … and what is to be changed there

    def __bool__(self) -> bool:
        """Whether anything is left to read or to store."""
        return bool(self._waiting or self._under_way)

    def read(self, *, progress: Callable[[int, int], None] = lambda done, total: None) -> Outcome:
        """Reads what is new or has changed, and waits for it; `progress` gets how many are done, of how many."""
        self.scan()
        total = left = len(self._waiting) + len(self._under_way)
        outcome = self.collect(patience=math.inf)
        while self:
            time.sleep(0.005)
            outcome += self.collect(patience=math.inf)
            if left != (left := len(self._waiting) + len(self._under_way)):
                progress(total - left, total)
        return outcome

    def scan(self) -> None:
        """Scans the folder, and begins to read what is new or has changed."""
        now = self._pipeline.clock()
        listing = folder.scan(self._root)
        files = {file.name: file for file in listing.files}
        if self._trials is None:
            self._recall(files)
        self._left_out = listing.left_out
        self._present = frozenset(f"path:{name}" for name in files)
        self._faults = {name: fault for name, fault in self._faults.items() if name in files}
        self._waiting = [
            file
            for file in listing.files
            if self._seen.get(file.name) != _state(file) and file.name not in self._under_way
            if folder.stable(file, now)  # what is still being written is read by a later pass
        ]
        self._begin()

    def collect(self, *, patience: float = _LATE_SECONDS) -> Outcome:
        """Stores what has been read and begins the next files; returns what is new in the record, and new faults.

        A batch is stored whole, or what there is of it after `patience` seconds without another file.
        """
        while not self._results.empty():
            self._read.append(self._results.get_nowait())
            self._moved = time.monotonic()
        late = time.monotonic() - self._moved >= patience
        if self._read and (late or len(self._read) >= min(BATCH, len(self._under_way))):
            self._store()
        self._begin()
        return self._record_pass()

    def close(self) -> None:
        """Records what was done so far; the rest is left to the next run."""
        if self._stored != Outcome():
            self._record_pass(closing=True)

    def _recall(self, files: Mapping[str, SeedFile]) -> None:
        """Takes over an earlier run's trials: a file that stopped its reader is not tried again until it changes."""
        with self._pipeline.engine.connect() as connection:
            self._trials = trials.held(connection)
        changes: dict[str, Trial | None] = {}
        for name, trial in self._trials.items():
            file = files.get(name)
            if file is None or _state(file) != (trial.mtime_ns, trial.size):
                changes[name] = None
            elif trial.fault or trial.tries >= len(_TOGETHER):
                ended = f"The ingest ended {trial.tries} times while this file was read."
                self._seen[name] = _state(file)
                self._faults[name] = trial.fault or f"{ended} It is read again when it changes."
                changes[name] = replace(trial, fault=self._faults[name])
        self._note(changes)

    def _begin(self) -> None:
        """Notes and begins the next files; those that were being read when the process ended come last."""
        batch: list[SeedFile] = []
        if self._waiting and len(self._under_way) < _AT_ONCE:
            tries = min(map(self._tries, self._waiting))
            if not (tries and self._under_way):
                batch = [file for file in self._waiting if self._tries(file) == tries][: _TOGETHER[min(tries, 2)]]
        self._note({file.name: Trial(*_state(file), tries=self._tries(file) + 1) for file in batch})
        if batch:
            self._submit(batch)
        with self._lock:
            idle = time.monotonic() - self._moved >= _LATE_SECONDS
            if self._tasks.empty() or (self._working and not (idle and self._working < _AT_ONCE)):
                return
            self._working += 1
        self._moved = time.monotonic()
        # A daemon: the end of the process does not wait for a file that takes long.
        threading.Thread(target=self._work, daemon=True, name="seed-files").start()

    def _tries(self, file: SeedFile) -> int:
        """How often reading the file, as it is now, was begun and never ended."""
        trial = (self._trials or {}).get(file.name)
        return trial.tries if trial and (trial.mtime_ns, trial.size) == _state(file) else 0

    def _note(self, changes: Mapping[str, Trial | None]) -> None:
        if not (changes := {**self._changes, **changes}):
            return
        with record.writing(self._pipeline.engine) as connection:
            trials.note(connection, changes, self._pipeline.clock())
        self._changes = {}
        kept = {**(self._trials or {}), **changes}
        self._trials = {name: trial for name, trial in kept.items() if trial}

    def _submit(self, batch: list[SeedFile]) -> None:
        analyser = self._pipeline.analyser
        if self._analyser is None or self._analyser[0] is not analyser:
            self._analyser = (analyser, pickle.dumps(analyser))
        with self._pipeline.engine.connect() as connection:
            known = identity.newest(connection, FOLDER_SCOPE, [f"path:{file.name}" for file in batch])
        self._under_way |= {file.name: file for file in batch}
        self._waiting = [file for file in self._waiting if file.name not in self._under_way]
        for file in batch:
            self._tasks.put(_Task(file, known.get(f"path:{file.name}"), *self._analyser))

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._tasks.empty():
                    self._working -= 1
                    return
                task = self._tasks.get_nowait()
            found: analysts.Read | IngestError
            try:
                found = sandbox.run(
                    "file", analysts.seed_file, task.file, task.pickled, task.known, self._pipeline.clock(),
                    prepare=analysts.prepare,
                )  # fmt: skip
            except IngestError as error:
                found = error
            except Exception as error:  # a bug that must not stop the other files
                log.exception("reading %s failed", task.file.name)
                found = IngestError(bug("reading it", error))
            self._results.put(_Result(task, found))

    def _store(self) -> None:
        done = sorted(self._read[:BATCH], key=lambda each: each.task.file.name)
        articles: list[tuple[Source, int, Article]] = []
        faults: dict[str, str] = {}
        unread, stopped = set(), set()
        for each in done:
            name, found = each.task.file.name, each.found
            if isinstance(found, IngestError):
                faults[name] = str(found)
                if isinstance(found, Stopped):
                    stopped.add(name)
                elif isinstance(found, SourceError):
                    unread.add(name)  # no worker could be had: the next pass tries again
            elif found.fault:
                faults[name] = found.fault
            elif each.task.analyser is not self._pipeline.analyser:
                unread.add(name)  # the watch-list was edited meanwhile
                self._waiting.append(each.task.file)
            elif found.article:
                articles.append((_outlet(found.entry), 0, found.article))
        written, failed = self._pipeline.store(articles, SEED_FOLDER.name, self._present)
        self._stored += Outcome(written.added, written.edited)
        faults |= {entry.source: reason for entry, reason in failed}
        # Only now: what could not be stored is read again.
        del self._read[:BATCH]
        for each in done:
            file = self._under_way.pop(each.task.file.name)
            self._faults.pop(file.name, None)
            if file.name not in unread:
                self._seen[file.name] = _state(file)
            stop = Trial(*_state(file), fault=faults[file.name]) if file.name in stopped else None
            self._changes[file.name] = stop
        self._faults |= faults

    def _record_pass(self, *, closing: bool = False) -> Outcome:
        """Writes what a pass did to the record: at its end, and once a second before."""
        faults = {**self._left_out, **self._faults}
        if self._stored == Outcome() and faults == self._recorded:
            return Outcome()
        if self and not closing and time.monotonic() - self._recorded_at < 1:
            return Outcome()
        before, outcome, now = self._recorded or {}, self._stored, self._pipeline.clock()
        reason = "; ".join(_sentences(faults))[:_REASON] or None
        new = _sentences({name: fault for name, fault in faults.items() if before.get(name) != fault})
        attempt = Attempt("error" if reason else "ok", now, reason=reason)
        with record.writing(self._pipeline.engine) as connection:
            source_id = Commit(connection, now, "folder").source(SEED_FOLDER)
            schedule.note_folder(connection, source_id, attempt, outcome)
        for fault in new:
            log.warning("seed folder: %s", fault)
        self._recorded, self._recorded_at, self._stored = faults, time.monotonic(), Outcome()
        return outcome + Outcome(faults=new)


def _state(file: SeedFile) -> tuple[int, int]:
    return file.mtime_ns, file.size


def _sentences(faults: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}: {fault}" for name, fault in faults.items())


def _outlet(entry: Entry) -> Source:
    if not entry.outlet:
        return SEED_FOLDER
    name, group = plain.line(entry.outlet, 120), plain.line(entry.group or SEED_FOLDER.group, 80)
    # The group is part of the identity, so that a user's file can't move an outlet out of the demo.
    return Source(kind="folder", key=f"folder:{group}/{name}", name=name, group=group)
