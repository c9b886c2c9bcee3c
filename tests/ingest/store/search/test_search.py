"""Full-text search over real indexes: both databases find what plain Python finds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text

from ingest.analyser import Analyser
from ingest.errors import SearchError
from ingest.store import record, schema
from ingest.store.asof import live
from ingest.store.search import search
from ingest.store.write.commit import Commit
from ingest.watchlist.lists import Watchlist
from tests.helpers import archive, postgresql
from tests.helpers.archive import Piece
from tests.helpers.desk import DATABASES, FIGURES, TOPICS, utc

PIECES = archive.pieces()

TEXTS = {
    "troops": Piece("U.S. troops stay", "The U.S. keeps its soldiers in the country.", "Ann O’Neill", "West Post"),
    "border": Piece("A carbon-border levy", "The levy on carbon at the border begins in March.", None, "West Post"),
    "apart": Piece("Borders open", "Carbon is not mentioned near the border.", None, "East Post", "de"),
    "code": Piece("Spies wrote in C++", 'They called it "Quill\'s machine".', None, "East Post"),
    "korean": Piece("북한이 미사일을 발사했다", "김정은은 발사를 지켜보았다.", None, "조선일보", "ko"),
    "japanese": Piece("北朝鮮が発射", "首脳会談は延期された。 Ada Quill at 10:30.", "金正恩", "조선일보", "ja"),
}


def _analyser(folder: Path) -> Analyser:
    (folder / "figures.toml").write_text(FIGURES, encoding="utf-8")
    (folder / "topics.toml").write_text(TOPICS, encoding="utf-8")
    return Analyser(Watchlist.load(folder / "figures.toml", folder / "topics.toml"))


@pytest.fixture(scope="module", params=DATABASES)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A record of the six texts, then the archive; to be read only."""
    folder = tmp_path_factory.mktemp("search")
    engine = record.open_engine(postgresql.place(request, folder))
    archive.store(engine, _analyser(folder), list(TEXTS.values()), first=1_001)
    archive.store(engine, _analyser(folder), PIECES)
    yield engine
    engine.dispose()


def _ids(engine: Engine, typed: str, as_of: int | None = None) -> list[int]:
    with engine.connect() as connection:
        return sorted(search.article_ids(connection, typed, as_of))


def _found(engine: Engine, typed: str) -> set[str]:
    return {list(TEXTS)[id_ - 1] for id_ in _ids(engine, typed, as_of=1)}


def test_two_hundred_and_fifty_searches_find_what_plain_python_finds(opened: Engine) -> None:
    everything = [*TEXTS.values(), *PIECES]
    wrong, some = [], 0
    for asked in archive.queries(250):
        expected = [number for number, piece in enumerate(everything, 1) if asked.fits(piece)]
        some += bool(expected)
        if (found := _ids(opened, asked.typed)) != expected:
            wrong.append((asked.typed, set(found) ^ set(expected)))
    assert not wrong
    assert some > 125, "most of them find something"


