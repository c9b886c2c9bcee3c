"""Tone toward a figure: how a sentence speaks of the person it names."""

from __future__ import annotations

from ingest.models import Label, label_of


def toward(sentence: str, start: int, end: int, sentence_tone: float) -> tuple[float, Label]:
    """Tone toward the figure named at `start:end` of the sentence, −1 … 1, and its label.

    For now the sentence's own VADER compound, whoever is named: two figures in one sentence get the same tone.
    """
    if not 0 <= start < end <= len(sentence):
        raise ValueError(f"no mention at {start}:{end} in a sentence of {len(sentence)} characters")
    return sentence_tone, label_of(sentence_tone)
