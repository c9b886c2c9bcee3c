"""What all charts share: the template, the axes, labels at a line's end. The charts themselves are in charts.py.

A figure is a plain dict in Plotly's schema that holds only JSON values. Building a `go.Figure`, which validates every
property, took longer than all queries of a page. The tests validate each chart.
"""

from __future__ import annotations

import functools
import math
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from dashboard.look import words
from dashboard.look.palette import Theme
from ingest.bins import Bin, after

#: The font of Streamlit and of the page: the browser has it already.
FONT = '"Source Sans", "Source Sans 3", "Source Sans Pro", sans-serif'
FONT_SIZE = 13

#: Pixels.
CHARACTER = 6.4
_LABEL_GAP = 17
_TOP, _BOTTOM = 22, 40
_ROW = 28

MS_A_DAY = 86_400_000

Figure = dict[str, Any]  # in Plotly's schema

#: The bin of a point in its hover template: what `words.bin_name` says, written by the browser.
WHEN: Mapping[Bin, str] = {
    "day": "%{x|%-d %b %Y}",
    "week": "Week of %{x|%-d %b %Y}",
    "month": "%{x|%B %Y}",
    "quarter": "%{x|Q%q %Y}",
    "year": "%{x|%Y}",
}

#: Bins in which sources were not heard, by their first day, with lines that say which: `West Post failing on 3 of 7
#: days`, not escaped.
Gaps = Mapping[date, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Label:
    """A text at the right end of a line or a stack."""

    y: float  #: where it belongs, in the axis's unit
    html: str  #: escaped
    length: int  #: visible characters


@functools.cache
def template(theme: Theme) -> dict[str, Any]:
    """The look of all charts: transparent, a quiet grid, no legend, no accidental zoom."""
    text = {"family": FONT, "size": FONT_SIZE, "color": theme.muted}
    grid = {"showline": False, "zeroline": False, "ticks": "", "gridcolor": theme.grid, "gridwidth": 1}
    axis = {"fixedrange": True, "automargin": False, "tickfont": text, **grid}
    label = {"bgcolor": theme.background, "bordercolor": theme.grey, "font": {**text, "color": theme.text}}
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": text,
            "showlegend": False,
            "hovermode": "closest",
            "hoverdistance": 30,
            "dragmode": False,
            "hoverlabel": {"align": "left", "namelength": -1, **label},
            "xaxis": axis,
            "yaxis": axis,
            "bargap": 0.25,
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": theme.muted, "activecolor": theme.text},
        }
    }


def empty(theme: Theme, height: int) -> Figure:
    """A figure without data; the page says why beside it."""
    hidden = {"visible": False, "fixedrange": True}
    layout = {"template": template(theme), "height": height, "xaxis": hidden, "yaxis": hidden}
    return {"data": [], "layout": layout}


def timeline(
    traces: Sequence[Any],
    bins: Sequence[date],
    unit: Bin,
    labels: Sequence[Label],
    theme: Theme,
    height: int,
    **more: Any,
) -> Figure:
    """A figure over time with `labels` at its right end; `more` is layout and must have a `yaxis` with a `range`."""
    right = max((label.length for label in labels), default=0) * CHARACTER + 22
    low, high = more["yaxis"]["range"]
    pixel = (high - low) / (height - _TOP - _BOTTOM)
    places = _spread_out([label.y for label in labels], _LABEL_GAP * pixel, low, high)
    notes = [
        {
            "x": 1, "xref": "paper", "xanchor": "left", "xshift": 4, "y": round(y, 5), "yanchor": "middle",
            "text": label.html, "showarrow": False, "align": "left", "font": {"color": theme.text},
        }
        for label, y in zip(labels, places, strict=True)
    ]  # fmt: skip
    return {
        "data": list(traces),
        "layout": {
            "template": template(theme),
            "height": height,
            "margin": {"l": 46, "r": right, "t": _TOP, "b": _BOTTOM},
            "xaxis": _time_axis(bins, unit),
            **more,
            "annotations": [*notes, *more.get("annotations", [])],
        },
    }


