"""Queries and memory at ten million articles: facts made straight into a snapshot, without a record."""

from __future__ import annotations

import gc
import itertools
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import psutil
from sqlalchemy import create_engine

from dashboard.model.facts import TONE_STEPS
from dashboard.model.snapshot import OPEN, SCHEMAS, Rows, Snapshot, Words
from dashboard.numbers import kpi, queries
from dashboard.view import LINES, View
from ingest import bins
from ingest.store.read.filters import Filters
from tests.bench import narrow
from tests.bench.corpus import Corpus
from tests.bench.narrow import Articles, Namings
from tests.bench.queries import latency

#: Days that the views reach back.
SPANS = {"30 days": 30, "90 days": 90, "a year": 365, "ten years": narrow.YEARS * 365}
#: How many views of each span are asked, or fewer where that takes longer than so many seconds.
CALLS, SECONDS = 20, 15.0


@dataclass(frozen=True)
class Pages:
    """Asks what the first page and the figures page ask, query by query."""

    snapshot: Snapshot
    names: dict[str, str]

    def ask(self, view: View) -> Iterator[tuple[str, float]]:
        """The name of each query and the seconds that it took."""
        model, now = self.snapshot, datetime.now(UTC)
        start = time.perf_counter()
        view = replace(view, lines=view.lines or tuple(queries.most_named(model, view, LINES)))
        yield "most named", time.perf_counter() - start
        for name, ask in {
            "key figures": lambda: kpi.of(model, view, now=now),
            "key figures, the period before": lambda: kpi.of(model, view, now=now, before=True),
            "attention": lambda: queries.attention(model, view, self.names),
            "tone": lambda: queries.tone(model, view, self.names),
            "share of voice": lambda: queries.voice(model, view, self.names),
            "mix": lambda: queries.mix(model, view, view.lines[0]),
            "companions": lambda: queries.companions(model, view, view.lines[0], self.names),
            "by source": lambda: queries.by_source(model, view, view.lines[0], {}),
        }.items():
            start = time.perf_counter()
            ask()
            yield name, time.perf_counter() - start


def measure(millions: int, until: date) -> dict[str, Any]:
    """Makes the snapshot and asks; run it in a process of its own, for the sake of the memory."""
    corpus = Corpus(millions * 1_000_000, until)
    gc.collect()
    before, start = psutil.Process().memory_info().rss, time.perf_counter()
    snapshot = made(corpus, millions * 1_000_000)
    seconds = time.perf_counter() - start
    gc.collect()
    resident = psutil.Process().memory_info().rss - before
    pages = Pages(snapshot, {figure.id: figure.name for figure in corpus.figures})
    start = time.perf_counter()
    list(pages.ask(next(views(corpus, "a year", filtered=False, seed=0))))
    first = time.perf_counter() - start
    asked: dict[str, Any] = {}
    for span, filtered in itertools.product(SPANS, (False, True)):
        taken: list[float] = []
        each: dict[str, list[float]] = {}
        cpu, start = time.process_time(), time.perf_counter()
        for view in itertools.islice(views(corpus, span, filtered=filtered, seed=1), CALLS):
            if taken and time.perf_counter() - start > SECONDS:
                break
            found = dict(pages.ask(view))
            taken.append(sum(found.values()))
            for name, took in found.items():
                each.setdefault(name, []).append(took)
        asked[f"{span}, with filters" if filtered else span] = {
            "page": latency(taken),
            "cpu_ms": round((time.process_time() - cpu) * 1000 / len(taken), 1),
            "queries": {name: latency(of) for name, of in each.items()},
        }
    return {
        "articles": len(snapshot.articles.ordered),
        "namings": len(snapshot.namings.ordered),
        "made_seconds": round(seconds, 1),
        "first_page_ms": round(first * 1000),
        "frames_bytes": sum(rows.ordered.estimated_size() for rows in snapshot.tables.values()),
        "bytes": resident,
        "bytes_after": psutil.Process().memory_info().rss - before,
        "asked": asked,
    }


