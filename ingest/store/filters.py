"""What a view is narrowed to, and the conditions that this means in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, Join, and_, exists

from ingest.store import schema, search, sources

_c, _a, _art, _m, _t = (
    schema.content.c,
    schema.analysis.c,
    schema.article.c,
    schema.mention.c,
    schema.analysis_topic.c,
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles are meant. Empty means all; sources that are empty leave the demo out once there is anything else.

    Sources, languages and period make the denominator of every share; the rest narrows the numerator only (METRICS).
    """

    figures: tuple[str, ...] = ()  #: ids
    sources: tuple[int, ...] = ()  #: ids
    topics: tuple[str, ...] = ()  #: ids
    languages: tuple[str, ...] = ()
    since: date | None = None  #: both days included
    until: date | None = None
    tone: tuple[float, float] | None = None  #: article tone, both ends included
    search: str = ""
    offices: bool = False  #: whether "the Trump administration" counts as naming Trump
    as_of: int | None = None  #: the revision that numbers are true for; None: the newest

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of mention that count; ambiguous ones never do."""
        return ("person", "office") if self.offices else ("person",)


def current() -> Join:
    """Contents with their current analysis, article and source; `content.rev_to` is still to be asked for."""
    return (
        schema.content.join(schema.analysis, and_(_a.content_id == _c.id, _a.rev_to.is_(None)))
        .join(schema.article, _art.id == _c.article_id)
        .join(schema.source, schema.source.c.id == _art.source_id)
    )


def denominator(connection: Connection, filters: Filters) -> list[ColumnElement[bool]]:
    """Current articles of the sources, languages and period."""
    chosen = filters.sources or sources.automatic(connection)
    conditions: list[ColumnElement[bool]] = [_c.rev_to.is_(None), _art.source_id.in_(chosen)]
    if filters.languages:
        conditions.append(_c.language.in_(filters.languages))
    if filters.since:
        conditions.append(_c.day >= filters.since)
    if filters.until:
        conditions.append(_c.day <= filters.until)
    return conditions


def numerator(filters: Filters) -> list[ColumnElement[bool]]:
    """Of these, the ones that topics, tone and search narrow them to."""
    conditions: list[ColumnElement[bool]] = []
    if filters.topics:
        conditions.append(exists().where(_t.analysis_id == _a.id, _t.topic.in_(filters.topics)))
    if filters.tone:
        conditions.append(_a.tone.between(*filters.tone))
    if filters.search.strip():
        found = search.matching(filters.search)
        conditions.append(_c.article_id.in_(found.subquery().select()) if found is not None else _c.id < 0)
    return conditions


def names_one(filters: Filters) -> ColumnElement[bool]:
    """Whether an article names one of the figures."""
    return exists().where(_m.analysis_id == _a.id, _m.kind.in_(filters.kinds), _m.figure.in_(filters.figures))
