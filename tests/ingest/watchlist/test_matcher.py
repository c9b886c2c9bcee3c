"""The matcher: who is named where, and who only seems to be. The figures here are nobody's."""

from __future__ import annotations

import time
import tokenize
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.settings import PROJECT
from ingest.text import plain, sentences
from ingest.watchlist import matcher, names, neighbours, vocabulary
from ingest.watchlist.figures import Figure, Role
from ingest.watchlist.matcher import Matcher

DAY = date(2025, 6, 1)

ADA = Figure(
    "ada-stone",
    "Ada Stone",
    strong=("Ada Stone", "President Stone", "Ada von der Mark"),
    weak=("Stone",),
    famous=True,
    not_=("Stone Age", "Stone Tower", "Roger Stone", "former Ruritanian president", "Ada Stone Foundation"),
    offices=("Stone administration", "Stone White House"),
    roles=(
        Role("President", "Ruritania", date(2025, 1, 20), None, ("Ruritanian president", "R.U. president")),
        Role("President", "Ruritania", date(2017, 1, 20), date(2021, 1, 20), ("Ruritanian president",)),
    ),
)
BEN = Figure(
    "ben-carter",
    "Ben Carter",
    strong=("Ben Carter", "B.J. Carter", "Secretary Carter"),
    weak=("Carter",),
    not_=("Carter County",),
    names=(("de", ("Carter",)),),
    roles=(Role("President", "Ruritania", date(2021, 1, 20), date(2025, 1, 20), ("Ruritanian president",)),),
)
EVE = Figure("eve-carter", "Eve Carter", strong=("Eve Carter",), weak=("Carter",))
HAN = Figure(
    "han-min-ho",
    "Han Min-ho",
    strong=("Han Min Ho", "Chairman Han"),
    weak=("Han",),
    offices=("Han government",),
    names=(("ko", ("한민호", "한민호 위원장")), ("zh", ("韩民浩",)), ("ru", ("Хан Мин Хо", "Хана Мин Хо"))),
    roles=(Role("Leader", "Northland", date(2011, 1, 1)),),
)
SUN = Figure("han-sun-ah", "Han Sun-ah", strong=("Han Sun Ah",), weak=("Han",))
OMER = Figure("omer-celik", "Ömer Çelik", strong=("Omer Celik",), weak=("Celik",), famous=True)
LI = Figure("li-bo", "Li Bo", strong=("Li Bo",), weak=("Li",))

EVERYBODY = Matcher([ADA, BEN, EVE, HAN, SUN, OMER, LI])
WITHOUT_TWINS = Matcher([ADA, BEN, HAN, OMER, LI])


def _find(
    body: str, title: str = "Nothing", *, matcher: Matcher = WITHOUT_TWINS, day: date = DAY, language: str = "en"
) -> list[str]:
    """The mentions as `figure:words`, with `?` where ambiguous and `!` for an office."""
    whole = plain.compose(title, body)
    spans = sentences.split(whole, title, language)
    found = matcher.find(whole, spans, day=day, language=language)
    for mention in found:
        start, end = spans[mention.sentence]
        assert start <= mention.start < mention.end
        assert mention.start < end
    assert [m.start for m in found] == sorted(m.start for m in found)
    marks = {"person": "", "office": "!", "ambiguous": "?"}
    return [f"{m.figure.split('-')[0]}{marks[m.kind]}:{whole[m.start : m.end]}" for m in found]


# The lists of words


