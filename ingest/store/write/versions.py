"""Opens and closes versions of articles: their content, with text and index, and their analysis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, select, update

from ingest.models import Analysis, Article, PublishedFrom
from ingest.store import rows, schema
from ingest.store.search import index
from ingest.store.search.index import IndexRow
from ingest.store.types import Packed, packed
from ingest.text import plain, signatures

#: Fields of a mention that its row has under the same name.
_MENTION = (
    "figure", "sentence", "start", "end", "kind", "tone_rule", "tone_encoder", "confidence", "label",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scoring:
    """The watch-list and scorer that an analysis was made with."""

    watchlist_id: int
    scorer: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The article, source, story and revision that new rows belong to."""

    article_id: int
    source_id: int
    story_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class LatestVersion:
    """The newest version of an article; `open` is false if it has been withdrawn."""

    content_id: int
    source_id: int
    story_id: int
    hash: str  #: the fingerprint of what the source gave
    open: bool
    day: date
    published_at: datetime
    published_from: PublishedFrom


def latest(connection: Connection, article_id: int) -> LatestVersion:
    """The newest version of an article, withdrawn or not."""
    content, analysis = schema.content, schema.analysis
    row = connection.execute(
        select(content, schema.article.c.source_id)
        .join(schema.article, schema.article.c.id == content.c.article_id)
        .where(content.c.article_id == article_id)
        .order_by(content.c.id.desc())
        .limit(1)
    ).one()
    story_id = connection.execute(
        select(analysis.c.story_id).where(analysis.c.article_id == article_id).order_by(analysis.c.id.desc()).limit(1)
    ).scalar_one()
    hash_, open_, published = row.given_hash or row.hash, row.rev_to is None, (row.published_at, row.published_from)
    return LatestVersion(row.id, row.source_id, story_id, hash_, open_, row.day, *published)


def is_open(connection: Connection, article_id: int) -> bool:
    """Whether the article has a current version."""
    content = schema.content
    current = select(content.c.id).where(content.c.article_id == article_id, content.c.rev_to.is_(None))
    return connection.execute(current).first() is not None


def current(connection: Connection, analysis_ids: Iterable[int]) -> list[Row[Any]]:
    """Those of these analyses that are current, in order: id, article, content, story, source and day."""
    analysis, content, article = schema.analysis.c, schema.content.c, schema.article.c
    question = (
        select(analysis.id, analysis.article_id, analysis.content_id, analysis.story_id, article.source_id, content.day)
        .join(schema.content, content.id == analysis.content_id)
        .join(schema.article, article.id == analysis.article_id)
        .where(analysis.rev_to.is_(None), content.rev_to.is_(None))
        .order_by(analysis.id)
    )
    return list(rows.among(connection, question, analysis.id, sorted(analysis_ids)))


def close(connection: Connection, article_id: int, revision: int) -> None:
    """Closes the current content and analysis of an article at this revision."""
    for table in (schema.content, schema.analysis):
        connection.execute(
            update(table).where(table.c.article_id == article_id, table.c.rev_to.is_(None)).values(rev_to=revision)
        )


def close_analyses(connection: Connection, analysis_ids: Sequence[int], revision: int) -> None:
    """Closes these analyses at this revision; the words stay."""
    table = schema.analysis
    for part in rows.parts(analysis_ids):
        connection.execute(update(table).where(table.c.id.in_(part)).values(rev_to=revision))


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an article's words, to be opened."""

    owner: Owner
    article: Article
    hash: str
    given_hash: str | None = None  #: of what the source gave, if the words are those of the article's page
    page_at: datetime | None = None  #: the date on that page


@dataclass(frozen=True, slots=True)
class NewAnalysis:
    """An analysis, to be opened, of words that are in the record."""

    owner: Owner
    analysis: Analysis
    content_id: int
    day: date


