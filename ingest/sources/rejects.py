"""The list of records that a bulk run could not take in, with the reasons: one JSON object a line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import SourceError

#: So much of a record is shown: enough to know it again.
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that can't become an article."""

    number: int  #: line or row in its file, from 1
    reason: str
    values: Mapping[str, Any]


class Rejects:
    """A file of rejects, made when there is something to say."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = ""

    def begin(self, file: str, *, after: int) -> None:
        """Forgets what it says of `file` beyond number `after`: that is read again now.

        Raises SourceError when it can't be written.
        """
        self._file = file
        try:
            old = self.path.exists()
            with self.path.open("a"):
                pass
            if not old:
                self.path.unlink()
                return
            kept = self.path.with_name(self.path.name + ".partial")
            with self.path.open(encoding="utf-8", errors="replace") as lines, kept.open("w", encoding="utf-8") as new:
                new.writelines(line for line in lines if not _beyond(line, file, after))
                empty = new.tell() == 0
            os.replace(kept, self.path)
            if empty:
                self.path.unlink()
        except OSError as error:
            raise self._unwritable(error) from error

    def add(self, rejects: Sequence[Reject]) -> None:
        """Adds these; they are on the disk afterwards."""
        if not rejects:
            return
        try:
            with self.path.open("a", encoding="utf-8", errors="replace") as file:
                for reject in rejects:
                    facts = {"file": self._file, "number": reject.number, "reason": reject.reason}
                    shown = str(dict(reject.values))[:_SHOWN] if reject.values else ""
                    file.write(json.dumps({**facts, "record": shown}, ensure_ascii=False) + "\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> SourceError:
        return SourceError(
            f"The list of rejected records can't be written to {self.path} ({error.strerror}). "
            "Say --rejects FILE to have it elsewhere."
        )


def _beyond(line: str, file: str, after: int) -> bool:
    try:
        found = json.loads(line)
        return bool(found["file"] == file and found["number"] > after)
    except (ValueError, KeyError, TypeError):
        return False
