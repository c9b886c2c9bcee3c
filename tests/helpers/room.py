"""A pipeline over a desk's record, with a clock to turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Engine, func, select

from ingest.analyser import Analyser
from ingest.fetch.client import Fetcher
from ingest.fetch.guard import Guard
from ingest.fetch.rhythm import Rhythm
from ingest.models import Outcome, utcnow
from ingest.run.pipeline import Pipeline
from ingest.run.seeding import SeedFolder
from ingest.sources import attempt, opml
from ingest.store import schema
from ingest.store.read import sources
from ingest.store.read.sources import SourceRow
from tests.helpers.desk import Desk

PAUSE = timedelta(minutes=10)


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = utcnow()

    def __call__(self) -> datetime:
        return self.now


def pipeline(engine: Engine, analyser: Analyser, clock: Clock) -> Pipeline:
    """With a rhythm that somebody has set, and a random number that is always 0."""
    return Pipeline(engine, analyser, pace=Rhythm(PAUSE, fixed=True), clock=clock, rng=lambda: 0.0)


@cache
def _fetcher() -> Fetcher:
    return Fetcher("tests/1", guard=Guard(["localhost", "127.0.0.1"]))


@dataclass
class Room:
    """A pipeline over the desk's record, with a clock to turn."""

    desk: Desk
    engine: Engine
    pipeline: Pipeline
    clock: Clock

    def __post_init__(self) -> None:
        self.seeds = SeedFolder(self.pipeline, self.desk.seeds)

    def restart(self, analyser: Analyser | None = None) -> None:
        """The same record, and nothing remembered."""
        self.pipeline = pipeline(self.engine, analyser or self.pipeline.analyser, self.clock)
        self.seeds = SeedFolder(self.pipeline, self.desk.seeds)

    def follow(self, *addresses: str) -> None:
        self.desk.list_feeds(*addresses)
        self.pipeline.sync_feeds(opml.read(self.desk.data / "feeds.opml"))

    def fetch(self) -> dict[str, Outcome]:
        """Fetches what is due, as the loop does."""
        found = {}
        fetcher = _fetcher()
        for state in self.pipeline.due():
            found[state.name] = self.pipeline.feed(state, attempt.feed(state, fetcher, now=self.clock()))
        return found

    def row(self, name: str = "Feed 1") -> Any:
        """All that the record keeps of a source."""
        with self.engine.connect() as connection:
            return connection.execute(select(schema.source).where(schema.source.c.name == name)).one()

    def scan(self) -> Outcome:
        return self.seeds.read()

    def source(self, name: str) -> SourceRow:
        with self.engine.connect() as connection:
            return next(row for row in sources.listing(connection) if row.name == name)

    def titles(self) -> list[str]:
        with self.engine.connect() as connection:
            content = schema.content.c
            return sorted(connection.execute(select(content.title).where(content.rev_to.is_(None))).scalars())

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(schema.metadata.tables[table])).scalar_one()
