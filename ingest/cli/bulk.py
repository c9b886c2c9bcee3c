"""The commands for many articles at once: `python -m ingest backfill` and `rescore`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ingest.analyser import Method
from ingest.cli.console import fail, opened, people, rate
from ingest.errors import SettingError, SourceError
from ingest.formats import archive_row
from ingest.models import utcnow
from ingest.run import analysts, backfill
from ingest.run.analysts import WorkerPool
from ingest.run.backfill import Backfill, Job
from ingest.run.rescore import Rescore
from ingest.sources.rejects import Rejects

app = typer.Typer()

Workers = Annotated[int | None, typer.Option(min=1, help="Processes that analyse. Default: one a core.")]
Dask = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Scheduler of a Dask cluster that analyses: tcp://host:8786")
]


@app.command("backfill", epilog="Example: python -m ingest backfill archive.jsonl.gz --source 'The Daily'")
def backfill_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="JSON Lines, CSV or Parquet; plain, gz or zst.")],
    map_: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN,…",
            help=f"Which column is what, where its name does not say so. Fields: {', '.join(archive_row.FIELDS)}.",
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help="The outlet, where the records do not name it.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Where records that can't be used are listed. Default: FILE.rejects.jsonl")
    ] = None,
    workers: Workers = None,
    dask: Dask = None,
) -> None:
    """Takes in archives of articles. Interrupted, it goes on where it was when it is started again."""
    with opened() as (active, engine):
        method = Method.by(active)
        jobs = _looked_into(files, map_, source)
        for job in jobs:
            if rejects is not None and rejects.resolve() == job.path.resolve():
                raise typer.BadParameter("--rejects is one of the files to be read")
        faults = []
        with _pool(method, workers, dask) as pool:
            for job in jobs:
                listed = Rejects(rejects or job.path.with_name(job.path.name + ".rejects.jsonl"))
                start = time.monotonic()
                with rate() as tell:
                    outcome = Backfill(engine, job, pool, method.watchlist, listed, utcnow, tell).run()
                _report(job, outcome, listed, time.monotonic() - start)
                if outcome.broken:
                    faults.append(f"{job.path}: {outcome.broken} What came before it is stored.")
        if faults:
            fail("\n".join(faults))


@app.command("rescore", epilog="Example: python -m ingest rescore --workers 4")
def rescore_(workers: Workers = None, dask: Dask = None) -> None:
    """Analyses again what another watch-list or an older version has analysed; only what changes gets new rows."""
    with opened() as (active, engine):
        method = Method.by(active)
        with _pool(method, workers, dask) as pool, rate() as tell:
            outcome = Rescore(
                engine, method.watchlist, pool, utcnow, on_progress=lambda n, of: tell(min(1.0, n / of), n)
            ).run()
        people.print(f"{outcome.checked} looked at, {outcome.changed} changed.", highlight=False)
        if outcome.failed:
            fail(f"{outcome.failed} could not be analysed and keep their old analysis; the log above says why.")


@contextmanager
def _pool(method: Method, workers: int | None, dask: str | None) -> Iterator[WorkerPool]:
    """The processes that analyse; Ctrl-C ends them and says how to go on."""
    if dask and workers:
        raise typer.BadParameter("--workers and --dask exclude each other")
    made = analysts.cluster(method, utcnow, dask) if dask else analysts.pool(method, utcnow, workers or _cores())
    before = signal.getsignal(signal.SIGINT)
    try:
        with made as pool:
            signal.signal(signal.SIGINT, lambda *_: pool.stop.set())
            yield pool
    except KeyboardInterrupt:
        people.print("Interrupted. What is done is stored; the same command goes on from there.")
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGINT, before)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def _looked_into(files: list[Path], map_: str | None, source: str | None) -> list[Job]:
    """All files, looked into before anything is stored; a mapping that does not fit is wrong use."""
    jobs = []
    try:
        given = archive_row.parsed(map_)
        for path in files:
            try:
                jobs.append(backfill.look(path, given, source))
            except (SettingError, SourceError) as error:
                raise type(error)(f"{path}: {error}") from None
    except SettingError as error:
        people.print(f"[bold]error:[/] {escape(str(error))}", highlight=False)
        raise typer.Exit(2) from None
    return jobs


def _report(job: Job, outcome: backfill.Loaded, rejects: Rejects, seconds: float) -> None:
    if outcome.before:
        people.print(
            f"{escape(str(job.path))}: taken in already, {outcome.before:%Y-%m-%d %H:%M} UTC.", highlight=False
        )
        return
    resumed = f" Resumed after number {outcome.resumed}." if outcome.resumed else ""
    people.print(
        f"{escape(str(job.path))}: {outcome.added} new, {outcome.edited} edited, {outcome.known} known, "
        f"{outcome.rejected} rejected, {outcome.read / max(seconds, 0.001):,.0f} records/s.{resumed}",
        highlight=False,
    )
    if outcome.rejected:
        people.print(f"  rejected records and why: {escape(str(rejects.path))}", highlight=False)
