"""Random small records: articles that are opened, edited, analysed again and withdrawn, revision by revision."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, Table, insert, update

from dashboard.model.facts import Facts
from dashboard.model.snapshot import Snapshot
from ingest.models import LABELS, TEXT_KINDS
from ingest.store import schema
from tests.helpers.newsroom import Named, Piece

FIGURES = ("ada-quill", "ben-marsh", "cora-quill", "dora-stone")
TOPICS = ("summits", "trade", "votes")
LANGUAGES = ("de", "en", "fr")
KINDS = ("person", "office", "ambiguous")
#: One that fits a byte, and some that do not.
SOURCES = (1, 2, 300, 70_000)
#: Weeks, months, quarters and a year end within the days.
FIRST, DAYS = datetime(2025, 12, 22, tzinfo=UTC), 25

_ID, _SMALL, _WORD = pa.int32(), pa.int16(), pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Said:
    """A mention: its tone in ten-thousandths, or none and no label."""

    id: int
    figure: str
    kind: str
    sentence: int
    tone: int | None
    label: str | None


@dataclass(frozen=True)
class Told:
    """What an article tells in one version. `story` is shared with others of this number; None: it has its own."""

    published: datetime
    language: str
    text_kind: str
    tone: int | None
    story: int | None
    topics: frozenset[str]
    mentions: tuple[Said, ...]


@dataclass(frozen=True)
class Version:
    """A row of `analysis` with all that belongs to it."""

    id: int
    article: int
    content: int
    source: int
    rev: int  #: that opened its content
    rev_from: int
    rev_to: int | None
    told: Told

    @property
    def story(self) -> int:
        return 1_000 + self.article if self.told.story is None else self.told.story

    def held(self, revision: int) -> bool:
        return self.rev_from <= revision and (self.rev_to is None or self.rev_to > revision)

    def piece(self) -> Piece:
        """The article as plain Python counts it."""
        told, when = self.told, self.told.published
        found = Piece(
            self.article, self.source, when, when.date(), told.language, told.text_kind, _unit(told.tone), self.story,
            frozenset(), set(told.topics),
        )  # fmt: skip
        found.mentions.extend(
            Named(
                each.id, self.article, self.story, self.source, found.day, each.figure, each.kind, _unit(each.tone),
                each.label,
            )
            for each in told.mentions
        )  # fmt: skip
        return found


@dataclass(frozen=True)
class History:
    """All versions of a record, and its newest revision."""

    versions: Sequence[Version]
    newest: int

    def opened(self, after: int, upto: int) -> list[Version]:
        """Those opened after one revision and up to another, as they stood at that one."""
        return [_as_of(each, upto) for each in self.versions if after < each.rev_from <= upto]

    def closed(self, after: int, upto: int) -> list[Version]:
        """Those closed after one revision and up to another."""
        return [each for each in self.versions if each.rev_to is not None and after < each.rev_to <= upto]

    def current(self, revision: int) -> list[Version]:
        """Those that held at a revision."""
        return [_as_of(each, revision) for each in self.versions if each.held(revision)]


def _as_of(version: Version, revision: int) -> Version:
    return version if version.rev_to is None or version.rev_to <= revision else replace(version, rev_to=None)


def _unit(tone: int | None) -> float | None:
    return None if tone is None else tone / 10_000


def tone(luck: random.Random) -> int:
    """A tone in ten-thousandths: often one at a border."""
    return luck.choice((-10_000, -500, -499, 0, 499, 500, 3_000, 10_000, *(luck.randint(-10_000, 10_000),) * 8))


def _said(luck: random.Random, id_: int) -> Said:
    kind = luck.choice((KINDS[0], *KINDS))
    score = (tone(luck), luck.choice(LABELS)) if luck.random() < 0.8 else (None, None)
    return Said(id_, luck.choice((*FIGURES[:1] * 3, *FIGURES)), kind, luck.randint(0, 3), *score)


def _told(luck: random.Random, first_mention: int) -> Told:
    return Told(
        published=FIRST + timedelta(hours=3 * luck.randrange(8 * DAYS)),
        language=luck.choice((LANGUAGES[0], *LANGUAGES)),
        text_kind=luck.choice(TEXT_KINDS),
        tone=tone(luck) if luck.random() < 0.8 else None,
        story=luck.randint(1, 5) if luck.random() < 0.4 else None,
        topics=frozenset(luck.sample(TOPICS, luck.randint(0, 2))),
        mentions=tuple(_said(luck, first_mention + n) for n in range(luck.choice((0, 1, 1, 2, 3, 5)))),
    )


def made(luck: random.Random, steps: int) -> History:
    """A record after so many steps: with one more it is the same record and one step more."""
    versions: list[Version] = []
    revision, mentions = 1, 0
    for _ in range(steps):
        step = luck.choice((*("open",) * 9, "edit", "rescore", "withdraw", *("commit",) * 2))
        told = _told(luck, mentions + 1)
        current = [at for at, version in enumerate(versions) if version.rev_to is None]
        at = luck.choice(current) if current else None
        if step == "commit":
            revision += 1
        elif step == "open" or at is None:
            id_ = len(versions) + 1
            versions.append(Version(id_, id_, id_, luck.choice(SOURCES), revision, revision, None, told))
        else:
            old = versions[at]
            versions[at] = replace(old, rev_to=revision)
            new = replace(old, id=len(versions) + 1, rev_from=revision)
            if step == "edit":
                versions.append(replace(new, content=new.id, rev=revision, told=told))
            elif step == "rescore":
                same = {name: getattr(old.told, name) for name in ("published", "language", "text_kind")}
                versions.append(replace(new, told=replace(told, **same)))
        mentions += len(told.mentions)
    return History(versions, revision)


# -- into a snapshot


def facts(versions: Iterable[Version], luck: random.Random, more: Iterable[Version] = ()) -> Facts:
    """The facts of some versions, in any order; among them mentions and topics of `more`, as when all are read."""
    found = list(versions)
    read = [*found, *more]
    articles = [
        (
            each.id, each.article, each.content, each.source, each.told.published.replace(tzinfo=None),
            each.told.language, TEXT_KINDS.index(each.told.text_kind), each.told.tone, each.story, each.rev,
            each.rev_from, each.rev_to,
        )
        for each in found
    ]  # fmt: skip
    mentions = [
        (
            said.id, each.id, said.figure, KINDS.index(said.kind), said.sentence, said.tone,
            None if said.label is None else LABELS.index(said.label) - 1,
        )
        for each in read for said in each.told.mentions
    ]  # fmt: skip
    topics = [(each.id, topic) for each in read for topic in each.told.topics]
    columns = (
        {
            "analysis": _ID, "id": _ID, "content": _ID, "source": _ID, "published": pa.timestamp("us"),
            "language": _WORD, "text_kind": _SMALL, "tone": _SMALL, "story": _ID, "rev": _ID, "rev_from": _ID,
            "rev_to": _ID,
        },
        {
            "id": _ID, "analysis": _ID, "figure": _WORD, "kind": _SMALL, "sentence": _ID, "tone": _SMALL,
            "label": _SMALL,
        },
        {"analysis": _ID, "topic": _WORD},
    )  # fmt: skip
    tables = []
    for rows, types in zip((articles, mentions, topics), columns, strict=True):
        luck.shuffle(rows)
        parts = zip(*rows, strict=True) if rows else [()] * len(types)
        tables.append(
            pa.table(
                [pa.array(list(part), type_) for part, type_ in zip(parts, types.values(), strict=True)],
                names=list(types),
            )
        )
    return Facts(*tables)


class Following:
    """A follower of a history in place of a record, that begins with what held at a revision (0: with nothing)."""

    def __init__(self, history: History, engine: Engine, luck: random.Random, begin: int = 0) -> None:
        self.history, self.luck = history, luck
        empty = replace(Snapshot(engine, self.older), revision=begin, back_to=begin)
        others = [each for each in history.versions if each.rev_from <= begin and not each.held(begin)]
        self.snapshot = empty.with_facts(facts(history.current(begin), luck, others)).in_order()
        self.seen = [self.snapshot]  #: a snapshot for each revision
        for revision in range(begin + 1, history.newest + 1):
            closing = [(each.id, revision) for each in history.closed(revision - 1, revision)]
            opened = facts(history.opened(revision - 1, revision), luck)
            self.snapshot = self.snapshot.plus(opened, closing, revision, None)
            if luck.random() < 0.2:
                self.snapshot = self.snapshot.in_order()
            self.seen.append(self.snapshot)

    def older(self, revision: int) -> Snapshot:
        """The newest snapshot, with all versions that held at a revision."""
        if revision < self.snapshot.back_to:
            closed = facts(self.history.closed(revision, self.snapshot.back_to), self.luck)
            self.snapshot = replace(self.snapshot.with_facts(closed), back_to=revision)
        return self.snapshot


# -- into a record


def prepare(connection: Connection) -> None:
    """The rows that all others refer to."""
    connection.execute(
        insert(schema.source),
        [
            {"id": id_, "kind": "feed", "key": str(id_), "name": str(id_), "listed": True, "added_at": FIRST}
            for id_ in SOURCES
        ],
    )
    connection.execute(insert(schema.watchlist).values(id=1, hash="", at=FIRST, figures=[], topics=[]))


def commit(connection: Connection, history: History, revision: int) -> None:
    """Writes one revision of a history to a record that has all before."""
    connection.execute(insert(schema.revision).values(number=revision, at=FIRST, what="a step"))
    opened, closed = history.opened(revision - 1, revision), history.closed(revision - 1, revision)
    current = {each.content for each in history.current(revision)}
    for table, ids in (
        (schema.analysis, {each.id for each in closed}),
        (schema.content, {each.content for each in closed} - current),
    ):
        connection.execute(update(table).where(table.c.id.in_(ids)).values(rev_to=revision))
    for each in opened:
        told, article, day = each.told, each.article, each.told.published.date()
        rows: list[tuple[Table, dict[str, Any]]] = []
        if each.id == article:
            rows.append(
                (schema.article, {"id": article, "uid": str(article), "source_id": each.source, "first_seen": FIRST})
            )
        if each.id == each.content:
            content = {
                "id": each.content, "article_id": article, "rev_from": revision,
                "rev_to": None if each.content in current else revision, "title": "", "language": told.language,
                "published_at": told.published, "published_from": "feed", "day": day, "text_kind": told.text_kind,
                "hash": "", "fetched_at": FIRST,
            }  # fmt: skip
            rows.append((schema.content, content))
        if all(other.id >= each.id for other in history.versions if other.story == each.story):
            story = {"id": each.story, "uid": str(each.story), "first_article_id": article, "first_seen": FIRST}
            rows.append((schema.story, story))
        analysis = {
            "id": each.id, "article_id": article, "content_id": each.content, "rev_from": revision,
            "rev_to": each.rev_to, "tone": _unit(told.tone), "sentences": 1, "words": 1, "story_id": each.story,
            "scorer": "", "watchlist_id": 1,
        }  # fmt: skip
        rows.append((schema.analysis, analysis))
        of_analysis = {"analysis_id": each.id, "article_id": article}
        for said in told.mentions:
            # The encoder's tone counts where both have scored.
            scores = (None, said.tone) if said.id % 2 else (said.tone, said.tone and -said.tone)
            mention = {
                "id": said.id, "source_id": each.source, "day": day, "figure": said.figure, "sentence": said.sentence,
                "start": 0, "end": 1, "kind": said.kind, "tone_encoder": _unit(scores[0]),
                "tone_rule": _unit(scores[1]), "label": said.label, "because": [],
            }  # fmt: skip
            rows.append((schema.mention, of_analysis | mention))
        rows += [(schema.analysis_topic, of_analysis | {"topic": of, "hits": 1, "words": []}) for of in told.topics]
        for table, values in rows:
            connection.execute(insert(table).values(values))
