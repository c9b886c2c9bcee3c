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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, select, text

from ingest import stories
from ingest.store import rows, schema, versions
from ingest.stories import Print

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
    print: Print


def settle(connection: Connection, arrivals: Sequence[Arrival], *, now: datetime) -> list[int]:
    """The story of each of these articles, made where it is the first to tell it; in order, with few statements."""
    prints = [stories.read(arrival.signature) if arrival.signature else None for arrival in arrivals]
    known = _Known(connection, zip(arrivals, prints, strict=True))
    spare = iter(rows.allot(connection, schema.story, len(arrivals)))
    numbers = iter(rows.allot(connection, schema.signature, len(arrivals)))
    settled: list[int] = []
    opened, signatures, keys = [], [], []
    for arrival, made in zip(arrivals, prints, strict=True):
        copied = known.copied(arrival, made) if made else []
        story_id = _joined(connection, arrival, made, copied)
        if story_id is None:
            uid, story_id = _uid(connection, arrival)
            if story_id is None:
                story_id = next(spare)
                first = {"first_article_id": arrival.article_id, "first_seen": now}
                opened.append({"id": story_id, "uid": uid, **first})
        settled.append(story_id)
        same = any(each.story_id == story_id and stories.alike(made, each.print) for each in copied) if made else True
        if made and not same:
            added = _Text(next(numbers), arrival.article_id, arrival.source_id, story_id, arrival.day, made)
            if own := known.add(added):
                keys += [{"key": key, "signature_id": added.id} for key in own]
                facts = {"id": added.id, "article_id": arrival.article_id, "story_id": story_id}
                signatures.append({**facts, "day": arrival.day, "arrived": now.date(), "sketch": arrival.signature})
    rows.add(connection, schema.story, opened)
    rows.add(connection, schema.signature, signatures)
    rows.add(connection, schema.signature_key, sorted(keys, key=lambda row: row["key"]))
    _clear(connection, now.date() - _KEPT, _CLEARED + _CLEARED_EACH * len(signatures))
    return settled


def _joined(connection: Connection, arrival: Arrival, made: Print | None, copied: Sequence[_Text]) -> int | None:
    """The story that an article joins or stays with; None when it has to have one of its own."""
    found = {each.story_id for each in copied}
    if arrival.story_id is not None and _unmoved(arrival, made):
        found.add(arrival.story_id)
    if found:
        return min(found)
    # Nothing says any longer that it is a copy; but alone in its story it may say what it likes.
    return arrival.story_id if arrival.story_id is not None and _alone(connection, arrival) else None


def _unmoved(arrival: Arrival, made: Print | None) -> bool:
    """Whether an edited article still tells what it told."""
    if arrival.before == arrival.signature:
        return True
    return made is not None and bool(arrival.before) and stories.copies(made, stories.read(arrival.before))


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

    def __init__(self, connection: Connection, arrivals: Iterable[tuple[Arrival, Print | None]]) -> None:
        asked = {
            key for arrival, made in arrivals if made for period in _periods(arrival.day) for key in _keys(period, made)
        }
        hits = _hits(connection, asked)
        texts = {row.id: _text(row) for row in _signatures(connection, {id_ for _, id_ in hits})}
        self._held: dict[int, list[_Text]] = {}
        for key, id_ in hits:
            self._held.setdefault(key, []).append(texts[id_])

    def copied(self, arrival: Arrival, made: Print) -> list[_Text]:
        """The texts of which an article is a copy."""
        near: dict[int, _Text] = {}
        for period in _periods(arrival.day):
            for key in _keys(period, made):
                held = self._held.get(key, ())
                if 0 < len(held) < _COMMON:
                    near.update((each.id, each) for each in held)
        return [
            each
            for each in near.values()
            if abs((each.day - arrival.day).days) <= WINDOW
            and stories.copies(made, each.print, one_outlet=_one_outlet(each, arrival))
        ]

    def add(self, added: _Text) -> list[int]:
        """Takes in a text; answers the keys that are to be kept of it: those that its story has not, and few others."""
        own = []
        for key in _keys(_period(added.day), added.print):
            held = self._held.setdefault(key, [])
            if len(held) < _COMMON and all(each.story_id != added.story_id for each in held):
                held.append(added)
                own.append(key)
        return own


def _one_outlet(text_: _Text, arrival: Arrival) -> bool:
    return text_.source_id == arrival.source_id and text_.article_id != arrival.article_id


def _period(day: date) -> int:
    return (day.toordinal() - _EPOCH) // _PERIOD


def _periods(day: date) -> Iterable[int]:
    days = day.toordinal() - _EPOCH
    return range((days - WINDOW) // _PERIOD, (days + WINDOW) // _PERIOD + 1)


def _keys(period: int, made: Print) -> list[int]:
    return [(period << _BITS) + key for key in made.keys]


def _hits(connection: Connection, keys: Iterable[int]) -> list[tuple[int, int]]:
    """Which signatures have which of these keys."""
    asked: Any = sorted(keys)
    if not asked:
        return []
    if connection.dialect.name == "sqlite":
        asked = json.dumps(asked)
    question = text(f"SELECT held.key, held.signature_id FROM {_HITS[connection.dialect.name]}")
    return [(int(key), int(id_)) for key, id_ in connection.execute(question, {"keys": asked})]


def _signatures(connection: Connection, ids: Iterable[int]) -> Iterator[Row[Any]]:
    signature, article = schema.signature, schema.article
    question = select(signature, article.c.source_id).join(article, article.c.id == signature.c.article_id)
    return rows.among(connection, question, signature.c.id, sorted(ids))


def _text(row: Row[Any]) -> _Text:
    return _Text(row.id, row.article_id, row.source_id, row.story_id, row.day, stories.read(row.sketch))


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
        for its_key in _keys(_period(row.day), stories.read(row.sketch))
    ]
    connection.execute(
        delete(key).where(key.c.key == bindparam("its_key"), key.c.signature_id == bindparam("its_id")), pairs
    )
    for part in rows.parts(row.id for row in gone):
        connection.execute(delete(signature).where(signature.c.id.in_(part)))


# -- articles that were there before ------------------------------------------------------------------------------


def move(connection: Connection, moved: Mapping[int, int], revision: int) -> None:
    """Opens these analyses (id → story) anew in another story, with all that was found; the old ones are closed."""
    table = schema.analysis
    versions.close_analyses(connection, sorted(moved), revision)
    old = list(rows.among(connection, select(table), table.c.id, sorted(moved)))
    ids = {row.id: id_ for row, id_ in zip(old, rows.allot(connection, table, len(old)), strict=True)}
    opened = {"rev_from": revision, "rev_to": None}
    rows.add(
        connection, table, [{**row._mapping, "id": ids[row.id], "story_id": moved[row.id], **opened} for row in old]
    )
    for part in (schema.analysis_sentences, schema.mention, schema.analysis_topic):
        rows.add(
            connection,
            part,
            [{**row, "analysis_id": ids[row["analysis_id"]]} for row in _belonging(connection, part, moved)],
        )


def _belonging(connection: Connection, table: Table, analyses: Iterable[int]) -> Iterator[dict[str, Any]]:
    columns = [column for column in table.c if column.name != "id"]
    for row in rows.among(connection, select(*columns), table.c.analysis_id, sorted(analyses)):
        yield dict(row._mapping)
