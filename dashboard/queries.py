"""Every number on every page: a View in, a small frame out. No Streamlit here.

Attention's denominator is all articles of the chosen sources, languages and period; search, topic and tone narrow the
numerator only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa

from dashboard import statistics
from dashboard.readmodel import ReadModel
from dashboard.view import View
from ingest import bins
from ingest.store import search

Names = dict[str, str]  # figure id -> the name shown

_LABELS = ("negative", "neutral", "positive")


class _Scope:
    """A cursor with the view's articles as relations: `base` (the denominator), `hit` (the numerator), `named`."""

    def __init__(self, model: ReadModel, view: View, *, ends: datetime | None = None) -> None:
        self.cursor = model.cursor()
        filters = view.filters
        self.values: dict[str, Any] = {
            "sources": list(view.sources), "since": view.since, "until": view.until, "unit": view.bin,
            "kinds": list(filters.kinds), "figures": list(filters.figures), "lines": list(view.lines),
        }  # fmt: skip
        base = "list_contains($sources, source) AND day BETWEEN $since AND $until"
        if filters.languages:
            self.values["languages"] = list(filters.languages)
            base += " AND list_contains($languages, language)"
        if ends is not None:
            self.values["ends"] = ends.astimezone(UTC).replace(tzinfo=None)
            base += " AND published <= $ends"
        hit = "true"
        if filters.tone:
            self.values["low"], self.values["high"] = filters.tone
            hit += " AND tone BETWEEN $low AND $high"
        if filters.topics:
            self.values["topics"] = list(filters.topics)
            hit += " AND id IN (SELECT article FROM topic WHERE list_contains($topics, topic))"
        if filters.search.strip():
            self.cursor.register("found", _found(model, model.revision, filters.search))
            hit += " AND id IN (SELECT id FROM found)"
        self._with = (
            f"WITH base AS (SELECT * FROM article WHERE {base}), hit AS (SELECT * FROM base WHERE {hit}), "
            "named AS (SELECT mention.*, hit.day, hit.source, hit.story FROM mention "
            "JOIN hit ON hit.id = mention.article WHERE list_contains($kinds, kind)) "
        )

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        sql = self._with + sql
        given = {name: value for name, value in {**self.values, **values}.items() if f"${name}" in sql}
        return self.cursor.execute(sql, given).fetchall()

    def __enter__(self) -> _Scope:
        return self

    def __exit__(self, *_: object) -> None:
        self.cursor.close()


@lru_cache(maxsize=32)
def _found(model: ReadModel, revision: int, query: str) -> pa.Table:
    """The ids of a search, from the record; asked once a revision, not once a chart."""
    with model.engine.connect() as connection:
        return pa.table({"id": pa.array(search.article_ids(connection, query), pa.int64())})


def extent(model: ReadModel, sources: Sequence[int]) -> tuple[date, date] | None:
    """The first and last day that hold articles of these sources; None when there are none."""
    first, last = _one(
        model, "SELECT min(day), max(day) FROM article WHERE list_contains($sources, source)", sources=list(sources)
    )
    return (first, last) if first else None


def articles_since(model: ReadModel, sources: Sequence[int], since: date) -> int:
    """How many articles of these sources are dated from that day on."""
    sql = "SELECT count(*) FROM article WHERE list_contains($sources, source) AND day >= $since"
    return int(_one(model, sql, sources=list(sources), since=since)[0])


def articles_after(model: ReadModel, revision: int) -> int:
    """How many articles are new or edited since a revision."""
    return int(_one(model, "SELECT count(*) FROM article WHERE rev > $revision", revision=revision)[0])


def languages(model: ReadModel) -> list[str]:
    """The languages of all articles, the most frequent first."""
    cursor = model.cursor()
    rows = cursor.execute("SELECT language FROM article GROUP BY 1 ORDER BY count(*) DESC, 1").fetchall()
    cursor.close()
    return [row[0] for row in rows]


