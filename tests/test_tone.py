"""Tone toward a figure: for now the tone of the sentence that names it."""

from __future__ import annotations

import pytest

from ingest import tone

SENTENCE = "Moon praised the brave envoy."


@pytest.mark.parametrize(("score", "label"), [(0.7, "positive"), (0.0, "neutral"), (-0.3, "negative")])
def test_it_is_the_sentences_tone_with_its_label(score: float, label: str) -> None:
    assert tone.toward(SENTENCE, 0, 4, score) == (score, label)


@pytest.mark.parametrize(("start", "end"), [(-1, 4), (4, 4), (5, 4), (0, len(SENTENCE) + 1)])
def test_a_name_that_is_not_in_the_sentence_is_a_mistake_of_ours(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"no mention at {start}:{end}"):
        tone.toward(SENTENCE, start, end, 0.0)
