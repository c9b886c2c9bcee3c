"""The dashboard and the usual page through Streamlit's own server, with viewers in front of them."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.settings import PROJECT
from tests.bench import clicks, server, viewers
from tests.bench.apart import People, people
from tests.bench.corpus import Corpus
from tests.bench.queries import latency
from tests.bench.server import Server
from tests.bench.viewers import Click, Seen

#: Seconds between two clicks of a viewer in a crowd, and how many of these clicks are counted.
EVERY, ROUNDS = 10.0, 4
#: The crowds in front of one server process and of two.
CROWDS = {1: (20, 50, 200), 2: (50, 200)}
_WARM = 3
_SINGLE = 40
_IDLE_VIEWERS, _IDLE_SECONDS = 20, 20.0
_FIRST = Click("", "")


def dashboard(url: str, corpus: Corpus, folder: Path, *, crowds: dict[int, tuple[int, ...]] = CROWDS) -> dict[str, Any]:
    """First page, clicks of one viewer by kind, idle viewers, crowds, memory and errors of `app.py`."""
    start = functools.partial(server.running, PROJECT / "app.py", folder, environment(url, folder))
    for kept in folder.parent.rglob("*.snapshot"):
        kept.unlink()
    found: dict[str, Any] = {"errors": [], "crowds": []}
    mixed = clicks.mixed(corpus, 2)
    with people() as there:
        with start() as running:
            found["first_page_seconds"] = _first_page(there, running)
            _one_viewer(there, running, corpus, found)
            for count in crowds.get(1, ()):
                _crowd(there, running, count, mixed, found, workers=1)
            found["errors"] += running.errors()
        # The server has kept its snapshot when it ended, or before.
        if any(folder.parent.rglob("*.snapshot")):
            with start() as running:
                found["warm_page_seconds"] = _first_page(there, running)
                found["errors"] += running.errors()
        for workers, counts in crowds.items():
            if workers > 1:
                with start(workers=workers) as running:
                    _first_page(there, running)
                    running.calm()
                    for count in counts:
                        _crowd(there, running, count, mixed, found, workers=workers)
                    found["errors"] += running.errors()
    return found


def environment(url: str, folder: Path) -> dict[str, str]:
    """Settings of a dashboard on this record, with all else in `folder`; no ingest worker runs."""
    return {
        "DISCOURSE_DATABASE_URL": url,
        "DISCOURSE_DATA_DIR": str(folder / "data"),
        "DISCOURSE_SEEDS_DIR": str(folder / "seeds"),
        "DISCOURSE_WORKER": "external",
    }


def usual(folder: Path, corpus: Corpus, *, crowd: int = 20, rounds: int = 2) -> dict[str, Any]:
    """The same of the page that people build today, as far as it goes."""
    script = Path(__file__).parent / "baseline_app.py"
    of = clicks.usual(corpus, 1)
    found: dict[str, Any] = {"errors": [], "crowds": []}
    with people() as there, server.running(script, folder, {"BENCH_FRAMES": str(folder)}) as running:
        found["first_page_seconds"] = _first_page(there, running)
        found["one"] = {"filter": _single(there, running, of, _SINGLE // 4, found["errors"])}
        _crowd(there, running, crowd, of, found, workers=1, rounds=rounds)
        found["errors"] += running.errors()
    return found


def _first_page(there: People, running: Server) -> float:
    """Seconds from the start of the server to a first page with charts."""
    there.do(viewers.first_page, running.port, "plotly_chart", _FIRST)
    return round(time.monotonic() - running.started, 2)


def _one_viewer(there: People, running: Server, corpus: Corpus, found: dict[str, Any]) -> None:
    kinds = {
        "filter": clicks.filters(corpus, 1),
        "figures page": (click for click in clicks.mixed(corpus, 3) if click.page == "figures"),
        "search": (click for click in clicks.mixed(corpus, 4) if click.page == "articles"),
        "sources page": (click for click in clicks.mixed(corpus, 5) if click.page == "sources"),
    }
    found["one"] = {
        kind: _single(there, running, of, _SINGLE if kind == "filter" else _SINGLE // 4, found["errors"])
        for kind, of in kinds.items()
    }
    cpu = functools.partial(server.cpu, running.pid)
    (found["idle_ms"], seen), _ = there.do(viewers.idle, running.port, _IDLE_VIEWERS, _FIRST, cpu, _IDLE_SECONDS)
    found["errors"] += seen.errors


def _single(
    there: People, running: Server, of: Iterator[Click], count: int, errors: list[str]
) -> dict[str, Any]:  # fmt: skip
    """How long clicks take one viewer, the CPU that each costs, in ms, and its bytes."""
    there.do(viewers.single, running.port, list(islice(of, _WARM)), first=_WARM)
    before = running.cpu
    seen, own = there.do(viewers.single, running.port, list(islice(of, count)), first=0)
    used = running.cpu - before
    errors += seen.errors
    return {
        "latency": latency(seen.clicks),
        "cpu_ms": round(used * 1000 / count, 1),
        "viewer_cpu_ms": round(own * 1000 / count, 1),
        "compressed": seen.compressed,
        **payload(seen),
    }


def payload(seen: Seen) -> dict[str, Any]:
    """Kilobytes of a click, as sent and before compression: median and mean."""
    return {
        name: {"median": round(statistics.median(of) / 1000, 1), "mean": round(statistics.fmean(of) / 1000, 1)}
        for name, of in (("wire_kb", seen.wire), ("plain_kb", seen.plain))
    }


def _crowd(
    there: People, running: Server, count: int, of: Iterator[Click], found: dict[str, Any], *,
    workers: int, rounds: int = ROUNDS,
) -> None:  # fmt: skip
    """Adds what a crowd saw, and what it and the server took of the machine, to `found["crowds"]`."""
    given = list(islice(of, count * (rounds + 1)))
    before, each_before, start = running.cpu, running.cpu_each(), time.monotonic()
    seen, own = there.do(viewers.crowd, running.port, count, given, every=EVERY)
    seconds = time.monotonic() - start
    errors = [*seen.errors, *["a connection was lost"] * seen.reconnected]
    each = {pid: used - each_before.get(pid, 0.0) for pid, used in running.cpu_each().items()}
    found["crowds"].append(
        {
            "workers": workers,
            "viewers": count,
            "latency": latency(seen.clicks) if seen.clicks else None,
            "cores": round((running.cpu - before) / seconds, 2),
            "cores_each": [round(used / seconds, 2) for used in each.values()],
            "viewers_cores": round(own / seconds, 3),
            "memory": running.memory(),
            "compressed": seen.compressed,
            "ticks": seen.ticks,
            "errors": len(errors),
        }
    )
    found["errors"] += [f"{count} viewers, {workers} workers: {error}" for error in errors]
