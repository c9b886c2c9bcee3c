"""Writes sources, articles and analyses. Every commit that changes any of them takes the next revision."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import OperationalError

from ingest.models import Analysis, Article, Source
from ingest.store import rows, schema
from ingest.store.record import current_revision
from ingest.store.write import batch, identity, stories, versions
from ingest.store.write.batch import New, Sourced
from ingest.store.write.stories import NewWords
from ingest.store.write.versions import LatestVersion, NewAnalysis, Owner, Scoring, Version
from ingest.watchlist.lists import Watchlist

log = logging.getLogger(__name__)

#: Articles in one statement; more are not faster.
_AT_ONCE = 1_000

#: PostgreSQL's code of a value that is longer than its indexes hold.
_TOO_LONG = "54000"


@dataclass(frozen=True, slots=True)
class Written:
    """What a commit changed; `revision` is None if it changed nothing."""

    added: int = 0
    edited: int = 0
    revision: int | None = None


#: The id of a source, the source, and articles of it.
Group = tuple[int, Source, Sequence[Article]]


class Commit:
    """Writes to the record in one transaction; takes its revision at the first change."""

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
        """This commit's revision, taken at the first use; the write lock keeps revisions in order."""
        if self._revision is None:
            self._revision = current_revision(self.connection) + 1
            self.connection.execute(
                insert(schema.revision).values(number=self._revision, at=self.now, what=self._what[:200])
            )
        return self._revision

    def source(self, source: Source) -> int:
        """The id of a source, made or brought up to date; the outlet of a file or archive keeps its first spelling."""
        table = schema.source
        facts = {name: getattr(source, name) for name in ("name", "group", "home", "language", "full_text")}
        facts |= {"listed": True, "unlisted_at": None}
        id_ = identity.source_id(self.connection, source)
        if id_ is None:
            values = {"kind": source.kind, "key": source.key, "added_at": self.now, **facts}
            return rows.inserted(self.connection, table, values)
        row = self.connection.execute(select(table).where(table.c.id == id_)).mappings().one()
        if row["key"] == source.key and any(row[name] != value for name, value in facts.items()):
            self.connection.execute(update(table).where(table.c.id == id_).values(**facts))
        return id_

    def watchlist(self, watchlist: Watchlist) -> int:
        """The id of a watch-list, which is inserted if it is new."""
        table = schema.watchlist
        known = self.connection.execute(select(table.c.id).where(table.c.hash == watchlist.hash)).scalar()
        if known is not None:
            return int(known)
        values = {key: [entry.as_dict() for entry in getattr(watchlist, key)] for key in ("figures", "topics")}
        return rows.inserted(self.connection, table, {"hash": watchlist.hash, "at": self.now, **values})

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes what was done inside if it raises; the rest of the commit stays."""
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

        `present` has the `path:` keys of all files that are in the seed folder now: it tells a file that moved from a
        second copy.
        """
        article = batch.with_storable_keys(article)
        entry, connection = article.entry, self.connection
        scope, hash_ = identity.scope_of(source_id, source), identity.fingerprint(article.entry)
        in_folder = source.kind == "folder"
        known = identity.find(connection, scope, entry.keys)
        if known is None and in_folder:
            known = identity.same_words(connection, hash_)
        if known is None:
            self._add_one(source_id, source, article, hash_, scoring)
            return
        latest = versions.latest(connection, known)
        if latest.hash == hash_ or (source.kind == "archive" and identity.ever_had(connection, known, hash_)):
            # An archive may have two versions of an article: reading it again must not bring back the older one.
            identity.add_keys(connection, scope, entry.keys, known)
            return
        if in_folder:
            elsewhere = identity.has_another_path(connection, known, entry.keys, present)
            if elsewhere or latest.source_id != source_id:
                # A copy of a file that is still there, or a file of another outlet now: an article of its own.
                if not elsewhere:
                    self.withdraw([known])
                self._add_one(source_id, source, article, hash_, scoring)
                return
        elif not latest.open:
            return  # withdrawn by a person: an edit in the feed does not bring it back
        identity.add_keys(connection, scope, entry.keys, known)
        if entry.published_from in (None, "file time", "fetch time"):
            # No other date is stated, so the edit does not change the date.
            entry = replace(entry, published=latest.published_at, published_from=latest.published_from)
        article = replace(article, entry=entry)
        story_id = self._story(known, latest, article)
        if latest.open:
            versions.close(connection, known, self.revision)
        version = Version(Owner(known, source_id, story_id, self.revision), article, hash_)
        versions.open_contents(connection, [version], scoring, now=self.now)
        self._edited += 1

    def many(self, groups: Iterable[Group], *, scoring: Scoring, present: frozenset[str] = frozenset()) -> None:
        """Stores articles of many sources, with few statements; the result is the same as of `article` one by one."""
        with _without_gc():
            single = ((id_, source, article) for id_, source, articles in groups for article in articles)
            while part := list(islice(single, _AT_ONCE)):
                self._many(part, scoring, present)

    def _many(self, articles: Iterable[Sourced], scoring: Scoring, present: frozenset[str]) -> None:
        new, others = batch.split(self.connection, articles)
        ids = self._add(new, scoring)
        keys = [(each.scope, each.article.entry.keys, id_) for id_, each in zip(ids, new, strict=True)]
        identity.add_new_keys(self.connection, keys)
        for each in others:
            self.article(each.source_id, each.source, each.article, scoring=scoring, present=present)

    def store_possible(
        self, groups: Sequence[Group], *, scoring: Scoring, present: frozenset[str] = frozenset()
    ) -> list[tuple[Article, Exception]]:
        """Stores those of the articles that can be stored; returns the others, each with its error."""
        try:
            with self.savepoint():
                self.many(groups, scoring=scoring, present=present)
        except Exception as error:
            if isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) != _TOO_LONG:
                raise  # the disk is full or the record can't be written, which is no article's fault
            singles = [(id_, source, [article]) for id_, source, articles in groups for article in articles]
            if len(singles) > 1:  # one by one, to find those at fault
                faults = (self.store_possible([single], scoring=scoring, present=present) for single in singles)
                return [fault for found in faults for fault in found]
            ((_, _, (article,)),) = singles
            log.exception("storing %s failed", article.entry.source)
            return [(article, error)]
        return []

    def complete(
        self, article_id: int, content_id: int, article: Article, *, scoring: Scoring, page_at: datetime | None
    ) -> bool:
        """Replaces the words that a feed gave for an article, `content_id`, by those of the article's page.

        Returns whether it did: not if the article has been edited or withdrawn since.
        """
        latest = versions.latest(self.connection, article_id)
        if not latest.open or latest.content_id != content_id:
            return False
        story_id = self._story(article_id, latest, article)
        versions.close(self.connection, article_id, self.revision)
        owner = Owner(article_id, latest.source_id, story_id, self.revision)
        hash_ = identity.fingerprint(article.entry)
        version = Version(owner, article, hash_, given_hash=latest.hash, page_at=page_at)
        versions.open_contents(self.connection, [version], scoring, now=self.now)
        self._edited += 1
        return True

    def rescore(self, analyses: Mapping[int, Analysis], *, scoring: Scoring) -> int:
        """Replaces analyses, given by the old one's id, by new ones of the same words; returns how many.

        Analyses that were closed since, by an edit, a withdrawal or another run, are left as they are.
        """
        found = versions.current(self.connection, analyses)
        if found:
            versions.close_analyses(self.connection, [old.id for old in found], self.revision)
            scored = []
            for old in found:
                owner = Owner(old.article_id, old.source_id, old.story_id, self.revision)
                scored.append(NewAnalysis(owner, analyses[old.id], old.content_id, old.day))
            versions.open_analyses(self.connection, scored, scoring)
        return len(found)

    def withdraw(self, article_ids: Iterable[int]) -> int:
        """Closes the current rows of these articles; returns how many had any. Their history stays."""
        current = [article_id for article_id in article_ids if versions.is_open(self.connection, article_id)]
        for article_id in current:
            versions.close(self.connection, article_id, self.revision)
        return len(current)

    def _story(self, article_id: int, latest: LatestVersion, article: Article) -> int:
        """The story of a known article that has new words."""
        connection, before = self.connection, versions.stored_signature(self.connection, latest.content_id)
        uid = connection.execute(select(schema.article.c.uid).where(schema.article.c.id == article_id)).scalar_one()
        day, signature = (article.entry.published or self.now).date(), versions.signature_of(article)
        words = NewWords(article_id, latest.source_id, uid, day, signature, latest.story_id, before)
        return stories.resolve(connection, [words], now=self.now)[0]

    def _add_one(self, source_id: int, source: Source, article: Article, hash_: str, scoring: Scoring) -> None:
        new = New(source_id, source, article, hash_)
        (article_id,) = self._add([new], scoring)
        identity.add_keys(self.connection, new.scope, article.entry.keys, article_id)

    def _add(self, new: Sequence[New], scoring: Scoring) -> Sequence[int]:
        """Adds articles with their first version; returns their ids."""
        if not new:
            return ()
        connection, revision = self.connection, self.revision
        homes = (each.source.kind if each.source.kind == "folder" else each.source.key for each in new)
        names = [(home, each.article.entry.keys[0]) for home, each in zip(homes, new, strict=True)]
        uids = identity.new_uids(connection, names)
        ids = rows.reserve_ids(connection, schema.article, len(new))
        articles, words = [], []
        for id_, uid, each in zip(ids, uids, new, strict=True):
            entry = each.article.entry
            facts = {"source_id": each.source_id, "guid": entry.guid, "url": entry.link, "first_seen": self.now}
            articles.append({"id": id_, "uid": uid, **facts})
            day, signature = (entry.published or self.now).date(), versions.signature_of(each.article)
            words.append(NewWords(id_, each.source_id, uid, day, signature))
        rows.add(connection, schema.article, articles)
        story_ids = stories.resolve(connection, words, now=self.now)
        opened = [
            Version(Owner(id_, each.source_id, story_id, revision), each.article, each.hash)
            for id_, story_id, each in zip(ids, story_ids, new, strict=True)
        ]
        versions.open_contents(connection, opened, scoring, now=self.now)
        self._added += len(new)
        return ids


@contextmanager
def _without_gc() -> Iterator[None]:
    """Turns garbage collection off: rows have no cycles, and looking for some takes a fifth of the writing time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
