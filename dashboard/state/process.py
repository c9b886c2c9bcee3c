"""What all viewers of one process share: settings, the record, its follower."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from dashboard.model.follower import Follower, in_words
from dashboard.model.kept import Kept
from ingest import settings
from ingest.errors import IngestError
from ingest.run import lock
from ingest.settings import Settings
from ingest.store import record
from ingest.store.upkeep import damage

log = logging.getLogger(__name__)

#: Seconds between tries after a fault at the start (no disk, a damaged file).
_RETRY_SECONDS = 5
#: Seconds after the start for which a page waits for the record before it shows how far the loading is.
_PATIENCE_SECONDS = 2.0
#: Seconds spent looking for damage before the record is shown: enough for all of a small one; the worker looks longer.
_QUICK_CHECK_SECONDS = 0.5

#: Seconds for writing the snapshot at the end: of a million articles it takes .2.
_FINISH_SECONDS = 10

#: Runs of the script at the same time. More of them compete for Python's lock and all end late: 50 viewers who click
#: every ten seconds waited 9 s (p95) without this limit, and 2 to 3 s with it.
_RUN_SLOTS = threading.BoundedSemaphore(3)
#: A run that has waited for so many seconds starts without a slot: somebody else's slow search must not hold it up.
_SLOT_SECONDS = 5.0

Value = TypeVar("Value", str, int)


@dataclass
class Shared:
    """The state of one dashboard process: loading, failed, or ready."""

    settings: Settings | None = None
    follower: Follower | None = None
    fault: str | None = None  #: why the record can't be used, in words
    begun: float = 0.0  #: `time.monotonic()` of the first start; 0 before
    loaded: tuple[int, int] = (0, 0)  #: articles in, of how many
    ready: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def ensure_running(self) -> None:
        """Starts the thread that loads and follows the record unless it runs; logs it if the last one died."""
        if (self._thread and self._thread.is_alive()) or self.stop.is_set():
            return
        with self._starting:
            if self._thread and self._thread.is_alive():
                return
            self.begun = self.begun or time.monotonic()
            if self._thread:
                log.error("the thread that follows the record died; starting another one")
                if self.follower:
                    self.follower.fault = "The thread that follows it died and was started again."
            self._thread = threading.Thread(target=self._run, daemon=True, name="read-model")
            self._thread.start()

    def _run(self) -> None:
        with suppress(KeyboardInterrupt):  # Ctrl-C ends Polars' queries in whatever thread; the process ends anyway
            if self.follower and self.ready.is_set():
                self.follower.follow(self.stop)
            else:
                self.start()

    def start(self) -> None:
        """Opens the record and follows it, again and again until it works. Runs in a thread of its own."""
        while not self.stop.is_set():
            try:
                self.settings = settings.load()
                self.settings.prepare()
                engine = record.open_engine(self.settings.database)
                self.follower = Follower(engine, Kept(engine, self.settings.data_dir))
                damage.quick_check(engine, _QUICK_CHECK_SECONDS)
                self.follower.catch_up(self._progress)
            except IngestError as error:
                self.fault = str(error)
            except Exception as error:  # the page must say it, whatever it is
                self.fault = in_words(error)
            else:
                self.fault = None
                self.ready.set()
                self.follower.follow(self.stop)
                return
            if self.follower:
                self.follower.engine.dispose()  # the next try opens its own
            self.stop.wait(_RETRY_SECONDS)

    def finish(self) -> None:
        """Ends the thread, which keeps the snapshot for the next start; waits for it some seconds."""
        self.stop.set()
        if self._thread:
            self._thread.join(_FINISH_SECONDS)

    def _progress(self, done: int, total: int) -> None:
        self.loaded = (done, total)


#: Made with this module, once a process. `st.cache_resource` would not do: any viewer can empty it with a message
#: (clear_cache), and each emptying would leave a model, its thread and its connections behind.
_state = Shared()


def shared() -> Shared:
    """The one state of this process. The first call starts the loading; every call restarts a thread that died."""
    _state.ensure_running()
    # A small record is loaded within this time; for a large one the page shows the progress.
    _state.ready.wait(max(0.0, _state.begun + _PATIENCE_SECONDS - time.monotonic()))
    return _state


def started() -> Shared | None:
    """The state of this process, or None while nobody has asked for it; starts nothing."""
    return _state if _state.begun else None


@contextmanager
def run_slot() -> Iterator[None]:
    """Waits for one of the few slots for runs of the script; goes on without one after `_SLOT_SECONDS`."""
    mine = _RUN_SLOTS.acquire(timeout=_SLOT_SECONDS)
    try:
        yield
    finally:
        if mine:
            _RUN_SLOTS.release()


def worker_alive(active: Settings) -> bool:
    """Whether an ingest worker is running; looked up once in ten seconds for all viewers."""
    return _worker_alive(active, int(time.monotonic()) // 10)


@lru_cache(maxsize=2)
def _worker_alive(active: Settings, slot: int) -> bool:
    return lock.alive(active)
