"""Fetches side by side: servers that hang, drip or refuse hold up nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from ingest.fetch.queue import Fetches, Hosts
from ingest.run.loop import Worker
from ingest.store import schema
from tests.bench.web import Web
from tests.helpers.desk import Desk, on_sqlite, until

FEEDS, ILL = 100, 20


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as made:
        yield made


def _stored(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(schema.content.c.title)).scalars())


def _follow(desk: Desk, engine: Engine, web: Web, paths: list[str], wanted: int) -> None:
    """Runs the loop until it has stored so many articles; then it is ended."""
    desk.list_feeds(*(web.url(path) for path in paths))
    stop = threading.Event()
    worker = Worker.open(desk.settings(), engine)
    loop = threading.Thread(target=worker.forever, args=(stop, threading.Event()))
    loop.start()
    try:
        until(lambda: len(_stored(engine)) == wanted, 60)
    finally:
        stop.set()
        loop.join(20)
        assert not loop.is_alive(), "servers that hang do not keep the loop from ending"


@on_sqlite
@pytest.mark.parametrize("how", ["hangs", "drips", "headers", "refuses"])
def test_twenty_ill_feeds_of_a_hundred_do_not_hold_up_the_other_eighty(
    desk: Desk, engine: Engine, web: Web, how: str
) -> None:
    paths = [f"/{how}/{n}" if n % 5 == 0 else f"/feed/{n}" for n in range(FEEDS)]
    _follow(desk, engine, web, paths, FEEDS - ILL)
    if how == "refuses":
        return
    # None of the ill ones has come to its end (a time-out of twenty seconds at least): nobody waited for them.
    with engine.connect() as connection:
        asked = connection.execute(select(schema.source.c.key).where(schema.source.c.last_attempt_at.is_(None)))
        assert {key for (key,) in asked} == {web.url(path) for path in paths if how in path}


def test_a_host_is_asked_for_few_things_at_once_and_not_without_a_pause() -> None:
    clock = Clock()
    hosts = Hosts(["mine.test"], clock)
    assert hosts.begin("http://news.test/1")
    assert not hosts.begin("http://NEWS.test/2"), "not at once"
    assert hosts.begin("http://other.test/1")
    clock.now += 1
    assert hosts.begin("http://news.test/2", spacing=30)
    clock.now += 40
    assert not hosts.begin("http://news.test/3"), "two are under way"
    hosts.end("http://news.test/1")
    assert hosts.begin("http://news.test/3")
    assert all(hosts.begin(f"http://mine.test/{n}") for n in range(50)), "our own are asked as we like"


def test_the_memory_for_hosts_does_not_grow_without_end() -> None:
    clock = Clock()
    hosts = Hosts(clock=clock)
    for number in range(5_000):
        clock.now += 0.01
        assert hosts.begin(f"http://{number}.test/")
        hosts.end(f"http://{number}.test/")
    assert len(hosts._next) < 1_200
    assert not hosts._busy


def test_what_is_offered_twice_is_fetched_once() -> None:
    go, fetched = threading.Event(), []

    def work(what: str) -> str:
        go.wait(5)
        fetched.append(what)
        return what.upper()

    fetches = Fetches(work, Hosts(["a.test"]), at_once=2)
    for what in ("a", "b", "c"):
        fetches.offer(ord(what), "http://a.test/", what)
    fetches.start()
    assert fetches.busy == {ord("a"), ord("b")}, "no more at once than that"
    fetches.offer(ord("a"), "http://a.test/", "a again")
    fetches.offer(ord("c"), "http://a.test/", "c, newer")
    go.set()
    found: list[tuple[str, str]] = []
    end = time.monotonic() + 5
    while fetches and time.monotonic() < end:
        fetches.start()
        found += fetches.finished()
    assert sorted(found) == [("a", "A"), ("b", "B"), ("c, newer", "C, NEWER")]
