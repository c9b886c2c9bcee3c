"""Storage and process: kills, a full disk, two at once, readers meanwhile, damage."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from dashboard.model.follower import Follower
from ingest.__main__ import app
from ingest.run import lock
from ingest.settings import PROJECT
from ingest.store import record, schema
from ingest.store.upkeep import damage
from tests.helpers import kills
from tests.helpers.desk import Desk, end, item, on_sqlite, opml, rss, until

START = 90


def counts(engine: Engine, *names: str) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(schema.metadata.tables[name])).scalar_one()
            for name in names
        }


def titles(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(
            connection.execute(select(schema.content.c.title).where(schema.content.c.rev_to.is_(None))).scalars()
        )


def whole(engine: Engine) -> None:
    """Fails unless every article is there once with all that belongs to it, and the ledger fits the attempts."""
    assert damage.full_check(engine).faults == ()
    found = counts(engine, "article", "content", "content_text", "analysis", "analysis_sentences")
    assert len(set(found.values())) == 1, found
    assert len(set(titles(engine))) == found["article"]
    with engine.connect() as connection:
        attempts = connection.execute(select(func.sum(schema.coverage.c.attempts))).scalar()
        added = connection.execute(select(func.sum(schema.coverage.c.articles))).scalar()
        fetched = connection.execute(
            select(func.count(), func.sum(schema.fetch.c.added)).select_from(schema.fetch)
        ).one()
    assert (attempts, added) == tuple(fetched)


class Writer:
    """`tests/helpers/kills.py` as a process, and what it has acknowledged."""

    def __init__(self, desk: Desk) -> None:
        command = [sys.executable, "-m", "tests.helpers.kills", desk.url, str(desk.data)]
        env = {**desk.env, "OPENBLAS_NUM_THREADS": "1"}  # a process of one thread may be forked
        self.process = subprocess.Popen(
            command, cwd=PROJECT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.stored = 0
        self._child = 0
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            word, _, number = line.strip().partition(" ")
            if word == "stored":
                self.stored = int(number)
            elif word == "writer":
                self._child = int(number)
            self._lines.append(word)

    def said(self, word: str) -> int:
        return self._lines.count(word)

    def go(self, first: int, last: int) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{first} {last}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        rounds = self.said("ended")
        os.kill(self._child, signal.SIGKILL)
        until(lambda: self.said("ended") > rounds, 20)

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(20)
        self._reader.join(10)
        self.process.stdout.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the writer is forked")
@pytest.mark.parametrize("most", [9, pytest.param(50, marks=pytest.mark.slow)])
def test_bad_input_71_kill_9_anywhere(desk: Desk, engine: Engine, most: int) -> None:
    # On PostgreSQL a fourth as often: a writer takes a second to connect there.
    luck, rounds = random.Random(), most if engine.name == "sqlite" else max(3, most // 4)
    writer = Writer(desk)
    try:
        until(lambda: writer.said("ready") == 1, START)
        for done in range(rounds):
            stored = writer.said("stored")
            writer.go(writer.stored + 1, 10_000)
            until(lambda done=done: writer.said("writer") == done + 1)  # type: ignore[misc]
            # Every third one at its start, where it migrates, lists and recovers; the others while they store.
            if done % 3:
                until(lambda stored=stored: writer.said("stored") > stored, 20)  # type: ignore[misc]
            time.sleep(luck.random() * 0.06)
            writer.kill()
            acknowledged = writer.stored
            there = set(titles(engine))
            assert {kills.title(number) for number in range(1, acknowledged + 1)} <= there
        whole(engine)
        last = writer.stored + 2 * kills.AT_ONCE
        writer.go(1, last)  # the next run is offered all again, and completes
        until(lambda: writer.said("ended") == rounds + 1, START)
        assert writer.stored == last
    finally:
        writer.close()
    whole(engine)
    assert set(titles(engine)) >= {kills.title(number) for number in range(1, last + 1)}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB; skipped where none can be made."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root on Linux only")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True)


def test_bad_input_72_disk_full(desk: Desk, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("feeds.opml", "figures.toml", "topics.toml"):
        (small_disk / name).write_bytes((desk.data / name).read_bytes())
    monkeypatch.setenv("DISCOURSE_DATA_DIR", str(small_disk))
    desk.env["DISCOURSE_DATA_DIR"] = str(small_disk)
    luck = random.Random(72)
    log = desk.root / "log.txt"
    with log.open("wb") as out:
        worker = desk.start("watch", stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        desk.drop("first.txt", "Talks open\n\nAda Quill met Ben Marsh.")
        database = small_disk / "discourse.db"
        until(database.exists, START)
        until(lambda: worker.poll() is None and _count(database) == 1, START)

        ballast = small_disk / "ballast"
        room = os.statvfs(small_disk)
        ballast.write_bytes(b"x" * (room.f_bavail * room.f_frsize - 120_000))
        for number in range(40):
            noise = " ".join(f"{luck.getrandbits(64):x}" for _ in range(500))
            desk.drop(f"{number:02}.txt", f"Title {number}\n\nBen Marsh spoke. {noise}")
        until(lambda: "the record can't be written: database or disk is full" in log.read_text(), 30)
        assert worker.poll() is None, "it goes on"
        assert _count(database) == 1, "what did not fit was taken back as a whole"
        said = desk.start("status", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out_, _ = said.communicate(timeout=START)
        assert b'"articles": 1' in out_, "and can be read meanwhile"

        ballast.unlink()
        until(lambda: _count(database) == 41, START)
    finally:
        end(worker)
    assert "Traceback" not in log.read_text()
    engine = record.open_engine(f"sqlite:///{database}")
    try:
        assert damage.full_check(engine).faults == ()
        assert len(set(titles(engine))) == 41
        assert counts(engine, "article", "analysis") == {"article": 41, "analysis": 41}
    finally:
        engine.dispose()


def _count(database: Path) -> int:
    with contextlib.closing(sqlite3.connect(database)) as connection, contextlib.suppress(sqlite3.OperationalError):
        return int(connection.execute("SELECT count(*) FROM content WHERE rev_to IS NULL").fetchone()[0])
    return 0


@on_sqlite
def test_bad_input_73_two_ingests_at_once(desk: Desk, engine: Engine, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(*(item(number) for number in range(60))))
    feed = opml(httpserver.url_for("/rss")).replace("<outline ", '<outline fullText="never" ')
    (desk.data / "feeds.opml").write_text(feed, encoding="utf-8")
    for number in range(60):
        desk.drop(f"{number}.txt", f"---\nlanguage: en\n---\nTitle {number}\n\nAda Quill met Ben Marsh in {number}.")
    log = desk.root / "log.txt"
    with log.open("wb") as out:
        loop = desk.start("watch", stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        passes = [desk.start("once", stdout=out, stderr=out) for _ in range(2)]
    try:
        assert [each.wait(90) for each in passes] == [0, 0], log.read_text()
        until(lambda: len(titles(engine)) == 120, START)
    finally:
        for each in (loop, *passes):
            end(each)
    said = log.read_text().lower()
    assert "locked" not in said
    assert "traceback" not in said
    assert len(set(titles(engine))) == 120
    assert counts(engine, "article", "content", "analysis", "content_text") == dict.fromkeys(
        ("article", "content", "analysis", "content_text"), 120
    )
    assert damage.full_check(engine).faults == ()


def test_bad_input_74_a_dashboard_reading_meanwhile(desk: Desk, engine: Engine) -> None:
    many, seen = 200, []
    model = Follower(engine)
    with record.writing(engine):
        pass  # the file is there
    reading = engine.connect()  # a page that takes long: one state from its first question to its last
    assert reading.execute(select(func.count()).select_from(schema.article)).scalar_one() == 0
    for number in range(many):
        desk.drop(f"{number}.txt", f"---\nlanguage: en\n---\nTitle {number}\n\nAda Quill met Ben Marsh in {number}.")
    ingest = desk.start("once", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while not seen or seen[-1] < many:
            model.catch_up()
            held = len(model.snapshot.articles.all())
            with engine.connect() as connection:
                at = select(func.count()).where(schema.content.c.rev_from <= model.revision)
                assert held == connection.execute(at).scalar_one(), "a revision is seen as a whole"
            assert not seen or held >= seen[-1]
            seen.append(held)
            assert ingest.poll() in (None, 0)
            assert len(seen) < 20_000
            time.sleep(0.005)
        _, said = ingest.communicate(timeout=START)
        assert ingest.returncode == 0, said
        assert reading.execute(select(func.count()).select_from(schema.article)).scalar_one() == 0
    finally:
        reading.close()
        ingest.kill()
        ingest.wait()
        if ingest.stderr:
            ingest.stderr.close()
    assert model.fault is None
    assert len(set(seen)) > 2, "read while it was written"


def once() -> tuple[int, str]:
    """`python -m ingest once` in this process: its exit code and what it says."""
    result = CliRunner().invoke(app, ["once"])
    return result.exit_code, result.stderr


@on_sqlite
@pytest.mark.usefixtures("quiet_logging")
def test_bad_input_75_a_damaged_record(desk: Desk, database: str) -> None:
    """It is found at the start, said on the page and by the worker, and restored as the manual has it."""
    for number in range(40):
        desk.drop(f"{number}.txt", f"Title {number}\n\n" + f"Ada Quill met Ben Marsh in {number}. " * 40)
    assert once()[0] == 0
    path, backup = desk.data / "discourse.db", desk.root / "backup.db"
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(backup)) as target:
        source.backup(target)
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    body = bytearray(path.read_bytes())
    for page in range(len(body) // 8_192 // 3, 2 * len(body) // 8_192 // 3):
        body[page * 8_192 : page * 8_192 + 400] = os.urandom(400)
    path.write_bytes(body)

    process = desk.start("watch", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=START)
    for code, words in ((process.returncode, said.decode()), once()):
        words = " ".join(words.split())
        assert code == 1
        assert "damaged" in words
        assert "docs/operate.md, 'Restoring the record', says what to do" in words
        assert "Traceback" not in words
    assert bytes(body) == path.read_bytes(), "nothing was written to it"

    for file in desk.data.glob("discourse.db*"):
        file.rename(desk.root / f"old-{file.name}")
    backup.rename(path)
    desk.drop("40.txt", "Title 40\n\nIt came after the backup.")
    assert once()[0] == 0
    engine = record.open_engine(desk.url)
    try:
        assert len(titles(engine)) == 41
        assert damage.full_check(engine).faults == ()
    finally:
        engine.dispose()


def test_a_large_record_is_looked_at_no_longer_than_is_said(engine: Engine) -> None:
    begun = time.monotonic()
    damage.quick_check(engine, 0.0)
    damage.quick_check(engine)
    assert time.monotonic() - begun < damage.QUICK_CHECK_SECONDS


@on_sqlite
def test_a_stop_finishes_the_commit_in_hand(desk: Desk, engine: Engine, httpserver: HTTPServer) -> None:
    """Asked to stop while it stores, with another feed hanging, it ends soon, with nothing half and exit code 0."""
    hanging = threading.Event()

    def hang(_: object) -> str:
        hanging.wait(60)
        return rss()

    httpserver.expect_request("/hangs").respond_with_handler(hang)  # type: ignore[arg-type]
    httpserver.expect_request("/rss").respond_with_data(rss(*(item(number) for number in range(50))))
    desk.list_feeds(httpserver.url_for("/hangs"), httpserver.url_for("/rss"))
    for number in range(300):
        desk.drop(f"{number:03}.txt", f"---\nlanguage: en\n---\nTitle {number}\n\nAda Quill met Ben Marsh in {number}.")
    log = desk.root / "log.txt"
    with log.open("wb") as out:
        loop = desk.start("watch", stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        until(lambda: len(titles(engine)) > 0, START)
        loop.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        assert loop.wait(20) == 0, log.read_text()
        assert time.monotonic() - begun < 10
    finally:
        hanging.set()
        loop.kill()
        loop.wait(10)
    assert "Traceback" not in log.read_text()
    assert not lock.alive(desk.settings())
    whole(engine)
