"""Who analyses many articles: this process, a pool of processes, or the machines of a Dask cluster."""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from ingest.analyser import Analyser, Method
from ingest.errors import ClusterError, IngestError, ParseError, bug
from ingest.models import Article, Entry
from ingest.sources import folder, sandbox
from ingest.sources.folder import SeedFile
from ingest.store.write.identity import fingerprint
from ingest.store.write.versions import prepared
from ingest.text import language

log = logging.getLogger(__name__)

#: An article with its analysis, or a sentence for people that says why there is none.
Result = Article | str


class Batch(Protocol):
    """Something that holds entries to be analysed together."""

    @property
    def entries(self) -> Sequence[Entry]: ...


B = TypeVar("B", bound=Batch)

#: Whoever waits for a worker looks so often whether somebody wants it to end.
_LOOK_SECONDS = 0.2


#: A longer text is analysed in a process that can be killed: of some texts a megabyte takes ten seconds. Only few
#: articles are as long.
_LONG = 50_000
#: The longest book about one person names him less often.
_MOST_MENTIONS = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading a seed file; neither article nor fault: its words are those that the record holds."""

    entry: Entry
    article: Article | None = None
    fault: str | None = None


def article(analyser: Analyser, entry: Entry, now: datetime) -> Article:
    """The entry analysed. Raises ParseError where that has to be stopped, and whatever a bug of it raises."""
    if len(entry.body) <= _LONG:
        return analyser.article(entry, now)
    return sandbox.run("article", work_on, pickle.dumps(analyser), entry, now, prepare=prepare)


def scored(analyser: Analyser, entries: Sequence[Entry], now: datetime) -> list[Result]:
    """Each entry analysed, ready to be stored; one that breaks the analysis is no other's fault."""
    found: list[Result] = []
    for entry in entries:
        try:
            article = analyser.article(entry, now)
            found.append(article if entry.stored else prepared(article))
        except Exception as error:
            log.exception("the analysis of %s failed", entry.source)
            found.append(bug("the analysis", error))
    return found


class Here:
    """Analyses in this process, one batch after the other."""

    def __init__(self, analyser: Analyser, clock: Callable[[], datetime]) -> None:
        self._analyser = analyser
        self.scorer = analyser.scorer
        self._clock = clock

    def analysed(self, batches: Iterable[B]) -> Iterator[tuple[B, list[Result]]]:
        """Each batch with its results, in order."""
        for batch in batches:
            yield batch, scored(self._analyser, batch.entries, self._clock())


class Crowd:
    """Analyses in other processes; few batches are under way at a time, and they come back in their order."""

    def __init__(
        self, make: Callable[[], Executor], method: Method, clock: Callable[[], datetime], *, workers: int
    ) -> None:
        self._make = make
        # Made here once: what can't be used is said here, and not by every worker.
        self.scorer = method.analyser().scorer
        self._method = pickle.dumps(method)
        self._clock = clock
        self._most = 2 * workers + 2
        self._executor: Executor | None = None
        self._quarantine: Executor | None = None
        #: Set by Ctrl-C. An exception from the signal itself would be lost where it meets somebody's callback.
        self.stop = threading.Event()

    def analysed(self, batches: Iterable[B]) -> Iterator[tuple[B, list[Result]]]:
        """Each batch with its results, in order. An entry over which workers die gets a sentence instead."""
        under_way: deque[tuple[B, Future[list[Result]] | None]] = deque()
        for batch in batches:
            self._go_on()
            under_way.append((batch, self._submit(batch.entries) if batch.entries else None))
            while len(under_way) > self._most or (under_way and _ready(under_way[0][1])):
                yield self._first(under_way)
        while under_way:
            yield self._first(under_way)

    def close(self) -> None:
        """Lets the workers go, whatever they are doing."""
        for executor in (self._executor, self._quarantine):
            if executor:
                executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._quarantine = None

    def _first(self, under_way: deque[tuple[B, Future[list[Result]] | None]]) -> tuple[B, list[Result]]:
        batch, future = under_way.popleft()
        if future is None:
            return batch, []
        try:
            return batch, self._result(future)
        except _deaths() as error:
            log.warning("a worker died (%s): its articles are analysed again", type(error).__name__)
            return batch, self._alone(batch.entries)

    def _submit(self, entries: Sequence[Entry]) -> Future[list[Result]]:
        for _ in range(3):
            if self._executor is None:
                self._executor = self._make()
            try:
                return _sent(self._executor, self._method, entries, self._clock())
            except BrokenExecutor:
                self._executor = None
        raise ClusterError("The workers die as soon as they are started. Look whether memory is free.")

    def _alone(self, entries: Sequence[Entry]) -> list[Result]:
        """In workers that do nothing else, and in halves, until it is known which entry it was."""
        self._quarantine = self._quarantine or self._make()
        try:
            return self._result(_sent(self._quarantine, self._method, entries, self._clock()))
        except _deaths():
            self._quarantine.shutdown(wait=False, cancel_futures=True)
            self._quarantine = None
        if len(entries) == 1:
            self._look_for_life()
            log.error("the analysis of %s killed its worker", entries[0].source)
            return ["its analysis killed the worker: out of memory?"]
        half = len(entries) // 2
        return self._alone(entries[:half]) + self._alone(entries[half:])

    def _look_for_life(self) -> None:
        """Raises ClusterError when workers die over nothing: that is no article's fault."""
        self._quarantine = self._quarantine or self._make()
        try:
            self._result(_sent(self._quarantine, self._method, (), self._clock()))
        except _deaths():
            raise ClusterError(
                "The workers die as soon as they are started. Look whether memory is free, and try --workers 1."
            ) from None

    def _result(self, future: Future[list[Result]]) -> list[Result]:
        while not future.done():
            self._go_on()
            wait([future], timeout=_LOOK_SECONDS)
        return future.result()

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt


