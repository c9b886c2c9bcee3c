"""Analyses again what an older watch-list or an older version has analysed: the words stay.

Only an analysis that comes out differently gets a new row; the old one is closed, and stays for views as of then. One
that comes out the same keeps its row, which goes on naming the watch-list that it was made with: rewriting that would
falsify the past. That it holds under the new list as well is kept apart, as the id up to which all analyses have been
looked at (`request`, moved on in the same commit): ids rise, so whatever is added later lies beyond it. One analysis is
written anew even when it is the same, because the newest one says which watch-list is in force.
"""

from __future__ import annotations

import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select

from ingest.models import Analysis, Article, Entry
from ingest.run.analysts import Analysts, Result
from ingest.store import record, rows, schema, watched
from ingest.store.plan import progress
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring
from ingest.watchlist.lists import Snapshot
from ingest.watchlist.touched import ListChange

log = logging.getLogger(__name__)

KIND = progress.RESCORE

#: Articles that are analysed together.
BATCH = 32
#: Another writer waits for one commit at most, and a crash costs no more work than was done in this time.
_COMMIT_SECONDS = 1.0

#: What an analysis says, in a form in which two of them can be compared.
Facts = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many analyses were looked at, how many came out differently, and what went wrong with how many others."""

    checked: int = 0
    changed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Old:
    """An analysis to be looked at again, and the words it is of."""

    id: int
    entry: Entry
    facts: Facts
    watchlist: int | None  #: with which it was made; None where it was another version of the scorer


@dataclass(frozen=True, slots=True)
class _Batch:
    old: tuple[_Old, ...]
    last: int  #: everything up to this id has been looked at with it
    untouched: int  #: so many in it can't come out differently

    @property
    def entries(self) -> Sequence[Entry]:
        return [each.entry for each in self.old]


@dataclass(frozen=True, slots=True)
class Rescore:
    """One run over everything that another watch-list or scorer has analysed."""

    engine: Engine
    snapshot: Snapshot
    analysts: Analysts
    clock: Callable[[], datetime]
    stop: Callable[[], bool] = lambda: False
    tell: Callable[[int, int], None] = lambda done, total: None

    def run(self) -> Outcome:
        """Goes on where an earlier run for the same list was interrupted."""
        with self.engine.connect() as connection:
            before = progress.find(connection, KIND, self._mark)
            start = before.position if before else 0
            if before and not before.done and before.total > before.worked:
                done, total = before.worked, before.total  # counting a big record takes longer than a slice of work
            else:
                done = 0
                total = connection.execute(
                    _outdated(select(func.count()), self.snapshot.hash, self.analysts.scorer, start)
                ).scalar_one()
        outcome = Outcome()
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
        return f"{self.snapshot.hash} {self.analysts.scorer}"

    def _begun(self, connection: Connection) -> int:
        return progress.begin(connection, KIND, self._mark, by="rescore", now=self.clock()).id

    def _batches(self, last: int, stopped: list[bool]) -> Iterator[_Batch]:
        touches: dict[int | None, ListChange | None] = {None: None}
        first = True
        while True:
            if self.stop():
                stopped.append(True)
                return
            with self.engine.connect() as connection:
                old = _read(connection, self.snapshot.hash, self.analysts.scorer, last)
                for id_ in {each.watchlist for each in old} - touches.keys():
                    touches[id_] = self._touch(connection, id_)
            if not old:
                return
            last = old[-1].id
            # One is analysed in any case: the newest analysis says which watch-list is in force.
            touched = [
                each for n, each in enumerate(old) if (first and n == 0) or _reached(each, touches[each.watchlist])
            ]
            first = False
            yield _Batch(tuple(touched), last, len(old) - len(touched))

    def _touch(self, connection: Connection, id_: int | None) -> ListChange:
        table = schema.watchlist.c
        row = connection.execute(select(table.figures, table.topics).where(table.id == id_)).one()
        new = json.loads(json.dumps([self.snapshot.figures, self.snapshot.topics]))
        return ListChange((row.figures, row.topics), (new[0], new[1]))

    def _commit(
        self, waiting: Sequence[tuple[_Batch, list[Result]]], outcome: Outcome, before: int, total: int
    ) -> Outcome:
        if not waiting:
            return outcome
        pairs = [pair for batch, results in waiting for pair in zip(batch.old, results, strict=True)]
        untouched = sum(batch.untouched for batch, _ in waiting)
        for old, result in pairs:
            if not isinstance(result, Article):
                log.error("%s keeps its old analysis until the watch-list changes again: %s", old.entry.title, result)
        scored = [(old, result.analysis) for old, result in pairs if isinstance(result, Article)]
        differing = {old.id: analysis for old, analysis in scored if _facts(analysis) != old.facts}
        changed = 0
        with record.writing(self.engine, many=True) as connection:
            if scored:
                commit = Commit(connection, self.clock(), "re-score")
                scoring = Scoring(commit.watchlist(self.snapshot), self.analysts.scorer)
                in_force = watched.watchlist(connection).hash, watched.scorer(connection)
                if in_force != (self.snapshot.hash, self.analysts.scorer):
                    differing.setdefault(scored[0][0].id, scored[0][1])
                changed = commit.rescore(differing, scoring=scoring)
            done = before + outcome.checked + outcome.failed + len(pairs) + untouched
            begun = self._begun(connection)
            progress.move(connection, begun, waiting[-1][0].last, min(1.0, done / total), worked=done, total=total)
        self.tell(done, total)
        failed = len(pairs) - len(scored)
        return Outcome(outcome.checked + len(scored) + untouched, outcome.changed + changed, outcome.failed + failed)


def _reached(old: _Old, touch: ListChange | None) -> bool:
    return touch is None or touch.affects(old.entry.title, old.entry.body, {fact[0] for fact in old.facts[3]})


def _outdated(question: Select[Any], watchlist_hash: str, scorer: str, after: int) -> Select[Any]:
    content, analysis, watchlist = schema.content, schema.analysis, schema.watchlist
    return (
        question.select_from(analysis)
        .join(content, content.c.id == analysis.c.content_id)
        .join(watchlist, watchlist.c.id == analysis.c.watchlist_id)
        .where(analysis.c.rev_to.is_(None), content.c.rev_to.is_(None), analysis.c.id > after)
        .where((watchlist.c.hash != watchlist_hash) | (analysis.c.scorer != scorer))
    )


def _read(connection: Connection, watchlist_hash: str, scorer: str, after: int) -> list[_Old]:
    content, analysis, body = schema.content.c, schema.analysis.c, schema.content_text
    columns = (
        content.title, content.text_kind, content.published_at, content.language, body.c.body,
        analysis.id, analysis.tone, analysis.words, analysis.watchlist_id, analysis.scorer,
    )  # fmt: skip
    question = _outdated(select(*columns), watchlist_hash, scorer, after)
    found = connection.execute(
        question.join(body, body.c.content_id == content.id).order_by(analysis.id).limit(BATCH)
    ).all()
    facts = _held(connection, {row.id: (row.tone, row.words) for row in found})
    return [
        _Old(
            row.id,
            Entry(
                source=f"analysis {row.id}",
                title=row.title,
                body=row.body,
                keys=(),
                text_kind=row.text_kind,
                published=row.published_at,
                published_from="feed",  # whoever stated it: this entry is never stored
                language=row.language,
                stored=True,
            ),
            facts[row.id],
            row.watchlist_id if row.scorer == scorer else None,
        )
        for row in found
    ]


def _held(connection: Connection, analyses: dict[int, tuple[float | None, int]]) -> dict[int, Facts]:
    """What the record holds of these analyses (id → tone, words)."""
    sentences, mention, topic = schema.analysis_sentences.c, schema.mention.c, schema.analysis_topic.c
    spans: dict[int, list[Any]] = {}
    for row in rows.among(connection, select(schema.analysis_sentences), sentences.analysis_id, analyses):
        spans[row.analysis_id] = row.spans
    mentions: defaultdict[int, list[Facts]] = defaultdict(list)
    for row in rows.among(connection, select(schema.mention), mention.analysis_id, analyses):
        cues = tuple(tuple(cue) for cue in row.because)
        tones = row.tone_rule, row.tone_encoder, row.label, row.confidence
        facts = (row.figure, row.sentence, row.start, row.end, row.kind, *tones, cues)
        mentions[row.analysis_id].append(facts)
    topics: defaultdict[int, list[Facts]] = defaultdict(list)
    for row in rows.among(connection, select(schema.analysis_topic), topic.analysis_id, analyses):
        topics[row.analysis_id].append((row.topic, row.hits, tuple(row.words)))
    return {
        id_: (tone, words, [tuple(span) for span in spans[id_]], _sorted(mentions[id_]), _sorted(topics[id_]))
        for id_, (tone, words) in analyses.items()
    }


def _facts(analysis: Analysis) -> Facts:
    """What a new analysis would have the record hold."""
    mentions: list[Facts] = [
        (
            m.figure, m.sentence, m.start, m.end, m.kind, m.tone_rule, m.tone_encoder, m.label, m.confidence,
            tuple((cue.word, cue.weight) for cue in m.because),
        )
        for m in analysis.mentions
    ]  # fmt: skip
    spans = [(sentence.start, sentence.end, sentence.tone) for sentence in analysis.sentences]
    topics: list[Facts] = [(hit.topic, hit.hits, tuple(hit.words)) for hit in analysis.topics]
    return analysis.tone, analysis.words, spans, _sorted(mentions), _sorted(topics)


def _sorted(facts: list[Facts]) -> list[Facts]:
    return sorted(facts, key=repr)
