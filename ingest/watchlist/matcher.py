"""Finds the figures in a text: one pass over its words, longest name first.

- A strong name is always its figure. From there on the figure's weak names count as well; a title that the figure has
  that day does the same ("Chancellor Merz").
- A weak name counts when its figure is licensed in this way, or famous. Of two licensed figures the one named in full
  last wins if that was in the same or the previous sentence; otherwise the mention is *ambiguous*.
- Another first name or title before a weak name makes it another person's ("Susan Rice"), and what follows is about
  that person. So does a surname after it ("Kim Kardashian") or a building or ship around it (`neighbours`).
- A headline is written about the text below it, so the weak names in it are licensed by what follows.
- A weak name joined by a hyphen to a counted person ("the Trump-Kim summit") is the one of that name in office.
- Look-alikes (`not`) and a following Jr. swallow the name. Offices are a kind of their own.
- Accents, apostrophes, hyphens and possessives are folded. ALL CAPS match full names; in a line written in capitals
  they also match the names that the text licenses or that are famous.

Here the names are found; `resolver` decides which figure each one means.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date

from ingest.models import Mention
from ingest.watchlist import names, neighbours
from ingest.watchlist.figures import Figure
from ingest.watchlist.names import Name, Table, Token
from ingest.watchlist.passage import Passage
from ingest.watchlist.resolver import Explain, Resolver
from ingest.watchlist.vocabulary import DAYS_AND_MONTHS

# "the former US president" is not the one in office.
_NOT_IN_OFFICE = frozenset(
    "former ex then late next future previous vice deputy acting assistant incoming past onetime longtime".split()
)
_NOT_YET = frozenset({"elect", "designate", "presumptive"})
# "Moons" and "Parks" are rarely families: a surname that is not famous needs one of these before its plural.
_BEFORE_FAMILY = frozenset({"the", "both", "two", "these", "those", "all"})


class Matcher:
    """A watch-list compiled once; safe to share between threads."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self._tables = names.tables(figures)
        self._substrings = {language: names.Substrings(figures, language) for language in names.SUBSTRING_LANGUAGES}

    def find(
        self,
        text: str,
        sentences: Sequence[tuple[int, int]],
        *,
        day: date,
        language: str = "en",
        tokens: Sequence[Token] | None = None,
        explain: Explain | None = None,
    ) -> list[Mention]:
        """The mentions in a text, in order, not scored.

        `sentences` are the starts and ends from `sentences.split`; a mention outside all of them (in a bullet) is left
        out. `day` is the article's, for roles with dates. `tokens` are the text's, if the caller has them already.
        `explain` is called for every name that was considered, with the reason why it counts or does not.
        """
        passage = Passage(text, sentences, language, tokens)
        found = _Scan(self._tables.get(language) or self._tables[""], passage, day, explain).run()
        if language in self._substrings:
            taken = sorted((mention.start, mention.end) for mention in found)
            for start, end, figure in self._substrings[language].find(text):
                nearest = bisect_left(taken, (end, 0)) - 1
                if nearest < 0 or taken[nearest][1] <= start:
                    found.append(Mention(figure, passage.sentence_of(start), start, end, "person"))
                    if explain:
                        explain(start, end, [figure], f"counted: a name in the language {language}")
        return sorted((m for m in found if m.sentence >= 0), key=lambda m: (m.start, m.figure))