def bars(
    trace: Any, names: Sequence[str], theme: Theme, *, right: int, left: int, heads: Sequence[dict[str, Any]] = ()
) -> Figure:
    """Horizontal bars, a row a name (escaped HTML), the first on top; `left` is the widest name in characters."""
    top = _TOP if heads else 4
    return {
        "data": [trace],
        "layout": {
            "template": template(theme),
            "height": top + bars_height(len(names)),
            "margin": {"l": left * CHARACTER + 12, "r": right, "t": top, "b": 4},
            "xaxis": {"visible": False, "fixedrange": True, "range": [0, max([*trace["x"], 0]) or 1]},
            "yaxis": name_axis(names, theme),
            "bargap": 0.36,
            "annotations": list(heads),
        },
    }


def name_axis(names: Sequence[str], theme: Theme) -> dict[str, Any]:
    """A vertical axis with a name (escaped HTML) at each row, the first on top."""
    ticks = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": list(names)}
    look = {"tickfont": {"color": theme.text}, "ticklabelstandoff": 6, "showgrid": False}
    return {"range": [len(names) - 0.5, -0.5], **ticks, **look}


def date_axis(first: date, last: date, pad: timedelta) -> dict[str, Any]:
    """A horizontal axis from `pad` before one day to `pad` after another."""
    ends = [(midnight(first) - pad).isoformat(), (midnight(last) + pad).isoformat()]
    return {"type": "date", "range": ends, "showgrid": False, "ticks": "outside", "ticklen": 4, "tickangle": 0}


def bar(x: Sequence[Any], y: Sequence[Any], hover: Sequence[str], **more: Any) -> dict[str, Any]:
    """Bars with their hover texts (escaped HTML); `more` is what else the trace has."""
    return {"type": "bar", "x": x, "y": y, "hovertext": hover, "hoverinfo": "text", **more}


def hover(before: str, texts: Sequence[str]) -> dict[str, Any]:
    """What a trace shows at its points: what all of them begin with, and the rest of each (escaped HTML)."""
    return {"hovertext": texts, "hovertemplate": f"{before}%{{hovertext}}<extra></extra>"}


def places(bins: Sequence[date], unit: Bin) -> dict[str, Any]:
    """Where the points of these bins stand; of days and weeks in a row, the first and their distance are enough."""
    length = {"day": 1, "week": 7}.get(unit, 0)
    if len(bins) > 1 and length * (len(bins) - 1) == (bins[-1] - bins[0]).days:
        return {"x0": bins[0].isoformat(), "dx": length * MS_A_DAY}
    return {"x": [day.isoformat() for day in bins]}


def bars_height(rows: int) -> int:
    """The height of this many horizontal bars, at least one, in pixels."""
    return max(rows, 1) * _ROW + 4


def note(text: str, theme: Theme, **where: Any) -> dict[str, Any]:
    """A small muted text in a chart."""
    return {"text": text, "showarrow": False, "font": {"size": FONT_SIZE - 1, "color": theme.muted}, **where}


def so_far(bins: Sequence[date], partial: date | None, unit: Bin, theme: Theme) -> list[dict[str, Any]]:
    """A note over the bin that is not over yet, right-aligned so that it stays within the chart."""
    if partial is None:
        return []
    anchor = "right" if len(bins) > 1 else "center"
    where = {"x": partial.isoformat(), "xanchor": anchor, "y": 1, "yref": "paper", "yanchor": "bottom"}
    return [note(words.so_far(unit), theme, **where)]


def hatched(
    places: Iterable[date], bins: Sequence[date], unit: Bin, low: float, high: float, theme: Theme
) -> list[dict[str, Any]]:
    """Hatching over bins in which the data may be incomplete; each reaches half-way to its neighbours."""
    x: list[str | None] = []
    y: list[float | None] = []
    order = sorted(bins)
    for place in sorted(set(places).intersection(order)):
        at = order.index(place)
        before = order[at - 1] if at else place - (after(place, unit) - place)
        left, right = _halfway(before, place), _halfway(place, after(place, unit))
        x += [left, left, right, right, left, None]
        y += [low, high, high, low, low, None]
    if not x:
        return []
    pattern = {"shape": "/", "size": 7, "solidity": 0.16, "fgcolor": faded(theme.muted, 0.4)}
    look = {"fill": "toself", "fillcolor": "rgba(0,0,0,0)", "fillpattern": pattern, "line": {"width": 0}}
    return [{"type": "scatter", "x": x[:-1], "y": y[:-1], "mode": "lines", "hoverinfo": "skip", **look}]


