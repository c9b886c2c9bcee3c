"""Topics: which words and phrases count, and which do not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ingest.errors import ConfigFileError
from ingest.models import TopicHit
from ingest.watchlist import topics
from ingest.watchlist.topics import Topic


def _find(text: str, keywords: list[str], not_: list[str] | None = None) -> list[str]:
    hits = topics.Matcher([Topic("it", "It", 1, tuple(keywords), tuple(not_ or ()))]).find(text)
    return [word for hit in hits for word in hit.words]


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("Sanctions hurt.", "sanctions"),
        ("They spoke of SANCTIONS, again.", "sanctions"),
        ("The council sanctioned it.", "sanction*"),
        ("A sanction.", "sanction*"),
        ("A trade war looms.", "trade war"),
        ("A trade-war truce.", "trade war"),
        ("An inter\u2011Korean line.", "inter-Korean"),
        ("A trade\nwar looms.", "trade war"),
        ("Trade wars loom.", "trade war*"),
        ("The sanctions' effect, and NATO's.", "NATO"),
        ("The U.S. troops left.", "US troops"),
        ("On the coast of Taiwan’s defence zone.", "Taiwan's defence zone"),
        ("COVID-19 is back.", "Covid*"),
        ("An H-1B visa.", "H 1B"),
    ],
)
def test_found(text: str, keyword: str) -> None:
    assert _find(text, [keyword])


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("The visas were refused.", "visa"),
        ("An unsanctioned step.", "sanction*"),
        ("The trade and the war.", "trade war"),
        ("They trade. War is far away.", "trade war"),
        ("On trade\n\nWar is far away.", "trade war"),
        ("Trade, war and peace.", "trade war"),
        ("A trade warning.", "trade war"),
        ("Nothing at all.", "sanctions"),
        ("", "sanctions"),
    ],
)
def test_not_found(text: str, keyword: str) -> None:
    assert not _find(text, [keyword])


def test_a_longer_phrase_swallows_the_word() -> None:
    swallowing = ["court sanctions", "judge sanctions"]
    assert not _find("The judge sanctions a lawyer.", ["sanctions"], ["judge sanctions"])
    assert _find("The judge sanctions a lawyer while sanctions bite.", ["sanctions"], swallowing) == ["sanctions"]
    assert not _find("Reached the summit of the hill.", ["summit"], ["reached the summit of"])


def test_hits_are_counted_and_words_are_told_once() -> None:
    matcher = topics.Matcher(
        [
            Topic("peace", "Peace", 19, ("peace*",)),
            Topic("arms", "Arms", 16, ("nuclear weapon*", "nuclear", "weapons")),
            Topic("fish", "Fish", 4, ("trawler*",)),
        ]
    )
    assert matcher.find("Nuclear\nweapons, nuclear weapons and nuclear-weapon states: no peacemaker, no Peace.") == (
        TopicHit("peace", 2, ("peacemaker", "peace")),
        TopicHit("arms", 3, ("nuclear weapons", "nuclear-weapon")),
    )


def test_a_topic_without_hits_is_none() -> None:
    assert topics.Matcher([]).find("Peace.") == ()


def _load(tmp_path: Path, words: str) -> list[Topic]:
    path = tmp_path / "topics.toml"
    path.write_text(words, encoding="utf-8")
    return topics.load(path)


FISH = '[[topic]]\nid = "fish"\nname = "Fish"\n'


def test_an_entry_is_read(tmp_path: Path) -> None:
    assert _load(tmp_path, f'{FISH}cap = 4\nkeywords = ["trawler*"]\nnot = ["trawler of data"]\n') == [
        Topic("fish", "Fish", 4, ("trawler*",), ("trawler of data",))
    ]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("cap = 4\nkeywords = []", "'keywords' needs at least one text"),
        ("cap = 4", "'keywords' needs at least one text"),
        ('cap = "4"\nkeywords = ["cod"]', "'cap' is needed and must be a whole number"),
        ('keywords = ["cod"]', "'cap' is needed"),
        ('cap = 11\nkeywords = ["cod"]', "'cap' is 11, which is no major topic"),
        ('cap = 400\nkeywords = ["cod"]', "'cap' is 400, which is no major topic"),
        ('cap = 4\nkeywords = ["*"]', "'keywords' has \"\\*\"; give words"),
        ('cap = 4\nkeywords = ["fish* quota"]', "'keywords' has \"fish\\* quota\"; give words"),
        ('cap = 4\nkeywords = ["cod"]\nnot = ["--"]', "'not' has \"--\"; give words"),
        ('cap = 4\nkeywords = [{ text = "cod" }]', "a keyword with a weight is"),
        ('cap = 4\nkeywords = [{ text = "cod", weight = 0 }]', "a keyword with a weight is"),
        ('cap = 4\nat_least = 0\nkeywords = ["cod"]', "'at_least' must be a number above 0"),
        ('cap = 4\nkeyword = ["cod"]', "unknown key 'keyword'"),
    ],
)
def test_a_mistake_is_named_with_file_entry_and_key(tmp_path: Path, lines: str, complaint: str) -> None:
    with pytest.raises(ConfigFileError, match=complaint) as caught:
        _load(tmp_path, f"{FISH}{lines}\n")
    assert f"{tmp_path / 'topics.toml'}, line " in str(caught.value)
    assert ": topic 1 (fish): " in str(caught.value)


def test_a_text_of_keywords_is_no_trouble() -> None:
    began = time.process_time()
    (hit,) = topics.Matcher([Topic("x", "X", 1, ("nuclear weapon*", "nuclear"), ("a nuclear",))]).find(
        "nuclear weapons nuclear " * 10_000
    )
    assert hit.hits == 20_000
    assert time.process_time() - began < 10


def test_words_of_little_weight_make_a_topic_together(tmp_path: Path) -> None:
    (topic,) = _load(
        tmp_path, f'{FISH}cap = 4\nat_least = 1.5\nkeywords = ["trawler*", {{ text = "cod", weight = 0.5 }}]\n'
    )
    matcher = topics.Matcher([topic])
    assert matcher.find("A cod.") == ()
    assert matcher.find("A cod and a cod.") == ()
    assert matcher.find("A trawler.") == ()
    assert matcher.find("A trawler full of cod.") == (TopicHit("fish", 2, ("trawler", "cod")),)
