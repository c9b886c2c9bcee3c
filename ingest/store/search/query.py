"""Parses a search into a tree, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import luqum.thread
from luqum import tree

from ingest.errors import SearchError
from ingest.store.search import lexemes
from ingest.store.search.index import AUTHOR
from ingest.store.search.lexemes import Lexeme
from ingest.text import tokens

#: Nested brackets and NOTs; more than anybody needs, and few enough not to overflow the parser.
_DEEPEST = 20

#: Fields whose value is a name; adjacent words in their brackets are one name.
NAMES = ("source", "figure", "topic")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Adjacent tokens; a single word is one, too."""

    tokens: tuple[str, ...]
    prefix: bool = False  #: whether the last token is only the beginning of a word
    title: bool = False  #: whether only the title counts


@dataclass(frozen=True, slots=True)
class FieldValue:
    """The value of a field that is looked up: source, figure, topic or lang."""

    field: str
    value: str
    prefix: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of these, or more."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but this."""

    part: Node


Node = Phrase | FieldValue | And | Or | Not


@lru_cache(maxsize=256)
def parse(typed: str) -> Node:
    """The tree of a search. Raises SearchError, with the place, if it can't be understood."""
    found = lexemes.cut(typed)
    if not found:
        raise SearchError("There is no word in this search. Letters and digits are found, signs are not.")
    _check(found)
    pieces, leaves = _canonical(found)
    # luqum gets placeholders for the words: it would misread 10:30, U.S. or C++.
    return _node(luqum.thread.parse(" ".join(pieces)), leaves, None)


def wanted_phrases(node: Node) -> Iterator[Phrase]:
    """The phrases that an article found may contain: those under no NOT."""
    if isinstance(node, Phrase):
        yield node
    elif isinstance(node, (And, Or)):
        for part in node.parts:
            yield from wanted_phrases(part)


def phrase(text: str, *, prefix: bool = False) -> Phrase:
    """The tokens of adjacent words, as the index has them.

    A run of Chinese, Japanese or Korean at the end may continue in the text, so its last character is not a token.
    """
    found: list[str] = []
    *before, last = tokens.runs(text)
    for run in before:
        found += [run[at : at + 2] for at in range(len(run))] if tokens.unspaced(run) else [run[: tokens.LONGEST]]
    if not tokens.unspaced(last):
        return Phrase((*found, last[: tokens.LONGEST]), prefix)
    if len(last) == 1:
        return Phrase((*found, last), prefix=True)
    return Phrase((*found, *(last[at : at + 2] for at in range(len(last) - 1))))


def _check(found: Sequence[Lexeme]) -> None:
    """Raises SearchError if the pieces don't fit together."""
    opened: list[Lexeme] = []
    fielded = 0  # how many brackets were open when a field's own bracket opened, plus one
    before: Lexeme | None = None
    nots = 0
    for piece in found:
        ready = before is None or before.kind in ("open", "field", "AND", "OR", "NOT")  # something has to come
        if piece.kind in ("AND", "OR") and ready:
            raise _missing(before, piece, found)
        if before is not None and before.kind == "field" and piece.kind not in ("word", "phrase", "open"):
            raise SearchError(
                f"{before.text}: needs a word, a phrase or brackets right after it; NOT stands before the field.",
                before.start,
                before.end,
            )
        if piece.kind == "field" and fielded:
            raise SearchError("A field can't stand in another field's brackets.", piece.start, piece.end)
        nots = nots + 1 if piece.kind == "NOT" else 0
        if piece.kind == "open":
            if before is not None and before.kind == "field":
                fielded = len(opened) + 1
            opened.append(piece)
        if len(opened) + nots > _DEEPEST:
            raise SearchError(f"Brackets go {_DEEPEST} deep at most.", piece.start, piece.end)
        if piece.kind == "close":
            if not opened:
                raise SearchError(
                    "This bracket closes none. Open one before it, or take it away.", piece.start, piece.end
                )
            if before is not None and before.kind == "open":
                raise SearchError("There is nothing in these brackets.", before.start, piece.end)
            if ready and before is not None:
                raise _missing(before, piece, found)
            opened.pop()
            fielded = 0 if len(opened) < fielded else fielded
        before = piece
    if before is not None and before.kind == "field":
        raise SearchError(
            f"{before.text}: needs a word, a phrase or brackets right after it.", before.start, before.end
        )
    if before is not None and before.kind in ("AND", "OR", "NOT"):
        raise _missing(before, None, found)
    if opened:
        raise SearchError("This bracket is never closed.", opened[-1].start, opened[-1].end)


