"""Topics: lists of words and phrases, each with its Comparative Agendas Project major topic code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest import configfile
from ingest.models import TopicHit

_KEYS = {"id", "name", "cap", "keywords", "not"}
_SEPARATOR = r"[\s\-‐‑–]+"


@dataclass(frozen=True, slots=True)
class Topic:
    """What an article may be about."""

    id: str
    name: str
    cap: int  #: Comparative Agendas Project, major topic
    keywords: tuple[str, ...]
    not_: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "cap": self.cap}


def load(path: Path) -> list[Topic]:
    """The topics in a file. Raises ConfigFileError, naming the entry and what is wrong with it."""
    found: list[Topic] = []
    for entry in configfile.entries(path, "topic"):
        entry.known(_KEYS)
        found.append(
            Topic(
                id=entry.slug("id"),
                name=entry.text("name"),
                cap=entry.number("cap"),
                keywords=tuple(entry.texts("keywords", required=True)),
                not_=tuple(entry.texts("not")),
            )
        )
    return found


class Matcher:
    """All topics compiled once; safe to share between threads."""

    def __init__(self, topics: list[Topic]) -> None:
        self._patterns = [(topic.id, _compile(topic.keywords), _compile(topic.not_)) for topic in topics]

    def find(self, text: str) -> tuple[TopicHit, ...]:
        """The topics of a text, with the number of hits and the words found, in the file's order."""
        found = []
        for topic, wanted, unwanted in self._patterns:
            if wanted is None:
                continue
            swallowed = [match.span() for match in unwanted.finditer(text)] if unwanted else []
            words = [
                match.group()
                for match in wanted.finditer(text)
                if not any(start <= match.start() < end for start, end in swallowed)
            ]
            if words:
                distinct = dict.fromkeys(" ".join(word.lower().split()) for word in words)
                found.append(TopicHit(topic, len(words), tuple(distinct)))
        return tuple(found)


def _compile(phrases: tuple[str, ...]) -> re.Pattern[str] | None:
    if not phrases:
        return None
    parts = sorted((_pattern(phrase) for phrase in phrases), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})", re.IGNORECASE)


def _pattern(phrase: str) -> str:
    prefix = phrase.endswith("*")
    words = re.split(r"[\s\-]+", phrase.rstrip("*").strip())
    return _SEPARATOR.join(re.escape(word) for word in words) + (r"\w*" if prefix else r"(?!\w)")
