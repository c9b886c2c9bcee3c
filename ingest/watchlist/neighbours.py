"""What the words beside a surname say: a title, another person's first name, a building, an office."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from ingest.watchlist import vocabulary
from ingest.watchlist.figures import Role
from ingest.watchlist.names import Name, tokens
from ingest.watchlist.passage import HYPHENS, Passage

#: Whether a figure has a title that day, had it or will have it, or never had it.
Fit = Literal["has", "had", "never"]

_JUNIOR = frozenset({"jr", "sr", "ii", "iii", "junior"})
_JUNIOR_GAP = re.compile(r",?[ \u00a0]{1,2}")
_PARTICLES = frozenset("al el bin ibn ben de da di do dos du del della van von der den ter la le abu ould ap".split())
#: Words after a name among which the building is looked for: "Barack Obama Presidential Center".
_THING_REACH = 4
# Kentuckian, Viennese: capitalised before a name, but not a first name unless it is listed as one.
_OF_A_PLACE = ("ian", "ean", "ese", "ite")
_TWO_INITIALS = re.compile("[AJDTPRCMKLEBGW][JDBRTCKGWP]")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+")
_COUNTRIES = frozenset({"us", "uk", "un", "eu", "dc", "usa", "uae"})
MONTHS = frozenset({"may", "march", "april", "june", "august"})


@dataclass(frozen=True, slots=True)
class Title:
    """The title before a surname."""

    words: frozenset[str]
    former: bool

    def fits(self, roles: Sequence[Role], day: date) -> Fit | None:
        """How the title fits these roles on a day; None where it can't be told."""
        telling = self.words - vocabulary.FOR_ANYBODY
        if not telling or not roles:
            return None
        matching = [role for role in roles if telling <= _title_words(f"{role.title} {role.of or ''}")]
        if any(role.held_on(day) or (self.former and role.since and role.since <= day) for role in matching):
            return "has"
        return "had" if matching else "never"


def is_junior(passage: Passage, stop: int) -> bool:
    """Whether Jr., Sr. or a numeral follows the name that ends before `stop`."""
    found = passage.tokens
    if stop >= len(found) or found[stop].folded not in _JUNIOR or not passage.capital(stop):
        return False
    return _JUNIOR_GAP.fullmatch(passage.gap(stop - 1)) is not None


def thing_after(passage: Passage, stop: int) -> int:
    """The place after the building, firm or law that the name before `stop` is part of; 0 if it is part of none."""
    first = passage.words[stop] if stop < len(passage.tokens) else ""
    if first in vocabulary.COMMON_WORDS or not passage.spaced(stop - 1):
        return 0
    headline = _capitals_say_nothing(passage, stop - 1)
    known = vocabulary.MONUMENTS if headline or not passage.english else vocabulary.THINGS
    reach = 1 if headline else _THING_REACH
    for place in range(stop, min(stop + reach, len(passage.tokens))):
        token = passage.tokens[place]
        if not passage.spaced(place - 1) or not passage.capital(place):
            return 0
        if token.folded in known:
            return place + 1
        shouted = len(token.raw) > 1 and token.raw.isupper()
        others = (vocabulary.OFFICES, vocabulary.DAYS_AND_MONTHS, vocabulary.COMMON_WORDS)
        if shouted or any(token.folded in words for words in others):
            return 0
    return 0


def thing_before(passage: Passage, at: int) -> bool:
    """Whether the word before a name makes it a ship, storm or place: USS, Hurricane, Port."""
    known = at > 0 and passage.words[at - 1] in vocabulary.BEFORE_THINGS
    return known and passage.spaced(at - 1) and passage.capital(at - 1)


def title_before(passage: Passage, at: int) -> Title | None:
    """The title right before a name, if there is one."""
    found: list[str] = []
    place = at - 1
    while place >= 0 and len(found) < 7 and passage.adjacent(place):
        word = passage.words[place]
        small = word in ("of", "the", "and", "for")
        if word not in vocabulary.TITLE_WORDS:
            break
        if not (small or passage.capital(place) or word in ("former", "then", "ex", "acting") or found):
            break  # "the president Trump": small letters are a title only in front of a capital one
        found.append(word)
        place -= 1
    former = "former" in found or "ex" in found or (place >= 0 and passage.words[place] in ("former", "ex"))
    heads = [word for word in found if word in vocabulary.TITLES]
    if not heads or (found[0] not in vocabulary.TITLES and not ("of" in found or "for" in found)):
        return None
    return Title(_same({word for word in found if word not in ("former", "ex", "then", "acting", "interim")}), former)


