"""Runs many fetches at once, few of them at one host, so that none holds up another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar
from urllib.parse import urlsplit

Request = TypeVar("Request")
Result = TypeVar("Result")

#: Each is a thread that mostly waits for its server: a hundred servers that hang leave room for others.
AT_ONCE = 128
AT_ONE_HOST = 2
#: Seconds between the beginnings of two fetches at one host.
SPACING = 1.0
#: A host may ask for more than that, up to this.
LONGEST_SPACING = 60.0
#: Hosts that are remembered; beyond it, those that may be asked again are forgotten.
_REMEMBERED = 1_000


class Hosts:
    """How often, and how many times at once, each host may be asked. Hosts in `own` have no limit."""

    def __init__(self, own: Collection[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._own = frozenset(host.lower() for host in own)
        self._clock = clock
        self._busy: dict[str, int] = {}
        self._next: dict[str, float] = {}

    def begin(self, url: str, spacing: float = SPACING) -> bool:
        """Whether the host of an address may be asked now; if so, a fetch counts as running until `end`."""
        host, now = _host(url), self._clock()
        if urlsplit(url).hostname not in self._own:
            if self._busy.get(host, 0) >= AT_ONE_HOST or self._next.get(host, now) > now:
                return False
            if len(self._next) > _REMEMBERED:
                self._next = {name: at for name, at in self._next.items() if at > now}
            self._next[host] = now + min(spacing, LONGEST_SPACING)
        self._busy[host] = self._busy.get(host, 0) + 1
        return True

    def end(self, url: str) -> None:
        """Says that a fetch from this address is over."""
        host = _host(url)
        if self._busy.get(host, 0) > 1:
            self._busy[host] -= 1
        else:
            self._busy.pop(host, None)


class Fetches(Generic[Request, Result]):
    """Runs `work`, which never raises, for each request in a thread of its own; to be used by one thread.

    `spacing` gives the seconds that the host of an address wants between two fetches.
    """

    def __init__(
        self,
        work: Callable[[Request], Result],
        hosts: Hosts,
        *,
        at_once: int = AT_ONCE,
        spacing: Callable[[str], float] = lambda url: SPACING,
    ) -> None:
        self._work = work
        self._hosts = hosts
        self._at_once = at_once
        self._spacing = spacing
        self._waiting: dict[int, tuple[str, Request]] = {}
        self._under_way: dict[int, str] = {}
        self._done: SimpleQueue[tuple[int, Request, Result]] = SimpleQueue()

    def __bool__(self) -> bool:
        """Whether a request waits or runs, or a result has not been taken."""
        return bool(self._waiting or self._under_way)

    @property
    def busy(self) -> frozenset[int]:
        """The keys of the running requests."""
        return frozenset(self._under_way)

    def offer(self, key: int, url: str, request: Request) -> None:
        """Queues a request; replaces a waiting one with the same key, and does nothing if that is running."""
        if key not in self._under_way:
            self._waiting[key] = (url, request)

    def start(self) -> None:
        """Starts the waiting requests whose hosts may be asked now, the first offered first."""
        for key, (url, request) in list(self._waiting.items()):
            if len(self._under_way) >= self._at_once:
                return
            if self._hosts.begin(url, self._spacing(url)):
                del self._waiting[key]
                self._under_way[key] = url
                # Not a pool, which would wait for hanging servers when the process ends.
                threading.Thread(target=self._run, args=(key, request), daemon=True, name=f"fetch-{key}").start()

    def finished(self) -> Iterator[tuple[Request, Result]]:
        """The requests that have finished since the last call, with their results; does not wait."""
        while True:
            try:
                key, request, result = self._done.get_nowait()
            except Empty:
                return
            self._hosts.end(self._under_way.pop(key))
            yield request, result

    def _run(self, key: int, request: Request) -> None:
        self._done.put((key, request, self._work(request)))


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()
