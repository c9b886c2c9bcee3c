"""Sentiment: a sentence's score is vaderSentiment's, an article's the mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from ingest import sentiment
from ingest.models import label_of

PACKAGE = SentimentIntensityAnalyzer()
WORDS = st.sampled_from(
    "the talks were not very GREAT terrible but good! at least hope, crisis? :) 🎉 kind of the bomb isn't happy".split()
)


@pytest.mark.parametrize(
    "sentence",
    [
        "The summit was a great success.",
        "The summit was NOT a great success!!!",
        "Nobody was hurt, but the damage is terrible.",
        "They met on Tuesday.",
        "A 🎉 for the envoy :-)",
        "Kein Ergebnis.",
        "",
    ],
)
def test_a_sentence_scores_as_in_the_package(sentence: str) -> None:
    assert sentiment.compound(sentence) == PACKAGE.polarity_scores(sentence)["compound"]


@settings(deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_any_sentence_scores_as_in_the_package(sentence: str) -> None:
    assert sentiment.compound(sentence) == PACKAGE.polarity_scores(sentence)["compound"]


def test_an_article_is_the_mean_of_its_sentences() -> None:
    assert sentiment.mean([0.5, -0.25, 0.0]) == 0.0833
    assert sentiment.mean([]) == 0.0


def test_labels_have_the_cut_offs_of_the_packages_author() -> None:
    assert [label_of(tone) for tone in (0.05, 0.0499, 0.0, -0.0499, -0.05)] == [
        "positive",
        "neutral",
        "neutral",
        "neutral",
        "negative",
    ]
