"""Finds the figures in a text: one pass over its words, longest name first.

- a strong name is always its figure, and licenses that figure's weak names from there on;
- a weak name counts when its figure is licensed or famous. Of two licensed figures the one named in full last wins
  if that was in the same or the previous sentence; otherwise the mention is *ambiguous*;
- a headline is written about the text below it, so what follows licenses its weak names as well;
- a weak name joined by a hyphen to a counted person ("the Trump-Kim summit") is the one of that name in office;
- look-alikes (`not`) and a following Jr. swallow the name; offices are a kind of their own;
- accents, apostrophes, hyphens and possessives are folded; ALL CAPS match through full names only.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date

from ingest import names
from ingest.figures import Figure
from ingest.models import Kind, Mention
from ingest.names import Name, Table, Token

# What may stand between two words of one name: a space, a wrapped line, a hyphen, the dot of an initial.
_GAP = re.compile(r"\.?(?:[ \u00a0]{1,2}|[ \u00a0]?\n[ \u00a0]?)|[-‐‑–.]")
_HYPHENS = frozenset("-‐‑–")
_JUNIOR = frozenset({"jr", "sr", "ii", "iii"})
# "the former US president" is not the one in office.
_NOT_IN_OFFICE = frozenset({"former", "ex", "then", "late", "next", "future", "previous", "vice", "deputy", "acting"})
# "Moons" and "Parks" are rarely families: a surname that is not famous needs one of these before its plural.
_OF_A_FAMILY = frozenset({"the", "both", "two", "these", "those", "all"})
# Capitalised words that follow a name without being part of one: "Kim Monday ordered".
_NO_NAME = frozenset(
    (
        "monday tuesday wednesday thursday friday saturday sunday "
        "january february march april may june july august september october november december"
    ).split()
)


class Matcher:
    """A watch-list compiled once; safe to share between threads."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self._tables = names.tables(figures)
        self._substrings = {language: names.Substrings(figures, language) for language in names.SUBSTRING_LANGUAGES}

    def find(
        self, text: str, sentences: Sequence[tuple[int, int]], *, day: date, language: str = "en"
    ) -> list[Mention]:
        """The mentions in a text, in order, not scored.

        `sentences` are the starts and ends from `sentences.split`; a mention outside all of them (a bullet) is none.
        `day` is the article's, for roles with dates.
        """
        scan = _Scan(self._tables.get(language) or self._tables[""], text, sentences, day)
        found = scan.run()
        if language in self._substrings:
            taken = sorted((mention.start, mention.end) for mention in found)
            for start, end, figure in self._substrings[language].find(text):
                nearest = bisect_left(taken, (end, 0)) - 1
                if nearest < 0 or taken[nearest][1] <= start:
                    found.append(_mention(figure, scan.sentence_of(start), start, end, "person"))
        return sorted((m for m in found if m.sentence >= 0), key=lambda m: (m.start, m.figure))


