"""Reads feeds, pages and files in child processes, so that a hang, a crash or too much memory harms nothing else.

    sandbox.feed(body, source=url, now=now)     # returns what `feed.read` returns, or raises ParseError
    sandbox.run("file", function, argument)     # returns what the function returns, or raises ParseError

A worker is a plain child of this Python, and ends when its parent does. Requests and answers are a length and a pickle,
on its standard input and output. It may use MEMORY bytes of address space (RLIMIT_AS: Linux and the BSDs; macOS and
Windows have no such limit and rely on the size of a body and the deadline) and SECONDS for an answer; then it is
killed, what it read is refused with a sentence, and the next request gets a new worker.
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
from typing import IO, Any, TypeVar

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
#: A worker is replaced after this many answers, and with it what third-party code leaks.
_REQUESTS = 2_000
#: One worker reads hundreds of feeds a minute. A request that has waited this long starts another, up to _MOST …
_PATIENCE = 0.5
_MOST = 4
#: … and all but one that have been idle this long are ended.
_IDLE_SECONDS = 60.0
_START_SECONDS = 60.0
#: A worker whose parent was killed ends itself this long after it should have been stopped.
_ORPHAN_SECONDS = 3
#: What to do about something that stopped its reader, by its kind.
_ADVICE = {
    "feed": "Tell its publisher, or take it off the list.",
    "page": "The article keeps the words that its feed gives.",
    "file": "Mend it, or take it out of the folder: it is read again when it changes.",
    "article": "It is left out. Tell its publisher.",
}
_LENGTH = struct.Struct("!Q")
_ROOT = str(Path(__file__).resolve().parents[2])


class Sandbox:
    """Workers that any number of threads share; close it. Tests set the limits."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY, requests: int = _REQUESTS) -> None:
        self._seconds, self._memory, self._requests = seconds, memory, requests
        self._changed = threading.Condition()
        self._idle: list[_Worker] = []  # the most recently used one last
        self._busy = 0

    def feed(self, body: bytes, *, source: str, now: datetime, content_type: str | None = None) -> Feed:
        """What `feed.read` returns. Raises ParseError, also when the worker had to be killed."""
        return self.run("feed", feed_format.read, body, source=source, now=now, content_type=content_type)

    def page(self, body: bytes, url: str, content_type: str | None) -> WebPage:
        """What `web_page.read` returns. Raises ParseError as for a feed."""
        return self.run("page", web_page.read, body, url, content_type)

    def run(
        self,
        kind: str,
        function: Callable[..., T],
        *arguments: object,
        prepare: Callable[[], object] | None = None,
        **named: object,
    ) -> T:
        """What a module's function returns for arguments that can be pickled; `kind` (of _ADVICE) names what it reads.

        A new worker imports the module and calls `prepare` first, for which it has more time. Raises ParseError when
        the function raises an IngestError, Stopped when it had to be stopped, SourceError when no worker starts.
        """
        request = pickle.dumps((kind, function, arguments, named, math.ceil(self._seconds)))
        worker = self._acquire(pickle.dumps((function, prepare)))
        try:
            answer: T | ParseError = worker.ask(kind, request, self._seconds)
        finally:
            self._release(worker)
        if isinstance(answer, ParseError):
            raise answer
        return answer

    def close(self) -> None:
        """Ends the idle workers; a busy one ends after its answer."""
        with self._changed:
            self._requests = 0
            ended, self._idle = self._idle, []
        for worker in ended:
            worker.end()

    def _acquire(self, first: bytes) -> _Worker:
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
            self._release(None)
            raise

    def _release(self, worker: _Worker | None) -> None:
        ended = []
        with self._changed:
            self._busy -= 1
            if worker and worker.alive() and worker.requests < self._requests:
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
        self.requests = 0
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

    def ask(self, kind: str, request: bytes, seconds: float) -> Any:
        """The answer, or a ParseError that says why there is none."""
        self.requests += 1
        answer = self._exchange(request, seconds)
        if answer is not None:
            found, last = pickle.loads(answer)
            if last:
                self._process.kill()
                self._process.wait()
            return pickle.loads(found) if isinstance(found, bytes) else found
        code = self._process.wait()
        if self._late.is_set():
            reason = f"Reading this {kind} was stopped after {seconds:g} seconds: it is built to take long, or broken."
            return Stopped(f"{reason} {_ADVICE[kind]}")
        log.warning("the process that reads %ss died (%s)", kind, code)
        return Stopped(f"The process that reads {kind}s died over this one ({code}). {_ADVICE[kind]}")

    def alive(self) -> bool:
        return self._process.poll() is None

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


#: The threads of this process share them. A feed never waits for a page, nor either of them for a file.
_feeds, _pages, _files = Sandbox(), Sandbox(), Sandbox()
for _each in (_feeds, _pages, _files):
    atexit.register(_each.close)
feed, page, run = _feeds.feed, _pages.page, _files.run


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
    # Ctrl-C reaches every process of a terminal, but only the parent ends a worker.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between the answers
    _limit(memory)
    # A parent that was killed can't stop this worker any more.
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
            alarm(seconds + _ORPHAN_SECONDS)
            answer = pickle.dumps(function(*arguments, **named))
        except IngestError as error:
            answer = ParseError(str(error))
        except MemoryError:
            reason = f"Reading this {kind} takes more memory than any {kind} needs: it is built to, or broken."
            answer, last = Stopped(f"{reason} {_ADVICE[kind]}"), True
        except Exception as error:  # a bug in the reader, which must not end the worker
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
    with suppress(BrokenPipeError):  # the parent is gone, and nobody waits for the answer
        _serve(int(sys.argv[1]))
