"""Sums by day over articles, and over what they say of figures.

The sums of all articles by day and source are cached for a revision. Adding them up here takes less time than DuckDB
needs to plan one query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.readmodel import ReadModel
from dashboard.numbers.scope import AsOf, Scope, cached
from dashboard.view import View
from ingest import bins
from ingest.bins import Bin
from ingest.models import TEXT_KINDS
from ingest.store.read.filters import conditional

Array = NDArray[Any]

#: Days count from here, as in numpy and DuckDB.
_FIRST = date(1970, 1, 1)
_DAY = f"(day - DATE '{_FIRST.isoformat()}')::INTEGER AS day"

#: The sums from which a mean and its interval are computed (`scope.mean`): of tone, and of positive minus negative.
TONE = ("k", "n", "s", "ss", "sn", "nn", "neg", "pos")
NET = ("k", "n", "net", "net_net", "net_n", "nn", "neg", "pos")


def _sums(**of: str) -> str:
    # Floats add up faster than integers, and are exact up to 2⁵³.
    return ", ".join(f"sum({expression})::DOUBLE AS {name}" for name, expression in of.items())


_NET = {"net_net": "net * net", "net_n": "net * n", "nn": "n * n", "k": "(n > 0)::INTEGER"}
_ARTICLES = "count(*)::DOUBLE AS articles, 0 AS neg, 0 AS pos, " + _sums(mentions="mentions", n="n", net="net", **_NET)
_FIGURES = "count(*)::DOUBLE AS articles, " + _sums(
    mentions="mentions", n="n", neg="neg", pos="pos", s="sum", ss="sum * sum", sn="sum * n", net="net", **_NET
)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums in columns, a row for each group. `day` counts from 1970; `alone` is whether its stories have no copies.

    `articles`, `mentions`, `n` scored ones, `neg` and `pos`. Over the articles, each a cluster by itself: `k` with any
    scored mention, `s` the sum of tone, `net` positive minus negative, and the products `ss`, `sn`, `nn`, `net_net`,
    `net_n`.
    """

    columns: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return sum(column.nbytes for column in self.columns.values())

    def where(self, rows: Array | slice) -> Sums:
        """Some of the rows."""
        return Sums({name: column[rows] for name, column in self.columns.items()})

    def total(self, name: str) -> int:
        """The sum of a column."""
        return int(self.columns[name].sum())

    def by_bin(self, view: View, *names: str, rows: Array | slice = slice(None)) -> Array:
        """Columns added up by the view's bins: names × bins (those of `bins.between`)."""
        place, count = self._bins(view, rows)
        return np.array([np.bincount(place, self[name][rows], count) for name in names])

    def by_line(self, view: View, figures: Sequence[int], *names: str, rows: Array | slice = slice(None)) -> Array:
        """Columns added up by figure (given as numbers) and bin: names × figures × bins."""
        place, count = self._bins(view, rows)
        # A figure that no article names has number −1. Rows of other figures go to an extra last line.
        line = np.full(max([0, *figures, int(self["figure"].max(initial=0))]) + 2, len(figures))
        line[[figure + 1 for figure in figures]] = range(len(figures))
        place = line[self["figure"][rows] + 1] * count + place
        most = (len(figures) + 1) * count
        added = np.array([np.bincount(place, self[name][rows], most) for name in names])
        return added.reshape(len(names), len(figures) + 1, count)[:, :-1]

    def cluster_sums(self, names: Iterable[str], rows: Array | slice = slice(None)) -> Array:
        """The sums that `scope.mean` takes, each article being a cluster; `names` are TONE or NET."""
        return np.array([self[name][rows].sum() for name in names])

    def select(self, sources: Iterable[int], since: date, until: date, *names: str) -> Sums:
        """The rows of some sources from one day to another, both included, with the named columns or all.

        The rows must be in the order of days.
        """
        first, last = np.searchsorted(self["day"], (_number(since), _number(until) + 1))
        within = slice(first, max(first, last))
        chosen = _in_ids(self["source"][within], sources)
        return Sums({name: self[name][within][chosen] for name in names or self.columns})

    def _bins(self, view: View, rows: Array | slice) -> tuple[Array, int]:
        """The index of each row's bin, and the number of bins."""
        starts = _starts(view.since, view.until, view.bin)
        return np.searchsorted(starts, self["day"][rows], side="right") - 1, len(starts)

    def plus(self, more: Sums) -> Sums:
        """The rows of both, with the columns of this one."""
        return Sums({name: np.concatenate((column, more[name])) for name, column in self.columns.items()})


