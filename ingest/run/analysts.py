"""Analyses many articles: in this process, in a pool of processes, or on a Dask cluster."""

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

#: An article with its analysis, or a sentence for people that says why it has none.
Result = Article | str


class Batch(Protocol):
    """Something that holds entries to be analysed together."""

    @property
    def entries(self) -> Sequence[Entry]: ...


B = TypeVar("B", bound=Batch)

#: While waiting for a worker: seconds between two looks whether the run is to stop.
_LOOK_SECONDS = 0.2
#: A text of more characters, as few articles are, is analysed in the sandbox: some texts take ten seconds a megabyte.
_LONG = 50_000
#: The longest book about one person names that person less often.
_MOST_MENTIONS = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading a seed file. Neither article nor fault: the record has these words already."""

    entry: Entry
    article: Article | None = None
    fault: str | None = None


def article(analyser: Analyser, entry: Entry, now: datetime) -> Article:
    """The entry analysed. Raises ParseError when that had to be stopped, and whatever a bug in it raises."""
    if len(entry.body) <= _LONG:
        return analyser.article(entry, now)
    return sandbox.run("article", work_on, pickle.dumps(analyser), entry, now, prepare=prepare)


def scored(analyser: Analyser, entries: Sequence[Entry], now: datetime) -> list[Result]:
    """Each entry analysed, ready to be stored; an entry that breaks the analysis does not stop the others."""
    found: list[Result] = []
    for entry in entries:
        try:
            article = analyser.article(entry, now)
            found.append(article if entry.stored else prepared(article))
        except Exception as error:
            log.exception("the analysis of %s failed", entry.source)
            found.append(bug("the analysis", error))
    return found


class InProcess:
    """Analyses in this process, batch by batch."""

    def __init__(self, analyser: Analyser, clock: Callable[[], datetime]) -> None:
        self._analyser = analyser
        self.scorer = analyser.scorer
        self._clock = clock

    def analysed(self, batches: Iterable[B]) -> Iterator[tuple[B, list[Result]]]:
        """Each batch with its results, in order."""
        for batch in batches:
            yield batch, scored(self._analyser, batch.entries, self._clock())


class WorkerPool:
    """Analyses in other processes, a few batches at a time; results come in the order of the batches."""

    def __init__(
        self, make: Callable[[], Executor], method: Method, clock: Callable[[], datetime], *, workers: int
    ) -> None:
        self._make = make
        # Made here first, so that an unusable method is reported once and not by every worker.
        self.scorer = method.analyser().scorer
        self._method = pickle.dumps(method)
        self._clock = clock
        self._most = 2 * workers + 2
        self._executor: Executor | None = None
        self._isolated: Executor | None = None
        #: Set by Ctrl-C. An exception raised by the signal itself would be lost inside of a callback.
        self.stop = threading.Event()

    def analysed(self, batches: Iterable[B]) -> Iterator[tuple[B, list[Result]]]:
        """Each batch with its results, in order. An entry that kills its worker gets a sentence instead."""
        under_way: deque[tuple[B, Future[list[Result]]]] = deque()
        for batch in batches:
            self._check_stopped()
            under_way.append((batch, self._submit(batch.entries)))
            while len(under_way) > self._most or (under_way and under_way[0][1].done()):
                yield self._first(under_way)
        while under_way:
            yield self._first(under_way)

    def close(self) -> None:
        """Ends the workers, also busy ones."""
        for executor in (self._executor, self._isolated):
            if executor:
                results = getattr(executor, "_result_queue", None)  # Dask's has none
                executor.shutdown(wait=False, cancel_futures=True)
                if results is not None:
                    # A worker may have ended in the middle of a result. As long as this end is open, the rest of it is
                    # waited for, and so is whoever waits at the end of this process.
                    results._writer.close()
        self._executor = self._isolated = None

    def _first(self, under_way: deque[tuple[B, Future[list[Result]]]]) -> tuple[B, list[Result]]:
        batch, future = under_way.popleft()
        try:
            return batch, self._result(future)
        except _worker_died() as error:
            log.warning("a worker died (%s): its articles are analysed again", type(error).__name__)
            return batch, self._isolate(batch.entries)

    def _submit(self, entries: Sequence[Entry]) -> Future[list[Result]]:
        if not entries:
            nothing: Future[list[Result]] = Future()
            nothing.set_result([])
            return nothing
        for _ in range(3):
            if self._executor is None:
                self._executor = self._make()
            try:
                return _submitted(self._executor, self._method, entries, self._clock())
            except BrokenExecutor:
                self._executor = None
        raise ClusterError("The workers die as soon as they are started. Look whether memory is free.")

    def _isolate(self, entries: Sequence[Entry]) -> list[Result]:
        """Analyses entries in separate workers, halving them until the one that kills its worker is found."""
        self._isolated = self._isolated or self._make()
        try:
            return self._result(_submitted(self._isolated, self._method, entries, self._clock()))
        except _worker_died():
            self._isolated.shutdown(wait=False, cancel_futures=True)
            self._isolated = None
        if len(entries) == 1:
            self._check_workers_start()
            log.error("the analysis of %s killed its worker", entries[0].source)
            return ["its analysis killed the worker: out of memory?"]
        half = len(entries) // 2
        return self._isolate(entries[:half]) + self._isolate(entries[half:])

    def _check_workers_start(self) -> None:
        """Raises ClusterError when workers die without any entry: then no article is to blame."""
        self._isolated = self._isolated or self._make()
        try:
            self._result(_submitted(self._isolated, self._method, (), self._clock()))
        except _worker_died():
            raise ClusterError(
                "The workers die as soon as they are started. Look whether memory is free, and try --workers 1."
            ) from None

    def _result(self, future: Future[list[Result]]) -> list[Result]:
        while not future.done():
            self._check_stopped()
            wait([future], timeout=_LOOK_SECONDS)
        return future.result()

    def _check_stopped(self) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt


Analysts = InProcess | WorkerPool


@contextmanager
def pool(method: Method, clock: Callable[[], datetime], workers: int) -> Iterator[WorkerPool]:
    """Processes of this machine, as many as `workers`."""
    context = multiprocessing.get_context("spawn")
    # Workers wait until the pipe ends, which it does when this process closes it and also when it is killed.
    theirs, ours = context.Pipe(duplex=False)

    def make() -> Executor:
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(theirs,))

    analysts = WorkerPool(make, method, clock, workers=workers)
    try:
        yield analysts
    finally:
        ours.close()  # a worker ends at once, also in an article that takes a minute
        analysts.close()
        theirs.close()


@contextmanager
def cluster(method: Method, clock: Callable[[], datetime], address: str) -> Iterator[WorkerPool]:
    """The workers of a Dask cluster. Raises ClusterError when it does not respond or Dask is not installed."""
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
        yield WorkerPool(lambda: client.get_executor(pure=False), method, clock, workers=threads)
    except CancelledError:
        raise ClusterError(f"The Dask scheduler at {address} no longer answers. Start it and this again.") from None
    finally:
        client.close(timeout=2)


def _worker_died() -> tuple[type[BaseException], ...]:
    """The exceptions that say that a worker has died."""
    try:
        from distributed import KilledWorker
    except ImportError:
        return (BrokenExecutor,)
    return (BrokenExecutor, KilledWorker)


def _submitted(executor: Executor, method: bytes, entries: Sequence[Entry], now: datetime) -> Future[list[Result]]:
    # Workers started here inherit the blocked signal: Ctrl-C is for this process, which gets it right afterwards.
    mask: Any = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
    try:
        return executor.submit(work, method, entries, now)
    finally:
        if mask:
            mask(signal.SIG_SETMASK, before)


# -- in a worker ------------------------------------------------------------------------------------------------------


def work(method: bytes, entries: Sequence[Entry], now: datetime) -> list[Result]:
    """Analyses a batch of entries with the pickled method that comes with them."""
    return scored(_analyser(method), entries, now)


@lru_cache(maxsize=2)
def _analyser(method: bytes) -> Analyser:
    made: Method | Analyser = pickle.loads(method)
    return made.analyser() if isinstance(made, Method) else made


def prepare() -> None:
    """Loads the language model, which takes a second, before the first request."""
    language.detect("Whoever reads this sentence will know in which language it is written.")


def work_on(analyser: bytes, entry: Entry, now: datetime) -> Article:
    """An entry analysed, ready to be stored. Raises ParseError when it is no article."""
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
    except Exception as error:  # a text that breaks the analysis is a bug that must not stop the other files
        return Read(entry, fault=bug("the analysis", error))


def _start_worker(pipe: Any) -> None:
    """Makes this worker end when the pipe to its parent does, whatever it is doing then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(5)  # the loop that follows the feeds comes before an archive

    def exit_with_parent() -> None:
        multiprocessing.connection.wait([pipe])
        os._exit(0)

    threading.Thread(target=exit_with_parent, daemon=True).start()
