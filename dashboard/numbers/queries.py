"""The queries behind the pages: each takes a View and returns a small frame or list. No Streamlit here.

The denominator of attention is all articles of the chosen sources, languages, texts and period; search, topic and tone
narrow only the numerator (docs/methods.md). A frame's `attrs["revision"]` is the revision as of which it holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from polars import col

from dashboard.model.facts import TONE_STEPS
from dashboard.model.snapshot import Snapshot
from dashboard.numbers import scope, statistics, sums
from dashboard.numbers.scope import Scope, cached
from dashboard.view import View
from ingest import bins
from ingest.models import LABELS, NEUTRAL_BELOW, TEXT_KINDS, TextKind

Names = dict[str, str]  # figure id -> the name shown

_TONE = ["n", "stories", "tone", "low", "high", *LABELS]
_FLOATS = {"tone": float, "low": float, "high": float}  # None becomes NaN


@cached
def total(model: Snapshot, view: View) -> int:
    """All articles of the view's sources, languages, texts and period: the denominator."""
    return sums.articles(Scope(model, view), hits=False).total("articles")


@cached
def texts(model: Snapshot, view: View) -> dict[TextKind, int]:
    """How many articles of the denominator are of each kind of text."""
    everything = sums.articles(Scope(model, view), hits=False)
    counts = np.bincount(everything["text_kind"], everything["articles"], len(TEXT_KINDS)).tolist()
    return {kind: int(count) for kind, count in zip(TEXT_KINDS, counts, strict=True) if count}


@cached
def ranking(model: Snapshot, view: View) -> list[tuple[str, int]]:
    """The figures named in the view, each with the number of articles; the most named first."""
    named = Scope(model, view).named.group_by("figure").agg(pl.len(), mentions=scope.wide("mentions").sum()).collect()
    found = sorted((-articles, -mentions, model.word(figure)) for figure, articles, mentions in named.rows())
    return [(figure, -articles) for articles, _, figure in found]


def most_named(model: Snapshot, view: View, limit: int) -> list[str]:
    """The figures named in most articles of the view, the most named first."""
    return [figure for figure, _ in ranking(model, view)[:limit]]


