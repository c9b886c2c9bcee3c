"""The user's own lists: the watch-list and the list of feeds, taken up as they are edited."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from ingest.analyser import Method
from ingest.errors import ConfigFileError
from ingest.run.pipeline import Pipeline
from ingest.settings import Settings
from ingest.sources import opml
from ingest.store.plan import complaints

log = logging.getLogger(__name__)

#: A re-score holds up the folder and the feeds for no longer at a time.
_RESCORE_SECONDS = 0.8


class UserLists:
    """The lists as last read. A broken edit is refused with its reason, and the old list goes on."""

    def __init__(self, settings: Settings, pipeline: Pipeline) -> None:
        self._settings = settings
        self._pipeline = pipeline
        self._read: dict[Path, int] = {}  # file -> its mtime when last read
        self.outdated = True  #: whether some analyses may have been made with another watch-list
        self._changed(settings.figures, settings.topics, settings.feeds)
        self.fault = self._take(complaints.FEEDS, self._take_feeds)  #: what was wrong with the list of feeds at first

    def forget(self) -> None:
        """Reads every list again: what was edited may have been read and not stored."""
        self._read.clear()

    def reload(self, ended: Callable[[], bool]) -> None:
        """Takes up what has been edited, and goes on with the re-score that this makes necessary."""
        settings = self._settings
        for what, paths, take in (
            (complaints.FEEDS, (settings.feeds,), self._take_feeds),
            (complaints.WATCHLIST, (settings.figures, settings.topics), self._take_watchlist),
        ):
            if self._changed(*paths):
                self._take(what, take)
        if self.outdated:
            self._rescore(ended)

    def _changed(self, *paths: Path) -> bool:
        """Whether one of the files has changed since the last time."""
        changed = False
        for path in paths:
            try:
                mtime = path.stat().st_mtime_ns
            except OSError:
                mtime = -1
            changed |= self._read.get(path) != mtime
            self._read[path] = mtime
        return changed

    def _rescore(self, ended: Callable[[], bool]) -> None:
        """Looks again at stored articles for a moment, and goes on there the next time: news does not wait."""
        until = time.monotonic() + _RESCORE_SECONDS
        interrupted: list[bool] = []

        def stop() -> bool:
            if ended() or time.monotonic() >= until:
                interrupted.append(True)
            return bool(interrupted)

        done = self._pipeline.rescore(stop=stop)
        self.outdated = bool(interrupted)
        if done and not interrupted:
            log.info("every stored article has been looked at with the new watch-list")

    def _take_feeds(self) -> None:
        self._pipeline.sync_feeds(opml.read(self._settings.feeds))

    def _take_watchlist(self) -> None:
        self._pipeline.analyser = Method.by(self._settings).analyser()
        self.outdated = True
        log.info("the watch-list has changed")

    def _take(self, what: str, take: Callable[[], None]) -> str | None:
        """Takes up a list. What is wrong with it is noted where people see it, and answered; the old list goes on."""
        fault = None
        try:
            take()
        except ConfigFileError as error:
            fault = str(error)
        complaints.tell(self._pipeline.engine, what, fault)
        if fault:
            log.error("%s. The old list goes on.", fault.removesuffix("."))
        return fault
