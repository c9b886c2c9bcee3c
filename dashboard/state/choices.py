"""What can be chosen in a view: figures, topics, sources, languages, each with a label of its own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeVar

from dashboard.model.snapshot import Snapshot
from dashboard.numbers import holdings
from ingest.models import DEMO_GROUP
from ingest.store import watched
from ingest.store.read import sources
from ingest.store.read.sources import SourceRow
from ingest.watchlist.lists import Watchlist

Value = TypeVar("Value", str, int)

#: How long what is not of a revision (names and failures of sources) is cached.
_SECONDS = 5


@dataclass(frozen=True)
class Choices:
    """What can be chosen, as of a revision: every label is unique, because links carry labels."""

    watchlist: Watchlist
    sources: tuple[SourceRow, ...]
    figures: dict[str, str]  #: label -> id
    topics: dict[str, str]
    source_ids: dict[str, int]
    languages: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """About how much memory it takes, in bytes."""
        return 500 * len(self.sources) + 1_000 * (len(self.figures) + len(self.topics))

    @cached_property
    def figure_names(self) -> dict[str, str]:
        return {id_: label for label, id_ in self.figures.items()}

    @cached_property
    def topic_names(self) -> dict[str, str]:
        return {id_: label for label, id_ in self.topics.items()}

    @cached_property
    def source_names(self) -> dict[int, str]:
        return {id_: label for label, id_ in self.source_ids.items()}

    def labelled(self, options: Mapping[str, Any] | str) -> Mapping[str, Any]:
        """The values of a filter by their labels: those given, or those in the attribute of this name."""
        found = getattr(self, options) if isinstance(options, str) else options
        return found if isinstance(found, Mapping) else dict(zip(found, found, strict=True))

    def automatic_sources(self) -> tuple[int, ...]:
        """Of the sources that count where nobody chose any, those with articles and the feeds listed."""
        found = any(row.articles for row in self.sources if row.group != DEMO_GROUP)
        ids = set(sources.not_the_demo({row.id: row.group for row in self.sources}, found=found))
        return tuple(
            row.id for row in self.sources if row.id in ids and (row.articles or (row.listed and row.kind == "feed"))
        )

    def only_demo(self, sources: Iterable[int]) -> bool:
        """Whether all of these sources with articles belong to the demo."""
        chosen = set(sources)
        groups = {row.group for row in self.sources if row.id in chosen and row.articles}
        return groups == {DEMO_GROUP}


def of(model: Snapshot, as_of: int | None = None, at: datetime | None = None) -> Choices:
    """The choices as of a revision, with the sources in their state of now or of `at`.

    Read from the record once for all viewers, and again when it has changed.
    """
    revision = model.revision_of(as_of)
    # Failures and names of sources change without a revision: they may be a few seconds old.
    slot = int(time.monotonic()) // _SECONDS
    return model.cache.get(("choices", revision, slot, at), lambda: _of(model, revision, at))


def _of(model: Snapshot, revision: int, at: datetime | None) -> Choices:
    held = holdings.by_source(model, revision)
    with model.engine.connect() as connection:
        listed = partial(watched.watchlist, connection, revision)
        watchlist = model.cache.get(("watchlist", revision), listed)
        rows = tuple(sources.listing(connection, held, at=at))
    shown = [row for row in rows if row.articles or (row.listed and row.kind == "feed")]
    # The oldest first: a namesake that comes later must not take over a label that links carry.
    aged = sorted(shown, key=lambda row: row.id)
    labels = {id_: label for label, id_ in _unique((row.name, row.key, row.id) for row in aged).items()}
    return Choices(
        watchlist=watchlist,
        sources=rows,
        figures=_unique((entry.name, entry.id, entry.id) for entry in watchlist.figures),
        topics=_unique((entry.name, entry.id, entry.id) for entry in watchlist.topics),
        source_ids={labels[row.id]: row.id for row in shown},
        languages=tuple(holdings.languages(model, revision)),
    )


def _unique(entries: Iterable[tuple[str, str, Value]]) -> dict[str, Value]:
    """Labels for values; a name that two of them have is told apart by its key."""
    found: dict[str, Value] = {}
    for name, key, value in entries:
        label = name
        while label in found:
            label = f"{label} ({key})"
        found[label] = value
    return found
