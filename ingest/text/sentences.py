"""Splits a text into sentences. The title is sentence 0; bullets and headings are sentences of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

#: Longer ones are tables and lists without full stops; scoring time grows faster than their length.
_LONGEST = 2_000

#: sentencex takes quadratic time if letters are not ASCII, so it gets a long paragraph piece by piece.
_WINDOW = 4_000

#: A shorter line is a heading or an item, not a line that an editor has wrapped.
_WRAPPED = 50

_BULLET = re.compile(r"\s*(?:[•‣◦▪●○–—*·-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_FINAL = re.compile(r"[.!?…:;][\"'”’»)\]]*\s*$")
_LINE = re.compile(r"[^\n]+")
# “He liked me.” Kim left: the full stop is inside the quotation. (After “Really?” the speaker often follows.)
_AFTER_QUOTE = re.compile(r"\.[”\"]\s+(?=[A-Z“\"])")
# J.D. Vance, John F. Kennedy: initials do not end a sentence; U.S. and the like may.
_INITIALS = re.compile(r"(?:^|[\s(“\"-])(?!(?:U\.S|U\.K|U\.N|E\.U|D\.C)\.)(?:[A-Z]\.){1,3}\s?$")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"])"
    r"(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Adm|Col|Lt|Sgt|Maj|Capt|Cmdr|Amb|Sec|Pres|Rev|Hon|No|vs|cf)\.\s?$"
)
#: Characters before a full stop that tell whether it ends an abbreviation; none is longer.
_TAIL = 12


def split(text: str, title: str, language: str) -> list[tuple[int, int]]:
    """Start and end of each sentence of `text` (made by `text.compose`), in order, without surrounding spaces."""
    spans = [(0, len(title))] if title else []
    for start, end in _blocks(text, len(title)):
        spans.extend(_sentences(text, start, end, language))
    return spans


def _blocks(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Start and end of runs of lines that one sentence may cross: a paragraph or a part of it."""
    opened: int | None = None
    before, last_end = "", start
    for match in _LINE.finditer(text, start):
        line = match.group()
        if opened is not None:
            paragraph = match.start() - last_end > 1
            final = _FINAL.search(before[-_TAIL:]) and not _abbreviated(before)
            if paragraph or _BULLET.match(line) or len(before) < _WRAPPED or final:
                yield opened, last_end
                opened = None
        if opened is None:
            opened = match.start()
        before, last_end = line, match.end()
    if opened is not None:
        yield opened, last_end


def _sentences(text: str, start: int, end: int, language: str) -> Iterator[tuple[int, int]]:
    block = text[start:end].replace("\n", " ")
    if bullet := _BULLET.match(block):
        start += bullet.end()
        block = block[bullet.end() :]
    if not block.strip():
        return
    opened = 0
    for cut in _cuts(block, language):
        if cut < len(block) and _abbreviated(block[max(opened, cut - _TAIL) : cut]):
            continue
        for piece in _pieces(block, opened, cut):
            stripped = block[piece[0] : piece[1]].strip()
            if stripped:
                at = block.index(stripped, piece[0])
                yield start + at, start + at + len(stripped)
        opened = cut


def _abbreviated(head: str) -> bool:
    """Whether the full stop at the end of a text belongs to its last word."""
    tail = head[-_TAIL:]
    return bool(_INITIALS.search(tail) or _ABBREVIATION.search(tail))


def _cuts(block: str, language: str) -> list[int]:
    """Where sentences end, in order; the last is the block's end."""
    found: set[int] = set()
    start = 0
    while start < len(block):
        window = block[start : start + _WINDOW]
        ends = [start + boundary["end_index"] for boundary in sentencex.get_sentence_boundaries(language, window)]
        if start + len(window) < len(block):
            ends = ends[:-1]  # the window's end is not a sentence's end
        found.update(ends)
        start = ends[-1] if ends else start + len(window)
    found.update(match.end() for match in _AFTER_QUOTE.finditer(block))
    return sorted(found | {len(block)})


def _pieces(block: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST:
        cut = block.rfind(" ", start + 1, start + _LONGEST)
        cut = cut if cut > start else start + _LONGEST
        yield start, cut
        start = cut
    yield start, end
