"""Front matter: the YAML between two lines of `---` at the beginning of a text."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import yaml

from ingest.errors import ParseError
from ingest.text import plain

_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(.*?)(?:^---|^\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_OPENING = re.compile(r"\s*---[ \t]*\n\w[\w -]*:")
#: More than that is no front matter; a number of more signs is none that anybody writes.
_LONGEST_FRONT, _LONGEST_NUMBER = 64_000, 100
_TAG = "tag:yaml.org,2002:"
_RESOLVER: Any = yaml.resolver.Resolver()
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(words: str) -> tuple[dict[str, str | date], str]:
    """The values by their names, empty where there are none, and the text after them. Raises ParseError."""
    found = _FRONT_MATTER.match(words)
    if not found:
        if _OPENING.match(words):
            raise ParseError("Line 1: the front matter begins with `---` but a second `---` is missing.")
        return {}, words
    if len(found[1]) > _LONGEST_FRONT:
        raise ParseError(f"Line 1: the front matter is longer than {_LONGEST_FRONT // 1000} kB. Shorten it.")
    try:
        front = _scalars(found[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        before = words.count("\n", 0, found.start(1))
        line = before + (mark.line if mark else 0) + 1
        problem = plain.line(getattr(error, "problem", None) or "not YAML", 120)
        raise ParseError(f"Line {line}: the front matter is no valid YAML ({problem}). Correct that line.") from error
    # An impossible date, which the YAML reader lets through as it is.
    except ValueError as error:
        raise ParseError(f"Line 1: the front matter is no valid YAML ({plain.line(str(error), 120)}).") from error
    if front is None:
        if ":" in found[1]:
            raise ParseError("Line 1: the front matter is no valid YAML (expected lines like `title: …`).")
        # Two rules around a line of text are decoration.
        return {}, words
    return front, words[found.end() :]


def _scalars(words: str) -> dict[str, str | date] | None:
    """The plain values of a YAML mapping by their keys; lists and mappings in it are passed over. None: it is none.

    Nothing is built but these, and nothing stands for anything else, so that small files stay small. Raises YAMLError
    and ValueError.
    """
    front: dict[str, str | date] = {}
    depth, key, mapping = 0, None, True
    event: Any
    for event in yaml.parse(words, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="& and * are not read here", problem_mark=event.start_mark)
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.CollectionStartEvent):
            mapping &= bool(depth) or isinstance(event, yaml.MappingStartEvent)
            depth += 1
        elif isinstance(event, yaml.ScalarEvent) and not depth:
            mapping = not event.value
        if depth == 1 and isinstance(event, yaml.ScalarEvent | yaml.CollectionEndEvent):
            value = _scalar(event) if isinstance(event, yaml.ScalarEvent) else None
            if key is None:
                key = event.value if isinstance(event, yaml.ScalarEvent) else ""
            else:
                if value is not None:
                    front[key] = value
                key = None
    return front if mapping else None


def _scalar(event: Any) -> str | date | None:
    """The value as it is written; a date as what it stands for, nothing as None."""
    written = None if event.tag == "!" else event.tag
    tag = str(written or _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit))
    kind = tag.removeprefix(_TAG)
    problem = ""
    if kind == "merge":
        problem = "<< is not read here"
    elif kind in ("int", "float") and len(event.value) > _LONGEST_NUMBER:
        problem = f"a number of {len(event.value)} signs"
    elif kind not in ("str", "int", "float", "bool", "null", "timestamp"):
        problem = f"{tag} is not read here"
    if problem:
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
    if kind == "timestamp":
        made: date = yaml.SafeLoader("").construct_yaml_timestamp(yaml.ScalarNode(tag, event.value))
        return made
    return None if kind == "null" else str(event.value)


def line(front: dict[str, str | date], key: str) -> str | None:
    """A value as one line; None where there is none."""
    value = front.get(key)
    return plain.line(value) or None if isinstance(value, str) else None
