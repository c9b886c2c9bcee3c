"""Memory of one dashboard process over 5,000 clicks, every one a view that nobody asked before.

`SCALE=1000000 python -m tests.bench.soak` clicks through the record that `make bench` left (or makes one), and keeps a
row of numbers in `tests/bench/results/`. CLICKS=1000 does fewer. Others saw memory grow without end in such servers:
pola-rs/polars#18074, plotly/dash#2950.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from ingest.settings import PROJECT
from tests.bench import __main__ as bench
from tests.bench import clicks, report, served, server, viewers
from tests.bench.apart import people
from tests.bench.queries import latency
from tests.bench.viewers import Click, Seen, Viewer

#: Two viewers click without a pause, so that runs overlap.
VIEWERS = 2
_MIB = 1024 * 1024


def main() -> None:
    """One run."""
    scale, most = int(os.environ.get("SCALE") or 10_000), int(os.environ.get("CLICKS") or 5_000)
    step = most // 10
    corpus, _ = bench.archive(scale, bench.WORK / str(scale), keep=True)
    of = clicks.mixed(corpus, 9)
    environment = served.environment(f"sqlite:///{bench.WORK / str(scale) / 'record.db'}", bench.WORK / "soak")
    rows: list[dict[str, Any]] = []
    errors: list[str] = []
    start = time.monotonic()
    with people() as there, server.running(PROJECT / "app.py", bench.WORK / "soak", environment) as running:
        there.do(viewers.first_page, running.port, "plotly_chart", Click("", ""))
        running.calm()
        rows.append({"clicks": 0, **taken(running)})
        while rows[-1]["clicks"] < most:
            seen, _ = there.do(several, running.port, list(islice(of, step)))
            errors += seen.errors
            p50 = latency(seen.clicks).p50
            rows.append({"clicks": rows[-1]["clicks"] + step, **taken(running), "p50": p50})
            bench.said(f"{rows[-1]['clicks']:,} clicks, {rows[-1]['rss'] / _MIB:,.0f} MiB")
        errors += running.errors()
    minutes = (time.monotonic() - start) / 60
    table = "\n".join(lines(scale, rows, errors, minutes)) + "\n"
    bench.RESULTS.mkdir(exist_ok=True)
    (bench.RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-soak-{scale}.md").write_text(table, encoding="utf-8")
    print(table)


async def several(port: int, given: Sequence[Click]) -> Seen:
    """Two viewers share the clicks out."""
    seen = Seen()

    async def person(number: int) -> None:
        async with Viewer(port, seen) as viewer:
            for click in given[number::VIEWERS]:
                await viewer.click(click)

    await asyncio.gather(*map(person, range(VIEWERS)))
    return seen


def taken(running: server.Server) -> dict[str, int]:
    """What the server process takes now."""
    (usage,) = running.memory()
    return {"rss": usage.rss, "private": usage.private, "threads": running.threads()}


def lines(scale: int, rows: Sequence[dict[str, Any]], errors: Sequence[str], minutes: float) -> list[str]:
    """All of it as Markdown."""
    half = len(rows) // 2
    grown = (rows[-1]["rss"] - rows[half]["rss"]) / _MIB
    clicked = rows[-1]["clicks"] - rows[half]["clicks"]
    return [
        f"# Memory over {rows[-1]['clicks']:,} clicks at {scale:,} articles, {datetime.now(UTC):%Y-%m-%d}",
        "",
        f"Commit {report.commit()}. One process, {VIEWERS} viewers without a pause, {minutes:.1f} minutes, "
        f"{len(errors)} errors. In the second half it grew by {grown:+.0f} MiB in {clicked:,} clicks.",
        "",
        "| clicks | " + " | ".join(f"{row['clicks']:,}" for row in rows) + " |",
        "|---|" + "---|" * len(rows),
        "| resident, MiB | " + " | ".join(f"{row['rss'] / _MIB:,.0f}" for row in rows) + " |",
        "| its own, MiB | " + " | ".join(f"{row['private'] / _MIB:,.0f}" for row in rows) + " |",
        "| threads | " + " | ".join(str(row["threads"]) for row in rows) + " |",
        "| a click, ms: p50 | " + " | ".join(f"{row['p50']:.0f}" if "p50" in row else "–" for row in rows) + " |",
        *(f"\n{error}" for error in list(dict.fromkeys(errors))[:5]),
    ]


if __name__ == "__main__":
    main()
