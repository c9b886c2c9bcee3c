"""The tone that VADER's words give, without a model."""

from __future__ import annotations

from collections.abc import Sequence

from ingest import sentiment
from ingest.models import label_of
from ingest.tone import Target, Toward


class Rule:
    """The scorer that needs no model and can name the words that moved it."""

    name = "rule-0"

    def toward(self, targets: Sequence[Target]) -> list[Toward]:
        """For now the sentence's own compound, whoever is named."""
        return [_toward(target) for target in targets]


def _toward(target: Target) -> Toward:
    tone = sentiment.compound(target.sentence)
    return Toward(tone, label_of(tone), abs(tone))
