"""Full-text search: from what people type to the ids of the articles found."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Select, Text, and_, cast, func, not_, or_, select
from sqlalchemy.exc import OperationalError

from ingest.errors import SearchError
from ingest.store import schema
from ingest.store.asof import live
from ingest.store.planner import many, named_often, no_index
from ingest.store.search.fields import Lookup
from ingest.store.search.index import fts, vectors
from ingest.store.search.match import expressible, matches_fts5, matches_tsquery
from ingest.store.search.query import And, FieldValue, Node, Not, Or, parse

#: A longer search is stopped: it would delay the searches of others.
SECONDS = 10.0

_c, _a, _art = schema.content.c, schema.analysis.c, schema.article.c
_m, _t = schema.mention.c, schema.analysis_topic.c


def check(connection: Connection, query: str, as_of: int | None = None) -> None:
    """Raises SearchError, with the place, if a search can't be understood or has an unknown name in a field."""
    if query.strip():
        conditions(connection, query, as_of)


def article_ids(connection: Connection, query: str, as_of: int | None = None) -> list[int]:
    """The ids of the articles found, unordered. Raises SearchError if it can't be understood or takes too long."""
    statement = select(_c.article_id).where(live(_c, as_of), *conditions(connection, query, as_of))
    with limited(connection), connection.execute(statement) as found:
        # The driver's own rows, without an object for each: a frequent word may find a hundred thousand.
        assert found.cursor is not None
        return [row[0] for row in found.cursor.fetchall()]


def content_ids(connection: Connection, query: str) -> npt.NDArray[np.int64] | None:
    """The ids of all contents found, of any revision, unordered; None if the search has more than words.

    For callers that know which contents are live. It needs only the index, and a tenth of the time of `article_ids`.
    Raises SearchError as that does.
    """
    tree = parse(query)
    if not expressible(tree):
        return None
    sqlite = connection.dialect.name == "sqlite"
    id_ = fts.c.rowid if sqlite else vectors.c.content_id
    # One text with all numbers instead of a row for each.
    together = func.aggregate_strings(cast(id_, Text), ",")
    with limited(connection):
        found = connection.execute(
            select(together).where(matches_fts5(tree) if sqlite else matches_tsquery(tree))
        ).scalar()
    return np.fromstring(found or "", np.int64, sep=",")


def conditions(
    connection: Connection, query: str, as_of: int | None = None, *, newest_first: bool = False
) -> list[ColumnElement[bool]]:
    """The conditions of a search for the WHERE of a statement over `content`; the caller adds whether it is live.

    `newest_first` is for statements that end after some hundred rows in the order of `published_at`.
    """
    tree = parse(query)
    compiler = _Compiler(connection, Lookup(connection, as_of), as_of)
    parts = tree.parts if isinstance(tree, And) else (tree,)
    words, rest = _split(parts)
    compiler.each = words is not None
    if words is None:
        return [compiler.newest_first(part) if newest_first else compiler.condition(part) for part in rest]
    if not compiler.sqlite or (newest_first and _many(connection, words)):
        found = compiler.in_index(words)
    else:
        # The full-text index comes first in the plan: IN (…) took 20 times as long.
        found = and_(_c.id == no_index(fts.c.rowid), matches_fts5(words))
    return [found, *(compiler.condition(part) for part in rest)]


def _many(connection: Connection, words: Node) -> bool:
    try:
        with limited(connection, SECONDS / 5):
            return many(connection, select(fts.c.rowid).where(matches_fts5(words)))
    except SearchError:  # a prefix of very many words
        return True


def _split(parts: Sequence[Node]) -> tuple[Node | None, list[Node]]:
    """Splits the parts of an AND into one node for the full-text index, and the others."""
    texts: list[Node] = [part for part in parts if expressible(part)]
    if not texts:
        return None, list(parts)
    texts += [part for part in parts if isinstance(part, Not) and expressible(part.part)]
    return (texts[0] if len(texts) == 1 else And(tuple(texts))), [part for part in parts if part not in texts]


