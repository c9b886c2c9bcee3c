"""Which article is it? Decided by the unique keys under which a source has called it, inside the write transaction."""

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

#: The fingerprint of what the source gave: the words of a version may be those of the article's page.
GIVEN = func.coalesce(schema.content.c.given_hash, schema.content.c.hash).label("given")

#: Scopes times keys that are looked for at once.
_TOGETHER = 10_000


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
    return hashlib.sha256("\x1f".join(parts).encode(errors="replace")).hexdigest()[:32]


def named(entry: Entry) -> Entry:
    """The entry with its keys as the record keeps them."""
    keys = tuple(map(storable, entry.keys))
    return entry if keys == entry.keys else replace(entry, keys=keys)


def unchanged(connection: Connection, entries: Sequence[tuple[str, Entry]], *, ever: bool = False) -> set[int]:
    """The positions of those entries (each with its scope) whose words the record holds under their strongest key.

    In the newest version, or in any that there `ever` was. Asked before the analysis, which is the dear part; the write
    transaction decides again.
    """
    by_key = {(scope, named(entry).keys[0]): position for position, (scope, entry) in enumerate(entries)}
    held = _given(connection, {scope for scope, _ in entries}, {key for _, key in by_key})
    return {
        position
        for name, position in by_key.items()
        if name in held and fingerprint(entries[position][1]) in (held[name] if ever else held[name][-1:])
    }


def newest(connection: Connection, scope: str, keys: Iterable[str]) -> dict[str, str]:
    """By those of these keys that the record knows, the fingerprint of the newest words under each."""
    as_kept = {storable(key): key for key in keys}
    return {as_kept[key]: given[-1] for (_, key), given in _given(connection, {scope}, as_kept).items()}


def _given(connection: Connection, scopes: Iterable[str], keys: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """The fingerprints of all versions under each scope and key, the newest last."""
    names, content = schema.article_key, schema.content
    question = (
        select(names.c.scope, names.c.key, content.c.id, GIVEN)
        .join(content, content.c.article_id == names.c.article_id)
        .where(names.c.scope.in_(sorted(scopes)))
    )
    held: dict[tuple[str, str], list[str]] = {}
    for version in sorted(rows.among(connection, question, names.c.key, set(keys)), key=lambda row: int(row.id)):
        held.setdefault((version.scope, version.key), []).append(version.given)
    return held


def source_id(connection: Connection, key: str) -> int | None:
    """The id of the source with this key, if there is one."""
    return connection.execute(select(schema.source.c.id).where(schema.source.c.key == key)).scalar()


def taken(connection: Connection, names: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Of these keys, by scope, those that some article has."""
    table = schema.article_key
    question = select(table.c.scope, table.c.key)
    found: dict[str, set[str]] = {scope: set() for scope in names}
    together = set().union(*names.values())
    if len(names) * len(together) <= _TOGETHER:
        # More is looked for than asked, but with one statement.
        asked = rows.among(connection, question.where(table.c.scope.in_(sorted(names))), table.c.key, together)
    else:
        asked = chain.from_iterable(
            rows.among(connection, question.where(table.c.scope == scope), table.c.key, keys)
            for scope, keys in names.items()
        )
    for row in asked:
        found[row.scope].add(row.key)
    return {scope: keys & names[scope] for scope, keys in found.items()}


def written(connection: Connection, hashes: Iterable[str]) -> set[str]:
    """Those of these fingerprints that some version of a seed file has, the newest or an older one."""
    keys, content = schema.article_key, schema.content
    here = exists().where(keys.c.article_id == content.c.article_id, schema.IN_FOLDER)
    return {row.hash for row in rows.among(connection, select(content.c.hash).where(here), content.c.hash, hashes)}


def known(connection: Connection, scope: str, keys: Sequence[str]) -> int | None:
    """The article that has one of these keys; the first key decides before the others."""
    table = schema.article_key
    having = connection.execute(
        select(table.c.key, table.c.article_id).where(table.c.scope == scope, table.c.key.in_(keys))
    ).all()
    found = {row.key: int(row.article_id) for row in having}
    return next((found[key] for key in keys if key in found), None)


def had(connection: Connection, article_id: int, hash_: str) -> bool:
    """Whether the article was ever of these words."""
    content = schema.content.c
    version = select(content.id).where(content.article_id == article_id, GIVEN.in_([hash_])).limit(1)
    return connection.execute(version).first() is not None


def same_words(connection: Connection, hash_: str) -> int | None:
    """A seed file's article whose newest version, withdrawn or not, is of exactly these words."""
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


def shared(connection: Connection, article_id: int, keys: Sequence[str], present: frozenset[str]) -> bool:
    """Whether the article of a seed file goes by another key than these that is `present` as well."""
    table = schema.article_key
    others = connection.execute(
        select(table.c.key).where(schema.IN_FOLDER, table.c.article_id == article_id, table.c.key.not_in(keys))
    ).scalars()
    return any(key in present for key in others)


def remember(connection: Connection, scope: str, keys: Sequence[str], article_id: int) -> None:
    """Gives the article these keys. A feed's key stays with its first article, a path goes to the newest."""
    table = schema.article_key
    for key in keys:
        row = connection.execute(select(table.c.article_id).where(table.c.scope == scope, table.c.key == key)).scalar()
        if row is None:
            connection.execute(insert(table).values(scope=scope, key=key, article_id=article_id))
        elif scope == FOLDER_SCOPE and row != article_id:
            connection.execute(
                update(table).where(table.c.scope == scope, table.c.key == key).values(article_id=article_id)
            )


def note(connection: Connection, articles: Iterable[tuple[str, Sequence[str], int]]) -> None:
    """Gives articles keys that nothing has yet: scope, keys, and the article's id."""
    found = [(scope, key, id_) for scope, keys, id_ in articles for key in dict.fromkeys(keys)]
    # In the order in which they are kept: neighbours are written to the same page.
    rows.add(connection, schema.article_key, [{"scope": s, "key": k, "article_id": id_} for s, k, id_ in sorted(found)])


def new_uids(connection: Connection, names: Sequence[tuple[str, str]]) -> list[str]:
    """For each key at its home sixteen hex digits that nothing has yet, the same wherever the same source is read."""
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
