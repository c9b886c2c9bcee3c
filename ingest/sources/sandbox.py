"""Feeds, pages and files are read in other processes, which may hang, starve or die without taking anybody with them.

    sandbox.feed(body, source=url, now=now)     # what `feed.read` answers, or a ParseError
    sandbox.run("file", function, argument)     # what the function answers, or a ParseError

A worker is a plain child of this Python: a length and a pickle go in at its standard input, and come out. It ends when
its parent does. It may take MEMORY of address space (RLIMIT_AS: Linux and the BSDs; macOS and Windows have no such
limit, there the size of a body and the deadline have to do) and SECONDS for an answer; then it is killed, what it read
is refused with a sentence, and the next one gets a new worker.
"""

from __future__ import annotations

import atexit
import gc
import logging
import math
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from ingest.errors import IngestError, ParseError, SourceError, Stopped
from ingest.formats import feed as feed_format
from ingest.formats import web_page
from ingest.formats.items import Feed
from ingest.formats.web_page import WebPage

log = logging.getLogger(__name__)

T = TypeVar("T")

#: The largest feeds (10 MB) take 3 s on a slow core.
SECONDS = 15.0
MEMORY = 1_000_000_000
#: A worker is replaced after so many answers: what third-party code leaks goes with it.
_FEEDS = 2_000
#: One worker reads hundreds of feeds a minute. Whoever has waited for so long starts another, up to so many at a time …
_PATIENCE = 0.5
_MOST = 4
#: … and those that nobody has needed for this long are let go, but for one.
_IDLE_SECONDS = 60.0
_START_SECONDS = 60.0
#: A worker whose parent was killed ends itself so long after it should have been stopped.
_ALONE_SECONDS = 3
#: What to do about something that stopped its reader, by its kind.
_ADVICE = {
    "feed": "Tell its publisher, or take it off the list.",
    "page": "The article keeps the words that its feed gives.",
    "file": "Mend it, or take it out of the folder: it is read again when it changes.",
    "article": "It is left out. Tell its publisher.",
}
_LENGTH = struct.Struct("!Q")
_ROOT = str(Path(__file__).resolve().parents[2])


