"""Cuts the piece of an article in which a search was found, in Python so that it is the same for every database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ingest.store import schema
from ingest.store.asof import live
from ingest.store.search.index import AUTHOR
from ingest.store.search.query import Phrase, parse, wanted_phrases
from ingest.text import tokens

#: Characters of a snippet: two lines on a desk, five on a phone.
_LENGTH = 260

Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and the places in it that were searched for, in order and without overlap."""

    text: str
    marks: tuple[Mark, ...]

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text in pieces, each with whether it was searched for."""
        at = 0
        for start, end in self.marks:
            yield self.text[at:start], False
            yield self.text[start:end], True
            at = end
        yield self.text[at:], False


@dataclass(frozen=True, slots=True)
class Snippet:
    """Title and a piece of the body, marked."""

    title: Marked
    body: Marked  #: its beginning if only the title or a field was found


def of(connection: Connection, query: str, article_ids: Sequence[int], as_of: int | None = None) -> dict[int, Snippet]:
    """The snippet of each article, by its id. For one page of articles: it reads whole bodies."""
    wanted = [words for words in wanted_phrases(parse(query)) if not words.tokens[0].startswith(AUTHOR)]
    content, body = schema.content.c, schema.content_text.c
    rows = connection.execute(
        select(content.article_id, content.title, body.body)
        .join(schema.content_text, body.content_id == content.id)
        .where(content.article_id.in_(article_ids), live(content, as_of))
    )
    anywhere = [words for words in wanted if not words.title]
    return {
        row.article_id: Snippet(Marked(row.title, marks(wanted, row.title)), cut(anywhere, row.body)) for row in rows
    }


def marks(wanted: Sequence[Phrase], text: str) -> tuple[Mark, ...]:
    """The places of the phrases in a text."""
    return _merged(_hits(wanted, tokens.spans(text)))


def cut(wanted: Sequence[Phrase], text: str, length: int = _LENGTH) -> Marked:
    """The first piece of a text with the most phrases; its beginning if it has none."""
    hits = sorted(_hits(wanted, tokens.spans(text)))
    best, most = 0, 0
    for number, (start, _, _) in enumerate(hits):
        near = {which for begin, end, which in hits[number : number + 50] if end <= start + length * 3 // 4}
        if len(near) > most:
            best, most = start, len(near)
    first = _word_start(text, best - length // 4) if most else 0
    last = _word_end(text, first + length)
    before, after = "… " if first else "", " …" if last < len(text) else ""
    shift = len(before) - first
    inside = _merged([hit for hit in hits if first <= hit[0] and hit[1] <= last])
    return Marked(f"{before}{text[first:last]}{after}", tuple((start + shift, end + shift) for start, end in inside))


_Hit = tuple[int, int, int]  # from, to, which of the words


def _hits(wanted: Sequence[Phrase], found: Sequence[tuple[str, int, int]]) -> list[_Hit]:
    places: dict[str, list[int]] = {}
    for place, (token, _, _) in enumerate(found):
        places.setdefault(token, []).append(place)
    hits: list[_Hit] = []
    for which, words in enumerate(wanted):
        first, count = words.tokens[0], len(words.tokens)
        if count == 1 and words.prefix:
            starts = [place for token, held in places.items() if token.startswith(first) for place in held]
        else:
            starts = places.get(first, [])
        for at in starts:
            there = [token for token, _, _ in found[at : at + count]]
            if len(there) == count and _same(words, there):
                hits.append((found[at][1], found[at + count - 1][2], which))
    return hits


def _same(words: Phrase, there: Sequence[str]) -> bool:
    *before, last = words.tokens
    end = there[-1].startswith(last) if words.prefix else there[-1] == last
    return end and before == list(there[:-1])


def _merged(hits: Sequence[_Hit]) -> tuple[Mark, ...]:
    """The places in order, with overlapping ones joined."""
    found: list[Mark] = []
    for start, end, _ in sorted(hits):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


#: Characters in which a space to cut at is looked for: scripts without spaces have none.
_LONGEST_WORD = 30


def _word_start(text: str, at: int) -> int:
    if at <= 0:
        return 0
    space = next((place for place in range(at, at + _LONGEST_WORD) if text[place - 1 : place].isspace()), None)
    return at if space is None else space


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = next((place for place in range(at, at - _LONGEST_WORD, -1) if text[place].isspace()), None)
    return at if space is None else space
