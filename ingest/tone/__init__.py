"""Tone toward a figure: how a sentence speaks of the figure it names. Two scorers with one small interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.models import NEUTRAL_BELOW, Cue, Label


@dataclass(frozen=True, slots=True)
class Target:
    """A figure named at `start:end` of a sentence."""

    sentence: str
    start: int  #: offsets in the sentence, in characters
    end: int
    kind: str = "person"  #: or "office"

    def __post_init__(self) -> None:
        within = 0 <= self.start < self.end <= len(self.sentence)
        if not within or self.sentence[self.start : self.end].isspace():
            raise ValueError(f"no mention at {self.start}:{self.end} in a sentence of {len(self.sentence)} characters")


@dataclass(frozen=True, slots=True)
class Toward:
    """How a sentence speaks of a target."""

    tone: float  #: −1 … 1, four digits
    label: Label
    confidence: float  #: how likely the label is right, 0 … 1, four digits
    because: tuple[Cue, ...] = ()  #: the words that moved the tone, strongest first


class Scorer(Protocol):
    """Gives the tone toward targets; that of a target does not depend on the others in the call."""

    @property
    def name(self) -> str:
        """Name and version of its rules or weights; stored in the record with every tone."""

    def toward(self, targets: Sequence[Target]) -> list[Toward]:
        """The tone toward each target, in their order."""


#: The tone of a neutral mention is at most this far from 0: within the borders of neutral.
_LEAN = NEUTRAL_BELOW - 0.0001


def from_probabilities(negative: float, neutral: float, positive: float, because: tuple[Cue, ...] = ()) -> Toward:
    """Tone and label from the probabilities of the labels: the likeliest is the label, and the tone is on its side.

    The tone is positive minus negative, times one minus the ratio of neutral to the likelier of the two. So −1 and 1
    are certain, a neutral tone is within ±.05, and `models.label_of` gives for any tone the label given here.
    """
    loaded = max(negative, positive)
    if neutral >= loaded:
        return Toward(round(_LEAN * (positive - negative), 4) + 0.0, "neutral", round(neutral, 4), because)
    lean = (positive - negative) * (1 - neutral / loaded)
    if positive > negative:
        return Toward(round(max(NEUTRAL_BELOW, lean), 4), "positive", round(positive, 4), because)
    return Toward(round(min(-NEUTRAL_BELOW, lean), 4), "negative", round(negative, 4), because)
