"""A writer to be killed: `python -m tests.helpers.kills URL DATA_DIR`, told on standard input from which article on.

It has imported everything and begins at once: each round is a process of its own, forked from this one. A line on
standard output is an acknowledgement: those articles are in the record now.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from ingest.analyser import Analyser
from ingest.models import Attempt, Entry, FeedState, Source, utcnow
from ingest.run.pipeline import Pipeline
from ingest.store import record
from ingest.watchlist.lists import Watchlist

#: Articles of one acknowledgement: a fetch that brings them.
AT_ONCE = 4
PUBLISHED = datetime(2026, 3, 2, 10, tzinfo=UTC)
FEED = Source(kind="feed", key="http://kills.test/feed", name="Kills")


def title(number: int) -> str:
    return f"Article {number} of the killed"


def entry(number: int) -> Entry:
    """Article of that number, always the same."""
    words = " ".join(f"Ada Quill met Ben Marsh in room {number + n}." for n in range(12))
    return Entry(
        source=FEED.key, title=title(number), body=words, keys=(f"guid:{number}",), text_kind="full",
        link=f"http://kills.test/{number}", guid=str(number), published=PUBLISHED, published_from="feed", language="en",
    )  # fmt: skip


def write(url: str, analyser: Analyser, first: int, last: int) -> None:
    """Stores articles `first` to `last`, and says after each fetch how far it has come."""
    engine = record.open_engine(url)
    pipeline = Pipeline(engine, analyser)
    pipeline.sync_feeds([FEED])
    (state,) = [state for state in _states(pipeline) if state.url == FEED.key]
    for start in range(first, last + 1, AT_ONCE):
        end = min(start + AT_ONCE - 1, last)
        entries = tuple(entry(number) for number in range(start, end + 1))
        pipeline.feed(state, Attempt("ok", utcnow(), status=200, size=1_000, ms=5, entries=entries))
        os.write(1, f"stored {end}\n".encode())
    engine.dispose()


def _states(pipeline: Pipeline) -> list[FeedState]:
    from sqlalchemy import select

    from ingest.store import schema

    with pipeline.engine.connect() as connection:
        rows = connection.execute(select(schema.source)).all()
    return [FeedState(source_id=row.id, url=row.key, name=row.name) for row in rows]


def main(url: str, data: Path) -> None:
    analyser = Analyser(Watchlist.load(data / "figures.toml", data / "topics.toml"))
    analyser.article(entry(0), utcnow())  # whatever is loaded at the first use
    os.write(1, b"ready\n")
    for line in sys.stdin:
        first, last = map(int, line.split())
        child = os.fork()
        if not child:
            write(url, analyser, first, last)
            os._exit(0)
        os.write(1, f"writer {child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(1, f"ended {status}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