class _Scan:
    """One pass over one text."""

    def __init__(self, table: Table, passage: Passage, day: date, explain: Explain | None) -> None:
        self._table = table
        self._passage = passage
        self._tokens = passage.tokens
        self._words = passage.words
        self._day = day
        self._resolver = Resolver(table, passage, day, explain)

    def run(self) -> list[Mention]:
        at, words = 0, self._words
        first_words = self._table.lengths
        while at < len(words):
            first = words[at]
            at = self._match(at) if first in first_words or first.endswith("s") else at + 1
        return self._resolver.finish()

    def _match(self, at: int) -> int:
        """Resolves the name that begins at this token, if any; returns the token to go on from."""
        best, stop = self._longest(at)
        if not best:
            return at + 1
        if neighbours.is_junior(self._passage, stop):
            return self._resolver.junior(at, stop, best)
        kinds = {name.kind for name in best}
        if "not" in kinds:
            return self._resolver.look_alike(at, stop, best)
        if "strong" in kinds:
            # Joe Biden Foundation, Joe Biden administration, Chairman Kim Yo Jong: the name that reaches further wins.
            for inner in range(at + 1, stop):
                longer, reach = self._longest(inner)
                if reach > stop and longer:
                    return self._overlap(at, inner, longer, reach)
        return self._resolve(at, at, stop, best)

    def _overlap(self, at: int, inner: int, longer: Sequence[Name], reach: int) -> int:
        """Resolves a name that begins within the one at this token and ends after it."""
        if any(name.kind == "not" for name in longer):
            return self._resolver.look_alike(inner, reach, longer)
        if neighbours.is_junior(self._passage, reach):
            return self._resolver.junior(at, reach, longer)
        return self._resolve(at, inner, reach, longer)

    def _resolve(self, at: int, inner: int, stop: int, named: Sequence[Name]) -> int:
        """Resolves names of the first kind that applies: `inner` begins the name, `at` the whole that it ends."""
        kinds = {name.kind for name in named}
        kind = next(kind for kind in ("strong", "office", "role", "weak") if kind in kinds)
        if len(kinds) > 1:
            named = [name for name in named if name.kind == kind]
        if kind == "strong":
            return self._resolver.strong(at, stop, named)
        if kind == "weak":
            return self._resolver.weak(inner, stop, named)
        return self._resolver.office(at if kind == "office" else inner, stop, named)

    def _longest(self, at: int) -> tuple[list[Name], int]:
        """The longest names that begin at this token, and the place after them."""
        words = self._words
        for length in self._table.lengths.get(words[at], ()):
            if at + length > len(words):
                continue
            found = self._names_at(tuple(words[at : at + length]), range(at, at + length))
            if not found and length > 1 and at + length < len(words) and _is_initial(self._tokens[at + 1]):
                # Kamala D. Harris: an initial is skipped, in full names only.
                places = [at, *range(at + 2, at + length + 1)]
                found = [n for n in self._names_at(tuple(words[p] for p in places), places) if n.kind == "strong"]
                length += 1
            if found:
                return found, at + length
        return self._families(at), at + 1

    def _families(self, at: int) -> list[Name]:
        """The surnames whose plural is at this token: the Trumps, the Joneses."""
        announced = at > 0 and self._words[at - 1] in _BEFORE_FAMILY
        found = [
            n for n in self._table.families(self._words[at]) if (n.famous or announced) and self._is_written(n, (at,))
        ]
        # "Economy Trumps Ideology": in a headline it may be any word.
        return found if announced or not found or not self._passage.is_headline(self._sentence(at)) else []

    def _names_at(self, words: tuple[str, ...], places: Sequence[int]) -> list[Name]:
        """The names made of these words, if they are written as one name with its capitals."""
        return [name for name in self._table.named.get(words, ()) if self._is_written(name, places)]

    def _is_written(self, name: Name, places: Sequence[int]) -> bool:
        last = places[-1]
        if len(places) == 1 and name.kind == "weak":
            return self._has_capitals(last, name, 0)
        if not all(self._has_capitals(place, name, nth) for nth, place in enumerate(places)):
            return False
        if not all(self._passage.adjacent(place) for place in range(places[0], last)):
            return False
        if name.kind == "role" and not self._in_office(places[0], last + 1, name):
            return False
        # Chairman Kim Dae-jung is another chairman than Kim Jong-un.
        titled = name.kind == "strong" and name.surname_first and len(places) > 1
        return not (titled and neighbours.surname_after(self._passage, name, last, self._table.only_surnames))

    def _has_capitals(self, place: int, name: Name, nth: int) -> bool:
        token, wanted = self._tokens[place], name.raw[nth]
        if len(token.raw) > 1 and token.raw.isupper() and not wanted.isupper():
            if len(name.words) > 1 and name.kind != "weak":
                return True
            return self._passage.is_shouted(self._sentence(place))
        if not wanted[0].isupper():
            return True
        if name.kind == "not" and nth < len(name.words) - 1 and token.folded not in self._table.surnames:
            return True  # a full Moon
        if nth and self._passage.hyphen_before(place):  # Kim Jong-un, Moon Jae-in
            return True
        return token.raw[0].isupper()

    def _in_office(self, at: int, stop: int, name: Name) -> bool:
        """Whether a role's phrase means its holder here: in office that day, not before a name, not "former"."""
        if name.role is None or not name.role.held_on(self._day):
            return False
        if all(word[0].isupper() for word in name.raw) and not neighbours.acts(self._passage, at, stop):
            return False  # "White House" is a place; it is an office only if it says or does something
        if stop < len(self._words) and self._passage.adjacent(stop - 1):
            following = self._tokens[stop]
            if following.folded in _NOT_YET:
                return False
            capital = following.raw[0].isupper() and following.folded not in DAYS_AND_MONTHS
            if capital and self._passage.spaced(stop - 1):
                return False
        before = self._words[at - 1] if at and self._passage.adjacent(at - 1) else ""
        return before not in _NOT_IN_OFFICE

    def _sentence(self, place: int) -> int:
        return self._passage.sentence_of(self._tokens[place].start)


def _is_initial(token: Token) -> bool:
    return len(token.raw) == 1 and token.raw.isupper()
