"""The articles of a view as relations in the read model, which every query is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

import duckdb
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.model.columns import COLUMNS, among, sql_list
from dashboard.model.facts import TEXT_KINDS
from dashboard.model.readmodel import ReadModel
from dashboard.numbers import statistics
from dashboard.view import View
from ingest.store.search import search

P = ParamSpec("P")
Answer = TypeVar("Answer")
Query = Callable[Concatenate[ReadModel, View, P], Answer]

#: The first day of a bin where that is cheaper than date_trunc. 5 January 1001, before all articles, was a Monday.
_BINS = {"day": "day", "week": "(day - ((day - DATE '1001-01-05') % 7)::INTEGER)"}


class Moment:
    """A cursor on the read model as of one revision: the one wanted, or the newest that is in."""

    def __init__(self, model: ReadModel, wanted: int | None) -> None:
        self.columns = model.reaching(model.revision if wanted is None else wanted)
        self.cursor = self.columns.cursor()
        # One state for all that is asked: the follower may commit between a numerator and its denominator.
        self.cursor.execute("BEGIN")
        ((newest,),) = self.cursor.execute("SELECT revision FROM state").fetchall()
        self.revision: int = newest if wanted is None else min(wanted, newest)  #: what all answers are true for
        self._past = self.revision < newest

    def table(self, name: str) -> str:
        """A table of the read model: what is current, or with it what has been closed since this revision."""
        if not self._past:
            return name
        if name in ("mention", "topic"):  # they belong to an analysis, which tells when they held
            return f"(SELECT * FROM {name} UNION ALL SELECT * FROM {name}_closed)"
        held = f"rev_from <= {self.revision} AND rev_to > {self.revision}"
        # Not alone: who shares a story with a version closed since.
        alone = f"alone AND story NOT IN (SELECT story FROM article_closed WHERE {held})"
        return (
            f"(SELECT * REPLACE ({alone} AS alone) FROM {name} WHERE rev_from <= {self.revision} "
            f"UNION ALL SELECT {COLUMNS[name]} FROM {name}_closed WHERE {held})"
        )

    def ask(self, sql: str) -> duckdb.DuckDBPyConnection:
        """The cursor with the rows of a query, asked when it is its turn."""
        with self.columns.turns:
            return self.cursor.execute(sql)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cursor.close()


class Scope(Moment):
    """The view's articles as relations.

    `base` is the denominator and `hit` the numerator, by article; `named` what each article of the numerator says of
    each figure, summed up: `mentions` of it, `n` scored, the `sum` of their tone, how many are `neg` and `pos`. `alone`
    marks what is the only article of its story, `single` what names no other figure. `figure` is a number: see
    `figures` and `name`. The bin of a day is `{bin}`.
    """

    def __init__(self, model: ReadModel, view: View, *, ends: datetime | None = None) -> None:
        super().__init__(model, view.filters.as_of)
        self.model, self.view, self.ends = model, view, ends
        filters = view.filters
        self.once = filters.copies == "once"  #: whether of each story one article counts
        #: Whether the numerator may be smaller than the denominator.
        self.narrowed = bool(filters.tone or filters.topics or filters.search.strip())
        self.kinds = "a" if filters.offices else "p"  #: the columns of what is counted: offices too, or persons
        self._bin = _BINS.get(view.bin, f"date_trunc('{view.bin}', day)::DATE")
        self._sql = self._relations(model, view, ends)

    def _relations(self, model: ReadModel, view: View, ends: datetime | None) -> dict[str, str]:
        filters = view.filters
        base = (
            f"{among('source', view.sources)} AND day BETWEEN DATE '{view.since.isoformat()}' "
            f"AND DATE '{view.until.isoformat()}'"
        )
        if filters.languages:
            base += f" AND language IN {self.columns.numbers(filters.languages)}"
        if filters.texts:
            base += f" AND text_kind IN {sql_list(map(TEXT_KINDS.index, filters.texts))}"
        before, naming = "", ""
        if ends is not None:
            ends = ends.astimezone(UTC).replace(tzinfo=None)
            base += f" AND day <= DATE '{ends.date().isoformat()}'"
            before = f" AND published <= TIMESTAMP '{ends.isoformat(sep=' ')}'"
            late = f"day = DATE '{ends.date().isoformat()}' AND published > TIMESTAMP '{ends.isoformat(sep=' ')}'"
            naming = f" AND analysis NOT IN (SELECT analysis FROM {self.table('article')} WHERE {late})"
        hit, by_article = "", ""
        if filters.tone:
            hit += f" AND tone BETWEEN {filters.tone[0]!r}::DOUBLE AND {filters.tone[1]!r}::DOUBLE"
        if filters.topics:
            topics = self.columns.numbers(filters.topics)
            hit += f" AND analysis IN (SELECT analysis FROM {self.table('topic')} WHERE topic IN {topics})"
        if filters.search.strip():
            self.cursor.register("found", self._found(model, filters.search))
            by_article = " AND {} IN (SELECT id FROM found)"
        whole = f"SELECT * FROM {self.table('article')} WHERE {base}{before}"
        one_a_story = ""
        if self.once:
            # Of each story the copy that arrived first, of those in the denominator.
            self._give("first", f"SELECT min(id) AS id FROM ({whole}) WHERE NOT alone GROUP BY story")
            one_a_story = " AND (alone OR {} IN (SELECT id FROM first))"
            whole += one_a_story.format("id")
        kinds = self.kinds
        alone = f"{'true' if one_a_story else 'alone'} AS alone"
        counts = ", ".join(f"{kinds}_{name} AS {name}" for name in ("mentions", "n", "sum", "neg", "pos"))
        self._columns = {name: name for name in COLUMNS["article"].split(", ")[:11]}
        self._columns |= {"alone": alone} | {name: f"{kinds}_{name} AS {name}" for name in ("mentions", "n", "net")}
        named = f"{base}{naming}{hit}{by_article.format('article')}{one_a_story.format('article')}"
        return {
            "base": f"SELECT {{columns}} FROM ({whole})",
            "hit": f"SELECT * FROM base WHERE true{hit}{by_article.format('id')}",
            "named": f"SELECT analysis, article, figure, day, source, story, {alone}, single, {counts} "
            f"FROM {self.table('naming')} WHERE {named} AND {kinds}_mentions > 0",
        }

    def figures(self, ids: Iterable[str]) -> str:
        """The numbers of these figures as an SQL list."""
        return self.columns.numbers(ids)

    def name(self, number: int) -> str:
        """The id of a figure."""
        return self.columns.word(number)

    def number(self, word: str) -> int:
        """The number of a figure or language; −1 for one that no article has."""
        return self.columns.number(word)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query over the relations; `{bin}` in it is the first day of the bin."""
        return self._over(sql).fetchall()

    def arrays(self, sql: str) -> dict[str, Any]:
        """The same as numpy arrays, by the names of the columns."""
        return self._over(sql).fetchnumpy()

    def _over(self, sql: str) -> duckdb.DuckDBPyConnection:
        # Only what it names: to plan a relation that nobody asks for takes longer than to count a month.
        wanted = {name for name in self._sql if name in sql}
        if "hit" in wanted:
            wanted.add("base")
        given = ", ".join(f"{name} AS NOT MATERIALIZED ({of})" for name, of in self._sql.items() if name in wanted)
        asked = given + sql + self._bin
        columns = ", ".join(column for name, column in self._columns.items() if name in asked)
        given = given.replace("{columns}", columns)
        return self.ask(f"WITH {given} {sql}".replace("{bin}", self._bin))

    def shared(self, keys: str, rows: str, *, value: str = "sum") -> list[tuple[Any, ...]]:
        """For each group what its stories of several articles add up to, keys first; see `mean`.

        Only they need to be grouped by story: what is `alone` is a cluster by itself. `rows` are a relation and its
        condition, `value` is what of each article is averaged.
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

    def _give(self, name: str, sql: str) -> None:
        """Makes the rows of a query known by a name; asked once a revision, not once a chart."""

        def ask() -> pa.Table:
            return pa.table(self.ask(sql).fetchnumpy())

        self.cursor.register(name, self.columns.answers.of((name, self.revision, sql), ask))

    def _found(self, model: ReadModel, query: str) -> pa.Table:
        """The ids of a search, from the record; asked once a revision, not once a chart.

        Raises SearchError when it is not understood, or takes too long.
        """

        def ask() -> pa.Table:
            with model.engine.connect() as connection:
                contents = search.content_ids(connection, query)
                if contents is None:
                    ids = search.article_ids(connection, query, self.revision)
                    return pa.table({"id": pa.array(ids, pa.int32())})
            self.cursor.register("contents", pa.table({"content": contents}))
            in_force = f"SELECT id FROM {self.table('article')} WHERE content IN (SELECT content FROM contents)"
            return pa.table(self.ask(in_force).fetchnumpy())

        return self.columns.answers.of(("found", self.revision, query.strip()), ask)


def at(model: ReadModel, view: View) -> View:
    """The view as of one revision: the one it names, or the newest that is in."""
    newest, wanted = model.revision, view.filters.as_of
    if wanted is not None and wanted <= newest:
        return view
    return replace(view, filters=replace(view.filters, as_of=newest))


def mean(sums: Sequence[Any] | NDArray[Any]) -> tuple[Any, ...]:
    """n, stories, mean, low, high, negative, neutral, positive of clusters.

    `sums` are their number, Σn, Σs, Σs², Σsn, Σn², negative and positive ones.
    """
    stories, n, negative, positive = (int(sums[place] or 0) for place in (0, 1, 6, 7))
    found = statistics.mean_interval(stories, n, *(float(value or 0) for value in sums[2:6])) or (None, None, None)
    return n, stories, *found, negative, n - negative - positive, positive


def kept(query: Query[P, Answer]) -> Query[P, Answer]:
    """The query as of one revision, asked once for all who look at one view."""

    @wraps(query)
    def asked(model: ReadModel, view: View, *args: P.args, **named: P.kwargs) -> Answer:
        view = at(model, view)
        question = (query, view, *map(_frozen, args), *((name, _frozen(of)) for name, of in named.items()))
        return model.columns.answers.of(question, lambda: query(model, view, *args, **named))

    return cast(Query[P, Answer], asked)


def _frozen(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else value
