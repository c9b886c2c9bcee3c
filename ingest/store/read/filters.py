"""What a view is narrowed to, and the conditions that this means in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Join, and_, exists, select

from ingest.models import TEXT_KINDS, TextKind
from ingest.store import schema
from ingest.store.asof import live
from ingest.store.planner import named_often, no_index
from ingest.store.read import sources
from ingest.store.search import search

_c, _a, _art = schema.content.c, schema.analysis.c, schema.article.c
_m, _t = schema.mention.c, schema.analysis_topic.c
#: Made once: an alias takes longer to make than most statements.
_named = schema.analysis.alias()

#: Which copies of a text count: all of them (exposure), or of each story the one that arrived first (editorial).
Copies = Literal["all", "once"]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles are meant. Empty means all; sources that are empty leave the demo out once there is anything else.

    Sources, languages, kinds of text, period and copies make the denominator of every share; the rest narrows the
    numerator only (docs/methods.md).
    """

    figures: tuple[str, ...] = ()  #: ids
    sources: tuple[int, ...] = ()  #: ids
    topics: tuple[str, ...] = ()  #: ids
    languages: tuple[str, ...] = ()
    texts: tuple[TextKind, ...] = ()  #: longer texts name more people: only like is compared with like
    since: date | None = None  #: both days included
    until: date | None = None
    tone: tuple[float, float] | None = None  #: article tone, both ends included
    search: str = ""
    offices: bool = False  #: whether "the Trump administration" counts as naming Trump
    copies: Copies = "all"
    as_of: int | None = None  #: the revision that numbers are true for; None: the newest

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of mention that count; ambiguous ones never do."""
        return ("person", "office") if self.offices else ("person",)


@dataclass(frozen=True, slots=True)
class Filter:
    """A field of `Filters`: its name on the command line and in an export's words, and what it means in SQL."""

    field: str
    kind: Literal["figures", "topics", "sources", "codes", "values", "day", "range", "search", "words", "flag"]
    option: str  #: of the command line
    help: str
    called: str = ""  #: in an export, where it is not the field
    on: Any = True  #: what a flag sets …
    told: str = ""  #: … and how an export says so
    values: tuple[str, ...] = ()  #: those that may be given, where they are few
    ends: tuple[float, float] = (-1.0, 1.0)  #: of a range that narrows nothing
    form: str = "+.2f"  #: how the ends of a range are written
    #: The condition in SQL, of the value and the columns of `content` and `article`; those of the current analysis are
    #: `_a`. None: the functions below know what to do.
    where: Callable[[Any, Any, Any], ColumnElement[bool]] | None = None
    base: bool = False  #: whether `where` narrows the denominator too, not the numerator alone

    def in_words(self, filters: Filters, sources: Mapping[int, str]) -> str:
        """`name=value` as an export says it; empty where the filter narrows nothing."""
        value = getattr(filters, self.field)
        match self.kind:
            case "sources":
                told = ", ".join(sources[id_] for id_ in value)
            case "day":
                told = value.isoformat() if value else ""
            case "range":
                told = " to ".join(f"{end:{self.form}}" for end in value or ())
            case "search" | "words":
                told = value.strip()
            case "flag":
                told = self.told if value == self.on else ""
            case _:
                told = ", ".join(value)
        return f"{self.called or self.field}={told}" if told else ""


#: In the order of the options. The dashboard's widgets for them are in dashboard/keys.py.
FILTERS: Final[tuple[Filter, ...]] = (
    Filter("figures", "figures", "--figure", "Name or id; may be repeated."),
    Filter("sources", "sources", "--source", "Name; may be repeated. Default: all but the demo."),
    Filter(
        "topics", "topics", "--topic", "Name or id; may be repeated.",
        where=lambda value, content, article: exists().where(_t.analysis_id == _a.id, _t.topic.in_(value)),
    ),
    Filter(
        "languages", "codes", "--language", "Two letters; may be repeated.",
        where=lambda value, content, article: content.language.in_(value), base=True,
    ),
    Filter(
        "texts", "values", "--text", "full, summary or title; may be repeated.", values=TEXT_KINDS,
        where=lambda value, content, article: content.text_kind.in_(value), base=True,
    ),
    Filter("since", "day", "--from", "First day (UTC).", called="from"),
    Filter("until", "day", "--to", "Last day (UTC).", called="to"),
    Filter(
        "tone", "range", "--tone", "Lowest and highest article tone, -1 to 1.",
        where=lambda value, content, article: _a.tone.between(*value),
    ),
    Filter("search", "search", "--search", "As in the search field: words, phrases, AND OR NOT, title: …"),
    Filter("offices", "flag", "--offices", "Count offices as naming their holder.", told="counted"),
    Filter(
        "copies", "flag", "--once", "Of a text that many printed, the copy that came first.", on="once",
        told="counted once",
    ),
)  # fmt: skip
#: The same by their fields.
BY_FIELD: Final = {row.field: row for row in FILTERS}
_NONE: Final = Filters()

#: Filters with their values.
FilterValues = Sequence[tuple[Filter, Any]]


