"""The server: the Streamlit script with its routes, its compression, and the ingest worker as a child process.

`python app.py --workers 2` serves it in two processes; `streamlit run app.py` and `uvicorn app:app` start it too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT))

from dashboard.serve import exports, health, prometheus
from dashboard.serve.child import IngestChild
from dashboard.serve.compression import Compression
from ingest import settings
from ingest.errors import IngestError


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
    child = IngestChild(active) if active.worker == "embedded" else None
    if child:
        child.start()
    try:
        yield
    finally:
        ending = [finish, child.stop] if child else [finish]
        await asyncio.gather(*map(asyncio.to_thread, ending))


def warm() -> None:
    """Loads the pages' libraries and the read model, which the first viewer would otherwise wait for."""
    from dashboard import app_pages  # noqa: F401
    from dashboard.state import process

    process.shared()


def finish() -> None:
    """Keeps what was loaded for the next start."""
    from dashboard.state import process

    if state := process.started():
        state.finish()


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
    from dashboard.serve import supervisor

    supervisor.main(obj=app)
