"""What all viewers of one process share: settings, the record, the read model and its follower, the lists."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TypeVar

import streamlit as st

from dashboard import holdings, readmodel
from dashboard.readmodel import ReadModel
from ingest import settings, watch
from ingest.errors import IngestError
from ingest.models import DEMO_GROUP
from ingest.settings import Settings
from ingest.store import damage, reader, record, sources
from ingest.store.reader import Watched
from ingest.store.sources import SourceRow

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
                    self.model.doubt("The thread that follows it died and was started again.")
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


@dataclass(frozen=True)
class Lists:
    """What can be chosen, as of a revision: every label is unique, because links carry labels."""

    watched: Watched
    sources: tuple[SourceRow, ...]
    figures: dict[str, str]  #: label -> id
    topics: dict[str, str]
    source_ids: dict[str, int]
    languages: tuple[str, ...]

    @cached_property
    def figure_names(self) -> dict[str, str]:
        return {id_: label for label, id_ in self.figures.items()}

    @cached_property
    def topic_names(self) -> dict[str, str]:
        return {id_: label for label, id_ in self.topics.items()}

    @cached_property
    def source_names(self) -> dict[int, str]:
        return {id_: label for label, id_ in self.source_ids.items()}

    def automatic_sources(self) -> tuple[int, ...]:
        """All sources but the demo; the demo alone while nothing else has articles."""
        demo = [row for row in self.sources if row.group == DEMO_GROUP]
        real = [row for row in self.sources if row.group != DEMO_GROUP]
        chosen = real if any(row.articles for row in real) or not demo else demo
        return tuple(row.id for row in chosen if row.articles or (row.listed and row.kind == "feed"))

    def only_demo(self, sources: Iterable[int]) -> bool:
        """Whether all of these sources with articles belong to the demo."""
        chosen = set(sources)
        groups = {row.group for row in self.sources if row.id in chosen and row.articles}
        return groups == {DEMO_GROUP}


def lists(model: ReadModel, as_of: int | None = None, at: datetime | None = None) -> Lists:
    """The lists as of a revision, the sources in the state of now or of `at`.

    Read from the record once for all viewers, and again when it has changed.
    """
    # Failures and names of sources change without a revision: a few seconds' age is fresh enough for them.
    slot = int(model.checked.timestamp()) // 5 if model.checked else 0
    return _lists(model, model.revision if as_of is None else as_of, slot, at)


@lru_cache(maxsize=8)  # one or two hundred kilobytes each
def _lists(model: ReadModel, revision: int, slot: int, at: datetime | None) -> Lists:
    held = holdings.held(model, revision)  # before a connection is taken: it may wait for its turn
    with model.engine.connect() as connection:
        watched = reader.watchlist(connection, revision)
        rows = tuple(sources.listing(connection, held, at=at))
    shown = [row for row in rows if row.articles or (row.listed and row.kind == "feed")]
    # The oldest first: a namesake that comes later must not take over a label that links carry.
    aged = sorted(shown, key=lambda row: row.id)
    labels = {id_: label for label, id_ in _unique((row.name, row.key, row.id) for row in aged).items()}
    return Lists(
        watched=watched,
        sources=rows,
        figures=_unique((entry["name"], entry["id"], entry["id"]) for entry in watched.figures),
        topics=_unique((entry["name"], entry["id"], entry["id"]) for entry in watched.topics),
        source_ids={labels[row.id]: row.id for row in shown},
        languages=tuple(holdings.languages(model, revision)),
    )


def _unique(entries: Iterable[tuple[str, str, Value]]) -> dict[str, Value]:
    """Labels for values; a name that two of them have is told apart by its key."""
    found: dict[str, Value] = {}
    for name, key, value in entries:
        label = name
        while label in found:
            label = f"{label} ({key})"
        found[label] = value
    return found


def worker_alive(active: Settings) -> bool:
    """Whether an ingest follows the sources; looked up once in ten seconds for all viewers."""
    return _worker_alive(active, int(time.monotonic()) // 10)


@lru_cache(maxsize=2)
def _worker_alive(active: Settings, slot: int) -> bool:
    return watch.alive(active)
