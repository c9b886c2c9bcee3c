"""Reads the TOML files that people edit, and says which entry is wrong and why."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ingest.errors import ConfigFileError

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file, with typed ways to read it; each complaint names file, entry and key."""

    where: str
    values: dict[str, Any]
    path: str = ""
    lines: tuple[tuple[str, int], ...] = ()  #: (key, its line); the empty key is for the header

    def complain(self, what: str, key: str = "") -> ConfigFileError:
        """An error to raise that names file, line and entry."""
        return ConfigFileError(f"{self.path}, line {self.line(key)}: {self.where}: {what}")

    def line(self, key: str = "") -> int:
        """The line of a key, or of the header if the table has no such key."""
        lines = dict(self.lines)
        return lines.get(key) or lines.get(key.partition(".")[0]) or lines.get("", 1)

    def refuse_unknown(self, keys: set[str]) -> None:
        """Raises for a key that is not among these: a misspelt one must not be ignored silently."""
        for key in self.values.keys() - keys:
            raise self.complain(f"unknown key '{key}'. Known are: {', '.join(sorted(keys))}", key)

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.complain(f"'{key}' is needed and must be a text in quotes", key)
        return value.strip()

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.values else None

    def slug(self, key: str) -> str:
        value = self.text(key)
        if not _SLUG.fullmatch(value):
            raise self.complain(f"'{key}' is \"{value}\"; use small letters, digits and single hyphens", key)
        return value

    def number(self, key: str) -> int:
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.complain(f"'{key}' is needed and must be a whole number", key)
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.complain(f"'{key}' must be true or false", key)
        return value

    def texts(self, key: str, *, required: bool = False) -> list[str]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.complain(f'\'{key}\' must be a list of texts, like ["one", "two"]', key)
        if required and not value:
            raise self.complain(f"'{key}' needs at least one text", key)
        return [item.strip() for item in value]

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        if isinstance(value, datetime) or not isinstance(value, date | None):
            raise self.complain(f"'{key}' must be a date without quotes, like 2025-01-21", key)
        return value

    def table(self, key: str) -> dict[str, Any]:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.complain(f"'{key}' must be a table", key)
        return value

    def tables(self, key: str) -> list[Table]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.complain(f"'{key}' must be a list of tables", key)
        return [
            Table(f"{self.where}, {key} {number}", item, self.path, self._part(key, number))
            for number, item in enumerate(value, 1)
        ]

    def _part(self, key: str, number: int) -> tuple[tuple[str, int], ...]:
        """The lines of the n-th table of this name below this one."""
        mark = f"{key}#{number}."
        found = tuple((name.removeprefix(mark), line) for name, line in self.lines if name.startswith(mark))
        return found or (("", self.line(key)),)


def entries(path: Path, name: str) -> list[Table]:
    """The `[[name]]` tables of a file, each with a unique id.

    Raises ConfigFileError: no such file, not TOML (with the line), two entries with one id, a table of another name.
    """
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except OSError as error:
        advice = "Restore it, or delete it to get the shipped one back."
        raise ConfigFileError(f"{path}: {error.strerror}. {advice}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigFileError(f"{path}: not valid TOML: {error}{_entry_at(text, str(error))}") from error
    for other in document.keys() - {name}:
        raise ConfigFileError(f"{path}: unknown table '{other}'. Every entry begins with [[{name}]]")
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigFileError(f"{path}: every entry begins with [[{name}]]")
    found: dict[str, Table] = {}
    places = _lines(text, name)
    for number, values in enumerate(tables, 1):
        lines = places[number - 1] if len(places) == len(tables) else ()
        table = Table(f"{name} {number} ({values.get('id', 'no id')})", values, str(path), lines)
        id_ = table.slug("id")
        if id_ in found:
            raise table.complain(f"the id '{id_}' is taken by the entry of line {found[id_].line()}", "id")
        found[id_] = table
    return list(found.values())


def _entry_at(text: str, complaint: str) -> str:
    """The entry that a parser's complaint is about, to be added to it; the parser names only the line."""
    line = re.search(r"at line (\d+)", complaint)
    before = text.split("\n")[: int(line[1])] if line else []
    ids = re.findall(r"(?m)^\s*id\s*=\s*[\"']([^\"'\n]*)", "\n".join(before))
    return f", in the entry '{ids[-1]}'" if ids else ""


_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_HEADER = re.compile(r"\s*\[\[\s*([A-Za-z0-9_-]+)(?:\s*\.\s*([A-Za-z0-9_-]+))?\s*\]\]")
_STRING = re.compile(r'"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*')


def _lines(text: str, name: str) -> list[tuple[tuple[str, int], ...]]:
    """For each `[[name]]` of a valid file, in order: its keys and their lines, which tomllib does not give.

    A key of the n-th `[[name.part]]` below it is called `part#n.key`, the header's line the empty key.
    """
    # Strings and comments may hold any brackets, so they are blanked: those that are left tell how long a value is.
    blank = _STRING.sub(lambda found: re.sub(r"[^\n]", " " if found.group()[0] == "#" else "~", found.group()), text)
    found: list[list[tuple[str, int]]] = []
    prefix, depth = "", 0
    counts: dict[str, int] = {}
    for number, (line, bare) in enumerate(zip(text.split("\n"), blank.split("\n"), strict=True), 1):
        header = _HEADER.match(bare) if depth == 0 else None
        if header and header.group(1) == name and not header.group(2):
            found.append([("", number)])
            prefix, counts = "", {}
        elif header and header.group(2) and found:
            part = header.group(2)
            counts[part] = counts.get(part, 0) + 1
            prefix = f"{part}#{counts[part]}."
            found[-1] += [(prefix, number), (part, number)]
        elif depth == 0 and found and (key := _KEY.match(line)):
            found[-1].append((prefix + re.sub(r"[\s\"']", "", key.group(1)), number))
        if not header:
            depth += sum(bare.count(sign) for sign in "[{") - sum(bare.count(sign) for sign in "]}")
    return [tuple(keys) for keys in found]
