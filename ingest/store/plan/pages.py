"""The pages that are to be fetched for articles of which the feed gives no whole text, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, or_, select, update

from ingest.errors import FetchError, IngestError
from ingest.fetch.rhythm import LONGEST
from ingest.models import Entry
from ingest.store import schema
from ingest.store.asof import live
from ingest.store.write import identity

#: Pages of one feed, and of all, that are due at once: a site that wants long pauses delays no other.
_OF_ONE, _OF_ALL = 10, 1_000
#: A page that could not be had is tried again after the first of these pauses, then the second, then never.
PAUSES = (timedelta(minutes=10), timedelta(hours=2))

_page = schema.page.c
#: Fields of an entry that the record has under the same name.
_AS_STORED = ("title", "body", "text_kind", "link", "guid", "author", "published_from", "feed_at", "language")


@dataclass(frozen=True, slots=True)
class PageState:
    """A page whose time has come."""

    article_id: int
    url: str
    tries: int


@dataclass(frozen=True, slots=True)
class PagedArticle:
    """An article whose page was fetched, as it is in the record."""

    content_id: int
    source: str  #: its feed's name
    entry: Entry


def ask(connection: Connection, source_id: int, entries: Iterable[Entry], now: datetime) -> None:
    """Notes that the pages of these articles of a feed are wanted, again when an article has been edited."""
    for entry in entries:
        article_id = identity.find(connection, str(source_id), identity.with_storable_keys(entry).keys)
        if article_id is None or entry.link is None:
            continue
        values = {"url": entry.link, "state": "waiting", "tries": 0, "next_at": now, "reason": None}
        mine = _page.article_id == article_id
        if not connection.execute(update(schema.page).where(mine).values(**values)).rowcount:
            connection.execute(insert(schema.page).values(article_id=article_id, source_id=source_id, **values))


def due(connection: Connection, now: datetime) -> list[PageState]:
    """The pages that are due, of articles that are current and of feeds that still want them."""
    source, content = schema.source.c, schema.content.c
    place = func.row_number().over(partition_by=_page.source_id, order_by=(_page.next_at, _page.article_id))
    waiting = (
        select(_page.article_id, _page.url, _page.tries, _page.next_at, place.label("place"))
        .join(schema.source, source.id == _page.source_id)
        .join(schema.content, (content.article_id == _page.article_id) & live(content, None))
        # Nothing is put off for so long, but by a clock that has been put back since.
        .where(or_(_page.next_at <= now, _page.next_at > now + 2 * LONGEST), source.full_text != "never")
        .subquery()
    )
    question = select(waiting).where(waiting.c.place <= _OF_ONE).order_by(waiting.c.place).limit(_OF_ALL)
    return [PageState(row.article_id, row.url, row.tries) for row in connection.execute(question)]


def current_words(connection: Connection, article_id: int) -> PagedArticle | None:
    """The current words of an article; None when it has been withdrawn."""
    content, source = schema.content, schema.source.c
    row = connection.execute(
        select(content, schema.content_text.c.body, schema.article.c.guid, source.key, source.name)
        .join(schema.content_text, schema.content_text.c.content_id == content.c.id)
        .join(schema.article, schema.article.c.id == content.c.article_id)
        .join(schema.source, source.id == schema.article.c.source_id)
        .where(content.c.article_id == article_id, live(content.c, None))
    ).first()
    if row is None:
        return None
    same = {name: getattr(row, name) for name in _AS_STORED}
    return PagedArticle(row.id, row.name, Entry(source=row.key, keys=(), published=row.published_at, **same))


def done(connection: Connection, article_id: int) -> None:
    """Notes that the article has the text of its page now."""
    _note(connection, article_id, state="done", next_at=None, reason=None)


def failed(connection: Connection, page: PageState, error: IngestError, now: datetime) -> None:
    """Notes why a page could not be had, and when it is tried again."""
    pause = PAUSES[page.tries] if page.tries < len(PAUSES) else None
    wait = error.retry_after if isinstance(error, FetchError) else None
    # A refusal is one; a fault of the server, of the network or of its reader may pass.
    if pause is None or (isinstance(error, FetchError) and error.final):
        _note(connection, page.article_id, state="failed", tries=page.tries + 1, next_at=None, reason=str(error))
        return
    next_at = now + max(pause, wait or pause)
    _note(connection, page.article_id, tries=page.tries + 1, next_at=next_at, reason=str(error))


def _note(connection: Connection, article_id: int, **values: object) -> None:
    connection.execute(update(schema.page).where(_page.article_id == article_id).values(**values))
