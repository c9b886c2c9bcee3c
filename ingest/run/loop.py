"""The loop: reads the seed folder as it changes, the feeds as they are due, the user's lists as they are edited."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from ingest import logs
from ingest.analyser import Method
from ingest.errors import ConfigFileError, IngestError, ParseError, RecordError, bug
from ingest.fetch.client import Fetcher
from ingest.fetch.queue import Fetches, Hosts
from ingest.fetch.rhythm import Rhythm
from ingest.fetch.robots import Robots
from ingest.formats.web_page import WebPage
from ingest.models import Attempt, FeedState, Outcome, utcnow
from ingest.run import asked, signals
from ingest.run.pipeline import Pipeline
from ingest.run.seeding import SeedFolder
from ingest.run.userlists import UserLists
from ingest.settings import Settings
from ingest.sources import attempt
from ingest.store import engines
from ingest.store.plan import complaints
from ingest.store.plan.pages import PageState
from ingest.store.upkeep import damage

log = logging.getLogger(__name__)

_State = TypeVar("_State")
_Found = TypeVar("_Found")

#: Some file systems lose events, and a folder that is replaced stops sending any.
_RESCAN_SECONDS = 30
_TICK_SECONDS = 0.5
#: While something is fetched: results are stored, and the next fetch at the same host is started.
_BUSY_TICK_SECONDS = 0.05
#: Apart from the feeds, whose places pages never take.
_PAGES_AT_ONCE = 32


class Worker:
    """Everything the loop holds: the lists as last read, the pipeline, the fetches under way."""

    def __init__(self, settings: Settings, pipeline: Pipeline) -> None:
        self.settings = settings
        self.pipeline = pipeline
        self.fetcher = Fetcher.by(settings)
        self._robots = Robots(self.fetcher)
        hosts = Hosts(settings.allowed_hosts)
        self._feeds: Fetches[FeedState, Attempt] = Fetches(self._attempt, hosts)
        self._pages: Fetches[PageState, WebPage | IngestError] = Fetches(
            self._page, hosts, at_once=_PAGES_AT_ONCE, spacing=self._robots.spacing
        )
        # Results not stored yet, by kind and id: they are kept while the record can't be written.
        self._arrived: dict[tuple[str, int], Callable[[], object]] = {}
        self.seeds = SeedFolder(pipeline, settings.seeds)
        self.lists = UserLists(settings, pipeline)
        self._faults: dict[str, str] = {}  # step of a turn -> what is wrong with it

    @classmethod
    def open(cls, settings: Settings, engine: Engine) -> Worker:
        """Reads the user's lists; if the list of feeds is broken, the feeds that the record has listed are followed.

        Raises ConfigFileError for a broken watch-list, RecordError for a damaged record.
        """
        damage.glance(engine)
        try:
            analyser = Method.by(settings).analyser()
        except ConfigFileError as error:
            complaints.tell(engine, complaints.WATCHLIST, str(error))
            raise
        complaints.tell(engine, complaints.WATCHLIST, None)
        complaints.tell(engine, complaints.LOOP, None)
        # A rhythm that the user has set is kept; the default one is only where each feed begins.
        fixed = "poll_seconds" in settings.model_fields_set
        pace = Rhythm(timedelta(seconds=settings.poll_seconds), fixed=fixed)
        return cls(settings, Pipeline(engine, analyser, pace=pace))

    def once(self, progress: Callable[[str, int, int], None]) -> Outcome:
        """One pass over the folder and the due feeds; `progress` gets a name, how many are done, and of how many."""
        outcome = Outcome(faults=(self.lists.fault,) if self.lists.fault else ())
        outcome += self.seeds.read(progress=lambda n, of: progress("files", n, of))
        self.pipeline.rescore()
        asked.begin(self.pipeline.engine)
        outcome += self._fetch(self.pipeline.due(), progress)
        pages = self.pipeline.due_pages()
        self._offer_pages(pages)
        for done, (page, found) in enumerate(_results(self._pages), 1):
            self._store_page(page, found)
            progress("pages", done, len(pages))
        return outcome

    def retry(self) -> Outcome:
        """Fetches the feeds that are requested, and no others."""
        wanted = asked.begin(self.pipeline.engine)
        return self._fetch([state for state in self.pipeline.due() if state.source_id in wanted])

    def _fetch(
        self, due: Sequence[FeedState], progress: Callable[[str, int, int], None] = lambda what, done, total: None
    ) -> Outcome:
        outcome = Outcome()
        progress("feeds", 0, len(due))
        self._offer(due)
        for done, (state, tried) in enumerate(_results(self._feeds), 1):
            outcome += self._store(state, tried)
            progress("feeds", done, len(due))
        return outcome

    def _offer(self, due: Sequence[FeedState]) -> None:
        for state in due:
            if ("feed", state.source_id) not in self._arrived:
                self._feeds.offer(state.source_id, state.address, state)

    def _offer_pages(self, due: Sequence[PageState]) -> None:
        for page in due:
            if ("page", page.article_id) not in self._arrived:
                self._pages.offer(page.article_id, page.url, page)

    def forever(self, stop: threading.Event, lost: threading.Event) -> None:
        """Runs the loop until `stop`, or until its lock is `lost`. No fault of a source, full disk or bug ends it."""
        changed, ended = threading.Event(), threading.Event()
        events = (self.settings.seeds, changed, ended)
        threading.Thread(target=signals.watch_folder, args=events, daemon=True, name="folder-events").start()

        def over() -> bool:
            return stop.is_set() or lost.is_set()

        next_scan = next_due = 0.0
        while not over():
            try:
                now = time.monotonic()
                if changed.is_set() or now >= next_scan:
                    next_scan = now + _RESCAN_SECONDS
                    changed.clear()
                    self._step("looking at the seed folder", self.seeds.scan)
                self._step("reading seed files", self.seeds.collect)
                self._step("taking up the lists", lambda: self.lists.reload(over))
                if now >= next_due:
                    next_due = now + 2
                    self._step("asking for feeds", self._offer_due)
                self._step("storing", lambda: self._store_arrived(over, changed))
            except (DatabaseError, OSError) as error:
                log.error("the record can't be written: %s. Trying again in 5 s.", engines.reason(error))
                stop.wait(5)
                next_scan = 0.0
                self.lists.forget()
            busy = self._feeds or self._pages or self._arrived or self.lists.outdated or self.seeds
            changed.wait(_BUSY_TICK_SECONDS if busy and not self._faults else _TICK_SECONDS)
        ended.set()
        with suppress(DatabaseError, OSError):
            self.seeds.close()

    def _step(self, what: str, work: Callable[[], object]) -> None:
        """Does one step; an unexpected error in it is recorded where people see it, and the other steps go on."""
        fault = None
        try:
            work()
        except (DatabaseError, OSError, RecordError):
            raise
        except Exception as error:
            fault = f"{what} failed ({type(error).__name__}: {str(error)[:300]}). It is tried again. Please report it."
            if self._faults.get(what) != fault:
                log.exception("%s failed", what)
        if self._faults.get(what) != fault:
            self._faults.pop(what, None)
            self._faults |= {what: fault} if fault else {}
            complaints.tell(self.pipeline.engine, complaints.LOOP, " ".join(self._faults.values()) or None)

    def _offer_due(self) -> None:
        arrived = {id_ for kind, id_ in self._arrived if kind == "feed"}
        asked.begin(self.pipeline.engine, self._feeds.busy | arrived)
        self._offer(self.pipeline.due())
        self._offer_pages(self.pipeline.due_pages())

    def _store_arrived(self, over: Callable[[], bool], changed: threading.Event) -> None:
        """Starts fetches and stores results.

        After each result other fetches are started and new seed files read, so that long analyses don't delay them.
        """
        self._feeds.start()
        self._pages.start()
        for state, tried in _articles_first(self._feeds.finished()):
            self._arrived["feed", state.source_id] = partial(self._store, state, tried)
        for page, found in self._pages.finished():
            self._arrived["page", page.article_id] = partial(self._store_page, page, found)
        for key in list(self._arrived):
            store = self._arrived.pop(key)
            try:
                store()
            except (DatabaseError, OSError):
                self._arrived[key] = store  # at the end: if it causes the error itself, the others are stored first
                raise
            self._feeds.start()
            if over():
                return
            if changed.is_set():
                changed.clear()
                self.seeds.scan()
            self.seeds.collect()

    def _store(self, state: FeedState, tried: Attempt) -> Outcome:
        """Stores what an attempt brought, logs it in one line, and answers requests for it."""
        outcome = self.pipeline.feed(state, tried)
        logs.event(
            log, "fetch", source=state.name, id=state.source_id, outcome=tried.outcome, status=tried.status,
            new=outcome.added, edited=outcome.edited, bytes=tried.size, ms=tried.ms, parse_ms=tried.parse_ms,
            reason=tried.reason,
        )  # fmt: skip
        asked.answer(self.pipeline.engine, state, tried, outcome)
        return outcome

    def _store_page(self, page: PageState, found: WebPage | IngestError) -> None:
        stored = self.pipeline.page(page, found)
        outcome, reason = "ok" if stored else "error", str(found) if isinstance(found, IngestError) else None
        logs.event(log, "page", url=page.url, article=page.article_id, outcome=outcome, reason=reason)

    def _page(self, page: PageState) -> WebPage | IngestError:
        try:
            return attempt.page(page.url, self.fetcher, self._robots)
        except IngestError as error:
            return error
        except Exception as error:  # a page that breaks the reader is a bug that must not stop the others
            log.exception("reading %s failed", page.url)
            return ParseError(bug("reading it", error))

    def _attempt(self, state: FeedState) -> Attempt:
        now = utcnow()
        try:
            return attempt.feed(state, self.fetcher, now=now)
        except Exception as error:  # a feed that breaks the reader is a bug that must not stop the others
            log.exception("reading %s failed", state.url)
            return Attempt("error", now, reason=bug("reading it", error))


def _results(fetches: Fetches[_State, _Found]) -> Iterator[tuple[_State, _Found]]:
    """Runs all fetches of the queue; yields their results as they come."""
    while fetches:
        fetches.start()
        yield from _articles_first(fetches.finished())
        time.sleep(_BUSY_TICK_SECONDS)


def _articles_first(found: Iterable[tuple[_State, _Found]]) -> list[tuple[_State, _Found]]:
    """Results in the order of storing: failures come quickest, and must not delay articles."""
    return sorted(found, key=lambda each: isinstance(each[1], Attempt) and each[1].outcome == "error")
