"""Finds the figures in a text: one pass over its words, longest name first.

- a strong name is always its figure, and licenses that figure's weak names from there on;
- a weak name counts when its figure is licensed or famous. Of two licensed figures the one named in full last wins
  if that was in the same or the previous sentence; otherwise the mention is *ambiguous*;
- look-alikes (`not`) and a following Jr. swallow the name; offices are a kind of their own;
- accents, apostrophes, hyphens and possessives are folded; ALL CAPS match through full names only.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ingest.figures import Figure, Role
from ingest.models import Kind, Mention

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’ʼ][^\W_]+)*")
# What may stand between two words of one name: a space, a wrapped line, a hyphen, the dot of an initial.
_GAP = re.compile(r"\.?(?:[ \u00a0]{1,2}|[ \u00a0]?\n[ \u00a0]?)|[-‐‑–.]")
_POSSESSIVE = re.compile(r"['’ʼ][sS]$")
_UNFOLDABLE = str.maketrans({"ı": "i", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "’": "'", "ʼ": "'"})
_JUNIOR = frozenset({"jr", "sr", "ii", "iii"})
# "the former US president" is not the one in office.
_NOT_IN_OFFICE = frozenset({"former", "ex", "then", "late", "next", "future", "previous", "vice", "deputy", "acting"})
#: Languages without spaces between words, or with endings written on to the name.
_SUBSTRING_LANGUAGES = frozenset({"ko", "ja", "zh"})


@dataclass(frozen=True, slots=True)
class _Token:
    folded: str
    raw: str  #: as written, without a possessive
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Name:
    """One name of one figure, compiled."""

    words: tuple[str, ...]
    raw: tuple[str, ...]
    kind: str  #: strong, weak, not, office, role
    figure: str
    famous: bool = False
    surname_first: bool = False
    role: Role | None = None


class Matcher:
    """A watch-list compiled once; safe to share between threads."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self._by_first: dict[str, list[_Name]] = {}
        self._substrings: dict[str, list[tuple[str, str]]] = {}
        for figure in figures:
            self._compile(figure)
        for names in self._by_first.values():
            names.sort(key=lambda name: -len(name.words))
        for pairs in self._substrings.values():
            pairs.sort(key=lambda pair: -len(pair[0]))

    def _compile(self, figure: Figure) -> None:
        first_words = {_fold(name.split()[0]) for name in figure.strong}
        for kind, names in (
            ("strong", figure.strong),
            ("weak", figure.weak),
            ("not", figure.not_),
            ("office", figure.offices),
        ):
            for name in names:
                surname_first = kind == "weak" and _fold(name) in first_words
                self._add(name, kind, figure, surname_first=surname_first)
        for role in figure.roles:
            for phrase in role.phrases:
                self._add(phrase, "role", figure, role=role)
        for language, names in figure.names:
            if language in _SUBSTRING_LANGUAGES:
                self._substrings.setdefault(language, []).extend((name, figure.id) for name in names)
            else:
                for name in names:
                    self._add(name, "strong", figure)

    def _add(
        self, name: str, kind: str, figure: Figure, *, surname_first: bool = False, role: Role | None = None
    ) -> None:
        tokens = list(_tokens(name))
        if not tokens:
            return
        words = tuple(token.folded for token in tokens)
        compiled = _Name(
            words, tuple(token.raw for token in tokens), kind, figure.id, figure.famous, surname_first, role
        )
        known = self._by_first.setdefault(words[0], [])
        same = (words, kind, figure.id)
        if all((name.words, name.kind, name.figure) != same for name in known):  # "J.D." and "JD" fold to one
            known.append(compiled)

    def find(
        self, text: str, sentences: Sequence[tuple[int, int]], *, day: date, language: str = "en"
    ) -> list[Mention]:
        """The mentions in a text, in order, not scored.

        `sentences` are the starts and ends from `sentences.split`; a mention outside all of them (a bullet) is none.
        `day` is the article's, for roles with dates.
        """
        starts = [start for start, _ in sentences]
        scan = _Scan(self._by_first, text, sentences, starts, day)
        found = scan.run()
        for name, figure in self._substrings.get(language, ()):
            for match in re.finditer(re.escape(name), text):
                start, end = match.span()
                if not any(m.start < end and start < m.end for m in found):
                    found.append(_mention(figure, scan.sentence_of(start), start, end, "person"))
        return sorted((m for m in found if m.sentence >= 0), key=lambda m: (m.start, m.figure))


