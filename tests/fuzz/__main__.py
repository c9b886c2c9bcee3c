"""Runs damaged feeds through the parser: `python -m tests.fuzz [--documents N] [--seed S] [--keep DIR] [FILE|DIR …]`.

Every document must give entries that are sound, or a ParseError; none may take five seconds, break the reader or kill
its process. Those that do are kept in DIR and counted; the exit code is 1 when there are any. Files are further feeds
to damage.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from ingest.errors import ParseError
from ingest.models import Entry
from ingest.sources import sandbox
from ingest.text import dates, plain, urls
from tests.fuzz.feeds import SEEDS
from tests.fuzz.mutations import mutated

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = "https://fuzz.example/feed.xml"
#: Said by the worker of what nobody expected.
_BROKEN = (
    "Reading this feed failed",
    "The process that reads feeds",
    "Reading this feed was stopped",
    "takes more memory",
)
#: A worker's start, on a machine with other work, takes a good part of this.
_SLOW_SECONDS = 5.0


def fault(entry: Entry) -> str | None:
    """What is wrong with an entry; None for a sound one."""
    if not entry.title or entry.title != plain.line(entry.title):
        return "the title is not one clean line"
    if plain.clean(entry.body) != entry.body:
        return "the body is not clean"
    if entry.link and urls.web_address(entry.link) != entry.link:
        return "the link is no web address"
    if entry.published and dates.plausible(entry.published, NOW) != entry.published:
        return "the date can't be"
    if not entry.keys or (entry.published is None) != (entry.published_from is None):
        return "no identity, or a date from nowhere"
    return None


def verdict(worker: sandbox.Sandbox, body: bytes) -> tuple[str, str | None]:
    """`read` or `refused`, and what is wrong about that."""
    try:
        found = worker.feed(body, source=SOURCE, now=NOW)
    except ParseError as error:
        return "refused", str(error) if any(said in str(error) for said in _BROKEN) else None
    return "read", next((wrong for entry in found.entries if (wrong := fault(entry))), None)


def run(documents: int, seed: int, feeds: list[bytes], keep: Path) -> int:
    """How many documents found a fault."""
    rng, outcomes, faults = Random(seed), Counter[str](), Counter[str]()
    slowest, start = 0.0, time.monotonic()
    with closing(sandbox.Sandbox(seconds=10)) as worker:
        for number in range(documents):
            body = mutated(feeds, rng)
            began = time.monotonic()
            outcome, wrong = verdict(worker, body)
            took = time.monotonic() - began
            if took > slowest and number:  # the first waits for the worker to start
                slowest = took
            if took > _SLOW_SECONDS and number:
                wrong = wrong or f"took more than {_SLOW_SECONDS:g} s"
            outcomes[outcome] += 1
            if wrong:
                faults[wrong] += 1
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}.xml").write_bytes(body)
            if number % 10_000 == 9_999:
                print(
                    f"{number + 1:,} documents, {dict(outcomes)}, slowest {slowest:.2f} s, faults {dict(faults)}",
                    flush=True,
                )
    print(
        f"{documents:,} documents from {len(feeds)} feeds in {time.monotonic() - start:.0f} s: "
        f"{outcomes['read']:,} read, {outcomes['refused']:,} refused, {faults.total()} faults, slowest {slowest:.2f} s"
    )
    for wrong, times in faults.most_common():
        print(f"  {times} × {wrong}")
    return faults.total()


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--documents", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, default=Path(".fuzz"), help="where documents with a fault are put")
    options.add_argument("places", nargs="*", type=Path, metavar="FILE|DIR")
    chosen = options.parse_args()
    files = [file for place in chosen.places for file in (sorted(place.iterdir()) if place.is_dir() else [place])]
    # Of a long feed the first items do: a document has to be quick for there to be many.
    feeds = [*SEEDS, *(file.read_bytes()[:20_000] for file in files if file.is_file())]
    raise SystemExit(1 if run(chosen.documents, chosen.seed, feeds, chosen.keep) else 0)


if __name__ == "__main__":
    main()
