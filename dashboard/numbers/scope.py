"""The articles of a view as lazy frames over a snapshot. Every query is an expression over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars import col

from dashboard.model.facts import TONE_STEPS
from dashboard.model.snapshot import KINDS, Rows, Snapshot
from dashboard.numbers import statistics
from dashboard.view import View
from ingest.bins import Bin
from ingest.models import TEXT_KINDS
from ingest.store.read.filters import FilterValues, conditional, passing
from ingest.store.search import search

P = ParamSpec("P")
Answer = TypeVar("Answer")
Query = Callable[Concatenate[Snapshot, View, P], Answer]

#: Bins as Polars names them.
_BINS: Mapping[Bin, str] = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}


def held(revision: int) -> pl.Expr:
    """Whether a version of an article held at a revision."""
    return (col("rev_from") <= revision) & (col("rev_to") > revision)


def first_day(unit: Bin) -> pl.Expr:
    """The first day of the bin of a row's day."""
    return col("day") if unit == "day" else col("day").dt.truncate(_BINS[unit])


def one_of(column: str, values: Sequence[int] | pl.Series) -> pl.Expr:
    """Whether a column has one of these numbers."""
    return col(column).is_in(values.implode() if isinstance(values, pl.Series) else list(values))


class Scope:
    """The view's articles as of one revision: the one that it names, or the snapshot's.

    `base` is the denominator and `hit` the numerator, a row an article. `named` has a row for each article of the
    numerator and figure: `mentions`, `n` scored ones, the `sum` of their tone, and how many are `neg` and `pos`.
    `alone` marks the only article of its story, `single` a row whose article names no other figure. Figures are numbers
    of the snapshot, days that are not over end at `ends` (UTC, without a zone).
    """

    def __init__(self, model: Snapshot, view: View, *, ends: datetime | None = None) -> None:
        filters = view.filters
        self.revision = model.revision_of(filters.as_of)  #: what answers are true for
        self.model = model.reaching(self.revision)
        self.view, self.ends = view, ends
        self.once = filters.copies == "once"  #: whether only one article of each story counts
        #: Whether the numerator may be smaller than the denominator.
        self.narrowed = bool(conditional(filters, base=False) or filters.search.strip())
        self.kinds = "a" if filters.offices else "p"  #: prefix of the columns that count: persons, or offices too

    @cached_property
    def base(self) -> pl.LazyFrame:
        view, ends = self.view, self.ends
        found = self._within(self.model.articles).filter(held(self.revision), one_of("source", view.sources))
        found = found.filter(*self._conditions(conditional(view.filters, base=True)))
        if ends is not None:
            found = found.filter(col("published") <= ends)
        if self.once:
            # The copy of each story that arrived first. Only those with copies need to be grouped.
            first = found.filter(~col("alone")).group_by("story").agg(col("id").min()).collect()["id"]
            found = found.filter(col("alone") | one_of("id", first)).with_columns(alone=pl.lit(value=True))
        return found.with_columns(self._counted("mentions", "n", "net"))

    @cached_property
    def hit(self) -> pl.LazyFrame:
        filters = self.view.filters
        found = self.base.filter(*self._conditions(conditional(filters, base=False)))
        return found.filter(self._search(filters.search.strip())) if filters.search.strip() else found

    @cached_property
    def named(self) -> pl.LazyFrame:
        def rows() -> pl.DataFrame:
            counts = self._counted("mentions", "n", "sum", "neg", "pos")
            named = self._within(self.model.namings).filter(col(f"{self.kinds}_mentions") > 0)
            named = named.select("analysis", "figure", "day", "single", *counts)
            hits = self.hit.select("analysis", "source", "story", "alone", article="id")
            namings, articles = pl.collect_all([named, hits])
            place = _places(articles["analysis"].to_numpy(), namings["analysis"].to_numpy())
            found = place >= 0
            return namings.filter(found).hstack(articles.drop("analysis")[place[found]].get_columns())

        # Found once for all charts of all viewers of these articles, whatever figures they chose.
        filters = replace(self.view.filters, figures=(), as_of=self.revision)
        return self.model.cache.get(("named", filters, self.ends), rows).lazy()

    def mentions(self, *figures: str) -> pl.LazyFrame:
        """The mentions that count of some figures, or of all: the columns of the snapshot."""
        found = self.model.mentions.all().lazy().filter(KINDS[self.kinds])
        return found.filter(self.of(*figures)) if figures else found

    def of(self, *figures: str) -> pl.Expr:
        """Whether a row is of one of these figures."""
        return one_of("figure", [self.model.number(figure) for figure in figures])

    def _within(self, rows: Rows) -> pl.LazyFrame:
        until = self.view.until if self.ends is None else min(self.view.until, self.ends.date())
        return rows.between(self.view.since, until).lazy()

    def _counted(self, *names: str) -> list[pl.Expr]:
        return [col(f"{self.kinds}_{name}").alias(name) for name in names]

    def _conditions(self, given: FilterValues) -> list[pl.Expr]:
        """Filters as expressions. The record is asked for those that the snapshot has no column for."""
        found = [_EXPRESSIONS[row.field](self, value) for row, value in given if row.field in _EXPRESSIONS]
        if asked := [(row, value) for row, value in given if row.field not in _EXPRESSIONS]:
            found.append(one_of("analysis", self._passing(asked)))
        return found

    def _passing(self, given: FilterValues) -> pl.Series:
        """The analyses that pass these filters, from the record; looked up once a revision, not once a chart."""

        def compute() -> pl.Series:
            with self.model.engine.connect() as connection:
                return pl.Series(passing(connection, given, self.revision), dtype=pl.Int32)

        key = ("passing", self.revision, tuple((row.field, value) for row, value in given))
        return self.model.cache.get(key, compute)

    def _search(self, query: str) -> pl.Expr:
        """Whether an article is among those that a search finds in the record. It runs once a revision.

        Raises SearchError if the search is not understood or takes too long.
        """

        def compute() -> tuple[str, pl.Series]:
            with self.model.engine.connect() as connection:
                if (contents := search.content_ids(connection, query)) is not None:
                    return "content", pl.Series(contents, dtype=pl.Int32)
                return "id", pl.Series(search.article_ids(connection, query, self.revision), dtype=pl.Int32)

        return one_of(*self.model.cache.get(("found", self.revision, query), compute))


