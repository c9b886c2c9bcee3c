"""Reads the narrow facts of the record as Arrow tables: articles, mentions, topics, of the analyses asked for.

They travel as one long text for thousands of rows, which the database writes and numpy and Arrow take apart, all in C:
a fifth of the time of rows that pass through Python one by one, and Python is free meanwhile for those who look at a
page. SQLite, which takes long to write a number in digits, writes numbers as characters: see `_packed`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, text

from ingest.models import TextKind

#: Between values: no id, code or number holds it.
_BETWEEN = "\x1f"

#: Analyses read at once, and mentions.
STEP = 50_000
_MENTIONS = 150_000

Kind = Literal["article", "mention", "topic"]


class _Column(NamedTuple):
    sql: str
    type: pa.DataType


_Columns = Mapping[str, _Column]

_ID, _SMALL, _TONE, _WORD = pa.int32(), pa.int16(), pa.float64(), pa.dictionary(pa.int32(), pa.string())
_PUBLISHED = {
    "sqlite": "c.published_at",
    "postgresql": "to_char(c.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
}
_KIND = "CASE m.kind WHEN 'person' THEN 0 WHEN 'office' THEN 1 ELSE 2 END"
_LABEL = "CASE m.label WHEN 'negative' THEN -1 WHEN 'neutral' THEN 0 WHEN 'positive' THEN 1 END"

#: The kinds of text in the order of their numbers.
TEXT_KINDS: tuple[TextKind, ...] = ("full", "summary", "title")
_TEXT_KIND = "CASE c.text_kind WHEN 'full' THEN 0 WHEN 'summary' THEN 1 ELSE 2 END"

_COLUMNS: dict[Kind, _Columns] = {
    "article": {
        "analysis": _Column("a.id", _ID),
        "id": _Column("a.article_id", _ID),
        "content": _Column("a.content_id", _ID),
        "source": _Column("r.source_id", _ID),
        "published": _Column("{published}", pa.timestamp("us")),
        "language": _Column("c.language", _WORD),
        "text_kind": _Column(_TEXT_KIND, _SMALL),
        "tone": _Column("a.tone", _TONE),
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
        "tone": _Column("coalesce(m.tone_encoder, m.tone_rule)", _TONE),
        "label": _Column(_LABEL, _SMALL),
    },
    "topic": {"analysis": _Column("t.analysis_id", _ID), "topic": _Column("t.topic", _WORD)},
}

# CROSS JOIN: SQLite then takes the tables in this order, so that a range of analyses decides what is read.
_OF: dict[Kind, str] = {
    "article": "CROSS JOIN content c CROSS JOIN article r WHERE c.id = a.content_id AND r.id = a.article_id",
    "mention": "CROSS JOIN mention m WHERE m.analysis_id = a.id",
    "topic": "CROSS JOIN analysis_topic t WHERE t.analysis_id = a.id",
}


@dataclass(frozen=True, slots=True)
class Which:
    """The analyses that are meant: a condition on `a`, true for the record as of revision `newest`."""

    condition: str
    newest: int

    def among(self, first: int, last: int) -> Which:
        """Those of them whose ids lie in a range, which is to be walked."""
        # The plus keeps SQLite from the index of a revision.
        condition = self.condition.replace("a.rev_", "+a.rev_")
        return Which(f"{condition} AND a.id BETWEEN {first} AND {last}", self.newest)


@dataclass(frozen=True, slots=True)
class Facts:
    """Articles with their mentions and topics, as three tables."""

    article: pa.Table
    mention: pa.Table
    topic: pa.Table


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of one kind; `tail` says which, from FROM on."""

    kind: Kind
    tail: str
    newest: int


def current(newest: int) -> Which:
    """The analyses that are current as of a revision, whatever has been committed since."""
    return Which(f"a.rev_from <= {newest} AND (a.rev_to IS NULL OR a.rev_to > {newest})", newest)


def opened(after: int, newest: int) -> Which:
    """The analyses opened after a revision up to another one, whether they have been closed or not."""
    return Which(f"a.rev_from > {after} AND a.rev_from <= {newest}", newest)


def closed(after: int, newest: int) -> Which:
    """The analyses closed after a revision up to another one."""
    return Which(f"a.rev_to > {after} AND a.rev_to <= {newest}", newest)


def count(connection: Connection, which: Which) -> int:
    """How many there are."""
    return int(connection.execute(text(f"SELECT count(*) FROM analysis a WHERE {which.condition}")).scalar_one())


def parts(connection: Connection, which: Which, articles: int) -> Iterator[Which]:
    """The same in parts of a size to be read at once; `articles` is how many there are."""
    if articles <= STEP:
        yield which
        return
    for first, last in _ranges(connection, "analysis", STEP):
        yield which.among(first, last)


