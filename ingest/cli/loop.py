"""The commands that read the sources: `python -m ingest once` and `watch`."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Annotated

import typer
from sqlalchemy.exc import DatabaseError

from ingest.cli.console import fail, opened, people, progress
from ingest.errors import RecordBusy, RecordError
from ingest.run import lock, loop, signals
from ingest.store import engines

app = typer.Typer()


@app.command(epilog="Example: python -m ingest once")
def once() -> None:
    """One pass over the seed folder and the feeds that are due, then leaves."""
    with opened() as (active, engine):
        with progress() as tell:
            outcome = loop.Worker.open(active, engine).once(tell)
        people.print(f"{outcome.added} new, {outcome.edited} edited.")
        if outcome.faults:
            fail("\n".join(outcome.faults))


@app.command("watch", epilog="Example: python -m ingest watch")
def watch_(
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Follows the seed folder and the feeds until it is stopped (Ctrl-C)."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    if with_parent:
        signals.end_with_parent(stop)
    with opened() as (active, engine):
        said = ""
        while not stop.is_set():
            try:
                with lock.only_loop(active) as lost:
                    said = ""
                    loop.Worker.open(active, engine).forever(stop, lost)
            except RecordBusy as error:
                # A dashboard's worker and a second machine's wait for their turn, and take over when the first one
                # ends. Two loops on one folder are a mistake.
                if not (with_parent or engines.is_postgresql(engine)):
                    raise
                said = _once(said, f"{error} Waiting for its turn.")
            except (RecordError, DatabaseError) as error:
                if not engines.is_postgresql(engine):
                    raise
                said = _once(said, f"{engines.reason(error)} Trying again until the server is back.")
            stop.wait(2)


def _once(before: str, message: str) -> str:
    """Logs a message unless it is the one before."""
    if message != before:
        logging.getLogger(__name__).warning(message)
    return message
