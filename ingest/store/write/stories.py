"""Decides which story an article belongs to, inside the write transaction, so any number of writers is safe.

A story is one text with its reprints. Its first article opens it and gives it its uid; a copy that is published within
three weeks of it joins. A copy of two stories joins the older one, and the other stays: a story never ends, and no
article moves because of another one. An edited article is looked at again: it may become a copy, or leave for a story
of its own if it no longer is one. Earlier revisions keep what they had.

The texts that can be copied are in the table `signature`, for four weeks after they arrived; none is kept in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, text

from ingest.store import rows, schema
from ingest.text import signatures
from ingest.text.signatures import Signature

#: Days within which a copy is published; a later reprint is a news decision of its own.
WINDOW = 21
#: Days whose keys have one prefix; twice the window, so that two such periods have all that is looked for.
_PERIOD = 2 * WINDOW
#: How long after its arrival a text can be copied, even an old text from an archive.
_KEPT = timedelta(days=28)
#: A key that this many stories of a period have is of a footer, a notice or a template, and is ignored.
_COMMON = 4
#: Signatures that a commit deletes at most, and those it may delete in addition for each new one.
_CLEARED, _CLEARED_EACH = 200, 2

_BITS = 30
_EPOCH = date(1970, 1, 1).toordinal()

_HITS = {
    "sqlite": "json_each(:keys) AS wanted CROSS JOIN signature_key AS held ON held.key = wanted.value",
    "postgresql": "unnest(CAST(:keys AS bigint[])) AS wanted (value) "
    "JOIN signature_key AS held ON held.key = wanted.value",
}
_KEEP = {
    "sqlite": "INSERT INTO signature_key (key, signature_id, story_id) VALUES (?, ?, ?)",
    "postgresql": "INSERT INTO signature_key (key, signature_id, story_id) VALUES (%s, %s, %s)",
}


@dataclass(frozen=True, slots=True)
class NewWords:
    """The words of an article that is new or was edited."""

    article_id: int
    source_id: int
    uid: str  #: the article's
    day: date  #: on which they were published
    signature: bytes
    story_id: int | None = None  #: the article's story so far; None for a new one
    before: bytes = b""  #: the signature of its words before


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that may be copied."""

    id: int
    article_id: int
    source_id: int
    story_id: int
    day: date
    signature: Signature


def resolve(connection: Connection, items: Sequence[NewWords], *, now: datetime) -> list[int]:
    """The story id of each of these articles, in order; new stories are inserted. Few statements for many articles."""
    sketches = [signatures.read(words.signature) if words.signature else None for words in items]
    candidates = _Candidates(connection, items, sketches)
    spare = iter(rows.reserve_ids(connection, schema.story, len(items)))
    story_ids: list[int] = []
    opened = []
    for words, made in zip(items, sketches, strict=True):
        copied = candidates.copied(words, made) if made else []
        story_id = _joined(connection, words, made, copied)
        if story_id is None:
            uid, story_id = _uid(connection, words)
            if story_id is None:
                story_id = next(spare)
                opened.append({"id": story_id, "uid": uid, "first_article_id": words.article_id, "first_seen": now})
        story_ids.append(story_id)
        if made and not any(
            each.story_id == story_id and signatures.interchangeable(made, each.signature) for each in copied
        ):
            candidates.add(words, made, story_id, now.date())
    rows.add(connection, schema.story, opened)
    candidates.write(connection)
    _clear(connection, now.date() - _KEPT, _CLEARED + _CLEARED_EACH * len(items))
    return story_ids


def _joined(connection: Connection, words: NewWords, made: Signature | None, copied: Sequence[_Text]) -> int | None:
    """The story that an article joins or stays in; None if it needs one of its own."""
    found = {each.story_id for each in copied}
    if words.story_id is not None and _still_similar(words, made):
        found.add(words.story_id)
    if found:
        return min(found)
    # It is no longer a copy; if it is alone in its story, it stays there.
    return words.story_id if words.story_id is not None and _is_only_member(connection, words) else None


def _still_similar(words: NewWords, made: Signature | None) -> bool:
    """Whether an edited article is still similar to what it was."""
    if words.before == words.signature:
        return True
    return made is not None and bool(words.before) and signatures.copies(made, signatures.read(words.before))


def _is_only_member(connection: Connection, words: NewWords) -> bool:
    analysis = schema.analysis.c
    others = select(analysis.id).where(
        analysis.story_id == words.story_id, analysis.article_id != words.article_id, analysis.rev_to.is_(None)
    )
    return connection.execute(others.limit(1)).first() is None


def _uid(connection: Connection, words: NewWords) -> tuple[str, int | None]:
    """The uid of an article's own story, and its id if it exists, because the article was in it before."""
    if words.story_id is None:
        return words.uid, None
    story = schema.story.c
    again = hashlib.sha256(f"{words.uid}\x1f{words.signature.hex()}".encode()).hexdigest()[:16]
    asked = select(story.uid, story.id).where(story.uid.in_([words.uid, again]))
    found = {row.uid: int(row.id) for row in connection.execute(asked)}
    return (again, found.get(again)) if words.uid in found else (words.uid, None)


