"""Text: one layout, so that an offset means the same everywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.text import plain


def test_a_saved_page_loses_its_controls_and_keeps_its_paragraphs() -> None:
    saved = "\ufeffFirst  line\t\twith\u00a0gaps \r\n\r\n \t \r\nSecond\x00 \u202eline\u202c\rthird"
    assert plain.clean(saved) == "First line with gaps\n\nSecond line\nthird"


def test_a_soft_hyphen_does_not_part_a_name() -> None:
    assert plain.clean("Ste\u00adphen Bie\u00adgun") == "Stephen Biegun"


def test_accents_are_written_one_way() -> None:
    assert plain.clean("Erdog\u0306an") == "Erdoğan" == plain.clean("Erdog\u200b\u0306an")


@given(st.text())
def test_clean_text_is_clean(dirty: str) -> None:
    once = plain.clean(dirty)
    assert plain.clean(once) == once
    assert "\n\n\n" not in once
    assert once == once.strip()
    once.encode()  # no lone surrogate


def test_a_title_is_one_line_and_no_novel() -> None:
    assert plain.line(" Talks\n end  today ") == "Talks end today"
    assert plain.line("x" * 500) == "x" * 500
    cut = plain.line("word " * 200)
    assert len(cut) <= 500
    assert cut.endswith("word…")


def test_an_article_is_title_blank_line_body() -> None:
    assert plain.compose("Talks end", "They failed.") == "Talks end\n\nThey failed."
    assert plain.compose("Talks end", "") == "Talks end"


def test_a_body_that_repeats_the_title_loses_that() -> None:
    assert plain.compose("Talks end", "Talks end\n\nThey failed.") == "Talks end\n\nThey failed."
    assert plain.compose("Talks end", "Talks end") == "Talks end"
    assert plain.compose("Talks end", "Talks end\nTalks end\n\nThey failed.") == "Talks end\n\nThey failed."
    assert plain.compose("T", "T\n" * 100_000 + "Then.") == "T\n\nThen."


def test_a_body_that_begins_like_the_title_loses_nothing() -> None:
    assert plain.compose("Trump", "Trumpets sounded.") == "Trump\n\nTrumpets sounded."
    assert plain.compose("Talks", "Talks end in Geneva.") == "Talks\n\nTalks end in Geneva."


@given(st.text(), st.text(), st.integers(0, 3))
def test_the_body_comes_back(title: str, body: str, repeated: int) -> None:
    title = plain.line(title)
    body = plain.clean("\n\n".join([title] * repeated + [body]))
    whole = plain.compose(title, body)
    assert whole.startswith(title)
    assert plain.compose(title, plain.body_of(whole, title)) == whole
    assert plain.joined(title, plain.body_of(whole, title)) == whole