class _Scan:
    """One pass over one text."""

    def __init__(self, table: Table, text: str, sentences: Sequence[tuple[int, int]], day: date) -> None:
        self._table = table
        self._text = text
        self._sentences = sentences
        self._starts = [start for start, _ in sentences]
        self._day = day
        self._tokens = list(names.tokens(text))
        self._words = [token.folded for token in self._tokens]
        self._found: list[Mention] = []
        self._first: dict[str, int] = {}  # figure -> place of its first full name
        self._latest: dict[str, int] = {}  # figure -> place of its latest full name
        self._headlines: dict[int, bool] = {}  # sentence -> whether it is one
        self._open: list[tuple[int, int, list[Name]]] = []  # weak names with nobody to mean, so far

    def run(self) -> list[Mention]:
        at = 0
        lengths = self._table.lengths
        words = self._words
        while at < len(words):
            first = words[at]
            at = self._match(at) if lengths(first) or first.endswith("s") else at + 1
        self._settle()
        return self._found

    def sentence_of(self, offset: int) -> int:
        index = bisect_right(self._starts, offset) - 1
        return index if index >= 0 and offset < self._sentences[index][1] else -1

    def _match(self, at: int) -> int:
        """Adds the mention that begins at this token, if any; answers where to go on."""
        best, stop = self._longest(at)
        if not best:
            return at + 1
        if self._is_junior(stop):
            return stop + 1
        if any(name.kind == "not" for name in best):
            return stop
        kind = next(kind for kind in ("strong", "office", "role", "weak") if any(name.kind == kind for name in best))
        best = [name for name in best if name.kind == kind]
        if kind == "strong":
            # Joe Biden Foundation, Joe Biden administration, Chairman Kim Yo Jong: the longer reach wins.
            for inner in range(at + 1, stop):
                longer, reach = self._longest(inner)
                if reach > stop and longer:
                    return self._overlap(at, inner, longer, reach)
        self._add(at, stop, kind, best)
        return stop

    def _overlap(self, at: int, inner: int, longer: Sequence[Name], reach: int) -> int:
        kinds = {name.kind for name in longer}
        if "not" in kinds or self._is_junior(reach):
            return reach
        kind = next(kind for kind in ("strong", "office", "role", "weak") if kind in kinds)
        self._add(at if kind in ("strong", "office") else inner, reach, kind, [n for n in longer if n.kind == kind])
        return reach

    def _longest(self, at: int) -> tuple[list[Name], int]:
        """The longest names that begin at this token, and the token after them."""
        words = self._words
        for length in self._table.lengths(words[at]):
            if at + length > len(words):
                continue
            found = self._standing(tuple(words[at : at + length]), range(at, at + length))
            if not found and length > 1 and at + length < len(words) and _is_initial(self._tokens[at + 1]):
                # Kamala D. Harris: an initial is passed over, in full names only.
                places = [at, *range(at + 2, at + length + 1)]
                found = [n for n in self._standing(tuple(words[p] for p in places), places) if n.kind == "strong"]
                length += 1
            if found:
                return found, at + length
        family = [
            name
            for name in self._table.families(words[at])
            if (name.famous or (at and words[at - 1] in _OF_A_FAMILY)) and self._stands(name, (at,))
        ]
        return family, at + 1

    def _standing(self, words: tuple[str, ...], places: Sequence[int]) -> list[Name]:
        """The names of these words, where they are written as one name, with its capitals."""
        return [name for name in self._table.named(words) if self._stands(name, places)]

    def _stands(self, name: Name, places: Sequence[int]) -> bool:
        last = places[-1]
        if not all(self._cased(place, name, nth) for nth, place in enumerate(places)):
            return False
        if not all(self._adjacent(place) for place in range(places[0], last)):
            return False
        if name.kind == "role" and not self._in_office(places[0], last + 1, name):
            return False
        return not (name.surname_first and self._other_given_name(last))

    def _cased(self, place: int, name: Name, nth: int) -> bool:
        token, wanted = self._tokens[place], name.raw[nth]
        if len(token.raw) > 1 and token.raw.isupper() and not wanted.isupper():
            return len(name.words) > 1 and name.kind != "weak"
        if not wanted[0].isupper():
            return True
        if nth and self._text[token.start - 1] in _HYPHENS:  # Kim Jong-un, Moon Jae-in
            return True
        return token.raw[0].isupper()

    def _adjacent(self, place: int) -> bool:
        """Whether nothing but a gap stands between this token and the next (a possessive is more than a gap)."""
        here, there = self._tokens[place], self._tokens[place + 1]
        gap = self._text[here.end : there.start]
        if gap == " " or gap in _HYPHENS:
            return True
        # "He met Trump. Tower blocks fell": a sentence ends no less for its full stop.
        return _GAP.fullmatch(gap) is not None and self.sentence_of(here.start) == self.sentence_of(there.start)

    def _is_junior(self, stop: int) -> bool:
        tokens = self._tokens
        if stop >= len(tokens) or tokens[stop].folded not in _JUNIOR or not tokens[stop].raw[0].isupper():
            return False
        return re.fullmatch(r",?[ \u00a0]{1,2}", self._text[tokens[stop - 1].end : tokens[stop].start]) is not None

    def _in_office(self, at: int, stop: int, name: Name) -> bool:
        """Whether a role's phrase means its holder here: in office that day, no title before a name, not "former"."""
        if name.role is None or not name.role.held_on(self._day):
            return False
        if self._capital_follows(stop - 1):
            return False
        before = self._words[at - 1] if at else ""
        return before not in _NOT_IN_OFFICE

    def _capital_follows(self, place: int) -> bool:
        following = place + 1
        if following >= len(self._tokens) or not self._adjacent(place):
            return False
        token = self._tokens[following]
        return token.raw[0].isupper() and token.folded not in _NO_NAME

    def _other_given_name(self, place: int) -> bool:
        """Kim Dae-jung is not Kim Jong Un: a capitalised word after a surname that comes first is a given name.

        In a headline where every word is capitalised it says nothing, unless it is written as in Dae-jung.
        """
        tokens, text = self._tokens, self._text
        if not self._capital_follows(place) or text[tokens[place].end] in _HYPHENS:
            return False
        given = tokens[place + 1]
        if text[given.end : given.end + 1] in _HYPHENS and text[given.end + 1 : given.end + 2].islower():
            return True
        return not self._is_headline(self.sentence_of(tokens[place].start))

    def _is_headline(self, sentence: int) -> bool:
        """Whether most words of a sentence are capitalised, and no full stop ends it."""
        if sentence not in self._headlines:
            start, end = self._sentences[max(0, sentence)]
            words = [word for word in self._text[start:end].split() if len(word) > 3]
            lower = sum(word[0].islower() for word in words)
            self._headlines[sentence] = self._text[end - 1] not in ".!?" and lower * 2 < len(words)
        return self._headlines[sentence]

    def _add(self, at: int, stop: int, kind: str, named: Sequence[Name]) -> None:
        start = self._tokens[at].start
        if kind == "strong":
            for name in named:
                self._first.setdefault(name.figure, start)
                self._latest[name.figure] = start
            self._count(at, stop, named, "person")
        elif kind in ("office", "role"):
            self._count(at, stop, named, "office")
        else:
            meant = self._meant(named, start)
            if meant:
                self._count(at, stop, [meant], "person")
            else:
                self._open.append((at, stop, list(named)))

    def _meant(self, named: Sequence[Name], start: int) -> Name | None:
        """Who of those with this weak name is meant here, going by what came before."""
        licensed = [name for name in named if name.figure in self._latest]
        able = licensed or [name for name in named if name.famous]
        if len(able) < 2:
            return able[0] if able else None
        latest = max(able, key=lambda name: self._latest.get(name.figure, -1))
        near = self.sentence_of(self._latest.get(latest.figure, -1)) >= self.sentence_of(start) - 1
        return latest if licensed and near else None

    def _settle(self) -> None:
        """Decides the weak names that nothing before them explained."""
        people = [mention for mention in self._found if mention.kind == "person"]
        starts, ends = {mention.start for mention in people}, {mention.end for mention in people}
        for at, stop, named in self._open:
            licensed = self._licensed(at, named)
            start, end = self._tokens[at].start, self._tokens[stop - 1].end
            joined = (self._text[end : end + 1] in _HYPHENS and end + 1 in starts) or (
                self._text[start - 1 : start] in _HYPHENS and start - 1 in ends
            )
            in_office = [name for name in named if any(role.held_on(self._day) for role in name.roles)]
            if joined and len(in_office) == 1:
                self._count(at, stop, in_office, "person")
            else:
                self._count(at, stop, licensed, "person" if len(licensed) == 1 else "ambiguous")

    def _licensed(self, at: int, named: Sequence[Name]) -> list[Name]:
        """Those whom a full name before the place licenses, in the headline one after it as well."""
        start = self._tokens[at].start
        headline = self.sentence_of(start) == 0 and self._text.startswith("\n\n", self._sentences[0][1])
        able = [name for name in named if name.famous or self._first.get(name.figure, start) < start]
        if able or not headline:
            return able
        able = [name for name in named if name.figure in self._first]
        if len(able) > 1:
            first = min(able, key=lambda name: self._first[name.figure])
            if self.sentence_of(self._first[first.figure]) <= 1:
                return [first]
        return able

    def _count(self, at: int, stop: int, named: Sequence[Name], kind: Kind) -> None:
        start, end = self._tokens[at].start, self._tokens[stop - 1].end
        sentence = self.sentence_of(start)
        self._found.extend(_mention(name.figure, sentence, start, end, kind) for name in named)


def _is_initial(token: Token) -> bool:
    return len(token.raw) == 1 and token.raw.isupper()


def _mention(figure: str, sentence: int, start: int, end: int, kind: Kind) -> Mention:
    return Mention(figure=figure, sentence=sentence, start=start, end=end, kind=kind)
