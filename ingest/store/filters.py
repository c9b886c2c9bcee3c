"""What a view is narrowed to, and the conditions that this means in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, Join, and_, exists

from ingest.store import schema, search, sources
from ingest.store.asof import live

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


def current(as_of: int | None = None) -> Join:
    """Contents with their analysis in force, article and source; whether the content is in force is still to be asked.

    As of a revision both are: an edit closes the analysis with the words, a re-scoring the analysis alone.
    """
    return (
        schema.content.join(schema.analysis, and_(_a.content_id == _c.id, live(_a, as_of)))
        .join(schema.article, _art.id == _c.article_id)
        .join(schema.source, schema.source.c.id == _art.source_id)
    )


def denominator(connection: Connection, filters: Filters) -> list[ColumnElement[bool]]:
    """Articles of the sources, languages and period."""
    chosen = filters.sources or sources.automatic(connection, filters.as_of)
    conditions: list[ColumnElement[bool]] = [live(_c, filters.as_of), _art.source_id.in_(chosen)]
    if filters.languages:
        conditions.append(_c.language.in_(filters.languages))
    if filters.since:
        conditions.append(_c.day >= filters.since)
    if filters.until:
        conditions.append(_c.day <= filters.until)
    return conditions


def numerator(connection: Connection, filters: Filters, *, newest_first: bool = False) -> list[ColumnElement[bool]]:
    """Of these, the ones that topics, tone and search narrow them to; `newest_first` as in `search.conditions`.

    Raises SearchError when the search is not understood.
    """
    conditions: list[ColumnElement[bool]] = []
    if filters.topics:
        conditions.append(exists().where(_t.analysis_id == _a.id, _t.topic.in_(filters.topics)))
    if filters.tone:
        conditions.append(_a.tone.between(*filters.tone))
    if filters.search.strip():
        conditions += search.conditions(connection, filters.search, filters.as_of, newest_first=newest_first)
    return conditions


def names_one(filters: Filters) -> ColumnElement[bool]:
    """Whether an article names one of the figures."""
    return exists().where(_m.analysis_id == _a.id, _m.kind.in_(filters.kinds), _m.figure.in_(filters.figures))
