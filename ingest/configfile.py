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

    def complain(self, what: str) -> ConfigFileError:
        """An error to raise, which says where it is."""
        return ConfigFileError(f"{self.where}: {what}")

    def known(self, keys: set[str]) -> None:
        """Refuses keys that mean nothing here: a misspelt key must not be ignored in silence."""
        for key in self.values.keys() - keys:
            raise self.complain(f"unknown key '{key}'. Known are: {', '.join(sorted(keys))}")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.complain(f"'{key}' is needed and must be a text in quotes")
        return value.strip()

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.values else None

    def slug(self, key: str) -> str:
        value = self.text(key)
        if not _SLUG.fullmatch(value):
            raise self.complain(f"'{key}' is \"{value}\"; use small letters, digits and single hyphens")
        return value

    def number(self, key: str) -> int:
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.complain(f"'{key}' is needed and must be a whole number")
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.complain(f"'{key}' must be true or false")
        return value

    def texts(self, key: str, *, required: bool = False) -> list[str]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.complain(f'\'{key}\' must be a list of texts, like ["one", "two"]')
        if required and not value:
            raise self.complain(f"'{key}' needs at least one text")
        return [item.strip() for item in value]

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self.complain(f"'{key}' must be a date without quotes, like 2025-01-21")
        return value

    def table(self, key: str) -> dict[str, Any]:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.complain(f"'{key}' must be a table")
        return value

    def tables(self, key: str) -> list[Table]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.complain(f"'{key}' must be a list of tables")
        return [Table(f"{self.where}, {key} {number}", item) for number, item in enumerate(value, 1)]


def entries(path: Path, name: str) -> list[Table]:
    """The `[[name]]` tables of a file, each with a unique id.

    Raises ConfigFileError: no such file, not TOML (with the line), two entries with one id, a table of another name.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigFileError(
            f"{path}: {error.strerror}. Restore it, or delete it to get the shipped one back."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigFileError(f"{path}: not valid TOML: {error}") from error
    for other in document.keys() - {name}:
        raise ConfigFileError(f"{path}: unknown table '{other}'. Every entry begins with [[{name}]]")
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigFileError(f"{path}: every entry begins with [[{name}]]")
    found: dict[str, Table] = {}
    for number, values in enumerate(tables, 1):
        table = Table(f"{path}: {name} {number} ({values.get('id', 'no id')})", values)
        id_ = table.slug("id")
        if id_ in found:
            raise table.complain(f"the id '{id_}' is taken by an entry above")
        found[id_] = table
    return list(found.values())
