"""The user's own lists: the watch-list and the list of feeds, read again as they are edited."""

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

#: A re-score delays the folder and the feeds for this long at most.
_RESCORE_SECONDS = 0.8


class UserLists:
    """The lists as last read. A broken edit is refused with its reason, and the old list goes on."""

    def __init__(self, settings: Settings, pipeline: Pipeline) -> None:
        self._settings = settings
        self._pipeline = pipeline
        self._read: dict[Path, int] = {}  # file -> its mtime when last read
        self.outdated = True  #: whether some analyses may have been made with another watch-list
        self._changed(settings.figures, settings.topics, settings.feeds)
        self.fault = self._load(complaints.FEEDS, self._load_feeds)  #: what was wrong with the list of feeds at first

    def forget(self) -> None:
        """Reads every list again: what was edited may have been read and not stored."""
        self._read.clear()

    def reload(self, ended: Callable[[], bool]) -> None:
        """Reads lists that have been edited, and continues the re-score that this makes necessary."""
        if self._changed(self._settings.feeds):
            self._load(complaints.FEEDS, self._load_feeds)
        if self._changed(self._settings.figures, self._settings.topics):
            self._load(complaints.WATCHLIST, self._load_watchlist)
        if self.outdated:
            self._rescore(ended)

    def _changed(self, *paths: Path) -> bool:
        """Whether one of the files has changed since the last time."""
        before = {path: self._read.get(path) for path in paths}
        for path in paths:
            try:
                self._read[path] = path.stat().st_mtime_ns
            except OSError:
                self._read[path] = -1
        return any(self._read[path] != before[path] for path in paths)

    def _rescore(self, ended: Callable[[], bool]) -> None:
        """Re-scores stored articles for a moment, and continues the next time, so that news does not wait."""
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

    def _load_feeds(self) -> None:
        self._pipeline.sync_feeds(opml.read(self._settings.feeds))

    def _load_watchlist(self) -> None:
        self._pipeline.analyser = Method.by(self._settings).analyser()
        self.outdated = True
        log.info("the watch-list has changed")

    def _load(self, what: str, load: Callable[[], None]) -> str | None:
        """Reads a list; what is wrong with it is recorded and returned, and then the old list stays in use."""
        fault = None
        try:
            load()
        except ConfigFileError as error:
            fault = str(error)
        complaints.tell(self._pipeline.engine, what, fault)
        if fault:
            log.error("%s. The old list goes on.", fault.removesuffix("."))
        return fault
