"""Tone toward a figure: what scorers are asked."""

from __future__ import annotations

import pytest

from ingest.tone import Target

SENTENCE = "Moon praised the brave envoy."


def test_a_target_is_a_place_in_a_sentence() -> None:
    target = Target(SENTENCE, 0, 4)
    assert (target.sentence[target.start : target.end], target.kind) == ("Moon", "person")


@pytest.mark.parametrize(("start", "end"), [(-1, 4), (4, 4), (5, 4), (0, len(SENTENCE) + 1)])
def test_a_name_that_is_not_in_the_sentence_is_a_mistake_of_ours(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"no mention at {start}:{end}"):
        Target(SENTENCE, start, end)
