"""The full-text index, keyed by content: FTS5 in SQLite, a tsvector with GIN in PostgreSQL, over the same tokens.

Rows are only added: an edit is a new content, and the join leaves out closed ones, so no row gets out of date.

Writers call `add(connection, [row(content_id, title=…, body=…, author=…), …])`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, column, table, text

from ingest.text import tokens

#: The first character of a token for a word of the author's name; no word of a text begins so.
AUTHOR = "'"
#: Lexemes of PostgreSQL that are no words: the row has its tokens in `long`; the row has them only there.
LONG, OVER = " long", " over"

# PostgreSQL's limits: the last position, the positions of one lexeme, and the size of a vector.
_LAST_POSITION = 16_383
_POSITIONS = 255
_VECTOR_BYTES = 1_000_000

#: SQLite's table. `words` and `long` are PostgreSQL's.
fts = table("content_index", column("rowid"), column("title"), column("body"))
vectors = table("content_index", column("content_id"), column("words"), column("long"))

# The tokenizer only splits at spaces: tokens are made in Python, and all characters beyond ASCII belong to them.
_SQLITE = (
    "CREATE VIRTUAL TABLE content_index USING fts5("
    "title, body, content='', detail=full, tokenize=\"ascii tokenchars '''.'\")",
    # New words are kept in memory until their commit at the latest; the default of 1 MB is enough for 200 articles.
    "INSERT INTO content_index (content_index, rank) VALUES ('hashsize', 67108864)",
)
_POSTGRESQL = (
    "CREATE TABLE content_index (content_id bigint CONSTRAINT pk_content_index PRIMARY KEY "
    "CONSTRAINT fk_content_index_content_id REFERENCES content (id), words tsvector NOT NULL, long text)",
    "CREATE INDEX ix_content_index_words ON content_index USING gin (words)",
)


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One version of an article as tokens separated by blanks; the author's are after the body's."""

    content_id: int
    title: str
    body: str


def row(content_id: int, *, title: str, body: str, author: str | None) -> IndexRow:
    """The index's row of a content."""
    names = [AUTHOR + word for word in tokens.words(author or "")]
    return IndexRow(content_id, " ".join(tokens.words(title)), " ".join(tokens.words(body) + names))


def create(connection: Connection) -> None:
    """Creates the index, empty."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)


def add(connection: Connection, rows: Sequence[IndexRow]) -> None:
    """Adds contents that are not yet in the index."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "INSERT INTO content_index (rowid, title, body) VALUES (?, ?, ?)",
            [(row.content_id, row.title, row.body) for row in rows],
        )
    else:
        connection.execute(
            text("INSERT INTO content_index (content_id, words, long) VALUES (:id, CAST(:words AS tsvector), :long)"),
            [dict(zip(("id", "words", "long"), (row.content_id, *vector(row)), strict=True)) for row in rows],
        )


def vector(row: IndexRow) -> tuple[str, str | None]:
    """A row's tsvector for PostgreSQL, as text, and its tokens if the tsvector can't have all their positions.

    Title tokens have weight A; a position is left free between title and body, so that no phrase spans both. Rows with
    more positions than PostgreSQL allows are compared token by token after the index has found them (`match`).
    """
    title, body = row.title.split(), row.body.split()
    places: dict[str, list[str]] = {}
    for first, mark, found in ((1, "A", title), (len(title) + 2, "", body)):
        for place, token in enumerate(found, first):
            places.setdefault(token, []).append(f"{place}{mark}")
    last = len(title) + 1 + len(body)
    counted = last <= _LAST_POSITION and all(len(found) <= _POSITIONS for found in places.values())
    if counted and _bytes(places) <= _VECTOR_BYTES:
        return _literal(places), None
    long = f" {row.title} \n {row.body} "
    # Without positions: the tokens themselves are compared instead.
    bare: dict[str, list[str]] = {token: [] for token in (*places, LONG)}
    return (_literal(bare) if _bytes(bare) <= _VECTOR_BYTES else _literal({LONG: [], OVER: []})), long


def _bytes(places: dict[str, list[str]]) -> int:
    return sum(len(token.encode()) + 4 + 2 * len(found) for token, found in places.items())


def _literal(places: dict[str, list[str]]) -> str:
    return " ".join(
        "'" + token.replace("'", "''") + "'" + (":" + ",".join(found) if found else "")
        for token, found in places.items()
    )
