"""A Streamlit server of our own on loopback, and what it takes of the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ingest.settings import PROJECT
from tests.helpers.desk import end, free_port


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: psutil.Process
    started: float  #: `time.monotonic()` of the moment it was started
    log: Path

    @property
    def memory(self) -> int:
        """Bytes resident now, of it and its children."""
        return sum(each.memory_info().rss for each in [self.process, *self.process.children(recursive=True)])

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def errors(self) -> int:
        """Tracebacks in its log."""
        return self.log.read_text(errors="replace").count("Traceback (most recent call last)")


@contextmanager
def running(script: Path, folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """Starts `streamlit run SCRIPT` in the project's folder, with its log in `folder`, and ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = folder / "server.log"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DISCOURSE_")}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    with log.open("wb") as out:
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=PROJECT, env={**ours, **environment}, stdout=out, stderr=out, start_new_session=True
        )
        try:
            _wait_for_port(port, process)
            yield Server(port, psutil.Process(process.pid), started, log)
        finally:
            end(process)


def _wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode}; see its server.log")
        try:
            socket.create_connection(("localhost", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"no server at port {port} after {seconds} s")
