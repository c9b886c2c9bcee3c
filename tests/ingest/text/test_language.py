"""Language: the script first, then the words, and the declaration where there are too few."""

from __future__ import annotations

import pytest

from ingest.text import language

LONG = {
    "en": "The council agreed on Tuesday that the talks about the border should go on through the winter. " * 4,
    "de": "Der Rat einigte sich am Dienstag darauf, die Gespräche über die Grenze im Winter fortzusetzen. " * 4,
    "fr": "Le conseil a décidé mardi de poursuivre pendant l’hiver les discussions sur la frontière commune. " * 4,
    "ru": "Совет решил во вторник, что переговоры о границе продолжатся в течение всей зимы и весны. " * 4,
    "es": "El consejo decidió el martes que las conversaciones sobre la frontera seguirán durante el invierno. " * 4,
    "ko": "이사회는 화요일 국경 문제에 관한 회담을 겨울 동안 계속하기로 합의했다. " * 4,
    "ja": "理事会は火曜日、国境に関する協議を冬の間も続けることで合意した。" * 4,
    "zh": "理事会星期二同意，关于边界的谈判将在整个冬天继续进行。" * 4,
}


@pytest.mark.parametrize("code", LONG)
def test_a_paragraph_tells_its_language(code: str) -> None:
    assert language.detect(LONG[code]) == code


@pytest.mark.parametrize("code", LONG)
def test_a_paragraph_is_believed_rather_than_the_feed(code: str) -> None:
    assert language.detect(LONG[code], "it" if code != "it" else "en") == code


def test_a_headline_is_too_short_to_argue_with_the_feed() -> None:
    assert language.detect("Le Conseil vote", "fr") == "fr"
    assert language.detect("Summit in Berlin", "de") == "de"


@pytest.mark.parametrize(
    ("headline", "code"), [("회담 재개", "ko"), ("首脳会談が始まる", "ja"), ("会谈重新开始", "zh")]
)
def test_a_script_needs_no_length(headline: str, code: str) -> None:
    assert language.detect(headline, "en") == code


def test_a_korean_name_does_not_make_an_english_text_korean() -> None:
    assert language.detect(f"The minister (홍길동) spoke. {LONG['en']}") == "en"


def test_capitals_are_no_language_of_their_own() -> None:
    assert language.detect(LONG["en"].upper()) == "en"


@pytest.mark.parametrize("nothing", ["", "12 – 14", "...", "Ok", "USA"])
def test_where_nothing_tells_it_is_what_is_declared_or_english(nothing: str) -> None:
    assert language.detect(nothing) == "en"
    assert language.detect(nothing, "sv") == "sv"
