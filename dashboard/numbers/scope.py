"""The articles of a view as SQL relations over the read model. Every query is written over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

import duckdb
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.model.columns import COLUMNS, in_ids, sql_list
from dashboard.model.readmodel import ReadModel
from dashboard.numbers import statistics
from dashboard.view import View
from ingest.models import TEXT_KINDS
from ingest.store.read.filters import FilterValues, conditional, passing
from ingest.store.search import search

P = ParamSpec("P")
Answer = TypeVar("Answer")
Query = Callable[Concatenate[ReadModel, View, P], Answer]

#: The first day of a bin, where that is cheaper than date_trunc. 5 January 1001, before all articles, was a Monday.
_BINS = {"day": "day", "week": "(day - ((day - DATE '1001-01-05') % 7)::INTEGER)"}


class AsOf:
    """A cursor on the read model as of one revision: the one wanted, or the newest that is loaded."""

    def __init__(self, model: ReadModel, wanted: int | None) -> None:
        self.columns = model.back_to(model.revision if wanted is None else wanted)
        self.cursor = self.columns.cursor()
        # One transaction for all queries: the follower may commit between a numerator and its denominator.
        self.cursor.execute("BEGIN")
        ((newest,),) = self.cursor.execute("SELECT revision FROM state").fetchall()
        self.revision: int = newest if wanted is None else min(wanted, newest)  #: what all answers are true for
        self._past = self.revision < newest

    def table(self, name: str) -> str:
        """A table of the read model as of this revision: with the versions that have been closed since."""
        if not self._past:
            return name
        if name in ("mention", "topic"):  # their analysis says when they held
            return f"(SELECT * FROM {name} UNION ALL SELECT * FROM {name}_closed)"
        held = f"rev_from <= {self.revision} AND rev_to > {self.revision}"
        # An article is not alone either if its story has a version that was closed since.
        alone = f"alone AND story NOT IN (SELECT story FROM article_closed WHERE {held})"
        return (
            f"(SELECT * REPLACE ({alone} AS alone) FROM {name} WHERE rev_from <= {self.revision} "
            f"UNION ALL SELECT {', '.join(COLUMNS[name])} FROM {name}_closed WHERE {held})"
        )

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Runs a query as soon as a slot is free; its rows are in the cursor."""
        with self.columns.query_slots:
            return self.cursor.execute(sql)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cursor.close()


