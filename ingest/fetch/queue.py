"""Fetches under way: many at once, few at one host, and none that holds up another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar
from urllib.parse import urlsplit

What = TypeVar("What")
Result = TypeVar("Result")

#: Each is a thread that waits for its server nearly all of its life: a hundred servers that hang leave room for others.
AT_ONCE = 128
AT_ONE_HOST = 2
#: Seconds between the beginnings of two fetches at one host.
SPACING = 1.0
#: A host may ask for more than that, but not for so much that nothing is ever read.
LONGEST_SPACING = 60.0
#: Hosts that are remembered before those are forgotten that have not been asked lately.
_REMEMBERED = 1_000


class Hosts:
    """Our manners: how often and how often at once a host is asked. `own` hosts are asked as often as we like."""

    def __init__(self, own: Collection[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._own = frozenset(host.lower() for host in own)
        self._clock = clock
        self._busy: dict[str, int] = {}
        self._next: dict[str, float] = {}

    def begin(self, url: str, spacing: float = SPACING) -> bool:
        """Whether the host of an address may be asked now; then it counts as asked until `end`."""
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
        host = _host(url)
        if self._busy.get(host, 0) > 1:
            self._busy[host] -= 1
        else:
            self._busy.pop(host, None)


class Fetches(Generic[What, Result]):
    """Does `work`, which never raises, for what is offered, a thread each; used by one thread.

    `spacing` answers the seconds that the host of an address wants between two fetches.
    """

    def __init__(
        self,
        work: Callable[[What], Result],
        hosts: Hosts,
        *,
        at_once: int = AT_ONCE,
        spacing: Callable[[str], float] = lambda url: SPACING,
    ) -> None:
        self._work = work
        self._hosts = hosts
        self._at_once = at_once
        self._spacing = spacing
        self._waiting: dict[int, tuple[str, What]] = {}
        self._under_way: dict[int, str] = {}
        self._done: SimpleQueue[tuple[int, What, Result]] = SimpleQueue()

    def __bool__(self) -> bool:
        """Whether anything is left to do or to take."""
        return bool(self._waiting or self._under_way)

    @property
    def busy(self) -> frozenset[int]:
        """The keys of what is under way."""
        return frozenset(self._under_way)

    def offer(self, key: int, url: str, what: What) -> None:
        """Queues a fetch, once: what waits already is brought up to date, what is under way is let be."""
        if key not in self._under_way:
            self._waiting[key] = (url, what)

    def start(self) -> None:
        """Begins the fetches whose hosts have time for us, the first offered first."""
        for key, (url, what) in list(self._waiting.items()):
            if len(self._under_way) >= self._at_once:
                return
            if self._hosts.begin(url, self._spacing(url)):
                del self._waiting[key]
                self._under_way[key] = url
                # No pool: at the end of the process it would wait for the servers that hang.
                threading.Thread(target=self._run, args=(key, what), daemon=True, name=f"fetch-{key}").start()

    def finished(self) -> Iterator[tuple[What, Result]]:
        """What has come since it was last asked, without waiting."""
        while True:
            try:
                key, what, result = self._done.get_nowait()
            except Empty:
                return
            self._hosts.end(self._under_way.pop(key))
            yield what, result

    def _run(self, key: int, what: What) -> None:
        self._done.put((key, what, self._work(what)))


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()
