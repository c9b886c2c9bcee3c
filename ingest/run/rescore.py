"""Analyses stored articles again after a change of the watch-list or the scorer; their words stay as they are.

Only an analysis that comes out differently gets a new row; the old one is closed, and stays for views as of then. One
that comes out the same keeps its row and the watch-list it was made with: rewriting that would falsify the past. That
it holds under the new list as well is stored as the id up to which all analyses have been looked at (`request`, in the
same commit): ids rise, so whatever is added later lies beyond it. One analysis is written anew even when it is the
same, because the newest one says which watch-list is in force.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from ingest.models import Analysis, Article, Entry
from ingest.run.analysts import Analysts, Result
from ingest.store import record, watched
from ingest.store.plan import progress
from ingest.store.read import outdated
from ingest.store.read.outdated import Outdated
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring
from ingest.watchlist.lists import Watchlist
from ingest.watchlist.touched import ListChange

log = logging.getLogger(__name__)

KIND = progress.RESCORE

#: Articles that are analysed together.
BATCH = 32
#: Time between two commits: another writer waits for one at most, and a crash loses no more than this much work.
_COMMIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rescored:
    """How many analyses were looked at, how many came out differently, and what went wrong with how many others."""

    checked: int = 0
    changed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    old: tuple[Outdated, ...]
    last: int  #: everything up to this id has been looked at with it
    untouched: int  #: how many in it can't come out differently

    @property
    def entries(self) -> Sequence[Entry]:
        return [each.entry for each in self.old]


@dataclass(frozen=True, slots=True)
class Rescore:
    """One run over everything that another watch-list or scorer has analysed."""

    engine: Engine
    watchlist: Watchlist
    analysts: Analysts
    clock: Callable[[], datetime]
    stop: Callable[[], bool] = lambda: False
    on_progress: Callable[[int, int], None] = lambda done, total: None

    def run(self) -> Rescored:
        """Starts where an earlier run for the same list was interrupted."""
        with self.engine.connect() as connection:
            before = progress.find(connection, KIND, self._mark)
            start = before.position if before else 0
            if before and not before.done and before.total > before.worked:
                done, total = before.worked, before.total  # counting a big record takes longer than a slice of work
            else:
                done = 0
                total = outdated.count(connection, self.watchlist.hash, self.analysts.scorer, after=start)
        outcome = Rescored()
        if not total:
            return outcome
        stopped: list[bool] = []
        waiting: list[tuple[_Batch, list[Result]]] = []
        since = time.monotonic()
        for batch, results in self.analysts.analysed(self._batches(start, stopped)):
            waiting.append((batch, results))
            if time.monotonic() - since >= _COMMIT_SECONDS:
                outcome = self._commit(waiting, outcome, done, total)
                since, waiting = time.monotonic(), []
        outcome = self._commit(waiting, outcome, done, total)
        if not stopped:
            with record.writing(self.engine) as connection:
                progress.end(connection, self._begun(connection), now=self.clock())
        return outcome

    @property
    def _mark(self) -> str:
        return f"{self.watchlist.hash} {self.analysts.scorer}"

    def _begun(self, connection: Connection) -> int:
        return progress.begin(connection, KIND, self._mark, by="rescore", now=self.clock()).id

    def _batches(self, last: int, stopped: list[bool]) -> Iterator[_Batch]:
        changes: dict[int | None, ListChange | None] = {None: None}
        first: Outdated | None = None
        while True:
            if self.stop():
                stopped.append(True)
                return
            with self.engine.connect() as connection:
                old = outdated.read(connection, self.watchlist.hash, self.analysts.scorer, after=last, limit=BATCH)
                for id_ in {each.watchlist for each in old if each.watchlist is not None} - changes.keys():
                    changes[id_] = ListChange(watched.one(connection, id_), self.watchlist)
            if not old:
                return
            last, first = old[-1].id, first or old[0]
            # The first is analysed in any case: the newest analysis says which watch-list is in force.
            touched = [each for each in old if each is first or _affected(each, changes[each.watchlist])]
            yield _Batch(tuple(touched), last, len(old) - len(touched))

    def _commit(
        self, waiting: Sequence[tuple[_Batch, list[Result]]], outcome: Rescored, before: int, total: int
    ) -> Rescored:
        if not waiting:
            return outcome
        pairs = [pair for batch, results in waiting for pair in zip(batch.old, results, strict=True)]
        untouched = sum(batch.untouched for batch, _ in waiting)
        for old, result in pairs:
            if not isinstance(result, Article):
                log.error("%s keeps its old analysis until the watch-list changes again: %s", old.entry.title, result)
        scored = [(old, result.analysis) for old, result in pairs if isinstance(result, Article)]
        differing = {old.id: analysis for old, analysis in scored if _comparable(analysis) != _comparable(old.analysis)}
        changed = 0
        with record.writing(self.engine, many=True) as connection:
            if scored:
                commit = Commit(connection, self.clock(), "re-score")
                scoring = Scoring(commit.watchlist(self.watchlist), self.analysts.scorer)
                in_force = watched.watchlist(connection).hash, watched.scorer(connection)
                if in_force != (self.watchlist.hash, self.analysts.scorer):
                    differing.setdefault(scored[0][0].id, scored[0][1])
                changed = commit.rescore(differing, scoring=scoring)
            done = before + outcome.checked + outcome.failed + len(pairs) + untouched
            begun = self._begun(connection)
            progress.move(connection, begun, waiting[-1][0].last, min(1.0, done / total), worked=done, total=total)
        self.on_progress(done, total)
        failed = len(pairs) - len(scored)
        return Rescored(outcome.checked + len(scored) + untouched, outcome.changed + changed, outcome.failed + failed)


def _affected(old: Outdated, change: ListChange | None) -> bool:
    mentioned = {mention.figure for mention in old.analysis.mentions}
    return change is None or change.affects(old.entry.title, old.entry.body, mentioned)


def _comparable(analysis: Analysis) -> Analysis:
    """The analysis without what may differ between equal ones: its order, and the language, which the words have."""
    mentions, topics = sorted(analysis.mentions, key=repr), sorted(analysis.topics, key=repr)
    return replace(analysis, language="", mentions=tuple(mentions), topics=tuple(topics))
