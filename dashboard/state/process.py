"""What all viewers of one process share: settings, the record, the read model and its follower."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import streamlit as st

from dashboard.model import readmodel
from dashboard.model.readmodel import ReadModel
from ingest import settings
from ingest.errors import IngestError
from ingest.run import lock
from ingest.settings import Settings
from ingest.store import record
from ingest.store.upkeep import damage

log = logging.getLogger(__name__)

#: After a fault at the start (no disk, a damaged file) the next try comes after so many seconds.
_RETRY_SECONDS = 5
#: A small record is looked at wholly before it is shown; the worker looks longer.
_GLANCE_SECONDS = 0.5

#: Runs of the script at once. More of them hand Python's lock to and fro, and all end late: 50 viewers who click every
#: ten seconds waited 9 s (p95) without this, and 2 to 3 s with it.
_TURNS = threading.BoundedSemaphore(3)
#: Seconds after which a slow search of somebody else holds nobody up.
_PATIENCE = 5.0

Value = TypeVar("Value", str, int)


@dataclass
class Shared:
    """The state of one dashboard process: loading, failed, or ready."""

    settings: Settings | None = None
    model: ReadModel | None = None
    fault: str | None = None  #: why the record can't be used, in words
    loaded: tuple[int, int] = (0, 0)  #: articles in, of how many
    ready: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def keep(self) -> None:
        """Sees to it that the thread runs that loads and follows; one that died is said to have, and replaced."""
        if (self._thread and self._thread.is_alive()) or self.stop.is_set():
            return
        with self._starting:
            if self._thread and self._thread.is_alive():
                return
            if self._thread:
                log.error("the thread that follows the record died; starting another one")
                if self.model and self.ready.is_set():
                    self.model.mark_doubtful("The thread that follows it died and was started again.")
            self._thread = threading.Thread(target=self._run, daemon=True, name="read-model")
            self._thread.start()

    def _run(self) -> None:
        if self.model and self.ready.is_set():
            self.model.follow(self.stop)
        else:
            self.start()

    def start(self) -> None:
        """Opens the record and follows it, again and again until it works. Runs in a thread of its own."""
        while not self.stop.is_set():
            try:
                self.settings = settings.load()
                self.settings.prepare()
                engine = record.open_engine(self.settings.database)
                self.model = ReadModel(engine)
                damage.glance(engine, _GLANCE_SECONDS)
                self.model.catch_up(self._progress)
            except IngestError as error:
                self.fault = str(error)
            except Exception as error:  # the page must say it, whatever it is
                self.fault = readmodel.in_words(error)
            else:
                self.fault = None
                self.ready.set()
                self.model.follow(self.stop)
                return
            if self.model:
                self.model.engine.dispose()  # the next try opens its own
            self.stop.wait(_RETRY_SECONDS)

    def _progress(self, done: int, total: int) -> None:
        self.loaded = (done, total)


def shared() -> Shared:
    """The one state of this process. Its first caller starts the loading; whoever asks starts a dead thread anew."""
    state = _shared()
    state.keep()
    return state


#: The newest state is the one in use.
_begun: list[Shared] = []


def begun() -> Shared | None:
    """The state of this process for those who only look: they start nothing."""
    return _begun[-1] if _begun else None


@st.cache_resource(show_spinner=False)
def _shared() -> Shared:
    state = Shared()
    _begun.append(state)
    state.keep()
    # A small record is there before anybody notices; a large one is reported on by the page.
    state.ready.wait(2)
    return state


@contextmanager
def turn() -> Iterator[None]:
    """Lets a few runs of the script go on at once; who has waited for `_PATIENCE` goes on all the same."""
    mine = _TURNS.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        if mine:
            _TURNS.release()


def worker_alive(active: Settings) -> bool:
    """Whether an ingest follows the sources; looked up once in ten seconds for all viewers."""
    return _worker_alive(active, int(time.monotonic()) // 10)


@lru_cache(maxsize=2)
def _worker_alive(active: Settings, slot: int) -> bool:
    return lock.alive(active)