def wide(column: str) -> pl.Expr:
    """A column of small integers, which sums and products would leave."""
    return col(column).cast(pl.Int64)


#: Sums over clusters, each with `n` scored mentions whose values add up to `s`: see `mean`.
PRODUCTS: Mapping[str, pl.Expr] = {
    "n": wide("n").sum(), "s": wide("s").sum(), "ss": (wide("s") * wide("s")).sum(),
    "sn": (wide("s") * wide("n")).sum(), "nn": (wide("n") * wide("n")).sum(), "neg": wide("neg").sum(),
    "pos": wide("pos").sum(),
}  # fmt: skip


def story_sums(rows: pl.LazyFrame, value: str, *keys: pl.Expr) -> pl.LazyFrame:
    """The sums that `mean` takes, over stories of several articles: a row for each value of the keys, keys first.

    Only these stories need grouping: an article that is `alone` is a cluster by itself. `rows` are those of articles
    that are not, `value` is the column that is averaged.
    """
    of_story = (wide("n").sum(), wide(value).sum().alias("s"), wide("neg").sum(), wide("pos").sum())
    stories = rows.filter(col("n") > 0).group_by("story", *keys).agg(*of_story)
    sums = {"k": pl.len(), **PRODUCTS}
    names = [key.meta.output_name() for key in keys]
    return stories.group_by(names).agg(**sums) if keys else stories.select(**sums)


def _places(ids: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int32]:
    """Where each wanted id stands among the ids, −1 for those that do not.

    A join in a quarter of the time: ids of analyses are small numbers, and a table of all of them is soon made.
    """
    if not len(ids):
        return np.full(len(wanted), -1, np.int32)
    before = int(ids.min()) - 1
    table = np.full(int(ids.max()) - before + 2, -1, np.int32)  # the first and the last are for those outside
    table[ids - before] = np.arange(len(ids), dtype=np.int32)
    return table.take(wanted - before, mode="clip")


#: The filters that the snapshot has a column for.
_EXPRESSIONS: Mapping[str, Callable[[Scope, Any], pl.Expr]] = {
    "languages": lambda scope, value: one_of("language", [scope.model.number(language) for language in value]),
    "texts": lambda _, value: one_of("text_kind", [TEXT_KINDS.index(kind) for kind in value]),
    "tone": lambda _, value: (col("tone").cast(pl.Float64) / TONE_STEPS).is_between(*value),
    "topics": lambda scope, value: one_of(
        "analysis",
        scope.model.topics.all()
        .filter(one_of("topic", [scope.model.number(topic) for topic in value]))["analysis"]
        .unique(),
    ),
}


def pinned(model: Snapshot, view: View) -> View:
    """The view as of one revision: the one it names, or the newest that is loaded."""
    return replace(view, filters=replace(view.filters, as_of=model.revision_of(view.filters.as_of)))


def mean(sums: Sequence[Any] | NDArray[Any], *, steps: int = TONE_STEPS) -> tuple[Any, ...]:
    """n, stories, mean, low, high, and the numbers of negative, neutral and positive mentions, of clusters.

    `sums` are the number of clusters, Σn, Σs, Σs², Σsn, Σn², and the numbers of negative and positive mentions; s
    counts in 1/`steps`.
    """
    stories, n, total, squares, products, n_squares, negative, positive = map(int, sums)
    found = statistics.mean_interval(stories, n, total, squares, products, n_squares, steps=steps)
    return n, stories, *(found or (None, None, None)), negative, n - negative - positive, positive


def cached(query: Query[P, Answer]) -> Query[P, Answer]:
    """A decorator: the query runs as of one revision, and once for all viewers of one view."""

    @wraps(query)
    def wrapper(model: Snapshot, view: View, *args: P.args, **named: P.kwargs) -> Answer:
        view = pinned(model, view)
        # With all versions that held then: numbers of words are the same only within one line of snapshots.
        model = model.reaching(model.revision_of(view.filters.as_of))
        key = (query, view, *map(_hashable, args), *((name, _hashable(of)) for name, of in named.items()))
        return model.cache.get(key, lambda: query(model, view, *args, **named))

    return cast(Query[P, Answer], wrapper)


def _hashable(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else value
