"""The colours of both themes, and the marks that tell figures apart without colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Theme:
    """Every colour the dashboard draws with, as #RRGGBB."""

    name: Literal["light", "dark"]
    background: str
    card: str
    text: str
    muted: str  #: captions and axis labels
    accent: str
    accent_background: str
    primary: str  #: filled buttons and chips, on which Streamlit writes in white in both themes
    grid: str
    grey: str  #: figures beyond the coloured ones, and bars that are of no figure
    tone_negative: str
    tone_neutral: str
    tone_positive: str
    series: tuple[str, ...]  #: by position in the view

    def colour(self, position: int) -> str:
        """The colour of the figure at a position in the view; grey beyond the coloured ones."""
        return self.series[position] if position < len(self.series) else self.grey

    def tone(self, label: str) -> str:
        """The colour of `negative`, `neutral` or `positive`."""
        return {"negative": self.tone_negative, "positive": self.tone_positive}.get(label, self.tone_neutral)


LIGHT = Theme(
    name="light",
    background="#FFFFFF",
    card="#F6F7F9",
    text="#16202B",
    muted="#5B6673",
    accent="#16202B",
    accent_background="#E3E8EE",
    primary="#16202B",
    grid="#E1E5EA",
    grey="#A3ADB8",
    tone_negative="#C2540A",
    tone_neutral="#6B7580",
    tone_positive="#1F5FBF",
    series=("#333D68", "#339765", "#D72644", "#AF70BD", "#553D07", "#7C2B45"),
)

DARK = Theme(
    name="dark",
    background="#10151C",
    card="#171E27",
    text="#E8EDF3",
    muted="#9AA6B4",
    accent="#E8EDF3",
    accent_background="#2A3542",
    primary="#6C819B",
    grid="#28323E",
    grey="#5C6977",
    tone_negative="#F18F46",
    tone_neutral="#9AA6B4",
    tone_positive="#5AA2F5",
    series=("#E0C9FC", "#83EB92", "#D04E3A", "#BE4DAE", "#F7D245", "#0B8473"),
)

#: Marker symbols by position. Figures are not told apart by dashes: a dashed line means "not over yet".
MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")

#: The same symbols as text, for labels at a line's end.
GLYPHS = ("●", "■", "◆", "▲", "▼", "✚")

#: Marker of every figure beyond the coloured ones.
GREY_MARKER = "circle"


def of(name: str | None) -> Theme:
    """The theme that the browser reports by name; light if it reports none."""
    return DARK if name == "dark" else LIGHT
