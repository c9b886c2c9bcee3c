"""A dashboard's server as a child process."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil

from ingest.run import lock
from ingest.settings import PROJECT
from tests.helpers.desk import Desk, free_port, until

# Streamlit, pandas and plotly take some seconds to import, and longer when other tests use the machine.
START = 60


class Server:
    """A running `python app.py`, in a group of its own as in a terminal."""

    def __init__(self, desk: Desk, *, workers: int = 1, **env: str) -> None:
        self.desk = desk
        self.port = free_port()
        self._log = (desk.root / "server.txt").open("wb")
        command = [sys.executable, "app.py", "--workers", str(workers), "--server.port", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=PROJECT, env={**desk.env, **env}, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            start_new_session=True,
        )  # fmt: skip

    def said(self) -> str:
        return (self.desk.root / "server.txt").read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response, response.read()

    def health(self) -> dict[str, Any]:
        """What /healthz says; empty while nobody answers."""
        assert self.process.poll() is None, self.said()
        try:
            return dict(json.loads(self.get("/healthz")[1]))
        except (OSError, http.client.HTTPException):
            return {}

    def wait(self) -> None:
        until(lambda: bool(self.health()), START)

    def family(self) -> list[psutil.Process]:
        """The process that was started, and all below it; nobody once it has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(self.process.pid)
            return [started, *started.children(recursive=True)]
        return []

    def close(self) -> None:
        family = self.family()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        assert not psutil.wait_procs(family, 20)[1], "it left orphans"
        until(lambda: not lock.alive(self.desk.settings()), 20)
        self._log.close()


def serving(started: int) -> list[psutil.Process]:
    """The processes that answer: all children of the one that was started, but for a helper of Python's."""
    found = []
    for child in psutil.Process(started).children():
        with contextlib.suppress(psutil.Error):
            if any("spawn_main" in word for word in child.cmdline()):
                found.append(child)
    return found


def connected(process: psutil.Process, port: int) -> int:
    """How many clients a process talks to; none once it has ended."""
    with contextlib.suppress(psutil.Error):
        found = process.net_connections("tcp")
        return sum(each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port for each in found)
    return 0


@contextlib.contextmanager
def with_worker(desk: Desk, *, workers: int = 1) -> Iterator[Server]:
    """A dashboard of so many processes that has its ingest worker."""
    server = Server(desk, workers=workers)
    try:
        server.wait()
        until(lambda: bool(server.health().get("worker")), START)
        yield server
    finally:
        server.close()
