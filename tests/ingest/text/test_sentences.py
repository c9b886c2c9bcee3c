"""Sentences: where they begin and end, and what is none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.text import plain, sentences

#: A generous bound: each of these takes under two seconds on two slow cores, a quadratic step minutes.
SECONDS = 20


def _split(body: str, title: str = "Title", language: str = "en") -> list[str]:
    whole = plain.compose(title, plain.clean(body))
    return [whole[start:end] for start, end in sentences.split(whole, title, language)]


def _body(body: str, language: str = "en") -> list[str]:
    title, *found = _split(body, language=language)
    assert title == "Title"
    return found


def test_the_title_is_sentence_0_whatever_it_holds() -> None:
    title = "Who won? Nobody. See p. 3"
    assert _split("The talks failed.", title) == [title, "The talks failed."]
    assert _split("", title) == [title]


def test_a_paragraph_ends_a_sentence_with_or_without_a_full_stop() -> None:
    assert _body("The talks failed\n\nNobody was surprised") == ["The talks failed", "Nobody was surprised"]


def test_bullets_are_sentences_without_their_marks() -> None:
    found = _body("The plan:\n- inspectors return\n• sanctions end\n* troops stay\n1. talks go on\n(a) prisoners leave")
    assert found == ["The plan:", "inspectors return", "sanctions end", "troops stay", "talks go on", "prisoners leave"]


def test_a_heading_does_not_run_into_the_text_below() -> None:
    assert _body("What happens next\nThe council votes on Monday.") == [
        "What happens next",
        "The council votes on Monday.",
    ]


def test_lines_wrapped_by_an_editor_are_one_sentence() -> None:
    wrapped = (
        "The two governments agreed after a long night of talks\n"
        "that the inspectors should return before the end of\n"
        "May."
    )
    assert _body(wrapped) == [wrapped]


def test_a_line_wrapped_after_an_abbreviation_goes_on() -> None:
    wrapped = "The long letter from the embassy was handed over by Mr.\nSmith, who left the city on the same evening."
    assert _body(wrapped) == [wrapped]


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr. Smith met Dr. Jones and Mrs. Brown.",
        "Gen. Miller and Sen. Davis of the U.S. Senate disagreed.",
        "J.D. Vance spoke for an hour.",
        "John F. Kennedy and George H. W. Bush are remembered.",
        "The deal is worth $3.5 billion, or 2.1 percent of output.",
        "The U.S. Navy and the U.K. government welcomed it.",
        "Adm. Harris, i.e. the ambassador, agreed.",
        "Version 2.0 was leaked at 3.15 a.m. on Friday.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert _body(f"{sentence} Nobody else came.") == [sentence, "Nobody else came."]


def test_the_us_can_end_a_sentence() -> None:
    assert _body("He lives in the U.S. They left at noon.") == ["He lives in the U.S.", "They left at noon."]


def test_a_quotation_ends_where_its_full_stop_is() -> None:
    assert _body("“We are close.” The envoy left.") == ["“We are close.”", "The envoy left."]
    assert _body('"We are close." The envoy left.') == ['"We are close."', "The envoy left."]
    assert _body("“Really?” he asked. Nobody answered.") == ["“Really?” he asked.", "Nobody answered."]


@pytest.mark.parametrize(
    ("language", "paragraph", "expected"),
    [
        ("zh", "会谈失败了。没有人感到意外！下一步呢？", ["会谈失败了。", "没有人感到意外！", "下一步呢？"]),
        ("ja", "協議は決裂した。誰も驚かなかった。", ["協議は決裂した。", "誰も驚かなかった。"]),
        ("ko", "회담이 결렬됐다. 아무도 놀라지 않았다.", ["회담이 결렬됐다.", "아무도 놀라지 않았다."]),
    ],
)
def test_east_asian_full_stops_end_sentences(language: str, paragraph: str, expected: list[str]) -> None:
    assert _body(paragraph, language) == expected


def test_offsets_count_characters_also_behind_emoji() -> None:
    assert _body("Great 🎉🎉 news. 👏 Everybody — all 40 — agreed.")[-1].endswith("agreed.")


_PIECES = st.sampled_from(
    [
        "Mr. ",
        "U.S. ",
        "- ",
        "• ",
        "\n",
        "\n\n",
        ". ",
        "! ",
        "? ",
        "“No.” ",
        "3.5 ",
        "he ",
        "Kim ",
        "。",
        "他说",
        "🎉",
        "J. ",
        "1. ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=60).map("".join)), st.sampled_from(["en", "ko", "zh", "xx"]))
def test_sentences_stand_in_order_without_overlap_or_stray_spaces(body: str, language: str) -> None:
    whole = plain.compose("Title", plain.clean(body))
    spans = sentences.split(whole, "Title", language)
    assert spans[0] == (0, 5)
    last = 0
    for start, end in spans:
        assert last <= start < end <= len(whole)
        assert whole[start:end] == whole[start:end].strip()
        last = end


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=60).map("".join))
def test_no_word_is_lost_between_sentences(body: str) -> None:
    whole = plain.compose("Title", plain.clean(body))
    spans = sentences.split(whole, "Title", "en")
    between = "".join(whole[a:b] for (_, a), (b, _) in zip(spans, [*spans[1:], (len(whole), 0)], strict=True))
    assert "he" not in between
    assert "Kim" not in between


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("en", "The council met in the capital on Tuesday. "),
        ("en", "Gen. A. “No.” "),
        ("en", "- the inspectors return\n"),
        ("en", "these words are wrapped by an editor at sixty characters or\n"),
        ("zh", "他们在会议上没有达成一致。"),
    ],
)
def test_a_megabyte_is_no_trouble(language: str, unit: str) -> None:
    whole = plain.compose("Title", unit * (1_000_000 // len(unit)))
    began = time.process_time()
    spans = sentences.split(whole, "Title", language)
    assert time.process_time() - began < SECONDS
    assert len(spans) > 400


def test_a_sentence_of_50000_words_is_cut_between_words() -> None:
    whole = plain.compose("Title", "word " * 49_999 + "end.")
    began = time.process_time()
    spans = sentences.split(whole, "Title", "en")[1:]
    assert time.process_time() - began < SECONDS
    assert sum(len(whole[start:end].split()) for start, end in spans) == 50_000
    assert max(end - start for start, end in spans) <= 2_000
    assert {word for start, end in spans for word in whole[start:end].split()} == {"word", "end."}
