"""Reads the record: articles with their words, and the evidence behind a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, select

from ingest.models import Analysis, Mention, TextKind
from ingest.store import rows, schema
from ingest.store.asof import live
from ingest.store.planner import no_index
from ingest.store.read import analyses
from ingest.store.read.filters import Filters, current, names_one, newest_first, numerator
from ingest.store.search.search import limited
from ingest.text import plain

_c, _a, _art, _src = schema.content.c, schema.analysis.c, schema.article.c, schema.source.c
_m, _t = schema.mention.c, schema.analysis_topic.c

#: Rows that may not fit into memory are fetched in parts.
_IN_PARTS = {"yield_per": 500}


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
    text_kind: TextKind
    author: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that a number counts, with where it comes from."""

    id: int  #: of the mention
    article: Headline
    mention: Mention
    sentence: str
    start: int  #: of the name, in the sentence
    end: int


@dataclass(frozen=True, slots=True)
class FullArticle:
    """An article with its words and everything the analysis found in them."""

    headline: Headline
    text: str
    analysis: Analysis
    versions: int
    scorer: str


#: In the order of `Headline`.
_HEADLINE = (
    _art.id, _art.uid, _c.title, _src.name.label("source"), _c.language, _c.published_at, _c.published_from, _c.day,
    _c.link, _a.tone, _c.text_kind, _c.author,
)  # fmt: skip


def headlines(connection: Connection, filters: Filters, *, limit: int | None = None) -> list[Headline]:
    """The articles that pass all filters (and name one of the figures, if any are chosen), newest first.

    Raises SearchError when the search is not understood, or takes too long.
    """
    statement = _listed(connection, filters, limit)
    with limited(connection) if filters.search.strip() else nullcontext():
        return [Headline(*row) for row in connection.execute(statement)]


def every_headline(connection: Connection, filters: Filters) -> Iterator[Sequence[Headline]]:
    """The same without end, some hundred at a time, so that any number of them takes no memory."""
    found = connection.execute(_listed(connection, filters, None), execution_options=_IN_PARTS)
    for part in found.partitions():
        yield [Headline(*row) for row in part]


def _listed(connection: Connection, filters: Filters, limit: int | None) -> Select[Any]:
    conditions = newest_first(connection, filters)
    if filters.figures:
        conditions.append(names_one(connection, filters))
    statement = select(*_HEADLINE).select_from(current(filters.as_of, by_index=False)).where(*conditions)
    return statement.order_by(_c.published_at.desc(), _art.id.desc()).limit(limit)


def evidence(connection: Connection, mention_ids: Sequence[int]) -> list[Evidence]:
    """The sentences of these mentions, in the order asked for."""
    sentences, body = schema.analysis_sentences.c, schema.content_text.c
    found: dict[int, Evidence] = {}
    statement = select(schema.mention, sentences.spans, body.body, *_HEADLINE).select_from(
        schema.mention.join(schema.analysis, _a.id == _m.analysis_id)
        .join(schema.content, _c.id == _a.content_id)
        .join(schema.article, _art.id == _c.article_id)
        .join(schema.source, _src.id == _art.source_id)
        .join(schema.content_text, body.content_id == _c.id)
        .join(schema.analysis_sentences, sentences.analysis_id == _a.id)
    )
    for row in rows.among(connection, statement, _m.id, mention_ids):
        headline = Headline(*row[-len(_HEADLINE) :])
        start, end, _ = row.spans[row.sentence]
        sentence = plain.joined(headline.title, row.body)[start:end]
        place = row.start - start, min(row.end, end) - start
        found[row.id] = Evidence(row.id, headline, analyses.mention(row), sentence, *place)
    return [found[id_] for id_ in mention_ids if id_ in found]


def articles_of(connection: Connection, mention_ids: Sequence[int]) -> int:
    """How many articles these mentions stand in."""
    part = select(_m.article_id).distinct()
    return len({row.article_id for row in rows.among(connection, part, _m.id, mention_ids)})


