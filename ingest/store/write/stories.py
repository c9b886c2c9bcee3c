"""Which story an article belongs to: decided inside the write transaction, so any number of writers is safe.

A story is one text with its reprints. The first article opens it and gives it its uid; a copy that is published within
three weeks of it joins. One that is a copy of two stories joins the older one, and the other stays what it is: a story
never ends, and no article moves because of another one. An article that is edited is looked at again: it may become a
copy, or, when it was one and says something else now, leave for a story of its own. What was before stays, by revision.

What can be copied stands in `signature`: nothing is kept in memory, and what arrived four weeks ago goes.
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

#: A copy is published within so many days of its text. What is printed again after that is a decision of its own.
WINDOW = 21
#: Days whose keys stand together; twice the window, so that two such periods hold all that is looked for.
_PERIOD = 2 * WINDOW
#: What arrived so many days ago is no longer copied. An archive may bring what is old: that too stays so long.
_KEPT = timedelta(days=28)
#: Words with which so many stories of a period come are a footer, a notice or a template, and tell nothing.
_COMMON = 4
#: Signatures that a commit clears away at the most, and for each new one.
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
class Arrival:
    """New words of an article."""

    article_id: int
    source_id: int
    uid: str  #: the article's
    day: date  #: on which they were published
    signature: bytes
    story_id: int | None = None  #: what the article belongs to; None for a new one
    before: bytes = b""  #: the signature of the words that it had


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that may be copied."""

    id: int
    article_id: int
    source_id: int
    story_id: int
    day: date
    signature: Signature


def settle(connection: Connection, arrivals: Sequence[Arrival], *, now: datetime) -> list[int]:
    """The story of each of these articles, made where it is the first to tell it; in order, with few statements."""
    prints = [signatures.read(arrival.signature) if arrival.signature else None for arrival in arrivals]
    known = _Known(connection, arrivals, prints)
    spare = iter(rows.allot(connection, schema.story, len(arrivals)))
    settled: list[int] = []
    opened = []
    for arrival, made in zip(arrivals, prints, strict=True):
        copied = known.copied(arrival, made) if made else []
        story_id = _joined(connection, arrival, made, copied)
        if story_id is None:
            uid, story_id = _uid(connection, arrival)
            if story_id is None:
                story_id = next(spare)
                opened.append({"id": story_id, "uid": uid, "first_article_id": arrival.article_id, "first_seen": now})
        settled.append(story_id)
        if made and not any(
            each.story_id == story_id and signatures.interchangeable(made, each.signature) for each in copied
        ):
            known.add(arrival, made, story_id, now.date())
    rows.add(connection, schema.story, opened)
    known.keep(connection)
    _clear(connection, now.date() - _KEPT, _CLEARED + _CLEARED_EACH * len(arrivals))
    return settled


def _joined(connection: Connection, arrival: Arrival, made: Signature | None, copied: Sequence[_Text]) -> int | None:
    """The story that an article joins or stays with; None when it has to have one of its own."""
    found = {each.story_id for each in copied}
    if arrival.story_id is not None and _unmoved(arrival, made):
        found.add(arrival.story_id)
    if found:
        return min(found)
    # Nothing says any longer that it is a copy; but alone in its story it may say what it likes.
    return arrival.story_id if arrival.story_id is not None and _alone(connection, arrival) else None


def _unmoved(arrival: Arrival, made: Signature | None) -> bool:
    """Whether an edited article still tells what it told."""
    if arrival.before == arrival.signature:
        return True
    return made is not None and bool(arrival.before) and signatures.copies(made, signatures.read(arrival.before))


def _alone(connection: Connection, arrival: Arrival) -> bool:
    analysis = schema.analysis.c
    others = select(analysis.id).where(
        analysis.story_id == arrival.story_id, analysis.article_id != arrival.article_id, analysis.rev_to.is_(None)
    )
    return connection.execute(others.limit(1)).first() is None


