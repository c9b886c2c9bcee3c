"""Reads the narrow facts of the record as Arrow tables: articles, mentions, topics, of the analyses asked for.

They travel as text, a string for thousands of rows, which the database writes and Arrow parses, both in C: half the
time of rows that pass through Python one by one, and Python is free meanwhile for those who look at a page.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, text

#: Between values: no id, code or number holds it.
_BETWEEN = "\x1f"

#: Analyses read at once.
STEP = 20_000

_Columns = dict[str, tuple[str, pa.DataType]]

_PUBLISHED = {
    "sqlite": "c.published_at",
    "postgresql": "to_char(c.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
}
_KIND = "CASE m.kind WHEN 'person' THEN 0 WHEN 'office' THEN 1 ELSE 2 END"
_LABEL = "CASE m.label WHEN 'negative' THEN -1 WHEN 'neutral' THEN 0 WHEN 'positive' THEN 1 END"

_ARTICLE: _Columns = {
    "analysis": ("a.id", pa.int32()),
    "id": ("a.article_id", pa.int32()),
    "source": ("r.source_id", pa.int32()),
    "day": ("c.day", pa.date32()),
    "published": ("{published}", pa.timestamp("us")),
    "language": ("c.language", pa.string()),
    "tone": ("a.tone", pa.float64()),
    "story": ("a.story_id", pa.int32()),
    "rev": ("c.rev_from", pa.int32()),
    "rev_from": ("a.rev_from", pa.int32()),
    "rev_to": ("CASE WHEN a.rev_to <= {newest} THEN a.rev_to END", pa.int32()),
}
_MENTION: _Columns = {
    "id": ("m.id", pa.int64()),
    "analysis": ("m.analysis_id", pa.int32()),
    "figure": ("m.figure", pa.string()),
    "kind": (_KIND, pa.int8()),
    "sentence": ("m.sentence", pa.int32()),
    "tone": ("coalesce(m.tone_encoder, m.tone_rule)", pa.float64()),
    "label": (_LABEL, pa.int8()),
}
_TOPIC: _Columns = {"analysis": ("t.analysis_id", pa.int32()), "topic": ("t.topic", pa.string())}

# CROSS JOIN: SQLite then takes the tables in this order, so that a range of analyses decides what is read.
_OF_ARTICLES = "CROSS JOIN content c CROSS JOIN article r WHERE c.id = a.content_id AND r.id = a.article_id"
_OF_MENTIONS = "CROSS JOIN mention m WHERE m.analysis_id = a.id"
_OF_TOPICS = "CROSS JOIN analysis_topic t WHERE t.analysis_id = a.id"


@dataclass(frozen=True, slots=True)
class Which:
    """The analyses that are meant: a condition on `a`, true for the record as of revision `newest`."""

    condition: str
    newest: int
    between: tuple[int, int] | None = None  #: first and last id of a part of them

    @property
    def sql(self) -> str:
        if self.between is None:
            return self.condition
        # The range of ids is to be walked: the plus keeps SQLite from the index of a revision.
        condition = self.condition.replace("a.rev_", "+a.rev_")
        return f"{condition} AND a.id BETWEEN {self.between[0]} AND {self.between[1]}"


@dataclass(frozen=True, slots=True)
class Facts:
    """Articles with their mentions and topics, as three tables."""

    article: pa.Table
    mention: pa.Table
    topic: pa.Table


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
    return int(connection.execute(text(f"SELECT count(*) FROM analysis a WHERE {which.sql}")).scalar_one())


def parts(connection: Connection, which: Which, articles: int) -> Iterator[Which]:
    """The same in parts of a size to be read at once; `articles` is how many there are."""
    if articles <= STEP:
        yield which
        return
    low, high = connection.execute(text("SELECT min(id), max(id) FROM analysis")).one()
    for start in range(low, high + 1, STEP):
        yield Which(which.condition, which.newest, (start, start + STEP - 1))


def read(connection: Connection, which: Which) -> Facts:
    """The facts of these analyses."""
    return Facts(
        _table(connection, _ARTICLE, _OF_ARTICLES, which),
        _table(connection, _MENTION, _OF_MENTIONS, which),
        _table(connection, _TOPIC, _OF_TOPICS, which),
    )


def _table(connection: Connection, columns: _Columns, joined: str, which: Which) -> pa.Table:
    values = [
        sql.format(published=_PUBLISHED[connection.dialect.name], newest=which.newest) for sql, _ in columns.values()
    ]
    tail = f"FROM analysis a {joined} AND {which.sql}"
    types = {name: type_ for name, (_, type_) in columns.items()}
    written = _from_postgresql(connection, values, tail) if _copies(connection) else _from(connection, values, tail)
    if not written:
        return pa.schema(list(types.items())).empty_table()
    return pyarrow.csv.read_csv(
        io.BytesIO(written),
        read_options=pyarrow.csv.ReadOptions(column_names=list(types), use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(delimiter=_BETWEEN, quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )


def _copies(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _from(connection: Connection, values: list[str], tail: str) -> bytes:
    row = f" || '{_BETWEEN}' || ".join(f"ifnull({value}, '')" for value in values)
    found = connection.exec_driver_sql(f"SELECT group_concat({row}, char(10)) {tail}").scalar()
    return str(found).encode() if found is not None else b""


def _from_postgresql(connection: Connection, values: list[str], tail: str) -> bytes:
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        copying = f"COPY (SELECT {', '.join(values)} {tail}) TO STDOUT (FORMAT csv, DELIMITER '{_BETWEEN}')"
        with cursor.copy(copying) as rows:
            return b"".join(rows)