def whole(connection: Connection, which: Which, articles: int) -> Iterator[Part]:
    """The same, where that is most of the record: articles first, then mentions and topics.

    Mentions and topics come as they lie, those of other analyses among them: to look each one's analysis up takes
    longer, as long as there are not many versions of one article.
    """
    each = list(parts(connection, which, articles))
    for part in each:
        yield Part("article", _tail("article", part), which.newest)
    if articles > STEP and 2 * articles > _most(connection, "analysis"):
        for first, last in _ranges(connection, "mention", _MENTIONS):
            yield Part("mention", f"FROM mention m WHERE m.id BETWEEN {first} AND {last}", which.newest)
        for first, last in _ranges(connection, "analysis", 4 * STEP):
            tail = f"FROM analysis_topic t WHERE t.analysis_id BETWEEN {first} AND {last}"
            yield Part("topic", tail, which.newest)
        return
    kinds: tuple[Kind, ...] = ("mention", "topic")
    for kind in kinds:
        for part in each:
            yield Part(kind, _tail(kind, part), which.newest)


def read(connection: Connection, which: Which) -> Facts:
    """The facts of these analyses."""
    kinds: tuple[Kind, ...] = ("article", "mention", "topic")
    return Facts(*(table(connection, Part(kind, _tail(kind, which), which.newest)) for kind in kinds))


def _tail(kind: Kind, which: Which) -> str:
    return f"FROM analysis a {_OF[kind]} AND {which.condition}"


def _most(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT coalesce(max(id), 0) FROM {table}")).scalar_one())


def _ranges(connection: Connection, table: str, step: int) -> Iterator[tuple[int, int]]:
    low, high = connection.execute(text(f"SELECT (SELECT min(id) FROM {table}), (SELECT max(id) FROM {table})")).one()
    for first in range(low or 0, (high or -1) + 1, step):
        yield first, first + step - 1


def table(connection: Connection, part: Part) -> pa.Table:
    """The rows of a part."""
    columns = {
        name: _Column(sql.format(published=_PUBLISHED[connection.dialect.name], newest=part.newest), type_)
        for name, (sql, type_) in _COLUMNS[part.kind].items()
    }
    made = _copied if connection.dialect.name == "postgresql" else _packed
    return made(connection, columns, part.tail)


# -- PostgreSQL


def _copied(connection: Connection, columns: _Columns, tail: str) -> pa.Table:
    driver = connection.connection.driver_connection
    assert driver is not None
    values = ", ".join(column.sql for column in columns.values())
    with driver.cursor() as cursor:
        copying = f"COPY (SELECT {values} {tail}) TO STDOUT (FORMAT csv, DELIMITER '{_BETWEEN}')"
        with cursor.copy(copying) as rows:
            return _parsed(b"".join(rows), columns)


def _parsed(written: bytes, columns: _Columns) -> pa.Table:
    types = {name: column.type for name, column in columns.items()}
    if not written:
        return pa.schema(list(types.items())).empty_table()
    return pyarrow.csv.read_csv(
        io.BytesIO(written),
        read_options=pyarrow.csv.ReadOptions(column_names=list(types), use_threads=False, block_size=len(written) + 1),
        parse_options=pyarrow.csv.ParseOptions(delimiter=_BETWEEN, quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )


# -- SQLite

#: Added to every number, so that its character is one of four bytes, and nothing is the character 0.
_FROM = 0x10000 + 20_000
#: An id is two characters, the lower one of which holds so many bits.
_BITS = 19
#: A tone is told in ten-thousandths: it has four digits.
_TONES = 10_000


def _packed(connection: Connection, columns: _Columns, tail: str) -> pa.Table:
    """Numbers as one text in which each is a character or two, words as another one, of lines."""
    numbers = {name: column for name, column in columns.items() if column.type in (_ID, _SMALL, _TONE)}
    words = {name: column for name, column in columns.items() if name not in numbers}
    characters = [sql for column in numbers.values() for sql in _characters(column)]
    line = f" || '{_BETWEEN}' || ".join(f"ifnull({column.sql}, '')" for column in words.values())
    written, lines = connection.exec_driver_sql(
        f"SELECT group_concat(char({', '.join(characters)}), ''), group_concat({line}, char(10)) {tail}"
    ).one()
    found = _parsed((lines or "").encode(), words)
    places = np.frombuffer((written or "").encode("utf-32-le"), np.uint32).reshape(-1, len(characters)).T
    made, at = {}, 0
    for name, column in numbers.items():
        wide = column.type == _ID
        made[name] = _unpacked(places[at : at + 1 + wide], column.type)
        at += 1 + wide
    return pa.table({name: made[name] if name in made else found[name] for name in columns})


def _characters(column: _Column) -> list[str]:
    if column.type == _ID:
        return [f"(({column.sql}) >> {_BITS}) + {_FROM}", f"(({column.sql}) & {(1 << _BITS) - 1}) + {_FROM}"]
    if column.type == _TONE:
        return [f"{_TONES} * ({column.sql}) + {_FROM}.5"]  # a whole number of it cuts off what follows the point
    return [f"({column.sql}) + {_FROM}"]


def _unpacked(places: npt.NDArray[np.uint32], type_: pa.DataType) -> pa.Array:
    nothing = places[-1] == 0
    value = places.astype(np.int64) - _FROM
    number = (value[0] << _BITS) + value[1] if type_ == _ID else value[0]
    given = number / _TONES if type_ == _TONE else number.astype(type_.to_pandas_dtype())
    return pa.array(given, type_, mask=nothing if nothing.any() else None)