def _words(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            # What two countries call the same office may be two words: they are looked up one by one.
            yield from _words([*value, *(word for words in value.values() for word in words.split())])
        elif isinstance(value, (frozenset, set, tuple)):
            yield from _words(value)


@pytest.mark.parametrize("module", [vocabulary, neighbours, matcher], ids=lambda module: str(module.__name__))
def test_every_word_of_a_list_is_one_word_of_a_text(module: ModuleType) -> None:
    lists = [value for name, value in vars(module).items() if name not in ("HYPHENS", "_LISTS") and name[:2] != "__"]
    known = set(_words(value for value in lists if isinstance(value, (frozenset, dict))))
    assert len(known) > 30
    assert sorted(word for word in known if [token.folded for token in names.tokens(word)] != [word]) == []


def test_no_two_words_of_a_list_are_written_together_where_a_line_ends() -> None:
    together = []
    for path in sorted((PROJECT / "ingest").rglob("*.py")):
        with path.open("rb") as source:
            skipped = (tokenize.NL, tokenize.COMMENT)
            parts = [token for token in tokenize.tokenize(source.readline) if token.type not in skipped]
        for first, second in pairwise(parts):
            if first.type == second.type == tokenize.STRING:
                before, after = first.string[:-1], second.string.lstrip("rbfRBF")[1:]
                if before[-1:].isalpha() and before[-2:-1] != "\\" and after[:1].isalpha():
                    together.append(f"{path.name}:{first.start[0]}: {before[-20:]}|{after[:20]}")
    assert together == []


def test_a_town_at_the_head_of_a_headline_is_nobodys_first_name() -> None:
    assert _find("They came by bus.", "Dallas Stone Rally Draws Thousands") == ["ada:Stone"]
    assert _find("They came by bus.", "Austin Stone Rally Draws Thousands") == ["ada:Stone"]


def test_words_with_a_hyphen_are_known_by_the_part_beside_the_name() -> None:
    assert _find("They came by bus.", "Jean-Luc Stone Wins Village Vote") == []
    assert _find("They came by bus.", "Jan-Peter Stone Wins Village Vote") == []
    for words in ("President-Elect", "First-Term", "Second-Term", "Never-Ending", "Re-Elect"):
        assert _find(f"For them the {words} Stone saga was over.") == ["ada:Stone"], words


# Strong, weak, famous


def test_a_strong_name_is_always_its_figure() -> None:
    assert _find("Ben Carter spoke. Ben Carter left.") == ["ben:Ben Carter", "ben:Ben Carter"]


def test_a_weak_name_counts_once_its_figure_was_named_in_full() -> None:
    assert _find("Ben Carter spoke. Later Carter left.") == ["ben:Ben Carter", "ben:Carter"]
    assert _find("Carter left.") == []


def test_in_the_body_a_weak_name_before_the_full_one_is_nobodys() -> None:
    assert _find("A man named Carter called. Ben Carter left.") == ["ben:Ben Carter"]


def test_a_full_name_in_the_title_licenses_the_body() -> None:
    assert _find("On Monday Carter left.", "Ben Carter leaves") == ["ben:Ben Carter", "ben:Carter"]


def test_a_headline_is_explained_by_the_text_below_it() -> None:
    assert _find("On Monday Ben Carter left.", "Carter leaves") == ["ben:Carter", "ben:Ben Carter"]
    assert _find("On Monday he left.", "Carter leaves") == []


def test_a_famous_surname_counts_alone() -> None:
    assert _find("Then Stone left.") == ["ada:Stone"]


def test_a_full_name_does_not_license_another_article() -> None:
    assert _find("Ben Carter left.") == ["ben:Ben Carter"]
    assert _find("Carter left.") == []


def test_a_small_letter_is_no_name() -> None:
    assert _find("A stone fell, and han is a word.") == []


def test_longer_words_are_no_names() -> None:
    assert _find("Stonewall and Gladstone are others.") == []


# Look-alikes


@pytest.mark.parametrize(
    "look_alike",
    [
        "The Stone Age ended.",
        "They met at Stone Tower.",
        "After the long night of negotiations they met again at Stone\nTower.",
        "Roger Stone was pardoned.",
        "The former Ruritanian president spoke.",
        "Former Ruritanian president spoke.",
        "The Ada Stone Foundation paid.",
        "Ada Stone Jr. spoke.",
        "Ada Stone, Jr., spoke.",
        "Stone Jr. spoke.",
    ],
)
def test_a_look_alike_swallows_the_name(look_alike: str) -> None:
    assert _find(look_alike) == []


def test_a_look_alike_licenses_nobody() -> None:
    assert _find("Ben Carter Jr. spoke. Carter left.") == []


def test_a_sentence_that_ends_on_a_name_makes_no_look_alike() -> None:
    assert _find("They praised Stone. Tower blocks fell.") == ["ada:Stone"]
    assert _find("They praised Stone. Age matters.") == ["ada:Stone"]


def test_a_name_does_not_reach_into_the_next_sentence() -> None:
    assert _find("She came with Ben. Carter was late.") == []


def test_names_in_neighbouring_cells_are_not_one() -> None:
    assert _find("Ben, Carter and Ada; Stone") == ["ada:Stone"]


# How names are written


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Ada Stone's plan", "Ada Stone"),
        ("Ada Stone’s plan", "Ada Stone"),
        ("STONE'S", ""),
        ("Stone's plan", "Stone"),
        ("Stone’s plan", "Stone"),
        ("Stone' plan", "Stone"),
        ("the Stones", "Stones"),
        ("Stones everywhere", "Stones"),
        ("an anti-Stone rally", "Stone"),
        ("the Stone-led council", "Stone"),
        ("ex-Stone aides", "Stone"),
        ("“Stone”", "Stone"),
        ("(Stone)", "Stone"),
        ("Ada\u00a0Stone", "Ada Stone"),
        ("In the afternoon of the second day the delegation of Ada\nStone", "Ada Stone"),
        ("Ada K. Stone", "Ada K. Stone"),
        ("ADA STONE", "ADA STONE"),
        ("PRESIDENT STONE", "PRESIDENT STONE"),
        ("STONE", ""),
        ("Ada von der Mark", "Ada von der Mark"),
        ("Ada Von Der Mark", "Ada Von Der Mark"),
        ("ada stone", ""),
    ],
)
def test_a_name_is_found_as_people_write_it(written: str, words: str) -> None:
    found = [
        mention.split(":")[1].replace("\u00a0", " ").replace("\n", " ") for mention in _find(f"{written} was seen.")
    ]
    assert found == ([words] if words else [])


