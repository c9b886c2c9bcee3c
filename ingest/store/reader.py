"""Reads the record: articles with their words, sources, the watch-list, and the numbers the exports carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select

from ingest.models import DEMO_GROUP
from ingest.store import schema, search

_c, _a, _art, _src, _m, _t = (
    schema.content.c,
    schema.analysis.c,
    schema.article.c,
    schema.source.c,
    schema.mention.c,
    schema.analysis_topic.c,
)

#: Statements with more bound values than this are cut in parts; SQLite's own limit is 32766.
_MANY = 5_000


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

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of mention that count; ambiguous ones never do."""
        return ("person", "office") if self.offices else ("person",)

    @property
    def narrows(self) -> bool:
        """Whether the numerator is narrower than the denominator (figures aside)."""
        return bool(self.topics or self.tone or self.search.strip())


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source with its state and what the record holds of it."""

    id: int
    kind: str
    key: str
    name: str
    group: str
    home: str | None
    language: str | None
    listed: bool
    state: str
    failures: int
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    next_at: datetime | None
    articles: int
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Headline:
    """An article as a line in a list."""

    id: int
    uid: str
    title: str
    source: str
    language: str
    published_at: datetime
    published_from: str
    day: date
    link: str | None
    tone: float | None
    text_kind: str
    author: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that a number counts, with where it comes from."""

    mention: int
    article: Headline
    figure: str
    kind: str
    sentence: str
    start: int  #: of the name, in the sentence
    end: int
    tone: float | None
    label: str | None
    because: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class FullArticle:
    """An article with its words and everything the analysis found in them."""

    headline: Headline
    text: str
    sentences: tuple[tuple[int, int, float | None], ...]
    mentions: tuple[dict[str, Any], ...]
    topics: tuple[dict[str, Any], ...]
    versions: int
    scorer: str


def automatic_sources(connection: Connection) -> list[int]:
    """The ids of all sources but the demo; of the demo too while nothing else has articles."""
    rows = connection.execute(select(_src.id, _src.group)).all()
    real = [row.id for row in rows if row.group != DEMO_GROUP]
    if (
        real
        and connection.execute(
            select(_art.id)
            .join(schema.content, (_c.article_id == _art.id) & _c.rev_to.is_(None))
            .where(_art.source_id.in_(real))
            .limit(1)
        ).first()
    ):
        return real
    return [row.id for row in rows]


def _current() -> Any:
    return (
        schema.content.join(schema.analysis, and_(_a.content_id == _c.id, _a.rev_to.is_(None)))
        .join(schema.article, _art.id == _c.article_id)
        .join(schema.source, _src.id == _art.source_id)
    )


def _denominator(connection: Connection, filters: Filters) -> list[ColumnElement[bool]]:
    sources = filters.sources or automatic_sources(connection)
    conditions: list[ColumnElement[bool]] = [_c.rev_to.is_(None), _art.source_id.in_(sources)]
    if filters.languages:
        conditions.append(_c.language.in_(filters.languages))
    if filters.since:
        conditions.append(_c.day >= filters.since)
    if filters.until:
        conditions.append(_c.day <= filters.until)
    return conditions


