"""The server as people start it: its routes, its child, its end."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from ingest.run import lock
from ingest.store import record, schema
from tests.helpers.desk import Desk, until, utc
from tests.helpers.server import START, Server, with_worker


@pytest.fixture
def server(desk: Desk) -> Iterator[Server]:
    with with_worker(desk) as running:
        yield running


def _listening(port: int) -> set[str]:
    """The addresses, as the kernel writes them, on which somebody listens at this port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for row in Path(table).read_text().splitlines()[1:]:
                _, local, _, state = row.split()[:4]
                address, _, number = local.partition(":")
                if state == "0A" and int(number, 16) == port:
                    found.add(address)
    return found


def _worker(desk: Desk) -> int | None:
    """The process of this desk's worker, found through /proc."""
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (path / "cmdline").read_bytes().split(b"\0")
            ours = f"DISCOURSE_DATA_DIR={desk.data}".encode() in (path / "environ").read_bytes().split(b"\0")
            if b"--with-parent" in words and ours:
                return int(path.name)
    return None


def test_the_server_is_healthy_small_and_local_and_ends_with_its_child(server: Server, desk: Desk) -> None:
    # One story, because a server takes seconds to start.
    response, body = server.get("/healthz")
    assert response.status == 200
    assert response.headers["content-type"].startswith("application/json")
    found = json.loads(body)
    assert found.keys() == {
        "ok", "revision", "newest_fetch_age_seconds", "worker", "feeds", "not_normal", "faults"
    }  # fmt: skip
    assert (found["ok"], found["worker"], found["revision"]) == (True, True, 0)

    # A dropped file passes through the child into the record.
    desk.drop("a.txt", "Talks open\n\nAda Quill met Ben Marsh.", age=0)
    until(lambda: server.health()["revision"] == 1, 20)
    assert server.health()["newest_fetch_age_seconds"] is None, "there is no feed that could be heard"

    response, body = server.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "\ndiscourse_worker_up 1\n" in body.decode()
    assert "\ndiscourse_revision 1\n" in body.decode()

    # Static files are packed once for those who can unpack them.
    page = server.get("/")[1].decode()
    script = re.search(r'src="(?:\./|/)?(static/js/[^"]+\.js)"', page)
    assert script, page[:2_000]
    plain, whole = server.get(f"/{script[1]}")
    packed, small = server.get(f"/{script[1]}", **{"Accept-Encoding": "gzip"})
    assert plain.headers.get("content-encoding") is None
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers.get("vary", "").lower()
    assert gzip.decompress(small) == whole
    assert len(small) < len(whole) / 2

    if sys.platform == "linux":
        assert _listening(server.port) <= {"0100007F", "0" * 24 + "01000000"}, "loopback only"

    # An unusable record is said to be one.
    with record.writing(engine := record.open_engine(desk.url)) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    response, body = server.get("/healthz")
    assert response.status == 503
    assert "9999" in json.loads(body)["error"]
    with record.writing(engine) as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{record.head()}'")
    engine.dispose()

    server.process.send_signal(signal.SIGTERM)
    server.process.wait(20)
    until(lambda: not lock.alive(desk.settings()), 1)
    assert "Traceback" not in server.said()


def test_a_killed_worker_is_started_again_and_ends_with_a_killed_server(server: Server, desk: Desk) -> None:
    if sys.platform == "linux":
        first = _worker(desk)
        assert first
        os.kill(first, signal.SIGKILL)
        until(lambda: _worker(desk) not in (None, first), 20)
        until(lambda: bool(server.health()["worker"]), START)
    server.process.kill()
    server.process.wait(10)
    until(lambda: not lock.alive(desk.settings()), 20)


def test_with_an_external_worker_no_child_is_started(desk: Desk) -> None:
    with record.writing(engine := record.open_engine(desk.url)) as connection:
        connection.execute(insert(schema.revision).values(number=7, at=utc(2026, 3, 2), what="a test"))
    engine.dispose()
    running = Server(desk, DISCOURSE_WORKER="external")
    try:
        running.wait()
        found = running.health()
        assert (found["worker"], found["revision"], found["newest_fetch_age_seconds"]) == (False, 7, None)
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
        if children.exists():
            assert children.read_text() == ""
    finally:
        running.close()


def test_a_wrong_setting_stops_the_start_with_its_message(desk: Desk) -> None:
    running = Server(desk, DISCOURSE_POLL_SECONDS="soon")
    try:
        assert running.process.wait(START) == 1
        assert "error: DISCOURSE_POLL_SECONDS=soon" in running.said()
        assert "Traceback" not in running.said()
    finally:
        running.close()
