"""Cuts a text into the words of the full-text index, in Python so that they are the same for every database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain

# Scripts without spaces: indexed as pairs of characters, so that a word is found within a longer run.
_UNSPACED = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"


def _ranges(points: Iterator[int]) -> Iterator[str]:
    first = last = -2
    for point in points:
        if point != last + 1:
            if first >= 0:
                yield f"{chr(first)}-{chr(last)}"
            first = point
        last = point
    yield f"{chr(first)}-{chr(last)}"


# For `re`, vowel signs and the like are not letters and would split words of Hindi, Thai or Arabic. There are none
# between planes 2 and 14; asking for those would take each process a quarter of a second.
_POINTS = chain(range(0x20000), range(0xE0000, 0xE1000))
_MARKS = "".join(_ranges(point for point in _POINTS if unicodedata.category(chr(point))[0] == "M"))
_LETTER = rf"(?![{_UNSPACED}])[^\W_][{_MARKS}]*"
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:{_LETTER})+(?:['.](?:{_LETTER})+)*")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")
# The same words, ten times as fast, for texts without such characters.
_RARE = re.compile(rf"[{_UNSPACED}{_MARKS}]")
_PLAIN_WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:['.][a-z0-9]+)*")
# Characters that may be composed into one: a letter with its marks, the letters of a Korean syllable.
_CLUSTER = re.compile(rf".[{_MARKS}\u1160-\u11ff]*", re.DOTALL)
# Where a word may be broken, not where it ends.
_SOFT_HYPHEN = "\u00ad"

#: Longer words are data and are cut; at 4 bytes a character this is within the limits of every database.
LONGEST = 100


def words(text: str) -> list[str]:
    """The words of a text, in order.

    NFKC, case folded; an apostrophe or a dot inside a word stays (`u.s`, `o'neill`), a possessive `'s` goes; a run of
    Chinese, Japanese or Korean becomes overlapping pairs of characters, then its last character. No stemming.
    """
    text = folded(text)
    pattern = _pattern(text)
    found = _cut(pattern, text)
    if pattern is _WORD:
        pairs = ([word[at : at + 2] for at in range(len(word))] if unspaced(word) else [word] for word in found)
        found = [token for each in pairs for token in each]
    return [word[:LONGEST] for word in found]


def runs(text: str) -> list[str]:
    """The words of a text, with runs of Chinese, Japanese or Korean left whole."""
    text = folded(text)
    return _cut(_pattern(text), text)


def _cut(pattern: re.Pattern[str], text: str) -> list[str]:
    found: list[str] = pattern.findall(text)
    return [word.removesuffix("'s") for word in found] if "'s" in text else found


def _pattern(text: str) -> re.Pattern[str]:
    if text.isascii():
        return _ASCII_WORD
    return _WORD if _RARE.search("".join(set(text))) else _PLAIN_WORD


def folded(text: str) -> str:
    """The text from which words are cut: NFKC, case folded, with plain apostrophes."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text)
    for apostrophe in "’ʼ‘":
        text = text.replace(apostrophe, "'")
    for sign in "“”–—":  # so that a plain text takes the fast pattern
        text = text.replace(sign, " ")
    return text.replace(_SOFT_HYPHEN, "").casefold()


def unspaced(word: str) -> bool:
    """Whether a word is a run of a script without spaces."""
    return _UNSPACED_RUN.match(word) is not None


def spans(text: str) -> list[tuple[str, int, int]]:
    """The words as `words` gives them, each with its start and end in the text, in characters."""
    shown, starts, ends = _aligned(text)
    found: list[tuple[str, int, int]] = []
    for match in _pattern(shown).finditer(shown):
        word, first = match.group().removesuffix("'s"), match.start()
        last = first + len(word)
        if unspaced(word):
            pairs = ((at, min(at + 2, last)) for at in range(first, last))
            found += [(shown[at:end], starts[at], ends[end - 1]) for at, end in pairs]
        else:
            found.append((word[:LONGEST], starts[first], ends[last - 1]))
    return found


def _aligned(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The folded text, and for each of its characters the start and end of what it was in the original."""
    shown = folded(text)
    if len(shown) == len(text) and _SOFT_HYPHEN not in text and unicodedata.is_normalized("NFKC", text):
        return shown, range(len(text)), range(1, len(text) + 1)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _CLUSTER.finditer(text):
        piece = folded(match.group())
        pieces.append(piece)
        starts += [match.start()] * len(piece)
        ends += [match.end()] * len(piece)
    return "".join(pieces), starts, ends
