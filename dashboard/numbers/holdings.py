"""What the record holds, whatever the filters: its period, and its articles by source, day and language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
from polars import col

from dashboard.model.snapshot import Snapshot
from dashboard.numbers import sums
from dashboard.numbers.scope import held, one_of


def extent(model: Snapshot, sources: Sequence[int], as_of: int | None = None) -> tuple[date, date] | None:
    """The first and last day with articles of these sources; None if there are none."""
    days = sums.of_all(model, as_of).select(sources, date.min, date.max)["day"]
    return (sums.day(days[0]), sums.day(days[-1])) if len(days) else None


def articles_between(
    model: Snapshot, sources: Sequence[int], since: date, until: date, as_of: int | None = None
) -> int:
    """How many articles of these sources are dated from one day to the other, both included."""
    return sums.of_all(model, as_of).select(sources, since, until).total("articles")


def articles_after(model: Snapshot, revision: int, sources: Sequence[int]) -> int:
    """How many articles of these sources are new or edited since a revision."""
    new = held(model.revision) & (col("rev") > revision) & one_of("source", sources)
    return int(model.articles.all().select(new.sum()).item())


def languages(model: Snapshot, as_of: int | None = None) -> list[str]:
    """The languages of all articles, the most frequent first."""
    model = model.reaching(model.revision_of(as_of))
    everything = sums.of_all(model, as_of)
    known, place = np.unique(everything["language"], return_inverse=True)
    counts = np.bincount(place, everything["articles"], len(known)).tolist()
    found = sorted((-count, model.word(number)) for number, count in zip(known.tolist(), counts, strict=True))
    return [word for _, word in found]


def by_source(model: Snapshot, as_of: int | None = None) -> dict[int, tuple[int, datetime | None]]:
    """The number of articles of each source, and the time of its newest; by the source's id."""
    revision = model.revision_of(as_of)

    def compute() -> dict[int, tuple[int, datetime | None]]:
        articles = model.reaching(revision).articles.all().lazy().filter(held(revision))
        found = articles.group_by("source").agg(pl.len(), col("published").max()).collect()
        return {source: (articles, newest.replace(tzinfo=UTC)) for source, articles, newest in found.rows()}

    return model.cache.get(("by source", revision), compute)


def per_day(
    model: Snapshot, sources: Sequence[int], since: date, until: date, as_of: int | None = None
) -> dict[int, dict[date, int]]:
    """The number of articles of each source, by its id, on each day that has any."""
    found: dict[int, dict[date, int]] = {}
    counted = sums.of_all(model, as_of).select(sources, since, until)
    for source, day, count in zip(*(counted[name].tolist() for name in ("source", "day", "articles")), strict=True):
        days = found.setdefault(source, {})
        days[sums.day(day)] = days.get(sums.day(day), 0) + int(count)
    return found
