"""The row of key figures, and the same for the period before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from polars import col

from dashboard.model.snapshot import Snapshot
from dashboard.numbers import queries, scope, sums
from dashboard.numbers.scope import Scope, cached
from dashboard.view import View


@dataclass(frozen=True, slots=True)
class Kpi:
    """The key figures of a period."""

    articles: int
    mentions: int
    net_tone: float | None  #: (positive − negative) ÷ scored mentions; None under five stories
    half: float | None  #: half of its 95 % interval (the longer side, where the end of the scale cuts one off)
    stories: int
    most_named: str | None
    most_named_articles: int
    total: int  #: all articles of the sources, languages and period
    heard: int  #: sources with at least one article
    revision: int  #: as of which all of it holds
    articles_by_bin: tuple[int, ...] = ()
    mentions_by_bin: tuple[int, ...] = ()
    net_by_bin: tuple[float | None, ...] = ()


def of(model: Snapshot, view: View, *, now: datetime, before: bool = False) -> Kpi:
    """The key figures of the view, or of the period of equal length just before.

    A period that is not over is compared with the same part of the one before.
    """
    ends = None
    if before:
        # To the minute, so that all viewers of one view within a minute share the result.
        utc = now.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)
        ends = utc - timedelta(days=view.days) if view.running else None
        view = view.before()
    return _of(model, view, ends=ends, before=before)


@cached
def _of(model: Snapshot, view: View, *, ends: datetime | None, before: bool) -> Kpi:
    figures = view.filters.figures
    view = replace(view, lines=figures)
    here = Scope(model, view, ends=ends)
    everything = sums.articles(here, hits=False)
    # Without chosen figures the articles' own sums are enough.
    mine = sums.figures(model, view, ends=ends) if figures else sums.articles(here, hits=True)
    articles, mentions, n, net = mine.by_bin(view, "articles", "mentions", "n", "net")
    if len(figures) > 1:  # an article that names two of them counts once, and is one cluster
        several = sums.of_several(here, figures)
        articles -= several.by_bin(view, "again")[0]
        clusters = mine.cluster_sums(sums.NET, mine["alone"] & mine["single"])
        clusters += several.cluster_sums(sums.NET, several["alone"])
    else:
        clusters = mine.cluster_sums(sums.NET, mine["alone"])
    if mine["k"][~mine["alone"]].any():
        if figures:
            rows = here.named.filter(here.of(*figures)).with_columns(net=col("pos") - col("neg"))
        else:
            rows = here.hit.with_columns(neg=pl.lit(0), pos=pl.lit(0))
        clusters += np.array(scope.story_sums(rows.filter(~col("alone")), "net").collect().row(0), float)
    _, stories, mean, low, high, *_ = scope.mean(clusters, steps=1)
    ranked = [] if before else queries.ranking(model, view)
    chosen = [(figure, count) for figure, count in ranked if not figures or figure in figures]
    # Of two that are named in as many articles the first by name, as links have shown it ever since.
    most = min(chosen, key=lambda named: (-named[1], named[0]), default=None)
    return Kpi(
        articles=int(articles.sum()),
        mentions=mine.total("mentions"),
        net_tone=mean,
        half=None if mean is None else max(mean - low, high - mean),
        stories=stories,
        most_named=most[0] if most else None,
        most_named_articles=most[1] if most else 0,
        total=everything.total("articles"),
        heard=len(np.unique(everything["source"])),
        revision=here.revision,
        articles_by_bin=tuple(map(int, articles)),
        mentions_by_bin=tuple(map(int, mentions)),
        net_by_bin=tuple(tone / of if of else None for tone, of in zip(net.tolist(), n.tolist(), strict=True)),
    )
