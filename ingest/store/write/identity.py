"""Identifies articles by the keys that their source gives them, inside the write transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from sqlalchemy import Connection, exists, func, insert, select, update

from ingest.models import Entry, Source
from ingest.store import rows, schema
from ingest.store.types import storable

FOLDER_SCOPE = "folder"

#: The fingerprint of what the source gave; a version may have the words of the article's page instead.
GIVEN = func.coalesce(schema.content.c.given_hash, schema.content.c.hash).label("given")

#: Most scopes times keys that are looked for in one statement.
_TOGETHER = 10_000


def scope_of(source_id: int, source: Source) -> str:
    """The scope in which an article's keys are unique: its feed, or the whole seed folder."""
    return FOLDER_SCOPE if source.kind == "folder" else str(source_id)


def fingerprint(entry: Entry) -> str:
    """A hash, equal for two versions with the same words, author, address and stated date."""
    stated = entry.published_from not in (None, "file time", "fetch time")
    date = entry.published.isoformat() if stated and entry.published else None
    parts = (entry.title, entry.body, entry.author, entry.link, date, entry.language, entry.outlet, entry.group)
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode(errors="replace")).hexdigest()[:32]


def with_storable_keys(entry: Entry) -> Entry:
    """The entry with its keys as the record stores them."""
    keys = tuple(map(storable, entry.keys))
    return entry if keys == entry.keys else replace(entry, keys=keys)


def unchanged(connection: Connection, entries: Sequence[tuple[str, Entry]], *, ever: bool = False) -> set[int]:
    """The positions of those entries (each with its scope) whose words are in the record under their strongest key.

    Looks at the newest version, or with `ever` at all versions. Saves the expensive analysis; the write transaction
    decides again.
    """
    by_key = {(scope, with_storable_keys(entry).keys[0]): position for position, (scope, entry) in enumerate(entries)}
    versions = _fingerprints(connection, {scope for scope, _ in entries}, {key for _, key in by_key})
    return {
        position
        for name, position in by_key.items()
        if name in versions and fingerprint(entries[position][1]) in (versions[name] if ever else versions[name][-1:])
    }


def newest(connection: Connection, scope: str, keys: Iterable[str]) -> dict[str, str]:
    """Key → fingerprint of the newest version, for those of these keys that are in the record."""
    stored = {storable(key): key for key in keys}
    return {stored[key]: versions[-1] for (_, key), versions in _fingerprints(connection, {scope}, stored).items()}


def _fingerprints(
    connection: Connection, scopes: Iterable[str], keys: Iterable[str]
) -> dict[tuple[str, str], list[str]]:
    """The fingerprints of all versions under each scope and key, the newest last."""
    names, content = schema.article_key, schema.content
    question = (
        select(names.c.scope, names.c.key, content.c.id, GIVEN)
        .join(content, content.c.article_id == names.c.article_id)
        .where(names.c.scope.in_(sorted(scopes)))
    )
    found: dict[tuple[str, str], list[str]] = {}
    for version in sorted(rows.among(connection, question, names.c.key, set(keys)), key=lambda row: int(row.id)):
        found.setdefault((version.scope, version.key), []).append(version.given)
    return found


def source_id(connection: Connection, source: Source) -> int | None:
    """The id of a source, if the record has it.

    Outlets of files and archives are known by their names, and those that differ in case or white space alone are one:
    the first that the record has. A record in which older versions made two of them keeps both: each spelling goes on
    to find its own.
    """
    table = schema.source.c
    found = connection.execute(select(table.id).where(table.key == source.key)).scalar()
    if found is None and source.kind != "feed":
        outlets = connection.execute(select(table.id, table.key).where(table.kind == source.kind).order_by(table.id))
        found = next((row.id for row in outlets if _bare(row.key) == _bare(source.key)), None)
    return found


def _bare(key: str) -> str:
    return "".join(key.split()).casefold()


