"""Sentence scores: vaderSentiment's compound."""

from __future__ import annotations

from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

SCORER = "vader-3.3.2"


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def compound(sentence: str) -> float:
    """VADER's compound of one sentence, −1 … 1, four digits (Hutto & Gilbert 2014).

    Give it sentences: a whole article saturates, and the package's time is quadratic in the length.
    """
    return float(_analyzer().polarity_scores(sentence)["compound"])


def mean(tones: list[float]) -> float:
    """The article's tone: the mean of its sentences' tones, four digits; 0 for no sentences."""
    return round(sum(tones) / len(tones), 4) if tones else 0.0
