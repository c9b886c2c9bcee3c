"""What commands have in common: messages, errors, progress, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from ingest import logs, settings
from ingest.errors import IngestError
from ingest.settings import Settings
from ingest.store import engines, record

#: What people read goes to stderr, what programs read to stdout.
people = Console(stderr=True)


def say(message: str) -> None:
    """A message as it stands, without markup and colours."""
    people.print(message, highlight=False, markup=False)


def complain(message: str) -> None:
    """Says what went wrong."""
    people.print(f"[bold]error:[/] {escape(message)}", highlight=False)


def fail(message: str) -> NoReturn:
    """Says what went wrong and ends with exit code 1."""
    complain(message)
    raise typer.Exit(1)


@contextmanager
def messages() -> Iterator[None]:
    """Every expected fault becomes a message and exit code 1."""
    try:
        yield
    except IngestError as error:
        fail(str(error))
    except DatabaseError as error:
        fail(
            f"the record can't be used: {engines.reason(error)}. Look whether the disk is full or the server stopped; "
            "`python -m ingest check` says whether the record is damaged."
        )


@contextmanager
def prepared(*, logged: bool = False) -> Iterator[Settings]:
    """Settings in force, with the folders and lists they name; every expected fault becomes a message."""
    with messages():
        active = settings.load()
        if logged:
            logs.start(active.log_level, active.log_format, people)
        active.prepare()
        yield active


@contextmanager
def opened() -> Iterator[tuple[Settings, Engine]]:
    """The same and the record, with the log on the console."""
    with prepared(logged=True) as active:
        engine = record.open_engine(active.database)
        try:
            yield active, engine
        finally:
            engine.dispose()


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each kind of thing that is counted."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=people, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield tell


@contextmanager
def rate() -> Iterator[Callable[[float, int], None]]:
    """One bar for long work; call it with the share that is done (0 to 1) and the number of items."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=people, transient=True) as bars:
        task = bars.add_task("starting", total=1.0)

        def tell(share: float, done: int) -> None:
            seconds = bars.tasks[0].elapsed or 1.0
            bars.update(task, completed=share, description=f"{done:,} ({done / seconds:,.0f}/s)")

        yield tell


def as_json(row: object) -> str:
    """One line; a dataclass as its `as_dict` or its fields, times as ISO 8601 in UTC."""
    return json.dumps(row, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if is_dataclass(value):
        own = getattr(value, "as_dict", None)
        return own() if own else {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