class Scope(AsOf):
    """The view's articles as relations.

    `base` is the denominator and `hit` the numerator, a row an article. `named` has a row for each article of the
    numerator and figure: `mentions`, `n` scored ones, the `sum` of their tone, and how many are `neg` and `pos`.
    `alone` marks the only article of its story, `single` an article that names no other figure. `figure` is a number
    of `columns`. In a query `{bin}` stands for the first day of the bin.
    """

    def __init__(self, model: ReadModel, view: View, *, ends: datetime | None = None) -> None:
        super().__init__(model, view.filters.as_of)
        self.model, self.view, self.ends = model, view, ends
        filters = view.filters
        self.once = filters.copies == "once"  #: whether only one article of each story counts
        #: Whether the numerator may be smaller than the denominator.
        self.narrowed = bool(conditional(filters, base=False) or filters.search.strip())
        self.kinds = "a" if filters.offices else "p"  #: prefix of the columns that count: persons, or offices too
        self._bin = _BINS.get(view.bin, f"date_trunc('{view.bin}', day)::DATE")
        self._sql = self._relations(model, view, ends)

    def _relations(self, model: ReadModel, view: View, ends: datetime | None) -> dict[str, str]:
        filters = view.filters
        base = (
            f"{in_ids('source', view.sources)} AND day BETWEEN DATE '{view.since.isoformat()}' "
            f"AND DATE '{view.until.isoformat()}'"
        )
        base += self._conditions("base", conditional(filters, base=True))
        before, naming = "", ""
        if ends is not None:
            ends = ends.astimezone(UTC).replace(tzinfo=None)
            base += f" AND day <= DATE '{ends.date().isoformat()}'"
            before = f" AND published <= TIMESTAMP '{ends.isoformat(sep=' ')}'"
            late = f"day = DATE '{ends.date().isoformat()}' AND published > TIMESTAMP '{ends.isoformat(sep=' ')}'"
            naming = f" AND analysis NOT IN (SELECT analysis FROM {self.table('article')} WHERE {late})"
        hit, by_article = self._conditions("hit", conditional(filters, base=False)), ""
        if filters.search.strip():
            self.cursor.register("found", self._search(model, filters.search))
            by_article = " AND {} IN (SELECT id FROM found)"
        whole = f"SELECT * FROM {self.table('article')} WHERE {base}{before}"
        one_a_story = ""
        if self.once:
            # The copy of each story that arrived first, among those of the denominator.
            self._register("first", f"SELECT min(id) AS id FROM ({whole}) WHERE NOT alone GROUP BY story")
            one_a_story = " AND (alone OR {} IN (SELECT id FROM first))"
            whole += one_a_story.format("id")
        kinds = self.kinds
        alone = f"{'true' if one_a_story else 'alone'} AS alone"
        counts = ", ".join(f"{kinds}_{name} AS {name}" for name in ("mentions", "n", "sum", "neg", "pos"))
        self._columns = {name: name for name in COLUMNS["article"][:11]}
        self._columns |= {"alone": alone} | {name: f"{kinds}_{name} AS {name}" for name in ("mentions", "n", "net")}
        named = f"{base}{naming}{hit}{by_article.format('article')}{one_a_story.format('article')}"
        return {
            "base": f"SELECT {{columns}} FROM ({whole})",
            "hit": f"SELECT * FROM base WHERE true{hit}{by_article.format('id')}",
            "named": f"SELECT analysis, article, figure, day, source, story, {alone}, single, {counts} "
            f"FROM {self.table('naming')} WHERE {named} AND {kinds}_mentions > 0",
        }

    def _conditions(self, of: str, given: FilterValues) -> str:
        """Filters as SQL, each after an AND. The record is asked for those that the read model has no column for."""
        sql = "".join(f" AND {_SQL[row.field](self, value)}" for row, value in given if row.field in _SQL)
        if asked := [(row, value) for row, value in given if row.field not in _SQL]:
            self.cursor.register(f"{of}_passing", self._passing(asked))
            sql += f" AND analysis IN (SELECT analysis FROM {of}_passing)"
        return sql

    def _passing(self, given: FilterValues) -> pa.Table:
        """The analyses that pass these filters, from the record; looked up once a revision, not once a chart."""

        def compute() -> pa.Table:
            with self.model.engine.connect() as connection:
                return pa.table({"analysis": pa.array(passing(connection, given, self.revision), pa.int32())})

        key = ("passing", self.revision, tuple((row.field, value) for row, value in given))
        return self.columns.cache.get(key, compute)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query over the relations."""
        return self._execute_with_relations(sql).fetchall()

    def arrays(self, sql: str) -> dict[str, Any]:
        """The columns of a query over the relations, as numpy arrays by name."""
        return self._execute_with_relations(sql).fetchnumpy()

    def _execute_with_relations(self, sql: str) -> duckdb.DuckDBPyConnection:
        # Only relations and columns that the query names: planning an unused relation costs more than counting a month.
        used = {name for name in self._sql if name in sql}
        if "hit" in used:
            used.add("base")
        relations = ", ".join(f"{name} AS NOT MATERIALIZED ({of})" for name, of in self._sql.items() if name in used)
        text = relations + sql + self._bin
        columns = ", ".join(column for name, column in self._columns.items() if name in text)
        relations = relations.replace("{columns}", columns)
        return self.execute(f"WITH {relations} {sql}".replace("{bin}", self._bin))

    def story_sums(self, keys: str, rows: str, *, value: str = "sum") -> list[tuple[Any, ...]]:
        """The sums that `mean` takes, over stories of several articles: a row for each value of `keys`, keys first.

        Only these stories need grouping: an article that is `alone` is a cluster by itself. `rows` is a relation with
        its condition, `value` the column that is averaged.
        """
        names = [key.rpartition(" AS ")[2] for key in keys.split(", ") if key]
        groups = "".join(f"{name}, " for name in names)
        story = (
            f"SELECT {keys}{', ' if keys else ''}story, sum(n)::DOUBLE AS n, sum({value})::DOUBLE AS s, "
            f"sum(neg) AS neg, sum(pos) AS pos FROM {rows} AND NOT alone AND n > 0 GROUP BY ALL"
        )
        return self.rows(
            f"SELECT {groups}count(*), sum(n), sum(s), sum(s * s), sum(s * n), sum(n * n), sum(neg), sum(pos) "
            f"FROM ({story}) " + (f"GROUP BY {', '.join(names)}" if names else "")
        )

    def _register(self, name: str, sql: str) -> None:
        """Gives the rows of a query a name. The query runs once a revision, not once a chart."""

        key = (name, self.revision, sql)
        self.cursor.register(name, self.columns.cache.get(key, lambda: pa.table(self.execute(sql).fetchnumpy())))

    def _search(self, model: ReadModel, query: str) -> pa.Table:
        """The ids of the articles that a search finds in the record. It runs once a revision, not once a chart.

        Raises SearchError if the search is not understood or takes too long.
        """

        def compute() -> pa.Table:
            with model.engine.connect() as connection:
                contents = search.content_ids(connection, query)
                if contents is None:
                    ids = search.article_ids(connection, query, self.revision)
                    return pa.table({"id": pa.array(ids, pa.int32())})
            self.cursor.register("contents", pa.table({"content": contents}))
            in_force = f"SELECT id FROM {self.table('article')} WHERE content IN (SELECT content FROM contents)"
            return pa.table(self.execute(in_force).fetchnumpy())

        return self.columns.cache.get(("found", self.revision, query.strip()), compute)


#: The filters that the read model has a column for, in its SQL.
_SQL: Mapping[str, Callable[[Scope, Any], str]] = {
    "languages": lambda scope, value: f"language IN {scope.columns.numbers(value)}",
    "texts": lambda _, value: f"text_kind IN {sql_list(map(TEXT_KINDS.index, value))}",
    "tone": lambda _, value: f"tone BETWEEN {value[0]!r}::DOUBLE AND {value[1]!r}::DOUBLE",
    "topics": lambda scope, value: (
        f"analysis IN (SELECT analysis FROM {scope.table('topic')} WHERE topic IN {scope.columns.numbers(value)})"
    ),
}


def pinned(model: ReadModel, view: View) -> View:
    """The view as of one revision: the one it names, or the newest that is loaded."""
    newest = model.revision
    wanted = newest if view.filters.as_of is None else min(view.filters.as_of, newest)
    return replace(view, filters=replace(view.filters, as_of=wanted))


def mean(sums: Sequence[Any] | NDArray[Any]) -> tuple[Any, ...]:
    """n, stories, mean, low, high, and the numbers of negative, neutral and positive mentions, of clusters.

    `sums` are the number of clusters, Σn, Σs, Σs², Σsn, Σn², and the numbers of negative and positive mentions.
    """
    stories, n, negative, positive = (int(sums[place] or 0) for place in (0, 1, 6, 7))
    found = statistics.mean_interval(stories, n, *(float(value or 0) for value in sums[2:6])) or (None, None, None)
    return n, stories, *found, negative, n - negative - positive, positive


def cached(query: Query[P, Answer]) -> Query[P, Answer]:
    """A decorator: the query runs as of one revision, and once for all viewers of one view."""

    @wraps(query)
    def wrapper(model: ReadModel, view: View, *args: P.args, **named: P.kwargs) -> Answer:
        view = pinned(model, view)
        key = (query, view, *map(_hashable, args), *((name, _hashable(of)) for name, of in named.items()))
        return model.columns.cache.get(key, lambda: query(model, view, *args, **named))

    return cast(Query[P, Answer], wrapper)


def _hashable(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else value
