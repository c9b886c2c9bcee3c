"""Adds figures to the user's watch-list: what stands in the file stays as it is, comments included."""

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
    """The words of an entry, as they are written into the file."""
    values: list[tuple[str, str]] = [
        ("id", _quoted(re.sub("[^a-z0-9]+", "-", fold(name)).strip("-"))),
        ("name", _quoted(name)),
        ("strong", _listed(dict.fromkeys((name, *alias)))),
    ]
    for key, given in (("weak", weak), ("not", not_)):
        if given:
            values.append((key, _listed(dict.fromkeys(given))))
        if key == "weak" and famous:
            values.append(("famous", "true"))
    values += [(key, _quoted(text)) for key, text in (("wikidata", wikidata), ("group", group)) if text]
    return "[[figure]]\n" + "".join(f"{key} = {value}\n" for key, value in values)


def add(path: Path, words: str) -> figures.Figure:
    """Puts an entry at the end of the file, whole or not at all. Raises ConfigFileError: it clashes."""
    path = path.resolve()  # a link stays one
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


def _quoted(text: str) -> str:
    return json.dumps(text.strip(), ensure_ascii=False)


def _listed(texts: dict[str, None]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"
