"""The charts: a data frame in, a Plotly figure out.

Every point carries `customdata` that says what it stands for, so that a click leads to the articles behind it. Names of
figures and sources come from outside and are escaped. Each chart's one sentence for those who do not see it is the
function of the same name in alt.py. Draw them with `st.plotly_chart(figure, theme=None, config=charts.CONFIG, alt=…)`.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from dashboard import canvas, lines, words
from dashboard.borders import plotly_text
from dashboard.palette import MARKERS, Theme
from dashboard.statistics import FEWEST_STORIES
from ingest.bins import Bin
from ingest.models import Label, label_of

Measure = Literal["share", "count"]

#: No mean of tone is shown below this many stories; a stacked bar of fewer mentions is drawn pale.
FEW = FEWEST_STORIES

#: For st.plotly_chart: without Plotly's own buttons, which the panel's menu replaces.
CONFIG = {"displayModeBar": False, "doubleClick": False}

_LABELS: tuple[Label, ...] = ("negative", "neutral", "positive")

_NAME = 22  # characters of a name beside a bar


def attention(frame: pd.DataFrame, *, measure: Measure, unit: Bin, height: int = 340, theme: Theme) -> Any:
    """Lines of the share of articles that mention a figure, or of their count.

    Columns: bin, figure, name, articles, all, share (NaN where all is 0: a gap), partial (the bin that is not over).
    A point's customdata is [figure, first day of the bin].
    """
    if frame.empty:
        return canvas.empty(theme, height)
    values = frame["share"] if measure == "share" else frame["articles"]
    frame = lines.dated(frame, values.where(frame["all"] > 0))  # where nothing was read, nothing is known
    text = words.share if measure == "share" else words.number
    drawn, labels = [], []
    for line in reversed(lines.of(frame, theme)):  # the first figures last: they lie on top
        hover = [
            line.hover(
                row,
                unit,
                f"{words.share(row.share)} · {words.number(row.articles)} of {words.number(row.all)} articles",
            )
            for row in canvas.rows(line.rows)
        ]
        drawn += lines.traces(line, hover)
        labels += line.label(text(line.last))
    top = frame["y"].max()
    ticks = canvas.steps(top, whole=measure == "count")
    if measure == "share":
        ticks = [tick for tick in ticks if tick <= 1]  # no share is above 100 %
    bins = sorted(set(frame["bin"]))
    return canvas.timeline(
        drawn,
        bins,
        unit,
        labels,
        theme,
        height,
        yaxis=canvas.value_axis(
            ticks,
            [f"{tick * 100:g}{words.NBSP}%" if measure == "share" else f"{tick:,g}" for tick in ticks],
            theme,
            top=0.0 if math.isnan(top) else top,
        ),
        annotations=canvas.so_far(bins, lines.partial_bin(frame), unit, theme),
    )


def tone(frame: pd.DataFrame, *, unit: Bin, height: int = 340, theme: Theme) -> Any:
    """Lines of the mean tone toward each figure with its 95 % interval.

    Columns: bin, figure, name, n (mentions), stories, tone (NaN below 5 stories: a gap), low, high, partial. Where
    there are mentions but too few stories, a tick at the bottom says so. A point's customdata is [figure, first day of
    the bin].
    """
    if frame.empty:
        return canvas.empty(theme, height)
    frame = lines.dated(frame, frame["tone"])
    top = frame[["y", "low", "high"]].astype(float).abs().max().max()
    reach = min(1.0, max(0.3, 0.0 if pd.isna(top) else float(top) * 1.05))
    bands: list[Any] = []
    drawn, labels = [], []
    for line in reversed(lines.of(frame, theme)):
        hover = [
            line.hover(
                row,
                unit,
                f"tone {words.signed(row.y)}{_interval(row.low, row.high)}",
                f"n = {words.number(row.n)} mentions in {words.number(row.stories)} stories",
            )
            for row in canvas.rows(line.rows)
        ]
        drawn += lines.traces(line, hover)
        drawn += lines.too_few(line, -reach * (0.98 - 0.04 * min(line.position, len(MARKERS))), unit)
        bands += lines.bands(line) if line.coloured else ()
        labels += line.label(words.signed(line.last))
    step = 0.1 if reach <= 0.45 else 0.2 if reach < 0.9 else 0.5
    steps = int(reach / step + 1e-9)
    ticks = [step * i for i in range(-steps, steps + 1)]
    axis = canvas.value_axis(ticks, [_tone_tick(tick, theme) for tick in ticks], theme)
    bins = sorted(set(frame["bin"]))
    return canvas.timeline(
        [*bands, *drawn],
        bins,
        unit,
        labels,
        theme,
        height,
        yaxis={
            **axis,
            "range": [-reach * 1.01, reach * 1.01],
            "zerolinecolor": theme.muted,
        },
        annotations=canvas.so_far(bins, lines.partial_bin(frame), unit, theme),
    )


def mix(frame: pd.DataFrame, *, unit: Bin, height: int = 240, theme: Theme) -> Any:
    """Stacked bars of the shares of negative, neutral and positive mentions; pale where there are few.

    Columns: bin, negative, neutral, positive (counts), n. A bar's customdata is [label, first day of the bin].
    """
    frame = frame[frame["n"] > 0]
    if frame.empty:
        return canvas.empty(theme, height)
    frame = frame.assign(bin=lines.days(frame["bin"])).sort_values("bin")
    bins = list(frame["bin"])
    opacity = [0.35 if n < FEW else 1.0 for n in frame["n"]]
    drawn, labels, below = [], [], 0.0
    for label in _LABELS:
        shares = (frame[label] / frame["n"]).tolist()
        strength = 0.5 if label == "neutral" else 1  # the poles are the news
        hover = [
            f"{words.bin_name(day, unit)}<br><b>{words.share(share)} {label}</b><br>"
            f"{words.number(count)} of n = {words.number(n)} mentions"
            for day, share, count, n in zip(bins, shares, frame[label], frame["n"], strict=True)
        ]
        drawn.append(
            go.Bar(
                x=bins,
                y=shares,
                hovertext=hover,
                hoverinfo="text",
                customdata=[[label, day.isoformat()] for day in bins],
                marker={"color": theme.tone(label), "line": {"width": 0}, "opacity": [o * strength for o in opacity]},
            )
        )
        value = words.share(shares[-1])
        glyph = f'<span style="color:{theme.tone(label)}">■</span>'
        length = len(label) + len(value) + 3
        labels.append(canvas.Label(below + shares[-1] / 2, f"{glyph} {label} <b>{value}</b>", length))
        below += shares[-1]
    axis = canvas.value_axis([0, 0.5, 1], [words.share(tick) for tick in (0, 0.5, 1)], theme)
    return canvas.timeline(drawn, bins, unit, labels, theme, height, yaxis=axis, barmode="stack", bargap=0.18)


def voice(frame: pd.DataFrame, *, theme: Theme) -> Any:
    """Bars of each figure's part of all mentions, largest first, coloured by position in the frame.

    Columns: figure, name, mentions, share. A bar's customdata is [figure].
    """
    frame = frame.assign(colour=[theme.colour(position) for position in range(len(frame))])
    frame = frame.sort_values("mentions", ascending=False, kind="stable")
    text = [f"<b>{words.share(row.share)}</b> · {words.number(row.mentions)}" for row in canvas.rows(frame)]
    return _bars(frame, "mentions", "figure", text, "mentions", theme, right=98, colour=list(frame["colour"]))


def companions(frame: pd.DataFrame, *, theme: Theme) -> Any:
    """Bars of the figures named in the same articles, most first.

    Columns: figure, name, articles. A bar's customdata is [figure].
    """
    frame = frame.sort_values("articles", ascending=False, kind="stable")
    text = [f"<b>{words.number(count)}</b>" for count in frame["articles"]]
    return _bars(frame, "articles", "figure", text, "articles", theme, right=56)


def by_source(frame: pd.DataFrame, *, theme: Theme) -> Any:
    """Bars of articles by source, most first, with the tone beside the name from 5 stories on.

    Columns: source, articles, all, share, stories, tone. A bar's customdata is [source].
    """
    frame = frame.sort_values("articles", ascending=False, kind="stable").assign(name=lambda rows: rows["source"])
    frame["tone"] = frame["tone"].astype(float).where(frame["stories"] >= FEW)
    text = [f"<b>{words.number(row.articles)}</b> · {words.share(row.share)}" for row in canvas.rows(frame)]
    marks = [_tone_mark(tone, theme) for tone in frame["tone"]]
    return _bars(frame, "articles", "source", text, "of the source's articles", theme, right=92, marks=marks)


def per_day(frame: pd.DataFrame, *, height: int = 120, theme: Theme) -> Any:
    """Thin bars of articles per day. Columns: day, articles. A bar's customdata is [day]."""
    if frame.empty:
        return canvas.empty(theme, height)
    days = lines.days(frame["day"])
    counts = list(frame["articles"])
    bars = go.Bar(
        x=days,
        y=counts,
        hovertext=[
            f"{words.day(day)}<br><b>{words.number(n)}</b> articles" for day, n in zip(days, counts, strict=True)
        ],
        hoverinfo="text",
        customdata=[[day.isoformat()] for day in days],
        marker={"color": theme.muted, "line": {"width": 0}},
    )
    ticks = canvas.steps(max(counts), most=3, whole=True)
    axis = canvas.value_axis(ticks, [f"{tick:,g}" for tick in ticks], theme)
    return canvas.timeline([bars], sorted(days), "day", [], theme, height, yaxis=axis, bargap=0.35)


