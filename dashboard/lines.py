"""The parts of a line chart: the figures' lines, their intervals, the bins that say too little."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import canvas, words
from dashboard.borders import plotly_text
from dashboard.palette import GLYPHS, GREY_MARKER, MARKERS, Theme
from ingest.bins import Bin

#: From this many bins on markers would cover the line.
_MANY = 45


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a view, with its rows in the order of time; `y` is what is drawn."""

    id: str
    name: str
    position: int
    colour: str
    rows: pd.DataFrame

    @property
    def coloured(self) -> bool:
        """Whether a colour is left at this position; all further lines are grey."""
        return self.position < len(MARKERS)

    @property
    def marker(self) -> str:
        return MARKERS[self.position] if self.coloured else GREY_MARKER

    @property
    def last(self) -> float | None:
        """The value of the last bin that is over; of the one that is not only where there is no other."""
        known = [
            (y, partial) for y, partial in zip(self.rows["y"], self.rows["partial"], strict=True) if not math.isnan(y)
        ]
        over = [y for y, partial in known if not partial]
        return over[-1] if over else known[-1][0] if known else None

    def hover(self, row: Any, unit: Bin, *more: str) -> str:
        """What stands at a point: the name, the bin, and `more` lines (escaped HTML)."""
        when = words.bin_name(row.bin, unit) + (", so far" if row.partial else "")
        return "<br>".join((f"<b>{plotly_text(self.name)}</b>", when, *more))

    def label(self, value: str) -> list[canvas.Label]:
        """The label at the line's end; none for a grey line and for one without a value."""
        if self.last is None or not self.coloured:
            return []
        name, length = canvas.label_name(self.name)
        glyph = f'<span style="color:{self.colour}">{GLYPHS[self.position]}</span>'
        return [canvas.Label(self.last, f"{glyph} {name} <b>{value}</b>", length + len(value) + 3)]


def of(frame: pd.DataFrame, theme: Theme) -> list[Line]:
    """The figures of a frame, by their position in the view."""
    groups = [(str(figure), rows.sort_values("bin")) for figure, rows in frame.groupby("figure", sort=False)]
    return [
        Line(figure, str(rows["name"].iloc[0]), position, theme.colour(position), rows)
        for position, (figure, rows) in enumerate(groups)
    ]


def traces(line: Line, hover: list[str]) -> list[Any]:
    """The line of the bins that are over, and its dashed rest to the one that is not."""
    partial = line.rows["partial"].astype(bool).tolist()
    over = partial.index(True) if True in partial else len(partial)
    size = 4 if len(partial) > _MANY else 6
    width = 2.25 if line.coloured else 1.25
    found = []
    if over:
        found.append(
            _scatter(
                line,
                slice(0, over),
                hover,
                line={"color": line.colour, "width": width},
                marker={"symbol": line.marker, "size": size, "color": line.colour},
            )
        )
    if over < len(partial):
        before = min(over, 1)  # the dashes begin at the last bin that is over, whose marker is drawn already
        found.append(
            _scatter(
                line,
                slice(over - before, over + 1),
                hover,
                line={"color": line.colour, "width": width, "dash": "dot"},
                marker={
                    "symbol": f"{line.marker}-open",
                    "size": [0] * before + [size + 2],
                    "color": line.colour,
                    "line": {"width": 1.5},
                },
            )
        )
    return found


def bands(line: Line) -> Iterator[Any]:
    """The interval: one patch for each run of bins that have one; a bin alone gets a bar."""
    run: list[Any] = []
    for row in [*canvas.rows(line.rows), None]:
        if row is not None and not (pd.isna(row.y) or pd.isna(row.low) or pd.isna(row.high)):
            run.append(row)
            continue
        if len(run) == 1:
            stroke = {"width": 5, "color": canvas.faded(line.colour, 0.3)}
            yield go.Scatter(
                x=[run[0].bin] * 2, y=[run[0].low, run[0].high], mode="lines", hoverinfo="skip", line=stroke
            )
        elif run:
            yield go.Scatter(
                x=[row.bin for row in run] + [row.bin for row in reversed(run)],
                y=[row.high for row in run] + [row.low for row in reversed(run)],
                mode="lines",
                hoverinfo="skip",
                fill="toself",
                fillcolor=canvas.faded(line.colour, 0.13),
                line={"width": 0},
            )
        run = []


def too_few(line: Line, y: float, unit: Bin) -> list[Any]:
    """A tick at height `y` for each bin with mentions but without a value."""
    rows = line.rows[line.rows["y"].isna() & (line.rows["n"] > 0)]
    if rows.empty:
        return []
    return [
        go.Scatter(
            x=list(rows["bin"]),
            y=[y] * len(rows),
            mode="markers",
            hoverinfo="text",
            hovertext=[line.hover(row, unit, f"n = {words.number(row.n)}, too few") for row in canvas.rows(rows)],
            customdata=[[line.id, day.isoformat()] for day in rows["bin"]],
            marker={"symbol": "line-ns-open", "size": 6, "color": line.colour, "line": {"width": 1.5}},
        )
    ]


def dated(frame: pd.DataFrame, y: pd.Series[float]) -> pd.DataFrame:
    """The frame with plain dates for bins, and with `y`, what is to be drawn."""
    return frame.assign(bin=days(frame["bin"]), y=y.astype(float))


def days(values: pd.Series[Any]) -> list[date]:
    """Plain dates, of whatever kind of date the column holds."""
    return [pd.Timestamp(value).date() for value in values]


def partial_bin(frame: pd.DataFrame) -> date | None:
    """The bin that is not over, if the view holds it."""
    found: list[date] = list(frame.loc[frame["partial"].astype(bool), "bin"])
    return max(found, default=None)


def _scatter(figure: Line, part: slice, hover: Sequence[str], **look: Any) -> Any:
    rows = figure.rows[part]
    return go.Scatter(
        x=list(rows["bin"]),
        y=list(rows["y"]),
        mode="lines+markers",
        connectgaps=False,
        cliponaxis=False,
        hoverinfo="text",
        hovertext=list(hover[part]),
        customdata=[[figure.id, day.isoformat()] for day in rows["bin"]],
        **look,
    )
