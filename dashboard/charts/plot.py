"""A chart on the page: made once for all viewers of a view, and sent unchanged."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from plotly.basedatatypes import BaseFigure

from dashboard.charts.canvas import Figure
from dashboard.numbers import scope
from dashboard.state.page import Page

#: No buttons of Plotly's own: the panel has a menu.
CONFIG = {"displayModeBar": False, "doubleClick": False}

#: Memory of a point, mostly its text.
_BYTES_A_POINT = 600


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure of charts.py with its sentence of alt.py."""

    figure: Figure
    alt: str
    n: int = 0  #: how much the figure counts in all

    @property
    def nbytes(self) -> int:
        """About how much memory it takes, in bytes."""
        return _BYTES_A_POINT * sum(len(trace["y"]) for trace in self.figure["data"])


class PlainFigure(BaseFigure):  # type: ignore[misc]  # Plotly is untyped
    """A figure that Streamlit sends unchanged: Plotly would validate and copy a dict, and copy a `go.Figure`.

    The tests validate each chart, and no input decides a property.
    """

    def __init__(self, figure: Figure) -> None:
        self._figure = figure

    def to_dict(self) -> Figure:
        return self._figure


def cached(page: Page, name: str, make: Callable[[], Chart], *more: Hashable) -> Chart:
    """The chart of that name that was made for another viewer of this view, or what `make` returns.

    `more` is what else its look depends on.
    """
    names = tuple(page.names.items())
    key = ("chart", name, scope.pinned(page.model, page.view), page.theme.name, names, *more)
    return page.model.cache.get(key, make)


def draw(chart: Chart, *, key: str, **how: Any) -> None:
    """Draws a chart; `how` goes to `st.plotly_chart`."""
    st.plotly_chart(PlainFigure(chart.figure), key=key, config=CONFIG, theme=None, alt=chart.alt, **how)
