"""Adds many rows at once, with ids known in advance; and asks for very many values in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, Select, Table, func, insert, select, text

Item = TypeVar("Item")

#: Values in one `IN (…)`: well below what any database takes (SQLite: 32,766).
_IN_ONE_QUESTION = 4_000


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds rows that have all the same columns; none is fine.

    The statement is compiled once a table, and values are made ready column by column: SQLAlchemy's own way costs as
    much again as the database's work.
    """
    if not rows:
        return
    sql, names, ready = _recipe(connection.dialect, table, tuple(rows[0]))
    columns = list(zip(*map(itemgetter(*names), rows), strict=True))
    for at, process in ready:
        columns[at] = tuple(map(process, columns[at]))
    values = zip(*columns, strict=True)
    if connection.dialect.positional:
        connection.exec_driver_sql(sql, list(values))
    else:
        connection.exec_driver_sql(sql, [dict(zip(names, row, strict=True)) for row in values])


@lru_cache(maxsize=64)
def _recipe(
    dialect: Dialect, table: Table, columns: tuple[str, ...]
) -> tuple[str, tuple[str, ...], list[tuple[int, Callable[[Any], Any]]]]:
    """The statement, its parameters in order, and what turns a column's values into those that the driver takes."""
    compiled = insert(table).compile(dialect=dialect, column_keys=columns)
    names = tuple(compiled.positiontup or columns)
    processes = (table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)
    return str(compiled), names, [(at, process) for at, process in enumerate(processes) if process]


def inserted(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """The id of a new row."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def reserve_ids(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """Rising ids for `count` new rows; no other writer gets them while the write lock is held."""
    if not count:
        return ()
    if connection.dialect.name == "postgresql":
        # Of the table's own sequence, so that rows added one by one never collide with these.
        numbers = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
        return sorted(connection.execute(numbers, {"name": table.name, "count": count}).scalars())
    newest = connection.execute(select(func.max(table.c.id))).scalar() or 0
    return range(newest + 1, newest + count + 1)


def among(
    connection: Connection, question: Select[Any], column: ColumnElement[Any], wanted: Iterable[Any]
) -> Iterator[Any]:
    """The rows of a question whose `column` is one of `wanted`, which may be very many."""
    for part in parts(wanted):
        yield from connection.execute(question.where(column.in_(part)))


def parts(wanted: Iterable[Item], size: int = _IN_ONE_QUESTION) -> Iterator[list[Item]]:
    """The items in lists of `size`; by default of as many as fit into one `IN (…)`."""
    rest = iter(wanted)
    while part := list(islice(rest, size)):
        yield part
