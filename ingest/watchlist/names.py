"""The words of a text and the names on the watch-list, folded in the same way so that they can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ingest.watchlist.figures import Figure, Role
from ingest.watchlist.vocabulary import FIRST_NAMES, TITLES

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’ʼ][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’ʼ][sS]$")
_UNFOLDABLE = str.maketrans({"ı": "i", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "’": "'", "ʼ": "'"})
#: Languages without spaces between words, or with endings written on to the name.
SUBSTRING_LANGUAGES = frozenset({"ko", "ja", "zh"})
# The Joneses, the Bushes: only such names take -es, so that "Lies" is no family of Li.
_SIBILANT = ("s", "x", "z", "ch", "sh")


class Token(NamedTuple):
    """One word of a text."""

    folded: str  #: without accents, dots and possessive, lower case
    raw: str  #: as written, without a possessive
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """One name of one figure, compiled."""

    words: tuple[str, ...]
    raw: tuple[str, ...]
    kind: str  #: strong, weak, not, office, role
    figure: str
    famous: bool = False
    surname_first: bool = False  #: ends in a surname after which a given name may follow
    given_last: bool = False  #: begins with such a surname, and ends in the given name
    role: Role | None = None
    roles: tuple[Role, ...] = ()  #: the offices of the figure
    woman: bool | None = None
    initials: frozenset[str] = frozenset()  #: of the figure's given names


class Table:
    """The names that count in one language, looked up by their words."""

    def __init__(self, names: Sequence[Name]) -> None:
        #: The names by exactly their words.
        self.named: dict[tuple[str, ...], list[Name]] = {}
        lengths: dict[str, set[int]] = {}
        for name in names:
            known = self.named.setdefault(name.words, [])
            same = (name.kind, name.figure, name.role)
            if all((other.kind, other.figure, other.role) != same for other in known):  # "J.D." and "JD" fold to one
                known.append(name)
            lengths.setdefault(name.words[0], set()).add(len(name.words))
        #: The surnames that are one word …
        self.surnames = frozenset(
            words[0]
            for words, named in self.named.items()
            if len(words) == 1 and any(name.kind == "weak" for name in named)
        )
        #: … and no first name as well.
        self.only_surnames = self.surnames - FIRST_NAMES
        #: The numbers of words of the names that begin with a word, longest first.
        self.lengths = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}

    def families(self, plural: str) -> list[Name]:
        """The weak names that have this plural: the Trumps, the Joneses."""
        if len(plural) < 4 or not plural.endswith("s"):
            return []
        singulars = [plural[:-1]]
        if plural.endswith("es") and plural[:-2].endswith(_SIBILANT):
            singulars.insert(0, plural[:-2])
        for singular in singulars:
            if weak := [name for name in self.named.get((singular,), ()) if name.kind == "weak"]:
                return weak
        return []


class Substrings:
    """The names in one language that are searched for as plain text, longest first."""

    def __init__(self, figures: Sequence[Figure], language: str) -> None:
        self._figures: dict[str, list[str]] = {}
        for figure in figures:
            for name in dict(figure.names).get(language, ()):
                self._figures.setdefault(name, []).append(figure.id)
        for name in {name for figure in figures for name in figure.not_ if not name.isascii()}:
            self._figures[name] = []
        longest_first = sorted(self._figures, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and figure of each name in a text, in order; names inside a look-alike are left out."""
        for match in self._pattern.finditer(text) if self._pattern else ():
            for figure in self._figures[match.group()]:
                yield match.start(), match.end(), figure


def tables(figures: Sequence[Figure]) -> dict[str, Table]:
    """One table for each language that has names of its own; the one under "" is for all other languages."""
    everywhere = [name for figure in figures for name in _of(figure)]
    own: dict[str, list[Name]] = {"": []}
    for figure in figures:
        for language, given in figure.names:
            if language not in SUBSTRING_LANGUAGES:
                # A famous surname is in every table already, with the rules for surnames.
                others = [name for name in given if not (figure.famous and name in figure.weak)]
                own.setdefault(language, []).extend(_names(others, "strong", figure))
    return {language: Table([*everywhere, *names]) for language, names in own.items()}


def _of(figure: Figure) -> Iterator[Name]:
    kinds = {"strong": figure.strong, "weak": figure.weak, "not": figure.not_, "office": figure.offices}
    for kind, given in kinds.items():
        yield from _names(given, kind, figure)
    for role in figure.roles:
        yield from _names(role.phrases, "role", figure, role)


def _names(given: Sequence[str], kind: str, figure: Figure, role: Role | None = None) -> Iterator[Name]:
    first_words = {fold(name.split()[0]) for name in figure.strong}
    surnames = first_words & {fold(name) for name in figure.weak}
    initials = frozenset(word[0] for name in figure.strong for word in fold(name).split()[:-1] if word not in TITLES)
    for name in given:
        found = list(tokens(name))
        if not found:
            continue
        words = tuple(token.folded for token in found)
        yield Name(
            words,
            tuple(token.raw for token in found),
            kind,
            figure.id,
            figure.famous,
            kind in ("strong", "weak") and words[-1] in surnames,
            kind == "strong" and len(words) > 1 and words[0] in surnames,
            role,
            figure.roles,
            figure.woman,
            initials,
        )


# The same few thousand words with an accent or an apostrophe recur, so their folded form is cached. A longer run of
# letters is not a word.
_LONGEST_WORD = 40


def tokens(text: str) -> Iterator[Token]:
    """The words of a text, in order; "U.S." is one word, and so is "Kim" in "Kim's"."""
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if raw.isascii() and raw.isalpha():  # nearly all of them
            yield Token(raw.lower(), raw, *match.span())
            continue
        if raw[-2:-1] in "'’ʼ" and _POSSESSIVE.search(raw):
            raw = raw[:-2]
        if raw:
            start = match.start()
            yield Token(_folded(raw) if len(raw) <= _LONGEST_WORD else fold(raw), raw, start, start + len(raw))


def fold(word: str) -> str:
    """A word without accents and dots, in lower case, with straight apostrophes."""
    if word.isascii():
        return word.replace(".", "").lower()
    decomposed = unicodedata.normalize("NFKD", word.translate(_UNFOLDABLE))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace(".", "").casefold()


_folded = lru_cache(20_000)(fold)