def honorific_before(passage: Passage, at: int) -> bool | None:
    """True if Mrs, Ms or the like is right before a name, False for Mr, None for neither."""
    if at == 0 or not passage.spaced(at - 1) or not passage.capital(at - 1):
        return None
    word = passage.words[at - 1]
    return True if word in vocabulary.WOMEN else False if word in vocabulary.MEN else None


def given_before(passage: Passage, at: int, surnames: Set[str]) -> tuple[int, str] | None:
    """The place of the first name before a surname, and its initial if that is all; None if there is none."""
    place = at - 1
    while place >= 0 and passage.adjacent(place) and passage.words[place] in _PARTICLES:
        place -= 1
    if place < 0 or not passage.capital(place) or not passage.spaced(place):
        return None
    token = passage.tokens[place]
    word = token.folded
    if word in vocabulary.TITLE_WORDS or word in vocabulary.HONORIFICS:
        return None
    if _is_initials(passage, place):
        if place and passage.capital(place - 1) and passage.spaced(place - 1) and not passage.opens(place - 1):
            before = passage.tokens[place - 1]
            if before.folded not in vocabulary.NO_FIRST_NAMES | vocabulary.TITLES and not before.raw.isupper():
                return place - 1, ""  # Mary L. Trump
        return place, word[0]
    if len(token.raw) > 1 and token.raw.isupper() and not passage.is_shouted(passage.sentence_of(token.start)):
        return None  # NATO, GOP
    if word in surnames:
        return None
    known = word in vocabulary.FIRST_NAMES
    if not passage.english or _capitals_say_nothing(passage, at):
        is_one = known and word not in vocabulary.MORE_THAN_NAMES
    elif passage.opens(place):
        is_one = _is_name(passage, place, word, known)
    elif known and word not in vocabulary.DAYS_AND_MONTHS:
        is_one = True
    else:
        no_name = word in vocabulary.NO_FIRST_NAMES or word in vocabulary.COMMON_WORDS
        is_one = not (word.endswith(_OF_A_PLACE) or no_name)
    return (place, "") if is_one else None


def surname_after(passage: Passage, name: Name, place: int, surnames: Set[str]) -> bool:
    """Whether the name that ends at `place` is part of another person's: Kim Kardashian, Austin Tice, Kim Dae-jung.

    In a headline, where every word is capitalised, this is only true for a hyphenated given name as in Dae-jung.
    """
    found, following = passage.tokens, place + 1
    if following >= len(found) or not passage.spaced(place) or not passage.capital(following):
        return False
    token = found[following]
    if token.folded in vocabulary.DAYS_AND_MONTHS:
        return False
    after = passage.text[token.end : token.end + 2]
    if name.surname_first and after[:1] in HYPHENS and after[1:].islower() and _continues_name(passage, following + 1):
        return True
    if _capitals_say_nothing(passage, place) or (token.raw.isupper() and len(token.raw) > 1):
        return False
    if token.folded in vocabulary.NO_SURNAMES or token.folded in surnames:
        return False
    return passage.english or name.surname_first


def longer_given_name(passage: Passage, stop: int) -> bool:
    """Whether a hyphen extends the given name that ends before `stop`: Wang Yi-ting is not Wang Yi."""
    if stop >= len(passage.tokens) or not passage.hyphen_after(stop - 1) or not passage.adjacent(stop - 1):
        return False
    return _continues_name(passage, stop)


def office_after(passage: Passage, stop: int) -> int:
    """The place after an "administration" or the like that begins at `stop`; 0 if none does."""
    found = passage.tokens
    if stop >= len(found) or not passage.spaced(stop - 1):
        return 0
    if found[stop].folded in vocabulary.OFFICES:
        return stop + 1
    white_house = stop + 1 < len(found) and found[stop].raw == "White" and found[stop + 1].raw == "House"
    return stop + 2 if white_house and passage.spaced(stop) else 0