@pytest.mark.parametrize(
    "written", ["Han Min Ho", "Han Min-ho", "Han Min-Ho", "Han Min‑ho", "HAN MIN HO", "HAN MIN-HO"]
)
def test_hyphens_in_given_names_come_and_go(written: str) -> None:
    assert _find(f"{written} spoke.") == [f"han:{written}"]


@pytest.mark.parametrize("written", ["Ömer Çelik", "Omer Celik", "Çelik", "ÖMER ÇELIK"])
def test_accents_come_and_go(written: str) -> None:
    assert _find(f"{written} spoke.") == [f"omer:{written}"]


@pytest.mark.parametrize("written", ["B.J. Carter", "BJ Carter", "B. J. Carter"])
def test_initials_come_with_dots_and_without(written: str) -> None:
    assert _find(f"{written} spoke.") == ([f"ben:{written}"] if written != "B. J. Carter" else [])


def test_a_plural_that_is_a_word_is_no_family() -> None:
    assert _find("Li Bo spoke. Lies spread.") == ["li:Li Bo"]
    assert _find("Ben Carter spoke. Carters came. The Carters left.") == ["ben:Ben Carter", "ben:Carters"]


# Offices and roles


def test_an_office_is_a_kind_of_its_own() -> None:
    assert _find("The Stone administration denied it.") == ["ada!:Stone administration"]
    assert _find("The Ada Stone administration denied it.") == ["ada!:Ada Stone administration"]


def test_an_office_licenses_nobody() -> None:
    assert _find("The Han government denied it. Han was silent.") == ["han!:Han government"]


@pytest.mark.parametrize(
    ("day", "holder"),
    [
        (date(2016, 12, 1), []),
        (date(2017, 1, 20), ["ada!:Ruritanian president"]),
        (date(2021, 1, 19), ["ada!:Ruritanian president"]),
        (date(2021, 1, 20), ["ben!:Ruritanian president"]),
        (date(2025, 1, 19), ["ben!:Ruritanian president"]),
        (date(2025, 1, 20), ["ada!:Ruritanian president"]),
    ],
)
def test_a_role_means_who_held_it_that_day(day: date, holder: list[str]) -> None:
    assert _find("The Ruritanian president spoke.", day=day) == holder