def test_the_index_alone_finds_the_contents_of_the_same_articles(opened: Engine) -> None:
    content = schema.content.c
    for as_of in (None, 1):
        with opened.connect() as connection:
            current = dict(connection.execute(select(content.id, content.article_id).where(live(content, as_of))).all())
            some = 0
            for asked in archive.queries(250):
                found = search.content_ids(connection, asked.typed)
                if found is None:  # a field, or NOT alone
                    continue
                articles = sorted(current[id_] for id_ in found.tolist() if id_ in current)
                assert articles == sorted(search.article_ids(connection, asked.typed, as_of)), asked.typed
                some += bool(articles)
        assert some > (60 if as_of is None else 0)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("troops", {"troops"}),
        ("TROOPS Soldiers", {"troops"}),
        ("soldiers carbon", set()),
        ("soldiers OR carbon", {"troops", "border", "apart"}),
        ("U.S.", {"troops"}),
        ("U.S. troops", {"troops"}),
        ("C++", {"code"}),
        ("carbon border", {"border", "apart"}),
        ("carbon-border", {"border"}),
        ('"carbon border"', {"border"}),
        ("“carbon border”", {"border"}),
        ("carbon AND NOT levy", {"apart"}),
        ("carbon -levy", {"apart"}),
        ("+carbon -levy", {"apart"}),
        ("carbon NOT (levy OR march)", {"apart"}),
        ("NOT carbon", {"troops", "code", "korean", "japanese"}),
        ("levy OR NOT carbon", {"troops", "border", "code", "korean", "japanese"}),
        ("levy OR soldiers AND country", {"border", "troops"}),
        ("(levy OR soldiers) AND country", {"troops"}),
        ("（levy OR soldiers） country", {"troops"}),
        ("quill", {"code", "japanese"}),
        ("Quill’s", {"code", "japanese"}),
        ("or", set()),
        ("levy*", {"border"}),
        ("bor*", {"border", "apart"}),
        ('"carbon at the bor*"', {"border"}),
        ("title:levy", {"border"}),
        ("TITLE:carbon", {"border"}),
        ("title:(levy OR troops)", {"border", "troops"}),
        ('title:"carbon border"', {"border"}),
        ("title:bor*", {"border", "apart"}),
        ("source:post", {"troops", "border", "apart", "code"}),
        ("source:(west post)", {"troops", "border"}),
        ("source:조선", {"korean", "japanese"}),
        ("-source:post", {"korean", "japanese"}),
        ("source:post carbon", {"border", "apart"}),
        ("author:o'neill", {"troops"}),
        ("author:(oneill OR neill)", set()),
        ("author:正恩", {"japanese"}),
        ("neill", set()),
        ("figure:quill", {"japanese"}),
        ("figure:ada-quill", {"japanese"}),
        ("figure:(Ada Quill OR Ben Marsh)", {"japanese"}),
        ("lang:de", {"apart"}),
        ("lang:(DE OR ja)", {"apart", "japanese"}),
        ("북한", {"korean"}),
        ("미사일", {"korean"}),
        ("김정은", {"korean"}),
        ("朝鮮", {"japanese"}),
        ("会談", {"japanese"}),
        ("鮮", {"japanese"}),
        ("談", {"japanese"}),
        ("다", {"korean"}),
        ("金", set()),
        ("author:金", {"japanese"}),
        ("北会", set()),
        ("10:30", {"japanese"}),
        ("http://10/30", set()),
        ("troops –", {"troops"}),
        ("troops ;--", {"troops"}),
        ("soldiers'", {"troops"}),
        ("[soldiers]", {"troops"}),
        ("soldiers?", {"troops"}),
        ("Trump: soldiers", set()),
        ("at&the", {"border"}),
    ],
)
def test_what_is_typed_finds_what_is_meant(opened: Engine, typed: str, found: set[str]) -> None:
    assert _found(opened, typed) == found


