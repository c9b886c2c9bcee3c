"""Copies a whole record from one database to another: in batches, resumable, checked row by row at the end."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from ingest.errors import RecordError
from ingest.store import engines, record, schema, types
from ingest.store.search import index

#: Rows in one transaction: what a kill can cost, and what must fit into memory.
BATCH = 5_000

#: The full-text index is made anew from the words, so it has no rows of its own to copy.
INDEX = "full-text index"
_FROM = "copied from"

Row = tuple[Any, ...]

#: What is in columns of these types is copied as it is written: nothing in it is to be understood here.
_AS_WRITTEN = (sa.JSON, types.Spans)

# How far a copy has come, kept in the target and removed at its end. `key` is the last row's, as JSON.
_progress = sa.Table(
    "copy_progress",
    sa.MetaData(),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("key", sa.JSON),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("sum", sa.String(16), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did."""

    rows: int  #: in the target now, the index not counted
    tables: int
    fresh: int  #: of these, copied by this run; the others by one before it that was interrupted
    seconds: float


def run(source: Engine, url: str, tell: Callable[[str, int, int], None]) -> Copied:
    """Copies the record behind `source` into the empty database at `url`, or goes on with a copy that was interrupted.

    Nobody else writes to the source meanwhile. `tell` is told what, how many rows, of how many. Raises RecordError when
    the target holds anything else, or when it is not equal at the end.
    """
    start = time.monotonic()
    target = engines.make(url)
    try:
        # The lock: what is written during a copy would be missing from it.
        with record.writing(source) as reading:
            _begin(reading, target)
            fresh = sum(_table(reading, target, made, tell) for made in schema.metadata.sorted_tables)
            _index(reading, target, tell)
            rows = _verified(target, tell)
            _finish(target)
    except DatabaseError as error:
        raise RecordError(f"The copy broke off: {engines.reason(error)}. Start it again: it goes on there.") from error
    finally:
        target.dispose()
    return Copied(rows, len(schema.metadata.sorted_tables), fresh, time.monotonic() - start)


# -- beginning and end ------------------------------------------------------------------------------------------------


def _begin(reading: Connection, target: Engine) -> None:
    """Makes the target's tables; refuses one that holds anything else."""
    of = _state(reading)
    name = engines.name(target.url)
    if name == engines.name(reading.engine.url):
        raise RecordError(f"{name} is the record itself: copy into a new database.")
    try:
        with target.connect() as connection:
            tables = set(sa.inspect(connection).get_table_names())
    except DatabaseError as error:
        raise RecordError(f"{name} can't be opened: {engines.reason(error)}.") from error
    if _progress.name in tables:
        with target.connect() as connection:
            begun = connection.execute(sa.select(_progress.c.key).where(_progress.c.name == _FROM)).scalar_one()
        if begun != of:
            raise RecordError(
                f"{name} holds an unfinished copy of another record, or of this one before it was written to again. "
                "Empty it (drop the database and make it anew) and start the copy again."
            )
        return
    if tables:
        made = record.open_engine(target.url.render_as_string(hide_password=False)) if "revision" in tables else None
        with target.connect() as connection:
            full = made is None or any(
                connection.execute(sa.select(table.c[0]).limit(1)).first() for table in schema.metadata.sorted_tables
            )
        if made:
            made.dispose()
        if full:
            raise RecordError(f"{name} is not empty: copy into a new database.")
    else:
        record.open_engine(target.url.render_as_string(hide_password=False)).dispose()
    with record.writing(target) as connection:
        # From here until the end nobody else opens it.
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{record.COPYING}'")
        _progress.create(connection)
        connection.execute(sa.insert(_progress).values(name=_FROM, key=of, rows=0, sum=""))


def _state(connection: Connection) -> list[int | str]:
    """What tells one state of a record from another: it is compared when a copy goes on."""
    newest = connection.execute(sa.select(schema.revision).order_by(schema.revision.c.number.desc()).limit(1)).first()
    small = (schema.source, schema.request, schema.saved_view, schema.note, schema.label)
    sums = hashlib.blake2b(digest_size=8)
    for table in small:
        for row in connection.execute(_rows(table).order_by(*table.primary_key.columns)):
            sums.update(repr(tuple(row)).encode())
    return [newest.number if newest else 0, newest.at.isoformat() if newest else "", sums.hexdigest()]


def _finish(target: Engine) -> None:
    with record.writing(target) as connection:
        if engines.is_postgresql(target):
            for table in schema.metadata.sorted_tables:
                if "id" in table.c:
                    connection.exec_driver_sql(
                        f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), coalesce(max(id), 1), "
                        f'max(id) IS NOT NULL) FROM "{table.name}"'
                    )
        _progress.drop(connection)
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{record.head()}'")
    if engines.is_postgresql(target):
        with target.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")  # else the first queries are planned for empty tables


# -- rows -------------------------------------------------------------------------------------------------------------


def _rows(table: sa.Table) -> sa.Select[Any]:
    """All columns of a table."""
    return sa.select(
        *(
            sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, _AS_WRITTEN) else column
            for column in table.columns
        )
    )


