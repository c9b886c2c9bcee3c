"""Sums by day over articles, and over what they say of figures.

The sums of all articles by day and source are cached for a revision: most denominators need no query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars import col

from dashboard.model.snapshot import Snapshot
from dashboard.numbers.scope import Scope, cached, first_day, held, wide
from dashboard.view import View
from ingest import bins
from ingest.bins import Bin
from ingest.models import TEXT_KINDS
from ingest.store.read.filters import conditional

Array = NDArray[Any]

#: Days count from here, as in numpy and Polars.
_FIRST = date(1970, 1, 1)

#: The sums from which a mean and its interval are computed (`scope.mean`): of tone, and of positive minus negative.
TONE = ("k", "n", "s", "ss", "sn", "nn", "neg", "pos")
NET = ("k", "n", "net", "net_net", "net_n", "nn", "neg", "pos")


_n, _net, _sum = wide("n"), wide("net"), wide("sum")
_NET = {"net_net": (_net * _net).sum(), "net_n": (_net * _n).sum(), "nn": (_n * _n).sum(), "k": (_n > 0).sum()}
_ADDED = {"articles": pl.len(), "mentions": wide("mentions").sum(), "n": _n.sum(), "net": _net.sum(), **_NET}
_FIGURES = {
    **_ADDED, "neg": wide("neg").sum(), "pos": wide("pos").sum(), "s": _sum.sum(), "ss": (_sum * _sum).sum(),
    "sn": (_sum * _n).sum(),
}  # fmt: skip
#: Articles have no labels: only mentions do.
_ARTICLES = {**_ADDED, "neg": pl.lit(0), "pos": pl.lit(0)}


class _Taken(Mapping[str, Array]):
    """Some rows of columns, each column taken when it is first asked for: most queries ask for three of thirteen."""

    def __init__(self, columns: Mapping[str, Array], rows: Array) -> None:
        self._columns, self._rows, self._taken = columns, rows, dict[str, Array]()

    def __getitem__(self, name: str) -> Array:
        if name not in self._taken:
            self._taken[name] = self._columns[name][self._rows]
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums in columns, a row for each group. `day` counts from 1970; `alone` is whether its stories have no copies.

    `articles`, `mentions`, `n` scored ones, `neg` and `pos`. Over the articles, each a cluster by itself: `k` with any
    scored mention, `s` the sum of tone, `net` positive minus negative, and the products `ss`, `sn`, `nn`, `net_net`,
    `net_n`.
    """

    columns: Mapping[str, Array]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Sums:
        """The rows of a frame."""
        columns = {column.name: column.to_numpy() for column in frame}
        return cls({name: of.astype(np.int64) if of.dtype.kind == "M" else of for name, of in columns.items()})

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return sum(column.nbytes for column in self.columns.values())

    def where(self, rows: Array) -> Sums:
        """Some of the rows: those whose places are given, or that are marked."""
        return Sums(_Taken(self.columns, rows))

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
        return np.array([self[name][rows].sum() for name in names], float)

    def select(self, sources: Iterable[int], since: date, until: date) -> Sums:
        """The rows of some sources from one day to another, both included.

        The rows must be in the order of days.
        """
        first, last = np.searchsorted(self["day"], (_number(since), _number(until) + 1))
        within = slice(first, max(first, last))
        return self.where(first + np.flatnonzero(_in_ids(self["source"][within], sources)))

    def _bins(self, view: View, rows: Array | slice) -> tuple[Array, int]:
        """The index of each row's bin, and the number of bins."""
        starts = _starts(view.since, view.until, view.bin)
        return np.searchsorted(starts, self["day"][rows], side="right") - 1, len(starts)

    def plus(self, more: Sums) -> Sums:
        """The rows of both, with the columns of this one."""
        return Sums({name: np.concatenate((column, more[name])) for name, column in self.columns.items()})