def _bars(
    frame: pd.DataFrame,
    value: str,
    key: str,
    text: list[str],
    unit: str,
    theme: Theme,
    *,
    right: int,
    colour: list[str] | None = None,
    marks: list[str] | None = None,
) -> Any:
    """Horizontal bars of `value`; `marks` stand between name and bar."""
    if frame.empty:
        return canvas.empty(theme, canvas.bars_height(0))
    heads = []
    names = [plotly_text(name, _NAME) for name in frame["name"]]
    width = min(_NAME, max(len(str(name)) for name in frame["name"]))
    hover = [f"<b>{plotly_text(name)}</b><br>{line} {unit}" for name, line in zip(frame["name"], text, strict=True)]
    if marks is not None:
        names = [f"{name}{words.NBSP * 3}{mark}" for name, mark in zip(names, marks, strict=True)]
        notes = [_tone_note(row.tone, row.stories) for row in canvas.rows(frame)]
        hover = [f"{line}<br>{note}" for line, note in zip(hover, notes, strict=True)]
        width += 9
        top = {"xref": "paper", "x": 0, "yref": "paper", "y": 1, "yanchor": "bottom"}
        heads = [
            canvas.note("tone", theme, xanchor="right", xshift=-8, **top),
            canvas.note("articles", theme, xanchor="left", **top),
        ]
    bars = go.Bar(
        x=frame[value].tolist(),
        y=list(range(len(frame))),
        orientation="h",
        text=text,
        textposition="outside",
        textangle=0,
        textfont={"color": theme.text},
        cliponaxis=False,
        hovertext=hover,
        hoverinfo="text",
        customdata=[[str(name)] for name in frame[key]],
        marker={"color": colour or theme.grey, "line": {"width": 0}, "cornerradius": 2},
    )
    return canvas.bars(bars, names, theme, right=right, left=width, heads=heads)


def _tone_mark(tone: float, theme: Theme) -> str:
    if math.isnan(tone):
        return f'<span style="color:{theme.muted}">{words.NO_VALUE} ○</span>'
    return f'{words.signed(tone)} <span style="color:{theme.tone(label_of(tone))}">●</span>'


def _tone_note(tone: float, stories: int) -> str:
    many = words.count(stories, "story", "stories")
    return f"{many}, too few for a tone" if math.isnan(tone) else f"tone {words.signed(tone)}, {many}"


def _tone_tick(tick: float, theme: Theme) -> str:
    text = words.signed(tick)
    if text == ".00":
        return "0"
    return f'<span style="color:{theme.tone_positive if tick > 0 else theme.tone_negative}">{text}</span>'


def _interval(low: float, high: float) -> str:
    if math.isnan(low) or math.isnan(high):
        return ""
    return f" (95{words.NBSP}%: {words.signed(low)} to {words.signed(high)})"
