"""The words of a text as the full-text index knows them, made once in Python for every database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain

# Scripts that part no words: indexed as pairs of characters, so that a word is found inside a longer one.
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


# Vowel signs and the like are no letters to `re`, and would part the words of Hindi, Thai or Arabic.
# There are none between the second plane and the fourteenth, of which to ask would take each process a quarter second.
_POINTS = chain(range(0x20000), range(0xE0000, 0xE1000))
_MARKS = "".join(_ranges(point for point in _POINTS if unicodedata.category(chr(point))[0] == "M"))
_LETTER = rf"(?![{_UNSPACED}])[^\W_][{_MARKS}]*"
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:{_LETTER})+(?:['.](?:{_LETTER})+)*")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")
# The same words, ten times as fast, where no such character is.
_RARE = re.compile(rf"[{_UNSPACED}{_MARKS}]")
_PLAIN_WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:['.][a-z0-9]+)*")
# What is composed into one character: a letter with its marks, the letters of a Korean syllable.
_CLUSTER = re.compile(rf".[{_MARKS}\u1160-\u11ff]*", re.DOTALL)
# Where a word may be broken, not where it ends.
_SOFT_HYPHEN = "\u00ad"

#: Longer ones are data, not words; 4 bytes a character stay within what every database takes.
LONGEST = 100


def words(text: str) -> list[str]:
    """The words of a text, in order.

    NFKC, case folded; an apostrophe or a dot inside a word stays (`u.s`, `o'neill`), a possessive `'s` goes; a run of
    Chinese, Japanese or Korean becomes overlapping pairs of characters, and the last one alone. No stemming.
    """
    text = folded(text)
    pattern = _pattern(text)
    found = _cut(pattern, text)
    if pattern is _WORD:
        pairs = ([word[at : at + 2] for at in range(len(word))] if unspaced(word) else [word] for word in found)
        found = [token for each in pairs for token in each]
    return [word[:LONGEST] for word in found]


def runs(text: str) -> list[str]:
    """The words of a text with runs of Chinese, Japanese or Korean left whole."""
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
    """The text as words are cut from it: compatible forms are one, case and kinds of apostrophe are none."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text)
    for apostrophe in "’ʼ‘":
        text = text.replace(apostrophe, "'")
    for sign in "“”–—":  # they alone would make a plain text look foreign
        text = text.replace(sign, " ")
    return text.replace(_SOFT_HYPHEN, "").casefold()


def unspaced(word: str) -> bool:
    """Whether a word is a run of a script that parts no words."""
    return _UNSPACED_RUN.match(word) is not None


def spans(text: str) -> list[tuple[str, int, int]]:
    """The same words with their places in the text: from where to where, in characters."""
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
    """The folded text, and for each of its characters from where to where it stood."""
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