def _halfway(left: date, right: date) -> str:
    return (midnight(left) + (right - left) / 2).isoformat()


def value_axis(ticks: Sequence[float], texts: Sequence[str], theme: Theme, *, top: float = 0.0) -> dict[str, Any]:
    """A vertical axis from the first tick to just above the last: at the very edge its line would not be drawn.

    If the highest value `top` is on or above the last tick, the axis leaves room for its whole marker.
    """
    shown = {"tickmode": "array", "tickvals": list(ticks), "ticktext": list(texts)}
    zero = {"zeroline": True, "zerolinecolor": theme.grey, "zerolinewidth": 1}
    return {"range": [ticks[0], max(ticks[-1] * 1.01, top * 1.04)], **shown, **zero}


def steps(top: float, most: int = 5, *, whole: bool = False) -> list[float]:
    """Round numbers from 0 to just above `top`, about `most` of them; `whole` ones for counts."""
    if not top > 0:  # nothing but zeros, or no value at all
        return [0.0, 1.0] if whole else [0.0, 0.01]
    rough = top * 1.04 / most  # a point on the top line would be cut in half
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    step = max(math.ceil(step), 1) if whole else step
    return [step * i for i in range(math.ceil(top * 1.04 / step - 1e-9) + 1)]


def rows(frame: pd.DataFrame, **more: Iterable[Any]) -> list[Any]:
    """The rows as named tuples; columns in `more` are added or replace those of the frame.

    Like `itertuples`, but all columns at once: getting single values from pandas takes twenty times as long.
    """
    values = frame.to_numpy(dtype=object).T.tolist()
    columns = dict(zip(map(str, frame.columns), values, strict=True)) | more
    return list(map(_row(tuple(columns))._make, zip(*columns.values(), strict=True)))


@functools.cache
def _row(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", columns)


def known(value: float | None) -> float | None:
    """The value, or None for NaN, which JSON does not have."""
    return None if value is None or value != value else value


def drawn(values: Iterable[float | None]) -> list[float | None]:
    """Values as they are sent, with four digits: a chart is not ten thousand pixels high."""
    return [None if value is None else float(f"{value:.4g}") for value in values]


def faded(colour: str, alpha: float) -> str:
    """#RRGGBB as rgba."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def _time_axis(bins: Sequence[date], unit: Bin) -> dict[str, Any]:
    """Four or five ticks, for a phone, on first days of bins: Plotly's own ticks fall between weeks."""
    every = max(1, math.ceil(len(bins) / 4))
    days = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}[unit]
    pad = max(timedelta(days=days) * 0.35, (bins[-1] - bins[0]) * 0.012)
    axis = {**date_axis(bins[0], bins[-1], pad), "tick0": bins[0].isoformat()}
    if unit in ("month", "quarter", "year"):
        months = every * {"month": 1, "quarter": 3, "year": 12}[unit]
        return {**axis, "dtick": f"M{months}", "tickformat": "%Y" if unit == "year" else "%b\n%Y"}
    return {**axis, "dtick": every * days * MS_A_DAY, "tickformat": "%-d %b\n%Y"}


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - an axis has no time zone


def _spread_out(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The wanted places, moved as little as needed so that they are `gap` apart; in the given order."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups: list[tuple[list[int], float]] = []  # the indexes from below, and the middle of the group
    for i in order:
        group, middle = [i], wanted[i]
        while groups and groups[-1][1] + (len(groups[-1][0]) + len(group)) * gap / 2 > middle:
            below, _ = groups.pop()
            group = below + group
            middle = sum(wanted[j] for j in group) / len(group)
        half = (len(group) - 1) * gap / 2
        groups.append((group, min(max(middle, low + half), max(high - half, low + half))))
    placed = [0.0] * len(wanted)
    for group, middle in groups:
        for place, i in enumerate(group):
            placed[i] = middle + (place - (len(group) - 1) / 2) * gap
    return placed
