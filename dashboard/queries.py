"""Every number on every page: a View in, a small frame out. No Streamlit here.

Attention's denominator is all articles of the chosen sources, languages and period; search, topic and tone narrow the
numerator only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from dashboard import statistics
from dashboard.readmodel import ReadModel
from dashboard.scope import CLUSTERED, Scope, clustered_mean
from dashboard.view import View
from ingest import bins

Names = dict[str, str]  # figure id -> the name shown

_LABELS = ("negative", "neutral", "positive")
_FLOATS = {"tone": float, "low": float, "high": float}  # None becomes NaN


def extent(model: ReadModel, sources: Sequence[int]) -> tuple[date, date] | None:
    """The first and last day that hold articles of these sources; None when there are none."""
    first, last = _one(
        model, "SELECT min(day), max(day) FROM article WHERE list_contains($sources, source)", sources=list(sources)
    )
    return (first, last) if first else None


def articles_between(model: ReadModel, sources: Sequence[int], since: date, until: date) -> int:
    """How many articles of these sources are dated from one day to the other, both included."""
    sql = "SELECT count(*) FROM article WHERE list_contains($sources, source) AND day BETWEEN $since AND $until"
    return int(_one(model, sql, sources=list(sources), since=since, until=until)[0])


def total(model: ReadModel, view: View) -> int:
    """All articles of the view's sources, languages and period: the denominator."""
    with Scope(model, view) as scope:
        return int(scope.rows("SELECT count(*) FROM base")[0][0])


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
    with Scope(model, view) as scope:
        rows = scope.rows(
            "SELECT figure FROM named GROUP BY 1 ORDER BY count(DISTINCT article) DESC, count(*) DESC, 1 LIMIT $limit",
            limit=limit,
        )
    return [row[0] for row in rows]


def attention(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, articles, all, share (NaN where there are none), partial."""
    with Scope(model, view) as scope:
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
    frame = frame.astype({"low": float, "high": float})
    frame["partial"] = [view.partial(start) for start in frame["bin"]]
    return frame


def tone(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, n, stories, tone, low, high, the three labels, partial.

    Tone is the mean over mentions with its 95 % interval; NaN under five stories.
    """
    sql = CLUSTERED.format(keys="figure, bin", value="tone", where="list_contains($lines, figure)")
    with Scope(model, view) as scope:
        found = {(row[0], row[1]): row[2:] for row in scope.rows(sql)}
    rows = []
    for figure in view.lines:
        for start in bins.between(view.since, view.until, view.bin):
            sums = found.get((figure, start), (0,) * 9)
            rows.append((start, figure, names.get(figure, figure), *clustered_mean(sums), view.partial(start)))
    columns = ["bin", "figure", "name", "n", "stories", "tone", "low", "high", *_LABELS, "partial"]
    return pd.DataFrame(rows, columns=columns).astype(_FLOATS)


def mix(model: ReadModel, view: View, figure: str) -> pd.DataFrame:
    """One row a bin of one figure: bin, negative, neutral, positive, n (scored mentions)."""
    sql = CLUSTERED.format(keys="bin", value="tone", where="figure = $figure")
    with Scope(model, view) as scope:
        found = {row[0]: row[1:] for row in scope.rows(sql, figure=figure)}
    rows = []
    for start in bins.between(view.since, view.until, view.bin):
        sums = found.get(start, (0,) * 9)
        rows.append((start, *(int(value or 0) for value in sums[6:9]), int(sums[1] or 0)))
    return pd.DataFrame(rows, columns=["bin", *_LABELS, "n"])


def voice(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """Share of voice: one row a figure in view, its mentions ÷ the mentions of all figures in view."""
    with Scope(model, view) as scope:
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
    with Scope(model, view) as scope:
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
    sql = CLUSTERED.format(keys="source", value="tone", where="figure = $figure")
    with Scope(model, view) as scope:
        everything = dict(scope.rows("SELECT source, count(*) FROM base GROUP BY 1"))
        naming = dict(
            scope.rows(
                "SELECT source, count(DISTINCT article) FROM named WHERE figure = $figure GROUP BY 1", figure=figure
            )
        )
        found = {row[0]: row[1:] for row in scope.rows(sql, figure=figure)}
    rows = []
    for source, articles in sorted(naming.items(), key=lambda item: -item[1]):
        n, stories, mean, low, high, *_ = clustered_mean(found.get(source, (0,) * 9))
        name, of = sources.get(source, str(source)), everything[source]
        rows.append((name, articles, of, articles / of, n, stories, mean, low, high))
    columns = ["source", "articles", "all", "share", "n", "stories", "tone", "low", "high"]
    return pd.DataFrame(rows, columns=columns).astype(_FLOATS)


def held(model: ReadModel) -> dict[int, tuple[int, datetime | None]]:
    """How many articles each source has, and when its newest is from; by the source's id."""
    cursor = model.cursor()
    rows = cursor.execute("SELECT source, count(*), max(published) FROM article GROUP BY 1").fetchall()
    cursor.close()
    return {source: (articles, newest.replace(tzinfo=UTC)) for source, articles, newest in rows}


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
    with Scope(model, view) as scope:
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
    with Scope(model, view) as scope:
        rows = scope.rows(
            f"SELECT id FROM named WHERE figure = $figure AND {sign} "
            f"QUALIFY row_number() OVER (PARTITION BY story ORDER BY tone {order}, id) = 1 "
            f"ORDER BY tone {order}, day DESC, id LIMIT $limit",
            figure=figure,
            limit=limit,
        )
    return [row[0] for row in rows]
