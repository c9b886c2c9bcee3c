"""Decides which figure a name in a text means, going by the words beside it and by what was named before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from ingest.models import Kind, Mention
from ingest.watchlist import neighbours, vocabulary
from ingest.watchlist.figures import rank
from ingest.watchlist.names import Name, Table
from ingest.watchlist.neighbours import Title
from ingest.watchlist.passage import HYPHENS, Passage

#: Called with start and end of a name in characters, the figures it may mean, and what was decided and why.
Explain = Callable[[int, int, Sequence[str], str], None]


class Resolver:
    """The mentions of one text, decided name by name in the text's order.

    A name is given by its first token, the token after its last, and the list's names that are written so. The methods
    for a kind of name return the token from which to search on; `finish` returns the mentions.
    """

    def __init__(self, table: Table, passage: Passage, day: date, explain: Explain | None) -> None:
        self._surnames, self._only_surnames = table.surnames, table.only_surnames
        self._passage = passage
        self._tokens = passage.tokens
        self._words = passage.words
        self._day = day
        self._explain = explain
        self._found: list[Mention] = []
        self._first: dict[str, int] = {}  # figure -> offset of its first full name
        self._latest: dict[str, int] = {}  # figure -> offset of its latest full name
        self._others: dict[str, int] = {}  # surname -> offset of the latest full name of another person who has it
        self._counted: set[str] = set()
        self._undecided: list[tuple[int, int, list[Name]]] = []  # weak names that nothing has licensed so far

    def strong(self, at: int, stop: int, named: Sequence[Name]) -> int:
        """Counts a strong name, unless the words around it make it a thing or another person."""
        passage = self._passage
        if reach := neighbours.office_after(passage, stop):
            return self.office(at, reach, named)
        if reach := neighbours.thing_after(passage, stop):
            self._note(at, reach, named, "not counted: part of the name of a thing")
            return reach
        if neighbours.thing_before(passage, at):
            self._note(at - 1, stop, named, "not counted: part of the name of a thing")
            return stop
        if named[0].given_last and neighbours.longer_given_name(passage, stop):
            self._other_person(at, stop + 1, named, "a longer given name")
            return stop + 1
        start = self._tokens[at].start
        for name in named:
            self._first.setdefault(name.figure, start)
            self._latest[name.figure] = start
        self._count(at, stop, named, "person", "a strong name")
        return stop

    def office(self, at: int, stop: int, named: Sequence[Name]) -> int:
        """Counts an office."""
        why = "the office of somebody in it that day" if named[0].role else "an office"
        self._count(at, stop, named, "office", why)
        return stop

    def weak(self, at: int, stop: int, named: Sequence[Name]) -> int:
        """Counts a weak name if the words beside it or an earlier full name decide; else `finish` does."""
        passage, words, start = self._passage, self._words, self._tokens[at].start
        before, after = words[at - 1] if at else "", words[stop] if stop < len(words) else ""
        if words[at] in neighbours.MONTHS and neighbours.is_month(passage, at):
            return stop
        if (after in vocabulary.OFFICES or after == "white") and (reach := neighbours.office_after(passage, stop)):
            self._by_government(at, stop, reach, named)
            return reach
        if after and passage.capital(stop) and (reach := neighbours.thing_after(passage, stop)):
            self._note(at, reach, named, "not counted: part of the name of a thing")
            return reach
        if before in vocabulary.BEFORE_THINGS and neighbours.thing_before(passage, at):
            self._note(at - 1, stop, named, "not counted: part of the name of a thing")
            return stop
        left = self._possible(at, stop, named)
        if left and before in vocabulary.TITLE_WORDS and (title := neighbours.title_before(passage, at)):
            left = self._by_title(at, stop, left, title)
        if not left:
            return stop
        meant = self._meant(left, start)
        if meant == "somebody else":
            self._note(at, stop, left, "not counted: the one of this surname named last is somebody else")
        elif isinstance(meant, Name):
            self._count(at, stop, [meant], "person", self._why(meant))
        else:
            self._undecided.append((at, stop, left))
        return stop

    def look_alike(self, at: int, stop: int, named: Sequence[Name]) -> int:
        """Passes over a look-alike; if it is a person, others of that surname may mean it from now on."""
        words = self._words[at:stop]
        if len(words) > 1 and not any(word in vocabulary.THINGS for word in words):
            for word in (words[0], words[-1]):
                if word in self._surnames:
                    self._others[word] = self._tokens[at].start
        self._note(at, stop, [n for n in named if n.kind == "not"], "not counted: a look-alike (`not`)")
        return stop

    def junior(self, at: int, stop: int, named: Sequence[Name]) -> int:
        """Passes over a name and the Jr. at `stop`."""
        self._note(at, stop + 1, named, "not counted: Jr. is another person")
        return stop + 1

    def finish(self) -> list[Mention]:
        """All mentions, once the weak names are decided that nothing before them licensed."""
        people = [mention for mention in self._found if mention.kind == "person"]
        starts, ends = {mention.start for mention in people}, {mention.end for mention in people}
        famous = [(at, stop) for at, stop, named in self._undecided if any(self._stays_famous(name) for name in named)]
        starts |= {self._tokens[at].start for at, _ in famous}
        ends |= {self._tokens[stop - 1].end for _, stop in famous}
        text = self._passage.text
        for at, stop, named in self._undecided:
            licensed = self._licensed(at, named)
            start, end = self._tokens[at].start, self._tokens[stop - 1].end
            joined = (text[end : end + 1] in HYPHENS and end + 1 in starts) or (
                text[start - 1 : start] in HYPHENS and start - 1 in ends
            )
            in_office = self._highest(named)
            if joined and len(in_office) == 1:
                self._count(at, stop, in_office, "person", "joined to a counted person, and in office that day")
            elif len(licensed) == 1:
                self._count(at, stop, licensed, "person", self._why(licensed[0]))
            elif licensed:
                why = "several have this surname, and none was named just before"
                self._count(at, stop, licensed, "ambiguous", why)
            else:
                self._note(at, stop, named, "not counted: no full name licenses it")
        return self._found

    def _by_title(self, at: int, stop: int, named: list[Name], title: Title) -> list[Name]:
        """Those who may have this title. One who has it that day is counted and licensed, and the list is empty."""
        fits = {name.figure: title.fits(name.roles, self._day) for name in named}
        if has := [name for name in named if fits[name.figure] == "has"]:
            for name in has:
                self._first.setdefault(name.figure, self._tokens[at].start)
                self._latest[name.figure] = self._tokens[at].start
            self._count(at, stop, has, "person" if len(has) == 1 else "ambiguous", "a title of somebody in office")
            return []
        foreign = bool(title.words & vocabulary.FOREIGN_TO_POLITICS)
        left = [n for n in named if fits[n.figure] == "had" or (not foreign and (n.famous or fits[n.figure] is None))]
        if not left:
            self._other_person(at, stop, named, "a title that this figure never had")
        return left

    def _possible(self, at: int, stop: int, named: Sequence[Name]) -> list[Name]:
        """Those of the figures who may be meant, going by the words beside the name."""
        passage, words = self._passage, self._words
        before, after = words[at - 1] if at else "", words[stop] if stop < len(words) else ""
        begin = neighbours.given_before(passage, at, self._only_surnames) if before else None
        address = neighbours.honorific_before(passage, at) if before in vocabulary.HONORIFICS else None
        followed = bool(after) and passage.capital(stop)
        placed = before in ("in", "near") or (followed and after in vocabulary.STATES)
        joined = (at and passage.hyphen_before(at)) or passage.hyphen_after(stop - 1)
        left = []
        for name in named:
            if begin and begin[1] not in name.initials:
                self._other_person(begin[0], stop, [name], "another first name")
            elif address is not None and name.woman is not None and name.woman is not address:
                self._other_person(at, stop, [name], "Mr or Mrs is somebody else")
            elif name.famous:
                left.append(name)
            elif followed and neighbours.surname_after(passage, name, stop - 1, self._only_surnames):
                self._other_person(at, stop + 1, [name], "a surname or given name after it")
            elif placed and neighbours.is_place(passage, at, stop):
                self._note(at, stop, [name], "not counted: a place")
            elif joined and self._double_barrelled(at, stop):
                self._other_person(at, stop, [name], "part of a double name")
            else:
                left.append(name)
        return left

    def _double_barrelled(self, at: int, stop: int) -> bool:
        """Whether a hyphen makes the surname part of a longer one: Berners-Lee, Harris-Perry."""
        passage = self._passage
        before = at - 1 if at and passage.hyphen_before(at) and passage.adjacent(at - 1) else None
        joined = stop < len(self._tokens) and passage.hyphen_after(stop - 1) and passage.adjacent(stop - 1)
        after = stop if joined else None
        for place in (before, after):
            if place is None or not passage.capital(place):
                continue
            word = self._words[place]
            no_names = (vocabulary.PREFIXES, vocabulary.SUFFIXES, vocabulary.NO_FIRST_NAMES, self._surnames)
            if any(word in words for words in no_names):
                continue
            end = place + 1 if place is after else stop
            if end < len(self._tokens) and self._words[end] in vocabulary.MEETINGS:
                continue
            return True
        return False

    def _by_government(self, at: int, stop: int, reach: int, named: Sequence[Name]) -> None:
        """Counts a surname and "government" for the figure that is licensed, famous or governs that day."""
        able = [n for n in named if n.figure in self._latest] or [n for n in named if n.famous]
        able = able or [name for name in self._highest(named) if rank(name.roles, self._day) > 1]
        left = self._possible(at, stop, able)
        if len(left) == 1:
            self._count(at, reach, left, "office", "an office")
        elif able:
            self._note(at, reach, able, "not counted: whose office is not clear")

    def _highest(self, named: Sequence[Name]) -> list[Name]:
        """Those of the highest rank among the figures in office that day: "the Trump-Kim summit" is the leader's."""
        ranks = [rank(name.roles, self._day) for name in named]
        return [name for name, own in zip(named, ranks, strict=True) if own and own == max(ranks)]

    def _meant(self, named: Sequence[Name], start: int) -> Name | str | None:
        """Whom this weak name means, from what came before: a name, "somebody else", or None if that is unclear."""
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

    def _why(self, name: Name) -> str:
        return "licensed by a full name" if name.figure in self._latest else "famous"

    def _in_headline(self, start: int) -> bool:
        passage = self._passage
        return passage.sentence_of(start) == 0 and passage.text.startswith("\n\n", passage.sentences[0][1])

    def _stays_famous(self, name: Name) -> bool:
        """Whether a famous surname means its figure; not if the text names only another person of that surname."""
        return name.famous and (name.figure in self._counted or name.words[-1] not in self._others)

    def _licensed(self, at: int, named: Sequence[Name]) -> list[Name]:
        """Those whom a full name before this token licenses; in the headline, one after it as well."""
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

    def _other_person(self, at: int, stop: int, named: Sequence[Name], why: str) -> None:
        for name in named:
            for word in name.words:
                if word in self._surnames:
                    self._others[word] = self._tokens[at].start
        self._note(at, stop, named, f"not counted: {why}, so another person")

    def _count(self, at: int, stop: int, named: Sequence[Name], kind: Kind, why: str) -> None:
        start, end = self._tokens[at].start, self._tokens[stop - 1].end
        sentence = self._passage.sentence_of(start)
        figures = list(dict.fromkeys(name.figure for name in named))
        self._found.extend(Mention(figure, sentence, start, end, kind) for figure in figures)
        if kind == "person":
            self._counted.update(figures)
        self._note(at, stop, named, f"{'ambiguous' if kind == 'ambiguous' else f'counted as {kind}'}: {why}")

    def _note(self, at: int, stop: int, named: Sequence[Name], what: str) -> None:
        if self._explain:
            start, end = self._tokens[at].start, self._tokens[min(stop, len(self._tokens)) - 1].end
            self._explain(start, end, list(dict.fromkeys(name.figure for name in named)), what)
