"""The charts: each function takes a data frame and returns a Plotly figure as a plain dict.

The `legendgroup` of a trace and the `x` of a point say what it stands for, so that a click leads to the articles behind
it. Names of figures and sources come from outside and are escaped. The function of the same name in alt.py describes a
chart in a sentence for people who do not see it. `plot.draw` puts both on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard.charts import canvas, lines
from dashboard.charts.canvas import Figure, Gaps, known
from dashboard.look import words
from dashboard.look.borders import plotly_text
from dashboard.look.palette import MARKERS, Theme
from dashboard.numbers.statistics import FEWEST_STORIES
from dashboard.view import Measure
from ingest.bins import Bin
from ingest.models import LABELS, label_of

_NO_GAPS: Gaps = {}

#: No mean of tone is shown below this many stories; a stacked bar of fewer mentions is drawn pale.
FEW = FEWEST_STORIES

_NAME = 22  # characters of a name beside a bar


def attention(
    frame: pd.DataFrame, *, measure: Measure, unit: Bin, height: int = 340, theme: Theme, gaps: Gaps = _NO_GAPS
) -> Figure:
    """Lines of the share of articles that mention a figure, or of their count; `gaps` are hatched.

    Columns: bin, figure, name, articles, all, share (NaN where all is 0: a gap), partial (the bin that is not over).
    A point's group is its figure, its place the first day of its bin.
    """
    if frame.empty:
        return canvas.empty(theme, height)
    rows = lines.dated(frame, drawn_values(frame, measure))
    text = words.share if measure == "share" else words.number
    drawn, labels = [], []
    for line in reversed(lines.of(rows, theme)):  # the first figures last: they lie on top
        hover = [
            "<br>".join(
                (
                    f"{words.share(row.share)} · {words.number(row.articles)} of {words.number(row.all)} articles",
                    *line.unheard(row, gaps),
                )
            )
            for row in line.rows
        ]
        drawn += lines.traces(line, hover, unit)
        labels += line.label(text(line.last))
    top = max((row.y for row in rows if row.y is not None), default=0.0)
    ticks = canvas.steps(top, whole=measure == "count")
    if measure == "share":
        ticks = [tick for tick in ticks if tick <= 1]  # no share is above 100 %
    bins = sorted({row.bin for row in rows})
    names = [f"{tick * 100:g}{words.NBSP}%" if measure == "share" else f"{tick:,g}" for tick in ticks]
    axis = canvas.value_axis(ticks, names, theme, top=top)
    low, high = axis["range"]
    traces = [*canvas.hatched(gaps, bins, unit, low, high, theme), *drawn]
    notes = canvas.so_far(bins, lines.partial_bin(rows), unit, theme)
    return canvas.timeline(traces, bins, unit, labels, theme, height, yaxis=axis, annotations=notes)


def drawn_values(frame: pd.DataFrame, measure: Measure) -> list[float | None]:
    """The values that `attention` draws, a row each; None where there are no articles at all."""
    values = frame["share" if measure == "share" else "articles"].tolist()
    return [value if all_ > 0 else None for value, all_ in zip(values, frame["all"].tolist(), strict=True)]


def tone(frame: pd.DataFrame, *, unit: Bin, height: int = 340, theme: Theme, gaps: Gaps = _NO_GAPS) -> Figure:
    """Lines of the mean tone toward each figure with its 95 % interval; `gaps` are hatched.

    Columns: bin, figure, name, n (mentions), stories, tone (NaN below 5 stories: a gap), low, high, partial. A tick at
    the bottom marks bins with mentions but too few stories. Groups and places are as in `attention`.
    """
    if frame.empty:
        return canvas.empty(theme, height)
    rows = lines.dated(frame, frame["tone"].tolist())
    ends = [abs(end) for row in rows for end in (row.y, row.low, row.high) if known(end) is not None]
    reach = min(1.0, max([0.3, *(1.05 * end for end in ends)]))
    bands: list[Any] = []
    drawn, labels = [], []
    for line in reversed(lines.of(rows, theme)):
        hover = [
            "<br>".join(
                (
                    f"tone {words.signed(row.y)}{_interval(row.low, row.high)}",
                    f"n = {words.number(row.n)} mentions in {words.number(row.stories)} stories",
                    *line.unheard(row, gaps),
                )
            )
            for row in line.rows
        ]
        drawn += lines.traces(line, hover, unit)
        drawn += lines.too_few(line, -reach * (0.98 - 0.04 * min(line.position, len(MARKERS))), unit)
        bands += lines.bands(line) if line.coloured else ()
        labels += line.label(words.signed(line.last))
    step = 0.1 if reach <= 0.45 else 0.2 if reach < 0.9 else 0.5
    steps = int(reach / step + 1e-9)
    ticks = [step * i for i in range(-steps, steps + 1)]
    low, high = -reach * 1.01, reach * 1.01
    axis = canvas.value_axis(ticks, [_tone_tick(tick, theme) for tick in ticks], theme)
    axis |= {"range": [low, high], "zerolinecolor": theme.muted}
    bins = sorted({row.bin for row in rows})
    traces = [*canvas.hatched(gaps, bins, unit, low, high, theme), *bands, *drawn]
    notes = canvas.so_far(bins, lines.partial_bin(rows), unit, theme)
    return canvas.timeline(traces, bins, unit, labels, theme, height, yaxis=axis, annotations=notes)


def mix(frame: pd.DataFrame, *, unit: Bin, height: int = 240, theme: Theme) -> Figure:
    """Stacked bars of the shares of negative, neutral and positive mentions; a bar of few mentions is pale.

    Columns: bin, negative, neutral, positive (counts), n. A bar's group is its label, its place
    the first day of its bin.
    """
    rows = scored_rows(frame)
    if not rows:
        return canvas.empty(theme, height)
    bins = [row.bin for row in rows]
    drawn, labels, below = [], [], 0.0
    for label in LABELS:
        counts = [getattr(row, label) for row in rows]
        shares = [count / row.n for count, row in zip(counts, rows, strict=True)]
        strength = 0.5 if label == "neutral" else 1  # the other two matter more
        hover = [
            f"<b>{words.share(share)} {label}</b><br>{words.number(count)} of n = {words.number(row.n)} mentions"
            for row, share, count in zip(rows, shares, counts, strict=True)
        ]
        opacity = [(0.35 if row.n < FEW else 1.0) * strength for row in rows]
        look = {"color": theme.tone(label), "line": {"width": 0}, "opacity": opacity}
        shown = {"legendgroup": label, **canvas.hover(f"{canvas.WHEN[unit]}<br>", hover)}
        drawn.append({"type": "bar", **canvas.places(bins, unit), "y": canvas.drawn(shares), **shown, "marker": look})
        value = words.share(shares[-1])
        glyph = f'<span style="color:{theme.tone(label)}">■</span>'
        length = len(label) + len(value) + 3
        labels.append(canvas.Label(below + shares[-1] / 2, f"{glyph} {label} <b>{value}</b>", length))
        below += shares[-1]
    axis = canvas.value_axis([0, 0.5, 1], [words.share(tick) for tick in (0, 0.5, 1)], theme)
    return canvas.timeline(drawn, bins, unit, labels, theme, height, yaxis=axis, barmode="stack", bargap=0.18)


def scored_rows(frame: pd.DataFrame) -> list[Any]:
    """The rows of `mix` with scored mentions, by time."""
    rows = canvas.rows(frame, bin=lines.days(frame["bin"]))
    return sorted((row for row in rows if row.n > 0), key=lambda row: row.bin)


def voice(frame: pd.DataFrame, *, theme: Theme) -> Figure:
    """Bars of each figure's part of all mentions, largest first, coloured by position in the frame.

    Columns: figure, name, mentions, share.
    """
    rows = _most_first(canvas.rows(frame, colour=map(theme.colour, range(len(frame)))), "mentions")
    text = [f"<b>{words.share(row.share)}</b> · {words.number(row.mentions)}" for row in rows]
    colours = [row.colour for row in rows]
    return _bars(rows, "mentions", text, "mentions", theme, right=98, colour=colours)


def companions(frame: pd.DataFrame, *, theme: Theme) -> Figure:
    """Bars of the figures named in the same articles, most first.

    Columns: figure, name, articles.
    """
    rows = _most_first(canvas.rows(frame), "articles")
    text = [f"<b>{words.number(row.articles)}</b>" for row in rows]
    return _bars(rows, "articles", text, "articles", theme, right=56)


def by_source(frame: pd.DataFrame, *, theme: Theme) -> Figure:
    """Bars of articles by source, most first, with the tone beside the name from 5 stories on.

    Columns: source, articles, all, share, stories, tone.
    """
    rows = _most_first(canvas.rows(frame, name=frame["source"].tolist()), "articles")
    text = [f"<b>{words.number(row.articles)}</b> · {words.share(row.share)}" for row in rows]
    marks, notes = [], []
    for row in rows:
        many = words.count(row.stories, "story", "stories")
        if row.stories < FEW or (tone := known(row.tone)) is None:
            marks.append(f'<span style="color:{theme.muted}">{words.NO_VALUE} ○</span>')
            notes.append(f"{many}, too few for a tone")
        else:
            marks.append(f'{words.signed(tone)} <span style="color:{theme.tone(label_of(tone))}">●</span>')
            notes.append(f"tone {words.signed(tone)}, {many}")
    unit = "of the source's articles"
    return _bars(rows, "articles", text, unit, theme, right=92, marks=marks, notes=notes)


def per_day(frame: pd.DataFrame, *, height: int = 120, theme: Theme) -> Figure:
    """Thin bars of articles per day. Columns: day, articles; the days follow each other."""
    if frame.empty:
        return canvas.empty(theme, height)
    days = lines.days(frame["day"])
    counts = frame["articles"].tolist()
    bars = {
        "type": "bar",
        **canvas.places(days, "day"),
        "y": counts,
        "hovertemplate": f"{canvas.WHEN['day']}<br><b>%{{y:,}}</b> articles<extra></extra>",
        "marker": {"color": theme.muted, "line": {"width": 0}},
    }
    ticks = canvas.steps(max(counts), most=3, whole=True)
    axis = canvas.value_axis(ticks, [f"{tick:,g}" for tick in ticks], theme)
    return canvas.timeline([bars], days, "day", [], theme, height, yaxis=axis, bargap=0.35)


def _most_first(rows: Sequence[Any], column: str) -> list[Any]:
    return sorted(rows, key=lambda row: getattr(row, column), reverse=True)


def _bars(
    rows: Sequence[Any],
    value: str,
    text: list[str],
    unit: str,
    theme: Theme,
    *,
    right: int,
    colour: list[str] | None = None,
    marks: list[str] | None = None,
    notes: Sequence[str] = (),
) -> Figure:
    """Horizontal bars of `value`; `marks` are between name and bar, `notes` are the last line of a bar's hover."""
    if not rows:
        return canvas.empty(theme, canvas.bars_height(0))
    heads = []
    names = [plotly_text(row.name, _NAME) for row in rows]
    width = min(_NAME, max(len(str(row.name)) for row in rows))
    hover = [f"<b>{plotly_text(row.name)}</b><br>{line} {unit}" for row, line in zip(rows, text, strict=True)]
    if notes:
        hover = [f"{line}<br>{note}" for line, note in zip(hover, notes, strict=True)]
    if marks is not None:
        names = [f"{name}{words.NBSP * 3}{mark}" for name, mark in zip(names, marks, strict=True)]
        width += 9
        top = {"xref": "paper", "x": 0, "yref": "paper", "y": 1, "yanchor": "bottom"}
        heads = [
            canvas.note("tone", theme, xanchor="right", xshift=-8, **top),
            canvas.note("articles", theme, xanchor="left", **top),
        ]
    shown = {"orientation": "h", "cliponaxis": False, "textposition": "outside", "textangle": 0}
    shown |= {"text": text, "textfont": {"color": theme.text}}
    bars = canvas.bar(
        [getattr(row, value) for row in rows],
        list(range(len(rows))),
        hover,
        marker={"color": colour or theme.grey, "line": {"width": 0}, "cornerradius": 2},
        **shown,
    )
    return canvas.bars(bars, names, theme, right=right, left=width, heads=heads)


def _tone_tick(tick: float, theme: Theme) -> str:
    text = words.signed(tick)
    if text == ".00":
        return "0"
    return f'<span style="color:{theme.tone_positive if tick > 0 else theme.tone_negative}">{text}</span>'


def _interval(low: float, high: float) -> str:
    if known(low) is None or known(high) is None:
        return ""
    return f" (95{words.NBSP}%: {words.signed(low)} to {words.signed(high)})"