def views(corpus: Corpus, span: str, *, filtered: bool, seed: int) -> Iterator[View]:
    """Views that nobody has asked before: other ends of the period; with filters, other sources, texts, figures."""
    luck = random.Random(f"{seed} {span} {filtered}")
    days, sources = SPANS[span], range(1, len(corpus.outlets) + 1)
    # Ten years leave no room to move: these views lose some days at their end.
    ends = luck.sample(range(1, 300), 200)
    for end in ends:
        until = corpus.until - timedelta(days=end)
        since = max(until - timedelta(days=days - 1), corpus.until - timedelta(days=SPANS["ten years"]))
        filters = Filters(sources=tuple(sources), since=since, until=until)
        lines: tuple[str, ...] = ()
        if filtered:
            lines = tuple(figure.id for figure in luck.sample(corpus.figures[:30], luck.randint(1, 5)))
            filters = replace(
                filters,
                sources=tuple(sorted(luck.sample(sources, luck.randint(10, 35)))),
                languages=("en",) if luck.random() < 0.5 else (),
                texts=("full",) if luck.random() < 0.5 else (),
                tone=(-1.0, 0.2) if luck.random() < 0.5 else None,
                figures=lines,
            )
        yield View(filters, bins.automatic(since, until, 1_000_000), "share", corpus.until, lines)


def made(corpus: Corpus, articles: int) -> Snapshot:
    """The facts as a snapshot as of revision 1; single mentions and topics are left out."""
    words = Words().plus([*(figure.id for figure in corpus.figures), *narrow.languages(corpus)])
    figures = np.array([words.numbers[figure.id] for figure in corpus.figures], np.int16)
    codes = np.array([words.numbers[code] for code in narrow.languages(corpus)], np.int16)
    parts: dict[str, list[pl.DataFrame]] = {"articles": [], "namings": []}
    for found, namings in narrow.years(corpus, articles):
        parts["articles"].append(_articles(found, namings, codes))
        parts["namings"].append(_namings(found, namings, figures))
    empty = Snapshot(create_engine("sqlite://"), lambda _: empty, revision=1)
    tables = dict(empty.tables)
    for name, frames in parts.items():
        frame = pl.concat(frames)
        frames.clear()
        if name == "articles":
            frame = frame.with_columns(alone=pl.len().over("story") == 1)
        frame = frame.select(*SCHEMAS[name])
        tables[name] = Rows(frame.clear(), frame)
    return replace(empty, words=words, tables=tables).in_order()


def _articles(found: Articles, namings: Namings, codes: narrow.Numbers) -> pl.DataFrame:
    row = namings.article - found.id[0]
    sums = {
        f"{kinds}_{name}": np.bincount(row, column, len(found.id)).astype(np.int16)
        for kinds in ("p", "a")
        for name, column in (
            ("mentions", getattr(namings, f"{kinds}_mentions")),
            ("n", getattr(namings, f"{kinds}_n")),
            ("net", getattr(namings, f"{kinds}_pos") - getattr(namings, f"{kinds}_neg")),
        )
    }
    frame = pl.DataFrame(
        {
            "analysis": found.id, "id": found.id, "content": found.id, "source": found.source,
            "day": found.day, "published": found.published, "language": codes[found.language],
            "text_kind": found.text_kind, "tone": np.nan_to_num(found.tone * TONE_STEPS).round().astype(np.int16),
            "scored": ~np.isnan(found.tone), "story": found.story, **sums,
        }
    )  # fmt: skip
    return frame.with_columns(
        pl.when("scored").then("tone").alias("tone"),
        rev=pl.lit(1), rev_from=pl.lit(1), rev_to=pl.lit(OPEN), alone=pl.lit(value=True),
    ).select(_typed("articles"))  # fmt: skip


def _typed(table: str) -> list[pl.Expr]:
    """The columns in their types; sums stay in small ones, which the snapshot makes smaller still."""
    sums = ("p_", "a_")
    return [pl.col(name) if name.startswith(sums) else pl.col(name).cast(of) for name, of in SCHEMAS[table].items()]


def _namings(found: Articles, namings: Namings, figures: narrow.Numbers) -> pl.DataFrame:
    row = namings.article - found.id[0]
    columns = {
        field.name: np.round(column * TONE_STEPS).astype(np.int32) if field.name.endswith("_sum") else column
        for field in fields(namings)
        if field.name[:2] in ("p_", "a_")
        for column in [getattr(namings, field.name)]
    }
    frame = pl.DataFrame(
        {
            "analysis": namings.article, "figure": figures[namings.figure], "day": found.day[row],
            "single": np.bincount(row, minlength=len(found.id))[row] == 1, **columns,
        }
    )  # fmt: skip
    return frame.select(_typed("namings"))


if __name__ == "__main__":
    print(measure(int(sys.argv[1]), date.today()))  # noqa: DTZ011
