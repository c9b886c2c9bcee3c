"""Splits a batch of articles into those that are certainly new, which can be stored together, and the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from ingest.models import Article, Source
from ingest.store.write import identity

#: The id of a source, the source, and an article of it.
Sourced = tuple[int, Source, Article]


@dataclass(frozen=True, slots=True)
class New:
    """An article that may be new, with storable keys and its fingerprint."""

    source_id: int
    source: Source
    article: Article
    hash: str

    @property
    def scope(self) -> str:
        """The scope of its keys."""
        return identity.scope_of(self.source_id, self.source)


def split(connection: Connection, articles: Iterable[Sourced]) -> tuple[list[New], list[New]]:
    """Articles none of whose keys the record or an earlier article of the batch has, and the others; both in order."""
    scopes: dict[str, list[New]] = {}
    for source_id, source, article in articles:
        storable = with_storable_keys(article)
        each = New(source_id, source, storable, identity.fingerprint(storable.entry))
        scopes.setdefault(each.scope, []).append(each)
    names = {scope: {key for each in found for key in each.article.entry.keys} for scope, found in scopes.items()}
    existing = identity.existing_keys(connection, names)
    new: list[New] = []
    others: list[New] = []
    for scope, found in scopes.items():
        _split_scope(connection, scope, found, existing[scope], new, others)
    return new, others


def _split_scope(
    connection: Connection, scope: str, found: Sequence[New], used: set[str], new: list[New], others: list[New]
) -> None:
    in_folder = scope == identity.FOLDER_SCOPE
    if in_folder:
        used |= identity.existing_fingerprints(connection, [each.hash for each in found])
    for each in found:
        names = {*each.article.entry.keys, each.hash} if in_folder else set(each.article.entry.keys)
        (new if used.isdisjoint(names) else others).append(each)
        used |= names


def with_storable_keys(article: Article) -> Article:
    """The article with its keys as the record stores them."""
    entry = identity.with_storable_keys(article.entry)
    return article if entry is article.entry else replace(article, entry=entry)
