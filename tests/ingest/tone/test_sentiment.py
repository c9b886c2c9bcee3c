"""Sentiment: a sentence's score is vaderSentiment's to the last digit, in linear time; an article's is the mean."""

from __future__ import annotations

import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment import vaderSentiment as vader

from ingest.models import label_of
from ingest.tone import sentiment

PACKAGE = vader.SentimentIntensityAnalyzer()
LEXICON = sorted(PACKAGE.lexicon)
EMOJI = sorted(PACKAGE.emojis)
BOOSTERS = sorted(vader.BOOSTER_DICT)
IDIOMS = sorted(vader.SPECIAL_CASES)
#: Every word that one of the package's rules asks for, and a few whose values are equal, as "but" stumbles over those.
ASKED = (
    "no or nor never so this without doubt but But BUT least at very kind of sort just enough not isn't NOT VERY good "
    "good GREAT great bad bad terrible isn't ISN'T cannot the talks minister peace war! hope, (win) ? ??? !! !!!!!"
).split()
ELSEWHERE = ["“peace”", "İstanbul", "ΟΔΟΣ", "straße", "don’t", "평화", "…", "–", "\u2028", "naïve", "Kelvin\u212a"]


def package(sentence: str) -> float:
    return float(PACKAGE.polarity_scores(sentence)["compound"])


@pytest.mark.parametrize(
    "sentence",
    [
        "The summit was a great success.",
        "The summit was NOT a great success!!!",
        "Nobody was hurt, but the damage is terrible.",
        "They met on Tuesday.",
        "A 🎉 for the envoy :-)",
        "🎉🎉A🎉 🎉",
        "No hope, no good or bad news.",
        "The least good of the least bad plans, at least hopeful and very least happy.",
        "It is without doubt, never so good, never really this bad.",
        "That was kind of good, sort of bad, just enough fun.",
        "The talks were the bomb, a kiss of death, yeah right.",
        "good good bad good but bad good good bad",
        "ALL OF THIS IS GREAT",
        "Kein Ergebnis.",
        " \n ",
        "",
    ],
)
def test_a_sentence_scores_as_in_the_package(sentence: str) -> None:
    assert sentiment.compound(sentence) == package(sentence)


WORDS = st.sampled_from(ASKED) | st.sampled_from(LEXICON + BOOSTERS + IDIOMS + EMOJI + ELSEWHERE)
STYLED = st.builds(lambda word, style: style(word), WORDS, st.sampled_from([str, str, str, str.upper, str.title]))
PUNCTUATED = st.builds(
    "{}{}{}".format, st.sampled_from(["", "", '"', "“"]), STYLED, st.sampled_from(["", "", ".", "!"])
)


@settings(deadline=None, max_examples=150)
@given(st.lists(PUNCTUATED, max_size=25), st.sampled_from([" ", " ", "  ", "\n", ""]))
def test_any_sentence_scores_as_in_the_package(words: list[str], blank: str) -> None:
    sentence = blank.join(words)
    assert sentiment.compound(sentence) == package(sentence)


@settings(deadline=None, max_examples=40)
@given(st.text())
def test_any_text_scores_as_in_the_package(text: str) -> None:
    assert sentiment.compound(text) == package(text)


@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_texts_from_the_packages_own_words_score_as_in_the_package(seed: int) -> None:
    random = Random(seed)
    pools = (ASKED, ASKED, LEXICON, BOOSTERS, vader.NEGATE, EMOJI, ELSEWHERE)
    for _ in range(1_000):
        words = (random.choice(random.choice(pools)) for _ in range(random.choice((2, 4, 6, 12, 30))))
        text = " ".join(word.upper() if random.random() < 0.1 else word for word in words)
        assert sentiment.compound(text) == package(text), text


def test_the_valences_are_those_that_the_compound_sums_up() -> None:
    reading = sentiment.read("  The 🚢 was not very good, but HAPPY envoys left.")
    at = {reading.words[index].lower: reading.starts[index] for index in reading.valences}
    assert {word: reading.text[start:].split()[0] for word, start in at.items()} == {"good": "good,", "happy": "HAPPY"}
    good, happy = reading.valences.values()
    assert good < 0 < PACKAGE.lexicon["happy"] < happy
    assert reading.compound == package(reading.text) == round(vader.normalize(good + happy), 4)


@pytest.mark.parametrize(
    "text",
    [
        "The talks were a great success, but not without harm! " * 20_000,
        "😀" * 100_000,
        "good bad " * 12_000 + "but " + "no good " * 13_000,
        "but " + "good " * 50_000,
        "x" * 1_000_000,
        "! ? " * 250_000,
        "NO " * 50_000,
    ],
    ids=["1 MB", "emoji", "50,000 words", "equal values", "one token", "punctuation", "no"],
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    start = time.process_time()
    sentiment.compound(text)
    assert time.process_time() - start < 3


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
