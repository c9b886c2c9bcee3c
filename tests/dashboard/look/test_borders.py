"""Hostile texts at the borders. What a browser makes of them was looked at by hand in Streamlit 1.67: every one below
was shown letter for letter, in one paragraph without a link, an image or a colour, and nothing was loaded."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dashboard.look import borders

HOSTILE = [
    "[x](javascript:alert(1))",
    "![](http://evil/x.png)",
    "<img src=x onerror=alert(1)>",
    ":red[x]",
    "$x$ and $$y$$",
    "http://x.y",
    "www.x.org a@b.org mailto:a@b.org",
    "a_b_c *d* **e** ~~f~~ `g`",
    "# h",
    "1. x",
    "- [ ] x",
    "> x",
    "    code",
    "```mermaid",
    ":tada: :material/home: :streamlit:",
    "a -> b <- c -- d >= e <-> f ~= g",
    "&lt;b&gt; &amp; &#58;",
    "a\\",
    "| a | b |",
    "---",
]

rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def seen(html: str) -> str:
    """The text of one paragraph, as a reader sees it."""
    inside = re.fullmatch(r"<p>(.*)</p>\n", html, re.DOTALL)
    assert inside, html
    assert "<" not in inside[1], html
    text = inside[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    return text.replace("\u2060", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_the_text_itself(text: str) -> None:
    assert seen(rendered.render(borders.markdown(text))) == text.strip()
    assert seen(rendered.render(f"Before {borders.markdown(text)} after")) == f"Before {text.strip()} after"


@given(st.text(min_size=1))
def test_markdown_shows_any_text_itself(text: str) -> None:
    shown = borders.markdown(text)
    assert "\n" not in shown
    if borders.plain(text):
        assert seen(rendered.render(f"a{shown}b")) == f"a{borders.plain(text)}b".replace("\u2060", "")


@pytest.mark.parametrize(
    "text", ["http://x.y", "a@b.org", "www.x.org", ":tada:", "a -> b", "c <-> d", "e >= f", "g -- h"]
)
def test_what_streamlit_rewrites_after_markdown_is_broken_up(text: str) -> None:
    bare = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", borders.markdown(text))
    assert bare != text
    assert bare.replace("\u2060", "") == text
    for rewritten in ("://", "@b", "www.", ":tada", "->", "<-", ">=", "--"):
        assert rewritten not in bare


def test_every_punctuation_mark_is_escaped() -> None:
    assert borders.markdown("a*b") == r"a\*b"
    assert borders.markdown("Kim Jong Un") == "Kim Jong Un"


def test_lines_and_controls_become_spaces() -> None:
    assert borders.markdown("a\n\n# b\x00\u202ec") == r"a \# b c"
    assert borders.plotly_text(" a\n\tb\u2028c ") == "a b c"


def test_plotly_gets_no_tags_no_formulas_and_no_placeholders() -> None:
    assert borders.plotly_text('<b>&"</b>') == "&lt;b&gt;&amp;&#34;&lt;/b&gt;"
    assert borders.plotly_text("$x$ %{y}") == "&#36;x&#36; &#37;{y}"


def test_plotly_texts_are_cut_before_they_are_escaped() -> None:
    assert borders.plotly_text("<" * 10, 4) == "&lt;&lt;&lt;…"
    assert borders.plotly_text("abcd", 4) == "abcd"


def test_a_formula_is_defused_for_spreadsheets() -> None:
    assert borders.csv_cell("=1+1") == "'=1+1"
    assert borders.csv_cell(12) == 12
