"""Full-text search over a real index."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ingest.analyse import SCORER, Analyser, Watchlist
from ingest.models import Entry, Source
from ingest.store import record, search
from ingest.store.versions import Scoring
from ingest.store.writer import Commit
from tests.desk import utc

TEXTS = {
    "troops": ("U.S. troops stay", "The U.S. keeps its soldiers in the country."),
    "border": ("A carbon-border levy", "The levy on carbon at the border begins in March."),
    "apart": ("Borders open", "Carbon is not mentioned near the border."),
    "code": ("Spies wrote in C++", 'They called it "Trump\'s machine".'),
    "korean": ("북한이 미사일을 발사했다", "김정은은 발사를 지켜보았다."),
    "japanese": ("北朝鮮が発射", "首脳会談は延期された。"),
}


SOURCE = Source(kind="feed", key="http://news.test/rss", name="News")


def _store(engine: Engine, texts: dict[str, tuple[str, str]]) -> None:
    analyser = Analyser(Watchlist((), ()))
    with record.writing(engine) as connection:
        commit = Commit(connection, utc(2026, 3, 2), "a test")
        scoring = Scoring(commit.watchlist(analyser.snapshot), SCORER)
        for name, (title, body) in texts.items():
            entry = Entry(source="s", title=title, body=body, keys=(f"guid:{name}",), text_kind="full")
            commit.article(commit.source(SOURCE), SOURCE, analyser.article(entry), scoring=scoring)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A record of these texts, to be read only."""
    engine = record.open_engine(f"sqlite:///{tmp_path_factory.mktemp('search')}/discourse.db")
    _store(engine, TEXTS)
    yield engine
    engine.dispose()


def _found(engine: Engine, query: str) -> set[str]:
    with engine.connect() as connection:
        return {list(TEXTS)[id_ - 1] for id_ in search.article_ids(connection, query)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("troops", {"troops"}),
        ("TROOPS Soldiers", {"troops"}),
        ("soldiers carbon", set()),
        ("U.S.", {"troops"}),
        ("U.S. troops", {"troops"}),
        ("C++", {"code"}),
        ("carbon border", {"border", "apart"}),
        ("carbon-border", {"border"}),
        ("trump", {"code"}),
        ("Trump’s", {"code"}),
        ("OR", set()),
        ("troops OR", set()),
        ("NEAR(carbon border)", set()),
        ("title:levy", set()),
        ("levy*", {"border"}),
        ("-levy", {"border"}),
        ("북한", {"korean"}),
        ("미사일", {"korean"}),
        ("김정은", {"korean"}),
        ("朝鮮", {"japanese"}),
        ("会談", {"japanese"}),
        ("北会", set()),
    ],
)
def test_what_is_typed_finds_what_is_meant(index: Engine, query: str, found: set[str]) -> None:
    assert _found(index, query) == found


@pytest.mark.parametrize("query", ["", "   ", '"', "'", "()", "…", "*", "^", "\x00", "--", "🙂"])
def test_signs_alone_find_nothing_and_break_nothing(index: Engine, query: str) -> None:
    assert _found(index, query) == set()


@pytest.mark.parametrize("query", ['"troops', "troops'", "tro\x00ops troops", "troops\x00", "troops ) (", "troops ;--"])
def test_a_stray_sign_is_passed_over(index: Engine, query: str) -> None:
    expected = set() if query.startswith("tro\x00") else {"troops"}
    assert _found(index, query) == expected


@pytest.mark.parametrize("query", ["troops " * 1_500, "a" * 10_000, "北" * 10_000, '"' * 10_000, "'a.b " * 2_500])
def test_ten_thousand_characters_are_answered(index: Engine, query: str) -> None:
    assert _found(index, query) <= {"troops"}


def test_the_words_of_a_closed_version_are_not_found(engine: Engine) -> None:
    _store(engine, TEXTS)
    _store(engine, {"troops": ("Troops leave", "All of them.")})
    assert _found(engine, "soldiers") == set()
    assert _found(engine, "leave") == {"troops"}


def test_withdrawn_articles_are_not_found(engine: Engine) -> None:
    _store(engine, TEXTS)
    with record.writing(engine) as connection:
        Commit(connection, utc(2026, 3, 3), "withdraw").withdraw([1])
    assert _found(engine, "troops") == set()
