"""The dashboard's queries on the bench's record: alone, and with eight readers and a writer.

Every call is of another view (sources, period, figures), so that no answer is one that was kept; `again` is the same
view asked a second time.
"""

from __future__ import annotations

import gc
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Any

import psutil

from dashboard.model.follower import Follower
from dashboard.numbers import kpi, queries
from dashboard.state import choices
from dashboard.state.choices import Choices
from dashboard.view import View
from ingest.store import record
from ingest.store.read.filters import Filters
from tests.bench import load
from tests.bench.corpus import Corpus
from tests.bench.vocabulary import COMMON, PHRASE, RARE

READERS = 8
#: Calls of each query, alone.
CALLS = 40
#: Seconds of the run with readers and a writer.
TOGETHER = 30.0
#: Seconds between two commits of the writer, and articles in each.
EVERY = 2.0
BATCH = 200

Query = Callable[[View], object]


@dataclass(frozen=True)
class Latency:
    """How long calls took, in milliseconds."""

    p50: float
    p95: float
    calls: int


def latency(seconds: list[float]) -> Latency:
    """Median and 95th percentile."""
    ordered = sorted(seconds)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000 for part in (0.5, 0.95)]
    return Latency(round(at[0], 2), round(at[1], 2), len(ordered))


class Views:
    """Views as analysts make them, no two alike."""

    def __init__(self, corpus: Corpus, lists: Choices, seed: int) -> None:
        self._luck = random.Random(seed)
        self._corpus = corpus
        self._sources = tuple(lists.automatic_sources())
        self.figures = [figure.id for figure in corpus.figures]
        self._case = itertools.count(seed * 1_000)

    def make(self, *, days: int | None = None, lines: int = 5, search: str = "", figures: bool = False) -> View:
        """A view of all sources or most of them; about `days` days, or most of the three years."""
        luck, until = self._luck, self._corpus.until - timedelta(days=self._luck.randrange(1, 60))
        sources = tuple(sorted(luck.sample(self._sources, len(self._sources) - luck.randrange(0, 6))))
        since = until - timedelta(days=(days or luck.randrange(330, 1_000)) - luck.randrange(0, 6))
        # The figures of the chart: the most named one among them, as it is in practice.
        chosen = (self.figures[0], *luck.sample(self.figures[1:30], lines - 1))
        return View(
            filters=Filters(
                sources=sources,
                since=max(since, self._corpus.since),
                until=until,
                search=search,
                figures=chosen if figures else (),
            ),
            bin="week",
            measure="share",
            today=self._corpus.until,
            lines=chosen,
        )

    def cased(self, words: str) -> str:
        """The same search in other letters: found alike, kept apart."""
        bits = next(self._case)
        return "".join(letter.upper() if bits >> at & 1 else letter for at, letter in enumerate(words))


def asked(follower: Follower, lists: Choices) -> dict[str, tuple[Callable[[Views], View], Query]]:
    """The measured queries: how their views are made, and what is asked."""
    names, sources = lists.figure_names, lists.source_names
    now = datetime.now(UTC)

    def attention(view: View) -> object:
        return queries.attention(follower.snapshot, view, names)

    def key_figures(view: View) -> object:
        return kpi.of(follower.snapshot, view, now=now), kpi.of(follower.snapshot, view, now=now, before=True)

    return {
        "attention, week × 5 figures": (lambda views: views.make(), attention),
        "tone with intervals, 8 figures": (
            lambda views: views.make(lines=8),
            lambda v: queries.tone(follower.snapshot, v, names),
        ),
        "mix of one figure": (lambda views: views.make(), lambda v: queries.mix(follower.snapshot, v, v.lines[0])),
        "share of voice": (lambda views: views.make(lines=8), lambda v: queries.voice(follower.snapshot, v, names)),
        "companions, 90 days": (
            lambda views: views.make(days=90),
            lambda v: queries.companions(follower.snapshot, v, v.lines[0], names),
        ),
        "by source": (
            lambda views: views.make(),
            lambda v: queries.by_source(follower.snapshot, v, v.lines[0], sources),
        ),
        "newest headlines": (lambda views: views.make(figures=True), lambda v: newest(follower, v)),
        "key figures, with the period before": (lambda views: views.make(days=365), key_figures),
        "search → trend, rare word": (lambda views: views.make(search=views.cased(RARE)), attention),
        "search → trend, word in 15 %": (lambda views: views.make(search=views.cased(COMMON)), attention),
        "search → trend, phrase in 2 %": (lambda views: views.make(search=f'"{views.cased(PHRASE)}"'), attention),
    }


