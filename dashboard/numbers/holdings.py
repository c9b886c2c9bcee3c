"""What the record holds, whatever the filters: its period, and its articles by source, day and language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from dashboard.model.columns import in_ids
from dashboard.model.readmodel import ReadModel
from dashboard.numbers import sums
from dashboard.numbers.scope import AsOf


def extent(model: ReadModel, sources: Sequence[int], as_of: int | None = None) -> tuple[date, date] | None:
    """The first and last day with articles of these sources; None if there are none."""
    days = sums.of_all(model, as_of).select(sources, date.min, date.max, "day")["day"]
    return (sums.day(days[0]), sums.day(days[-1])) if len(days) else None


def articles_between(
    model: ReadModel, sources: Sequence[int], since: date, until: date, as_of: int | None = None
) -> int:
    """How many articles of these sources are dated from one day to the other, both included."""
    return sums.of_all(model, as_of).select(sources, since, until, "articles").total("articles")


def articles_after(model: ReadModel, revision: int, sources: Sequence[int]) -> int:
    """How many articles of these sources are new or edited since a revision."""
    sql = f"SELECT count(*) FROM {{article}} WHERE rev > {revision} AND {in_ids('source', sources)}"
    return int(_rows(model, None, sql)[0][0])


def languages(model: ReadModel, as_of: int | None = None) -> list[str]:
    """The languages of all articles, the most frequent first."""
    everything = sums.of_all(model, as_of)
    known, place = np.unique(everything["language"], return_inverse=True)
    counts = np.bincount(place, everything["articles"], len(known)).tolist()
    found = sorted((-count, model.columns.word(number)) for number, count in zip(known.tolist(), counts, strict=True))
    return [word for _, word in found]


def by_source(model: ReadModel, as_of: int | None = None) -> dict[int, tuple[int, datetime | None]]:
    """The number of articles of each source, and the time of its newest; by the source's id."""
    rows = _rows(model, as_of, "SELECT source, count(*), max(published) FROM {article} GROUP BY 1")
    return {source: (articles, newest.replace(tzinfo=UTC)) for source, articles, newest in rows}


def per_day(
    model: ReadModel, sources: Sequence[int], since: date, until: date, as_of: int | None = None
) -> dict[int, dict[date, int]]:
    """The number of articles of each source, by its id, on each day that has any."""
    found: dict[int, dict[date, int]] = {}
    counted = sums.of_all(model, as_of).select(sources, since, until, "source", "day", "articles")
    for source, day, count in zip(*(counted[name].tolist() for name in ("source", "day", "articles")), strict=True):
        days = found.setdefault(source, {})
        days[sums.day(day)] = days.get(sums.day(day), 0) + int(count)
    return found


def _rows(model: ReadModel, as_of: int | None, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query over `{article}` as of a revision. It runs once for all viewers."""
    revision = model.revision if as_of is None else min(as_of, model.revision)

    def compute() -> list[tuple[Any, ...]]:
        with AsOf(model, revision) as here:
            return here.execute(sql.format(article=here.table("article"))).fetchall()

    return model.columns.cache.get((sql, revision), compute)