def article(connection: Connection, uid: str, as_of: int | None = None) -> FullArticle | None:
    """One article as it stands, now or as of a revision; None when there is none of this id, or it was withdrawn."""
    row = connection.execute(
        select(*_HEADLINE, _a.id.label("analysis_id"), _a.scorer, schema.content_text.c.body)
        .select_from(current(as_of).join(schema.content_text, schema.content_text.c.content_id == _c.id))
        .where(live(_c, as_of), _art.uid == uid)
    ).one_or_none()
    if row is None:
        return None
    headline = Headline(*row[: len(_HEADLINE)])
    # The text of its page is no edit of the summary that it followed.
    so_far = select(func.count()).where(_c.article_id == headline.id, _c.given_hash.is_(None))
    versions = connection.execute(so_far if as_of is None else so_far.where(_c.rev_from <= as_of)).scalar_one()
    analysis = analyses.of(connection, [row.analysis_id])[row.analysis_id]
    return FullArticle(headline, plain.joined(headline.title, row.body), analysis, versions, row.scorer)


def mention_ids(connection: Connection, filters: Filters) -> Iterator[Sequence[int]]:
    """The mentions (offices and ambiguous ones too, named as such) in the articles that pass all filters, in parts."""
    conditions = newest_first(connection, filters)
    if filters.figures:
        conditions += [names_one(connection, filters), no_index(_m.figure).in_(filters.figures)]
    joined = current(filters.as_of, by_index=False).join(schema.mention, _m.analysis_id == _a.id)
    statement = select(_m.id).select_from(joined).where(*conditions)
    statement = statement.order_by(_c.published_at.desc(), _art.id.desc(), _m.start, _m.id)
    yield from connection.execute(statement, execution_options=_IN_PARTS).scalars().partitions()


def named(connection: Connection, article_ids: Sequence[int], as_of: int | None = None) -> dict[int, list[str]]:
    """Which figures each article names as persons, by article id."""
    persons = select(_m.article_id, _m.figure).distinct().where(_m.kind == "person")
    return _lists(connection, article_ids, persons, _m, as_of)


def topics_of(connection: Connection, article_ids: Sequence[int], as_of: int | None = None) -> dict[int, list[str]]:
    """The topics of each article, by article id."""
    return _lists(connection, article_ids, select(_t.article_id, _t.topic), _t, as_of)


def _lists(
    connection: Connection, ids: Sequence[int], statement: Select[Any], columns: Any, as_of: int | None
) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    joined = statement.join(schema.analysis, and_(_a.id == columns.analysis_id, live(_a, as_of)))
    # By the analysis, not by the article: that is what the tables are indexed by.
    for id_, value in rows.among(connection, joined, _a.article_id, ids):
        found.setdefault(id_, []).append(value)
    return found


def withdrawable(
    connection: Connection, *, sources: Sequence[int], path: str | None, search: str | None
) -> dict[int, str]:
    """Titles, by id, of the current articles that fit all that is given; `path` may hold `*` and `?`."""
    # What is given and empty fits nothing: `--search "$FORGOTTEN"` must not close the whole record.
    conditions: list[ColumnElement[bool]] = [_c.rev_to.is_(None)]
    if sources:
        conditions.append(_art.source_id.in_(sources))
    if path is not None:
        escaped: dict[str, str | int | None] = {"\\": "\\\\", "%": "\\%", "_": "\\_", "*": "%", "?": "_"}
        pattern = path.translate(str.maketrans(escaped))
        keys = schema.article_key.c
        named = select(keys.article_id).where(keys.scope == "folder", keys.key.like(f"path:{pattern}", escape="\\"))
        conditions.append(_art.id.in_(named))
    if search is not None:
        conditions += numerator(connection, Filters(search=search)) or [false()]
    found = connection.execute(select(_art.id, _c.title).select_from(current()).where(*conditions))
    return {row.id: row.title for row in found}
