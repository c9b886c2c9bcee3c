"""The parts of a line chart: the figures' lines, their intervals, the marks of bins with too little data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from dashboard.charts import canvas
from dashboard.charts.canvas import Gaps
from dashboard.look import words
from dashboard.look.borders import plotly_text
from dashboard.look.palette import GLYPHS, GREY_MARKER, MARKERS, Theme
from ingest.bins import Bin

#: With more bins than this, markers would cover the line.
_MANY_BINS = 45
#: Characters of a name at a line's end: a phone is 60 wide, and must have room for the chart.
_LABEL = 18


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a view, with its rows (see `dated`) by time."""

    id: str
    name: str
    position: int
    colour: str
    rows: list[Any]
    title: str  #: the name as shown at a point (escaped HTML)
    last: float | None  #: the value of the last bin that is over; without one, of the one that is not

    @property
    def coloured(self) -> bool:
        """Whether there is a colour for this position; all further lines are grey."""
        return self.position < len(MARKERS)

    @property
    def marker(self) -> str:
        return MARKERS[self.position] if self.coloured else GREY_MARKER

    def unheard(self, row: Any, gaps: Gaps) -> list[str]:
        """Lines that say which sources were not heard in a bin, and whether its value fell (escaped HTML)."""
        lines = gaps.get(row.bin, ())
        if not lines:
            return []
        place = self.rows.index(row)
        before = next((each.y for each in reversed(self.rows[:place]) if each.y is not None), None)
        fell = before is not None and (row.y is None or row.y < before)
        head = "▨ Falls while sources are not heard:" if fell else "▨ Sources not heard:"
        return [head, *(f"{words.NBSP * 3}{plotly_text(line)}" for line in lines)]

    def label(self, value: str) -> list[canvas.Label]:
        """The label at the line's end; none for a grey line or one without a value."""
        if self.last is None or not self.coloured:
            return []
        name = plotly_text(self.name, _LABEL)
        glyph = f'<span style="color:{self.colour}">{GLYPHS[self.position]}</span>'
        length = min(len(self.name), _LABEL) + len(value) + 3
        return [canvas.Label(self.last, f"{glyph} {name} <b>{value}</b>", length)]


def dated(frame: pd.DataFrame, y: Iterable[float | None]) -> list[Any]:
    """The frame's rows with dates as bins, and with the values to draw as `y`: None is a gap."""
    return canvas.rows(frame, bin=days(frame["bin"]), y=map(canvas.known, y))


def of(rows: Iterable[Any], theme: Theme) -> list[Line]:
    """The lines of such rows, a figure each, in the order of the rows."""
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(str(row.figure), []).append(row)
    return [_line(figure, position, mine, theme) for position, (figure, mine) in enumerate(groups.items())]


def _line(figure: str, position: int, rows: list[Any], theme: Theme) -> Line:
    rows = sorted(rows, key=lambda row: row.bin)
    name = str(rows[0].name)
    known = [row for row in rows if row.y is not None]
    last = next((row.y for row in reversed(known) if not row.partial), known[-1].y if known else None)
    return Line(figure, name, position, theme.colour(position), rows, f"<b>{plotly_text(name)}</b>", last)


def traces(line: Line, hover: list[str], unit: Bin) -> list[Any]:
    """The line through the bins that are over, and its dashed end to the bin that is not."""
    over = next((place for place, row in enumerate(line.rows) if row.partial), len(line.rows))
    size = 4 if len(line.rows) > _MANY_BINS else 6
    width = 2.25 if line.coloured else 1.25
    stroke: dict[str, Any] = {"color": line.colour, "width": width}
    mark: dict[str, Any] = {"symbol": line.marker, "size": size, "color": line.colour}
    found = []
    if over:
        found.append(_stroke(line, slice(over), hover, unit, {"line": stroke, "marker": mark}))
    if over < len(line.rows):
        before = min(over, 1)  # the dashes start at the last bin that is over; its marker is drawn already
        sizes = [0] * before + [size + 2]
        mark = {**mark, "symbol": f"{line.marker}-open", "size": sizes, "line": {"width": 1.5}}
        part = slice(over - before, over + 1)
        found.append(_stroke(line, part, hover, unit, {"line": {**stroke, "dash": "dot"}, "marker": mark}))
    return found


def bands(line: Line) -> Iterator[Any]:
    """The intervals: a patch for each run of bins that have one, a bar for a single bin."""
    run: list[Any] = []
    for row in [*line.rows, None]:
        if row is not None and None not in (row.y, canvas.known(row.low), canvas.known(row.high)):
            run.append(row)
            continue
        if run:
            x = [row.bin.isoformat() for row in run]
            look: dict[str, Any] = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
        if len(run) == 1:
            stroke = {"width": 5, "color": canvas.faded(line.colour, 0.3)}
            yield {**look, "x": x * 2, "y": canvas.drawn([run[0].low, run[0].high]), "line": stroke}
        elif run:
            y = canvas.drawn([row.high for row in run] + [row.low for row in reversed(run)])
            fill = {"fill": "toself", "fillcolor": canvas.faded(line.colour, 0.13), "line": {"width": 0}}
            yield {**look, "x": x + x[::-1], "y": y, **fill}
        run = []


def too_few(line: Line, y: float, unit: Bin) -> list[Any]:
    """A tick at height `y` for each bin with mentions but without a value."""
    rows = [row for row in line.rows if row.y is None and row.n > 0]
    if not rows:
        return []
    hover = [f"n = {words.number(row.n)}, too few" for row in rows]
    mark = {"symbol": "line-ns-open", "size": 6, "color": line.colour, "line": {"width": 1.5}}
    return [_scatter(line, rows, [y] * len(rows), hover, unit, {"mode": "markers", "marker": mark})]


def days(values: pd.Series[Any]) -> list[date]:
    """The column as dates, whichever kind of date it holds."""
    return [value.date() if isinstance(value, datetime) else value for value in values.tolist()]


def partial_bin(rows: Iterable[Any]) -> date | None:
    """The bin that is not over, if the view has one."""
    return max((row.bin for row in rows if row.partial), default=None)


def _stroke(line: Line, part: slice, hover: Sequence[str], unit: Bin, look: dict[str, Any]) -> Any:
    hover = ["" if row.y is None else text for row, text in zip(line.rows, hover, strict=True)]  # no point, no text
    look = {"mode": "lines+markers", "cliponaxis": False, **look}
    return _scatter(line, line.rows[part], [row.y for row in line.rows[part]], hover[part], unit, look)


def _scatter(
    line: Line, rows: Sequence[Any], y: Sequence[Any], hover: Sequence[str], unit: Bin, look: dict[str, Any]
) -> Any:
    """Points of a line's rows; a click on one gives the figure as its group, and its bin as its place."""
    before = f"{line.title}<br>{canvas.WHEN[unit]}"
    if any(row.partial for row in rows):
        hover = [f"{', so far' * row.partial}<br>{text}" for row, text in zip(rows, hover, strict=True)]
    else:
        before += "<br>"
    where = canvas.places([row.bin for row in rows], unit)
    shown = {"legendgroup": line.id, **canvas.hover(before, hover)}
    return {"type": "scatter", **where, "y": canvas.drawn(y), **shown, **look}