class Parser:
    """Reads in workers, for any number of threads; close it. The limits are for tests."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY, feeds: int = _FEEDS) -> None:
        self._seconds, self._memory, self._feeds = seconds, memory, feeds
        self._changed = threading.Condition()
        self._idle: list[_Worker] = []  # the most recently used one last
        self._busy = 0

    def feed(self, body: bytes, *, source: str, now: datetime, content_type: str | None = None) -> Feed:
        """What `feed.read` answers. Raises ParseError, also for a feed over which the worker had to be killed."""
        return self.run("feed", feed_format.read, body, source=source, now=now, content_type=content_type)

    def page(self, body: bytes, url: str, content_type: str | None) -> WebPage:
        """What `web_page.read` answers. Raises ParseError as for a feed."""
        return self.run("page", web_page.read, body, url, content_type)

    def run(
        self,
        kind: str,
        function: Callable[..., T],
        *arguments: object,
        prepare: Callable[[], object] | None = None,
        **named: object,
    ) -> T:
        """What a function of some module answers, to arguments that can be pickled; `kind` says what it reads.

        A new worker imports the module and calls `prepare` first, for which it has more time. Raises ParseError where
        the function raises an IngestError, Stopped where it had to be stopped, SourceError where no worker starts.
        """
        request = pickle.dumps((kind, function, arguments, named, math.ceil(self._seconds)))
        worker = self._take(pickle.dumps((function, prepare)))
        try:
            answer = worker.ask(kind, request, self._seconds)
        finally:
            self._give(worker)
        if isinstance(answer, ParseError):
            raise answer
        found: T = answer
        return found

    def close(self) -> None:
        """Ends the workers that wait; those at work end with their feed."""
        with self._changed:
            self._feeds = 0
            ended, self._idle = self._idle, []
        for worker in ended:
            worker.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _take(self, first: bytes) -> _Worker:
        until = time.monotonic() + _PATIENCE
        with self._changed:
            while not self._idle:
                late = time.monotonic() >= until
                if not self._busy or (late and self._busy < _MOST):
                    break
                self._changed.wait(_PATIENCE)
            self._busy += 1
            if self._idle:
                return self._idle.pop()
        try:
            return _Worker(self._memory, first)
        except BaseException:
            self._give(None)
            raise

    def _give(self, worker: _Worker | None) -> None:
        ended = []
        with self._changed:
            self._busy -= 1
            if worker and worker.alive and worker.feeds < self._feeds:
                worker.since = time.monotonic()
                self._idle.append(worker)
                while len(self._idle) > 1 and worker.since - self._idle[0].since > _IDLE_SECONDS:
                    ended.append(self._idle.pop(0))
            elif worker:
                ended.append(worker)
            self._changed.notify()
        for each in ended:
            each.end()


class _Worker:
    """One child, used by one thread at a time."""

    def __init__(self, memory: int, first: bytes) -> None:
        self.feeds = 0
        self.since = 0.0
        path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            # -P: nothing that happens to lie in the working directory is taken for a module.
            [sys.executable, "-P", "-m", __name__, str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # numpy would reserve address space for each core of the machine.
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._late = threading.Event()
        if self._exchange(first, _START_SECONDS) is None:
            self.end()
            raise SourceError("The process that would read it does not start. Look whether memory is free.")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, kind: str, request: bytes, seconds: float) -> Any:
        """The answer, or a ParseError that says why there is none."""
        self.feeds += 1
        answer = self._exchange(request, seconds)
        if answer is not None:
            found, last = pickle.loads(answer)
            if last:
                self._process.kill()
                self._process.wait()
            return pickle.loads(found) if isinstance(found, bytes) else found
        code = self._process.wait()
        if self._late.is_set():
            taken = f"Reading this {kind} was stopped after {seconds:g} seconds: it is built to take long, or broken."
            return Stopped(f"{taken} {_ADVICE[kind]}")
        log.warning("the process that reads %ss died (%s)", kind, code)
        return Stopped(f"The process that reads {kind}s died over this one ({code}). {_ADVICE[kind]}")

    def end(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        self._process.kill()
        self._process.wait()

    def _exchange(self, request: bytes, seconds: float) -> bytes | None:
        process = self._process
        assert process.stdin
        assert process.stdout
        alarm = threading.Timer(seconds, self._kill)
        alarm.daemon = True
        alarm.start()
        try:
            process.stdin.write(_LENGTH.pack(len(request)) + request)
            process.stdin.flush()
            return _message(process.stdout)
        except OSError:
            return None
        finally:
            alarm.cancel()

    def _kill(self) -> None:
        self._late.set()
        self._process.kill()


#: A feed never waits for a page, nor either of them for a file.
_everybodys, _pages, _files = Parser(), Parser(), Parser()
for _each in (_everybodys, _pages, _files):
    atexit.register(_each.close)
#: What `feed.read`, `web_page.read` and any other function answer, from workers that this process's threads share.
feed, page, run = _everybodys.feed, _pages.page, _files.run


# -- the worker -------------------------------------------------------------------------------------------------------


def _message(stream: IO[bytes]) -> bytes | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(ValueError, OSError):  # macOS
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _serve(memory: int) -> None:
    """Answers one message after the other until standard input ends."""
    # Ctrl-C reaches every process of a terminal; who ends a worker is its parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever some library prints does not end up between the answers
    _limit(memory)
    # A parent that is killed stops nobody any more.
    alarm: Callable[[int], object] = getattr(signal, "alarm", lambda seconds: None)
    _, prepare = pickle.loads(_message(sys.stdin.buffer) or pickle.dumps((None, None)))
    if prepare:
        prepare()
    gc.freeze()
    _send(out, None)
    while (request := _message(sys.stdin.buffer)) is not None:
        answer: bytes | ParseError
        kind, last = "", False  # what has once run out of memory is not used again
        try:
            kind, function, arguments, named, seconds = pickle.loads(request)
            alarm(seconds + _ALONE_SECONDS)
            answer = pickle.dumps(function(*arguments, **named))
        except IngestError as error:
            answer = ParseError(str(error))
        except MemoryError:
            taken = f"Reading this {kind} takes more memory than any {kind} needs: it is built to, or broken."
            answer, last = Stopped(f"{taken} {_ADVICE[kind]}"), True
        # What breaks the reader is a bug, but never everybody's.
        except Exception as error:
            answer = ParseError(
                f"Reading this {kind} failed ({type(error).__name__}: {str(error)[:200]}). Please report it."
            )
        alarm(0)
        _send(out, (answer, last))


def _send(out: IO[bytes], answer: object) -> None:
    reply = pickle.dumps(answer)
    out.write(_LENGTH.pack(len(reply)) + reply)
    out.flush()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
