"""A chart on the page: drawn once for all who look at one view, and sent as it was drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from plotly.basedatatypes import BaseFigure

from dashboard.charts.canvas import Figure
from dashboard.numbers import scope
from dashboard.state.page import Page

#: Without Plotly's own buttons, which the panel's menu replaces.
CONFIG = {"displayModeBar": False, "doubleClick": False}

#: What a point takes in memory, mostly its text.
_BYTES_A_POINT = 600


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure of charts.py, and its sentence of alt.py for those who do not see it."""

    figure: Figure
    alt: str
    n: int = 0  #: what the figure counts in all

    @property
    def nbytes(self) -> int:
        """About how much memory it takes."""
        return _BYTES_A_POINT * sum(len(trace["x"]) for trace in self.figure["data"])


class Drawn(BaseFigure):  # type: ignore[misc]  # Plotly is untyped
    """A figure that Streamlit takes as it is: a dict it would have Plotly validate and copy, a `go.Figure` copy.

    The tests validate each chart, and nothing that comes from outside decides a property.
    """

    def __init__(self, figure: Figure) -> None:
        self._figure = figure

    def to_dict(self) -> Figure:
        return self._figure


def shared(page: Page, name: str, make: Callable[[], Chart], *more: Hashable) -> Chart:
    """The chart of that name as it was drawn for another viewer of this view, or what `make` draws.

    `more` is what else decides how it looks.
    """
    names = tuple(page.names.items())
    question = ("chart", name, scope.at(page.model, page.view), page.theme.name, names, *more)
    return page.model.columns.answers.of(question, make)


def draw(chart: Chart, *, key: str, **how: Any) -> None:
    """Draws a chart; `how` is for `st.plotly_chart`."""
    st.plotly_chart(Drawn(chart.figure), key=key, config=CONFIG, theme=None, alt=chart.alt, **how)
