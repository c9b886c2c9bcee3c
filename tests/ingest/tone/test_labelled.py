"""Labelled mentions: the format, what is refused, and what is never trained on."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ingest.errors import LabelledError
from ingest.tone import labelled
from ingest.tone.labelled import Labelled

TEXT = "Ada Quill won praise."


def row(**changes: object) -> str:
    """A good line, with these changes; a key that is None is left out."""
    given = {"text": TEXT, "start": 0, "end": 9, "label": "positive"} | changes
    return json.dumps({key: value for key, value in given.items() if value is not None})


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = [
        Labelled(TEXT, 0, 9, "positive", "a1", "ada-quill", "West Post", "Ben", "2026-11-22T10:00:00+00:00"),
        # U+2028 and U+0085 end a line for Python and not for JSON.
        Labelled("Quill\u2028\u0085 “spoke” \\ 김정은.", 0, 5, "neutral"),
    ]
    out = io.StringIO()
    assert labelled.write(rows, out) == 2
    path = tmp_path / "labelled.jsonl"
    path.write_text(out.getvalue(), encoding="utf-8")
    assert labelled.read(path) == rows


def test_a_file_of_another_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{row(group=7, note='kept by them')}\r\n\r\n{row(label='neutral')}".encode())
    found = labelled.read(path)
    assert [(each.label, each.group) for each in found] == [("positive", "7"), ("neutral", "")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON"),
        ("[]", "not a JSON object"),
        (row(label=None, end=None), "no end and no label"),
        (row(label="unsure"), "'unsure' is not one of negative, neutral, positive"),
        (row(label=1), "1 is not one of"),
        (row(start=-1), "no place in a text of 21"),
        (row(end=22), "no place in a text of 21"),
        (row(start=9, end=9), "no place"),
        (row(start=9, end=10), "nothing but blanks"),
        (row(start=True), "whole numbers"),
        (row(start=0.0), "whole numbers"),
        (row(text=7), "text is not a string"),
        (row(text="\ud800 Quill"), "half of a character"),
        ("[" * 100_000, ""),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(f"{row()}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(LabelledError, match=r"labelled\.jsonl, line 3: .*Correct the line") as error:
        labelled.read(path)
    assert said in str(error.value)


def test_a_file_that_can_not_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(LabelledError, match="No such file"):
        labelled.read(tmp_path / "none.jsonl")
    path = tmp_path / "latin.jsonl"
    path.write_bytes(b'{"text": "caf\xe9"}')
    with pytest.raises(LabelledError, match="byte 14 is not UTF-8"):
        labelled.read(path)


def test_the_same_groups_are_held_out_for_ever() -> None:
    groups = [f"group-{number}" for number in range(4_000)]
    share = sum(map(labelled.held_out, groups)) / len(groups)
    assert 0.13 < share < 0.17
    # What a model was trained without must not change with Python, machine or day.
    assert [number for number in range(30) if labelled.held_out(f"group-{number}")] == [3, 8, 9, 21, 23]


def test_two_mentions_of_a_sentence_without_a_group_stay_together() -> None:
    assert Labelled(TEXT, 0, 9, "positive").cluster == Labelled(TEXT, 4, 9, "neutral").cluster
    assert Labelled(TEXT, 0, 9, "positive", "a1").cluster == "a1"
