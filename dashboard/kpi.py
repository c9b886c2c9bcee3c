"""The row of key figures, and its change against the period before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard import queries, scope
from dashboard.readmodel import ReadModel
from dashboard.scope import NOTHING, Scope
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
    revision: int  #: what all of it is true for
    articles_by_bin: tuple[int, ...] = ()
    mentions_by_bin: tuple[int, ...] = ()
    net_by_bin: tuple[float | None, ...] = ()


def of(model: ReadModel, view: View, *, now: datetime, before: bool = False) -> Kpi:
    """The key figures of the view, or of the period of equal length just before.

    A period that is not over is compared with the same part of the one before.
    """
    ends = None
    if before:
        # To the minute: all who look at one view in one minute share an answer.
        ends = (now - timedelta(days=view.days)).replace(second=0, microsecond=0) if view.running else None
        view = view.before()
    return _of(model, view, ends=ends, before=before)


@queries.kept
def _of(model: ReadModel, view: View, *, ends: datetime | None, before: bool) -> Kpi:
    figures = view.filters.figures
    with Scope(model, view, ends=ends) as here:
        # Without figures an article's own sums tell everything: nothing that it names needs to be looked at.
        rows = "named" if figures else "hit"
        mine = f"figure IN {here.figures(figures)}" if figures else "true"
        net = "(pos - neg)" if figures else "net"
        by_bin = {
            row[0]: row[1:]
            for row in here.rows(
                "SELECT {bin}, sum(k)::BIGINT, sum(mentions), sum(n), sum(net) FROM (SELECT day, count(*) AS k, "
                f"sum(mentions) AS mentions, sum(n) AS n, sum({net}) AS net FROM {rows} WHERE {mine} GROUP BY 1) "
                "GROUP BY 1"
            )
        }
        if len(figures) > 1:  # an article that names two of them is one article
            shared = here.rows(
                f"SELECT bin, sum(k - 1) FROM (SELECT {{bin}} AS bin, article, count(*) AS k FROM named WHERE {mine} "
                "AND NOT single GROUP BY ALL) GROUP BY 1"
            )
            for start, twice in shared:
                by_bin[start] = (by_bin[start][0] - int(twice), *by_bin[start][1:])
        lone = "alone AND single" if len(figures) > 1 else "alone"
        relation = rows if figures else "(SELECT *, 0 AS neg, 0 AS pos FROM hit)"
        clusters = here.clusters("1 AS whole", f"{relation} WHERE {mine}", sum_=net, lone=lone)
        ((total, heard),) = here.rows("SELECT count(*), count(DISTINCT source) FROM base")
        revision = here.revision
    _, stories, mean, low, high, *_ = scope.mean(clusters[0][1:] if clusters else NOTHING)
    most = None
    if not before:
        ranked = [(figure, count) for figure, count in queries.ranking(model, view) if not figures or figure in figures]
        most = min(ranked, key=lambda named: (-named[1], named[0]), default=None)
    days = bins.between(view.since, view.until, view.bin)
    found = [by_bin.get(day, (0, 0, 0, 0)) for day in days]
    return Kpi(
        articles=sum(row[0] for row in by_bin.values()),
        mentions=int(sum(row[1] for row in by_bin.values())),
        net_tone=mean,
        half=None if mean is None else max(mean - low, high - mean),
        stories=stories,
        most_named=most[0] if most else None,
        most_named_articles=most[1] if most else 0,
        total=total,
        heard=heard,
        revision=revision,
        articles_by_bin=tuple(row[0] for row in found),
        mentions_by_bin=tuple(int(row[1]) for row in found),
        net_by_bin=tuple(row[3] / row[2] if row[2] else None for row in found),
    )
