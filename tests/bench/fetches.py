"""python -m tests.bench.fetches: what fetching costs, and what ill servers cost the others.

Three measurements, the servers in a process of their own: how much later 80 feeds are in the record when 20 others
hang, drip or refuse; the memory of the process over 10,000 fetches; and the share of one core that 500 feeds take on a
rhythm of ten minutes, reckoned from the CPU time of one fetch that brings nothing, and of one that brings an article.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
from sqlalchemy import Engine, func, select

from ingest.run.loop import Worker
from ingest.settings import Settings
from ingest.store import record, schema
from tests.bench.web import Web
from tests.helpers.desk import FIGURES, TOPICS, opml, until

FEEDS, ILL, RHYTHM, FOLLOWED = 100, 20, 600, 500
ITEMS = 30


def _serve(items: int, pipe: Connection) -> None:
    with Web(items) as web:
        pipe.send(web.url(""))
        pipe.recv()


@contextmanager
def servers(items: int = ITEMS) -> Iterator[str]:
    """The address below which everything is served, by another process."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(items, theirs))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(10)


@contextmanager
def desk(addresses: list[str]) -> Iterator[tuple[Worker, Engine]]:
    """A worker over an empty record that follows these feeds."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, words in (("figures.toml", FIGURES), ("topics.toml", TOPICS), ("feeds.opml", opml(*addresses))):
            (root / name).write_text(words, encoding="utf-8")
        (root / "seeds").mkdir()
        ours = Settings(
            data_dir=root, seeds_dir=root / "seeds", poll_seconds=RHYTHM, allow_hosts="127.0.0.1", _env_file=None
        )  # type: ignore[call-arg]
        engine = record.open_engine(ours.database)
        try:
            yield Worker.open(ours, engine), engine
        finally:
            engine.dispose()


def _answered(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(
            select(func.count()).select_from(schema.source).where(schema.source.c.last_success_at.is_not(None))
        ).scalar_one()


def delay(web: str, ill: str) -> float:
    """Seconds until the 80 that are well are in the record, 20 ill ones among them (none: alone)."""
    addresses = [f"{web}/{ill if n % 5 == 0 else 'feed'}/{n}" for n in range(FEEDS) if ill or n % 5]
    with desk(addresses) as (worker, engine):
        stop = threading.Event()
        loop = threading.Thread(target=worker.forever, args=(stop, threading.Event()))
        loop.start()
        took = until(lambda: _answered(engine) >= FEEDS - ILL, 300)
        stop.set()
        loop.join()
    return took


def _cpu() -> float:
    """CPU seconds of this process and of the parsers, its children."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = (child.cpu_times() for child in psutil.Process().children(recursive=True))
    return own.ru_utime + own.ru_stime + sum(times.user + times.system for times in children)


def cost(web: str, kind: str, feeds: int = 40, rounds: int = 5) -> float:
    """CPU seconds of one fetch of a feed that is known."""
    with desk([f"{web}/{kind}/{n}" for n in range(feeds)]) as (worker, engine):

        def go_round() -> None:
            worker._fetch(worker.pipeline.due())
            with record.writing(engine) as connection:
                connection.execute(schema.source.update().values(next_at=None))

        go_round()
        before = _cpu()
        for _ in range(rounds):
            go_round()
        return (_cpu() - before) / (feeds * rounds)


def memory(web: str, fetches: int, tell: Callable[[int, float], None]) -> None:
    """Tells the megabytes that this process holds as the fetches go on, half of them of feeds that change."""
    feeds = 100
    kinds = ("tagged", "changing", "feed", "missing")
    with desk([f"{web}/{kinds[n % 4]}/{n}" for n in range(feeds)]) as (worker, engine):
        for done in range(0, fetches, feeds):
            worker._fetch(worker.pipeline.due())
            with record.writing(engine) as connection:
                connection.execute(schema.source.update().values(next_at=None))
            if done % (fetches // 10) == 0:
                tell(done + feeds, psutil.Process().memory_info().rss / 1e6)


def main(parts: set[str]) -> None:
    logging.getLogger("ingest").setLevel(logging.ERROR)
    os.environ.pop("DISCOURSE_LOG_LEVEL", None)
    if "delay" in parts:
        with servers(items=1) as web:
            delay(web, "")  # warm
            alone = min(delay(web, "") for _ in range(2))
            for ill in ("hangs", "drips", "headers", "refuses"):
                took = min(delay(web, ill) for _ in range(2))
                print(
                    f"{ILL} of {FEEDS} feeds {ill}: the other {FEEDS - ILL} {took - alone:+.2f} s ({alone:.2f} s alone)"
                )
    with servers() as web:
        if "cpu" in parts:
            total = 0.0
            for kind, words, part in (
                ("tagged", "304", 0.3), ("feed", "200, nothing new", 0.5), ("changing", "200, one new article", 0.2)
            ):  # fmt: skip
                each = cost(web, kind)
                total += part * each
                print(f"CPU of a fetch of {ITEMS} items, {words}: {each * 1000:.1f} ms")
                print(f"  {FOLLOWED} such feeds every {RHYTHM} s: {each * FOLLOWED / RHYTHM:.1%} of a core")
            print(f"mixed (30 %, 50 %, 20 %): {total * FOLLOWED / RHYTHM:.1%} of a core; budget 30 %")
        if "memory" in parts:
            start = time.monotonic()
            memory(web, 10_000, lambda done, held: print(f"memory after {done} fetches: {held:.0f} MB", flush=True))
            print(f"({time.monotonic() - start:.0f} s)")


if __name__ == "__main__":
    main(set(sys.argv[1:]) or {"delay", "cpu", "memory"})
