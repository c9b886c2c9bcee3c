"""Every bad input and fault that must be survived has a test named after its number, and tests/README.md says where."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_TEST = re.compile(r"^\s*(?:async )?def test_bad_input_(\d\d)_", re.MULTILINE)
_ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NUMBERS = range(1, 78)


def places() -> dict[int, list[str]]:
    """The files that test each number."""
    found: dict[int, list[str]] = {}
    for path in sorted(_HERE.rglob("test_*.py")):
        for number in sorted(set(_TEST.findall(path.read_text(encoding="utf-8")))):
            found.setdefault(int(number), []).append(path.relative_to(_HERE).as_posix())
    return found


def test_every_number_has_a_test_and_the_table_says_where() -> None:
    found = places()
    assert [number for number in NUMBERS if number not in found] == [], "not tested"
    assert set(found) <= set(NUMBERS)
    rows = _ROW.findall((_HERE / "README.md").read_text(encoding="utf-8"))
    assert [int(number) for number, _, _ in rows] == list(NUMBERS)
    wrong = {
        number: f"should be: {' '.join(found[int(number)])}"
        for number, _, files in rows
        if files.split() != found[int(number)]
    }
    assert wrong == {}
