"""What was measured of the shipped scorers, and how the Methods page puts it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.app_pages import methods
from dashboard.look.words import NBSP
from dashboard.numbers import published

CARD = {"name": "encoder-1", "macro_f1": 0.7893, "accuracy": 0.75, "n": 1292, "held_out": "a |b| set", "spread": 0.0061}


def test_the_card_of_the_shipped_model_is_a_table_and_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text(json.dumps(CARD | {"seed": 3, "others": [{"name": "rule-1", "macro_f1": 0.57}]}))
    shipped = published.read(path)
    assert methods.table(shipped, [])[2:] == [
        rf"| encoder\-1 | a \|b\| set | 1,292 | 75{NBSP}% | .79 ± .006 |",
        r"| rule\-1 | labels not trained on | – | – | .57 |",
    ]
    assert "wrong on about one in 4" in " ".join(methods.read(shipped, []))


def test_without_a_card_there_are_no_figures_and_no_fault(tmp_path: Path) -> None:
    assert published.read(tmp_path / "none.json") == ()
    assert methods.table((), []) == []
    assert "no published figures" in " ".join(methods.read((), []))


@pytest.mark.parametrize("words", ["{", "[]", "{}", '{"name": "x", "macro_f1": "high"}', "7"])
def test_a_broken_card_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture, words: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(words)
    assert published.read(path) == ()
    assert "can't be read" in caplog.text
