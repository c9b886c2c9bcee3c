"""How fast feeds become entries, beside bare feedparser on the same bytes: `python -m tests.bench.parsing FILE|DIR …`.

Prints CPU seconds (of this process and its children) and the ratio: in this process, and through the worker in which
the product parses. The rounds take turns, so that another program slows both down.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import psutil

from ingest.errors import ParseError
from ingest.formats import feed
from ingest.sources import sandbox

NOW = datetime(2026, 11, 22, tzinfo=UTC)
_ROUNDS = 4


def bodies(places: Sequence[Path]) -> list[bytes]:
    """The bytes of these files and of the files in these folders."""
    files = [file for place in places for file in (sorted(place.iterdir()) if place.is_dir() else [place])]
    return [file.read_bytes() for file in files if file.is_file()]


def cpu() -> float:
    """CPU seconds that this process and its children have used."""
    here = psutil.Process()
    times = [each.cpu_times() for each in (here, *here.children())]
    return sum(each.user + each.system for each in times)


def seconds(read: Callable[[bytes], object], feeds: Sequence[bytes]) -> float:
    """What all the feeds take once."""
    start = cpu()
    for body in feeds:
        read(body)
    return cpu() - start


def bare(body: bytes) -> object:
    """What feedparser alone makes of a feed, its sanitiser and URL resolver off."""
    return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def ours(body: bytes) -> object:
    try:
        return feed.feed(body, source="https://bench.example/feed", now=NOW)
    except ParseError as error:
        return error


def main(places: Sequence[str]) -> None:
    feeds = bodies([Path(place) for place in places])
    with closing(sandbox.Sandbox()) as worker:

        def through_worker(body: bytes) -> object:
            try:
                return worker.feed(body, source="https://bench.example/feed", now=NOW)
            except ParseError as error:
                return error

        through_worker(feeds[0])  # its start is not what is measured
        ways = {"bare feedparser": bare, "in process": ours, "through the worker": through_worker}
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(_ROUNDS):
            for name, read in ways.items():
                taken[name].append(seconds(read, feeds))
    best = {name: min(rounds) for name, rounds in taken.items()}
    print(f"{len(feeds)} feeds, {sum(map(len, feeds)) / 1e6:.1f} MB, best of {_ROUNDS} rounds, CPU seconds")
    for name, took in best.items():
        print(f"{name:20} {took:6.2f} s   {best['bare feedparser'] / took:.2f} × the speed of bare feedparser")


if __name__ == "__main__":
    if not sys.argv[1:]:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
