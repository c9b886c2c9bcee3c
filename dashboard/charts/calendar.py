"""The calendar of sources: a row each, a mark a day. Marks can be told apart without colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dashboard.charts import canvas
from dashboard.charts.canvas import Figure
from dashboard.look import words
from dashboard.look.borders import plain, plotly_text
from dashboard.look.palette import Theme
from ingest.store.read.verdicts import Judged, Verdict

_ROW, _TOP, _BOTTOM = 22, 6, 34
_NAME = 20
#: Size of a mark, as parts of a day's width and a row's height.
_WIDE, _HIGH = 0.82, 0.74

#: For the caption.
LEGEND = "■ normal · ▄ quiet · ▨ silent · ▩ failing · ━ gone · □ new · blank: not asked"


@dataclass(frozen=True, slots=True)
class Row:
    """One source, its verdict now, and its days."""

    name: str
    verdict: Verdict
    days: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    """How the days of one verdict look."""

    high: float = 1.0  #: part of a whole mark's height
    pattern: str = ""
    colour: str = "grey"  #: a field of Theme
    fill: float = 1.0  #: opacity


_MARKS: dict[Verdict, _Mark] = {
    "normal": _Mark(fill=0.75),
    "quiet": _Mark(high=0.4),
    "new": _Mark(fill=0.0),
    "silent": _Mark(pattern="/", colour="tone_negative", fill=0.0),
    "failing": _Mark(pattern="x", colour="tone_negative"),
    "gone": _Mark(high=0.22, colour="text"),
}


def figure(rows: Sequence[Row], since: date, until: date, *, theme: Theme) -> Figure:
    """The calendar from one day to another, the first row on top."""
    if not rows:
        return canvas.empty(theme, _TOP + _ROW + _BOTTOM)
    traces = [_trace(verdict, mark, rows, since, until, theme) for verdict, mark in _MARKS.items()]
    left = min(_NAME, max(len(row.name) for row in rows)) * canvas.CHARACTER + 14
    ticks = _ticks(since, until)
    return {
        "data": [trace for trace in traces if trace["x"]],
        "layout": {
            "template": canvas.template(theme),
            "height": _TOP + _ROW * len(rows) + _BOTTOM,
            "margin": {"l": left, "r": 8, "t": _TOP, "b": _BOTTOM},
            "barmode": "overlay",
            "hovermode": "closest",
            "xaxis": canvas.date_axis(since, until, timedelta(hours=12))
            | {
                "tickmode": "array",
                "tickvals": [day.isoformat() for day in ticks],
                "ticktext": [f"{day.day} {words.MONTHS[day.month - 1][:3]}" for day in ticks],
            },
            "yaxis": canvas.name_axis([plotly_text(row.name, _NAME) for row in rows], theme),
        },
    }


def _trace(
    verdict: Verdict, mark: _Mark, rows: Sequence[Row], since: date, until: date, theme: Theme
) -> dict[str, Any]:
    """The marks of all days with one verdict."""
    places = [
        (place, row, each)
        for place, row in enumerate(rows)
        for each in row.days
        if each.verdict == verdict and since <= each.day <= until
    ]
    colour = str(getattr(theme, mark.colour))
    look: dict[str, Any] = {
        "color": canvas.faded(colour, mark.fill),
        "line": {"width": 1 if mark.fill == 0 else 0, "color": colour},
    }
    if mark.pattern:
        sign = colour if mark.fill == 0 else theme.background
        look["pattern"] = {
            "shape": mark.pattern, "size": 5, "solidity": 0.3, "fgcolor": sign, "bgcolor": look["color"],
            "fillmode": "replace",
        }  # fmt: skip
    hover = [f"<b>{plotly_text(row.name)}</b><br>{describe(each)}" for _, row, each in places]
    return canvas.bar(
        [each.day.isoformat() for _, _, each in places],
        [-_HIGH * mark.high] * len(places),
        hover,
        base=[place + _HIGH / 2 for place, _, _ in places],  # the axis points down
        width=_WIDE * canvas.MS_A_DAY,
        marker=look,
    )


def describe(day: Judged) -> str:
    """A day in words: `12 Mar 2026: quiet`, and why."""
    head = f"{words.day(day.day)}: <b>{day.verdict}</b>"
    if not day.attempts:
        return f"{head}<br>no attempt on this day"
    if not day.successes:
        return f"{head}<br>{words.count(day.attempts, 'attempt')}, none answered"
    usual = ""
    if day.usual is not None:
        usual = f", usually {day.usual:.1f}" if day.usual < 10 else f", usually {words.number(day.usual)}"
    return (
        f"{head}<br>{words.count(day.articles, 'new article')}{usual}"
        f"<br>{words.number(day.successes)} of {words.count(day.attempts, 'attempt')} answered"
    )


def alt(rows: Sequence[Row], since: date, until: date) -> str:
    """The sources that are not normal, with their verdicts."""
    odd = [f"{plain(row.name)} {row.verdict}" for row in rows if row.verdict not in ("normal", "new", "not asked")]
    some = "; ".join(odd[:6]) + (f"; and {len(odd) - 6} more" if len(odd) > 6 else "")
    return (
        f"Calendar of {words.count(len(rows), 'source')}, {words.period(since, until)}, a mark a day. "
        f"Now: {some or 'none failing, silent, quiet or gone'}."
    )


def _ticks(since: date, until: date) -> list[date]:
    """Four or five days, Mondays if weeks fit."""
    days = (until - since).days + 1
    step = max(1, round(days / 4))
    if step >= 7:
        step = round(step / 7) * 7
        since += timedelta(days=-since.weekday() % 7)
    return [since + timedelta(days=n) for n in range(0, (until - since).days + 1, step)]
