"""Feeds in a process of their own: it hangs, starves and dies, and everybody else goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import psutil
import pytest

from ingest.errors import ParseError, SourceError, Stopped
from ingest.formats import feed
from ingest.formats.items import Feed
from ingest.settings import PROJECT
from ingest.sources import sandbox
from ingest.sources.sandbox import Sandbox
from tests.helpers.desk import rss, until

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = "https://daily.example/feed.xml"
FEED = rss("<item><title>Talks end</title><link>http://news.test/1</link></item>").encode()
#: So many items keep any machine busy for longer than these tests wait.
ENDLESS = b"<rss><channel>" + b"<item><title>x</title></item>" * 1_000_000


def _read(reader: Sandbox, body: bytes = FEED) -> Feed:
    return reader.feed(body, source=SOURCE, now=NOW)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with closing(Sandbox(seconds=10)) as made:
        yield made


def test_a_worker_answers_what_this_process_would(shared: Sandbox) -> None:
    assert _read(shared) == feed.read(FEED, source=SOURCE, now=NOW)
    broken = FEED[: FEED.index(b"</item>")] + b"<item><title>cut"
    assert _read(shared, broken).notes == feed.read(broken, source=SOURCE, now=NOW).notes != ()
    with pytest.raises(ParseError, match="a picture"):
        _read(shared, b"\x89PNG\r\n")


def test_one_worker_serves_many_feeds_and_threads(shared: Sandbox) -> None:
    _read(shared)
    before = _children()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: _read(shared).entries[0].title, range(200)))
    assert found == ["Talks end"] * 200
    assert before <= _children()
    assert len(_children() - before) <= sandbox._MOST - 1


def test_bad_input_27_a_hundred_thousand_nested_tags_are_refused_in_time(shared: Sandbox) -> None:
    deep = 100_000
    for body in (
        b"<rss><channel><item>" + b"<a>" * deep,
        b"<rss><channel><item><title>T</title>" + b"<a>" * deep + b"</a>" * deep + b"</item></channel></rss>",
    ):
        with pytest.raises(ParseError, match=r"nests elements|stopped after"):
            _read(shared, body)
    inside = b"<div>" * deep + b"Words" + b"</div>" * deep
    body = (
        b"<rss><channel><item><title>T</title><description><![CDATA["
        + inside
        + b"]]></description></item></channel></rss>"
    )
    assert _read(shared, body).entries[0].title == "T"


def test_a_feed_that_takes_for_ever_is_stopped_and_the_next_one_is_read() -> None:
    with closing(Sandbox(seconds=1)) as reader:
        _read(reader)
        (worker,) = (each._process for each in reader._idle)
        start = time.monotonic()
        with pytest.raises(ParseError, match="stopped after 1 seconds"):
            _read(reader, ENDLESS)
        assert time.monotonic() - start < 5
        assert worker.poll() is not None
        assert _read(reader).entries


def test_a_feed_that_takes_for_ever_does_not_keep_the_others_waiting() -> None:
    with closing(Sandbox(seconds=3)) as reader:
        _read(reader)

        def wait() -> None:
            with pytest.raises(ParseError, match="stopped after"):
                _read(reader, ENDLESS)

        slow = threading.Thread(target=wait)
        slow.start()
        until(lambda: reader._busy == 1)
        assert _read(reader).entries
        assert slow.is_alive()
        reader.close()
        slow.join()


@pytest.mark.skipif(sys.platform != "linux", reason="only here is the address space limited")
def test_a_feed_that_takes_all_memory_is_refused_and_the_next_one_is_read() -> None:
    with closing(Sandbox(memory=220_000_000)) as reader:
        _read(reader)
        with pytest.raises(ParseError, match=r"more memory|died over this one"):
            _read(reader, b"<rss><channel><item><title>" + b"x" * 30_000_000 + b"</title></item></channel></rss>")
        assert _read(reader).entries


def test_a_worker_that_dies_is_replaced() -> None:
    with closing(Sandbox()) as reader:
        _read(reader)
        (worker,) = reader._idle
        os.kill(worker._process.pid, signal.SIGSEGV)
        worker._process.wait()
        with pytest.raises(ParseError, match="died over this one"):
            _read(reader)
        assert _read(reader).entries


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("feed", "The process that reads feeds died over this one (-9). Tell its publisher, or take it off the list."),
        (
            "page",
            "The process that reads pages died over this one (-9). The article keeps the words that its feed gives.",
        ),
        ("file", "The process that reads files died over this one (-9). Mend it, or take it out of the folder"),
    ],
)
def test_what_is_said_of_a_reader_that_died_fits_what_it_read(shared: Sandbox, kind: str, advice: str) -> None:
    with pytest.raises(Stopped) as raised:
        shared.run(kind, signal.raise_signal, signal.SIGKILL)
    assert str(raised.value).startswith(advice)


def test_a_worker_that_can_not_start_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with closing(Sandbox()) as reader, pytest.raises(SourceError, match="does not start"):
        _read(reader)


def test_a_worker_that_nobody_stops_any_more_ends_itself() -> None:
    code = (
        "import os, signal, sys, threading, time\nfrom ingest.sources import sandbox\n"
        "reader = sandbox.Sandbox(seconds=1)\nreader.run('file', time.sleep, 0)\n"
        "print(reader._idle[0]._process.pid, flush=True)\n"
        "threading.Thread(target=reader.run, args=('file', time.sleep, 60)).start()\ntime.sleep(0.5)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, check=False, timeout=60)
    worker = int(found.stdout)
    until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)


def test_a_worker_is_replaced_after_its_share_of_feeds() -> None:
    before = _children()
    with closing(Sandbox(requests=2)) as reader:
        seen: set[int] = set()
        for _ in range(4):
            _read(reader)
            seen |= _children() - before
        assert len(seen) == 2


def test_closing_leaves_no_process_behind() -> None:
    before = _children()
    with closing(Sandbox()) as reader:
        _read(reader)
        assert _children() - before
    assert not _children() - before


def test_a_worker_ends_with_its_parent_however_that_ends() -> None:
    code = (
        "import os, signal, sys\nfrom datetime import UTC, datetime\nfrom ingest.sources import sandbox\n"
        "sandbox.feed(sys.argv[1].encode(), source='s', now=datetime.now(UTC))\n"
        "print(sandbox._feeds._idle[0]._process.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, FEED.decode()], cwd=PROJECT, stdout=subprocess.PIPE, check=False, timeout=60
    )
    worker = int(found.stdout)
    until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)
