"""Finds the figures in a text: one pass over its words, longest name first.

- a strong name is always its figure, and licenses that figure's weak names from there on; so does a title that the
  figure has that day ("Chancellor Merz");
- a weak name counts when its figure is licensed or famous. Of two licensed figures the one named in full last wins
  if that was in the same or the previous sentence; otherwise the mention is *ambiguous*;
- another first name before a weak name, or another title, makes it another person's ("Susan Rice"), and what follows is
  about that person; so does a surname after it ("Kim Kardashian"), a building or a ship around it (`neighbours`);
- a headline is written about the text below it, so what follows licenses its weak names as well;
- a weak name joined by a hyphen to a counted person ("the Trump-Kim summit") is the one of that name in office;
- look-alikes (`not`) and a following Jr. swallow the name; offices are a kind of their own;
- accents, apostrophes, hyphens and possessives are folded; ALL CAPS match through full names, and in a line that is
  written in capitals through the names that the text licenses or that are famous.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date

from ingest.models import Kind, Mention
from ingest.watchlist import names, neighbours
from ingest.watchlist.figures import Figure, Role
from ingest.watchlist.names import Name, Table, Token
from ingest.watchlist.neighbours import Title
from ingest.watchlist.passage import HYPHENS, Passage
from ingest.watchlist.vocabulary import (
    BEFORE_THINGS,
    DAYS_AND_MONTHS,
    FIRST_NAMES,
    FOREIGN_TO_POLITICS,
    MEETINGS,
    MEN,
    NO_FIRST_NAMES,
    OFFICES,
    PREFIXES,
    QUALIFIERS,
    SUFFIXES,
    THINGS,
    TITLES,
    WOMEN,
)

#: Told where (from which to which character), whose names, and what became of them.
Tell = Callable[[int, int, Sequence[str], str], None]

# "the former US president" is not the one in office.
_NOT_IN_OFFICE = frozenset(
    "former ex then late next future previous vice deputy acting assistant incoming past onetime longtime".split()
)
_NOT_YET = frozenset({"elect", "designate", "presumptive"})
# "Moons" and "Parks" are rarely families: a surname that is not famous needs one of these before its plural.
_OF_A_FAMILY = frozenset({"the", "both", "two", "these", "those", "all"})
_OF_STATE = frozenset("president leader king emir".split())
_OF_GOVERNMENT = frozenset("prime premier chancellor taoiseach".split())


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
        tell: Tell | None = None,
    ) -> list[Mention]:
        """The mentions in a text, in order, not scored.

        `sentences` are the starts and ends from `sentences.split`; a mention outside all of them (a bullet) is none.
        `day` is the article's, for roles with dates. `tokens` are those of the text, where they are at hand already.
        `tell` hears of every name that was looked at, and why it counts or does not.
        """
        passage = Passage(text, sentences, language, tokens)
        found = _Scan(self._tables.get(language) or self._tables[""], passage, day, tell).run()
        if language in self._substrings:
            taken = sorted((mention.start, mention.end) for mention in found)
            for start, end, figure in self._substrings[language].find(text):
                nearest = bisect_left(taken, (end, 0)) - 1
                if nearest < 0 or taken[nearest][1] <= start:
                    found.append(_mention(figure, passage.sentence_of(start), start, end, "person"))
                    if tell:
                        tell(start, end, [figure], f"counted: a name in the language {language}")
        return sorted((m for m in found if m.sentence >= 0), key=lambda m: (m.start, m.figure))


class _Scan:
    """One pass over one text."""

    def __init__(self, table: Table, passage: Passage, day: date, tell: Tell | None) -> None:
        self._table = table
        self._passage = passage
        self._tokens = passage.tokens
        self._words = [token.folded for token in passage.tokens]
        self._day = day
        self._tell = tell
        self._found: list[Mention] = []
        self._first: dict[str, int] = {}  # figure -> place of its first full name
        self._latest: dict[str, int] = {}  # figure -> place of its latest full name
        self._others: dict[str, int] = {}  # surname -> place of the latest full name of somebody else who has it
        self._counted: set[str] = set()
        self._open: list[tuple[int, int, list[Name]]] = []  # weak names with nobody to mean, so far

    def run(self) -> list[Mention]:
        at, words = 0, self._words
        known = self._table.known
        while at < len(words):
            first = words[at]
            at = self._match(at) if first in known or first.endswith("s") else at + 1
        self._settle()
        return self._found

    def _match(self, at: int) -> int:
        """Adds the mention that begins at this token, if any; answers where to go on."""
        best, stop = self._longest(at)
        if not best:
            return at + 1
        if neighbours.is_junior(self._passage, stop):
            self._say(at, stop + 1, best, "not counted: Jr. is another person")
            return stop + 1
        kinds = {name.kind for name in best}
        if "not" in kinds:
            self._look_alike(at, stop, best)
            return stop
        kind = next(kind for kind in ("strong", "office", "role", "weak") if kind in kinds)
        if len(kinds) > 1:
            best = [name for name in best if name.kind == kind]
        if kind == "strong":
            # Joe Biden Foundation, Joe Biden administration, Chairman Kim Yo Jong: the longer reach wins.
            for inner in range(at + 1, stop):
                longer, reach = self._longest(inner)
                if reach > stop and longer:
                    return self._overlap(at, inner, longer, reach)
            return self._strong(at, stop, best)
        if kind == "weak":
            return self._weak(at, stop, best)
        self._office(at, stop, best)
        return stop

    def _overlap(self, at: int, inner: int, longer: Sequence[Name], reach: int) -> int:
        kinds = {name.kind for name in longer}
        if "not" in kinds:
            self._look_alike(inner, reach, longer)
            return reach
        if neighbours.is_junior(self._passage, reach):
            self._say(at, reach + 1, longer, "not counted: Jr. is another person")
            return reach + 1
        kind = next(kind for kind in ("strong", "office", "role", "weak") if kind in kinds)
        chosen = [name for name in longer if name.kind == kind]
        if kind == "strong":
            return self._strong(at, reach, chosen)
        if kind == "weak":
            return self._weak(inner, reach, chosen)
        self._office(at if kind == "office" else inner, reach, chosen)
        return reach

    # -- finding ------------------------------------------------------------------------------------------------------

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
        return self._family(at), at + 1

    def _family(self, at: int) -> list[Name]:
        """Those whose family the plural at this token is: the Trumps, the Joneses."""
        announced = at > 0 and self._words[at - 1] in _OF_A_FAMILY
        found = [n for n in self._table.families(self._words[at]) if (n.famous or announced) and self._stands(n, (at,))]
        # "Economy Trumps Ideology": in a headline it may be any word.
        return found if announced or not found or not self._passage.is_headline(self._sentence(at)) else []

    def _standing(self, words: tuple[str, ...], places: Sequence[int]) -> list[Name]:
        """The names of these words, where they are written as one name, with its capitals."""
        known = self._table.named(words)
        return [name for name in known if self._stands(name, places)] if known else []

    def _stands(self, name: Name, places: Sequence[int]) -> bool:
        last = places[-1]
        if len(places) == 1 and name.kind == "weak":
            return self._cased(last, name, 0)
        if not all(self._cased(place, name, nth) for nth, place in enumerate(places)):
            return False
        if not all(self._passage.adjacent(place) for place in range(places[0], last)):
            return False
        if name.kind == "role" and not self._in_office(places[0], last + 1, name):
            return False
        # Chairman Kim Dae-jung: his title is not this one's.
        titled = name.kind == "strong" and name.surname_first and len(places) > 1
        return not (titled and neighbours.surname_after(self._passage, name, last, self._is_surname))

    def _cased(self, place: int, name: Name, nth: int) -> bool:
        token, wanted = self._tokens[place], name.raw[nth]
        if len(token.raw) > 1 and token.raw.isupper() and not wanted.isupper():
            if len(name.words) > 1 and name.kind != "weak":
                return True
            return self._passage.is_shouted(self._sentence(place))
        if not wanted[0].isupper():
            return True
        if name.kind == "not" and nth < len(name.words) - 1 and not self._is_weak(token.folded):
            return True  # a full Moon
        if nth and self._passage.hyphen_before(place):  # Kim Jong-un, Moon Jae-in
            return True
        return token.raw[0].isupper()

    def _in_office(self, at: int, stop: int, name: Name) -> bool:
        """Whether a role's phrase means its holder here: in office that day, no title before a name, not "former"."""
        if name.role is None or not name.role.held_on(self._day):
            return False
        if all(word[0].isupper() for word in name.raw) and not neighbours.acts(self._passage, at, stop):
            return False  # a house is a place, and somebody's office only where it says or does something
        if stop < len(self._words) and self._passage.adjacent(stop - 1):
            following = self._tokens[stop]
            if following.folded in _NOT_YET:
                return False
            if (
                following.raw[0].isupper()
                and following.folded not in DAYS_AND_MONTHS
                and self._passage.spaced(stop - 1)
            ):
                return False
        before = self._words[at - 1] if at and self._passage.adjacent(at - 1) else ""
        return before not in _NOT_IN_OFFICE

    def _is_surname(self, word: str) -> bool:
        return word in self._table.surnames and word not in FIRST_NAMES

    # -- deciding -----------------------------------------------------------------------------------------------------

    def _strong(self, at: int, stop: int, named: Sequence[Name]) -> int:
        passage = self._passage
        if reach := neighbours.office_after(passage, stop):
            self._office(at, reach, named)
            return reach
        if reach := neighbours.thing_after(passage, stop):
            self._say(at, reach, named, "not counted: part of the name of a thing")
            return reach
        if neighbours.thing_before(passage, at):
            self._say(at - 1, stop, named, "not counted: part of the name of a thing")
            return stop
        if named[0].given_last and neighbours.longer_given_name(passage, stop):
            self._another(at, stop + 1, named, "a longer given name")
            return stop + 1
        start = self._tokens[at].start
        for name in named:
            self._first.setdefault(name.figure, start)
            self._latest[name.figure] = start
        self._count(at, stop, named, "person", "a strong name")
        return stop

    def _office(self, at: int, stop: int, named: Sequence[Name]) -> None:
        self._count(
            at, stop, named, "office", "the office of somebody in it that day" if named[0].role else "an office"
        )

    def _weak(self, at: int, stop: int, named: Sequence[Name]) -> int:
        passage, words, start = self._passage, self._words, self._tokens[at].start
        before, after = words[at - 1] if at else "", words[stop] if stop < len(words) else ""
        if words[at] in neighbours.MONTHS and neighbours.is_month(passage, at):
            return stop
        if (after in OFFICES or after == "white") and (reach := neighbours.office_after(passage, stop)):
            self._government(at, stop, reach, named)
            return reach
        if after and passage.capital(stop) and (reach := neighbours.thing_after(passage, stop)):
            self._say(at, reach, named, "not counted: part of the name of a thing")
            return reach
        if before in BEFORE_THINGS and neighbours.thing_before(passage, at):
            self._say(at - 1, stop, named, "not counted: part of the name of a thing")
            return stop
        left = self._elsewhere(at, stop, named)
        if left and (before in TITLES or before in QUALIFIERS) and (title := neighbours.title_before(passage, at)):
            left = self._titled(at, stop, left, title)
        if not left:
            return stop
        meant = self._meant(left, start)
        if meant == "somebody else":
            self._say(at, stop, left, "not counted: the one of this surname named last is somebody else")
        elif isinstance(meant, Name):
            self._count(at, stop, [meant], "person", "famous" if self._unlicensed(meant) else "licensed by a full name")
        else:
            self._open.append((at, stop, left))
        return stop

    def _titled(self, at: int, stop: int, named: list[Name], title: Title) -> list[Name]:
        """Those who may have this title; the one who has it that day is counted and licensed, and nobody is left."""
        fits = {name.figure: title.fits(name.roles, self._day) for name in named}
        if has := [name for name in named if fits[name.figure] == "has"]:
            for name in has:
                self._first.setdefault(name.figure, self._tokens[at].start)
                self._latest[name.figure] = self._tokens[at].start
            self._count(at, stop, has, "person" if len(has) == 1 else "ambiguous", "a title of somebody in office")
            return []
        foreign = bool(title.words & FOREIGN_TO_POLITICS)
        left = [n for n in named if fits[n.figure] == "had" or (not foreign and (n.famous or fits[n.figure] is None))]
        if not left:
            self._another(at, stop, named, "a title that this figure never had")
        return left

    def _elsewhere(self, at: int, stop: int, named: Sequence[Name]) -> list[Name]:
        """Those of the figures who can be meant, going by the words beside the name."""
        passage, words = self._passage, self._words
        before, after = words[at - 1] if at else "", words[stop] if stop < len(words) else ""
        begin = neighbours.given_before(passage, at, self._is_surname) if before else None
        address = neighbours.honorific_before(passage, at) if before in MEN or before in WOMEN else None
        followed = bool(after) and passage.capital(stop)
        placed = before in ("in", "near") or (followed and after in neighbours.STATES)
        joined = (at and passage.hyphen_before(at)) or passage.hyphen_after(stop - 1)
        left = []
        for name in named:
            if begin and begin[1] not in name.initials:
                self._another(begin[0], stop, [name], "another first name")
            elif address is not None and name.woman is not None and name.woman is not address:
                self._another(at, stop, [name], "Mr or Mrs is somebody else")
            elif name.famous:
                left.append(name)
            elif followed and neighbours.surname_after(passage, name, stop - 1, self._is_surname):
                self._another(at, stop + 1, [name], "a surname or given name after it")
            elif placed and neighbours.is_place(passage, at, stop):
                self._say(at, stop, [name], "not counted: a place")
            elif joined and self._double_barrelled(at, stop):
                self._another(at, stop, [name], "part of a double name")
            else:
                left.append(name)
        return left

    def _double_barrelled(self, at: int, stop: int) -> bool:
        """Whether a hyphen makes the surname part of a longer one: Berners-Lee, Harris-Perry."""
        passage = self._passage
        before = neighbours.joined_before(passage, at)
        after = (
            stop if stop < len(self._tokens) and passage.hyphen_after(stop - 1) and passage.adjacent(stop - 1) else None
        )
        for place in (before, after):
            if place is None or not passage.capital(place):
                continue
            word = self._words[place]
            if word in PREFIXES or word in SUFFIXES or word in NO_FIRST_NAMES or self._is_weak(word):
                continue
            end = place + 1 if place is after else stop
            if end < len(self._tokens) and self._words[end] in MEETINGS:
                continue
            return True
        return False

    def _is_weak(self, word: str) -> bool:
        return word in self._table.surnames

    def _government(self, at: int, stop: int, reach: int, named: Sequence[Name]) -> None:
        """A surname and "government": of the one who is famous, licensed or governs that day."""
        able = [n for n in named if n.figure in self._latest] or [n for n in named if n.famous]
        able = able or [name for name in self._highest(named) if _rank(name.roles, self._day) > 1]
        left = self._elsewhere(at, stop, able)
        if len(left) == 1:
            self._count(at, reach, left, "office", "an office")
        elif able:
            self._say(at, reach, able, "not counted: whose office is not clear")

    def _highest(self, named: Sequence[Name]) -> list[Name]:
        """Those of the highest rank among the ones in office that day: "the Trump-Kim summit" is the leader's."""
        ranks = [_rank(name.roles, self._day) for name in named]
        return [name for name, rank in zip(named, ranks, strict=True) if rank and rank == max(ranks)]

    def _meant(self, named: Sequence[Name], start: int) -> Name | str | None:
        """Who of those with this weak name is meant here, going by what came before; None: that is not clear."""
        licensed = [name for name in named if name.figure in self._latest]
        able = licensed or [name for name in named if name.famous]
        if not able:
            return None
        here = self._passage.sentence_of(start)
        surname = able[0].words[-1]
        other = self._others.get(surname, -1)
        latest = max(able, key=lambda name: self._latest.get(name.figure, -1))
        there = self._passage.sentence_of(other) if other >= 0 else here
        if licensed and not latest.famous and other > self._latest[latest.figure] and there >= here - 1:
            return "somebody else"
        if len(able) < 2:
            # In the headline, and where a namesake was named before, a famous surname waits for what is still to come.
            waits = not licensed and able[0].figure not in self._counted and (there < here or self._in_headline(start))
            return None if waits else able[0]
        near = self._passage.sentence_of(self._latest.get(latest.figure, -1)) >= here - 1
        return latest if licensed and near else None

    def _unlicensed(self, name: Name) -> bool:
        return name.figure not in self._latest

    def _in_headline(self, start: int) -> bool:
        passage = self._passage
        return passage.sentence_of(start) == 0 and passage.text.startswith("\n\n", passage.sentences[0][1])

    def _settle(self) -> None:
        """Decides the weak names that nothing before them explained."""
        people = [mention for mention in self._found if mention.kind == "person"]
        starts, ends = {mention.start for mention in people}, {mention.end for mention in people}
        famous = [(at, stop) for at, stop, named in self._open if any(self._stays_famous(name) for name in named)]
        starts |= {self._tokens[at].start for at, _ in famous}
        ends |= {self._tokens[stop - 1].end for _, stop in famous}
        text = self._passage.text
        for at, stop, named in self._open:
            licensed = self._licensed(at, named)
            start, end = self._tokens[at].start, self._tokens[stop - 1].end
            joined = (text[end : end + 1] in HYPHENS and end + 1 in starts) or (
                text[start - 1 : start] in HYPHENS and start - 1 in ends
            )
            in_office = self._highest(named)
            if joined and len(in_office) == 1:
                self._count(at, stop, in_office, "person", "joined to a counted person, and in office that day")
            elif len(licensed) == 1:
                why = "famous" if self._unlicensed(licensed[0]) else "licensed by a full name"
                self._count(at, stop, licensed, "person", why)
            elif licensed:
                self._count(
                    at, stop, licensed, "ambiguous", "several have this surname, and none was named just before"
                )
            else:
                self._say(at, stop, named, "not counted: no full name licenses it")

    def _stays_famous(self, name: Name) -> bool:
        """Whether a famous surname means its figure: not where the text names only another one of that surname."""
        return name.famous and (name.figure in self._counted or name.words[-1] not in self._others)

    def _licensed(self, at: int, named: Sequence[Name]) -> list[Name]:
        """Those whom a full name before the place licenses, in the headline one after it as well."""
        start = self._tokens[at].start
        headline = self._in_headline(start)
        able = [n for n in named if self._stays_famous(n) or self._first.get(n.figure, start) < start]
        if able or not headline:
            return able
        able = [name for name in named if name.figure in self._first]
        if len(able) > 1:
            first = min(able, key=lambda name: self._first[name.figure])
            if self._passage.sentence_of(self._first[first.figure]) <= 1:
                return [first]
        return able

    # -- noting -------------------------------------------------------------------------------------------------------

    def _sentence(self, place: int) -> int:
        return self._passage.sentence_of(self._tokens[place].start)

    def _look_alike(self, at: int, stop: int, named: Sequence[Name]) -> None:
        """A look-alike that is a person is from now on another one of that surname."""
        words = self._words[at:stop]
        if len(words) > 1 and not any(word in THINGS for word in words):
            for word in (words[0], words[-1]):
                if self._is_weak(word):
                    self._others[word] = self._tokens[at].start
        self._say(at, stop, [n for n in named if n.kind == "not"], "not counted: a look-alike (`not`)")

    def _another(self, at: int, stop: int, named: Sequence[Name], why: str) -> None:
        for name in named:
            for word in name.words:
                if self._is_weak(word):
                    self._others[word] = self._tokens[at].start
        self._say(at, min(stop, len(self._tokens)), named, f"not counted: {why}, so another person")

    def _count(self, at: int, stop: int, named: Sequence[Name], kind: Kind, why: str) -> None:
        start, end = self._tokens[at].start, self._tokens[stop - 1].end
        sentence = self._passage.sentence_of(start)
        figures = list(dict.fromkeys(name.figure for name in named))
        self._found.extend(_mention(figure, sentence, start, end, kind) for figure in figures)
        if kind == "person":
            self._counted.update(figures)
        self._say(at, stop, named, f"{'ambiguous' if kind == 'ambiguous' else f'counted as {kind}'}: {why}")

    def _say(self, at: int, stop: int, named: Sequence[Name], what: str) -> None:
        if self._tell:
            stop = min(stop, len(self._tokens))
            start, end = self._tokens[at].start, self._tokens[stop - 1].end
            self._tell(start, end, list(dict.fromkeys(name.figure for name in named)), what)


def _rank(roles: Sequence[Role], day: date) -> int:
    """3 for a head of state that day, 2 for a head of government, 1 for any other office, 0 for none."""
    titles = [frozenset(role.title.lower().split()) for role in roles if role.held_on(day)]
    if any(title & _OF_STATE and "vice" not in title for title in titles):
        return 3
    if any(title & _OF_GOVERNMENT and "deputy" not in title for title in titles):
        return 2
    return 1 if titles else 0


def _is_initial(token: Token) -> bool:
    return len(token.raw) == 1 and token.raw.isupper()


def _mention(figure: str, sentence: int, start: int, end: int, kind: Kind) -> Mention:
    return Mention(figure=figure, sentence=sentence, start=start, end=end, kind=kind)
