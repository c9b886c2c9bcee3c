"""Cuts a typed search into words, phrases, brackets and operators, each with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from ingest.errors import SearchError
from ingest.text import tokens

#: Characters of a search; a longer one is a pasted article, which gets an error at once.
LONGEST = 1_000

FIELDS = ("title", "source", "figure", "topic", "author", "lang")

Kind = Literal["word", "phrase", "field", "open", "close", "AND", "OR", "NOT"]


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A piece of a search."""

    kind: Kind
    text: str  #: without quotes, colon or star
    start: int
    end: int
    prefix: bool = False  #: whether a star stood at its end


# Variants of signs that keyboards and word processors insert; one for one, so that places stay.
_PLAIN = str.maketrans("“”„‟«»＂（）＊\u3000", '"' * 7 + "()* ")
_WORD = re.compile(r'[^\s()"]+')
_FIELD = re.compile(r"([^\W\d_]+)[:：](?!//)")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_RANGE = re.compile(r"[\[{][^\]}]*\sTO\s[^\]}]*[\]}]")
_END_OF_SENTENCE = ".,;:!?…"

# Syntax of other search languages that this one lacks: what it looks like, and what to do instead.
_UNKNOWN = (
    (re.compile(r"\|+"), "| is no operator here. Write OR between the words."),
    (re.compile(r"![^\W_]"), "! is no operator here. Write NOT before the word."),
    (re.compile(r"[<>]=?[^\W_]"), "Comparisons are not known. The period and tone filters narrow by day and tone."),
    (re.compile(r"/.+/"), "Regular expressions are not known. word* finds every word that begins so."),
    (re.compile(r".*[^\W_]~[\d.]*"), "~ (similar words) is not known. word* finds every word that begins so."),
    (re.compile(r".*[^\W_]\^[\d.]*"), "^ (weight) is not known: articles are listed by date. Leave it out."),
    (re.compile(r".*[^\W_]\?[^\W_].*"), "? stands for no letter here. word* finds every word that begins so."),
)


def cut(typed: str) -> list[Lexeme]:
    """The pieces of a search, in order; signs that are not words are skipped.

    Raises SearchError, with the place, for what can't be understood.
    """
    if len(typed) > LONGEST:
        raise SearchError(f"The search is {len(typed):,} characters long; {LONGEST:,} are the most.", LONGEST)
    for place, character in enumerate(typed):
        if unicodedata.category(character) in ("Cc", "Cs") and not character.isspace():
            raise SearchError(
                f"Character {place + 1} is none that can be searched for (code {ord(character)}). Take it out.",
                place,
                place + 1,
            )
    return list(_cut(typed.translate(_PLAIN)))


def _cut(text: str) -> Iterator[Lexeme]:
    at = field_end = 0
    while at < len(text):
        sign = text[at]
        if sign.isspace():
            at += 1
        elif sign in "()":
            yield Lexeme("open" if sign == "(" else "close", sign, at, at + 1)
            at += 1
        elif sign == '"':
            phrase = _phrase(text, at)
            yield phrase
            at = phrase.end
        elif sign in "+-" and field_end == at > 0:
            raise SearchError(f"{sign} stands before the field, not after it: {sign}title:word.", at, at + 1)
        elif sign in "+-" and _is_operator(text, at):
            if sign == "-":
                yield Lexeme("NOT", sign, at, at + 1)
            at += 1
        elif found := _RANGE.match(text, at):
            raise SearchError("Ranges are not known. The period filter narrows by day.", found.start(), found.end())
        elif (field := _field(text, at)) is not None:
            yield field
            at = field_end = field.end
        else:
            match = _WORD.match(text, at)
            assert match is not None
            at = match.end()
            if (word := _word(match.group(), match.start())) is not None:
                yield word


def _is_operator(text: str, at: int) -> bool:
    """Whether a + or − is an operator: it is in "-word", not in "carbon-border" and " - "."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return (not before or before.isspace() or before == "(") and (after.isalnum() or after in ('"', "("))


def _phrase(text: str, at: int) -> Lexeme:
    close = text.find('"', at + 1)
    if close < 0:
        raise SearchError('This quote has no second one. Close the phrase with ", or take the sign away.', at, at + 1)
    inside, end = text[at + 1 : close], close + 1
    if text[end : end + 1] in ("~", "^", "*") and text[end : end + 1]:
        what = {
            "~": "Nearness (~) is not known: a phrase is exact. Join its words with AND instead.",
            "^": "Weight (^) is not known: articles are listed by date. Leave it out.",
            "*": "Put the * inside the quotes, at the end of the last word.",
        }[text[end]]
        raise SearchError(what, end, end + 1)
    stripped, prefix = _star(inside, at + 1)
    if not tokens.words(stripped):
        raise SearchError("There is no word between these quotes.", at, end)
    return Lexeme("phrase", stripped, at, end, prefix)


def _field(text: str, at: int) -> Lexeme | None:
    found = _FIELD.match(text, at)
    if found is None or _ADDRESS.match(text, at):
        return None
    name, end = found.group(1), found.end()
    if name.casefold() in FIELDS:
        return Lexeme("field", name.casefold(), at, end)
    value = text[end : end + 1]
    if not name.isascii() or not value or value.isspace():
        return None  # "Trump: I will", "속보:북한": punctuation
    meant = get_close_matches(name.casefold(), FIELDS, 1)
    raise SearchError(
        f"“{name}” is no field. "
        + (f"Did you mean {meant[0]}: ?" if meant else f"Fields are {', '.join(FIELDS)}.")
        + " To look for the words themselves, put them in quotes.",
        at,
        end,
    )


def _word(chunk: str, at: int) -> Lexeme | None:
    end = at + len(chunk)
    if chunk in ("AND", "OR", "NOT"):
        return Lexeme(chunk, chunk, at, end)  # type: ignore[arg-type]
    if not _ADDRESS.match(chunk):
        for pattern, message in _UNKNOWN:
            if pattern.fullmatch(chunk) or (pattern.match(chunk) and chunk[0] in "!<>"):
                raise SearchError(message, at, end)
    text, prefix = _star(chunk, at)
    if tokens.words(text):
        return Lexeme("word", text, at, end, prefix)
    if any(unicodedata.category(character) == "So" for character in chunk):
        raise SearchError("There is no word in this: letters and digits are found, emoji and signs are not.", at, end)
    return None


def _star(text: str, at: int) -> tuple[str, bool]:
    """The text without the star at its end, and whether it had one."""
    place = text.find("*")
    if place < 0:
        return text, False
    rest = text[place + 1 :].strip(_END_OF_SENTENCE + " ")
    before = text[place - 1 : place]
    if rest or not before or not (before.isalnum() or unicodedata.category(before)[0] == "M"):
        raise SearchError(
            "A * stands for the rest of a word: write it once, at the word's end.", at + place, at + place + 1
        )
    return text[:place], True