def conditional(filters: Filters, *, base: bool) -> FilterValues:
    """The filters in force that are conditions on single articles: of the denominator, or of the numerator alone."""
    given = ((row, getattr(filters, row.field)) for row in FILTERS if row.where and row.base == base)
    return [(row, value) for row, value in given if value != getattr(_NONE, row.field)]


def conditions(given: FilterValues, content: Any = _c, article: Any = _art) -> Iterator[ColumnElement[bool]]:
    """These filters in SQL."""
    return (row.where(value, content, article) for row, value in given if row.where)


def passing(connection: Connection, given: FilterValues, as_of: int | None) -> Sequence[int]:
    """The ids of the analyses in force, as of a revision, of the articles that pass these filters and no others."""
    statement = select(_a.id).select_from(current(as_of)).where(live(_c, as_of), *conditions(given))
    return connection.execute(statement).scalars().all()


def current(as_of: int | None = None, *, by_index: bool = True) -> Join:
    """Contents with their analysis in force, article and source; whether the content is in force is still to be asked.

    As of a revision both are: an edit closes the analysis with the words, a re-scoring the analysis alone.
    `by_index=False`: contents are found by something else than the other tables (see `planner`).
    """
    content, article = (_c.id, _c.article_id) if by_index else (no_index(_c.id), no_index(_c.article_id))
    return (
        schema.content.join(schema.analysis, and_(_a.content_id == content, live(_a, as_of, by_index=by_index)))
        .join(schema.article, _art.id == article)
        .join(schema.source, schema.source.c.id == _art.source_id)
    )


def denominator(connection: Connection, filters: Filters, *, by_index: bool = True) -> list[ColumnElement[bool]]:
    """Articles of the sources, languages, kinds of text and period; of those the first of each story, where copies
    count once.
    """
    chosen = filters.sources or sources.automatic(connection, filters.as_of)
    found = _base(filters, chosen, _c, _art, by_index=by_index)
    if filters.copies == "once":
        found.append(~_earlier_copy(filters, chosen))
    return found


def _base(
    filters: Filters, chosen: Sequence[int], content: Any, article: Any, *, by_index: bool
) -> list[ColumnElement[bool]]:
    source, day = (article.source_id, content.day) if by_index else (no_index(article.source_id), no_index(content.day))
    found: list[ColumnElement[bool]] = [live(content, filters.as_of, by_index=by_index), source.in_(chosen)]
    found += conditions(conditional(filters, base=True), content, article)
    if filters.since:
        found.append(day >= filters.since)
    if filters.until:
        found.append(day <= filters.until)
    return found


def _earlier_copy(filters: Filters, chosen: Sequence[int]) -> ColumnElement[bool]:
    """Whether an article of the denominator that arrived before tells the same story."""
    analysis, content, article = (table.alias() for table in (schema.analysis, schema.content, schema.article))
    return exists(
        select(1)
        .select_from(
            analysis.join(content, content.c.id == no_index(analysis.c.content_id)).join(
                article, article.c.id == no_index(analysis.c.article_id)
            )
        )
        .where(
            analysis.c.story_id == _a.story_id,
            no_index(analysis.c.article_id) < _a.article_id,
            live(analysis.c, filters.as_of, by_index=False),
            *_base(filters, chosen, content.c, article.c, by_index=False),
        )
    )


def numerator(connection: Connection, filters: Filters, *, newest_first: bool = False) -> list[ColumnElement[bool]]:
    """Of these, the ones that topics, tone and search narrow them to; `newest_first` as in `search.conditions`.

    Raises SearchError when the search is not understood.
    """
    found = list(conditions(conditional(filters, base=False)))
    if filters.search.strip():
        found += search.conditions(connection, filters.search, filters.as_of, newest_first=newest_first)
    return found


def newest_first(connection: Connection, filters: Filters) -> list[ColumnElement[bool]]:
    """Both, for statements over `current(…, by_index=False)` in order of `published_at`: they walk down its index."""
    found = denominator(connection, filters, by_index=False)
    # A day is that of `published_at`: between its hours the walk begins and ends.
    if filters.since:
        found.append(_c.published_at >= datetime.combine(filters.since, time(), UTC))
    if filters.until and filters.until < date.max:
        found.append(_c.published_at < datetime.combine(filters.until + timedelta(days=1), time(), UTC))
    return found + numerator(connection, filters, newest_first=True)


def names_one(connection: Connection, filters: Filters) -> ColumnElement[bool]:
    """Whether an article names one of the figures."""
    naming = (_m.kind.in_(filters.kinds), no_index(_m.figure).in_(filters.figures))
    something_leads = connection.dialect.name != "sqlite" or filters.search.strip()
    if something_leads or named_often(connection, filters.figures):
        return exists().where(_m.analysis_id == _a.id, *naming)
    # Few mentions: they lead. To the content, not the analysis: of that, SQLite would try each for every content.
    rare = select(_named.c.content_id).join(schema.mention, _m.analysis_id == _named.c.id)
    return _c.id.in_(rare.where(_m.kind.in_(filters.kinds), _m.figure.in_(filters.figures))) & exists().where(
        _m.analysis_id == _a.id, *naming
    )