class _Scan:
    """One pass over one text."""

    def __init__(
        self,
        names: dict[str, list[_Name]],
        text: str,
        sentences: Sequence[tuple[int, int]],
        starts: Sequence[int],
        day: date,
    ) -> None:
        self._names = names
        self._text = text
        self._sentences = sentences
        self._starts = starts
        self._day = day
        self._tokens = list(_tokens(text))
        self._licensed: dict[str, int] = {}  # figure -> sentence of its latest full name
        self._order: dict[str, int] = {}  # figure -> place of its latest full name

    def run(self) -> list[Mention]:
        found: list[Mention] = []
        at = 0
        tokens = self._tokens
        names = self._names
        while at < len(tokens):
            token = tokens[at]
            candidates = names.get(token.folded) or self._singular(token)
            at = self._match(at, candidates, found) if candidates else at + 1
        return found

    def sentence_of(self, offset: int) -> int:
        index = bisect_right(self._starts, offset) - 1
        return index if index >= 0 and offset < self._sentences[index][1] else -1

    def _singular(self, token: _Token) -> list[_Name] | None:
        """The Trumps, the Bidens: a family, found through the weak name."""
        if not token.folded.endswith("s") or len(token.folded) < 4:
            return None
        for ending in ("es", "s"):
            names = self._names.get(token.folded.removesuffix(ending)) if token.folded.endswith(ending) else None
            weak = [name for name in names or () if name.kind == "weak" and len(name.words) == 1]
            if weak:
                return weak
        return None

    def _match(self, at: int, candidates: Sequence[_Name], found: list[Mention]) -> int:
        """Adds the mention that begins at this token, if any; answers where to go on."""
        best: list[_Name] = []
        stop = at
        for name in candidates:  # longest first
            if best and len(name.words) < len(best[0].words):
                break
            end = self._end(at, name)
            if end is not None and (name.kind != "role" or self._in_office(at, end, name)):
                best.append(name)
                stop = end
        if not best:
            return at + 1
        if self._is_junior(stop):
            return stop + 1
        if any(name.kind == "not" for name in best):
            return stop
        for kind in ("strong", "office", "role", "weak"):
            matching = [name for name in best if name.kind == kind]
            if matching:
                self._add(at, stop, kind, matching, found)
                break
        return stop

    def _end(self, at: int, name: _Name) -> int | None:
        """The token after the name, if it stands here; an initial in the middle ("Kamala D. Harris") is passed over."""
        tokens = self._tokens
        several = len(name.words) > 1
        position = at
        for nth, word in enumerate(name.words):
            if position >= len(tokens):
                return None
            token = tokens[position]
            initial = nth > 0 and len(token.raw) == 1 and token.raw.isupper() and token.folded != word
            if initial and name.kind == "strong" and position + 1 < len(tokens):
                if not self._adjacent(position - 1):
                    return None
                position += 1
                token = tokens[position]
            plural = name.kind == "weak" and not several
            if token.folded != word and not plural:
                return None
            if nth and not self._adjacent(position - 1):
                return None
            if not self._cased(position, name, nth, several):
                return None
            position += 1
        return position

    def _cased(self, position: int, name: _Name, nth: int, several: bool) -> bool:
        token, wanted = self._tokens[position], name.raw[nth]
        if len(token.raw) > 1 and token.raw.isupper() and not wanted.isupper():
            return several and name.kind != "weak"
        if not wanted[0].isupper():
            return True
        if nth and self._text[token.start - 1] in "-‐‑–":  # Kim Jong-un, Moon Jae-in
            return True
        return token.raw[0].isupper()

    def _adjacent(self, position: int) -> bool:
        """Whether nothing but a gap stands between this token and the next (a possessive is more than a gap)."""
        here, there = self._tokens[position], self._tokens[position + 1]
        return _GAP.fullmatch(self._text, here.end, there.start) is not None

    def _is_junior(self, stop: int) -> bool:
        tokens = self._tokens
        if stop >= len(tokens) or tokens[stop].folded not in _JUNIOR or not tokens[stop].raw[0].isupper():
            return False
        return re.fullmatch(r",?[ \u00a0]{1,2}", self._text[tokens[stop - 1].end : tokens[stop].start]) is not None

    def _in_office(self, at: int, stop: int, name: _Name) -> bool:
        """Whether a role's phrase means its holder here: in office that day, no title before a name, not "former"."""
        if name.role is None or not name.role.held_on(self._day):
            return False
        tokens = self._tokens
        if stop < len(tokens) and self._adjacent(stop - 1) and tokens[stop].raw[0].isupper():
            return False
        before = tokens[at - 1].folded if at else ""
        return before not in _NOT_IN_OFFICE

    def _add(self, at: int, stop: int, kind: str, names: Sequence[_Name], found: list[Mention]) -> None:
        start, end = self._tokens[at].start, self._tokens[stop - 1].end
        sentence = self.sentence_of(start)
        if kind == "strong":
            for name in names:
                self._licensed[name.figure] = sentence
                self._order[name.figure] = start
                found.append(_mention(name.figure, sentence, start, end, "person"))
            return
        if kind in ("office", "role"):
            found.extend(_mention(name.figure, sentence, start, end, "office") for name in names)
            return
        meant = [name for name in names if name.famous or name.figure in self._licensed]
        if not meant or (any(name.surname_first for name in meant) and self._other_given_name(at, stop)):
            return
        if len(meant) > 1:
            licensed = [name for name in meant if name.figure in self._licensed] or list(meant)
            latest = max(licensed, key=lambda name: self._order.get(name.figure, -1))
            if len(licensed) == 1 or self._licensed.get(latest.figure, -2) >= sentence - 1:
                meant = [latest]
            else:
                found.extend(_mention(name.figure, sentence, start, end, "ambiguous") for name in licensed)
                return
        found.append(_mention(meant[0].figure, sentence, start, end, "person"))

    def _other_given_name(self, at: int, stop: int) -> bool:
        """Kim Dae-jung is not Kim Jong Un: a capitalised word after a surname that comes first is a given name.

        In a headline where every word is capitalised it says nothing.
        """
        tokens = self._tokens
        if stop >= len(tokens) or not self._adjacent(stop - 1) or not tokens[stop].raw[0].isupper():
            return False
        if "-" in self._text[tokens[stop - 1].end : tokens[stop].start]:
            return False
        start, end = self._sentences[max(0, self.sentence_of(tokens[at].start))]
        words = self._text[start:end].split()
        lower = sum(word[0].islower() for word in words if len(word) > 3)
        return lower * 2 >= sum(len(word) > 3 for word in words)


def _mention(figure: str, sentence: int, start: int, end: int, kind: Kind) -> Mention:
    return Mention(figure=figure, sentence=sentence, start=start, end=end, kind=kind)


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if raw[-2:-1] in "'’ʼ" and _POSSESSIVE.search(raw):
            raw = raw[:-2]
        if raw:
            yield _Token(_fold(raw), raw, match.start(), match.start() + len(raw))


def _fold(word: str) -> str:
    if word.isascii():
        return word.replace(".", "").lower()
    decomposed = unicodedata.normalize("NFKD", word.translate(_UNFOLDABLE))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace(".", "").casefold()
