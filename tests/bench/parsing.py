"""How fast feeds become entries, beside bare feedparser on the same bytes: `python -m tests.bench.parsing FILE|DIR …`.

Prints CPU seconds of both, and the ratio: in this process, and through the worker in which the product parses.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import feedparser

from ingest import parse, parser
from ingest.errors import ParseError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
_ROUNDS = 3


def bodies(places: Sequence[Path]) -> list[bytes]:
    """The bytes of these files and of the files in these folders."""
    files = [file for place in places for file in (sorted(place.iterdir()) if place.is_dir() else [place])]
    return [file.read_bytes() for file in files if file.is_file()]


def seconds(read: Callable[[bytes], object], feeds: Sequence[bytes]) -> float:
    """The best of some rounds over all feeds, on the wall: the worker's time counts as well as ours."""
    rounds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for body in feeds:
            read(body)
        rounds.append(time.perf_counter() - start)
    return min(rounds)


def bare(body: bytes) -> object:
    """What feedparser alone makes of a feed, its sanitiser and URL resolver off."""
    return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def ours(body: bytes) -> object:
    try:
        return parse.feed(body, source="https://bench.example/feed", now=NOW)
    except ParseError as error:
        return error


def main(places: Sequence[str]) -> None:
    feeds = bodies([Path(place) for place in places])
    with parser.Parser() as worker:

        def through_worker(body: bytes) -> object:
            try:
                return worker.feed(body, source="https://bench.example/feed", now=NOW)
            except ParseError as error:
                return error

        through_worker(feeds[0])  # its start is not what is measured
        theirs = seconds(bare, feeds)
        print(f"{len(feeds)} feeds, {sum(map(len, feeds)) / 1e6:.1f} MB; bare feedparser {theirs:.2f} s")
        for name, read in (("in process", ours), ("through the worker", through_worker)):
            taken = seconds(read, feeds)
            print(f"bytes to articles, {name}: {taken:.2f} s, {theirs / taken:.2f} × the speed of bare feedparser")


if __name__ == "__main__":
    if not sys.argv[1:]:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