def open_contents(connection: Connection, opened: Sequence[Version], scoring: Scoring, *, now: datetime) -> None:
    """Adds versions of articles' words to the record and the full-text index, with their analyses."""
    ids = rows.reserve_ids(connection, schema.content, len(opened))
    contents, texts, indexed, analyses = [], [], [], []
    for content_id, version in zip(ids, opened, strict=True):
        entry, owner = version.article.entry, version.owner
        published = entry.published or now
        day = published.date()
        of = {"id": content_id, "article_id": owner.article_id, "rev_from": owner.revision}
        hashes = {"hash": version.hash, "given_hash": version.given_hash}
        words = {name: getattr(entry, name) for name in ("title", "author", "link", "text_kind", "feed_at")}
        words |= {"language": version.article.analysis.language, "page_at": version.page_at, "fetched_at": now}
        words |= {"published_from": entry.published_from if entry.published else "fetch time"}
        contents.append({**of, **hashes, **words, "published_at": published, "day": day})
        body = plain.body_of(version.article.text, entry.title)
        stored = Packed(body, version.article.packed) if version.article.packed else body
        texts.append({"content_id": content_id, "article_id": owner.article_id, "body": stored})
        indexed.append(_indexed(content_id, version.article, body))
        analyses.append(NewAnalysis(owner, version.article.analysis, content_id, day))
    rows.add(connection, schema.content, contents)
    rows.add(connection, schema.content_text, texts)
    index.add(connection, indexed)
    open_analyses(connection, analyses, scoring)


def prepared(article: Article) -> Article:
    """The article with tokens, packed body and signature, made beside the analysis to save the only writer the time."""
    entry = article.entry
    body = plain.body_of(article.text, entry.title)
    found = index.row(0, title=entry.title, body=body, author=entry.author)
    signature = signatures.signature(body)
    return replace(article, tokens=(found.title, found.body), packed=packed(body), signature=signature)


def signature_of(article: Article) -> bytes:
    """The article's signature, as `prepared` made it or made now."""
    if article.signature is not None:
        return article.signature
    return signatures.signature(plain.body_of(article.text, article.entry.title))


def stored_signature(connection: Connection, content_id: int) -> bytes:
    """The signature of a version in the record."""
    body = schema.content_text.c
    return signatures.signature(connection.execute(select(body.body).where(body.content_id == content_id)).scalar_one())


def _indexed(content_id: int, article: Article, body: str) -> IndexRow:
    if article.tokens is None:
        return index.row(content_id, title=article.entry.title, body=body, author=article.entry.author)
    return IndexRow(content_id, *article.tokens)


def open_analyses(connection: Connection, opened: Sequence[NewAnalysis], scoring: Scoring) -> None:
    """Adds analyses of contents, with their sentences, mentions and topics."""
    ids = rows.reserve_ids(connection, schema.analysis, len(opened))
    facts, made_with = attrgetter(*_MENTION), asdict(scoring)
    analyses, spans, mentions, topics = [], [], [], []
    for analysis_id, scored in zip(ids, opened, strict=True):
        owner, analysis = scored.owner, scored.analysis
        both = {"analysis_id": analysis_id, "article_id": owner.article_id}
        ids_of = {"article_id": owner.article_id, "content_id": scored.content_id, "story_id": owner.story_id}
        found = {"tone": analysis.tone, "sentences": len(analysis.sentences), "words": analysis.words}
        analyses.append({"id": analysis_id, "rev_from": owner.revision, **ids_of, **found, **made_with})
        spans.append({"spans": [[s.start, s.end, s.tone] for s in analysis.sentences], **both})
        of = {"source_id": owner.source_id, "day": scored.day, **both}
        mentions += [
            {**dict(zip(_MENTION, facts(m), strict=True)), "because": [[c.word, c.weight] for c in m.because], **of}
            for m in analysis.mentions
        ]
        topics += [{"topic": hit.topic, "hits": hit.hits, "words": list(hit.words), **both} for hit in analysis.topics]
    rows.add(connection, schema.analysis, analyses)
    rows.add(connection, schema.analysis_sentences, spans)
    rows.add(connection, schema.mention, mentions)
    rows.add(connection, schema.analysis_topic, topics)