def newest(follower: Follower, view: View) -> object:
    """What the first page lists: the newest articles of the view, with their words."""
    from ingest.store.read import articles

    with follower.engine.connect() as connection:
        return articles.headlines(connection, view.filters, limit=8)


def measure(url: str, corpus: Corpus) -> dict[str, Any]:
    """Loads the read model and asks everything; run it in a process of its own, for the sake of the memory."""
    found: dict[str, Any] = {}
    engine = record.open_engine(url)
    gc.collect()
    before = psutil.Process().memory_info().rss
    start = time.perf_counter()
    follower = Follower(engine)
    follower.catch_up()
    found["load_seconds"] = round(time.perf_counter() - start, 2)
    gc.collect()
    found["load_bytes"] = psutil.Process().memory_info().rss - before
    lists = choices.of(follower.snapshot)
    found["alone"], found["again"] = alone(follower, corpus, lists)
    found["visible_ms"] = visible(follower, url, corpus)
    found["together"] = together(follower, url, corpus, lists)
    found["bytes"] = psutil.Process().memory_info().rss - before
    return found


def alone(follower: Follower, corpus: Corpus, lists: Choices) -> tuple[dict[str, Latency], dict[str, Latency]]:
    """Each query by itself, for new views and for the same view again."""
    first: dict[str, Latency] = {}
    again: dict[str, Latency] = {}
    for number, (name, (made, ask)) in enumerate(asked(follower, lists).items()):
        views = Views(corpus, lists, number)
        ask(made(views))  # what is compiled and opened at the first call
        new: list[float] = []
        same: list[float] = []
        for _ in range(CALLS):
            view = made(views)
            new.append(_timed(ask, view))
            same.append(_timed(ask, view))
        first[name], again[name] = latency(new), latency(same)
    return first, again


def visible(follower: Follower, url: str, corpus: Corpus, times: int = 8) -> Latency:
    """From the end of a commit of 200 articles to the read model that has them, with the follower of the dashboard."""
    stop = threading.Event()
    following = threading.Thread(target=follower.follow, args=(stop,), daemon=True)
    following.start()
    engine = record.open_engine(url)
    waited = []
    for _ in range(times):
        load.commit(engine, corpus, load.later(corpus, BATCH), now=datetime.now(UTC))
        start = time.perf_counter()
        with engine.connect() as connection:
            newest = record.current_revision(connection)
        while follower.revision < newest:
            time.sleep(0.002)
        waited.append(time.perf_counter() - start)
    stop.set()
    following.join()
    engine.dispose()
    return latency(waited)


def together(follower: Follower, url: str, corpus: Corpus, lists: Choices) -> dict[str, Any]:
    """Eight readers ask without a pause while a process writes and the follower follows."""
    stop = threading.Event()
    taken: dict[str, list[float]] = {name: [] for name in asked(follower, lists)}
    errors: list[str] = []

    def read(number: int) -> None:
        views, all_ = Views(corpus, lists, 100 + number), asked(follower, lists)
        luck = random.Random(number)
        while not stop.is_set():
            name = luck.choice(list(all_))
            made, ask = all_[name]
            try:
                taken[name].append(_timed(ask, made(views)))
            except Exception as error:
                errors.append(f"{name}: {type(error).__name__}: {error}")

    context = get_context("spawn")
    ends, ready = context.Event(), context.Event()
    writer = context.Process(target=write, args=(url, corpus, ready, ends))
    writer.start()
    ready.wait(60)
    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    threads.append(threading.Thread(target=follower.follow, args=(stop,)))
    before = follower.revision
    for thread in threads:
        thread.start()
    time.sleep(TOGETHER)
    stop.set()
    for thread in threads:
        thread.join()
    ends.set()
    writer.join()
    return {
        "latency": {name: latency(seconds) for name, seconds in taken.items() if seconds},
        "queries_a_second": round(sum(map(len, taken.values())) / TOGETHER, 1),
        "commits": follower.revision - before,
        "errors": errors[:5],
    }


def write(url: str, corpus: Corpus, ready: Event, ends: Event) -> None:
    """Commits 200 articles every two seconds until it is told to end."""
    engine = record.open_engine(url)
    pieces: Iterator[list[Any]] = iter(lambda: load.later(corpus, BATCH), None)
    waiting = next(pieces)
    ready.set()
    while not ends.wait(EVERY):
        load.commit(engine, corpus, waiting, now=datetime.now(UTC))
        waiting = next(pieces)


def _timed(ask: Query, view: View) -> float:
    start = time.perf_counter()
    ask(view)
    return time.perf_counter() - start


def today() -> date:
    """The day on which a corpus of today ends."""
    return datetime.now(UTC).date()
