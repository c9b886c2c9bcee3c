"""Full-text search: what people type, to the ids of the articles that hold it."""

from __future__ import annotations

from sqlalchemy import Connection, Select, select, text

from ingest.store import schema, tokens

#: Nobody types a longer search; a pasted article is a mistake that should answer at once.
LONGEST = 1_000


def matching(query: str) -> Select[tuple[int]] | None:
    """The ids of the current articles that hold all words of `query`, in title or body, in any order.

    None when there is no word in it to look for ("()", "…").
    """
    words = [_quoted(word) for word in query[:LONGEST].split()]
    if not any(words):
        return None
    index, content = schema.content_index, schema.content
    return (
        select(content.c.article_id)
        .select_from(index.join(content, content.c.id == index.c.rowid))
        .where(content.c.rev_to.is_(None), text("content_index MATCH :query"))
        .params(query=" AND ".join(word for word in words if word))
    )


def article_ids(connection: Connection, query: str) -> list[int]:
    """The ids found, unordered; none when there is no word to look for."""
    found = matching(query)
    return [] if found is None else [row.article_id for row in connection.execute(found)]


def _quoted(word: str) -> str:
    # A word may be several tokens ("carbon-border", a run of Chinese): they must stand side by side.
    parts = tokens.words(word)
    return '"' + " ".join(parts) + '"' if parts else ""
