"""The piece of an article in which a search was found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from ingest.analyser import Analyser
from ingest.store.search import snippets
from ingest.store.search.query import parse, wanted_phrases
from ingest.text import tokens
from tests.helpers import archive
from tests.helpers.archive import Piece

FILLING = "Officials met and spoke of this and that. " * 30


def _bold(typed: str, text: str) -> str:
    cut = snippets.cut(list(wanted_phrases(parse(typed))), text)
    return "".join(f"<{piece}>" if found else piece for piece, found in cut.pieces())


@pytest.mark.parametrize(
    ("typed", "text", "shown"),
    [
        ("levy", "The levy begins.", "The <levy> begins."),
        ("LEVY begins", "The levy begins.", "The <levy> <begins>."),
        ('"carbon border"', "A carbon-border levy on carbon.", "A <carbon-border> levy on carbon."),
        ("bor*", "Borders and a border", "<Borders> and a <border>"),
        ("u.s.", "The “U.S.” left…", "The “<U.S>.” left…"),
        ("o'neill", "O’Neill’s levy", "<O’Neill>’s levy"),
        ("cafe", "Ｃａｆｅ ﬁrst", "<Ｃａｆｅ> ﬁrst"),
        ("étude", "Une e\u0301tude…", "Une <e\u0301tude>…"),
        ("북한", "속보: 북한이 미사일을", "속보: <북한>이 미사일을"),
        ("朝鮮半島", "北朝鮮半島の", "北<朝鮮半島>の"),
        ("鮮", "北朝鮮", "北朝<鮮>"),
        ("levy NOT steel", "levy on steel", "<levy> on steel"),
        ("nothing", "Here is none of it.", "Here is none of it."),
        ("levy", "", ""),
    ],
)
def test_what_was_searched_for_is_marked_where_it_stands(typed: str, text: str, shown: str) -> None:
    assert _bold(typed, text) == shown


def test_of_a_long_text_the_place_is_cut_at_words() -> None:
    shown = _bold("levy", f"{FILLING}The levy begins in March. {FILLING}")
    assert "The <levy> begins in March." in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 320
    assert set(shown.removeprefix("… ").removesuffix(" …").split()) <= {
        *FILLING.split(),
        *"The <levy> begins in March.".split(),
    }


def test_the_place_is_where_most_of_it_stands() -> None:
    shown = _bold("levy steel", f"A levy. {FILLING} A levy on steel. {FILLING} Steel.")
    assert "A <levy> on <steel>." in shown


def test_text_without_spaces_is_cut_too() -> None:
    assert "<首脳会談>" in (shown := _bold("首脳会談", "北朝鮮の" * 200 + "首脳会談" + "は延期" * 200))
    assert len(shown) < 320


@given(st.text(alphabet=st.sampled_from("aZé9'’.-_ \u0301북한金İßﬁ\u00ad“…हि"), max_size=40))
def test_words_know_their_places(text: str) -> None:
    found = tokens.spans(text)
    assert [word for word, _, _ in found] == tokens.words(text)
    for word, start, end in found:
        assert 0 <= start < end <= len(text)
        assert tokens.words(text[start:end])[0][:1] == word[:1]


@given(st.text(alphabet="ab *", max_size=60), st.text(alphabet="ab .\n", max_size=700))
def test_marks_lie_in_order_inside_the_text(typed: str, text: str) -> None:
    wanted = [word for part in typed.replace("*", "").split() for word in wanted_phrases(parse(part))]
    cut = snippets.cut(wanted, text)
    assert "".join(piece for piece, _ in cut.pieces()) == cut.text
    assert all(piece for piece, found in cut.pieces() if found)
    ends = [place for mark in cut.marks for place in mark]
    assert ends == sorted(ends)


def test_a_snippet_is_of_the_words_in_force_then(engine: Engine, analyser: Analyser, tmp_path: Path) -> None:
    archive.store(engine, analyser, [Piece("Levy begins", "The levy is here.", "Levy Strauss", "West Post")])
    archive.store(engine, analyser, [Piece("Levy ends", "No more levy.", None, "West Post")])
    with engine.connect() as connection:
        for revision, title, body in ((1, "Levy begins", "The levy is here."), (None, "Levy ends", "No more levy.")):
            found = snippets.of(connection, "levy AND author:levy OR more", [1], revision)[1]
            assert (found.title.text, found.body.text) == (title, body)
            assert [piece for piece, hit in found.title.pieces() if hit] == ["Levy"]
