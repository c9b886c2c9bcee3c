"""A web of feeds on loopback, in a process of its own where it matters: well, ill, and slow ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

_Say = asyncio.StreamWriter


def rss(name: str, items: int, version: int = 0) -> bytes:
    """A feed of one publisher, about as long as such feeds are."""
    words = "The delegates went on talking about tariffs until late, said two who were in the room. " * 8
    made = "".join(
        f"<item><title>Story {n} of {name}</title><link>http://news.invalid/{name}/{n}</link>"
        f"<guid isPermaLink='false'>{name}-{n}</guid><description>{words * 3}</description>"
        f"<pubDate>Mon, 02 Mar 2026 10:{n % 60:02}:00 GMT</pubDate></item>"
        for n in range(version, version + items)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{name}</title>{made}</channel></rss>".encode()


class Web:
    """Plays what a path begins with: feed, tagged (304 to who has it), changing, hangs, drips, headers, refuses.

    One thread with a loop serves any number of connections. A context manager.
    """

    def __init__(self, items: int = 1) -> None:
        self.items = items
        self.held = 0  #: connections that are being kept waiting
        self._asked: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}{path}"

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._visitor, "127.0.0.1", 0, backlog=1_000))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in (tasks := asyncio.all_tasks(self._loop)):
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.close()

    async def _visitor(self, reader: asyncio.StreamReader, writer: _Say) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            how = path.split("/")[1]
            plays: dict[str, Callable[[str, str, _Say], Awaitable[None]]] = {
                "feed": self._feed,
                "tagged": self._feed,
                "changing": self._feed,
                "hangs": self._hangs,
                "drips": self._drips,
                "headers": self._headers,
                "refuses": self._refuses,
            }
            await plays.get(how, self._missing)(path, head, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _feed(self, path: str, head: str, writer: _Say) -> None:
        asked = self._asked[path] = self._asked.get(path, 0) + 1
        if path.startswith("/tagged") and "if-none-match" in head.lower():
            writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nConnection: close\r\n\r\n')
            return
        version = asked if path.startswith("/changing") else 0
        body = rss(path.strip("/").replace("/", "-"), self.items, version)
        writer.write(
            b'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "1"\r\nConnection: close\r\n'
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )

    async def _hangs(self, path: str, head: str, writer: _Say) -> None:
        self.held += 1
        await asyncio.sleep(120)

    async def _drips(self, path: str, head: str, writer: _Say) -> None:
        self.held += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(1_000):
            writer.write(b"<")
            await writer.drain()
            await asyncio.sleep(0.2)

    async def _headers(self, path: str, head: str, writer: _Say) -> None:
        self.held += 1
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000):
            writer.write(b"X-%d: 1\r\n" % number)
            await writer.drain()
            await asyncio.sleep(0.2)

    async def _refuses(self, path: str, head: str, writer: _Say) -> None:
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n")

    async def _missing(self, path: str, head: str, writer: _Say) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