def of_all(model: ReadModel, as_of: int | None = None, *, kinds: str = "p") -> Sums:
    """The sums of all articles as of a revision, by day, source, language, text_kind and `alone`, in the order of days.

    `kinds` is "p" for mentions of persons, "a" for offices too.
    """
    revision = model.revision if as_of is None else min(as_of, model.revision)

    def compute() -> Sums:
        with AsOf(model, revision) as here:
            counts = f"{kinds}_mentions AS mentions, {kinds}_n AS n, {kinds}_net AS net"
            columns: dict[str, Any] = here.execute(
                f"SELECT {_DAY}, source, language, text_kind, alone, {_ARTICLES} "
                f"FROM (SELECT *, {counts} FROM {here.table('article')}) GROUP BY 1, 2, 3, 4, 5 ORDER BY 1"
            ).fetchnumpy()
            return Sums(columns)

    return model.columns.day_sums.get((revision, kinds), compute)


def articles(here: Scope, *, hits: bool) -> Sums:
    """The sums of the denominator's articles, or the numerator's (`hits`), by day, source, text_kind and `alone`."""
    relation = "hit" if hits and here.narrowed else "base"
    sql = f"SELECT {_DAY}, source, text_kind, alone, {_ARTICLES} FROM {relation}"
    filters, until = here.view.filters, here.view.until
    summed = all(row.field in ("languages", "texts") for row, _ in conditional(filters, base=True))
    if here.once or not summed or relation == "hit":
        return Sums(here.arrays(f"{sql} GROUP BY 1, 2, 3, 4"))
    cut = here.ends is not None and here.ends.date() <= until
    if cut:  # within a day, and the cached sums are of whole days
        assert here.ends is not None
        until = here.ends.date() - timedelta(days=1)
    found = of_all(here.model, here.revision, kinds=here.kinds).select(filters.sources, here.view.since, until)
    if filters.languages:
        found = found.where(
            np.isin(found["language"], [here.columns.number(language) for language in filters.languages])
        )
    if filters.texts:
        found = found.where(np.isin(found["text_kind"], [TEXT_KINDS.index(kind) for kind in filters.texts]))
    if cut:
        last = Sums(here.arrays(f"{sql} WHERE day > DATE '{until.isoformat()}' GROUP BY 1, 2, 3, 4"))
        found = last.plus(found)
    return found


@cached
def figures(model: ReadModel, view: View, *, ends: datetime | None = None) -> Sums:
    """The sums of the numerator by figure of the view's lines (its number), day, `alone` and `single`.

    One query serves all charts of a page.
    """
    with Scope(model, view, ends=ends) as here:
        named = f"SELECT *, pos - neg AS net FROM named WHERE figure IN {here.columns.numbers(view.lines)}"
        sql = f"SELECT figure, {_DAY}, alone, single, {_FIGURES} FROM ({named}) GROUP BY 1, 2, 3, 4"
        return Sums(here.arrays(sql))


def of_several(here: Scope, chosen: Iterable[str]) -> Sums:
    """The sums of articles that may name several of the chosen figures, each counted once, by day and `alone`.

    `again` is how often these articles are counted too much if each figure counts them.
    """
    each = (
        f"SELECT day, alone, 0 AS mentions, sum(n) AS n, sum(pos - neg) AS net, count(*) - 1 AS again FROM named "
        f"WHERE figure IN {here.columns.numbers(chosen)} AND NOT single GROUP BY day, alone, article"
    )
    sql = f"SELECT {_DAY}, alone, {_ARTICLES}, sum(again)::DOUBLE AS again FROM ({each}) GROUP BY 1, 2"
    return Sums(here.arrays(sql))


def day(number: int) -> date:
    """The day that a number in `day` stands for."""
    return _FIRST + timedelta(days=int(number))


@lru_cache(maxsize=64)
def _starts(since: date, until: date, unit: Bin) -> Array:
    return np.array([_number(start) for start in bins.between(since, until, unit)])


def _number(of: date) -> int:
    return (of - _FIRST).days


def _in_ids(column: Array, ids: Iterable[int]) -> Array:
    """Which values of a column are one of these ids. Small numbers: looking them up is faster than np.isin."""
    wanted = list(ids)
    known = np.zeros(max([*wanted, int(column.max(initial=0))]) + 1, bool)
    known[wanted] = True
    return known[column]
