"""Reads the narrow facts of the record (articles, mentions, topics of selected analyses) as Arrow tables.

The database writes thousands of rows as one long text, which numpy and Arrow take apart. All of it happens in C: it
takes a fifth of the time of reading rows in Python, and leaves Python free for the viewers. SQLite is slow at writing
numbers in digits, so it writes them as characters: see `_read_sqlite`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, text

from ingest.models import LABELS, TEXT_KINDS

#: Between values. No id, code or number contains it.
_SEPARATOR = "\x1f"

#: How many analyses, and mentions, are read at once.
STEP = 50_000
_MENTIONS = 150_000

TableName = Literal["article", "mention", "topic"]
TABLES: tuple[TableName, ...] = get_args(TableName)


class _Column(NamedTuple):
    sql: str
    type: pa.DataType


_Columns = Mapping[str, _Column]

_ID, _SMALL, _WORD = pa.int32(), pa.int16(), pa.dictionary(pa.int32(), pa.string())

#: The record's tones have four digits. Here they are whole numbers, whose sums are the same in any order.
TONE_STEPS = 10_000
_PUBLISHED = {
    "sqlite": "c.published_at",
    "postgresql": "to_char(c.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
}
_KIND = "CASE m.kind WHEN 'person' THEN 0 WHEN 'office' THEN 1 ELSE 2 END"


def _numbered(column: str, words: Sequence[str], first: int = 0) -> str:
    """The place of a column's word in a list, from `first`, as SQL."""
    cases = (f"WHEN '{word}' THEN {number}" for number, word in enumerate(words, first))
    return f"CASE {column} {' '.join(cases)} END"


def _steps(tone: str) -> str:
    return f"CAST(round({TONE_STEPS} * {tone}) AS INTEGER)"


_COLUMNS: dict[TableName, _Columns] = {
    "article": {
        "analysis": _Column("a.id", _ID),
        "id": _Column("a.article_id", _ID),
        "content": _Column("a.content_id", _ID),
        "source": _Column("r.source_id", _ID),
        "published": _Column("{published}", pa.timestamp("us")),
        "language": _Column("c.language", _WORD),
        "text_kind": _Column(_numbered("c.text_kind", TEXT_KINDS), _SMALL),
        "tone": _Column(_steps("a.tone"), _SMALL),
        "story": _Column("a.story_id", _ID),
        "rev": _Column("c.rev_from", _ID),
        "rev_from": _Column("a.rev_from", _ID),
        "rev_to": _Column("CASE WHEN a.rev_to <= {newest} THEN a.rev_to END", _ID),
    },
    "mention": {
        "id": _Column("m.id", _ID),
        "analysis": _Column("m.analysis_id", _ID),
        "figure": _Column("m.figure", _WORD),
        "kind": _Column(_KIND, _SMALL),
        "sentence": _Column("m.sentence", _ID),
        "tone": _Column(_steps("coalesce(m.tone_encoder, m.tone_rule)"), _SMALL),
        "label": _Column(_numbered("m.label", LABELS, -1), _SMALL),
    },
    "topic": {"analysis": _Column("t.analysis_id", _ID), "topic": _Column("t.topic", _WORD)},
}

