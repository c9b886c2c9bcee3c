"""The words of a search in the language of each database's full-text index."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, cast, func, literal_column, not_, or_
from sqlalchemy.dialects.postgresql import TSQUERY

from ingest.store.search.index import LONG, OVER, vectors
from ingest.store.search.query import And, Node, Not, Or, Words


def expressible(node: Node) -> bool:
    """Whether a full-text index alone can answer it: words in AND and OR, and NOT only beside what is wanted."""
    if isinstance(node, Words):
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
    """The argument of MATCH."""
    if isinstance(node, Words):
        return f'{"title : " if node.title else ""}"{" ".join(node.tokens)}"{" *" if node.prefix else ""}'
    if isinstance(node, Or):
        return "(" + " OR ".join(fts5(part) for part in node.parts) + ")"
    assert isinstance(node, And)
    wanted = " AND ".join(fts5(part) for part in node.parts if not isinstance(part, Not))
    refused = [fts5(part.part) for part in node.parts if isinstance(part, Not)]
    return f"(({wanted}) NOT ({' OR '.join(refused)}))" if refused else f"({wanted})"


def matches(node: Node) -> ColumnElement[bool]:
    """Whether a row of SQLite's index holds it."""
    return literal_column("content_index").op("MATCH", is_comparison=True)(fts5(node))


# -- PostgreSQL


def tsquery(node: Node) -> str:
    """The tsquery, as text."""
    if isinstance(node, Words):
        *before, last = [_quoted(token) for token in node.tokens]
        weight = "A" if node.title else ""
        parts = [*(f"{token}:{weight}" if weight else token for token in before)]
        marks = ("*" if node.prefix else "") + weight
        return "(" + " <-> ".join([*parts, f"{last}:{marks}" if marks else last]) + ")"
    if isinstance(node, Not):
        return f"!{tsquery(node.part)}"
    assert isinstance(node, (And, Or))
    return "(" + (" & " if isinstance(node, And) else " | ").join(tsquery(part) for part in node.parts) + ")"


def holds(node: Node) -> ColumnElement[bool]:
    """Whether a row of PostgreSQL's index holds it.

    What has more places than PostgreSQL counts is found by its words alone, then looked at token by token.
    """
    exact = tsquery(node)
    if _placeless(node):
        asked = f"{exact} | {_quoted(OVER)}"
    else:
        asked = f"{exact} | ({_loose(node)} & {_quoted(LONG)}) | {_quoted(OVER)}"
    return and_(vectors.c.words.op("@@")(cast(asked, TSQUERY)), or_(vectors.c.long.is_(None), _looked_at(node)))


def _quoted(token: str) -> str:
    return "'" + token.replace("'", "''") + "'"


def _placeless(node: Node) -> bool:
    """Whether the places of words play no part."""
    if isinstance(node, Words):
        return len(node.tokens) == 1 and not node.title
    parts = (node.part,) if isinstance(node, Not) else node.parts if isinstance(node, (And, Or)) else ()
    return all(_placeless(part) for part in parts)


def _loose(node: Node) -> str:
    """A tsquery that finds at least what this one does, places left out of account."""
    if isinstance(node, Words):
        quoted = [_quoted(token) for token in node.tokens]
        return "(" + " & ".join(quoted) + (":*" if node.prefix else "") + ")"
    assert isinstance(node, (And, Or))
    wanted = [_loose(part) for part in node.parts if not isinstance(part, Not)]
    return "(" + (" & " if isinstance(node, And) else " | ").join(wanted) + ")"


def _looked_at(node: Node) -> ColumnElement[bool]:
    if isinstance(node, Words):
        where = func.split_part(vectors.c.long, "\n", 1) if node.title else vectors.c.long
        return func.strpos(where, f" {' '.join(node.tokens)}{'' if node.prefix else ' '}") > 0
    if isinstance(node, Not):
        return not_(_looked_at(node.part))
    assert isinstance(node, (And, Or))
    return (and_ if isinstance(node, And) else or_)(*(_looked_at(part) for part in node.parts))
