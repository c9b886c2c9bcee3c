"""A Streamlit server of our own on loopback, of one process or several, and what it takes of the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from ingest.settings import PROJECT
from tests.helpers.desk import end, free_port

#: A server whose processes together use less of a core than this has loaded what it loads at the start.
_CALM = 0.1


@dataclass(frozen=True)
class Usage:
    """What one process takes."""

    role: str  #: "server" answers viewers, "parent" only looks after those
    rss: int  #: bytes resident, with all that it shares
    pss: int  #: … where a page shared by three counts a third; as `rss` where the system does not tell
    private: int  #: bytes that nobody else has


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    pid: int  #: of the process that was started
    started: float  #: `time.monotonic()` of the moment it was started
    log: Path

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far, of all its processes."""
        return cpu(self.pid)

    def memory(self) -> list[Usage]:
        """What each process takes now, its server processes first."""
        found = []
        for process, role in sorted(_roles(self.pid).items(), key=lambda each: (each[1] != "server", each[0].pid)):
            taken = process.memory_full_info()
            found.append(Usage(role, taken.rss, getattr(taken, "pss", taken.rss), taken.uss))
        return found

    def threads(self) -> int:
        """How many threads all its processes have."""
        return sum(each.num_threads() for each in _roles(self.pid))

    def cpu_each(self) -> dict[int, float]:
        """Seconds of CPU so far of each server process."""
        return {each.pid: sum(each.cpu_times()[:2]) for each, role in _roles(self.pid).items() if role == "server"}

    def calm(self, seconds: float = 120) -> None:
        """Waits until the server has loaded what it loads without being asked: each process its read model."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            before = self.cpu
            time.sleep(1)
            if self.cpu - before < _CALM:
                return
        raise RuntimeError(f"the server is still busy after {seconds} s")

    def errors(self) -> list[str]:
        """What its log says of tracebacks."""
        count = self.log.read_text(errors="replace").count("Traceback (most recent call last)")
        return [f"{count} tracebacks in the server's log"] if count else []


def command(script: Path, port: int, workers: int) -> list[str]:
    """How a server of so many processes is started; several only of `app.py`."""
    if workers == 1:
        return [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    return [sys.executable, str(script), "--workers", str(workers), "--server.port", str(port)]


def cpu(pid: int) -> float:
    """Seconds of CPU so far of a process and those that it started."""
    total = 0.0
    for each in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += sum(each.cpu_times()[:2])
    return total


@contextmanager
def running(script: Path, folder: Path, environment: Mapping[str, str], *, workers: int = 1) -> Iterator[Server]:
    """Serves a script from the project's folder, with the log in `folder`, and ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = folder / "server.log"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DISCOURSE_")}
    ours |= environment
    with log.open("wb") as out:
        started = time.monotonic()
        process = subprocess.Popen(
            command(script, port, workers), cwd=PROJECT, env=ours, stdout=out, stderr=out, start_new_session=True
        )
        try:
            _wait_for_port(port, process)
            yield Server(port, process.pid, started, log)
        finally:
            end(process)


def _tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _roles(pid: int) -> dict[psutil.Process, str]:
    """The processes of a server, without Python's resource tracker; who has children only looks after them."""
    tree = [each for each in _tree(pid) if "resource_tracker" not in " ".join(each.cmdline())]
    parents = {each.ppid() for each in tree}
    return {each: "parent" if each.pid in parents else "server" for each in tree}


def _wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode}; see its server.log")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"no server at port {port} after {seconds} s")
