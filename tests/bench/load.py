"""Puts the archive into a record: the public way with analysis, and with the analysis made, a million at a time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine, select, update

from ingest.analyse import SCORER, Watchlist
from ingest.settings import PROJECT
from ingest.store import record, schema, versions
from ingest.store.versions import Scoring
from ingest.store.writer import Commit, Snapshot
from tests.bench.corpus import Corpus, Made


@dataclass(frozen=True)
class Loaded:
    """How an archive went into a record."""

    articles: int
    seconds: float  #: spent in the write transactions of articles

    @property
    def rate(self) -> float:
        """Articles a second."""
        return self.articles / self.seconds


def watchlist() -> Watchlist:
    """The shipped figures and topics."""
    return Watchlist.load(PROJECT / "seeds" / "figures.toml", PROJECT / "seeds" / "topics.toml")


def store(url: str, corpus: Corpus, *, said: Callable[[str], None] = lambda _: None) -> Loaded:
    """Stores the whole archive with the analysis its generator knows."""
    engine = record.open_engine(url)
    writing = 0.0
    done = 0
    corpus.chunk(0)
    gc.freeze()  # or every collection looks at the archive's two hundred thousand sentences
    for number in range(corpus.chunks):
        # As analysts hand articles to the one writer: the words of the index were made where the analysis was.
        pieces = [replace(piece, article=versions.tokenised(piece.article)) for piece in corpus.chunk(number)]
        writing += commit(engine, corpus, pieces)
        done += len(pieces)
        if done % 50_000 == 0:
            said(f"{done:,} articles, {done / writing:,.0f}/s")
    engine.dispose()
    return Loaded(done, writing)


def commit(engine: Engine, corpus: Corpus, pieces: Sequence[Made], *, now: datetime | None = None) -> float:
    """Stores a piece in one commit; answers the seconds spent in it, without those that mend the stories."""
    now = now or datetime.combine(corpus.until, datetime.min.time(), UTC)
    start = time.monotonic()
    with record.writing(engine, many=True) as connection:
        made = Commit(connection, now, "bench")
        scoring = Scoring(made.watchlist(_snapshot()), SCORER)
        ids = {at: made.source(outlet) for at, outlet in enumerate(corpus.outlets)}
        of_outlets = groupby(sorted(pieces, key=lambda piece: piece.outlet), key=lambda piece: piece.outlet)
        made.many(
            [(ids[outlet], corpus.outlets[outlet], [piece.article for piece in of]) for outlet, of in of_outlets],
            scoring=scoring,
        )
        apart = time.monotonic()
        _share_stories(connection, ids, pieces)
        apart = time.monotonic() - apart
    return time.monotonic() - start - apart


@cache
def _snapshot() -> Snapshot:
    return watchlist().snapshot()


def _share_stories(connection: Connection, ids: dict[int, int], pieces: Sequence[Made]) -> None:
    """Gives reprints the story of their original, as the clustering will."""
    outlets = {piece.number: piece.outlet for piece in pieces}
    keys, analysis = schema.article_key.c, schema.analysis

    def article(number: int) -> int:
        scope = str(ids[outlets[number]])
        row = connection.execute(select(keys.article_id).where(keys.scope == scope, keys.key == f"guid:{number}")).one()
        return int(row.article_id)

    for piece in pieces:
        if piece.original is not None:
            first = select(analysis.c.story_id).where(analysis.c.article_id == article(piece.original))
            connection.execute(
                update(analysis)
                .where(analysis.c.article_id == article(piece.number))
                .values(story_id=first.limit(1).scalar_subquery())
            )


def later(corpus: Corpus, count: int) -> list[Made]:
    """Articles that come after the archive, of its last day and never the same, for the follower to take in."""
    run = uuid4().hex[:12]
    at = datetime.combine(corpus.until, datetime.min.time(), UTC) + timedelta(minutes=1)
    found = []
    for piece in corpus.chunk(uuid4().int % corpus.chunks)[:count]:
        keys = (f"guid:{run}-{piece.number}",)
        entry = replace(piece.article.entry, keys=keys, guid=None, link=None, published=at)
        found.append(Made(piece.number, piece.outlet, None, replace(piece.article, entry=entry)))
    return found


def size(path: Path) -> int:
    """Bytes of a record on disk, with its log."""
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
