"""The words of `vocabulary.toml`, which says what each list is for, by the names used in code."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_LISTS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


TITLES = _words("titles")
QUALIFIERS = _words("qualifiers")
TITLE_WORDS = TITLES | QUALIFIERS
FOREIGN_TO_POLITICS = _words("foreign_to_politics")
FOR_ANYBODY = _words("for_anybody")
SAME_TITLE: dict[str, str] = _LISTS["same_title"]
MEN = _words("men")
WOMEN = _words("women")
HONORIFICS = MEN | WOMEN
MONUMENTS = _words("monuments")
THINGS = MONUMENTS | _words("things")
BEFORE_THINGS = _words("before_things")
OFFICES = _words("offices")
PREFIXES = _words("prefixes")
MEETINGS = _words("meetings")
SUFFIXES = _words("suffixes")
DAYS_AND_MONTHS = _words("days_and_months")
NO_FIRST_NAMES = DAYS_AND_MONTHS | _words("no_first_names")
#: Those that are also surnames may follow one.
_SURNAMES = {"justice", "white", "black", "green", "king", "west", "north"}
NO_SURNAMES = (NO_FIRST_NAMES - _SURNAMES) | TITLES | OFFICES | _words("no_surnames")
COMMON_WORDS = _words("common_words")
FIRST_NAMES = _words("first_names")
MORE_THAN_NAMES = _words("more_than_names")
ACTS = _words("acts")
BEFORE_MONTHS = _words("before_months")
TRUST = _words("trust")
STATES = _words("states")
CONJUNCTIONS = _words("conjunctions")