def _one(model: ReadModel, sql: str, **values: Any) -> tuple[Any, ...]:
    cursor = model.cursor()
    row = cursor.execute(sql, values).fetchone()
    cursor.close()
    assert row is not None
    return row


def most_named(model: ReadModel, view: View, limit: int) -> list[str]:
    """The figures named in most articles of the view, the most named first."""
    with _Scope(model, view) as scope:
        rows = scope.rows(
            "SELECT figure FROM named GROUP BY 1 ORDER BY count(DISTINCT article) DESC, count(*) DESC, 1 LIMIT $limit",
            limit=limit,
        )
    return [row[0] for row in rows]


def attention(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, articles, all, share (NaN where there are none), partial."""
    with _Scope(model, view) as scope:
        everything = dict(scope.rows("SELECT date_trunc($unit, day)::DATE, count(*) FROM base GROUP BY 1"))
        naming = {
            (figure, start): count
            for figure, start, count in scope.rows(
                "SELECT figure, date_trunc($unit, day)::DATE, count(DISTINCT article) FROM named "
                "WHERE list_contains($lines, figure) GROUP BY 1, 2"
            )
        }
    rows = [
        (start, figure, names.get(figure, figure), naming.get((figure, start), 0), everything.get(start, 0))
        for figure in view.lines
        for start in bins.between(view.since, view.until, view.bin)
    ]
    frame = pd.DataFrame(rows, columns=["bin", "figure", "name", "articles", "all"])
    frame["share"] = frame["articles"] / frame["all"].where(frame["all"] > 0)
    limits = [statistics.wilson(hits, of) for hits, of in zip(frame["articles"], frame["all"], strict=True)]
    frame["low"] = [limit[0] if limit else None for limit in limits]
    frame["high"] = [limit[1] if limit else None for limit in limits]
    frame["partial"] = [view.partial(start) for start in frame["bin"]]
    return frame


# For each group the five sums that a clustered mean and its interval are made of, in one pass over stories.
_CLUSTERED = """
    SELECT {keys}, count(*), sum(n), sum(s), sum(s * s), sum(s * n), sum(n * n),
           sum(negative), sum(neutral), sum(positive)
    FROM (
        SELECT {keys}, story, count(*) AS n, sum({value}) AS s,
               count(*) FILTER (label = 'negative') AS negative, count(*) FILTER (label = 'neutral') AS neutral,
               count(*) FILTER (label = 'positive') AS positive
        FROM (SELECT *, date_trunc($unit, day)::DATE AS bin FROM named) WHERE {where} AND tone IS NOT NULL
        GROUP BY ALL
    ) GROUP BY {keys}
"""


def tone(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, n, stories, tone, low, high, the three labels, partial.

    Tone is the mean over mentions with its 95 % interval; NaN under five stories.
    """
    sql = _CLUSTERED.format(keys="figure, bin", value="tone", where="list_contains($lines, figure)")
    with _Scope(model, view) as scope:
        found = {(row[0], row[1]): row[2:] for row in scope.rows(sql)}
    rows = []
    for figure in view.lines:
        for start in bins.between(view.since, view.until, view.bin):
            sums = found.get((figure, start), (0,) * 9)
            rows.append((start, figure, names.get(figure, figure), *_mean(sums), view.partial(start)))
    columns = ["bin", "figure", "name", "n", "stories", "tone", "low", "high", *_LABELS, "partial"]
    return pd.DataFrame(rows, columns=columns)


def _mean(sums: Sequence[Any]) -> tuple[Any, ...]:
    stories, n = int(sums[0]), int(sums[1] or 0)
    mean = statistics.mean_interval(stories, n, *(float(value or 0) for value in sums[2:6])) or (None, None, None)
    return (n, stories, *mean, *(int(value or 0) for value in sums[6:9]))


def mix(model: ReadModel, view: View, figure: str) -> pd.DataFrame:
    """One row a bin of one figure: bin, negative, neutral, positive, n (scored mentions)."""
    sql = _CLUSTERED.format(keys="bin", value="tone", where="figure = $figure")
    with _Scope(model, view) as scope:
        found = {row[0]: row[1:] for row in scope.rows(sql, figure=figure)}
    rows = []
    for start in bins.between(view.since, view.until, view.bin):
        sums = found.get(start, (0,) * 9)
        rows.append((start, *(int(value or 0) for value in sums[6:9]), int(sums[1] or 0)))
    return pd.DataFrame(rows, columns=["bin", *_LABELS, "n"])


def voice(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """Share of voice: one row a figure in view, its mentions ÷ the mentions of all figures in view."""
    with _Scope(model, view) as scope:
        found = dict(scope.rows("SELECT figure, count(*) FROM named WHERE list_contains($lines, figure) GROUP BY 1"))
    total = sum(found.values())
    rows = [(figure, names.get(figure, figure), found.get(figure, 0)) for figure in view.lines]
    frame = pd.DataFrame(rows, columns=["figure", "name", "mentions"]).sort_values(
        "mentions", ascending=False, kind="stable", ignore_index=True
    )
    frame["share"] = frame["mentions"] / total if total else float("nan")
    return frame


def companions(model: ReadModel, view: View, figure: str, names: Names, limit: int = 10) -> pd.DataFrame:
    """Who is named in the same articles: figure, name, articles; the most frequent first."""
    with _Scope(model, view) as scope:
        rows = scope.rows(
            "SELECT figure, count(DISTINCT article) FROM named WHERE figure <> $figure "
            "AND article IN (SELECT article FROM named WHERE figure = $figure) "
            "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $limit",
            figure=figure,
            limit=limit,
        )
    return pd.DataFrame(
        [(id_, names.get(id_, id_), count) for id_, count in rows], columns=["figure", "name", "articles"]
    )


def by_source(model: ReadModel, view: View, figure: str, sources: dict[int, str]) -> pd.DataFrame:
    """One row a source that names the figure: source, articles, all, share, n, stories, tone, low, high."""
    sql = _CLUSTERED.format(keys="source", value="tone", where="figure = $figure")
    with _Scope(model, view) as scope:
        everything = dict(scope.rows("SELECT source, count(*) FROM base GROUP BY 1"))
        naming = dict(
            scope.rows(
                "SELECT source, count(DISTINCT article) FROM named WHERE figure = $figure GROUP BY 1", figure=figure
            )
        )
        found = {row[0]: row[1:] for row in scope.rows(sql, figure=figure)}
    rows = []
    for source, articles in sorted(naming.items(), key=lambda item: -item[1]):
        n, stories, mean, low, high, *_ = _mean(found.get(source, (0,) * 9))
        name, of = sources.get(source, str(source)), everything[source]
        rows.append((name, articles, of, articles / of, n, stories, mean, low, high))
    columns = ["source", "articles", "all", "share", "n", "stories", "tone", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def per_day(model: ReadModel, sources: Sequence[int], since: date, until: date) -> dict[int, dict[date, int]]:
    """Articles of each source on each day that has any."""
    cursor = model.cursor()
    rows = cursor.execute(
        "SELECT source, day, count(*) FROM article WHERE list_contains($sources, source) "
        "AND day BETWEEN $since AND $until GROUP BY 1, 2",
        {"sources": list(sources), "since": since, "until": until},
    ).fetchall()
    cursor.close()
    found: dict[int, dict[date, int]] = {}
    for source, day, count in rows:
        found.setdefault(source, {})[day] = count
    return found


@dataclass(frozen=True, slots=True)
class Kpi:
    """The row of key figures of a period."""

    articles: int
    mentions: int
    net_tone: float | None  #: (positive − negative) ÷ scored mentions; None under five stories
    half: float | None  #: half the width of its 95 % interval
    stories: int
    most_named: str | None
    most_named_articles: int
    of: int  #: all articles of the sources, languages and period
    heard: int  #: sources with at least one article
    articles_by_bin: tuple[int, ...] = ()
    mentions_by_bin: tuple[int, ...] = ()
    net_by_bin: tuple[float | None, ...] = ()


def kpi(model: ReadModel, view: View, *, now: datetime, before: bool = False) -> Kpi:
    """The key figures of the view, or of the period of equal length just before.

    A period that is not over is compared with the same part of the one before.
    """
    ends = None
    if before:
        ends = now - timedelta(days=view.days) if view.running and view.until == view.today else None
        view = view.before()
    chosen = bool(view.filters.figures)
    mine = "list_contains($figures, figure)" if chosen else "true"
    hits = "id IN (SELECT article FROM named WHERE list_contains($figures, figure))" if chosen else "true"
    value = "CASE label WHEN 'positive' THEN 1 WHEN 'negative' THEN -1 ELSE 0 END"
    with _Scope(model, view, ends=ends) as scope:
        articles = dict(scope.rows(f"SELECT date_trunc($unit, day)::DATE, count(*) FROM hit WHERE {hits} GROUP BY 1"))
        mentions = dict(scope.rows(f"SELECT date_trunc($unit, day)::DATE, count(*) FROM named WHERE {mine} GROUP BY 1"))
        net = scope.rows(
            _CLUSTERED.format(keys="1", value=value, where=mine).replace("SELECT 1, count", "SELECT 1 AS one, count")
        )
        net_bins = {
            row[0]: row[3] / row[2] for row in scope.rows(_CLUSTERED.format(keys="bin", value=value, where=mine))
        }
        most = scope.rows(
            f"SELECT figure, count(DISTINCT article) FROM named WHERE {mine} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        )
        of, heard = scope.rows("SELECT count(*), count(DISTINCT source) FROM base")[0]
    sums = net[0][1:] if net else (0,) * 9
    stories = int(sums[0] or 0)
    mean = statistics.mean_interval(stories, float(sums[1] or 0), *(float(value or 0) for value in sums[2:6]))
    days = bins.between(view.since, view.until, view.bin)
    return Kpi(
        articles=sum(articles.values()),
        mentions=sum(mentions.values()),
        net_tone=mean[0] if mean else None,
        half=(mean[2] - mean[1]) / 2 if mean else None,
        stories=stories,
        most_named=most[0][0] if most else None,
        most_named_articles=most[0][1] if most else 0,
        of=of,
        heard=heard,
        articles_by_bin=tuple(articles.get(day, 0) for day in days),
        mentions_by_bin=tuple(mentions.get(day, 0) for day in days),
        net_by_bin=tuple(net_bins.get(day) for day in days),
    )


def counted(
    model: ReadModel,
    view: View,
    *,
    figure: str,
    start: date | None = None,
    label: str | None = None,
    scored: bool = False,
) -> list[int]:
    """The ids of exactly the mentions that a point counts, newest article first.

    `start` is the first day of its bin (None: the whole period); `label` one part of the mix; `scored` leaves out what
    has no tone.
    """
    where = "figure = $figure"
    if start is not None:
        where += " AND date_trunc($unit, day)::DATE = $start"
    if label is not None:
        where += " AND label = $label"
    if scored or label is not None:
        where += " AND tone IS NOT NULL"
    with _Scope(model, view) as scope:
        rows = scope.rows(
            f"SELECT id FROM named WHERE {where} ORDER BY day DESC, article DESC, sentence, id",
            figure=figure,
            start=start,
            label=label,
        )
    return [row[0] for row in rows]


def extremes(model: ReadModel, view: View, figure: str, *, positive: bool, limit: int) -> list[int]:
    """The mentions with the most positive (or most negative) tone toward a figure, one a story."""
    order = "DESC" if positive else "ASC"
    sign = "tone >= 0.05" if positive else "tone <= -0.05"
    with _Scope(model, view) as scope:
        rows = scope.rows(
            f"SELECT id FROM named WHERE figure = $figure AND {sign} "
            f"QUALIFY row_number() OVER (PARTITION BY story ORDER BY tone {order}, id) = 1 "
            f"ORDER BY tone {order}, day DESC, id LIMIT $limit",
            figure=figure,
            limit=limit,
        )
    return [row[0] for row in rows]
