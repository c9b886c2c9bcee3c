"""Adds figures to the user's watch-list; the rest of the file, comments included, is left unchanged."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import ConfigFileError
from ingest.watchlist import figures
from ingest.watchlist.names import fold

_PATIENCE_SECONDS = 10
_Value = str | bool | Sequence[str]


def entry(
    name: str,
    *,
    alias: Sequence[str] = (),
    weak: Sequence[str] = (),
    famous: bool = False,
    not_: Sequence[str] = (),
    group: str = "",
    wikidata: str = "",
) -> str:
    """An entry as it is written into the file (TOML)."""
    id_ = re.sub("[^a-z0-9]+", "-", fold(name)).strip("-")
    values: dict[str, _Value] = {"id": id_, "name": name, "strong": (name, *alias)}
    more: dict[str, _Value] = {"weak": weak, "famous": famous, "not": not_, "wikidata": wikidata, "group": group}
    values |= {key: value for key, value in more.items() if value}
    return "[[figure]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def add(path: Path, words: str) -> figures.Figure:
    """Appends an entry, whole or not at all; returns the figure. Raises ConfigFileError, also when names clash."""
    path = path.resolve()  # replaces the file, not a link to it
    try:
        with FileLock(path.parent / f".{path.name}.lock", timeout=_PATIENCE_SECONDS):
            before = path.read_bytes().decode("utf-8")
            end = "\r\n" if "\r\n" in before else "\n"
            gap = "" if not before else end if before.endswith("\n") else end * 2
            return _replace(path, before + gap + words.replace("\n", end))
    except Timeout:
        raise ConfigFileError(f"{path} is being changed by somebody else. Try again in a moment.") from None
    except UnicodeDecodeError as error:
        raise ConfigFileError(f"{path} is not UTF-8 ({error.reason}). Save it as UTF-8 first.") from error
    except OSError as error:
        raise ConfigFileError(f"{path} can't be written ({error.strerror}).") from error


def _replace(path: Path, words: str) -> figures.Figure:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as file:
            file.write(words.encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            found = figures.load(partial)[-1]
        except ConfigFileError as error:
            raise ConfigFileError(str(error).replace(str(partial), str(path))) from None
        shutil.copymode(path, partial)
        partial.replace(path)
        return found
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def _toml(value: _Value) -> str:
    if isinstance(value, str | bool):
        return json.dumps(value.strip() if isinstance(value, str) else value, ensure_ascii=False)
    return "[" + ", ".join(map(_toml, dict.fromkeys(value))) + "]"
