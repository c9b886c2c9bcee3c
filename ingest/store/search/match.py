"""Translates the words of a search into the query language of each database's full-text index."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, cast, func, literal_column, not_, or_
from sqlalchemy.dialects.postgresql import TSQUERY

from ingest.store.search.index import LONG, OVER, vectors
from ingest.store.search.query import And, Node, Not, Or, Phrase


def expressible(node: Node) -> bool:
    """Whether the full-text index alone can find it: words in AND and OR, and NOT only with a wanted part beside it."""
    if isinstance(node, Phrase):
        return True
    if isinstance(node, Or):
        return all(expressible(part) for part in node.parts)
    if isinstance(node, And):
        wanted = [part for part in node.parts if not isinstance(part, Not)]
        refused = [part.part for part in node.parts if isinstance(part, Not)]
        return bool(wanted) and all(expressible(part) for part in (*wanted, *refused))
    return False


# -- SQLite


def fts5(node: Node) -> str:
    """The argument of SQLite's MATCH."""
    if isinstance(node, Phrase):
        return f'{"title : " if node.title else ""}"{" ".join(node.tokens)}"{" *" if node.prefix else ""}'
    if isinstance(node, Or):
        return "(" + " OR ".join(fts5(part) for part in node.parts) + ")"
    assert isinstance(node, And)
    wanted = " AND ".join(fts5(part) for part in node.parts if not isinstance(part, Not))
    refused = [fts5(part.part) for part in node.parts if isinstance(part, Not)]
    return f"(({wanted}) NOT ({' OR '.join(refused)}))" if refused else f"({wanted})"


def matches_fts5(node: Node) -> ColumnElement[bool]:
    """The condition that a row of SQLite's index matches."""
    return literal_column("content_index").op("MATCH", is_comparison=True)(fts5(node))


# -- PostgreSQL


def tsquery(node: Node) -> str:
    """PostgreSQL's tsquery, as text."""
    if isinstance(node, Phrase):
        *before, last = [_quoted(token) for token in node.tokens]
        weight = "A" if node.title else ""
        parts = [*(f"{token}:{weight}" if weight else token for token in before)]
        marks = ("*" if node.prefix else "") + weight
        return "(" + " <-> ".join([*parts, f"{last}:{marks}" if marks else last]) + ")"
    if isinstance(node, Not):
        return f"!{tsquery(node.part)}"
    assert isinstance(node, (And, Or))
    return "(" + (" & " if isinstance(node, And) else " | ").join(tsquery(part) for part in node.parts) + ")"


def matches_tsquery(node: Node) -> ColumnElement[bool]:
    """The condition that a row of PostgreSQL's index matches.

    Rows with more positions than PostgreSQL allows are found by their words alone, then compared token by token.
    """
    exact = tsquery(node)
    if _needs_no_positions(node):
        wanted = f"{exact} | {_quoted(OVER)}"
    else:
        wanted = f"{exact} | ({_superset(node)} & {_quoted(LONG)}) | {_quoted(OVER)}"
    return and_(vectors.c.words.op("@@")(cast(wanted, TSQUERY)), or_(vectors.c.long.is_(None), _token_by_token(node)))


def _quoted(token: str) -> str:
    return "'" + token.replace("'", "''") + "'"


def _needs_no_positions(node: Node) -> bool:
    """Whether the positions of words don't matter."""
    if isinstance(node, Phrase):
        return len(node.tokens) == 1 and not node.title
    parts = (node.part,) if isinstance(node, Not) else node.parts if isinstance(node, (And, Or)) else ()
    return all(_needs_no_positions(part) for part in parts)


def _superset(node: Node) -> str:
    """A tsquery that ignores positions, and so finds at least what `tsquery` does."""
    if isinstance(node, Phrase):
        quoted = [_quoted(token) for token in node.tokens]
        return "(" + " & ".join(quoted) + (":*" if node.prefix else "") + ")"
    assert isinstance(node, (And, Or))
    wanted = [_superset(part) for part in node.parts if not isinstance(part, Not)]
    return "(" + (" & " if isinstance(node, And) else " | ").join(wanted) + ")"


def _token_by_token(node: Node) -> ColumnElement[bool]:
    if isinstance(node, Phrase):
        where = func.split_part(vectors.c.long, "\n", 1) if node.title else vectors.c.long
        return func.strpos(where, f" {' '.join(node.tokens)}{'' if node.prefix else ' '}") > 0
    if isinstance(node, Not):
        return not_(_token_by_token(node.part))
    assert isinstance(node, (And, Or))
    return (and_ if isinstance(node, And) else or_)(*(_token_by_token(part) for part in node.parts))