# CROSS JOIN makes SQLite take the tables in this order, so that a range of analyses decides what is read.
_JOINS: dict[TableName, str] = {
    "article": "CROSS JOIN content c CROSS JOIN article r WHERE c.id = a.content_id AND r.id = a.article_id",
    "mention": "CROSS JOIN mention m WHERE m.analysis_id = a.id",
    "topic": "CROSS JOIN analysis_topic t WHERE t.analysis_id = a.id",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Some analyses: a condition on the table alias `a`, and the revision as of which it holds."""

    condition: str
    newest: int

    def in_range(self, first: int, last: int) -> Selection:
        """The part whose ids lie in a range."""
        # The plus keeps SQLite from using the index of a revision: it shall walk the range.
        condition = self.condition.replace("a.rev_", "+a.rev_")
        return Selection(f"{condition} AND a.id BETWEEN {first} AND {last}", self.newest)


@dataclass(frozen=True, slots=True)
class Facts:
    """Articles with their mentions and topics, as three tables."""

    article: pa.Table
    mention: pa.Table
    topic: pa.Table


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of one table; `tail` is the query from FROM on."""

    table: TableName
    tail: str
    newest: int


def current(newest: int) -> Selection:
    """The analyses that were current at a revision, whatever has been committed since."""
    return Selection(f"a.rev_from <= {newest} AND (a.rev_to IS NULL OR a.rev_to > {newest})", newest)


def opened(after: int, newest: int) -> Selection:
    """The analyses opened after one revision and up to another, closed or not."""
    return Selection(f"a.rev_from > {after} AND a.rev_from <= {newest}", newest)


def closed(after: int, newest: int) -> Selection:
    """The analyses closed after one revision and up to another."""
    return Selection(f"a.rev_to > {after} AND a.rev_to <= {newest}", newest)


def count(connection: Connection, selection: Selection) -> int:
    """How many analyses are selected."""
    return int(connection.execute(text(f"SELECT count(*) FROM analysis a WHERE {selection.condition}")).scalar_one())


def parts(connection: Connection, selection: Selection, articles: int) -> Iterator[Part]:
    """The rows of all tables for a selection, in parts small enough to be read at once: articles, mentions, topics.

    `articles` is the size of the selection. Where that is most of the record, mentions and topics are read in the order
    in which they are stored, those of other analyses too: looking up the analysis of each one takes longer, unless
    articles have many versions.
    """
    selections, whole = [selection], False
    if articles > STEP:
        selections = [selection.in_range(*ends) for ends in _ranges(connection, "analysis", STEP)]
        whole = 2 * articles > connection.execute(text("SELECT max(id) FROM analysis")).scalar_one()
    for table in TABLES[:1] if whole else TABLES:
        for each in selections:
            yield Part(table, _tail(table, each), selection.newest)
    if whole:
        for first, last in _ranges(connection, "mention", _MENTIONS):
            yield Part("mention", f"FROM mention m WHERE m.id BETWEEN {first} AND {last}", selection.newest)
        for first, last in _ranges(connection, "analysis", 4 * STEP):
            tail = f"FROM analysis_topic t WHERE t.analysis_id BETWEEN {first} AND {last}"
            yield Part("topic", tail, selection.newest)


def read(connection: Connection, selection: Selection) -> Facts:
    """All facts of the selected analyses."""
    return Facts(*(read_part(connection, Part(table, _tail(table, selection), selection.newest)) for table in TABLES))


def _tail(table: TableName, selection: Selection) -> str:
    return f"FROM analysis a {_JOINS[table]} AND {selection.condition}"


def _ranges(connection: Connection, table: str, step: int) -> Iterator[tuple[int, int]]:
    low, high = connection.execute(text(f"SELECT (SELECT min(id) FROM {table}), (SELECT max(id) FROM {table})")).one()
    for first in range(low or 0, (high or -1) + 1, step):
        yield first, first + step - 1


def read_part(connection: Connection, part: Part) -> pa.Table:
    """The rows of a part as a table with the columns of `_COLUMNS`."""
    columns = {
        name: _Column(sql.format(published=_PUBLISHED[connection.dialect.name], newest=part.newest), type_)
        for name, (sql, type_) in _COLUMNS[part.table].items()
    }
    reader = _read_postgresql if connection.dialect.name == "postgresql" else _read_sqlite
    return reader(connection, columns, part.tail)


# -- PostgreSQL


def _read_postgresql(connection: Connection, columns: _Columns, tail: str) -> pa.Table:
    driver = connection.connection.driver_connection
    assert driver is not None
    values = ", ".join(column.sql for column in columns.values())
    with driver.cursor() as cursor:
        copying = f"COPY (SELECT {values} {tail}) TO STDOUT (FORMAT csv, DELIMITER '{_SEPARATOR}')"
        with cursor.copy(copying) as rows:
            return _parse(b"".join(rows), columns)


def _parse(written: bytes, columns: _Columns) -> pa.Table:
    types = {name: column.type for name, column in columns.items()}
    if not written:
        return pa.schema(list(types.items())).empty_table()
    return pyarrow.csv.read_csv(
        io.BytesIO(written),
        read_options=pyarrow.csv.ReadOptions(column_names=list(types), use_threads=False, block_size=len(written) + 1),
        parse_options=pyarrow.csv.ParseOptions(delimiter=_SEPARATOR, quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )


# -- SQLite

#: Added to every number: its character then takes four bytes, and the character 0 is left for "missing".
_OFFSET = 0x10000 + 20_000
#: An id takes two characters; the lower one holds this many bits.
_BITS = 19


def _read_sqlite(connection: Connection, columns: _Columns, tail: str) -> pa.Table:
    """Reads numbers as one text of one or two characters each, and words as another text, a line a row."""
    numbers = {name: column for name, column in columns.items() if column.type in (_ID, _SMALL)}
    words = {name: column for name, column in columns.items() if name not in numbers}
    characters = [sql for column in numbers.values() for sql in _characters(column)]
    line = f" || '{_SEPARATOR}' || ".join(f"ifnull({column.sql}, '')" for column in words.values())
    written, lines = connection.exec_driver_sql(
        f"SELECT group_concat(char({', '.join(characters)}), ''), group_concat({line}, char(10)) {tail}"
    ).one()
    found = _parse((lines or "").encode(), words)
    codes = np.frombuffer((written or "").encode("utf-32-le"), np.uint32).reshape(-1, len(characters)).T
    unpacked, at = {}, 0
    for name, column in numbers.items():
        width = 2 if column.type == _ID else 1
        unpacked[name] = _unpack(codes[at : at + width], column.type)
        at += width
    return pa.table({name: unpacked[name] if name in unpacked else found[name] for name in columns})


def _characters(column: _Column) -> list[str]:
    if column.type == _ID:
        return [f"(({column.sql}) >> {_BITS}) + {_OFFSET}", f"(({column.sql}) & {(1 << _BITS) - 1}) + {_OFFSET}"]
    return [f"({column.sql}) + {_OFFSET}"]


def _unpack(codes: npt.NDArray[np.uint32], type_: pa.DataType) -> pa.Array:
    missing = codes[-1] == 0
    value = codes.astype(np.int64) - _OFFSET
    number = (value[0] << _BITS) + value[1] if type_ == _ID else value[0]
    return pa.array(number.astype(type_.to_pandas_dtype()), type_, mask=missing if missing.any() else None)
