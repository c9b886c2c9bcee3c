"""Words as the full-text index knows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.text.tokens import LONGEST, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Talks open in Seoul.", ["talks", "open", "in", "seoul"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("U.S. troops, U.N. envoy", ["u.s", "troops", "u.n", "envoy"]),
        ("Trump's and Trump’s words", ["trump", "and", "trump", "words"]),
        ("O’Neill said", ["o'neill", "said"]),
        ("carbon-border carbon–border", ["carbon", "border", "carbon", "border"]),
        ("C++ and 2.5 % of snake_case", ["c", "and", "2.5", "of", "snake", "case"]),
        ("ﬁrst Ｆｕｌｌ", ["first", "full"]),
        ("café cafe\u0301", ["café", "café"]),
        ("북한이 北朝鮮 金", ["북한", "한이", "이", "北朝", "朝鮮", "鮮", "金"]),
        ("G7首脳", ["g7", "首脳", "脳"]),
        ("हिन्दी भाषा และ مُحَمَّد", ["हिन्दी", "भाषा", "และ", "مُحَمَّد"]),
        ("co\u00adoperation “quoted”—twice…", ["cooperation", "quoted", "twice"]),
        ("… — ' . \" \x00", []),
        ("", []),
    ],
)
def test_words_of_a_text(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_query_cuts_words_as_the_text_did() -> None:
    assert words("The U.S.–Korea Free-Trade Agreement")[1:5] == words("u.s. korea FREE trade")


@given(st.text(alphabet=st.sampled_from("aZé9'’.-_ \u0301北한İßﬁ\u00ad“"), max_size=30))
def test_the_fast_ways_find_the_same_words(text: str) -> None:
    # What stands in the way of both fast ones: a mark at the end.
    assert words(f"{text} का")[:-1] == words(text)


@given(st.text(max_size=200))
def test_no_text_yields_a_word_that_could_break_out_of_a_quoted_query(text: str) -> None:
    for word in words(text):
        assert word
        assert not any(character.isspace() or character in '"*()\x00' for character in word)


def test_a_long_run_of_signs_takes_no_time() -> None:
    assert words("'." * 200_000) == []
    assert words("a." * 100_000) == ["a." * (LONGEST // 2)]
    assert words("á." * 100_000) == ["á." * (LONGEST // 2)]
    assert words("北" * 100_000)[-2:] == ["北北", "北"]
