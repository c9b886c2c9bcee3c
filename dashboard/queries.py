"""Every number on every page: a View in, a small frame out. No Streamlit here.

Attention's denominator is all articles of the chosen sources, languages, texts and period; search, topic and tone
narrow the numerator only. A frame's `attrs["revision"]` is the revision that it is true for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import pandas as pd

from dashboard import scope, statistics
from dashboard.facts import TEXT_KINDS
from dashboard.readmodel import ReadModel
from dashboard.scope import NOTHING, Scope
from dashboard.view import View
from ingest import bins
from ingest.models import TextKind

Names = dict[str, str]  # figure id -> the name shown

_LABELS = ("negative", "neutral", "positive")
_FLOATS = {"tone": float, "low": float, "high": float}  # None becomes NaN

P = ParamSpec("P")
Answer = TypeVar("Answer")
Query = Callable[Concatenate[ReadModel, View, P], Answer]


def kept(query: Query[P, Answer]) -> Query[P, Answer]:
    """The query as of one revision, asked once for all who look at one view."""

    @wraps(query)
    def asked(model: ReadModel, view: View, *args: P.args, **named: P.kwargs) -> Answer:
        view = scope.at(model, view)
        question = (query.__qualname__, view, *map(_frozen, args), *((name, _frozen(of)) for name, of in named.items()))
        return model.columns.answers.of(question, lambda: query(model, view, *args, **named))

    return cast(Query[P, Answer], asked)


def _frozen(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else value


@kept
def total(model: ReadModel, view: View) -> int:
    """All articles of the view's sources, languages, texts and period: the denominator."""
    with Scope(model, view) as here:
        return int(here.rows("SELECT count(*) FROM base")[0][0])


@kept
def texts(model: ReadModel, view: View) -> dict[TextKind, int]:
    """How many articles of the denominator are of each kind of text."""
    with Scope(model, view) as here:
        found = dict(here.rows("SELECT text_kind, count(*) FROM base GROUP BY 1"))
    return {kind: found[number] for number, kind in enumerate(TEXT_KINDS) if number in found}


@kept
def ranking(model: ReadModel, view: View) -> list[tuple[str, int]]:
    """The figures named in the view, each with the number of articles; the most named first."""
    with Scope(model, view) as here:
        rows = here.rows("SELECT figure, count(*), sum(mentions) FROM named GROUP BY 1")
        named = sorted((-articles, -mentions, here.name(figure)) for figure, articles, mentions in rows)
    return [(figure, -articles) for articles, _, figure in named]


def most_named(model: ReadModel, view: View, limit: int) -> list[str]:
    """The figures named in most articles of the view, the most named first."""
    return [figure for figure, _ in ranking(model, view)[:limit]]


# Day by day first: of a million articles only a thousand days are then put into bins.
_ALL = (
    "SELECT {bin}, sum(k)::BIGINT, sum(alone)::BIGINT "
    "FROM (SELECT day, count(*) AS k, sum(alone::INTEGER) AS alone FROM base GROUP BY 1) GROUP BY 1"
)
_SHARED = "SELECT bin, count(*) FROM (SELECT DISTINCT {bin} AS bin, story FROM base WHERE NOT alone) GROUP BY 1"


