"""What is read of an article's file, whatever its type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file, before its front matter, name and time are applied."""

    title: str
    body: str
    front: dict[str, str | date] = field(default_factory=dict)
    author: str | None = None
    published: str | None = None
    language: str | None = None
    link: str | None = None
