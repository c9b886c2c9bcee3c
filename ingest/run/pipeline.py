"""Takes every article the same way: identify → analyse → store. A bad article never stops the rest."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import Engine

from ingest.analyser import Analyser
from ingest.errors import IngestError, ParseError, bug
from ingest.fetch import rhythm
from ingest.fetch.rhythm import Rhythm
from ingest.formats import web_page
from ingest.formats.web_page import WebPage
from ingest.models import Article, Attempt, Entry, FeedState, FullText, Outcome, Source, utcnow
from ingest.run import analysts
from ingest.run.analysts import InProcess
from ingest.run.rescore import Rescore
from ingest.store import record, rows
from ingest.store.plan import pages as store_pages
from ingest.store.plan import schedule
from ingest.store.plan.pages import PageState
from ingest.store.write.commit import Commit, Written
from ingest.store.write.identity import unchanged
from ingest.store.write.versions import Scoring

log = logging.getLogger(__name__)

#: Articles in one commit: enough to be fast, few enough that another writer never waits for long.
BATCH = 100

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
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.engine = engine
        self.analyser = analyser
        self._pace = pace
        self.clock = clock
        self._rng = rng

    def sync_feeds(self, feeds: Sequence[Source]) -> None:
        """Makes the record's list of feeds the same as the file's; a feed that is removed keeps its articles."""
        with record.writing(self.engine) as connection:
            commit = Commit(connection, self.clock(), "feeds")
            schedule.only_listed(connection, {commit.source(source) for source in feeds}, self.clock())

    def due(self) -> list[FeedState]:
        """The feeds that are due, the longest overdue first."""
        with self.engine.connect() as connection:
            return schedule.due(connection, self.clock())

    def feed(self, state: FeedState, attempt: Attempt) -> Outcome:
        """Stores what an attempt at a feed brought, and when to ask again."""
        source = Source(kind="feed", key=state.url, name=state.name)
        outcome = Outcome()
        entries = [
            replace(entry, language=entry.language or state.language) for entry in _without_repeats(attempt.entries)
        ]
        for batch in rows.parts(entries, BATCH):
            analysed, failed = self._analysed(str(state.source_id), batch)
            articles = [(source, state.source_id, article) for article in analysed]
            written, refused = self.store(articles, source.name, full_text=state.full_text)
            faults = tuple(f"{entry.title}: {reason}" for entry, reason in failed + refused)
            outcome += Outcome(written.added, written.edited, faults)
        pause = rhythm.pause(self._pace, state, attempt, outcome.added + outcome.edited, self._rng)
        with record.writing(self.engine) as connection:
            schedule.note_attempt(connection, state, attempt, pause, outcome)
        for fault in outcome.faults:
            log.warning("%s: %s", state.name, fault)
        unread = attempt.outcome == "error"
        return outcome + Outcome(faults=(f"{state.name}: {attempt.reason}",) if unread else ())

    def due_pages(self) -> list[PageState]:
        """The articles' pages that are due."""
        with self.engine.connect() as connection:
            return store_pages.due(connection, self.clock())

    def page(self, state: PageState, found: WebPage | IngestError) -> bool:
        """Stores an article's page as its next version; returns whether it did. After a failure the summary stays."""
        now = self.clock()
        with self.engine.connect() as connection:
            held = store_pages.held(connection, state.article_id)
        article = None
        if held and isinstance(found, WebPage):
            try:
                article = self._completed(held.entry, found, now)
            except IngestError as error:
                found = error
            except Exception as error:  # a text that breaks the analysis is a bug that must not stop the loop
                log.exception("the analysis of %s failed", state.url)
                found = ParseError(bug("the analysis", error))
        with record.writing(self.engine) as connection:
            if isinstance(found, IngestError):
                store_pages.failed(connection, state, found, now)
            elif held and article:
                commit = Commit(connection, now, held.source)
                scoring = Scoring(commit.watchlist(self.analyser.watchlist), self.analyser.scorer)
                at = found.published
                if commit.complete(state.article_id, held.content_id, article, scoring=scoring, page_at=at):
                    store_pages.done(connection, state.article_id)
                    return True
        return False

    def _completed(self, entry: Entry, page: WebPage, now: datetime) -> Article:
        """The article with the text of its page. Raises ParseError when that is about something else."""
        if not web_page.belongs(page.body, f"{entry.title} {entry.body}"):
            raise ParseError("The page's text is not the article of the feed, or no more of it.")
        entry = replace(entry, body=page.body, text_kind="full")
        if page.published and entry.published_from == "fetch time":
            entry = replace(entry, published=page.published, published_from="page")
        return analysts.article(self.analyser, entry, now)

    def store(
        self,
        articles: Sequence[tuple[Source, int, Article]],
        what: str,
        present: frozenset[str] = frozenset(),
        full_text: FullText = "never",
    ) -> tuple[Written, list[tuple[Entry, str]]]:
        """Commits articles with their sources (and the source's id, or 0); returns those that could not be stored.

        Those that lack their `full_text` get their pages fetched.
        """
        failed: list[tuple[Entry, str]] = []
        if not articles:
            return Written(), failed
        now = self.clock()
        with record.writing(self.engine) as connection:
            commit = Commit(connection, now, what)
            scoring = Scoring(commit.watchlist(self.analyser.watchlist), self.analyser.scorer)
            groups = [
                (source_id or commit.source(source), source, [article for _, _, article in group])
                for (source, source_id), group in groupby(articles, key=lambda each: each[:2])
            ]
            for article, fault in commit.store_possible(groups, scoring=scoring, present=present):
                failed.append((article.entry, bug("storing it", fault)))
            for source_id, _, stored in groups:
                wanted = [article.entry for article in stored if _needs_full_text(article.entry, full_text)]
                store_pages.ask(connection, source_id, wanted, now)
        return commit.written, failed

    def _analysed(self, scope: str, entries: Sequence[Entry]) -> tuple[list[Article], list[tuple[Entry, str]]]:
        """The new and edited entries, analysed, and those that could not be, with the reason."""
        with self.engine.connect() as connection:
            known = unchanged(connection, [(scope, entry) for entry in entries])
        analysed: list[Article] = []
        failed: list[tuple[Entry, str]] = []
        for entry in (entry for position, entry in enumerate(entries) if position not in known):
            try:
                analysed.append(analysts.article(self.analyser, entry, self.clock()))
            except IngestError as error:
                failed.append((entry, str(error)))
            except Exception as error:  # a text that breaks the analysis is a bug that must not stop the others
                log.exception("the analysis of %s failed", entry.source)
                failed.append((entry, bug("the analysis", error)))
        return analysed, failed

    def rescore(self, *, stop: Callable[[], bool] = lambda: False) -> int:
        """Analyses again what was analysed with another watch-list; returns how many articles were looked at."""
        here = InProcess(self.analyser, self.clock)
        return Rescore(self.engine, self.analyser.watchlist, here, self.clock, stop).run().checked


def _needs_full_text(entry: Entry, full_text: FullText) -> bool:
    return entry.link is not None and (full_text == "always" or (full_text == "auto" and entry.text_kind != "full"))


def _without_repeats(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Each article of a feed once, as it comes first: two versions would replace each other at every fetch."""
    seen: set[str] = set()
    for entry in entries:
        if seen.isdisjoint(entry.keys):
            yield entry
        seen.update(entry.keys)
