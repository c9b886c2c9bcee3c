"""One way for every article: identify → analyse → store. One bad article never stops the rest."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

from ingest.analyser import Analyser
from ingest.errors import IngestError, ParseError
from ingest.fetch import rhythm
from ingest.fetch.rhythm import Rhythm
from ingest.formats import web_page
from ingest.formats.web_page import WebPage
from ingest.models import Article, Attempt, Entry, FeedState, FullText, Outcome, Source, utcnow
from ingest.run.analysts import Here
from ingest.run.rescore import Rescore
from ingest.sources import folder
from ingest.store import record
from ingest.store.plan import pages as store_pages
from ingest.store.plan import schedule
from ingest.store.plan.pages import PageState
from ingest.store.write.commit import Commit, Written
from ingest.store.write.identity import FOLDER_SCOPE, unchanged
from ingest.store.write.versions import Scoring
from ingest.text import plain

log = logging.getLogger(__name__)

Item = TypeVar("Item")

#: Articles in one commit: long enough to be fast, short enough that another writer never waits for long.
BATCH = 100

#: The source of files whose front matter names none.
SEED_FOLDER = Source(kind="folder", key="folder:", name="Seed folder", group="Seed folder")

_PACE = Rhythm()


class Pipeline:
    """Takes entries to the record with one analyser; used by one thread at a time."""

    def __init__(
        self,
        engine: Engine,
        analyser: Analyser,
        *,
        pace: Rhythm = _PACE,
        clock: Callable[[], datetime] = utcnow,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self.engine = engine
        self.analyser = analyser
        self._pace = pace
        self._clock = clock
        self._luck = luck
        self._seen: dict[str, tuple[int, int]] = {}  # seed file -> (mtime_ns, size) when it was last read
        # Seed file -> what is wrong with it, until it is mended or gone; None before the first pass.
        self._faults: dict[str, str] | None = None

    # -- feeds ------------------------------------------------------------------------------------------------------

    def sync_feeds(self, feeds: Sequence[Source]) -> None:
        """Makes the record's list of feeds the file's; a feed that left the file keeps its articles."""
        with record.writing(self.engine) as connection:
            commit = Commit(connection, self._clock(), "feeds")
            schedule.only_listed(connection, {commit.source(source) for source in feeds}, self._clock())

    def due(self) -> list[FeedState]:
        """The feeds whose time has come, the longest waiting first."""
        with self.engine.connect() as connection:
            return schedule.due(connection, self._clock())

    def feed(self, state: FeedState, attempt: Attempt) -> Outcome:
        """Stores what an attempt on a feed brought, and when to ask again."""
        source = Source(kind="feed", key=state.url, name=state.name)
        outcome = Outcome()
        entries = [replace(entry, language=entry.language or state.language) for entry in _once(attempt.entries)]
        for batch in _batches(entries, BATCH):
            read = [(source, state.source_id, entry) for entry in batch]
            written, unread = self._store(read, str(state.source_id), source.name, full_text=state.full_text)
            faults = tuple(f"{entry.title}: {reason}" for entry, reason in unread)
            outcome += Outcome(written.added, written.edited, faults)
        pause = rhythm.pause(self._pace, state, attempt, outcome.added + outcome.edited, self._luck)
        with record.writing(self.engine) as connection:
            schedule.note_attempt(connection, state, attempt, pause, outcome)
        for fault in outcome.faults:
            log.warning("%s: %s", state.name, fault)
        failed = attempt.outcome == "error"
        return outcome + Outcome(faults=(f"{state.name}: {attempt.reason}",) if failed else ())

    # -- pages of articles ------------------------------------------------------------------------------------------

    def due_pages(self) -> list[PageState]:
        """The articles' pages whose time has come."""
        with self.engine.connect() as connection:
            return store_pages.due(connection, self._clock())

    def page(self, state: PageState, found: WebPage | IngestError) -> bool:
        """Stores the text of an article's page as its next version; whether it did. What fails leaves the summary."""
        now = self._clock()
        with self.engine.connect() as connection:
            held = store_pages.held(connection, state.article_id)
        article = None
        if held and isinstance(found, WebPage):
            try:
                article = self._completed(held.entry, found, now)
            except IngestError as error:
                found = error
            except Exception as error:  # a text that breaks the analysis is a bug, but never everybody's
                log.exception("the analysis of %s failed", state.url)
                found = ParseError(_bug("the analysis", error))
        with record.writing(self.engine) as connection:
            if isinstance(found, IngestError):
                store_pages.failed(connection, state, found, now)
            elif held and article:
                commit = Commit(connection, now, held.source)
                scoring = Scoring(commit.watchlist(self.analyser.watchlist), self.analyser.scorer)
                page_at = found.published
                if commit.completed(state.article_id, held.content_id, article, scoring=scoring, page_at=page_at):
                    store_pages.done(connection, state.article_id)
                    return True
        return False

    def _completed(self, entry: Entry, page: WebPage, now: datetime) -> Article:
        """The article with the text of its page. Raises ParseError when that is of something else."""
        if not web_page.belongs(page.body, f"{entry.title} {entry.body}"):
            raise ParseError("The page's text is not the article of the feed, or no more of it.")
        entry = replace(entry, body=page.body, text_kind="full")
        if page.published and entry.published_from == "fetch time":
            entry = replace(entry, published=page.published, published_from="page")
        return self.analyser.article(entry, now)

    # -- the seed folder --------------------------------------------------------------------------------------------

    def folder(self, root: Path, *, progress: Callable[[int, int], None] = lambda done, total: None) -> Outcome:
        """Reads the files that are new or have changed since the last pass; files that vanished keep their articles.

        `progress` is told how many of how many files are done.
        """
        now = self._clock()
        files = folder.scan(root)
        present = frozenset(f"path:{file.name}" for file in files)
        fresh = [file for file in files if self._seen.get(file.name) != (file.mtime_ns, file.size)]
        before = self._faults
        faults = {file.name: before[file.name] for file in files if before and file.name in before}
        outcome = Outcome()
        done = 0
        for batch in _batches(fresh, BATCH):
            read: list[tuple[Source, int, Entry]] = []
            seen: dict[str, tuple[int, int]] = {}
            for file in batch:
                if not folder.stable(file, now):
                    continue  # still being written: the next pass reads it
                faults.pop(file.name, None)
                try:
                    entry = folder.read(file, now=now)
                except IngestError as error:
                    faults[file.name] = str(error)
                except Exception as error:  # a file that breaks the reader is a bug, but never everybody's
                    log.exception("reading %s failed", file.name)
                    faults[file.name] = _bug("reading it", error)
                else:
                    read.append((_outlet(entry), 0, entry))
                seen[file.name] = (file.mtime_ns, file.size)
            written, failed = self._store(read, FOLDER_SCOPE, SEED_FOLDER.name, present)
            outcome += Outcome(written.added, written.edited)
            faults |= {entry.source: reason for entry, reason in failed}
            self._seen |= seen  # only now: what could not be stored is read again
            done += len(batch)
            progress(done, len(fresh))
        if outcome != Outcome() or faults != before:
            self._note_folder(outcome, faults, now)
            self._faults = faults
        return outcome + Outcome(
            faults=_sentences({name: faults[name] for name in faults if name not in (before or ())})
        )

    def _note_folder(self, outcome: Outcome, faults: Mapping[str, str], now: datetime) -> None:
        reason = "; ".join(_sentences(faults))[:1_000] or None
        attempt = Attempt("error" if reason else "ok", now, reason=reason)
        with record.writing(self.engine) as connection:
            source_id = Commit(connection, now, "folder").source(SEED_FOLDER)
            schedule.note_folder(connection, source_id, attempt, outcome)
        if reason:
            log.warning("seed folder: %s", reason)

    # -- common -----------------------------------------------------------------------------------------------------

    def _store(
        self,
        entries: Sequence[tuple[Source, int, Entry]],
        scope: str,
        what: str,
        present: frozenset[str] = frozenset(),
        full_text: FullText = "never",
    ) -> tuple[Written, list[tuple[Entry, str]]]:
        """Analyses the entries that are new or edited and commits them together; says which could not be analysed.

        With them it is noted which of them lack their `full_text`, so that their pages are fetched.
        """
        failed: list[tuple[Entry, str]] = []
        if not entries:
            return Written(), failed
        now = self._clock()
        with self.engine.connect() as connection:
            known = unchanged(connection, [(scope, entry) for _, _, entry in entries])
        analysed: list[tuple[Source, int, Article]] = []
        for position, (source, source_id, entry) in enumerate(entries):
            if position in known:
                continue
            try:
                analysed.append((source, source_id, self.analyser.article(entry, now)))
            except Exception as error:  # a text that breaks the analysis is a bug, but never everybody's
                log.exception("the analysis of %s failed", entry.source)
                failed.append((entry, _bug("the analysis", error)))
        if not analysed:
            return Written(), failed
        with record.writing(self.engine) as connection:
            commit = Commit(connection, now, what)
            scoring = Scoring(commit.watchlist(self.analyser.watchlist), self.analyser.scorer)
            groups = [
                (source_id or commit.source(source), source, [article for _, _, article in group])
                for (source, source_id), group in groupby(analysed, key=lambda each: each[:2])
            ]
            for article, fault in commit.sound(groups, scoring=scoring, present=present):
                failed.append((article.entry, _bug("storing it", fault)))
            for source_id, _, articles in groups:
                wanted = [article.entry for article in articles if _lacks(article.entry, full_text)]
                store_pages.ask(connection, source_id, wanted, now)
        return commit.written, failed

    def rescore(self, *, stop: Callable[[], bool] = lambda: False) -> int:
        """Analyses again what was analysed with another watch-list; answers how many articles that were."""
        analysts = Here(self.analyser, self._clock)
        return Rescore(self.engine, self.analyser.watchlist, analysts, self._clock, stop).run().checked


def _lacks(entry: Entry, full_text: FullText) -> bool:
    return entry.link is not None and (full_text == "always" or (full_text == "auto" and entry.text_kind != "full"))


def _once(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Each article of a feed as it is listed first: two versions of one would edit each other at every fetch."""
    seen: set[str] = set()
    for entry in entries:
        if seen.isdisjoint(entry.keys):
            yield entry
        seen.update(entry.keys)


def _bug(what: str, error: Exception) -> str:
    return f"{what} failed ({type(error).__name__}: {error}). Please report it."


def _sentences(faults: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}: {fault}" for name, fault in faults.items())


def _outlet(entry: Entry) -> Source:
    if not entry.outlet:
        return SEED_FOLDER
    name, group = plain.line(entry.outlet, 120), plain.line(entry.group or SEED_FOLDER.group, 80)
    # The group is part of the identity: a file of the user's own cannot move an outlet of the demo out of the demo.
    return Source(kind="folder", key=f"folder:{group}/{name}", name=name, group=group)


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
