"""Writes facts: sources, articles, analyses. Every commit that changes facts takes the next revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ingest.models import Analysis, Article, Source
from ingest.store import identity, schema, versions
from ingest.store.record import current_revision
from ingest.store.versions import Place, Scoring, inserted


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
        """What this commit has changed so far."""
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
            return inserted(self.connection, table, values)
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
        return inserted(self.connection, table, values)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What is done inside is done wholly or not at all; when it fails, the rest of the commit stands."""
        before = (self._revision, self._added, self._edited)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            self._revision, self._added, self._edited = before
            raise

    def article(
        self,
        source_id: int,
        source: Source,
        article: Article,
        *,
        scoring: Scoring,
        present: frozenset[str] = frozenset(),
    ) -> None:
        """Stores a new article or a new version of a known one; the same words again change nothing.

        `present` holds the `path:` keys of all files that are in the seed folder now: it tells a file that moved
        from a second copy.
        """
        entry, connection = article.entry, self.connection
        scope, hash_ = identity.scope_of(source_id, source), identity.fingerprint(article.entry)
        in_folder = source.kind == "folder"
        known = identity.known(connection, scope, entry.keys)
        if known is None and in_folder:
            known = identity.same_words(connection, scope, hash_)
        if known is None:
            self._add(source_id, source, scope, article, hash_, scoring)
            return
        latest = versions.latest(connection, known)
        if latest.hash == hash_:
            identity.remember(connection, scope, entry.keys, known)
            return
        if in_folder:
            elsewhere = identity.shared(connection, scope, known, entry.keys, present)
            if elsewhere or latest.source_id != source_id:
                # The file was a copy of one that is still there, or now belongs to another outlet: an article of its
                # own.
                if not elsewhere:
                    self.withdraw([known])
                self._add(source_id, source, scope, article, hash_, scoring)
                return
        elif not latest.open:
            return  # withdrawn by a person: a feed that edits the article does not bring it back
        identity.remember(connection, scope, entry.keys, known)
        if entry.published_from in (None, "file time", "fetch time"):
            # Nobody stated another date: an edit does not move the article in time.
            entry = replace(entry, published=latest.published_at, published_from=latest.published_from)
        if latest.open:
            versions.close(connection, known, self.revision)
        place = Place(known, source_id, latest.story_id, self.revision)
        versions.open_content(connection, place, replace(article, entry=entry), scoring, hash_=hash_, now=self.now)
        self._edited += 1

    def rescored(self, article_id: int, content_id: int, analysis: Analysis, *, scoring: Scoring) -> None:
        """Closes an article's analysis and opens a new one of the same words, those of `content_id`."""
        latest = versions.latest(self.connection, article_id)
        if not latest.open or latest.content_id != content_id:
            return  # withdrawn or edited meanwhile
        versions.close_analysis(self.connection, article_id, self.revision)
        place = Place(article_id, latest.source_id, latest.story_id, self.revision)
        versions.open_analysis(self.connection, place, analysis, scoring, content_id=content_id, day=latest.day)

    def withdraw(self, article_ids: Iterable[int]) -> int:
        """Closes the current rows of these articles, and says how many had any; their history stays."""
        current = [article_id for article_id in article_ids if versions.is_open(self.connection, article_id)]
        for article_id in current:
            versions.close(self.connection, article_id, self.revision)
        return len(current)

    def _add(self, source_id: int, source: Source, scope: str, article: Article, hash_: str, scoring: Scoring) -> None:
        entry = article.entry
        home = source.kind if source.kind == "folder" else source.key
        uid = identity.new_uid(self.connection, home, entry.keys[0])
        facts = {"uid": uid, "source_id": source_id, "guid": entry.guid, "url": entry.link, "first_seen": self.now}
        article_id = inserted(self.connection, schema.article, facts)
        identity.remember(self.connection, scope, entry.keys, article_id)
        story = {"uid": uid, "first_article_id": article_id, "first_seen": self.now}
        place = Place(article_id, source_id, inserted(self.connection, schema.story, story), self.revision)
        versions.open_content(self.connection, place, article, scoring, hash_=hash_, now=self.now)
        self._added += 1
