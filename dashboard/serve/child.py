"""The ingest worker as a child process of the server: one of them, however many server processes there are."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from typing import Any

from filelock import FileLock, Timeout

from ingest.run import lock
from ingest.settings import PROJECT, Settings

log = logging.getLogger(__name__)

#: A worker that ended by itself is restarted after this many seconds.
_RESTART_SECONDS = 5
#: Seconds between two looks whether another process still has the worker.
_LOOK_SECONDS = 1
_STOP_SECONDS = 10


class IngestChild:
    """`python -m ingest watch` as a child process that ends when this one does, however that happens.

    Of several server processes over one data folder the one that holds `embedded.lock` has the child; when it ends, the
    system frees the lock and another takes over. The child stops when its standard input, a pipe from here, closes. It
    has a process group of its own: Ctrl-C in the terminal then reaches only the server, and the child can finish its
    commit.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="ingest-child")

    def start(self) -> None:
        """Starts the child once no other process has one, and restarts it whenever it ends by itself."""
        self._thread.start()

    def _run(self) -> None:
        only_one = FileLock(self._settings.data / "embedded.lock")
        while not self._stop.is_set():
            try:
                with only_one.acquire(poll_interval=_LOOK_SECONDS, cancel_check=self._stop.is_set):
                    self._keep_running()
            except Timeout:
                return  # asked to stop while waiting
            except OSError as error:  # no such folder, out of memory or processes: it may pass
                log.error("the ingest worker can't be started: %s", error)
                self._stop.wait(_RESTART_SECONDS)

    def _keep_running(self) -> None:
        command = [sys.executable, "-m", "ingest", "watch", "--with-parent"]
        own_group: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
            if os.name == "nt"
            else {"start_new_session": True}
        )
        while not self._stop.is_set():
            # The child of a server that was killed finishes its commit first.
            while lock.alive(self._settings):
                if self._stop.wait(_LOOK_SECONDS):
                    return
            self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, **own_group)
            code = self._process.wait()
            if not self._stop.is_set():
                log.warning("the ingest worker ended (exit code %s); starting it again in %s s", code, _RESTART_SECONDS)
            self._stop.wait(_RESTART_SECONDS)

    def stop(self) -> None:
        """Asks the child to stop and waits; kills it after `_STOP_SECONDS`."""
        self._stop.set()
        process = self._process
        if process is None:
            return
        if process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
