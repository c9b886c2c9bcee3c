"""Options that narrow to articles: one for each filter, on every command that takes filters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer
from sqlalchemy import Connection

from ingest.errors import SearchError
from ingest.store import record, watched
from ingest.store.read import sources
from ingest.store.read.filters import FILTERS, Filter, Filters
from ingest.store.search import search
from ingest.watchlist.figures import Figure
from ingest.watchlist.topics import Topic

#: By the kind of a filter: the type of its option, and its default.
_TYPES: Mapping[str, tuple[Any, Any]] = {
    "day": (datetime | None, None),
    "range": (tuple[float, float], None),
    "search": (str, ""),
    "words": (str, ""),
    "flag": (bool, False),
}


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command an option for each filter; it gets them by the fields of Filters, as `given`."""

    @wraps(command)
    def wrapped(**arguments: Any) -> None:
        given = {each.field: arguments.pop(each.field) for each in FILTERS}
        command(**arguments, given=given)

    hints = get_type_hints(command, include_extras=True)
    own = [each.replace(annotation=hints[name]) for name, each in _parameters(command) if name != "given"]
    made = [_parameter(each) for each in FILTERS]
    wrapped.__signature__ = inspect.Signature([*own, *made])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in (*own, *made)}
    return wrapped


def _parameters(command: Callable[..., None]) -> list[tuple[str, inspect.Parameter]]:
    return [
        (name, each.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        for name, each in inspect.signature(command).parameters.items()
    ]


def _parameter(of: Filter) -> inspect.Parameter:
    type_, default = _TYPES.get(of.kind, (list[str] | None, None))
    default = of.ends if of.kind == "range" else default
    option = typer.Option(of.option, help=of.help, formats=["%Y-%m-%d"] if of.kind == "day" else None)
    return inspect.Parameter(
        of.field, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[type_, option]
    )


def filters(connection: Connection, given: Mapping[str, Any], as_of: int | None) -> Filters:
    """What the options say, as of a revision; what the record does not have is wrong use."""
    newest = record.current_revision(connection)
    if as_of is not None and as_of > newest:
        raise typer.BadParameter(f"--as-of {as_of}: the newest revision is {newest}")
    found = Filters(**{each.field: _value(connection, each, given[each.field], as_of) for each in FILTERS}, as_of=as_of)
    if found.since and found.until and found.until < found.since:
        raise typer.BadParameter("--to is before --from")
    return found


def _value(connection: Connection, of: Filter, given: Any, as_of: int | None) -> Any:
    match of.kind:
        case "figures" | "topics":
            return _ids(of.option, given, getattr(watched.watchlist(connection, as_of), of.field))
        case "sources":
            return source_ids(connection, given)
        case "values":
            return _among(of, given)
        case "codes":
            return tuple(given or ())
        case "day":
            return given.date() if given else None
        case "range":
            if given[1] < given[0]:
                raise typer.BadParameter(f"{of.option} takes the lowest first")
            return None if given == of.ends else given
        case "search":
            return understood(connection, given, as_of)
        case "words":
            return given.strip()
    return of.on if given else getattr(Filters(), of.field)


def _among(of: Filter, given: list[str] | None) -> tuple[str, ...]:
    """The values given, in their own order; one that there is not is wrong use."""
    for name in given or ():
        if name not in of.values:
            raise typer.BadParameter(f"{of.option} {name}: there is {', '.join(of.values)}")
    return tuple(value for value in of.values if value in (given or ()))


def _ids(option: str, given: list[str] | None, known: Sequence[Figure | Topic]) -> tuple[str, ...]:
    """Ids for names or ids; an unknown name is wrong use."""
    by_name = {name.casefold(): entry.id for entry in known for name in (entry.id, entry.name)}
    for name in given or ():
        if name.casefold() not in by_name:
            raise typer.BadParameter(
                f"{option} {name}: not on the list. Known: {', '.join(sorted(set(by_name.values())))}"
            )
    return tuple(by_name[name.casefold()] for name in given or ())


def understood(connection: Connection, typed: str, as_of: int | None = None) -> str:
    """The search as it was given; one that is not understood is wrong use."""
    try:
        search.check(connection, typed, as_of)
    except SearchError as error:
        place = "" if error.start is None else f" At character {error.start + 1}: {typed[error.start : error.end]}"
        raise typer.BadParameter(f"--search: {error}{place}") from None
    return typed


def source_ids(connection: Connection, given: list[str] | None) -> tuple[int, ...]:
    """The ids of all sources of these names."""
    rows = sources.listing(connection)
    found: list[int] = []
    for name in given or ():
        ids = [row.id for row in rows if row.name.casefold() == name.casefold()]
        if not ids:
            known = ", ".join(sorted({row.name for row in rows}))
            raise typer.BadParameter(f"--source {name}: no such source. Known: {known}")
        found += ids
    return tuple(found)
