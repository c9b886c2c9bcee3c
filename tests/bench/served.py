"""The dashboard and the usual page through Streamlit's own server, with viewers in front of them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.settings import PROJECT
from tests.bench import clicks, server, viewers
from tests.bench.corpus import Corpus
from tests.bench.queries import Latency, latency
from tests.bench.server import Server
from tests.bench.viewers import Click, Seen, Viewer

#: Seconds between two clicks of a viewer in a crowd.
EVERY = 10.0
_WARM = 3
_SINGLE = 40
_IDLE_VIEWERS, _IDLE_SECONDS = 20, 20.0


def dashboard(url: str, corpus: Corpus, folder: Path, *, crowds: tuple[int, ...] = (20, 50)) -> dict[str, Any]:
    """Cold start, clicks of one viewer by kind, crowds, idle viewers, memory and errors of `app.py`."""
    environment = {
        "DISCOURSE_DATABASE_URL": url,
        "DISCOURSE_DATA_DIR": str(folder / "data"),
        "DISCOURSE_SEEDS_DIR": str(folder / "seeds"),
        "DISCOURSE_WORKER": "external",
    }
    with server.running(PROJECT / "app.py", folder, environment) as running:
        found = asyncio.run(_dashboard(running, corpus, crowds))
        found["errors"] += [f"{running.errors()} tracebacks in the server's log"] if running.errors() else []
    return found


async def _dashboard(running: Server, corpus: Corpus, crowds: tuple[int, ...]) -> dict[str, Any]:
    port = running.port
    await viewers.first_page(port, "plotly_chart", Click("", ""))
    found: dict[str, Any] = {"first_page_seconds": round(time.monotonic() - running.started, 2), "errors": []}
    found["started_bytes"] = running.memory
    mixed = clicks.mixed(corpus, 2)
    kinds = {
        "filter": clicks.filters(corpus, 1),
        "figures page": (click for click in clicks.mixed(corpus, 3) if click.page == "figures"),
        "search": (click for click in clicks.mixed(corpus, 4) if click.page == "articles"),
        "sources page": (click for click in clicks.mixed(corpus, 5) if click.page == "sources"),
    }
    found["one"], found["cpu_ms"] = {}, {}
    for kind, of in kinds.items():
        count = _SINGLE if kind == "filter" else _SINGLE // 4
        found["one"][kind], found["cpu_ms"][kind], errors = await _single(running, of, count)
        found["errors"] += errors
    found["idle_ms"], seen = await viewers.idle(port, _IDLE_VIEWERS, Click("", ""), lambda: running.cpu, _IDLE_SECONDS)
    found["idle_ticks"] = seen.ticks
    found["errors"] += seen.errors
    found["crowds"] = {}
    for count in crowds:
        found["crowds"][count] = await _crowd(running, count, mixed, rounds=5)
        found["errors"] += found["crowds"][count].pop("errors")
    return found


def usual(folder: Path, corpus: Corpus, *, crowd: int = 20, rounds: int = 2) -> dict[str, Any]:
    """The same of the page that people build today, as far as it goes."""
    script = Path(__file__).parent / "baseline_app.py"
    with server.running(script, folder, {"BENCH_FRAMES": str(folder)}) as running:
        found = asyncio.run(_usual(running, corpus, crowd, rounds))
        found["errors"] += [f"{running.errors()} tracebacks in the server's log"] if running.errors() else []
    return found


async def _usual(running: Server, corpus: Corpus, crowd: int, rounds: int) -> dict[str, Any]:
    of = clicks.usual(corpus, 1)
    await viewers.first_page(running.port, "plotly_chart", Click("", ""))
    found: dict[str, Any] = {"first_page_seconds": round(time.monotonic() - running.started, 2)}
    found["started_bytes"] = running.memory
    one, cpu, errors = await _single(running, of, _SINGLE // 4)
    found |= {"one": {"filter": one}, "cpu_ms": {"filter": cpu}, "errors": errors}
    found["crowds"] = {crowd: await _crowd(running, crowd, of, rounds=rounds)}
    found["errors"] += found["crowds"][crowd].pop("errors")
    return found


async def _single(running: Server, of: Iterator[Click], count: int) -> tuple[Latency, float, list[str]]:
    """How long clicks take one viewer, and the milliseconds of CPU that each costs the server."""
    seen = Seen()
    async with Viewer(running.port, seen) as viewer:
        for click in itertools.islice(of, _WARM):
            await viewer.click(click)
        before = running.cpu
        taken = [await viewer.click(click) for click in itertools.islice(of, count)]
        used = (running.cpu - before) * 1000 / len(taken)
    return latency(taken), round(used, 1), seen.errors


async def _crowd(running: Server, count: int, of: Iterator[Click], *, rounds: int) -> dict[str, Any]:
    before, start = running.cpu, time.monotonic()
    seen = await viewers.crowd(running.port, count, of, every=EVERY, rounds=rounds)
    busy = (running.cpu - before) / (time.monotonic() - start)
    return {
        "latency": latency(seen.clicks) if seen.clicks else None,
        "cores": round(busy, 2),
        "bytes": running.memory,
        "ticks": seen.ticks,
        "errors": seen.errors,
    }
