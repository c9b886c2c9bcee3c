"""Writes facts: sources, articles, analyses. Every commit that changes facts takes the next revision."""

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
from ingest.store.write import identity, stories, versions
from ingest.store.write.stories import Arrival
from ingest.store.write.versions import Latest, Place, Scored, Scoring, Words
from ingest.watchlist.lists import Watchlist

log = logging.getLogger(__name__)

#: Articles in one statement: more are no faster.
_AT_ONCE = 1_000

#: PostgreSQL's code of a value that is longer than its indexes hold.
_TOO_LONG = "54000"


@dataclass(frozen=True, slots=True)
class Written:
    """What a commit changed; `revision` is None when it changed no fact."""

    added: int = 0
    edited: int = 0
    revision: int | None = None


#: The id of a source, the source, and articles of it.
Group = tuple[int, Source, Sequence[Article]]
_Sourced = tuple[int, Source, Article]


@dataclass(frozen=True, slots=True)
class _New:
    """An article that may be new, with its fingerprint."""

    source_id: int
    source: Source
    article: Article
    hash: str


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
            "full_text": source.full_text,
            "listed": True,
            "unlisted_at": None,
        }
        row = self.connection.execute(select(table).where(table.c.key == source.key)).mappings().first()
        if row is None:
            values = {"kind": source.kind, "key": source.key, "added_at": self.now, **facts}
            return rows.inserted(self.connection, table, values)
        if any(row[name] != value for name, value in facts.items()):
            self.connection.execute(update(table).where(table.c.id == row["id"]).values(**facts))
        return int(row["id"])

    def watchlist(self, watchlist: Watchlist) -> int:
        """The id of a watch-list, kept from now on if it is new."""
        table = schema.watchlist
        known = self.connection.execute(select(table.c.id).where(table.c.hash == watchlist.hash)).scalar()
        if known is not None:
            return int(known)
        values = {key: [entry.as_dict() for entry in getattr(watchlist, key)] for key in ("figures", "topics")}
        return rows.inserted(self.connection, table, {"hash": watchlist.hash, "at": self.now, **values})

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
        article = _named(article)
        entry, connection = article.entry, self.connection
        scope, hash_ = identity.scope_of(source_id, source), identity.fingerprint(article.entry)
        in_folder = source.kind == "folder"
        known = identity.known(connection, scope, entry.keys)
        if known is None and in_folder:
            known = identity.same_words(connection, hash_)
        if known is None:
            self._add_one(source_id, source, article, hash_, scoring)
            return
        latest = versions.latest(connection, known)
        if latest.hash == hash_ or (source.kind == "archive" and identity.had(connection, known, hash_)):
            # An archive that holds two versions of an article says the older one again each time it is read.
            identity.remember(connection, scope, entry.keys, known)
            return
        if in_folder:
            elsewhere = identity.shared(connection, known, entry.keys, present)
            if elsewhere or latest.source_id != source_id:
                # The file was a copy of one that is still there, or now belongs to another outlet: an article of its
                # own.
                if not elsewhere:
                    self.withdraw([known])
                self._add_one(source_id, source, article, hash_, scoring)
                return
        elif not latest.open:
            return  # withdrawn by a person: a feed that edits the article does not bring it back
        identity.remember(connection, scope, entry.keys, known)
        if entry.published_from in (None, "file time", "fetch time"):
            # Nobody stated another date: an edit does not move the article in time.
            entry = replace(entry, published=latest.published_at, published_from=latest.published_from)
        article = replace(article, entry=entry)
        story_id = self._story(known, latest, article)
        if latest.open:
            versions.close(connection, known, self.revision)
        place = Place(known, source_id, story_id, self.revision)
        words = Words(place, article, hash_)
        versions.open_contents(connection, [words], scoring, now=self.now)
        self._edited += 1

    def articles(
        self,
        source_id: int,
        source: Source,
        articles: Sequence[Article],
        *,
        scoring: Scoring,
        present: frozenset[str] = frozenset(),
    ) -> None:
        """Stores many articles of one source with few statements; the same as `article` with one after the other."""
        self.many([(source_id, source, articles)], scoring=scoring, present=present)

    def many(self, groups: Iterable[Group], *, scoring: Scoring, present: frozenset[str] = frozenset()) -> None:
        """The same for many sources: their ids, they, and their articles."""
        with _uncollected():
            apart = ((id_, source, article) for id_, source, articles in groups for article in articles)
            while part := list(islice(apart, _AT_ONCE)):
                self._many(part, scoring, present)

    def _many(self, articles: Sequence[_Sourced], scoring: Scoring, present: frozenset[str]) -> None:
        # Those of which the record and what stands before them here know no key are new and go in together; all others
        # are looked at one by one.
        scopes: dict[str, list[_New]] = {}
        for source_id, source, article in articles:
            named = _named(article)
            each = _New(source_id, source, named, identity.fingerprint(named.entry))
            scopes.setdefault(identity.scope_of(source_id, source), []).append(each)
        new: list[_New] = []
        others: list[_New] = []
        names = {scope: {key for each in found for key in each.article.entry.keys} for scope, found in scopes.items()}
        taken = identity.taken(self.connection, names)
        for scope, found in scopes.items():
            of_scope, later = self._parted(scope, found, taken[scope])
            new += of_scope
            others += later
        ids = self._add(new, scoring)
        keys = ((identity.scope_of(each.source_id, each.source), each.article.entry.keys) for each in new)
        identity.note(self.connection, [(scope, names, id_) for id_, (scope, names) in zip(ids, keys, strict=True)])
        # What they do depends on nothing that is new here but what stands before them.
        for each in others:
            self.article(each.source_id, each.source, each.article, scoring=scoring, present=present)

    def _parted(self, scope: str, found: Sequence[_New], claimed: set[str]) -> tuple[list[_New], list[_New]]:
        """Those that are new for sure, and the others; `claimed` are the keys that articles have."""
        in_folder = scope == identity.FOLDER_SCOPE
        if in_folder:
            claimed |= identity.written(self.connection, [each.hash for each in found])
        new: list[_New] = []
        others: list[_New] = []
        for each in found:
            names = {*each.article.entry.keys, each.hash} if in_folder else set(each.article.entry.keys)
            (new if claimed.isdisjoint(names) else others).append(each)
            claimed |= names
        return new, others

    def sound(
        self, groups: Sequence[Group], *, scoring: Scoring, present: frozenset[str] = frozenset()
    ) -> list[tuple[Article, Exception]]:
        """Stores those of the articles that can be stored; answers the others, each with what is wrong with it."""
        try:
            with self.attempt():
                self.many(groups, scoring=scoring, present=present)
        except Exception as error:
            if isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) != _TOO_LONG:
                raise  # the disk is full, or the record can't be written: no fault of an article
            singles = [(id_, source, [article]) for id_, source, articles in groups for article in articles]
            if len(singles) > 1:  # one by one, so that the fault stands alone
                alone = (self.sound([single], scoring=scoring, present=present) for single in singles)
                return [fault for found in alone for fault in found]
            ((_, _, (article,)),) = singles
            log.exception("storing %s failed", article.entry.source)
            return [(article, error)]
        return []

    def completed(
        self, article_id: int, content_id: int, article: Article, *, scoring: Scoring, page_at: datetime | None
    ) -> bool:
        """Opens the words of an article's page in place of those that its feed gave, which `content_id` is of.

        Answers whether it did: not when the article has been edited or withdrawn meanwhile.
        """
        latest = versions.latest(self.connection, article_id)
        if not latest.open or latest.content_id != content_id:
            return False
        story_id = self._story(article_id, latest, article)
        versions.close(self.connection, article_id, self.revision)
        place = Place(article_id, latest.source_id, story_id, self.revision)
        hash_ = identity.fingerprint(article.entry)
        words = Words(place, article, hash_, given_hash=latest.hash, page_at=page_at)
        versions.open_contents(self.connection, [words], scoring, now=self.now)
        self._edited += 1
        return True

    def rescored(self, analyses: Mapping[int, Analysis], *, scoring: Scoring) -> int:
        """Closes analyses and opens new ones of the same words, by the id of the old one; answers how many those were.

        What was withdrawn, edited or scored again meanwhile is left as it is.
        """
        found = versions.current(self.connection, analyses)
        if found:
            versions.close_analyses(self.connection, [old.id for old in found], self.revision)
            scored = []
            for old in found:
                place = Place(old.article_id, old.source_id, old.story_id, self.revision)
                scored.append(Scored(place, analyses[old.id], old.content_id, old.day))
            versions.open_analyses(self.connection, scored, scoring)
        return len(found)

    def withdraw(self, article_ids: Iterable[int]) -> int:
        """Closes the current rows of these articles, and says how many had any; their history stays."""
        current = [article_id for article_id in article_ids if versions.is_open(self.connection, article_id)]
        for article_id in current:
            versions.close(self.connection, article_id, self.revision)
        return len(current)

    def _story(self, article_id: int, latest: Latest, article: Article) -> int:
        """The story of an article that has new words."""
        connection, before = self.connection, versions.signature_in(self.connection, latest.content_id)
        uid = connection.execute(select(schema.article.c.uid).where(schema.article.c.id == article_id)).scalar_one()
        day, signature = (article.entry.published or self.now).date(), versions.signature_of(article)
        arrival = Arrival(article_id, latest.source_id, uid, day, signature, latest.story_id, before)
        return stories.settle(connection, [arrival], now=self.now)[0]

    def _add_one(self, source_id: int, source: Source, article: Article, hash_: str, scoring: Scoring) -> None:
        (article_id,) = self._add([_New(source_id, source, article, hash_)], scoring)
        identity.remember(self.connection, identity.scope_of(source_id, source), article.entry.keys, article_id)

    def _add(self, new: Sequence[_New], scoring: Scoring) -> Sequence[int]:
        """Adds articles with their first words; answers their ids."""
        if not new:
            return ()
        connection, revision = self.connection, self.revision
        homes = (each.source.kind if each.source.kind == "folder" else each.source.key for each in new)
        names = [(home, each.article.entry.keys[0]) for home, each in zip(homes, new, strict=True)]
        uids = identity.new_uids(connection, names)
        ids = rows.allot(connection, schema.article, len(new))
        articles, arrivals = [], []
        for id_, uid, each in zip(ids, uids, new, strict=True):
            entry = each.article.entry
            facts = {"source_id": each.source_id, "guid": entry.guid, "url": entry.link, "first_seen": self.now}
            articles.append({"id": id_, "uid": uid, **facts})
            day, signature = (entry.published or self.now).date(), versions.signature_of(each.article)
            arrivals.append(Arrival(id_, each.source_id, uid, day, signature))
        rows.add(connection, schema.article, articles)
        settled = stories.settle(connection, arrivals, now=self.now)
        words = [
            Words(Place(id_, each.source_id, story_id, revision), each.article, each.hash)
            for id_, story_id, each in zip(ids, settled, new, strict=True)
        ]
        versions.open_contents(connection, words, scoring, now=self.now)
        self._added += len(new)
        return ids


def _named(article: Article) -> Article:
    entry = identity.named(article.entry)
    return article if entry is article.entry else replace(article, entry=entry)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Rows hold no cycles: looking for some would take a fifth of the time that writing them takes."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