@pytest.mark.parametrize("word", ["ex-", "late ", "then ", "acting ", "future ", "Former "])
def test_a_former_president_is_not_the_president(word: str) -> None:
    assert _find(f"The {word}Ruritanian president spoke.") == []


def test_a_title_before_a_name_is_part_of_the_name() -> None:
    assert _find("Ruritanian President Ada Stone spoke.") == ["ada:Ada Stone"]
    assert _find("Ruritanian president Kurt Nobody spoke.") == []


def test_a_role_may_end_its_sentence_or_be_dated() -> None:
    assert _find("They called the Ruritanian president. Nobody answered.") == ["ada!:Ruritanian president"]
    assert _find("The Ruritanian president Monday called.") == ["ada!:Ruritanian president"]


def test_dots_in_a_role_come_and_go() -> None:
    assert _find("The RU president and the R.U. president spoke.") == ["ada!:RU president", "ada!:R.U. president"]


# Surname first


@pytest.mark.parametrize(
    "other",
    [
        "Han Dae-jung spoke.",
        "Old memories of Han Dae-jung, President Clark, Prime Minister Brown and Chancellor White",
        "Then Han Solo left.",
        "Chairman Han Dae-jung spoke.",
    ],
)
def test_another_given_name_is_another_person(other: str) -> None:
    assert _find(f"Han Min Ho spoke. {other}") == ["han:Han Min Ho"]


def test_a_title_before_the_full_name_marks_the_full_name() -> None:
    assert _find("Chairman Han Min-ho spoke.") == ["han:Han Min-ho"]
    assert _find("Chairman Han spoke.") == ["han:Chairman Han"]


def test_a_title_before_somebody_elses_full_name_is_that_persons() -> None:
    assert _find("Chairman Han Sun-ah spoke.", matcher=EVERYBODY) == ["han:Han Sun-ah"]


def test_the_first_word_of_the_next_sentence_is_no_given_name() -> None:
    assert _find("Han Min Ho spoke. They saw Han. Nobody spoke.") == ["han:Han Min Ho", "han:Han"]


def test_a_weekday_is_no_given_name() -> None:
    assert _find("Han Min Ho spoke. Later Han Monday left.") == ["han:Han Min Ho", "han:Han"]


def test_a_headline_in_capital_letters_has_no_given_names() -> None:
    assert _find("They saw Han Min Ho.", "Han Threatens Sanctions Over Talks") == ["han:Han", "han:Han Min Ho"]
    assert _find("They saw Han Min Ho.", "Han Dae-jung Remembered Across Northland") == ["han:Han Min Ho"]


# Two with one surname


def _twins(body: str, title: str = "Nothing", day: date = DAY) -> list[str]:
    return _find(body, title, matcher=EVERYBODY, day=day)


def test_the_one_named_in_full_last_is_meant() -> None:
    assert _twins("Ben Carter spoke. Eve Carter spoke. Then Carter left.")[-1] == "eve:Carter"
    assert _twins("Eve Carter spoke to Ben Carter, and Carter left.")[-1] == "ben:Carter"


def test_the_only_one_named_in_full_is_meant_however_long_ago() -> None:
    body = "Ben Carter spoke. It rained. It snowed. It thawed. Carter left."
    assert _twins(body) == ["ben:Ben Carter", "ben:Carter"]


def test_where_both_were_named_long_ago_it_is_ambiguous() -> None:
    found = _twins("Ben Carter met Eve Carter. It rained. It snowed. Carter left.")
    assert found[2:] == ["ben?:Carter", "eve?:Carter"]


def test_nobody_is_meant_where_nobody_was_named() -> None:
    assert _twins("Carter left.") == []


def test_a_headline_means_the_one_whom_the_first_sentence_names() -> None:
    assert _twins("Eve Carter left. It rained. Ben Carter stayed.", "Carter leaves")[0] == "eve:Carter"


def test_a_headline_is_ambiguous_where_the_text_names_both_late() -> None:
    found = _twins("It rained. Eve Carter left. Ben Carter stayed.", "Carter leaves")
    assert found[:2] == ["ben?:Carter", "eve?:Carter"]