@kept
def attention(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, articles, all, share (NaN where there are none), partial.

    The interval is Wilson's with stories for n: a text printed twenty times is one thing that was decided.
    """
    with Scope(model, view) as here:
        everything = {start: (count, alone) for start, count, alone in here.rows(_ALL)}
        # Five times as fast as count(DISTINCT …), and few stories have copies at all.
        shared = dict(here.rows(_SHARED))
        naming = {
            (here.name(figure), start): count
            for figure, start, count in here.rows(
                f"SELECT figure, {{bin}}, count(*) FROM named WHERE figure IN {here.figures(view.lines)} GROUP BY 1, 2"
            )
        }
    rows = [
        (start, figure, names.get(figure, figure), naming.get((figure, start), 0), count, alone + shared.get(start, 0))
        for figure in view.lines
        for start in bins.between(view.since, view.until, view.bin)
        for count, alone in [everything.get(start, (0, 0))]
    ]
    frame = pd.DataFrame(rows, columns=["bin", "figure", "name", "articles", "all", "stories"])
    frame["share"] = frame["articles"] / frame["all"].where(frame["all"] > 0)
    limits = [
        statistics.wilson(share * stories, stories)
        for share, stories in zip(frame["share"], frame.pop("stories"), strict=True)
    ]
    frame["low"] = [limit[0] if limit else None for limit in limits]
    frame["high"] = [limit[1] if limit else None for limit in limits]
    frame = frame.astype({"low": float, "high": float})
    frame["partial"] = [view.partial(start) for start in frame["bin"]]
    return _true_for(frame, here)


@kept
def tone(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """One row a figure in view and bin: bin, figure, name, n, stories, tone, low, high, the three labels, partial.

    Tone is the mean over mentions with its 95 % interval; NaN under five stories.
    """
    with Scope(model, view) as here:
        figures = here.figures(view.lines)
        found = {
            (here.name(row[0]), row[1]): row[2:]
            for row in here.clusters("figure, {bin} AS bin", f"named WHERE figure IN {figures}")
        }
    rows = []
    for figure in view.lines:
        for start in bins.between(view.since, view.until, view.bin):
            sums = found.get((figure, start), NOTHING)
            rows.append((start, figure, names.get(figure, figure), *scope.mean(sums), view.partial(start)))
    columns = ["bin", "figure", "name", "n", "stories", "tone", "low", "high", *_LABELS, "partial"]
    return _true_for(pd.DataFrame(rows, columns=columns).astype(_FLOATS), here)


@kept
def mix(model: ReadModel, view: View, figure: str) -> pd.DataFrame:
    """One row a bin of one figure: bin, negative, neutral, positive, n (scored mentions)."""
    with Scope(model, view) as here:
        of = f"figure IN {here.figures([figure])}"
        found = {
            row[0]: row[1:]
            for row in here.rows(
                f"SELECT {{bin}}, sum(neg), sum(n - neg - pos), sum(pos), sum(n) FROM named WHERE {of} GROUP BY 1"
            )
        }
    days = bins.between(view.since, view.until, view.bin)
    rows = [(start, *map(int, found.get(start, (0, 0, 0, 0)))) for start in days]
    return _true_for(pd.DataFrame(rows, columns=["bin", *_LABELS, "n"]), here)


@kept
def voice(model: ReadModel, view: View, names: Names) -> pd.DataFrame:
    """Share of voice: one row a figure in view, its mentions ÷ the mentions of all figures in view."""
    with Scope(model, view) as here:
        figures = here.figures(view.lines)
        counts = here.rows(f"SELECT figure, sum(mentions) FROM named WHERE figure IN {figures} GROUP BY 1")
        found = {here.name(figure): int(count) for figure, count in counts}
    total = sum(found.values())
    rows = [(figure, names.get(figure, figure), found.get(figure, 0)) for figure in view.lines]
    frame = pd.DataFrame(rows, columns=["figure", "name", "mentions"]).sort_values(
        "mentions", ascending=False, kind="stable", ignore_index=True
    )
    frame["share"] = frame["mentions"] / total if total else float("nan")
    return _true_for(frame, here)


@kept
def companions(model: ReadModel, view: View, figure: str, names: Names, limit: int = 10) -> pd.DataFrame:
    """Who is named in the same articles: figure, name, articles; the most frequent first."""
    with Scope(model, view) as here:
        of = here.figures([figure])
        counts = here.rows(
            f"SELECT figure, count(*) FROM named WHERE figure NOT IN {of} AND NOT single "
            f"AND analysis IN (SELECT analysis FROM named WHERE figure IN {of} AND NOT single) GROUP BY 1"
        )
        found = sorted((-count, here.name(number)) for number, count in counts)[:limit]
    rows = [(id_, names.get(id_, id_), -count) for count, id_ in found]
    return _true_for(pd.DataFrame(rows, columns=["figure", "name", "articles"]), here)


@kept
def by_source(model: ReadModel, view: View, figure: str, sources: dict[int, str]) -> pd.DataFrame:
    """One row a source that names the figure: source, articles, all, share, n, stories, tone, low, high."""
    with Scope(model, view) as here:
        of = f"figure IN {here.figures([figure])}"
        everything = dict(here.rows("SELECT source, count(*) FROM base GROUP BY 1"))
        naming = dict(here.rows(f"SELECT source, count(*) FROM named WHERE {of} GROUP BY 1"))
        found = {row[0]: row[1:] for row in here.clusters("source", f"named WHERE {of}")}
    rows = []
    for source, articles in sorted(naming.items(), key=lambda item: (-item[1], item[0])):
        n, stories, mean, low, high, *_ = scope.mean(found.get(source, NOTHING))
        name, all_ = sources.get(source, str(source)), everything[source]
        rows.append((name, articles, all_, articles / all_, n, stories, mean, low, high))
    columns = ["source", "articles", "all", "share", "n", "stories", "tone", "low", "high"]
    return _true_for(pd.DataFrame(rows, columns=columns).astype(_FLOATS), here)


@kept
def newest(model: ReadModel, view: View, limit: int) -> list[int]:
    """The ids of the newest articles that pass all filters and name one of the figures, if any are chosen."""
    with Scope(model, view) as here:
        rows = here.rows(
            f"SELECT id FROM hit WHERE {naming(here, view)} ORDER BY published DESC, id DESC LIMIT {limit}"
        )
    return [row[0] for row in rows]


def naming(here: Scope, view: View) -> str:
    """The condition on `hit` that an article names one of the view's figures; true where none are chosen."""
    if not view.filters.figures:
        return "true"
    return f"analysis IN (SELECT analysis FROM named WHERE figure IN {here.figures(view.filters.figures)})"


@kept
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
    with Scope(model, view) as here:
        rows = here.rows(
            _mentions(here, view, figure)
            + (f" AND {{bin}} = DATE '{start.isoformat()}'" if start is not None else "")
            + (f" AND m.label = {_LABELS.index(label) - 1}" if label is not None else "")
            + (" AND m.tone IS NOT NULL" if scored or label is not None else "")
            + " ORDER BY day DESC, article DESC, sentence, m.id"
        )
    return [row[0] for row in rows]


@kept
def extremes(model: ReadModel, view: View, figure: str, *, positive: bool, limit: int) -> list[int]:
    """The mentions with the most positive (or most negative) tone toward a figure, one a story."""
    order = "DESC" if positive else "ASC"
    sign, some = ("m.tone >= 0.05", "n.pos > 0") if positive else ("m.tone <= -0.05", "n.neg > 0")
    with Scope(model, view) as here:
        # A window over a million stories would cost a second; some hundred of the strongest mostly hold enough of them.
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
    of = here.figures([figure])
    kinds = "m.kind < 2" if view.filters.offices else "m.kind = 0"
    return (
        f"SELECT {columns} FROM named n JOIN {here.table('mention')} m USING (analysis) "
        f"WHERE n.figure IN {of} AND m.figure IN {of} AND {kinds}"
    )


def _true_for(frame: pd.DataFrame, here: Scope) -> pd.DataFrame:
    frame.attrs["revision"] = here.revision
    return frame
