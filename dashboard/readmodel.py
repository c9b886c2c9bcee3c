"""The narrow facts of the record in an in-memory DuckDB, following it by revision. A cache: it can be rebuilt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, Engine, func, select

from ingest.store import record, schema, sources

log = logging.getLogger(__name__)

_TABLES = """
CREATE TABLE article (
    id BIGINT, source BIGINT, day DATE, published TIMESTAMP, language VARCHAR, tone DOUBLE, story BIGINT, rev INTEGER
);
CREATE TABLE mention (
    id BIGINT, article BIGINT, figure VARCHAR, kind VARCHAR, sentence INTEGER, tone DOUBLE, label VARCHAR
);
CREATE TABLE topic (article BIGINT, topic VARCHAR);
"""

#: Rows that travel from the record at once.
_CHUNK = 50_000

_ARTICLE = pa.schema(
    [
        ("id", pa.int64()), ("source", pa.int64()), ("day", pa.date32()), ("published", pa.timestamp("us")),
        ("language", pa.string()), ("tone", pa.float64()), ("story", pa.int64()), ("rev", pa.int32()),
    ]
)  # fmt: skip
_MENTION = pa.schema(
    [
        ("id", pa.int64()), ("article", pa.int64()), ("figure", pa.string()), ("kind", pa.string()),
        ("sentence", pa.int32()), ("tone", pa.float64()), ("label", pa.string()),
    ]
)  # fmt: skip
_TOPIC = pa.schema([("article", pa.int64()), ("topic", pa.string())])

_c, _a, _m, _t = schema.content.c, schema.analysis.c, schema.mention.c, schema.analysis_topic.c


class ReadModel:
    """The current facts of one record. One per process; a cursor for each query; one follower."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.revision = 0  #: all revisions up to this one are in
        self.at: datetime | None = None  #: when that revision was made
        self.checked: datetime | None = None  #: when the record was last looked at
        self.heard: datetime | None = None  #: when some source was last heard from
        self.fault: str | None = None  #: why following fails, in words, while it does
        self._db = duckdb.connect(":memory:")
        self._db.execute(_TABLES)
        self._following = threading.Lock()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own: one shared by threads raises."""
        return self._db.cursor()

    def catch_up(self, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Takes in everything the record has gained; answers how many articles were touched.

        `progress` is told how many articles of how many are in.
        """
        with self._following, self.engine.connect() as connection:
            newest = record.current_revision(connection)
            touched: list[int] = []
            if newest > self.revision:
                touched = self._touched(connection, newest)
                for start in range(0, len(touched), _CHUNK):
                    self._replace(connection, touched[start : start + _CHUNK])
                    progress(min(start + _CHUNK, len(touched)), len(touched))
                row = connection.execute(select(schema.revision.c.at).where(schema.revision.c.number == newest)).one()
                self.revision, self.at = newest, row.at
            self.heard = sources.newest_fetch(connection)
            self.checked = datetime.now(UTC)
            return len(touched)

    def follow(self, stop: threading.Event, seconds: float = 0.5) -> None:
        """Catches up for ever. A fault is kept in words for the page to say, and tried again."""
        while not stop.wait(seconds):
            try:
                self.catch_up()
                self.fault = None
            except Exception as error:  # whatever it is, the page must say it and go on with what it has
                if self.fault is None:
                    log.exception("the read model can't follow the record")
                self.fault = f"{type(error).__name__}: {getattr(error, 'orig', error)}"

    def _touched(self, connection: Connection, newest: int) -> list[int]:
        """The articles whose current rows differ from what is in: opened or closed since."""
        ids: set[int] = set()
        for table in (schema.content.c, schema.analysis.c):
            for column in (table.rev_from, table.rev_to):
                rows = connection.execute(
                    select(table.article_id).where(column > self.revision, column <= newest).distinct()
                )
                ids.update(row.article_id for row in rows)
        return sorted(ids)

    def _replace(self, connection: Connection, ids: Sequence[int]) -> None:
        """Current rows of these articles for whatever was in, all at once for every reader."""
        articles: list[Sequence[Any]] = []
        mentions: list[Sequence[Any]] = []
        topics: list[Sequence[Any]] = []
        for start in range(0, len(ids), 5_000):  # a statement holds so many values
            part = ids[start : start + 5_000]
            articles += connection.execute(_articles.where(_c.article_id.in_(part))).all()
            mentions += connection.execute(_mentions.where(_m.article_id.in_(part))).all()
            topics += connection.execute(_topics.where(_t.article_id.in_(part))).all()
        cursor = self.cursor()
        cursor.register("touched", pa.table({"id": pa.array(ids, pa.int64())}))
        cursor.execute("BEGIN")
        cursor.execute("DELETE FROM article WHERE id IN (SELECT id FROM touched)")
        cursor.execute("DELETE FROM mention WHERE article IN (SELECT id FROM touched)")
        cursor.execute("DELETE FROM topic WHERE article IN (SELECT id FROM touched)")
        for name, rows, types in (
            ("article", articles, _ARTICLE),
            ("mention", mentions, _MENTION),
            ("topic", topics, _TOPIC),
        ):
            if rows:
                cursor.register("fresh", _arrow(rows, types))
                cursor.execute(f"INSERT INTO {name} SELECT * FROM fresh")
                cursor.unregister("fresh")
        cursor.execute("COMMIT")
        cursor.close()


def _arrow(rows: Sequence[Sequence[Any]], types: pa.Schema) -> pa.Table:
    arrays = []
    for column, field in enumerate(types):
        values = [row[column] for row in rows]
        if pa.types.is_timestamp(field.type):
            values = [value.replace(tzinfo=None) for value in values]
        arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=types)


_articles = (
    select(
        _c.article_id, schema.article.c.source_id, _c.day, _c.published_at, _c.language, _a.tone, _a.story_id,
        _c.rev_from,
    )
    .join(schema.article, schema.article.c.id == _c.article_id)
    .join(schema.analysis, (_a.content_id == _c.id) & _a.rev_to.is_(None))
    .where(_c.rev_to.is_(None))
)  # fmt: skip
_mentions = (
    select(
        _m.id, _m.article_id, _m.figure, _m.kind, _m.sentence,
        func.coalesce(_m.tone_encoder, _m.tone_rule), _m.label,
    )
    .join(schema.analysis, (_a.id == _m.analysis_id) & _a.rev_to.is_(None))
)  # fmt: skip
_topics = select(_t.article_id, _t.topic).join(schema.analysis, (_a.id == _t.analysis_id) & _a.rev_to.is_(None))