# Joined names


@pytest.mark.parametrize("joined", ["Stone-Han", "Stone–Han", "Stone\u2011Han", "Han-Stone"])
def test_a_joined_name_is_the_one_in_office(joined: str) -> None:
    found = _twins(f"The {joined} summit failed.")
    assert sorted(found) == ["ada:Stone", "han:Han"]


def test_a_name_joined_to_nobody_counted_is_nobodys() -> None:
    assert _twins("The Miller-Han summit failed, and the Han-led one.") == []


def test_a_joined_name_needs_an_office_that_day() -> None:
    assert _twins("The Stone-Carter debate was dull.", day=date(2030, 1, 1)) == ["ada:Stone"]
    assert _twins("The Stone-Carter debate was dull.", day=date(2023, 1, 1)) == ["ada:Stone", "ben:Carter"]


# Other languages


def test_korean_and_chinese_names_are_found_inside_words() -> None:
    assert _find("한민호 위원장은 말했다. 한민호가 떠났다.", language="ko") == ["han:한민호 위원장", "han:한민호"]
    assert _find("据报道韩民浩昨天离开了。", language="zh") == ["han:韩民浩"]


def test_names_belong_to_their_language() -> None:
    assert _find("韩民浩", language="ko") == []
    assert _find("한민호", language="en") == []
    assert _find("Dann sprach Carter.", language="de") == ["ben:Carter"]
    assert _find("Then Carter spoke.", language="en") == []
    assert _find("Встреча Хана Мин Хо.", language="ru") == ["han:Хана Мин Хо"]


def test_latin_names_are_found_in_any_language() -> None:
    assert _find("Ada Stone은 말했다.", language="ko") == []  # an ending is written on to the name
    assert _find("Ada Stone 대통령은 말했다.", language="ko") == ["ada:Ada Stone"]


# Shape


def test_a_mention_outside_the_sentences_is_none() -> None:
    assert WITHOUT_TWINS.find("Ada Stone\n\nAda Stone", [(0, 9)], day=DAY)[0].start == 0
    assert len(WITHOUT_TWINS.find("Ada Stone\n\nAda Stone", [(0, 9)], day=DAY)) == 1


def test_nothing_is_found_in_nothing() -> None:
    assert Matcher([]).find("Ada Stone.", [(0, 10)], day=DAY) == []
    assert WITHOUT_TWINS.find("", [], day=DAY) == []


_WORDS = st.sampled_from(
    (
        "Ada Stone Han Min Ho Ben Carter Eve Sun Ah Chairman President administration former Ruritanian president "
        "Jr. J. the The Stones - ’s . \n \n\n Age STONE 한민호 Li Lies"
    ).split(" ")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_WORDS, max_size=40), st.sampled_from([" ", "-", ""]), st.sampled_from(["en", "ko"]))
def test_mentions_never_overlap_and_repeat_exactly(words: list[str], glue: str, language: str) -> None:
    whole = plain.compose("Title", plain.clean(glue.join(words)))
    spans = sentences.split(whole, "Title", language)
    found = EVERYBODY.find(whole, spans, day=DAY, language=language)
    assert found == EVERYBODY.find(whole, spans, day=DAY, language=language)
    places = sorted({(mention.start, mention.end) for mention in found})
    assert all(before[1] <= after[0] for before, after in pairwise(places))


@pytest.mark.parametrize(
    "unit", ["Ada Stone met Han. ", "Han Han ", "Stone-Han-", "Han and Carter met. ", "한민호 ", "A. ", "Stone Jr. "]
)
def test_time_grows_with_the_length_only(unit: str) -> None:
    def seconds(size: int) -> float:
        whole = plain.compose("Title", unit * (size // len(unit)))
        spans = sentences.split(whole, "Title", "ko")
        began = time.process_time()
        EVERYBODY.find(whole, spans, day=DAY, language="ko")
        return time.process_time() - began

    # Eight times the text: 8 if linear, 64 if quadratic; a busy machine may make it more.
    assert min(seconds(80_000) for _ in range(3)) < 30 * min(seconds(10_000) for _ in range(3)) + 0.2
