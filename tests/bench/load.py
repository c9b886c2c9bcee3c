"""Puts the archive into a record: the public way with analysis, and with the analysis made, a million at a time."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine

from ingest.models import Article
from ingest.settings import PROJECT
from ingest.store import record
from ingest.store.write import versions
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring
from ingest.watchlist.lists import Watchlist
from tests.bench.corpus import Corpus, Made

#: Pieces of the archive that are made while one is written; but the first ones, which are timed, are written alone.
_AHEAD, _TIMED = 4, 20


@dataclass(frozen=True)
class Loaded:
    """How an archive went into a record."""

    articles: int  #: that were timed
    seconds: float  #: spent in the write transactions of articles

    @property
    def rate(self) -> float:
        """Articles a second."""
        return self.articles / self.seconds


@cache
def watchlist() -> Watchlist:
    """The shipped figures and topics."""
    return Watchlist.load(PROJECT / "seeds" / "figures.toml", PROJECT / "seeds" / "topics.toml")


def store(url: str, corpus: Corpus) -> Loaded:
    """Stores the whole archive with the analysis its generator knows."""
    engine = record.open_engine(url)
    writing, timed, done = 0.0, 0, 0
    coming: deque[Future[list[Made]]] = deque()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for number in range(corpus.chunks):
            alone = number < _TIMED  # nothing else runs while these are written
            while number + len(coming) < corpus.chunks and len(coming) < (1 if alone else _AHEAD):
                coming.append(pool.submit(prepared, corpus, number + len(coming)))
            pieces = coming.popleft().result()
            seconds = commit(engine, corpus, pieces)
            done += len(pieces)
            if alone:
                writing, timed = writing + seconds, done
    engine.dispose()
    return Loaded(timed, writing)


def prepared(corpus: Corpus, number: int) -> list[Made]:
    """A piece of the archive as analysts hand it to the one writer: what needs no record is done."""
    made: dict[int, Article] = {}
    found = []
    for piece in _archive(corpus).chunk(number):
        first = made.get(-1 if piece.original is None else piece.original)
        if first:  # a reprint has the words of an article that is ready
            article = replace(first, entry=piece.article.entry)
        else:
            article = made[piece.number] = versions.prepared(piece.article)
        found.append(replace(piece, article=article))
    return found


@cache
def _archive(corpus: Corpus) -> Corpus:
    corpus.chunk(0)
    gc.freeze()  # or every collection looks at the archive's two hundred thousand sentences
    return corpus


def commit(engine: Engine, corpus: Corpus, pieces: Sequence[Made], *, now: datetime | None = None) -> float:
    """Stores a piece in one commit; answers the seconds spent in it."""
    now = now or datetime.combine(corpus.until, datetime.min.time(), UTC)
    start = time.monotonic()
    with record.writing(engine, many=True) as connection:
        made = Commit(connection, now, "bench")
        scoring = Scoring(made.watchlist(watchlist()), "none")
        ids = {at: made.source(outlet) for at, outlet in enumerate(corpus.outlets)}
        of_outlets = groupby(sorted(pieces, key=lambda piece: piece.outlet), key=lambda piece: piece.outlet)
        made.many(
            [(ids[outlet], corpus.outlets[outlet], [piece.article for piece in of]) for outlet, of in of_outlets],
            scoring=scoring,
        )
    return time.monotonic() - start


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
