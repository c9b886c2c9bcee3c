"""Mentions with the tone that a person gave them, for fitting and measuring scorers.

A file has one JSON object a line with the keys `text`, `start`, `end`, `label` and, if known, `group` (the same for all
mentions of an article). `python -m ingest tone fit` and `tone evaluate` read it, the Audit page writes it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from ingest.errors import LabelledError
from ingest.models import LABELS, Label

#: Groups of twenty that are never trained on: 15 %, enough for an interval of some ±.02 from ten thousand labels.
HELD_OUT_OF_20 = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """A mention in a sentence, and the tone toward it that a person gave."""

    text: str  #: the sentence
    start: int  #: offsets of the mention in it, in characters
    end: int
    label: Label
    group: str = ""  #: what must stay together when data is split: the article's uid
    figure: str = ""  #: the figure's id, if known
    outlet: str = ""
    by: str = ""  #: who labelled
    at: str = ""  #: when, ISO 8601 in UTC

    @property
    def cluster(self) -> str:
        """The group; without one, the sentence, so that its mentions stay together."""
        return self.group or self.text


def held_out(group: str) -> bool:
    """Whether a group is never trained on: the same 15 % of groups on every machine, by their checksum.

    `fit` and `evaluate --held-out` both use it, with `Labelled.cluster`.
    """
    return zlib.crc32(group.encode("utf-8")) % 20 < HELD_OUT_OF_20


def read(path: Path) -> list[Labelled]:
    """All labelled mentions of a file, in its order. Raises LabelledError, naming the line, if one can't be used.

    Labels other than the three are refused: "unsure" is not a label, and guessing one would falsify the score.
    """
    try:
        # `split` at "\n" only: `splitlines` would cut at the separators that JSON allows inside a string.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise LabelledError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise LabelledError(f"{path}: byte {error.start + 1} is not UTF-8. Save the file as UTF-8.") from None
    return list(_rows(lines, str(path)))


def _rows(lines: Iterable[str], where: str) -> Iterator[Labelled]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _row(json.loads(line))
        except (ValueError, RecursionError) as error:  # JSON's own error is a ValueError
            reason = f"no JSON: {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)
            raise LabelledError(f"{where}, line {number}: {reason}. Correct the line or take it out.") from None


def _row(value: Any) -> Labelled:
    if not isinstance(value, dict):
        raise ValueError("not a JSON object with text, start, end and label")
    if missing := [key for key in ("text", "start", "end", "label") if key not in value]:
        raise ValueError(f"no {' and no '.join(missing)}")
    text, start, end, label = (value[key] for key in ("text", "start", "end", "label"))
    if not isinstance(text, str):
        raise ValueError("text is not a string")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("text holds half of a character (a lone surrogate)")
    if type(start) is not int or type(end) is not int:  # a bool is an int, but not an offset
        raise ValueError("start and end are to be whole numbers: offsets in text, in characters")
    if not 0 <= start < end <= len(text):
        raise ValueError(f"start {start} and end {end} are no place in a text of {len(text)} characters")
    if not text[start:end].strip():
        raise ValueError(f"nothing but blanks at {start}:{end} of text")
    if label not in LABELS:
        raise ValueError(f"label {label!r} is not one of {', '.join(LABELS)}")
    more = {key: str(value[key]) for key in ("group", "figure", "outlet", "by", "at") if value.get(key) is not None}
    return Labelled(text, start, end, label, **more)


def filled(row: Labelled) -> dict[str, Any]:
    """A labelled mention as the JSON object of its line."""
    return {key: value for key, value in asdict(row).items() if value != ""}


def write(rows: Iterable[Labelled], file: TextIO) -> int:
    """Writes labelled mentions as `read` reads them, one a line; returns how many."""
    written = 0
    for row in rows:
        file.write(json.dumps(filled(row), ensure_ascii=False) + "\n")
        written += 1
    return written