def existing_keys(connection: Connection, names: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Those of these keys, by scope, that some article has."""
    table = schema.article_key
    question = select(table.c.scope, table.c.key)
    found: dict[str, set[str]] = {scope: set() for scope in names}
    together = set().union(*names.values())
    if len(names) * len(together) <= _TOGETHER:
        # This finds more than was asked for, but with one statement.
        asked = rows.among(connection, question.where(table.c.scope.in_(sorted(names))), table.c.key, together)
    else:
        asked = chain.from_iterable(
            rows.among(connection, question.where(table.c.scope == scope), table.c.key, keys)
            for scope, keys in names.items()
        )
    for row in asked:
        found[row.scope].add(row.key)
    return {scope: keys & names[scope] for scope, keys in found.items()}


def existing_fingerprints(connection: Connection, hashes: Iterable[str]) -> set[str]:
    """Those of these fingerprints that any version of a seed file has."""
    keys, content = schema.article_key, schema.content
    here = exists().where(keys.c.article_id == content.c.article_id, schema.IN_FOLDER)
    return {row.hash for row in rows.among(connection, select(content.c.hash).where(here), content.c.hash, hashes)}


def find(connection: Connection, scope: str, keys: Sequence[str]) -> int | None:
    """The id of the article that has one of these keys, the first one if several have some; None if there is none."""
    table = schema.article_key
    having = connection.execute(
        select(table.c.key, table.c.article_id).where(table.c.scope == scope, table.c.key.in_(keys))
    ).all()
    found = {row.key: int(row.article_id) for row in having}
    return next((found[key] for key in keys if key in found), None)


def ever_had(connection: Connection, article_id: int, hash_: str) -> bool:
    """Whether any version of the article has this fingerprint."""
    content = schema.content.c
    version = select(content.id).where(content.article_id == article_id, GIVEN.in_([hash_])).limit(1)
    return connection.execute(version).first() is not None


def same_words(connection: Connection, hash_: str) -> int | None:
    """The id of a seed file's article whose newest version, withdrawn or not, has this fingerprint."""
    keys, content = schema.article_key, schema.content
    newer = schema.content.alias("newer")
    return connection.execute(
        select(content.c.article_id)
        .join(keys, keys.c.article_id == content.c.article_id)
        .where(
            content.c.hash == hash_,
            schema.IN_FOLDER,
            ~exists().where(newer.c.article_id == content.c.article_id, newer.c.id > content.c.id),
        )
        .order_by(content.c.rev_to.is_not(None), content.c.id)
        .limit(1)
    ).scalar()


def has_another_path(connection: Connection, article_id: int, keys: Sequence[str], present: frozenset[str]) -> bool:
    """Whether a seed file's article has a key in `present` that is not one of these."""
    table = schema.article_key
    others = connection.execute(
        select(table.c.key).where(schema.IN_FOLDER, table.c.article_id == article_id, table.c.key.not_in(keys))
    ).scalars()
    return any(key in present for key in others)


def add_keys(connection: Connection, scope: str, keys: Sequence[str], article_id: int) -> None:
    """Gives the article these keys. A feed's key stays with its first article; a path moves to the newest."""
    table = schema.article_key
    for key in keys:
        row = connection.execute(select(table.c.article_id).where(table.c.scope == scope, table.c.key == key)).scalar()
        if row is None:
            connection.execute(insert(table).values(scope=scope, key=key, article_id=article_id))
        elif scope == FOLDER_SCOPE and row != article_id:
            connection.execute(
                update(table).where(table.c.scope == scope, table.c.key == key).values(article_id=article_id)
            )


def add_new_keys(connection: Connection, articles: Iterable[tuple[str, Sequence[str], int]]) -> None:
    """Gives articles keys that no article has: scope, keys, and the article's id."""
    found = [(scope, key, id_) for scope, keys, id_ in articles for key in dict.fromkeys(keys)]
    # In the index's order, so that neighbours are written to the same page.
    rows.add(connection, schema.article_key, [{"scope": s, "key": k, "article_id": id_} for s, k, id_ in sorted(found)])


def new_uids(connection: Connection, names: Sequence[tuple[str, str]]) -> list[str]:
    """An unused uid of 16 hex digits for each (home, key); the same for the same source on every machine."""
    table = schema.article
    first = [_uid(home, key, 0) for home, key in names]
    used = {row.uid for row in rows.among(connection, select(table.c.uid), table.c.uid, first)}
    found = []
    for (home, key), uid in zip(names, first, strict=True):
        nth = 0
        while uid in used:
            nth += 1
            uid = _uid(home, key, nth)
            if connection.execute(select(table.c.id).where(table.c.uid == uid)).first() is not None:
                used.add(uid)
        used.add(uid)
        found.append(uid)
    return found


def _uid(home: str, key: str, nth: int) -> str:
    return hashlib.sha256(f"{home}\x1f{key}\x1f{nth or ''}".encode()).hexdigest()[:16]