@cached
def attention(model: Snapshot, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, articles, all, share (NaN where there are none), partial.

    low and high are Wilson's interval with stories for n: a text printed twenty times is one decision.
    """
    starts = bins.between(view.since, view.until, view.bin)
    by_figure, here = sums.figures(model, view), Scope(model, view)
    everything = sums.articles(here, hits=False)
    (stories,) = everything.by_bin(view, "articles", rows=everything["alone"])
    if not everything["alone"].all():
        shared = (
            here.base.filter(~col("alone"))
            .group_by(bin=scope.first_day(view.bin))
            .agg(col("story").n_unique())
            .collect()
        )
        counts = dict(shared.rows())
        stories += [counts.get(start, 0) for start in starts]
    (naming,) = by_figure.by_line(view, _numbers(model, view), "articles")
    articles, all_ = naming.ravel(), np.tile(everything.by_bin(view, "articles")[0], len(view.lines))
    share = np.divide(articles, all_, out=np.full(len(all_), np.nan), where=all_ > 0)
    limits = [
        statistics.wilson(part * of, of) or (np.nan, np.nan)
        for part, of in zip(share.tolist(), np.tile(stories, len(view.lines)).tolist(), strict=True)
    ]
    low, high = np.array(limits, float).reshape(-1, 2).T
    columns = {"articles": articles.astype(int), "all": all_.astype(int), "share": share, "low": low, "high": high}
    return _by_line(view, starts, names, columns)


@cached
def tone(model: Snapshot, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, n, stories, tone, low, high, the three labels, partial.

    Tone is the mean over mentions with its 95 % interval; NaN under five stories.
    """
    starts = bins.between(view.since, view.until, view.bin)
    named, numbers, shared = sums.figures(model, view), _numbers(model, view), {}
    if named["k"][~named["alone"]].any():
        here = Scope(model, view)
        copied = here.named.filter(here.of(*view.lines), ~col("alone"))
        of_stories = scope.story_sums(copied, "sum", col("figure"), scope.first_day(view.bin).alias("bin"))
        shared = {row[:2]: np.array(row[2:], float) for row in of_stories.collect().rows()}
    lone = np.moveaxis(named.by_line(view, numbers, *sums.TONE, rows=named["alone"]), 0, -1)
    rows = [
        scope.mean(own + shared.get((number, start), 0))
        for number, of in zip(numbers, lone, strict=True)
        for start, own in zip(starts, of, strict=True)
    ]
    found = np.array(rows, float).reshape(-1, len(_TONE)).T  # None becomes NaN
    columns = {
        name: column if name in _FLOATS else column.astype(int) for name, column in zip(_TONE, found, strict=True)
    }
    return _by_line(view, starts, names, columns)


@cached
def mix(model: Snapshot, view: View, figure: str) -> pd.DataFrame:
    """One row a bin of one figure: bin, negative, neutral, positive, n (scored mentions)."""
    by_figure = sums.figures(model, replace(view, lines=(figure,)))
    negative, positive, n = by_figure.by_bin(view, "neg", "pos", "n").astype(int)
    starts = bins.between(view.since, view.until, view.bin)
    columns = (starts, negative, n - negative - positive, positive, n)
    return _true_for(pd.DataFrame(dict(zip(("bin", *LABELS, "n"), columns, strict=True))), view)


@cached
def voice(model: Snapshot, view: View, names: Names) -> pd.DataFrame:
    """Share of voice: one row a figure in view, its mentions ÷ the mentions of all figures in view."""
    by_figure = sums.figures(model, view)
    counts = by_figure.by_line(view, _numbers(model, view), "mentions")[0].sum(axis=1).astype(int).tolist()
    ranked = sorted(zip(view.lines, counts, strict=True), key=lambda row: -row[1])
    mentions = np.array([count for _, count in ranked], int)
    figures = [line for line, _ in ranked]
    columns = {"figure": figures, "name": [names.get(line, line) for line in figures], "mentions": mentions}
    frame = pd.DataFrame({**columns, "share": mentions / sum(counts) if sum(counts) else np.nan})
    return _true_for(frame, view)


@cached
def companions(model: Snapshot, view: View, figure: str, names: Names, limit: int = 10) -> pd.DataFrame:
    """The figures named in the same articles: figure, name, articles; the most frequent first."""
    here = Scope(model, view)
    several = here.named.filter(~col("single"))
    with_it = several.filter(here.of(figure)).select("analysis")
    counts = (
        several.filter(~here.of(figure)).join(with_it, on="analysis", how="semi").group_by("figure").len().collect()
    )
    found = sorted((-count, model.word(number)) for number, count in counts.rows())[:limit]
    rows = [(id_, names.get(id_, id_), -count) for count, id_ in found]
    return _true_for(pd.DataFrame(rows, columns=["figure", "name", "articles"]), view)


@cached
def by_source(model: Snapshot, view: View, figure: str, sources: dict[int, str]) -> pd.DataFrame:
    """One row a source that names the figure: source, articles, all, share, n, stories, tone, low, high."""
    here = Scope(model, view)
    named = here.named.filter(here.of(figure))
    everything = sums.articles(here, hits=False)
    counts = {"articles": pl.len(), "k": (col("n") > 0).sum(), **scope.PRODUCTS}
    counted = named.with_columns(s=col("sum")).group_by("source", "alone").agg(**counts).collect()
    articles, clusters = Counter[int](), dict[int, NDArray[np.float64]]()
    for source, alone, count, *own in counted.rows():
        articles[source] += count
        if alone:
            clusters[source] = np.array(own, float)
    for source, *more in scope.story_sums(named.filter(~col("alone")), "sum", col("source")).collect().rows():
        clusters[source] = clusters.get(source, 0) + np.array(more, float)
    rows = []
    for source, count in sorted(articles.items(), key=lambda item: (-item[1], item[0])):
        n, stories, mean, low, high, *_ = scope.mean(clusters.get(source, np.zeros(8)))
        all_ = everything.where(everything["source"] == source).total("articles")
        rows.append((sources.get(source, str(source)), count, all_, count / all_, n, stories, mean, low, high))
    columns = ["source", "articles", "all", "share", "n", "stories", "tone", "low", "high"]
    return _true_for(pd.DataFrame(rows, columns=columns).astype(_FLOATS), view)


@cached
def counted(
    model: Snapshot,
    view: View,
    *,
    figure: str,
    start: date | None = None,
    label: str | None = None,
    scored: bool = False,
) -> list[int]:
    """The ids of exactly the mentions that a point of a chart counts, newest article first.

    `start` is the first day of its bin (None: the whole period), `label` the part of a stacked bar; `scored` leaves out
    mentions without a tone.
    """
    here = Scope(model, view)
    found = _mentions(here, figure)
    if start is not None:
        found = found.filter(scope.first_day(view.bin) == start)
    if label is not None:
        found = found.filter(col("label") == LABELS.index(label) - 1)
    if scored or label is not None:
        found = found.filter(col("tone").is_not_null())
    order = ["day", "article", "sentence", "id"]
    return found.sort(order, descending=[True, True, False, False]).select("id").collect()["id"].to_list()


@cached
def extremes(model: Snapshot, view: View, figure: str, *, positive: bool, limit: int) -> list[int]:
    """The mentions with the most positive (or most negative) tone toward a figure, one a story."""
    least = round(NEUTRAL_BELOW * TONE_STEPS)
    strong = col("tone") >= least if positive else col("tone") <= -least
    order, descending = ["tone", "day", "id"], [positive, True, False]
    found = _mentions(Scope(model, view), figure).filter(strong)
    # Sorting a million takes a tenth of a second. The strongest few hundred mostly hold enough stories.
    for most in (50 * limit, None):
        first = found.bottom_k(most, by=order, reverse=descending) if most else found
        rows = first.sort(order, descending=descending).collect()
        ids = rows.unique("story", keep="first", maintain_order=True)["id"].head(limit).to_list()
        if len(ids) == limit or most is None or len(rows) < most:
            break
    return ids


def _mentions(here: Scope, figure: str) -> pl.LazyFrame:
    """The mentions of a figure in view, with the day, id and story of their article."""
    articles = here.named.filter(here.of(figure)).select("analysis", "article", "day", "story")
    return here.mentions(figure).join(articles, on="analysis")


def _numbers(model: Snapshot, view: View) -> list[int]:
    return [model.number(line) for line in view.lines]


def _by_line(view: View, starts: Sequence[date], names: Names, columns: dict[str, Any]) -> pd.DataFrame:
    """A row for each figure of the view's lines and bin: bin, figure, name, the columns, partial."""
    lines = view.lines

    def objects(values: Iterable[Any]) -> Any:
        # Into pandas' own strings and back takes longer than the query.
        return pd.array([*values], dtype=object)

    frame = pd.DataFrame(
        {
            "bin": objects([*starts] * len(lines)),
            "figure": objects(line for line in lines for _ in starts),
            "name": objects(names.get(line, line) for line in lines for _ in starts),
            **columns,
            "partial": np.array([view.partial(start) for start in starts] * len(lines), bool),
        },
        copy=False,
    )
    return _true_for(frame, view)


def _true_for(frame: pd.DataFrame, view: View) -> pd.DataFrame:
    frame.attrs["revision"] = view.filters.as_of  # set by `cached`
    return frame