def acts(passage: Passage, at: int, stop: int) -> bool:
    """Whether a house says or does something: "The White House denied it", not "at the White House"."""
    before = passage.words[at - 1] if at and passage.adjacent(at - 1) else ""
    if before not in ("", "the") or stop >= len(passage.tokens) or not passage.spaced(stop - 1):
        return False
    if before == "the" and at > 1 and passage.adjacent(at - 2) and passage.words[at - 2] not in vocabulary.CONJUNCTIONS:
        return False
    verb = passage.tokens[stop]
    return verb.raw.islower() and (verb.folded in vocabulary.ACTS or verb.folded.endswith("ed"))


def is_month(passage: Passage, at: int) -> bool:
    """Whether a surname that is also a month means the month here: in May, May 5."""
    found = passage.tokens
    if found[at].folded not in MONTHS:
        return False
    if at and found[at - 1].folded in vocabulary.BEFORE_MONTHS and passage.adjacent(at - 1):
        return True
    start, end = found[at].start, found[at].end
    before, after = passage.text[max(0, start - 2) : start].strip(), passage.text[end : end + 3].strip()
    if before[-1:].isdigit() or after[:1].isdigit():
        return True
    return passage.opens(at) and at + 1 < len(found) and found[at + 1].raw.islower()


def is_place(passage: Passage, at: int, stop: int) -> bool:
    """Whether a surname means a town here: "in Austin.", "Clinton, Iowa"."""
    found = passage.tokens
    in_state = stop < len(found) and found[stop].folded in vocabulary.STATES
    if in_state and passage.gap(stop - 1) == ", " and passage.capital(stop):
        return True
    if not at or not passage.spaced(at - 1) or passage.capital(at - 1):
        return False
    if found[at - 1].folded == "near":
        return True
    if found[at - 1].folded != "in" or (at > 1 and found[at - 2].folded in vocabulary.TRUST):
        return False
    return passage.text[found[stop - 1].end : found[stop - 1].end + 1] not in ("'", "’")


def _is_name(passage: Passage, place: int, word: str, known: bool) -> bool:
    """Whether the first word of a sentence is a first name, not a common word before a surname."""
    if known:
        return word not in vocabulary.MORE_THAN_NAMES or not (word in vocabulary.COMMON_WORDS or word in _VERBS)
    if word in vocabulary.COMMON_WORDS or word in vocabulary.NO_FIRST_NAMES:
        return False
    return not word.endswith(("ing", "ed", "ly", "s", "tion")) and not passage.written_small(word)


_VERBS = frozenset("will may mark grant chase bill rob sue can".split())


def _capitals_say_nothing(passage: Passage, place: int) -> bool:
    """Whether a capital is no sign of a name here: in a headline, or where everything is in capitals."""
    sentence = passage.sentence_of(passage.tokens[place].start)
    return passage.is_headline(sentence) or passage.is_shouted(sentence)


def _is_initials(passage: Passage, place: int) -> bool:
    token = passage.tokens[place]
    if len(token.raw) == 1:
        return token.raw.isupper() and passage.text[token.end : token.end + 1] == "."
    if _DOTTED.fullmatch(token.raw):
        return token.folded not in _COUNTRIES and len(token.folded) <= 3
    return _TWO_INITIALS.fullmatch(token.raw) is not None and token.folded not in vocabulary.TITLES


def _continues_name(passage: Passage, place: int) -> bool:
    """Whether the word after a hyphen continues a given name, and is not "led" or "backed"."""
    if place >= len(passage.tokens):
        return False
    word = passage.words[place]
    return word.isalpha() and len(word) <= 6 and word not in vocabulary.SUFFIXES and passage.tokens[place].raw.islower()


@lru_cache(maxsize=4_096)
def _title_words(title: str) -> frozenset[str]:
    return _same({token.folded for token in tokens(title)})


def _same(title: set[str] | frozenset[str]) -> frozenset[str]:
    said = " ".join(vocabulary.SAME_TITLE.get(word, word) for word in title)
    return frozenset(vocabulary.SAME_TITLE.get(word, word) for word in said.split()) - {"of", "the", "and", "for"}