def _missing(before: Lexeme | None, piece: Lexeme | None, found: Sequence[Lexeme]) -> SearchError:
    advice = "To look for the word itself, write it in small letters."
    if before is not None and before.kind in ("AND", "OR", "NOT"):
        name = "-" if before.text == "-" else before.kind
        return SearchError(f"{name} has nothing after it that it could join. {advice}", before.start, before.end)
    assert piece is not None
    return SearchError(f"{piece.kind} has nothing before it that it could join. {advice}", piece.start, piece.end)


Leaf = tuple[Lexeme, ...]


def _canonical(found: Sequence[Lexeme]) -> tuple[list[str], list[Leaf]]:
    """The search for luqum, with AND where there is no operator, and the pieces that each placeholder stands for."""
    pieces: list[str] = []
    leaves: list[Leaf] = []
    names_until = 0  # inside the brackets of a field of names: how many brackets were open outside them, plus one
    depth = 0
    before: Lexeme | None = None
    for piece in found:
        operand = piece.kind in ("word", "phrase", "field", "open", "NOT")
        follows = before is not None and before.kind in ("word", "phrase", "close")
        if operand and follows:
            if names_until and before is not None and before.kind == piece.kind == "word":
                if before.prefix:
                    raise SearchError("In a name, * stands at the end of the last word.", before.start, before.end)
                leaves[-1] = (*leaves[-1], piece)
                before = piece
                continue
            pieces.append("AND")
        if piece.kind in ("word", "phrase"):
            pieces.append(f"w{len(leaves)}")
            leaves.append((piece,))
        elif piece.kind == "field":
            pieces.append(f"{piece.text}:")
        else:
            pieces.append({"open": "(", "close": ")"}.get(piece.kind, piece.kind))
        if piece.kind == "open":
            if before is not None and before.kind == "field" and before.text in NAMES:
                names_until = depth + 1
            depth += 1
        elif piece.kind == "close":
            depth -= 1
            names_until = 0 if depth < names_until else names_until
        before = piece
    return pieces, leaves


def _node(item: tree.Item, leaves: Sequence[Leaf], field: str | None) -> Node:
    if isinstance(item, tree.AndOperation):
        return _joined(And, (_node(part, leaves, field) for part in item.children))
    if isinstance(item, tree.OrOperation):
        return _joined(Or, (_node(part, leaves, field) for part in item.children))
    if isinstance(item, tree.Not):
        part = _node(item.a, leaves, field)
        return part.part if isinstance(part, Not) else Not(part)
    if isinstance(item, (tree.Group, tree.FieldGroup)):
        return _node(item.expr, leaves, field)
    if isinstance(item, tree.SearchField):
        return _node(item.expr, leaves, item.name)
    assert isinstance(item, tree.Word), item
    return _leaf(leaves[int(item.value[1:])], field)


def _joined(kind: type[And] | type[Or], parts: Iterable[Node]) -> Node:
    different = tuple(dict.fromkeys(_flat(kind, parts)))
    return kind(different) if len(different) > 1 else different[0]


def _flat(kind: type[And] | type[Or], parts: Iterable[Node]) -> Iterator[Node]:
    for part in parts:
        if isinstance(part, kind):
            yield from part.parts
        else:
            yield part


def _leaf(leaf: Leaf, field: str | None) -> Node:
    text, prefix = " ".join(piece.text for piece in leaf), leaf[-1].prefix
    if field in (*NAMES, "lang"):
        return FieldValue(str(field), text, prefix, leaf[0].start, leaf[-1].end)
    found = phrase(text, prefix=prefix)
    if field == "author":
        return Phrase(tuple(AUTHOR + token for token in found.tokens), found.prefix)
    return Phrase(found.tokens, found.prefix, title=field == "title")
