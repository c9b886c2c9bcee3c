"""The queries behind the pages: each takes a View and returns a small frame or list. No Streamlit here.

The denominator of attention is all articles of the chosen sources, languages, texts and period; search, topic and tone
narrow only the numerator (docs/methods.md). A frame's `attrs["revision"]` is the revision as of which it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from dashboard.model.readmodel import ReadModel
from dashboard.numbers import scope, statistics, sums
from dashboard.numbers.scope import Scope, cached
from dashboard.view import View
from ingest import bins
from ingest.models import LABELS, TEXT_KINDS, TextKind

Names = dict[str, str]  # figure id -> the name shown

_TONE = ["n", "stories", "tone", "low", "high", *LABELS]
_FLOATS = {"tone": float, "low": float, "high": float}  # None becomes NaN


@cached
def total(model: ReadModel, view: View) -> int:
    """All articles of the view's sources, languages, texts and period: the denominator."""
    with Scope(model, view) as here:
        return sums.articles(here, hits=False).total("articles")


@cached
def texts(model: ReadModel, view: View) -> dict[TextKind, int]:
    """How many articles of the denominator are of each kind of text."""
    with Scope(model, view) as here:
        everything = sums.articles(here, hits=False)
    counts = np.bincount(everything["text_kind"], everything["articles"], len(TEXT_KINDS)).tolist()
    return {kind: int(count) for kind, count in zip(TEXT_KINDS, counts, strict=True) if count}


@cached
def ranking(model: ReadModel, view: View) -> list[tuple[str, int]]:
    """The figures named in the view, each with the number of articles; the most named first."""
    with Scope(model, view) as here:
        rows = here.rows("SELECT figure, count(*), sum(mentions) FROM named GROUP BY 1")
        named = sorted((-articles, -mentions, here.columns.word(figure)) for figure, articles, mentions in rows)
    return [(figure, -articles) for articles, _, figure in named]


def most_named(model: ReadModel, view: View, limit: int) -> list[str]:
    """The figures named in most articles of the view, the most named first."""
    return [figure for figure, _ in ranking(model, view)[:limit]]


# Five times as fast as count(DISTINCT …), because few stories have copies.
_SHARED = "SELECT bin, count(*) FROM (SELECT DISTINCT {bin} AS bin, story FROM base WHERE NOT alone) GROUP BY 1"