def _numerator(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.topics:
        conditions.append(exists().where(_t.analysis_id == _a.id, _t.topic.in_(filters.topics)))
    if filters.tone:
        conditions.append(_a.tone.between(*filters.tone))
    if filters.search.strip():
        found = search.matching(filters.search)
        conditions.append(_c.article_id.in_(found.subquery().select()) if found is not None else _c.id < 0)
    return conditions


def _names_one(filters: Filters) -> ColumnElement[bool]:
    return exists().where(_m.analysis_id == _a.id, _m.kind.in_(filters.kinds), _m.figure.in_(filters.figures))


_HEADLINE = (
    _art.id, _art.uid, _c.title, _src.name.label("source"), _c.language, _c.published_at, _c.published_from, _c.day,
    _c.link, _a.tone, _c.text_kind, _c.author,
)  # fmt: skip


def _headlines(rows: Any) -> list[Headline]:
    return [Headline(**row) for row in rows]


def headlines(connection: Connection, filters: Filters, *, limit: int | None = None) -> list[Headline]:
    """The articles that pass all filters (and name one of the figures, if any are chosen), newest first."""
    conditions = [*_denominator(connection, filters), *_numerator(filters)]
    if filters.figures:
        conditions.append(_names_one(filters))
    statement = select(*_HEADLINE).select_from(_current()).where(*conditions)
    statement = statement.order_by(_c.published_at.desc(), _art.id.desc()).limit(limit)
    return _headlines(connection.execute(statement).mappings())


def headlines_of(connection: Connection, ids: Sequence[int]) -> dict[int, Headline]:
    """The current headlines of these articles, by id."""
    found: list[Headline] = []
    for at in range(0, len(ids), _MANY):
        statement = select(*_HEADLINE).select_from(_current())
        part = statement.where(_c.rev_to.is_(None), _art.id.in_(ids[at : at + _MANY]))
        found += _headlines(connection.execute(part).mappings())
    return {headline.id: headline for headline in found}


def evidence(connection: Connection, mention_ids: Sequence[int]) -> list[Evidence]:
    """The sentences of these mentions, in the order asked for."""
    sentences, body = schema.analysis_sentences.c, schema.content_text.c
    found: dict[int, Evidence] = {}
    for at in range(0, len(mention_ids), _MANY):
        statement = (
            select(
                schema.mention, *(column.label(f"h_{column.name}") for column in _HEADLINE), sentences.spans, body.body
            )
            .select_from(
                schema.mention.join(schema.analysis, _a.id == _m.analysis_id)
                .join(schema.content, _c.id == _a.content_id)
                .join(schema.article, _art.id == _c.article_id)
                .join(schema.source, _src.id == _art.source_id)
                .join(schema.content_text, body.content_id == _c.id)
                .join(schema.analysis_sentences, sentences.analysis_id == _a.id)
            )
            .where(_m.id.in_(mention_ids[at : at + _MANY]))
        )
        for row in connection.execute(statement).mappings():
            article = Headline(**{name[2:]: value for name, value in row.items() if name.startswith("h_")})
            start, end, _ = row["spans"][row["sentence"]]
            whole = _text(row["h_title"], row["body"])
            found[row["id"]] = Evidence(
                mention=row["id"],
                article=article,
                figure=row["figure"],
                kind=row["kind"],
                sentence=whole[start:end],
                start=row["start"] - start,
                end=min(row["end"], end) - start,
                tone=row["tone_rule"] if row["tone_encoder"] is None else row["tone_encoder"],
                label=row["label"],
                because=tuple((word, weight) for word, weight in row["because"]),
            )
    return [found[id_] for id_ in mention_ids if id_ in found]


def _text(title: str, body: str) -> str:
    return f"{title}\n\n{body}" if body else title


def article(connection: Connection, uid: str) -> FullArticle | None:
    """One article as it stands now; None when there is none of this id, or it has been withdrawn."""
    row = (
        connection.execute(
            select(*_HEADLINE, _a.id.label("analysis_id"), _a.scorer, schema.content_text.c.body)
            .select_from(_current().join(schema.content_text, schema.content_text.c.content_id == _c.id))
            .where(_c.rev_to.is_(None), _art.uid == uid)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    values = dict(row)
    analysis_id, scorer, body = values.pop("analysis_id"), values.pop("scorer"), values.pop("body")
    headline = Headline(**values)
    spans = connection.execute(
        select(schema.analysis_sentences.c.spans).where(schema.analysis_sentences.c.analysis_id == analysis_id)
    ).scalar_one()
    mentions = connection.execute(
        select(schema.mention).where(_m.analysis_id == analysis_id).order_by(_m.start)
    ).mappings()
    topics = connection.execute(select(schema.analysis_topic).where(_t.analysis_id == analysis_id)).mappings()
    versions = connection.execute(select(func.count()).where(_c.article_id == headline.id)).scalar_one()
    return FullArticle(
        headline=headline,
        text=_text(headline.title, body),
        sentences=tuple((start, end, tone) for start, end, tone in spans),
        mentions=tuple(dict(mention) for mention in mentions),
        topics=tuple(dict(topic) for topic in topics),
        versions=versions,
        scorer=scorer,
    )


def sources(connection: Connection) -> list[SourceRow]:
    """All sources, by group and name, with how many current articles each has."""
    counts = (
        select(_art.source_id, func.count().label("articles"), func.max(_c.published_at).label("newest"))
        .join(schema.content, (_c.article_id == _art.id) & _c.rev_to.is_(None))
        .group_by(_art.source_id)
        .subquery()
    )
    rows = connection.execute(
        select(schema.source, func.coalesce(counts.c.articles, 0).label("articles"), counts.c.newest)
        .outerjoin(counts, counts.c.source_id == _src.id)
        .order_by(_src.group, _src.name)
    ).mappings()
    names = SourceRow.__dataclass_fields__
    return [SourceRow(**{name: row[name] for name in names}) for row in rows]


@dataclass(frozen=True, slots=True)
class Watched:
    """The newest snapshot of the watch-list: what every number in the record was made with."""

    hash: str
    figures: tuple[dict[str, Any], ...]
    topics: tuple[dict[str, Any], ...]


def watchlist(connection: Connection) -> Watched:
    """The newest snapshot; empty before the first article."""
    row = (
        connection.execute(select(schema.watchlist).order_by(schema.watchlist.c.id.desc()).limit(1)).mappings().first()
    )
    return Watched(row["hash"], tuple(row["figures"]), tuple(row["topics"])) if row else Watched("", (), ())


def newest_fetch(connection: Connection) -> datetime | None:
    """When some source was last heard from."""
    return connection.execute(select(func.max(_src.last_success_at))).scalar()


def mention_ids(connection: Connection, filters: Filters) -> list[int]:
    """The mentions (offices and ambiguous ones too, named as such) in the articles that pass all filters."""
    conditions = [*_denominator(connection, filters), *_numerator(filters)]
    if filters.figures:
        conditions.append(_m.figure.in_(filters.figures))
    joined = _current().join(schema.mention, _m.analysis_id == _a.id)
    statement = select(_m.id).select_from(joined).where(*conditions)
    return list(connection.execute(statement.order_by(_c.published_at.desc(), _art.id.desc(), _m.start)).scalars())


def named(connection: Connection, article_ids: Sequence[int]) -> dict[int, list[str]]:
    """Which figures each article names as persons, by article id."""
    return _lists(connection, article_ids, select(_m.article_id, _m.figure).distinct().where(_m.kind == "person"), _m)


def topics_of(connection: Connection, article_ids: Sequence[int]) -> dict[int, list[str]]:
    """The topics of each article, by article id."""
    return _lists(connection, article_ids, select(_t.article_id, _t.topic), _t)


def _lists(connection: Connection, ids: Sequence[int], statement: Select[Any], columns: Any) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    current = statement.join(schema.analysis, (_a.id == columns.analysis_id) & _a.rev_to.is_(None))
    for at in range(0, len(ids), _MANY):
        part = connection.execute(current.where(columns.article_id.in_(ids[at : at + _MANY])))
        for id_, value in part.all():
            found.setdefault(id_, []).append(value)
    return found


@dataclass(frozen=True, slots=True)
class DayCount:
    """Articles of one day that name a figure; `figure` is None for all articles."""

    day: date
    figure: str | None
    articles: int


def attention(connection: Connection, filters: Filters) -> Iterator[DayCount]:
    """First the denominator of each day, then for each figure the articles that name it (offices too, if counted)."""
    base = _denominator(connection, filters)
    for day, articles in connection.execute(
        select(_c.day, func.count()).select_from(_current()).where(*base).group_by(_c.day)
    ):
        yield DayCount(day, None, articles)
    conditions = [*base, *_numerator(filters), _m.kind.in_(filters.kinds)]
    if filters.figures:
        conditions.append(_m.figure.in_(filters.figures))
    joined = _current().join(schema.mention, _m.analysis_id == _a.id)
    for day, figure, articles in connection.execute(
        select(_c.day, _m.figure, func.count(_m.article_id.distinct()))
        .select_from(joined)
        .where(*conditions)
        .group_by(_c.day, _m.figure)
    ):
        yield DayCount(day, figure, articles)


def withdrawable(
    connection: Connection, *, sources: Sequence[int], path: str | None, search: str | None
) -> dict[int, str]:
    """Titles, by id, of the current articles that fit all that is given; `path` may hold `*` and `?`."""
    conditions: list[ColumnElement[bool]] = [_c.rev_to.is_(None)]
    if sources:
        conditions.append(_art.source_id.in_(sources))
    if path:
        escaped: dict[str, str | int | None] = {"\\": "\\\\", "%": "\\%", "_": "\\_", "*": "%", "?": "_"}
        pattern = path.translate(str.maketrans(escaped))
        keys = schema.article_key.c
        named = select(keys.article_id).where(keys.scope == "folder", keys.key.like(f"path:{pattern}", escape="\\"))
        conditions.append(_art.id.in_(named))
    if search:
        conditions += _numerator(Filters(search=search))
    rows = connection.execute(select(_art.id, _c.title).select_from(_current()).where(*conditions))
    return {row.id: row.title for row in rows}