class _Candidates:
    """The texts that new words may be copies of, including earlier ones of the same call."""

    def __init__(self, connection: Connection, items: Sequence[NewWords], sketches: Sequence[Signature | None]) -> None:
        self._asked = {
            words.article_id: [key for period in _periods(words.day) for key in _keys(period, made)]
            for words, made in zip(items, sketches, strict=True)
            if made
        }
        self._numbers = iter(rows.reserve_ids(connection, schema.signature, len(self._asked)))
        #: key → the texts that have it, each with its story
        self._by_key: dict[int, list[tuple[int, int]]] = {}
        for key, id_, story_id in _hits(connection, {key for keys in self._asked.values() for key in keys}):
            self._by_key.setdefault(key, []).append((id_, story_id))
        wanted = {id_ for article_id in self._asked for id_ in self._sharing(article_id)}
        self._texts = {row.id: _text(row) for row in _signatures(connection, wanted)}
        self._added: list[dict[str, Any]] = []
        self._keys: list[tuple[int, int, int]] = []

    def copied(self, words: NewWords, made: Signature) -> list[_Text]:
        """The texts of which an article is a copy."""
        return [
            each
            for each in map(self._texts.__getitem__, self._sharing(words.article_id))
            if abs((each.day - words.day).days) <= WINDOW
            and signatures.copies(made, each.signature, one_outlet=_one_outlet(each, words))
        ]

    def add(self, words: NewWords, made: Signature, story_id: int, today: date) -> None:
        """Adds a text with the keys that neither its story nor many other texts have, if there are any."""
        id_ = next(self._numbers)
        own = []
        for key in _keys(_period(words.day), made):
            entries = self._by_key.get(key)
            if entries is None:
                self._by_key[key] = [(id_, story_id)]
            elif len(entries) < _COMMON and story_id not in (of for _, of in entries):
                entries.append((id_, story_id))
            else:
                continue
            own.append((key, id_, story_id))
        if own:
            self._texts[id_] = _Text(id_, words.article_id, words.source_id, story_id, words.day, made)
            facts = {"id": id_, "article_id": words.article_id, "story_id": story_id, "day": words.day}
            self._added.append({**facts, "arrived": today, "sketch": words.signature})
            self._keys += own

    def write(self, connection: Connection) -> None:
        """Writes what was added to the record."""
        rows.add(connection, schema.signature, self._added)
        if self._keys:
            # In the index's order, so that neighbours are written to the same page.
            connection.exec_driver_sql(_KEEP[connection.dialect.name], sorted(self._keys))

    def _sharing(self, article_id: int) -> list[int]:
        """The texts that share enough keys with an article's to be copies of it."""
        shared: dict[int, int] = {}
        for key in self._asked[article_id]:
            entries = self._by_key.get(key)
            if entries and len(entries) < _COMMON:
                for id_, _ in entries:
                    shared[id_] = shared.get(id_, 0) + 1
        return [id_ for id_, count in shared.items() if count >= signatures.COMMON_KEYS]


def _one_outlet(text_: _Text, words: NewWords) -> bool:
    return text_.source_id == words.source_id and text_.article_id != words.article_id


def _period(day: date) -> int:
    return (day.toordinal() - _EPOCH) // _PERIOD


def _periods(day: date) -> Iterable[int]:
    days = day.toordinal() - _EPOCH
    return range((days - WINDOW) // _PERIOD, (days + WINDOW) // _PERIOD + 1)


def _keys(period: int, made: Signature) -> list[int]:
    return [(period << _BITS) + key for key in made.keys]


def _hits(connection: Connection, keys: Iterable[int]) -> Iterable[Sequence[int]]:
    """Key, signature id and story id of the signatures that have these keys."""
    asked: Any = sorted(keys)
    if not asked:
        return []
    if connection.dialect.name == "sqlite":
        asked = json.dumps(asked)
    question = f"SELECT held.key, held.signature_id, held.story_id FROM {_HITS[connection.dialect.name]}"
    return connection.execute(text(question), {"keys": asked}).all()


def _signatures(connection: Connection, ids: Iterable[int]) -> Iterator[Row[Any]]:
    signature, article = schema.signature, schema.article
    question = select(signature, article.c.source_id).join(article, article.c.id == signature.c.article_id)
    return rows.among(connection, question, signature.c.id, sorted(ids))


def _text(row: Row[Any]) -> _Text:
    return _Text(row.id, row.article_id, row.source_id, row.story_id, row.day, signatures.read(row.sketch))


def _clear(connection: Connection, before: date, most: int) -> None:
    """Deletes at most `most` signatures that arrived before a day, the oldest first."""
    signature, key = schema.signature, schema.signature_key
    oldest = select(signature.c.id, signature.c.arrived, signature.c.day, signature.c.sketch).order_by(signature.c.id)
    first = connection.execute(oldest.limit(1)).first()
    if first is None or first.arrived >= before:
        return
    gone = [row for row in connection.execute(oldest.limit(most)) if row.arrived < before]
    pairs = [
        {"its_key": its_key, "its_id": row.id}
        for row in gone
        for its_key in _keys(_period(row.day), signatures.read(row.sketch))
    ]
    connection.execute(
        delete(key).where(key.c.key == bindparam("its_key"), key.c.signature_id == bindparam("its_id")), pairs
    )
    for part in rows.parts(row.id for row in gone):
        connection.execute(delete(signature).where(signature.c.id.in_(part)))
