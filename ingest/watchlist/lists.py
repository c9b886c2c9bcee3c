"""The watch-list: who is looked for, and in which topics articles are sorted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.watchlist import figures, topics
from ingest.watchlist.figures import Figure
from ingest.watchlist.topics import Topic


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The watch-list and topics that an analysis was made with, as the record keeps them."""

    hash: str
    figures: list[dict[str, Any]]
    topics: list[dict[str, Any]]


@dataclass(frozen=True)
class Watchlist:
    """Figures and topics as they stand in the user's files."""

    figures: tuple[Figure, ...]
    topics: tuple[Topic, ...]

    @classmethod
    def load(cls, figures_file: Path, topics_file: Path) -> Watchlist:
        """Raises ConfigFileError when one of the files can't be used."""
        return cls(tuple(figures.load(figures_file)), tuple(topics.load(topics_file)))

    def snapshot(self) -> Snapshot:
        """What the record keeps; its hash changes with anything that could change an analysis."""
        facts = [[figure.as_dict() for figure in self.figures], [asdict(topic) for topic in self.topics]]
        hash_ = hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        return Snapshot(hash_, facts[0], [topic.as_dict() for topic in self.topics])
