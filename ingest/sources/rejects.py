"""The list of records that a bulk run could not use, with the reasons: one JSON object a line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import SourceError

#: Characters of a record that are shown: enough to recognise it.
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that can't become an article."""

    number: int  #: line or row in its file, from 1
    reason: str
    values: Mapping[str, Any]


class Rejects:
    """A file of rejects, made with the first one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = ""

    def begin(self, file: str, *, after: int) -> None:
        """Removes the rejects of `file` beyond number `after`, which is read again now.

        Raises SourceError when it can't be written.
        """
        self._file = file
        try:
            self.path.open("a").close()
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
        """Appends these to the file."""
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