class _Compiler:
    """Compiles trees to conditions on `content`."""

    def __init__(self, connection: Connection, lookup: Lookup, as_of: int | None) -> None:
        self.connection = connection
        self.sqlite = connection.dialect.name == "sqlite"
        self.lookup = lookup
        self.as_of = as_of
        #: whether fields are checked row by row; else all rows that have them are found first (on SQLite)
        self.each = False

    def newest_first(self, node: Node) -> ColumnElement[bool]:
        """The condition for rows read by date: a rare value finds its rows by an index instead."""
        if self.sqlite and isinstance(node, FieldValue):
            self.each = node.field != "figure" or named_often(self.connection, self.lookup.ids(node))
        return self.condition(node)

    def condition(self, node: Node) -> ColumnElement[bool]:
        """The condition of any node."""
        if expressible(node):
            return self.in_index(node)
        if isinstance(node, Not):
            return not_(self.condition(node.part))
        if isinstance(node, And):
            words, rest = _split(node.parts)
            found = [] if words is None else [self.in_index(words)]
            return and_(*found, *(self.condition(part) for part in rest))
        if isinstance(node, Or):
            texts = tuple(part for part in node.parts if expressible(part))
            found = [self.in_index(Or(texts) if len(texts) > 1 else texts[0])] if texts else []
            return or_(*found, *(self.condition(part) for part in node.parts if part not in texts))
        assert isinstance(node, FieldValue)
        return self.has_field(node)

    def in_index(self, node: Node) -> ColumnElement[bool]:
        """The condition that the full-text index finds the content."""
        if self.sqlite:
            found = select(fts.c.rowid).where(matches_fts5(node)).correlate(None)
            return no_index(_c.id).in_(found)
        return _c.id.in_(select(vectors.c.content_id).where(matches_tsquery(node)).correlate(None))

    def has_field(self, node: FieldValue) -> ColumnElement[bool]:
        """The condition that an article has this source or language, or its analysis these figures or topics."""
        ids = self.lookup.ids(node)
        if node.field == "lang":
            return _c.language.in_(ids)
        if node.field == "source":
            of_source = select(_art.id).where(_art.source_id.in_(ids))
            return self._either(of_source, _art.id, _c.article_id)
        found = select(_a.content_id).where(live(_a, self.as_of))
        if node.field == "figure":
            figure = no_index(_m.figure) if self.each else _m.figure
            found = found.join(schema.mention, _m.analysis_id == _a.id).where(figure.in_(ids), _m.kind == "person")
        else:
            found = found.join(schema.analysis_topic, _t.analysis_id == _a.id).where(_t.topic.in_(ids))
        return self._either(found, _a.content_id, _c.id)

    def _either(self, found: Select[Any], inner: ColumnElement[Any], outer: ColumnElement[Any]) -> ColumnElement[bool]:
        if self.each or not self.sqlite:
            return found.where(inner == outer).correlate(schema.content).exists()
        return outer.in_(found.correlate(None))


# -- the limit


@contextmanager
def limited(connection: Connection, seconds: float | None = None) -> Iterator[None]:
    """Stops the statements inside after `seconds`, and raises SearchError; the connection can be used afterwards."""
    seconds = SECONDS if seconds is None else seconds
    with _interrupting(connection, seconds) if connection.dialect.name == "sqlite" else _timing(connection, seconds):
        try:
            yield
        except OperationalError as error:
            if str(error.orig) == "interrupted" or getattr(error.orig, "sqlstate", None) == _CANCELED:
                raise SearchError(
                    f"This search took longer than {seconds:g} seconds and was stopped. Narrow it: add words, or give "
                    "more of the word before a *."
                ) from error
            raise


#: PostgreSQL's code of a statement that was stopped.
_CANCELED = "57014"

#: Steps of SQLite's machine between two checks of the time: some hundred checks a second.
_STEPS = 100_000


@contextmanager
def _interrupting(connection: Connection, seconds: float) -> Iterator[None]:
    driver: Any = connection.connection.dbapi_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def _timing(connection: Connection, seconds: float) -> Iterator[None]:
    wanted = {
        "statement_timeout": f"{max(1, round(seconds * 1000))}ms",
        # The planner does not count the pages of the vectors, which are stored elsewhere: for a word in every tenth
        # article it would read all of them.
        "enable_seqscan": "off",
    }
    with connection.begin_nested():  # a stopped statement ends its transaction: this one, not the caller's
        before = connection.execute(select(*(func.current_setting(name) for name in wanted))).one()
        connection.execute(select(*(func.set_config(name, value, True) for name, value in wanted.items())))
        yield
        connection.execute(
            select(*(func.set_config(name, value, True) for name, value in zip(wanted, before, strict=True)))
        )
