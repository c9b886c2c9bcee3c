"""What there is, whatever the filters: the span of the data, and how much of it each source, day and language has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from dashboard.columns import among
from dashboard.readmodel import ReadModel
from dashboard.scope import Moment


def extent(model: ReadModel, sources: Sequence[int], as_of: int | None = None) -> tuple[date, date] | None:
    """The first and last day that hold articles of these sources; None when there are none."""
    sql = f"SELECT min(day), max(day) FROM {{article}} WHERE {among('source', sources)}"
    ((first, last),) = _rows(model, as_of, sql)
    return (first, last) if first else None


def articles_between(
    model: ReadModel, sources: Sequence[int], since: date, until: date, as_of: int | None = None
) -> int:
    """How many articles of these sources are dated from one day to the other, both included."""
    return int(_rows(model, as_of, f"SELECT count(*) FROM {{article}} WHERE {_among(sources, since, until)}")[0][0])


def articles_after(model: ReadModel, revision: int) -> int:
    """How many articles are new or edited since a revision."""
    return int(_rows(model, None, f"SELECT count(*) FROM {{article}} WHERE rev > {revision}")[0][0])


def languages(model: ReadModel, as_of: int | None = None) -> list[str]:
    """The languages of all articles, the most frequent first."""
    counts = _rows(model, as_of, "SELECT language, count(*) FROM {article} GROUP BY 1")
    found = sorted((-count, model.columns.word(language)) for language, count in counts)
    return [language for _, language in found]


def held(model: ReadModel, as_of: int | None = None) -> dict[int, tuple[int, datetime | None]]:
    """How many articles each source has, and when its newest is from; by the source's id."""
    rows = _rows(model, as_of, "SELECT source, count(*), max(published) FROM {article} GROUP BY 1")
    return {source: (articles, newest.replace(tzinfo=UTC)) for source, articles, newest in rows}


def per_day(
    model: ReadModel, sources: Sequence[int], since: date, until: date, as_of: int | None = None
) -> dict[int, dict[date, int]]:
    """Articles of each source on each day that has any."""
    among = _among(sources, since, until)
    found: dict[int, dict[date, int]] = {}
    for source, day, count in _rows(
        model, as_of, f"SELECT source, day, count(*) FROM {{article}} WHERE {among} GROUP BY 1, 2"
    ):
        found.setdefault(source, {})[day] = count
    return found


def _among(sources: Sequence[int], since: date, until: date) -> str:
    return f"{among('source', sources)} AND day BETWEEN DATE '{since.isoformat()}' AND DATE '{until.isoformat()}'"


def _rows(model: ReadModel, as_of: int | None, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query over `{article}` as of a revision, asked once for everybody."""
    revision = model.revision if as_of is None else min(as_of, model.revision)

    def ask() -> list[tuple[Any, ...]]:
        with Moment(model, revision) as here:
            return here.ask(sql.format(article=here.table("article"))).fetchall()

    return model.columns.answers.of((sql, revision), ask)