@cached
def attention(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, articles, all, share (NaN where there are none), partial.

    low and high are Wilson's interval with stories for n: a text printed twenty times is one decision.
    """
    starts = bins.between(view.since, view.until, view.bin)
    by_figure = sums.figures(model, view)
    with Scope(model, view) as here:
        everything = sums.articles(here, hits=False)
        (stories,) = everything.by_bin(view, "articles", rows=everything["alone"])
        if not everything["alone"].all():
            shared = dict(here.rows(_SHARED))
            stories += [shared.get(start, 0) for start in starts]
        (naming,) = by_figure.by_line(view, [here.columns.number(line) for line in view.lines], "articles")
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
def tone(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, n, stories, tone, low, high, the three labels, partial.

    Tone is the mean over mentions with its 95 % interval; NaN under five stories.
    """
    starts = bins.between(view.since, view.until, view.bin)
    by_figure = sums.figures(model, view)
    shared = {}
    with Scope(model, view) as here:
        if by_figure["k"][~by_figure["alone"]].any():
            of = f"named WHERE figure IN {here.columns.numbers(view.lines)}"
            shared = {row[:2]: np.array(row[2:], float) for row in here.story_sums("figure, {bin} AS bin", of)}
        numbers = [here.columns.number(line) for line in view.lines]
    lone = np.moveaxis(by_figure.by_line(view, numbers, *sums.TONE, rows=by_figure["alone"]), 0, -1)
    rows = [
        scope.mean(own + shared[number, start] if (number, start) in shared else own)
        for number, of in zip(numbers, lone, strict=True)
        for start, own in zip(starts, of, strict=True)
    ]
    found = np.array(rows, float).reshape(-1, len(_TONE)).T  # None becomes NaN
    columns = {
        name: column if name in _FLOATS else column.astype(int) for name, column in zip(_TONE, found, strict=True)
    }
    return _by_line(view, starts, names, columns)


@cached
def mix(model: ReadModel, view: View, figure: str) -> pd.DataFrame:
    """One row a bin of one figure: bin, negative, neutral, positive, n (scored mentions)."""
    view = replace(view, lines=(figure,))
    by_figure = sums.figures(model, view)
    negative, positive, n = by_figure.by_bin(view, "neg", "pos", "n").astype(int)
    starts = bins.between(view.since, view.until, view.bin)
    columns = (starts, negative, n - negative - positive, positive, n)
    return _true_for(pd.DataFrame(dict(zip(("bin", *LABELS, "n"), columns, strict=True))), view)


@cached
def voice(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """Share of voice: one row a figure in view, its mentions ÷ the mentions of all figures in view."""
    by_figure = sums.figures(model, view)
    numbers = [model.columns.number(line) for line in view.lines]
    counts = by_figure.by_line(view, numbers, "mentions")[0].sum(axis=1).astype(int).tolist()
    rows = [(line, names.get(line, line), count) for line, count in zip(view.lines, counts, strict=True)]
    frame = pd.DataFrame(rows, columns=["figure", "name", "mentions"]).sort_values(
        "mentions", ascending=False, kind="stable", ignore_index=True
    )
    frame["share"] = frame["mentions"] / sum(counts) if sum(counts) else float("nan")
    return _true_for(frame, view)


@cached
def companions(model: ReadModel, view: View, figure: str, names: Names, limit: int = 10) -> pd.DataFrame:
    """The figures named in the same articles: figure, name, articles; the most frequent first."""
    with Scope(model, view) as here:
        of = here.columns.numbers([figure])
        counts = here.rows(
            f"SELECT figure, count(*) FROM named WHERE figure NOT IN {of} AND NOT single "
            f"AND analysis IN (SELECT analysis FROM named WHERE figure IN {of} AND NOT single) GROUP BY 1"
        )
        found = sorted((-count, here.columns.word(number)) for number, count in counts)[:limit]
    rows = [(id_, names.get(id_, id_), -count) for count, id_ in found]
    return _true_for(pd.DataFrame(rows, columns=["figure", "name", "articles"]), view)


_LONE = ", ".join(
    f"coalesce(sum({of}) FILTER (alone), 0)::DOUBLE"
    for of in ("(n > 0)::INTEGER", "n", "sum", "sum * sum", "sum * n", "n * n", "neg", "pos")
)


@cached
def by_source(model: ReadModel, view: View, figure: str, sources: dict[int, str]) -> pd.DataFrame:
    """One row a source that names the figure: source, articles, all, share, n, stories, tone, low, high."""
    with Scope(model, view) as here:
        of = f"named WHERE figure IN {here.columns.numbers([figure])}"
        everything = sums.articles(here, hits=False)
        lone = {row[0]: row[1:] for row in here.rows(f"SELECT source, count(*), {_LONE} FROM {of} GROUP BY 1")}
        shared = {row[0]: np.array(row[1:], float) for row in here.story_sums("source", of)}
    rows = []
    for source, (articles, *own) in sorted(lone.items(), key=lambda item: (-item[1][0], item[0])):
        n, stories, mean, low, high, *_ = scope.mean(np.array(own, float) + shared.get(source, 0))
        all_ = everything.where(everything["source"] == source).total("articles")
        rows.append((sources.get(source, str(source)), articles, all_, articles / all_, n, stories, mean, low, high))
    columns = ["source", "articles", "all", "share", "n", "stories", "tone", "low", "high"]
    return _true_for(pd.DataFrame(rows, columns=columns).astype(_FLOATS), view)


@cached
def counted(
    model: ReadModel,
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
    with Scope(model, view) as here:
        rows = here.rows(
            _mentions(here, view, figure)
            + (f" AND {{bin}} = DATE '{start.isoformat()}'" if start is not None else "")
            + (f" AND m.label = {LABELS.index(label) - 1}" if label is not None else "")
            + (" AND m.tone IS NOT NULL" if scored or label is not None else "")
            + " ORDER BY day DESC, article DESC, sentence, m.id"
        )
    return [row[0] for row in rows]


@cached
def extremes(model: ReadModel, view: View, figure: str, *, positive: bool, limit: int) -> list[int]:
    """The mentions with the most positive (or most negative) tone toward a figure, one a story."""
    order = "DESC" if positive else "ASC"
    sign, some = ("m.tone >= 0.05", "n.pos > 0") if positive else ("m.tone <= -0.05", "n.neg > 0")
    with Scope(model, view) as here:
        # A window over a million stories takes a second. The strongest few hundred mentions mostly hold enough stories.
        ordered = (
            f"{_mentions(here, view, figure, 'm.id, n.story')} AND {sign} AND {some} "
            f"ORDER BY m.tone {order}, n.day DESC, m.id"
        )
        strongest: dict[int, int] = {}
        for most in (50 * limit, 1 << 40):
            rows = here.rows(f"{ordered} LIMIT {most}")
            for id_, story in rows:
                strongest.setdefault(story, id_)
            if len(strongest) >= limit or len(rows) < most:
                break
    return list(strongest.values())[:limit]


def _mentions(here: Scope, view: View, figure: str, columns: str = "m.id") -> str:
    of = here.columns.numbers([figure])
    kinds = "m.kind < 2" if view.filters.offices else "m.kind = 0"
    return (
        f"SELECT {columns} FROM named n JOIN {here.table('mention')} m USING (analysis) "
        f"WHERE n.figure IN {of} AND m.figure IN {of} AND {kinds}"
    )


def _by_line(view: View, starts: Sequence[date], names: Names, columns: dict[str, Any]) -> pd.DataFrame:
    """A row for each figure of the view's lines and bin: bin, figure, name, the columns, partial."""
    lines, count = view.lines, len(starts)
    frame = pd.DataFrame(
        {
            "bin": [*starts] * len(lines),
            "figure": np.repeat(np.array(lines, object), count),
            "name": np.repeat(np.array([names.get(line, line) for line in lines], object), count),
            **columns,
            "partial": [view.partial(start) for start in starts] * len(lines),
        }
    )
    return _true_for(frame, view)


def _true_for(frame: pd.DataFrame, view: View) -> pd.DataFrame:
    frame.attrs["revision"] = view.filters.as_of  # set by `cached`
    return frame
