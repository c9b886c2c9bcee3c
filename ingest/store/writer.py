"""Writes facts: identity, versions, analyses. Every commit that changes facts takes the next revision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ingest import text
from ingest.models import Analysis, Article, Entry, Source
from ingest.store import schema, tokens
from ingest.store.record import current_revision

FOLDER_SCOPE = "folder"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The watch-list and topics that an analysis was made with, as the record keeps them."""

    hash: str
    figures: list[dict[str, Any]]
    topics: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Written:
    """What a commit changed; `revision` is None when it changed no fact."""

    added: int = 0
    edited: int = 0
    revision: int | None = None


def scope_of(source_id: int, source: Source) -> str:
    """Where an article's keys must be unique: in its feed, or in the whole seed folder."""
    return FOLDER_SCOPE if source.kind == "folder" else str(source_id)


def fingerprint(entry: Entry) -> str:
    """What makes two versions of an article the same: words, author, address, and a date that somebody stated."""
    stated = entry.published_from not in (None, "file time", "fetch time")
    parts = (
        entry.title,
        entry.body,
        entry.author or "",
        entry.link or "",
        entry.published.isoformat() if stated and entry.published else "",
        entry.language or "",
        entry.outlet or "",
        entry.group or "",
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Commit:
    """One write transaction's view of the record; takes its revision when the first fact changes."""

    def __init__(self, connection: Connection, now: datetime, what: str) -> None:
        self.connection = connection
        self.now = now
        self._what = what
        self._revision: int | None = None
        self._added = 0
        self._edited = 0

    @property
    def written(self) -> Written:
        return Written(self._added, self._edited, self._revision)

    @property
    def revision(self) -> int:
        """This commit's revision, taken at the first use; the write lock keeps the order."""
        if self._revision is None:
            self._revision = current_revision(self.connection) + 1
            self.connection.execute(
                insert(schema.revision).values(number=self._revision, at=self.now, what=self._what[:200])
            )
        return self._revision

    # -- sources and watch-list -------------------------------------------------------------------------------------

    def source(self, source: Source) -> int:
        """The id of a source, made or brought up to date."""
        table = schema.source
        facts = {
            "name": source.name,
            "group": source.group,
            "home": source.home,
            "language": source.language,
            "listed": True,
        }
        row = self.connection.execute(select(table).where(table.c.key == source.key)).mappings().first()
        if row is None:
            values = {"kind": source.kind, "key": source.key, "added_at": self.now, **facts}
            return _inserted(self.connection, table, values)
        if any(row[name] != value for name, value in facts.items()):
            self.connection.execute(update(table).where(table.c.id == row["id"]).values(**facts))
        return int(row["id"])

    def watchlist(self, snapshot: Snapshot) -> int:
        """The id of a snapshot, made if it is new."""
        table = schema.watchlist
        known = self.connection.execute(select(table.c.id).where(table.c.hash == snapshot.hash)).scalar()
        if known is not None:
            return int(known)
        values = {"hash": snapshot.hash, "at": self.now, "figures": snapshot.figures, "topics": snapshot.topics}
        return _inserted(self.connection, table, values)

    # -- articles ---------------------------------------------------------------------------------------------------

    def article(
        self,
        source_id: int,
        source: Source,
        article: Article,
        *,
        watchlist_id: int,
        scorer: str,
        present: frozenset[str] = frozenset(),
    ) -> None:
        """Stores a new article or a new version of a known one; the same words again change nothing.

        `present` holds the `path:` keys of all files that are in the seed folder now: it tells a file that moved
        from a second copy.
        """
        entry = article.entry
        scope = scope_of(source_id, source)
        hash_ = fingerprint(entry)
        known = self._known(scope, entry.keys)
        if known is None and source.kind == "folder":
            known = self._same_words(scope, hash_)
        if known is None:
            self._add(source_id, source, scope, article, hash_, watchlist_id, scorer)
            return
        latest = self._latest(known)
        if latest.hash == hash_:
            self._remember(scope, entry.keys, known)
            return
        if source.kind == "folder" and (
            latest.source_id != source_id or self._shared(scope, known, entry.keys, present)
        ):
            # The file now belongs to another outlet, or was a copy of one that is still there: an article of its own.
            if latest.source_id != source_id:
                self.withdraw([known])
            self._add(source_id, source, scope, article, hash_, watchlist_id, scorer)
            return
        if latest.rev_to is not None and source.kind != "folder":
            return  # withdrawn by a person: a feed that edits the article does not bring it back
        self._remember(scope, entry.keys, known)
        if entry.published_from in (None, "file time", "fetch time"):
            # Nobody stated another date: an edit does not move the article in time.
            entry = replace(entry, published=latest.published_at, published_from=latest.published_from)
        self._close(known)
        story_id = self._story(known)
        self._open(known, source_id, replace(article, entry=entry), hash_, story_id, watchlist_id, scorer)
        self._edited += 1

    def rescored(self, article_id: int, analysis: Analysis, *, watchlist_id: int, scorer: str) -> None:
        """Closes an article's analysis and opens a new one of the same words."""
        content, old = schema.content, schema.analysis
        row = self.connection.execute(
            select(content.c.id, content.c.day, schema.article.c.source_id)
            .join(schema.article, schema.article.c.id == content.c.article_id)
            .where(content.c.article_id == article_id, content.c.rev_to.is_(None))
        ).one_or_none()
        if row is None:
            return  # withdrawn meanwhile
        story_id = self._story(article_id)
        self.connection.execute(
            update(old).where(old.c.article_id == article_id, old.c.rev_to.is_(None)).values(rev_to=self.revision)
        )
        self._analysis(article_id, row.source_id, row.id, row.day, analysis, story_id, watchlist_id, scorer)

    def withdraw(self, article_ids: Iterable[int]) -> int:
        """Closes the current rows of these articles, and says how many had any; their history stays."""
        return sum(self._close(article_id) for article_id in article_ids)

    # -- the parts --------------------------------------------------------------------------------------------------

    def _known(self, scope: str, keys: Sequence[str]) -> int | None:
        table = schema.article_key
        rows = self.connection.execute(
            select(table.c.key, table.c.article_id).where(table.c.scope == scope, table.c.key.in_(keys))
        ).all()
        found = {row.key: int(row.article_id) for row in rows}
        return next((found[key] for key in keys if key in found), None)

    def _same_words(self, scope: str, hash_: str) -> int | None:
        keys, content = schema.article_key, schema.content
        return self.connection.execute(
            select(content.c.article_id)
            .join(keys, keys.c.article_id == content.c.article_id)
            .where(content.c.hash == hash_, content.c.rev_to.is_(None), keys.c.scope == scope)
            .limit(1)
        ).scalar()

    def _shared(self, scope: str, article_id: int, keys: Sequence[str], present: frozenset[str]) -> bool:
        table = schema.article_key
        others = self.connection.execute(
            select(table.c.key).where(
                table.c.scope == scope, table.c.article_id == article_id, table.c.key.not_in(keys)
            )
        ).scalars()
        return any(key in present for key in others)

    def _latest(self, article_id: int) -> Any:
        content = schema.content
        return self.connection.execute(
            select(
                content.c.hash,
                content.c.rev_to,
                content.c.published_at,
                content.c.published_from,
                schema.article.c.source_id,
            )
            .join(schema.article, schema.article.c.id == content.c.article_id)
            .where(content.c.article_id == article_id)
            .order_by(content.c.id.desc())
            .limit(1)
        ).one()

    def _story(self, article_id: int) -> int:
        table = schema.analysis
        return int(
            self.connection.execute(
                select(table.c.story_id).where(table.c.article_id == article_id).order_by(table.c.id.desc()).limit(1)
            ).scalar_one()
        )

    def _remember(self, scope: str, keys: Sequence[str], article_id: int) -> None:
        table = schema.article_key
        for key in keys:
            row = self.connection.execute(
                select(table.c.article_id).where(table.c.scope == scope, table.c.key == key)
            ).scalar()
            if row is None:
                self.connection.execute(insert(table).values(scope=scope, key=key, article_id=article_id))
            elif scope == FOLDER_SCOPE and row != article_id:
                self.connection.execute(
                    update(table).where(table.c.scope == scope, table.c.key == key).values(article_id=article_id)
                )

    def _close(self, article_id: int) -> int:
        closed = 0
        for table in (schema.content, schema.analysis):
            current = (table.c.article_id == article_id) & table.c.rev_to.is_(None)
            if self.connection.execute(select(table.c.id).where(current)).first():
                self.connection.execute(update(table).where(current).values(rev_to=self.revision))
                closed = 1
        return closed

    def _add(
        self,
        source_id: int,
        source: Source,
        scope: str,
        article: Article,
        hash_: str,
        watchlist_id: int,
        scorer: str,
    ) -> None:
        entry = article.entry
        home = source.kind if source.kind == "folder" else source.key
        uid = self._uid(home, entry.keys[0])
        article_id = _inserted(
            self.connection,
            schema.article,
            {
                "uid": uid,
                "source_id": source_id,
                "guid": entry.guid,
                "url": entry.link,
                "first_seen": self.now,
            },
        )
        self._remember(scope, entry.keys, article_id)
        story_id = _inserted(
            self.connection,
            schema.story,
            {"uid": uid, "first_article_id": article_id, "first_seen": self.now},
        )
        self._open(article_id, source_id, article, hash_, story_id, watchlist_id, scorer)
        self._added += 1

    def _uid(self, home: str, key: str) -> str:
        """Sixteen hex digits, the same on every machine that reads the same source."""
        table = schema.article
        for nth in range(1_000_000):
            uid = hashlib.sha256(f"{home}\x1f{key}\x1f{nth or ''}".encode()).hexdigest()[:16]
            if self.connection.execute(select(table.c.id).where(table.c.uid == uid)).first() is None:
                return uid
        raise AssertionError("a million articles under one key")

    def _open(
        self,
        article_id: int,
        source_id: int,
        article: Article,
        hash_: str,
        story_id: int,
        watchlist_id: int,
        scorer: str,
    ) -> None:
        entry = article.entry
        published = entry.published or self.now
        content_id = _inserted(
            self.connection,
            schema.content,
            {
                "article_id": article_id,
                "rev_from": self.revision,
                "title": entry.title,
                "author": entry.author,
                "link": entry.link,
                "language": article.analysis.language,
                "published_at": published,
                "published_from": entry.published_from if entry.published else "fetch time",
                "day": published.date(),
                "text_kind": entry.text_kind,
                "hash": hash_,
                "fetched_at": self.now,
            },
        )
        body = text.body_of(article.text, entry.title)
        self.connection.execute(
            insert(schema.content_text).values(content_id=content_id, article_id=article_id, body=body)
        )
        self.connection.execute(
            insert(schema.content_index),
            {
                "rowid": content_id,
                "title": " ".join(tokens.words(entry.title)),
                "body": " ".join(tokens.words(body)),
            },
        )
        self._analysis(
            article_id, source_id, content_id, published.date(), article.analysis, story_id, watchlist_id, scorer
        )

    def _analysis(
        self,
        article_id: int,
        source_id: int,
        content_id: int,
        day: Any,
        analysis: Analysis,
        story_id: int,
        watchlist_id: int,
        scorer: str,
    ) -> None:
        analysis_id = _inserted(
            self.connection,
            schema.analysis,
            {
                "article_id": article_id,
                "content_id": content_id,
                "rev_from": self.revision,
                "tone": analysis.tone,
                "sentences": len(analysis.sentences),
                "words": analysis.words,
                "story_id": story_id,
                "scorer": scorer,
                "watchlist_id": watchlist_id,
            },
        )
        ids = {"analysis_id": analysis_id, "article_id": article_id}
        self.connection.execute(
            insert(schema.analysis_sentences).values(
                spans=[[s.start, s.end, s.tone] for s in analysis.sentences], **ids
            )
        )
        if analysis.mentions:
            self.connection.execute(
                insert(schema.mention),
                [
                    {
                        "source_id": source_id,
                        "day": day,
                        "figure": m.figure,
                        "sentence": m.sentence,
                        "start": m.start,
                        "end": m.end,
                        "kind": m.kind,
                        "tone_rule": m.tone,
                        "label": m.label,
                        "because": [[cue.word, cue.weight] for cue in m.because],
                        **ids,
                    }
                    for m in analysis.mentions
                ],
            )
        if analysis.topics:
            self.connection.execute(
                insert(schema.analysis_topic),
                [{"topic": hit.topic, "hits": hit.hits, "words": list(hit.words), **ids} for hit in analysis.topics],
            )


def _inserted(connection: Connection, table: Any, values: dict[str, Any]) -> int:
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def unchanged(connection: Connection, scope: str, entries: Sequence[Entry]) -> set[int]:
    """The positions of the entries whose words the record already holds under their strongest key.

    Asked before the analysis, which is the dear part; the write transaction decides again.
    """
    keys, content = schema.article_key, schema.content
    same: set[int] = set()
    by_key = {entry.keys[0]: position for position, entry in enumerate(entries)}
    wanted = list(by_key)
    for at in range(0, len(wanted), 500):
        rows = connection.execute(
            select(keys.c.key, content.c.hash)
            .join(content, content.c.article_id == keys.c.article_id)
            .where(keys.c.scope == scope, keys.c.key.in_(wanted[at : at + 500]))
            .order_by(content.c.id)
        )
        newest = {row.key: row.hash for row in rows}
        same |= {by_key[key] for key, hash_ in newest.items() if fingerprint(entries[by_key[key]]) == hash_}
    return same