@pytest.mark.parametrize(
    ("typed", "piece", "says"),
    [
        ('"half', '"', "second one"),
        ("NOT", "NOT", "nothing after"),
        ("AND", "AND", "nothing before"),
        ("a AND", "AND", "nothing after"),
        ("a OR AND b", "OR", "nothing after"),
        ("-", None, "no word"),
        ("()", "()", "nothing in these brackets"),
        ("a (b", "(", "never closed"),
        ("troops ) (", ")", "closes none"),
        ("*", "*", "rest of a word"),
        ("a*b", "*", "at the word's end"),
        ("*a", "*", "at the word's end"),
        ("wom?n", "wom?n", "no letter"),
        ("a:b", "a:", "is no field. Fields are title"),
        ("titel:b", "titel:", "Did you mean title:"),
        ("title:", "title:", "needs a word"),
        ("title:NOT a", "title:", "NOT stands before"),
        ("title:-a", "-", "before the field"),
        ("title:(source:a)", "source:", "another field's brackets"),
        ("a~", "a~", "not known"),
        ('"a b"~3', "~", "Nearness"),
        ("a^2", "a^2", "weight"),
        ("[a TO b]", "[a TO b]", "Ranges"),
        ("day {1 TO 2}", "{1 TO 2}", "Ranges"),
        ("/x+/", "/x+/", "Regular expressions"),
        ("a || b", "||", "Write OR"),
        ("!a", "!a", "Write NOT"),
        (">5", ">5", "Comparisons"),
        ("🙂", "🙂", "emoji"),
        ("troops 🙂", "🙂", "emoji"),
        ("…", None, "no word"),
        ("tro\x00ops", "\x00", "Character 4"),
        ("a\ud800", "\ud800", "Character 2"),
        ("(" * 900 + "a" + ")" * 90, "(", "20 deep"),
        ("NOT " * 200 + "a", "NOT", "20 deep"),
        ("a" * 10_000, "", "10,000 characters long"),
        ("(" * 10_000, "", "10,000 characters long"),
        ("figure:qill", "qill", "Did you mean Ada Quill"),
        ("figure:(ada-quill OR nobody)", "nobody", "There are: Ada Quill, Ben Marsh."),
        ("topic:trades", "trades", "Did you mean Trade?"),
        ("source:wes", "wes", "no source"),
        ("lang:english", "english", "two letters"),
        ("a lang:en*", "en*", "two letters"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_can_not_be_meant_is_answered_with_the_place(
    opened: Engine, typed: str, piece: str | None, says: str
) -> None:
    with opened.connect() as connection:
        with pytest.raises(SearchError, match=says.replace("(", r"\(")) as caught:
            search.check(connection, typed)
        with pytest.raises(SearchError, match=says.replace("(", r"\(")):
            search.article_ids(connection, typed)
    if piece is None:
        assert caught.value.start is None
    else:
        assert typed[caught.value.start : caught.value.end] == piece or not piece


_SIGNS = (
    "( ) \" * : - + ~ ^ / [ ] { } | ! ? < > \\ ' “ ” （ AND OR NOT title: source: figure: lang: topic: post quill en"
)
_TYPED = st.text(max_size=60) | st.lists(
    st.sampled_from([*archive.WORDS, *_SIGNS.split(), " ", "\x00", "🙂", "\u200e", "\u3000", "a:b", "trade", "the*"]),
    max_size=14,
).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=_TYPED)
def test_whatever_is_typed_is_found_or_answered(opened: Engine, typed: str) -> None:
    with opened.connect() as connection:
        try:
            search.article_ids(connection, typed)
        except SearchError as error:
            place = error.start
        else:
            place = None
    assert place is None or 0 <= place <= len(typed)


@pytest.mark.parametrize(
    ("typed", "short"),
    [
        (" OR ".join(["tariff"] * 90), "tariff"),
        ("levy " * 199, "levy"),
        ("NOT levy " * 110, "NOT levy"),
        ("(levy OR -troops) " * 50, "levy OR -troops"),
        ("t* " * 330, "t*"),
        ("levy OR " + '"' + "北" * 980 + '"', "levy"),
    ],
)
def test_a_long_search_finds_what_the_short_one_does(opened: Engine, typed: str, short: str) -> None:
    found = _ids(opened, typed)
    assert found
    assert found == _ids(opened, short)


# -- what changes


def test_each_revision_finds_its_own_words(engine: Engine, tmp_path: Path) -> None:
    analyser = _analyser(tmp_path)
    archive.store(engine, analyser, list(TEXTS.values()))
    edited = replace(TEXTS["troops"], title="Troops leave", body="All of them, said Ben Marsh.")
    archive.store(engine, analyser, [edited])
    with record.writing(engine) as connection:
        Commit(connection, utc(2026, 3, 3), "withdraw").withdraw([2])
    for typed, at_1, at_2, now in (
        ("soldiers", [1], [], []),
        ("leave", [], [1], [1]),
        ("levy", [2], [2], []),
        ("figure:marsh", [], [1], [1]),
        ("source:west", [1, 2], [1, 2], [1]),
        ("NOT source:(east post)", [1, 2, 5, 6], [1, 2, 5, 6], [1, 5, 6]),
    ):
        assert [_ids(engine, typed, revision) for revision in (1, 2, 3, None)] == [at_1, at_2, now, now], typed


# -- the limit


_ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


def test_a_search_that_takes_too_long_is_stopped_and_the_connection_goes_on(engine: Engine) -> None:
    with engine.connect() as connection:
        start = time.monotonic()
        with pytest.raises(SearchError, match=r"longer than 0.2 seconds"), search.limited(connection, 0.2):
            connection.execute(text(_ENDLESS[engine.dialect.name]))
        assert time.monotonic() - start < 5
        assert search.article_ids(connection, "anything") == []
        if engine.dialect.name == "postgresql":
            assert connection.execute(text("SHOW statement_timeout")).scalar() == "0"