def _batches(
    connection: Connection, statement: sa.Select[Any], key: Sequence[sa.Column[Any]], after: list[Any] | None
) -> Iterator[list[Row]]:
    """The rows after a key, in its order."""
    statement = statement.order_by(*key).limit(BATCH)
    while True:
        part = statement if after is None else statement.where(sa.tuple_(*key) > sa.tuple_(*after))
        rows = [tuple(row) for row in connection.execute(part)]
        if not rows:
            return
        yield rows
        if len(rows) < BATCH:
            return
        names = list(statement.selected_columns.keys())
        after = [rows[-1][names.index(column.name)] for column in key]


def _table(reading: Connection, target: Engine, table: sa.Table, tell: Callable[[str, int, int], None]) -> int:
    """Copies the rows that the target lacks; answers how many."""
    total = reading.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    key = list(table.primary_key.columns)
    places = [table.c.keys().index(column.name) for column in key]
    after, done, sum_ = _reached(target, table.name)
    if after is not None:  # JSON knows no days
        pairs = zip(key, after, strict=True)
        after = [date.fromisoformat(each) if isinstance(column.type, sa.Date) else each for column, each in pairs]
    fresh = 0
    for rows in _batches(reading, _rows(table), key, after):
        rows = [tuple(_plain(value) for value in row) for row in rows]
        fresh += len(rows)
        done += len(rows)
        sum_ = (sum_ + _sum(rows)) % 2**64
        with record.writing(target) as connection:
            _add(connection, table, rows)
            _note(connection, table.name, [rows[-1][place] for place in places], done, sum_)
        tell(table.name, done, total)
    return fresh


def _index(reading: Connection, target: Engine, tell: Callable[[str, int, int], None]) -> None:
    """Makes the target's full-text index."""
    content, body = schema.content.c, schema.content_text.c
    total = reading.execute(sa.select(sa.func.count()).select_from(schema.content)).scalar_one()
    statement = sa.select(content.id, content.title, content.author, body.body).join(
        schema.content_text, body.content_id == content.id
    )
    after, done, _ = _reached(target, INDEX)
    for rows in _batches(reading, statement, [content.id], after):
        made = [index.row(id_, title=title, author=author, body=text) for id_, title, author, text in rows]
        done += len(rows)
        with record.writing(target) as connection:
            if engines.is_postgresql(target):
                vectors = [(row.content_id, *index.vector(row)) for row in made]
                _copy_in(connection, "content_index", ("content_id", "words", "long"), vectors)
            else:
                index.add(connection, made)
            _note(connection, INDEX, [rows[-1][0]], done, 0)
        tell(INDEX, done, total)


def _add(connection: Connection, table: sa.Table, rows: list[Row]) -> None:
    names = table.c.keys()
    if engines.is_postgresql(connection):
        _copy_in(connection, table.name, names, rows)
    else:
        raw = {c.name: sa.bindparam(c.name, type_=sa.Text) for c in table.c if isinstance(c.type, _AS_WRITTEN)}
        statement = sa.insert(table).values(raw) if raw else sa.insert(table)
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


def _copy_in(connection: Connection, table: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    """PostgreSQL's way for many rows."""
    driver: Any = connection.connection.driver_connection
    columns = ", ".join(f'"{name}"' for name in names)
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def _plain(value: Any) -> Any:
    """A value that every database takes: an old file may hold a NUL."""
    return types.storable(value) if isinstance(value, str) else value


def _sum(rows: Sequence[Row]) -> int:
    """A checksum of rows in any order."""
    return sum(int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=8).digest(), "big") for row in rows) % (
        2**64
    )


# -- progress ---------------------------------------------------------------------------------------------------------


def _reached(target: Engine, name: str) -> tuple[list[Any] | None, int, int]:
    """The last key that is in, how many rows are, and their checksum."""
    with target.connect() as connection:
        row = connection.execute(sa.select(_progress).where(_progress.c.name == name)).first()
    return (row.key, row.rows, int(row.sum, 16)) if row else (None, 0, 0)


def _note(connection: Connection, name: str, key: list[Any], rows: int, sum_: int) -> None:
    key = [each.isoformat() if isinstance(each, date) else each for each in key]
    values = {"key": key, "rows": rows, "sum": f"{sum_:016x}"}
    if not connection.execute(sa.update(_progress).where(_progress.c.name == name).values(values)).rowcount:
        connection.execute(sa.insert(_progress).values(name=name, **values))


def _verified(target: Engine, tell: Callable[[str, int, int], None]) -> int:
    """Reads the target again: as many rows as were sent, of the same checksum; answers how many."""
    everything = 0
    for table in schema.metadata.sorted_tables:
        _, sent, sum_ = _reached(target, table.name)
        rows = found = 0
        with target.connect() as connection:
            for batch in _batches(connection, _rows(table), list(table.primary_key.columns), None):
                rows += len(batch)
                found = (found + _sum(batch)) % 2**64
                tell(f"checking {table.name}", rows, sent)
            if table is schema.content:
                indexed = connection.exec_driver_sql("SELECT count(*) FROM content_index").scalar_one()
                if indexed != rows:
                    raise RecordError(f"The copy is not whole: {indexed} of {rows} texts are in the full-text index.")
        if (rows, found) != (sent, sum_):
            raise RecordError(
                f"The copy is not equal in `{table.name}`: {sent} rows (checksum {sum_:016x}) were sent, {rows} "
                f"({found:016x}) are there. Empty the target and start again."
            )
        everything += rows
    return everything