Analysts = Here | Crowd


@contextmanager
def pool(method: Method, clock: Callable[[], datetime], workers: int) -> Iterator[Crowd]:
    """So many processes of this machine."""
    context = multiprocessing.get_context("spawn")
    # Workers wait for its end, which comes when we close it and also when we are killed.
    theirs, ours = context.Pipe(duplex=False)

    def make() -> Executor:
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_settle, initargs=(theirs,))

    crowd = Crowd(make, method, clock, workers=workers)
    try:
        yield crowd
    finally:
        ours.close()  # nobody waits for an article that takes a minute
        crowd.close()
        theirs.close()


@contextmanager
def cluster(method: Method, clock: Callable[[], datetime], address: str) -> Iterator[Crowd]:
    """The workers of a Dask cluster. Raises ClusterError when it does not answer or Dask is not installed."""
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("Dask is not installed. Install it with: pip install distributed") from None
    try:
        client: Any = Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(f"No Dask scheduler answers at {address} ({error}). Start one: dask scheduler") from error
    try:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClusterError(f"The Dask scheduler at {address} has no workers. Start some: dask worker {address}")
        yield Crowd(lambda: client.get_executor(pure=False), method, clock, workers=threads)
    except CancelledError:
        raise ClusterError(f"The Dask scheduler at {address} no longer answers. Start it and this again.") from None
    finally:
        client.close(timeout=2)


def _ready(future: Future[list[Result]] | None) -> bool:
    return future is None or future.done()


def _deaths() -> tuple[type[BaseException], ...]:
    """What a dead worker is called."""
    try:
        from distributed import KilledWorker
    except ImportError:
        return (BrokenExecutor,)
    return (BrokenExecutor, KilledWorker)


def _sent(executor: Executor, method: bytes, entries: Sequence[Entry], now: datetime) -> Future[list[Result]]:
    # A worker that is started here inherits the block: Ctrl-C is for us alone, and we hear of it right after.
    mask: Any = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
    try:
        return executor.submit(work, method, entries, now)
    finally:
        if mask:
            mask(signal.SIG_SETMASK, before)


# -- in a worker ------------------------------------------------------------------------------------------------------


def work(method: bytes, entries: Sequence[Entry], now: datetime) -> list[Result]:
    """What a worker does: a batch of entries, analysed with the method that comes with them."""
    return scored(_analyser(method), entries, now)


@lru_cache(maxsize=2)
def _analyser(method: bytes) -> Analyser:
    made: Method | Analyser = pickle.loads(method)
    return made.analyser() if isinstance(made, Method) else made


def prepare() -> None:
    """Loads what takes a second, before anybody waits for it."""
    language.detect("Whoever reads this sentence will know in which language it is written.")


def work_on(analyser: bytes, entry: Entry, now: datetime) -> Article:
    """An entry analysed, ready to be stored. Raises ParseError where it is no article."""
    found = prepared(_analyser(analyser).article(entry, now))
    if len(found.analysis.mentions) > _MOST_MENTIONS:
        raise ParseError(f"The text names figures {len(found.analysis.mentions)} times: that is no article. Split it.")
    return found


def seed_file(file: SeedFile, analyser: bytes, known: str | None, now: datetime) -> Read:
    """The article in a file, analysed if its fingerprint is not the one that is `known`. Raises IngestError."""
    entry = folder.read(file, now=now)
    if fingerprint(entry) == known:
        return Read(entry)
    try:
        return Read(entry, work_on(analyser, entry, now))
    except (IngestError, MemoryError):
        raise
    except Exception as error:  # a text that breaks the analysis is a bug, but never everybody's
        return Read(entry, fault=bug("the analysis", error))


def _settle(line: Any) -> None:
    """Ends this worker when the line to its parent ends, whatever it is doing then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(5)  # an archive can wait: the loop that follows the feeds goes first
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()


def _end_with(line: Any) -> None:
    multiprocessing.connection.wait([line])
    os._exit(0)
