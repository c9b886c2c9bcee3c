"""The loop, as a real child process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import Engine, func, select
from werkzeug import Request, Response

from ingest.run import lock
from ingest.run.loop import Worker
from ingest.settings import PROJECT
from ingest.store import schema
from ingest.store.plan import complaints
from ingest.store.read.sources import listing
from ingest.store.upkeep import damage
from tests.helpers.desk import FIGURES, Desk, item, on_sqlite, opml, rss, until

# A child takes two seconds to import everything, and longer when other tests use the machine.
START = 90


class Loop:
    """A running `python -m ingest watch`, and what it has done."""

    def __init__(self, desk: Desk, engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
        self.desk, self.engine, self.process, self._log = desk, engine, process, log

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def titles(self) -> list[str]:
        with self.engine.connect() as connection:
            content = schema.content.c
            return sorted(connection.execute(select(content.title).where(content.rev_to.is_(None))).scalars())

    def figures(self) -> set[str]:
        with self.engine.connect() as connection:
            analysis, mention = schema.analysis.c, schema.mention.c
            joined = select(mention.figure).join(schema.analysis, analysis.id == mention.analysis_id)
            return set(connection.execute(joined.where(analysis.rev_to.is_(None))).scalars())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


Start = Callable[..., Loop]


@pytest.fixture
def start(desk: Desk, engine: Engine) -> Iterator[Start]:
    """Starts a loop; whatever still runs at the end is ended."""
    with contextlib.ExitStack() as stack:

        def go(*arguments: str, wait: bool = True, stdin: int = subprocess.DEVNULL) -> Loop:
            path = desk.root / "log.txt"
            log = stack.enter_context(path.open("wb"))
            process = desk.start("watch", *arguments, stdin=stdin, stdout=log, stderr=log)
            stack.callback(process.wait, 10)
            stack.callback(process.kill)
            if process.stdin:
                stack.callback(process.stdin.close)
            loop = Loop(desk, engine, process, path)
            if wait:
                until(lambda: lock.alive(desk.settings()) or process.poll() is not None, START)
                assert process.poll() is None, loop.said()
            return loop

        yield go


@on_sqlite
def test_a_file_dropped_is_in_the_record_within_five_seconds(start: Start, desk: Desk) -> None:
    loop = start()
    desk.drop("a.txt", "First came this\n\nMore words to know a language by.", age=0)
    until(lambda: len(loop.titles()) == 1, 15)
    took = []
    for title in ("Talks open", "Talks go on", "Talks end"):
        desk.drop("new/talks.txt", f"{title}\n\nAda Quill spoke to the press.", age=0)
        took.append(until(lambda title=title: title in loop.titles(), 15))  # type: ignore[misc]
    assert min(took) < 5, took  # the best of three: a busy machine may hold up any one
    desk.seeds.rename(desk.root / "old")
    desk.seeds.mkdir()
    desk.drop("after.txt", "After all this\n\nThe folder was replaced.", age=0)
    until(lambda: "After all this" in loop.titles(), 20)
    assert loop.stop() == 0
    assert "Traceback" not in loop.said()


def test_killed_in_the_middle_of_many_files_it_loses_nothing_and_stores_nothing_twice(
    start: Start, desk: Desk, engine: Engine
) -> None:
    many = killed = stored = 0
    while killed < 2:
        if many - stored < 150:  # two commits
            assert many < 2_500, "always killed too late to show anything"
            for number in range(many, many + 250):
                words = f"Title {number}\n\nAda Quill met Ben Marsh on day {number}."
                desk.drop(f"{number:04}.txt", f"---\nlanguage: en\n---\n{words}")
            many += 250
        loop, before = start(wait=False), stored
        until(lambda before=before, loop=loop: len(loop.titles()) > before, START)  # type: ignore[misc]
        os.kill(loop.process.pid, signal.SIGKILL)
        loop.process.wait(10)
        stored = len(loop.titles())
        killed += stored < many  # a busy machine may have let it store all of them before the kill came
    loop = start()
    until(lambda: len(loop.titles()) == many, START)
    assert loop.stop() == 0
    assert len(set(loop.titles())) == many
    with engine.connect() as connection:
        counts = {
            name: connection.execute(select(func.count()).select_from(schema.metadata.tables[name])).scalar_one()
            for name in ("article", "content", "content_text", "analysis", "analysis_sentences", "story", "mention")
        }
    assert damage.full_check(engine).faults == ()
    assert counts.pop("mention") == 2 * many
    assert set(counts.values()) == {many}


def test_a_child_ends_when_its_parent_is_killed(desk: Desk) -> None:
    parent_code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'ingest', 'watch', '--with-parent'], stdin=subprocess.PIPE,"
        " start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(300)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code],
        cwd=PROJECT,
        env=desk.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    try:
        until(lambda: lock.alive(desk.settings()), START)
        parent.kill()
        until(lambda: not lock.alive(desk.settings()), 15)
    finally:
        parent.kill()
        parent.wait(10)
        parent.stdout.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@on_sqlite
def test_a_second_loop_refuses_and_says_what_to_do(start: Start, desk: Desk) -> None:
    first = start()
    second = desk.start("watch", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, said = second.communicate(timeout=START)
    assert second.returncode == 1
    assert f"Another ingest already follows {desk.data}. Stop it first" in " ".join(said.decode().split())
    assert first.process.poll() is None
    first.process.kill()
    first.process.wait(10)
    assert not lock.alive(desk.settings()), "a killed loop leaves no lock behind"


def test_the_worker_of_a_second_dashboard_takes_over_and_ends_when_its_pipe_is_closed(start: Start, desk: Desk) -> None:
    first = start()
    second = start("--with-parent", wait=False, stdin=subprocess.PIPE)
    assert first.stop() == 0
    desk.drop("a.txt", "Talks open\n\nWords.", age=0)
    until(lambda: second.titles() == ["Talks open"], START)
    assert second.process.stdin
    second.process.stdin.close()
    assert second.process.wait(15) == 0


@on_sqlite
def test_edited_lists_are_taken_up_and_broken_ones_refused(start: Start, desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1, "From the feed")))
    desk.drop("a.txt", "Talks open\n\nBen Marsh met Ada Quill.")
    loop = start()
    until(lambda: loop.figures() == {"ada-quill", "ben-marsh"}, START)

    figures = desk.data / "figures.toml"
    figures.write_text(FIGURES + "\n[[figure]\nid = broken", encoding="utf-8")
    until(lambda: "The old list goes on" in loop.said(), 10)
    desk.drop("b.txt", "Talks end\n\nBen Marsh left.", age=0)
    until(lambda: loop.titles() == ["Talks end", "Talks open"], 10)
    assert loop.figures() == {"ada-quill", "ben-marsh"}

    figures.write_text(FIGURES.replace("ben-marsh", "benedict-marsh"), encoding="utf-8")
    until(lambda: loop.figures() == {"ada-quill", "benedict-marsh"}, 10)

    (desk.data / "feeds.opml").write_text("<opml><body>", encoding="utf-8")
    until(lambda: "this is no OPML" in loop.said(), 10)
    assert "this is no OPML" in _complaints(loop.engine)[0], "said where people see it, not in the log alone"
    (desk.data / "feeds.opml").write_text(opml(httpserver.url_for("/rss")), encoding="utf-8")
    until(lambda: "From the feed" in loop.titles(), 15)
    assert _complaints(loop.engine) == []
    desk.list_feeds()
    until(lambda: not _listed(loop.engine), 10)
    assert "From the feed" in loop.titles()
    assert loop.stop() == 0
    assert "Traceback" not in loop.said()


def _complaints(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [each.message for each in complaints.current(connection)]


def _listed(engine: Engine) -> bool:
    with engine.connect() as connection:
        return any(row.listed for row in listing(connection) if row.kind == "feed")


def test_a_list_that_is_broken_at_the_start_stops_it_with_the_line(desk: Desk) -> None:
    (desk.data / "figures.toml").write_text("[[figure]]\nid = 'X Y'\n", encoding="utf-8")
    process = desk.start("watch", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=START)
    assert process.returncode == 1
    assert "figures.toml, line 2: figure 1 (X Y): 'id' is" in " ".join(said.decode().split())


@on_sqlite
def test_a_list_of_feeds_that_is_broken_at_the_start_stops_neither_files_nor_the_feeds_of_the_record(
    start: Start, desk: Desk, engine: Engine, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1, "From the feed")))
    desk.list_feeds(httpserver.url_for("/rss"))
    Worker.open(desk.settings(), engine)
    (desk.data / "feeds.opml").write_text("<opml><body>", encoding="utf-8")
    desk.drop("a.txt", "Talks open\n\nBen Marsh met Ada Quill.")
    loop = start()
    until(lambda: loop.titles() == ["From the feed", "Talks open"], START)
    assert "this is no OPML" in _complaints(loop.engine)[0]
    desk.list_feeds()
    until(lambda: _complaints(loop.engine) == [] and not _listed(loop.engine), 10)


def test_a_link_to_itself_ends_nothing(start: Start, desk: Desk) -> None:
    (desk.seeds / "self.txt").symlink_to(desk.seeds / "self.txt")
    loop = start()
    desk.drop("a.txt", "Talks open\n\nAda Quill spoke.", age=0)
    until(lambda: loop.titles() == ["Talks open"], START)

    def stands() -> str:
        with loop.engine.connect() as connection:
            return next((row.last_error or "" for row in listing(connection) if row.name == "Seed folder"), "")

    until(lambda: "self.txt: It can't be looked at" in stands(), 10)
    (desk.seeds / "self.txt").unlink()
    until(lambda: stands() == "", 10)
    assert loop.stop() == 0
    assert "Traceback" not in loop.said()


@on_sqlite
def test_what_came_while_the_record_could_not_be_written_is_stored_afterwards(
    desk: Desk, engine: Engine, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    def once(request: Request) -> Response:
        """News that is told once."""
        news = () if request.path in asked else (item(1, f"From {request.path}"),)
        asked.append(request.path)
        return Response(rss(*news))

    httpserver.expect_request(re.compile("/[ab]")).respond_with_handler(once)
    desk.list_feeds(httpserver.url_for("/a"), httpserver.url_for("/b"))
    worker, stop = Worker.open(desk.settings(), engine), threading.Event()
    with engine.begin() as connection:
        full = "BEFORE INSERT ON watchlist BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        connection.exec_driver_sql(f"CREATE TRIGGER full {full}")
    loop = threading.Thread(target=worker.forever, args=(stop, threading.Event()))
    loop.start()
    try:
        until(lambda: len(asked) >= 2 and "the disk is full" in caplog.text, 20)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
        content = schema.content.c
        titles = select(content.title).order_by(content.title)

        def stored() -> list[str]:
            with engine.connect() as connection:
                return list(connection.execute(titles).scalars())

        until(lambda: stored() == ["From /a", "From /b"], 20)
    finally:
        stop.set()
        loop.join(20)
    assert sorted(asked) == ["/a", "/b"], "what has come is not fetched again while it waits"


def test_a_fault_that_nobody_expected_is_kept_where_people_see_it_and_the_loop_goes_on(
    desk: Desk, engine: Engine, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1, "From the feed")))
    desk.list_feeds(httpserver.url_for("/rss"))
    monkeypatch.setattr("ingest.run.loop._RESCAN_SECONDS", 0.2)
    worker = Worker.open(desk.settings(), engine)
    whole = worker.seeds.scan

    def odd() -> None:
        raise KeyError("x")

    monkeypatch.setattr(worker.seeds, "scan", odd)
    stop = threading.Event()
    loop = threading.Thread(target=worker.forever, args=(stop, threading.Event()))
    loop.start()
    try:
        said = "looking at the seed folder failed (KeyError: 'x'). It is tried again. Please report it."
        until(lambda: _complaints(engine) == [said], START)
        with engine.connect() as connection:
            (complaint,) = complaints.current(connection)
        assert complaint.heading == "The ingest met a fault and goes on."
        until(lambda: "From the feed" in Loop(desk, engine, None, desk.root).titles(), START)  # type: ignore[arg-type]
        monkeypatch.setattr(worker.seeds, "scan", whole)
        until(lambda: _complaints(engine) == [], 10)
    finally:
        stop.set()
        loop.join(20)
    assert not loop.is_alive()


def test_nobody_follows_a_fresh_data_folder(desk: Desk) -> None:
    assert not lock.alive(desk.settings())
    with lock.only_loop(desk.settings()):
        assert lock.alive(desk.settings())
    assert not lock.alive(desk.settings())
