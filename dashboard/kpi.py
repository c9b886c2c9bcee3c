"""The row of key figures, and its change against the period before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard import statistics
from dashboard.readmodel import ReadModel
from dashboard.scope import CLUSTERED, Scope
from dashboard.view import View
from ingest import bins


@dataclass(frozen=True, slots=True)
class Kpi:
    """The row of key figures of a period."""

    articles: int
    mentions: int
    net_tone: float | None  #: (positive − negative) ÷ scored mentions; None under five stories
    half: float | None  #: how far its 95 % interval reaches to either side (the end of the scale cuts one off)
    stories: int
    most_named: str | None
    most_named_articles: int
    total: int  #: all articles of the sources, languages and period
    heard: int  #: sources with at least one article
    articles_by_bin: tuple[int, ...] = ()
    mentions_by_bin: tuple[int, ...] = ()
    net_by_bin: tuple[float | None, ...] = ()


def of(model: ReadModel, view: View, *, now: datetime, before: bool = False) -> Kpi:
    """The key figures of the view, or of the period of equal length just before.

    A period that is not over is compared with the same part of the one before.
    """
    ends = None
    if before:
        ends = now - timedelta(days=view.days) if view.running else None
        view = view.before()
    chosen = bool(view.filters.figures)
    mine = "list_contains($figures, figure)" if chosen else "true"
    hits = "id IN (SELECT article FROM named WHERE list_contains($figures, figure))" if chosen else "true"
    value = "CASE label WHEN 'positive' THEN 1 WHEN 'negative' THEN -1 ELSE 0 END"
    with Scope(model, view, ends=ends) as scope:
        articles = dict(scope.rows(f"SELECT date_trunc($unit, day)::DATE, count(*) FROM hit WHERE {hits} GROUP BY 1"))
        mentions = dict(scope.rows(f"SELECT date_trunc($unit, day)::DATE, count(*) FROM named WHERE {mine} GROUP BY 1"))
        net = scope.rows(CLUSTERED.format(keys="'all'", value=value, where=mine))
        net_bins = {
            row[0]: row[3] / row[2] for row in scope.rows(CLUSTERED.format(keys="bin", value=value, where=mine))
        }
        most = scope.rows(
            f"SELECT figure, count(DISTINCT article) FROM named WHERE {mine} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        )
        total, heard = scope.rows("SELECT count(*), count(DISTINCT source) FROM base")[0]
    sums = net[0][1:] if net else (0,) * 9
    stories = int(sums[0] or 0)
    mean = statistics.mean_interval(stories, float(sums[1] or 0), *(float(value or 0) for value in sums[2:6]))
    days = bins.between(view.since, view.until, view.bin)
    return Kpi(
        articles=sum(articles.values()),
        mentions=sum(mentions.values()),
        net_tone=mean[0] if mean else None,
        half=max(mean[0] - mean[1], mean[2] - mean[0]) if mean else None,
        stories=stories,
        most_named=most[0][0] if most else None,
        most_named_articles=most[0][1] if most else 0,
        total=total,
        heard=heard,
        articles_by_bin=tuple(articles.get(day, 0) for day in days),
        mentions_by_bin=tuple(mentions.get(day, 0) for day in days),
        net_by_bin=tuple(net_bins.get(day) for day in days),
    )
