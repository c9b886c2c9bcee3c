"""The server: the Streamlit script with its routes, its compression, and the ingest worker as a child process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT))

from dashboard.serve import exports, health, prometheus
from dashboard.serve.compression import Compression
from ingest import settings
from ingest.errors import IngestError

log = logging.getLogger("app")

#: A worker that ended by itself is restarted after this many seconds.
_RESTART_SECONDS = 5
_STOP_SECONDS = 10


class IngestChild:
    """`python -m ingest watch` as a child process that ends when this one does, however that happens.

    The child stops when its standard input, a pipe from here, closes. It has a process group of its own: Ctrl-C in the
    terminal then reaches only the server, and the child can finish its commit.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="ingest-child")

    def start(self) -> None:
        """Starts the child, and restarts it whenever it ends by itself."""
        self._thread.start()

    def _run(self) -> None:
        command = [sys.executable, "-m", "ingest", "watch", "--with-parent"]
        own_group: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
            if os.name == "nt"
            else {"start_new_session": True}
        )
        while not self._stop.is_set():
            try:
                self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, **own_group)
            except OSError as error:  # out of memory or processes: it may pass
                log.error("the ingest worker can't be started: %s", error)
                self._stop.wait(_RESTART_SECONDS)
                continue
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


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Starts an embedded worker and stops it at the end. A wrong setting ends the process with a message."""
    try:
        active = settings.load()
    except IngestError as error:
        # Printed, not raised: a traceback would bury the one line that helps.
        print(f"\nerror: {error}\n", file=sys.stderr, flush=True)
        os._exit(1)
    # In a thread: the page that shows the progress of loading must not wait for it.
    threading.Thread(target=warm, daemon=True, name="warm").start()
    child = IngestChild() if active.worker == "embedded" else None
    if child:
        child.start()
    try:
        yield
    finally:
        if child:
            await asyncio.to_thread(child.stop)


def warm() -> None:
    """Loads the pages' libraries and the read model, which the first viewer would otherwise wait for."""
    from dashboard import app_pages  # noqa: F401
    from dashboard.state import process

    process.shared()


async def healthz(_: Request) -> JSONResponse:
    """`/healthz` for monitors."""
    status, found = await asyncio.to_thread(health.health)
    return JSONResponse(found, status_code=status)


async def metrics(_: Request) -> Response:
    """`/metrics` for Prometheus."""
    return Response(await asyncio.to_thread(health.metrics), headers={"Content-Type": prometheus.CONTENT_TYPE})


app = st.App(
    PROJECT / "dashboard" / "main.py",
    lifespan=lifespan,
    routes=[Route("/healthz", healthz), Route("/metrics", metrics), exports.route],
    middleware=[Middleware(Compression)],
)

if __name__ == "__main__":
    app.run()
