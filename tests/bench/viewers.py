"""People in front of the dashboard: websocket clients that speak Streamlit's protocol as its frontend does.

A viewer asks for the page, clicks (a new query string, maybe on another page, as going back in the browser's history
does: all filters take what it says), and between the clicks sends the ticks that the server's AutoRerun messages ask
the frontend for. When the connection breaks it connects again, says which session it had, and asks for the same page.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

_LIMIT = 64 * 1024 * 1024
#: For how many runs a frontend keeps a message that may come again: `global.maxCachedMessageAge`.
_KEPT_RUNS = 2
#: A click that takes longer is an error.
_PATIENCE = 120.0
#: Between two tries to connect again.
_RETRY_SECONDS = 0.2


@dataclass(frozen=True)
class Click:
    """One click: the page and the query string it leads to."""

    page: str  #: "" is the first page
    query: str


@dataclass
class Seen:
    """What viewers saw."""

    clicks: list[float] = field(default_factory=list)  #: seconds from click to finished script
    ticks: int = 0
    bytes: int = 0
    reconnected: int = 0
    errors: list[str] = field(default_factory=list)


class Viewer:
    """One connection; `seen` is shared by all viewers of a measurement."""

    def __init__(self, port: int, seen: Seen) -> None:
        self._address = f"ws://localhost:{port}/_stcore/stream"
        self._seen = seen
        self._socket: ClientConnection | None = None
        self._session = ""  #: as the server named it
        self._at = Click("", "")
        self._finished: asyncio.Event = asyncio.Event()
        self._ticking: dict[str, asyncio.Task[None]] = {}
        self._busy = False  #: a run of the whole script is under way
        self._run = 0
        self._kept: dict[str, tuple[int, ForwardMsg]] = {}  #: what the server need not send again, by its hash
        self.elements: set[str] = set()  #: kinds of elements of the last run

    async def __aenter__(self) -> Viewer:
        await self._connect()
        self._reader = asyncio.create_task(self._read())
        return self

    async def _connect(self) -> None:
        # The frontend says so which session it had; a token for logging in stands between.
        known = ["no-token", self._session] if self._session else []
        self._socket = await connect(
            self._address,
            max_size=_LIMIT,
            subprotocols=["streamlit", *known],
            ping_interval=None,  # type: ignore[list-item]
        )

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._ticking.values(), self._reader):
            task.cancel()
        assert self._socket
        await self._socket.close()

    async def click(self, click: Click) -> float:
        """Seconds from the click to the finished script."""
        self._at = click
        self._stop_ticking()  # a new run asks for its own
        self._finished.clear()
        self._busy = True
        self._run += 1
        self._kept = {hash_: kept for hash_, kept in self._kept.items() if self._run - kept[0] <= _KEPT_RUNS}
        self.elements = set()
        start = time.perf_counter()
        await self._send(history=True)
        try:
            await asyncio.wait_for(self._finished.wait(), _PATIENCE)
        except TimeoutError:
            self._seen.errors.append(f"no answer to {click} in {_PATIENCE:.0f} s")
        return time.perf_counter() - start

    async def _send(self, *, fragment: str = "", history: bool = False) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = self._at.query
        state.page_name = self._at.page
        state.is_history_navigation = history
        state.context_info.timezone = "UTC"
        state.context_info.locale = "en-GB"
        state.context_info.url = "http://localhost"
        state.cached_message_hashes.extend(self._kept)
        if fragment:
            state.fragment_id = fragment
            state.is_auto_rerun = True
        with contextlib.suppress(ConnectionClosed):  # once it is connected again it asks again
            await self.send(message)

    async def send(self, message: BackMsg) -> None:
        assert self._socket
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        while True:
            assert self._socket
            with contextlib.suppress(ConnectionClosed):
                async for data in self._socket:
                    assert isinstance(data, bytes)
                    self._seen.bytes += len(data)
                    message = ForwardMsg()
                    message.ParseFromString(data)
                    self._take(message)
            await self._connect_again()

    async def _connect_again(self) -> None:
        self._stop_ticking()
        self.elements = set()
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            with contextlib.suppress(OSError, InvalidHandshake, TimeoutError):
                await self._connect()
                break
        self._seen.reconnected += 1
        await self._send()

    def _take(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "ref_hash":
            message = self._kept[message.ref_hash][1]
        if message.metadata.cacheable:
            self._kept[message.hash] = self._run, message
        match message.WhichOneof("type"):
            case "new_session":
                self._session = message.new_session.initialize.session_id or self._session
            case "delta":
                element = message.delta.new_element.WhichOneof("type") or ""
                self.elements.add(element)
                if element == "exception":
                    self._seen.errors.append(message.delta.new_element.exception.message[:200])
            case "auto_rerun":
                rerun = message.auto_rerun
                if old := self._ticking.pop(rerun.fragment_id, None):
                    old.cancel()
                self._ticking[rerun.fragment_id] = asyncio.create_task(self._tick(rerun.fragment_id, rerun.interval))
            case "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    if task := self._ticking.pop(fragment, None):
                        task.cancel()
            case "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    self._busy = False
                    self._finished.set()
                elif message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    self._seen.errors.append("the script could not be compiled")
                    self._finished.set()

    async def _tick(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            if not self._busy:
                self._seen.ticks += 1
                await self._send(fragment=fragment)

    def _stop_ticking(self) -> None:
        for task in self._ticking.values():
            task.cancel()
        self._ticking.clear()


async def first_page(port: int, wanted: str, click: Click, seconds: float = 600) -> None:
    """Returns once the page shows a `wanted` element (a chart), however long the server loads before."""
    seen = Seen()
    deadline = time.monotonic() + seconds
    async with Viewer(port, seen) as viewer:
        await viewer.click(click)
        while wanted not in viewer.elements:
            if seen.errors or time.monotonic() > deadline:
                raise RuntimeError(f"no {wanted} on the first page: {seen.errors or viewer.elements}")
            await asyncio.sleep(0.02)


async def crowd(port: int, viewers: int, clicks: Iterator[Click], *, every: float, rounds: int) -> Seen:
    """So many viewers that each click so often, `every` seconds apart; the first page of each is not counted."""
    seen = Seen()

    async def person(number: int) -> None:
        await asyncio.sleep(every * number / viewers)
        async with Viewer(port, seen) as viewer:
            await viewer.click(next(clicks))
            await asyncio.sleep(every / 2 if viewers > 1 else 0)
            for _ in range(rounds):
                start = time.monotonic()
                seen.clicks.append(await viewer.click(next(clicks)))
                await asyncio.sleep(max(0.0, every - (time.monotonic() - start)))

    await asyncio.gather(*(_watched(person(number), seen) for number in range(viewers)))
    return seen


async def idle(port: int, viewers: int, click: Click, cpu: Callable[[], float], seconds: float) -> tuple[float, Seen]:
    """Milliseconds of CPU a second and viewer that only looks on."""
    seen = Seen()
    async with contextlib.AsyncExitStack() as stack:
        people = [await stack.enter_async_context(Viewer(port, seen)) for _ in range(viewers)]
        for person in people:
            await person.click(click)
        await asyncio.sleep(2)
        before, start = cpu(), time.monotonic()
        await asyncio.sleep(seconds)
        used = cpu() - before
        return used * 1000 / (time.monotonic() - start) / viewers, seen


async def _watched(work: Coroutine[Any, Any, None], seen: Seen) -> None:
    try:
        await work
    except Exception as error:
        seen.errors.append(f"{type(error).__name__}: {error}")
