"""Full-text search: what people type, to the ids of the articles that hold it."""

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
from ingest.store.planner import many, named_often, unled
from ingest.store.search.index import fts, vectors
from ingest.store.search.match import expressible, holds, matches
from ingest.store.search.named import Lookup
from ingest.store.search.query import And, Named, Node, Not, Or, parse

#: A search that runs longer is stopped: nobody waits for it, and it would keep others from their answers.
SECONDS = 10.0

_c, _a, _art, _m, _t = (
    schema.content.c,
    schema.analysis.c,
    schema.article.c,
    schema.mention.c,
    schema.analysis_topic.c,
)


def check(connection: Connection, query: str, as_of: int | None = None) -> None:
    """Raises SearchError, with the place, when a search is not understood or names what nobody knows."""
    if query.strip():
        conditions(connection, query, as_of)


def article_ids(connection: Connection, query: str, as_of: int | None = None) -> list[int]:
    """The ids of the articles found, unordered. Raises SearchError when it is not understood, or takes too long."""
    statement = select(_c.article_id).where(live(_c, as_of), *conditions(connection, query, as_of))
    with limited(connection), connection.execute(statement) as found:
        # The driver's own rows: for a word in every seventh of a million articles that is as many objects less.
        assert found.cursor is not None
        return [row[0] for row in found.cursor.fetchall()]


def content_ids(connection: Connection, query: str) -> npt.NDArray[np.int64] | None:
    """The ids of all contents found, of whatever revision, unordered; None where more than words is asked for.

    For those who know which content is in force: the index alone answers, a tenth of the time of `article_ids`.
    Raises SearchError as that does.
    """
    tree = parse(query)
    if not expressible(tree):
        return None
    sqlite = connection.dialect.name == "sqlite"
    id_ = fts.c.rowid if sqlite else vectors.c.content_id
    # One text of many numbers, not many rows of one.
    together = func.aggregate_strings(cast(id_, Text), ",")
    with limited(connection):
        found = connection.execute(select(together).where(matches(tree) if sqlite else holds(tree))).scalar()
    return np.fromstring(found or "", np.int64, sep=",")


def conditions(
    connection: Connection, query: str, as_of: int | None = None, *, newest_first: bool = False
) -> list[ColumnElement[bool]]:
    """What a content has to meet, for the WHERE of a statement over `content`; whether it is live is asked elsewhere.

    `newest_first` is for statements that end after some hundred rows in order of `published_at`.
    """
    tree = parse(query)
    compiler = _Compiler(connection, Lookup(connection, as_of), as_of)
    parts = tree.parts if isinstance(tree, And) else (tree,)
    words, rest = _apart(parts)
    compiler.each = words is not None
    if words is None:
        return [compiler.led(part) if newest_first else compiler.condition(part) for part in rest]
    if not compiler.sqlite or (newest_first and _many(connection, words)):
        found = compiler.among(words)
    else:
        # The index leads: IN (…) took 20 times as long.
        found = and_(_c.id == unled(fts.c.rowid), matches(words))
    return [found, *(compiler.condition(part) for part in rest)]


def _many(connection: Connection, words: Node) -> bool:
    try:
        with limited(connection, SECONDS / 5):
            return many(connection, select(fts.c.rowid).where(matches(words)))
    except SearchError:  # a prefix of half the words there are
        return True


def _apart(parts: Sequence[Node]) -> tuple[Node | None, list[Node]]:
    """Of the parts of an AND, those that the full-text index answers, as one question; and the rest."""
    texts: list[Node] = [part for part in parts if expressible(part)]
    if not texts:
        return None, list(parts)
    texts += [part for part in parts if isinstance(part, Not) and expressible(part.part)]
    return (texts[0] if len(texts) == 1 else And(tuple(texts))), [part for part in parts if part not in texts]


class _Compiler:
    """Trees as conditions on `content`."""

    def __init__(self, connection: Connection, lookup: Lookup, as_of: int | None) -> None:
        self.connection = connection
        self.sqlite = connection.dialect.name == "sqlite"
        self.lookup = lookup
        self.as_of = as_of
        #: whether each row is asked about fields as it comes; else the answers for all are made first (on SQLite)
        self.each = False

    def led(self, node: Node) -> ColumnElement[bool]:
        """The same for rows that come by date: what is rare finds its rows itself."""
        if self.sqlite and isinstance(node, Named):
            self.each = node.field != "figure" or named_often(self.connection, self.lookup.ids(node))
        return self.condition(node)

    def condition(self, node: Node) -> ColumnElement[bool]:
        if expressible(node):
            return self.among(node)
        if isinstance(node, Not):
            return not_(self.condition(node.part))
        if isinstance(node, And):
            words, rest = _apart(node.parts)
            found = [] if words is None else [self.among(words)]
            return and_(*found, *(self.condition(part) for part in rest))
        if isinstance(node, Or):
            texts = tuple(part for part in node.parts if expressible(part))
            found = [self.among(Or(texts) if len(texts) > 1 else texts[0])] if texts else []
            return or_(*found, *(self.condition(part) for part in node.parts if part not in texts))
        assert isinstance(node, Named)
        return self.named(node)

    def among(self, node: Node) -> ColumnElement[bool]:
        """Whether the index finds the content."""
        if self.sqlite:
            found = select(fts.c.rowid).where(matches(node)).correlate(None)
            return unled(_c.id).in_(found)
        return _c.id.in_(select(vectors.c.content_id).where(holds(node)).correlate(None))

    def named(self, node: Named) -> ColumnElement[bool]:
        """Whether the article is of such a source or language, or its analysis found such figures or topics."""
        ids = self.lookup.ids(node)
        if node.field == "lang":
            return _c.language.in_(ids)
        if node.field == "source":
            of_source = select(_art.id).where(_art.source_id.in_(ids))
            return self._either(of_source, _art.id, _c.article_id)
        found = select(_a.content_id).where(live(_a, self.as_of))
        if node.field == "figure":
            figure = unled(_m.figure) if self.each else _m.figure
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
    """Stops what the connection is asked inside after so many seconds; it can be used again afterwards.

    Raises SearchError then, which says what to do.
    """
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

#: SQLite asks whether to go on after so many steps of its machine: some hundred times a second.
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
        # The planner counts the pages of the index table, not those of its vectors, which lie elsewhere: it would read
        # them all for a word that every tenth article holds.
        "enable_seqscan": "off",
    }
    with connection.begin_nested():  # a statement that is stopped ends its transaction: this one, not the caller's
        before = connection.execute(select(*(func.current_setting(name) for name in wanted))).one()
        connection.execute(select(*(func.set_config(name, value, True) for name, value in wanted.items())))
        yield
        connection.execute(
            select(*(func.set_config(name, value, True) for name, value in zip(wanted, before, strict=True)))
        )
