"""The watch-list: who is looked for, and in which topics articles are sorted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest.watchlist import figures, topics
from ingest.watchlist.figures import Figure
from ingest.watchlist.topics import Topic


@dataclass(frozen=True)
class Watchlist:
    """Figures and topics, as they stand in the user's files or as the record keeps them (`stored`)."""

    figures: tuple[Figure, ...] = ()
    topics: tuple[Topic, ...] = ()
    stored_hash: str | None = None  #: the record keeps no keywords to compute it from

    @classmethod
    def load(cls, figures_file: Path, topics_file: Path) -> Watchlist:
        """Raises ConfigFileError when one of the files can't be used."""
        return cls(tuple(figures.load(figures_file)), tuple(topics.load(topics_file)))

    @classmethod
    def stored(
        cls, hash_: str, figures: Sequence[Mapping[str, Any]] = (), topics: Sequence[Mapping[str, Any]] = ()
    ) -> Watchlist:
        """What the record keeps as `Figure.as_dict` and `Topic.as_dict`."""
        return cls(tuple(map(Figure.from_dict, figures)), tuple(map(Topic.from_dict, topics)), hash_)

    @cached_property
    def hash(self) -> str:
        """Changes with anything that could change an analysis."""
        if self.stored_hash is not None:
            return self.stored_hash
        facts = [[figure.as_dict() for figure in self.figures], [asdict(topic) for topic in self.topics]]
        for topic in facts[1]:
            del topic["stored_hash"]
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
