"""The loop: the seed folder as it changes, the feeds as they fall due, the user's files as they are edited."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path

import watchfiles
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from ingest.analyse import Analyser, Watchlist
from ingest.errors import ConfigFileError
from ingest.fetch import Fetcher
from ingest.models import Attempt, FeedState, utcnow
from ingest.pipeline import Outcome, Pipeline
from ingest.rhythm import Rhythm
from ingest.settings import Settings
from ingest.sources import feeds, opml
from ingest.store import engines
from ingest.turn import alive as alive
from ingest.turn import only_loop as only_loop

log = logging.getLogger(__name__)

#: Events are hints: some file systems lose them, and a root that is replaced stops sending any.
_RESCAN_SECONDS = 30
_TICK_SECONDS = 0.5
_FETCHES_AT_ONCE = 8


class Worker:
    """Everything the loop holds: the lists as last read, the pipeline, the fetches under way."""

    def __init__(self, settings: Settings, pipeline: Pipeline) -> None:
        self.settings = settings
        self.pipeline = pipeline
        self.fetcher = Fetcher.by(settings)
        self._config: dict[Path, int] = {}  # file -> its mtime when last read
        self._outdated = True  # whether some analyses may have been made with another watch-list

    @classmethod
    def open(cls, settings: Settings, engine: Engine) -> Worker:
        """Reads the user's lists. Raises ConfigFileError when one can't be used."""
        worker = cls(settings, Pipeline(engine, _analyser(settings), pace=_pace(settings)))
        worker._remember(settings.figures, settings.topics, settings.feeds)
        worker.pipeline.sync_feeds(opml.read(settings.feeds))
        return worker

    def once(self, progress: Callable[[str, int, int], None]) -> Outcome:
        """One pass over the folder and the due feeds; `progress` is told what, how many, of how many."""
        outcome = self.pipeline.folder(self.settings.seeds, progress=lambda n, of: progress("files", n, of))
        self.pipeline.rescore()
        due = self.pipeline.due()
        progress("feeds", 0, len(due))
        with ThreadPoolExecutor(_FETCHES_AT_ONCE) as pool:
            under_way = {pool.submit(self._attempt, state): state for state in due}
            while under_way:
                finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    outcome += self.pipeline.feed(under_way.pop(future), future.result())
                    progress("feeds", len(due) - len(under_way), len(due))
        return outcome

    def forever(self, stop: threading.Event, lost: threading.Event) -> None:
        """The loop, until `stop`, or until the lock that keeps it the only one is `lost`.

        A fault of a source is recorded and never ends it; neither does a full disk.
        """
        changed, ended = threading.Event(), threading.Event()
        watcher = threading.Thread(target=self._hints, args=(changed, ended), daemon=True, name="folder-hints")
        watcher.start()
        under_way: dict[Future[Attempt], FeedState] = {}
        next_scan = next_due = 0.0
        with ThreadPoolExecutor(_FETCHES_AT_ONCE) as pool:
            while not (stop.is_set() or lost.is_set()):
                try:
                    now = time.monotonic()
                    if changed.is_set() or now >= next_scan:
                        changed.clear()
                        self.pipeline.folder(self.settings.seeds)
                        next_scan = now + _RESCAN_SECONDS
                    self._reload(lambda: stop.is_set() or lost.is_set())
                    if now >= next_due:
                        busy = {state.source_id for state in under_way.values()}
                        for state in self.pipeline.due():
                            if state.source_id not in busy:
                                under_way[pool.submit(self._attempt, state)] = state
                        next_due = now + 2
                    for future in [future for future in under_way if future.done()]:
                        state = under_way.pop(future)
                        result = future.result()
                        outcome = self.pipeline.feed(state, result)
                        log.info(
                            "fetched %s: %s, %d new, %d edited, %d ms%s",
                            state.name, result.outcome, outcome.added, outcome.edited, result.ms,
                            f" ({result.reason})" if result.reason else "",
                        )  # fmt: skip
                except (DatabaseError, OSError) as error:
                    log.error("the record can't be written: %s. Trying again in 5 s.", engines.reason(error))
                    stop.wait(5)
                    next_scan = 0.0
                    self._config.clear()  # an edited list may have been read and not stored
                changed.wait(_TICK_SECONDS)
            ended.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _attempt(self, state: FeedState) -> Attempt:
        now = utcnow()
        try:
            return feeds.attempt(state, self.fetcher, now=now)
        except Exception as error:  # a feed that breaks the reader is a bug, but never everybody's
            log.exception("reading %s failed", state.url)
            return Attempt(
                "error", now, reason=f"reading it failed ({type(error).__name__}: {error}). Please report it."
            )

    def _hints(self, changed: threading.Event, stop: threading.Event) -> None:
        root = self.settings.seeds
        while not stop.is_set():
            try:
                inode, fresh = root.stat().st_ino, True
                for events in watchfiles.watch(
                    root, stop_event=stop, debounce=400, step=50, rust_timeout=2_000, yield_on_timeout=True,
                    raise_interrupt=False, ignore_permission_denied=True,
                ):  # fmt: skip
                    if events or fresh:
                        # The first time also without events: what was written before we listened sent none.
                        fresh = False
                        changed.set()
                        # A file just written is not read before it has been left alone for a moment.
                        stop.wait(0.6)
                        changed.set()
                    if root.stat().st_ino != inode:
                        break  # the folder was replaced: watch the new one
            except (OSError, RuntimeError) as error:
                log.debug("no events from %s: %s", root, error)
                stop.wait(5)
            changed.set()

    def _remember(self, *paths: Path) -> bool:
        changed = False
        for path in paths:
            try:
                mtime = path.stat().st_mtime_ns
            except OSError:
                mtime = -1
            changed |= self._config.get(path) != mtime
            self._config[path] = mtime
        return changed

    def _reload(self, ended: Callable[[], bool]) -> None:
        """Takes up edited lists; a broken edit is refused with its reason while the old list goes on."""
        settings = self.settings
        try:
            if self._remember(settings.feeds):
                self.pipeline.sync_feeds(opml.read(settings.feeds))
            if self._remember(settings.figures, settings.topics):
                self.pipeline.analyser = _analyser(settings)
                self._outdated = True
                log.info("the watch-list has changed")
        except ConfigFileError as error:
            log.error("%s. The old list goes on.", error)
        if self._outdated:
            if done := self.pipeline.rescore(stop=ended):
                log.info("scored %d articles again with the new watch-list", done)
            self._outdated = ended()


def _analyser(settings: Settings) -> Analyser:
    return Analyser(Watchlist.load(settings.figures, settings.topics))


def _pace(settings: Settings) -> Rhythm:
    # A rhythm that somebody has set is kept; the default one is only where each feed begins.
    return Rhythm(timedelta(seconds=settings.poll_seconds), fixed="poll_seconds" in settings.model_fields_set)


def end_with_parent(stop: threading.Event) -> None:
    """Sets `stop` when standard input closes: the parent holds its other end, however it dies."""

    def listen() -> None:
        while os.read(0, 1024):
            pass
        stop.set()

    threading.Thread(target=listen, daemon=True, name="parent").start()