def _uid(connection: Connection, arrival: Arrival) -> tuple[str, int | None]:
    """The uid of an article's own story, and its id if it is there: whoever left a story may come back to his own."""
    if arrival.story_id is None:
        return arrival.uid, None
    story = schema.story.c
    again = hashlib.sha256(f"{arrival.uid}\x1f{arrival.signature.hex()}".encode()).hexdigest()[:16]
    asked = select(story.uid, story.id).where(story.uid.in_([arrival.uid, again]))
    found = {row.uid: int(row.id) for row in connection.execute(asked)}
    return (again, found.get(again)) if arrival.uid in found else (arrival.uid, None)


class _Known:
    """The texts that arrivals may be copies of, those among them included that come before."""

    def __init__(self, connection: Connection, arrivals: Sequence[Arrival], prints: Sequence[Signature | None]) -> None:
        self._asked = {
            arrival.article_id: [key for period in _periods(arrival.day) for key in _keys(period, made)]
            for arrival, made in zip(arrivals, prints, strict=True)
            if made
        }
        self._numbers = iter(rows.allot(connection, schema.signature, len(self._asked)))
        #: key → the texts that have it, each with its story
        self._held: dict[int, list[tuple[int, int]]] = {}
        for key, id_, story_id in _hits(connection, {key for keys in self._asked.values() for key in keys}):
            self._held.setdefault(key, []).append((id_, story_id))
        wanted = {id_ for article_id in self._asked for id_ in self._sharing(article_id)}
        self._texts = {row.id: _text(row) for row in _signatures(connection, wanted)}
        self._added: list[dict[str, Any]] = []
        self._keys: list[tuple[int, int, int]] = []

    def copied(self, arrival: Arrival, made: Signature) -> list[_Text]:
        """The texts of which an article is a copy."""
        return [
            each
            for each in map(self._texts.__getitem__, self._sharing(arrival.article_id))
            if abs((each.day - arrival.day).days) <= WINDOW
            and signatures.copies(made, each.signature, one_outlet=_one_outlet(each, arrival))
        ]

    def add(self, arrival: Arrival, made: Signature, story_id: int, today: date) -> None:
        """Takes in a text, by those keys that neither its story nor many others have; without any it is in already."""
        id_ = next(self._numbers)
        own = []
        for key in _keys(_period(arrival.day), made):
            held = self._held.get(key)
            if held is None:
                self._held[key] = [(id_, story_id)]
            elif len(held) < _COMMON and story_id not in (of for _, of in held):
                held.append((id_, story_id))
            else:
                continue
            own.append((key, id_, story_id))
        if own:
            self._texts[id_] = _Text(id_, arrival.article_id, arrival.source_id, story_id, arrival.day, made)
            facts = {"id": id_, "article_id": arrival.article_id, "story_id": story_id, "day": arrival.day}
            self._added.append({**facts, "arrived": today, "sketch": arrival.signature})
            self._keys += own

    def keep(self, connection: Connection) -> None:
        """Writes down what was added."""
        rows.add(connection, schema.signature, self._added)
        if self._keys:
            # In the order in which they are kept: neighbours are written to the same page.
            connection.exec_driver_sql(_KEEP[connection.dialect.name], sorted(self._keys))

    def _sharing(self, article_id: int) -> list[int]:
        """The texts that have so many keys of an article's that they may say the same."""
        shared: dict[int, int] = {}
        for key in self._asked[article_id]:
            held = self._held.get(key)
            if held and len(held) < _COMMON:
                for id_, _ in held:
                    shared[id_] = shared.get(id_, 0) + 1
        return [id_ for id_, count in shared.items() if count >= signatures.COMMON_KEYS]


def _one_outlet(text_: _Text, arrival: Arrival) -> bool:
    return text_.source_id == arrival.source_id and text_.article_id != arrival.article_id


def _period(day: date) -> int:
    return (day.toordinal() - _EPOCH) // _PERIOD


def _periods(day: date) -> Iterable[int]:
    days = day.toordinal() - _EPOCH
    return range((days - WINDOW) // _PERIOD, (days + WINDOW) // _PERIOD + 1)


def _keys(period: int, made: Signature) -> list[int]:
    return [(period << _BITS) + key for key in made.keys]


def _hits(connection: Connection, keys: Iterable[int]) -> Iterable[Sequence[int]]:
    """Which signatures have which of these keys, and of which story they are."""
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
    """Takes away signatures that arrived before a day, the oldest first and no more than a commit has time for."""
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
