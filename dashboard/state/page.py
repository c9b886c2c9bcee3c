"""One run of a page: what every part of it is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

import streamlit as st

from dashboard import keys
from dashboard.look import palette, words
from dashboard.model.snapshot import Snapshot
from dashboard.state.choices import Choices
from dashboard.view import View


@dataclass(frozen=True, slots=True)
class Pin:
    """The one revision of a page run, and what "now" is there."""

    revision: int
    now: datetime
    fixed: bool = False  #: whether the link says so; else it is the newest
    unknown: str = ""  #: what the link asks for in vain

    @property
    def as_of(self) -> str:
        """As of when, in words."""
        when = f"{words.day(self.now.date())}, {self.now:%H:%M} UTC"
        number = words.number(self.revision)
        return f"as of revision {number} ({when})" if self.fixed else f"as of {when}, revision {number}"


@dataclass(frozen=True)
class Page:
    """What every page is drawn from."""

    model: Snapshot
    view: View
    choices: Choices
    theme: palette.Theme
    pin: Pin
    period: str  #: the period's label, as chosen

    def article_link(self, uid: str) -> str:
        """The reader page of an article, relative to this page, with the filters as they are in the URL."""
        return f"articles?{urlencode([*self._given, (keys.ARTICLE, uid)])}"

    @cached_property
    def _given(self) -> list[tuple[str, str]]:
        given = (*keys.ALL_KEYS, keys.LINES, keys.AS_OF)
        return [(key, value) for key in given for value in st.query_params.get_all(key)]

    @property
    def names(self) -> dict[str, str]:
        """The name shown of each figure, by its id."""
        return self.choices.figure_names
