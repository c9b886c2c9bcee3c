"""`python -m ingest tone evaluate`, over sentences of our own."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingest.errors import ScorerError
from ingest.tone import labelled, scorers
from ingest.tone.labelled import Labelled
from ingest.tone.rule import Rule
from tests.ingest.cli.test_cli import run

SAID = (
    ("Ada Quill won warm praise for a brilliant, generous rescue.", "positive"),
    ("Ada Quill was blamed for a terrible and shameful disaster.", "negative"),
    ("Ada Quill arrived on Monday.", "neutral"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Thirty labelled mentions of as many articles, one of them wrong on purpose."""
    rows = [Labelled(text, 0, 9, label, f"article-{n}-{label}") for n in range(10) for text, label in SAID]  # type: ignore[arg-type]
    rows[0] = Labelled(rows[0].text, 0, 9, "negative", rows[0].group)
    path = tmp_path / "labelled.jsonl"
    with path.open("w", encoding="utf-8") as out:
        labelled.write(rows, out)
    return path


def test_evaluate_prints_one_json_line(file: Path) -> None:
    result = run("tone", "evaluate", file, "--scorer", "rule", "--json")
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert (found["n"], found["groups"], found["scorer"]) == (30, 30, Rule().name)
    assert found["accuracy"] == pytest.approx(29 / 30, abs=1e-4)
    assert 0.9 < found["macro_f1"] < 1
    assert found["macro_f1_interval"][0] < found["macro_f1"] < found["macro_f1_interval"][1]
    assert found["confusion"] == [[10, 0, 1], [0, 10, 0], [0, 0, 9]]
    (worst,) = found["worst"]
    assert (worst["label"], worst["found"]) == ("negative", "positive")


def test_evaluate_speaks_to_people(file: Path) -> None:
    result = run("tone", "evaluate", file, "--scorer", "rule")
    assert result.exit_code == 0, result.output
    for said in (
        "30 labelled mentions",
        "accuracy 0.967",
        "macro-F1",
        "confidence from",
        "The surest mistakes",
        SAID[0][0],
    ):
        assert said in " ".join(result.stdout.split()), said


def test_only_what_was_never_trained_on(file: Path) -> None:
    every = labelled.read(file)
    kept = [row for row in every if labelled.held_out(row.cluster)]
    assert 0 < len(kept) < len(every)
    found = json.loads(run("tone", "evaluate", file, "--scorer", "rule", "--held-out", "--json").stdout)
    assert (found["n"], found["held_out"]) == (len(kept), True)
    file.write_text(
        "".join(line + "\n" for line, row in zip(file.read_text().splitlines(), every, strict=True) if row not in kept)
    )
    result = run("tone", "evaluate", file, "--scorer", "rule", "--held-out")
    assert result.exit_code == 1
    assert "none of its groups is held out" in result.output


def test_a_label_that_nobody_gave_is_said(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    with path.open("w", encoding="utf-8") as out:
        labelled.write([Labelled(SAID[0][0], 0, 9, "positive")], out)
    said = run("tone", "evaluate", path, "--scorer", "rule").stdout
    assert "Nobody gave the label negative or neutral" in said
    assert "no interval: fewer than 5 groups" in said


@pytest.mark.parametrize(
    ("words", "arguments", "said"),
    [
        ("", [], "no labelled mention in it"),
        ("{}", [], "line 1: no text and no start and no end and no label"),
        ('{"text": "x", "start": 0, "end": 1, "label": "neutral"}', ["--scorer", "vader"], "there is no such scorer"),
    ],
)
def test_faults_are_one_message(tmp_path: Path, words: str, arguments: list[str], said: str) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(words, encoding="utf-8")
    result = run("tone", "evaluate", path, *(arguments or ["--scorer", "rule"]))
    assert result.exit_code == 1
    assert said in " ".join(result.output.split())


def test_the_rule_needs_no_encoder_and_a_missing_one_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime")

    monkeypatch.setattr(scorers, "import_module", missing)
    assert scorers.by_name("rule").name == Rule().name
    for name in ("encoder", str(tmp_path)):
        with pytest.raises(ScorerError, match="no module onnxruntime"):
            scorers.by_name(name)


def test_another_model_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path | None] = []
    monkeypatch.setattr(scorers, "import_module", lambda _: SimpleNamespace(Encoder=asked.append))
    scorers.by_name("encoder")
    scorers.by_name(str(tmp_path))
    assert asked == [None, tmp_path]
