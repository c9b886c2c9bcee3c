"""The articles of a view as relations in the read model, which every query is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa

from dashboard import statistics
from dashboard.readmodel import ReadModel
from dashboard.view import View
from ingest.store import search


class Scope:
    """A cursor with the view's articles as relations: `base` (the denominator), `hit` (the numerator), `named`."""

    def __init__(self, model: ReadModel, view: View, *, ends: datetime | None = None) -> None:
        self.cursor = model.cursor()
        filters = view.filters
        self.values: dict[str, Any] = {
            "sources": list(view.sources), "since": view.since, "until": view.until, "unit": view.bin,
            "kinds": list(filters.kinds), "figures": list(filters.figures), "lines": list(view.lines),
        }  # fmt: skip
        base = "list_contains($sources, source) AND day BETWEEN $since AND $until"
        if filters.languages:
            self.values["languages"] = list(filters.languages)
            base += " AND list_contains($languages, language)"
        if ends is not None:
            self.values["ends"] = ends.astimezone(UTC).replace(tzinfo=None)
            base += " AND published <= $ends"
        hit = "true"
        if filters.tone:
            self.values["low"], self.values["high"] = filters.tone
            hit += " AND tone BETWEEN $low AND $high"
        if filters.topics:
            self.values["topics"] = list(filters.topics)
            hit += " AND id IN (SELECT article FROM topic WHERE list_contains($topics, topic))"
        if filters.search.strip():
            self.cursor.register("found", _found(model, model.revision, filters.search))
            hit += " AND id IN (SELECT id FROM found)"
        # One state for all that is asked: the follower may commit between a numerator and its denominator.
        self.cursor.execute("BEGIN")
        self._with = (
            f"WITH base AS (SELECT * FROM article WHERE {base}), hit AS (SELECT * FROM base WHERE {hit}), "
            "named AS (SELECT mention.*, hit.day, hit.source, hit.story FROM mention "
            "JOIN hit ON hit.id = mention.article WHERE list_contains($kinds, kind)) "
        )

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query over the relations; of the values only those that it names are bound."""
        sql = self._with + sql
        given = {name: value for name, value in {**self.values, **values}.items() if f"${name}" in sql}
        return self.cursor.execute(sql, given).fetchall()

    def __enter__(self) -> Scope:
        return self

    def __exit__(self, *_: object) -> None:
        self.cursor.close()


@lru_cache(maxsize=32)
def _found(model: ReadModel, revision: int, query: str) -> pa.Table:
    """The ids of a search, from the record; asked once a revision, not once a chart."""
    with model.engine.connect() as connection:
        return pa.table({"id": pa.array(search.article_ids(connection, query), pa.int64())})


# For each group the five sums that a clustered mean and its interval are made of, in one pass over stories.
CLUSTERED = """
    SELECT {keys}, count(*), sum(n), sum(s), sum(s * s), sum(s * n), sum(n * n),
           sum(negative), sum(neutral), sum(positive)
    FROM (
        SELECT {keys}, story, count(*) AS n, sum({value}) AS s,
               count(*) FILTER (label = 'negative') AS negative, count(*) FILTER (label = 'neutral') AS neutral,
               count(*) FILTER (label = 'positive') AS positive
        FROM (SELECT *, date_trunc($unit, day)::DATE AS bin FROM named) WHERE {where} AND tone IS NOT NULL
        GROUP BY ALL
    ) GROUP BY {keys}
"""


def clustered_mean(sums: Sequence[Any]) -> tuple[Any, ...]:
    """n, stories, mean, low, high, negative, neutral, positive from a row of CLUSTERED (without its keys)."""
    stories, n = int(sums[0]), int(sums[1] or 0)
    mean = statistics.mean_interval(stories, n, *(float(value or 0) for value in sums[2:6])) or (None, None, None)
    return (n, stories, *mean, *(int(value or 0) for value in sums[6:9]))