def of_all(model: Snapshot, as_of: int | None = None, *, kinds: str = "p") -> Sums:
    """The sums of all articles as of a revision, by day, source, language, text_kind and `alone`, in the order of days.

    `kinds` is "p" for mentions of persons, "a" for offices too.
    """
    revision = model.revision_of(as_of)
    model = model.reaching(revision)

    def compute() -> Sums:
        counts = {name: col(f"{kinds}_{name}") for name in ("mentions", "n", "net")}
        articles = model.articles.all().lazy().filter(held(revision)).with_columns(**counts)
        keys = "day", "source", "language", "text_kind", "alone"
        found = articles.group_by(keys).agg(**_ARTICLES).sort("day")
        return Sums.of(found.with_columns(col(*_ARTICLES).cast(pl.Int32)).collect())

    return model.day_sums.get((revision, kinds), compute)


def articles(here: Scope, *, hits: bool) -> Sums:
    """The sums of the denominator's articles, or the numerator's (`hits`), by source, text_kind, `alone` and day.

    Some are added up by bin: `day` is then its first.
    """
    hits = hits and here.narrowed
    filters, until = here.view.filters, here.view.until
    summed = all(row.field in ("languages", "texts") for row, _ in conditional(filters, base=True))
    if here.once or not summed or hits:
        return _narrowed(here.model, alike(here.view), ends=here.ends, hits=hits)
    cut = here.ends is not None and here.ends.date() <= until
    if cut:  # within a day, and the cached sums are of whole days
        assert here.ends is not None
        until = here.ends.date() - timedelta(days=1)
    found = of_all(here.model, here.revision, kinds=here.kinds).select(filters.sources, here.view.since, until)
    if filters.languages:
        found = found.where(np.isin(found["language"], [here.model.number(language) for language in filters.languages]))
    if filters.texts:
        found = found.where(np.isin(found["text_kind"], [TEXT_KINDS.index(kind) for kind in filters.texts]))
    return _by_day(here.base.filter(col("day") > until), "day").plus(found) if cut else found


@cached
def _narrowed(model: Snapshot, view: View, *, ends: datetime | None, hits: bool) -> Sums:
    here = Scope(model, view, ends=ends)
    return _by_day(here.hit if hits else here.base, view.bin)


def _by_day(articles: pl.LazyFrame, unit: Bin) -> Sums:
    by = articles.group_by("source", "text_kind", "alone", day=first_day(unit))
    return Sums.of(by.agg(**_ARTICLES).collect())


def alike(view: View) -> View:
    """One view for all that have the same articles in the same bins, whatever else is chosen: they share sums."""
    return View(replace(view.filters, figures=()), view.bin, "share", view.until)


def figures(model: Snapshot, view: View, *, ends: datetime | None = None) -> Sums:
    """The sums of the numerator by figure of the view's lines (its number), bin (its first day is `day`), `alone`
    and `single`. One query serves all charts of a page.
    """
    return _figures(model, replace(alike(view), lines=view.lines), ends=ends)


@cached
def _figures(model: Snapshot, view: View, *, ends: datetime | None) -> Sums:
    here = Scope(model, view, ends=ends)
    named = here.named.filter(here.of(*view.lines)).with_columns(net=wide("pos") - wide("neg"))
    by = named.group_by("figure", "alone", "single", day=first_day(view.bin))
    return Sums.of(by.agg(**_FIGURES).collect())


def of_several(here: Scope, chosen: Sequence[str]) -> Sums:
    """The sums of articles that may name several of the chosen figures, each counted once, by day and `alone`.

    `again` is how often these articles are counted too much if each figure counts them.
    """
    several = here.named.filter(here.of(*chosen), ~col("single")).group_by("day", "alone", "article")
    each = several.agg(
        mentions=pl.lit(0), n=_n.sum(), net=(wide("pos") - wide("neg")).sum(), again=pl.len().cast(pl.Int64) - 1
    )
    return Sums.of(each.group_by("day", "alone").agg(**_ARTICLES, again=col("again").sum()).collect())


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
