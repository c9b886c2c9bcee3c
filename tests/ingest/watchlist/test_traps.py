"""Short documents that try to mislead the matcher, against the list that ships: recall and false hits, in numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import pytest

from ingest.settings import PROJECT
from ingest.text import plain, sentences
from ingest.watchlist import figures
from ingest.watchlist.matcher import Matcher

MATCHER = Matcher(figures.load(PROJECT / "seeds" / "figures.toml"))
MARKS = {"person": "", "office": "!", "ambiguous": "?"}


class Trap(NamedTuple):
    """A document, and what a reader would say it names."""

    name: str
    document: str
    day: date
    wanted: list[str]

    @property
    def found(self) -> list[str]:
        title, _, body = self.document.rpartition("¶")
        whole = plain.compose(title, body)
        if not title:
            whole = body
        mentions = MATCHER.find(whole, sentences.split(whole, title, "en"), day=self.day)
        return [f"{m.figure}{MARKS[m.kind]}:{whole[m.start : m.end]}" for m in mentions]


def _traps() -> Iterator[Trap]:
    given = tomllib.loads((PROJECT / "tests" / "data" / "traps.toml").read_text(encoding="utf-8"))
    for trap in given["trap"]:
        day = trap.get("day", date(2026, 6, 1))
        documents: list[list[Any]] = [*trap.get("named", ()), *([line] for line in trap.get("nobody", ()))]
        for document, *wanted in documents:
            yield Trap(trap["name"], document, day, [words for words in wanted if words])


TRAPS = list(_traps())


def _who(mentions: list[str]) -> list[str]:
    return [mention.partition(":")[0] for mention in mentions]


def test_there_are_three_hundred() -> None:
    assert len({trap.document for trap in TRAPS}) >= 300


def test_nearly_every_figure_of_a_document_is_found_and_hardly_anybody_else() -> None:
    wanted = found = false = 0
    for trap in TRAPS:
        meant, named = set(_who(trap.wanted)), set(_who(trap.found))
        wanted += len(meant)
        found += len(meant & named)
        false += bool(named - meant)
    assert found >= 0.98 * wanted, (found, wanted)
    assert false <= 0.01 * len(TRAPS), (false, len(TRAPS))


@pytest.mark.parametrize("name", sorted({trap.name for trap in TRAPS}))
def test_each_kind_of_trap_is_passed(name: str) -> None:
    missed = [
        f"{trap.document} → {trap.found}, not {trap.wanted}"
        for trap in TRAPS
        if trap.name == name and _who(trap.found) != _who(trap.wanted)
    ]
    assert not missed
