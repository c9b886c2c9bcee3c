"""An edit of the watch-list reaches the articles that may name a changed figure, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine

from ingest.run.loop import Worker
from ingest.store.plan import progress
from ingest.watchlist.figures import Figure, Role
from ingest.watchlist.lists import Watchlist
from ingest.watchlist.topics import Topic
from ingest.watchlist.touched import ListChange
from tests.dashboard.app_pages.test_pages import Open, shown
from tests.dashboard.app_pages.test_pages import open_page as open_page
from tests.helpers.desk import FIGURES, Desk, on_sqlite

ADA = Figure(
    "ada-cote", "Ada Côté", strong=("Ada Côté", "J.D. Côté"), weak=("Côté",), names=(("ko", ("에이다 코테",)),)
)
BEN = Figure("ben-marsh", "Ben Marsh", strong=("Ben Marsh",), weak=("Marsh",))
TRADE = Topic("trade", "Trade", 18, ("tariff*",))


def _lists(*figures: Figure, topics: tuple[Topic, ...] = (TRADE,)) -> Watchlist:
    return Watchlist(figures, topics)


@pytest.mark.parametrize(
    ("words", "reached"),
    [
        ("Ada Côté spoke.", True),
        ("ADA COTE SPOKE", True),
        ("The Cotés’ dog and a Coté-led council.", True),
        ("에이다 코테는 말했다.", True),
        ("Ben Marsh spoke of his coat.", False),
        ("It rained.", False),
    ],
)
def test_an_article_is_reached_where_a_changed_name_may_stand(words: str, reached: bool) -> None:
    for before, after in (((BEN,), (BEN, ADA)), ((BEN, ADA), (BEN,)), ((BEN, ADA), (BEN, replace(ADA, famous=True)))):
        assert ListChange(_lists(*before), _lists(*after)).affects("A title", words, ()) is reached


def test_who_was_found_before_is_looked_for_again() -> None:
    role = Role("Mayor", since=date(2026, 1, 1))
    touch = ListChange(_lists(ADA, BEN), _lists(ADA, replace(BEN, roles=(role,))))
    assert touch.affects("x", "x", {"ben-marsh"})
    assert not touch.affects("x", "x", {"ada-cote"})


def test_a_new_heading_reaches_nothing_and_a_new_topic_everything() -> None:
    assert not ListChange(_lists(ADA), _lists(replace(ADA, group="Abroad"))).affects("Ada Côté", "", {"ada-cote"})
    assert ListChange(_lists(ADA), _lists(ADA, topics=(replace(TRADE, keywords=("duty",)),))).affects("x", "x", ())


@on_sqlite
def test_news_is_stored_while_a_re_score_is_under_way_and_the_page_says_how_far_it_is(
    desk: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch, open_page: Open
) -> None:
    for number in range(8):
        desk.drop(f"{number}.txt", f"Title {number}\n\nBen Marsh spoke of the harbour.")
    worker = Worker.open(desk.settings(), engine)
    worker.seeds.read()
    worker.lists.reload(lambda: False)
    monkeypatch.setattr("ingest.run.rescore.BATCH", 2)
    monkeypatch.setattr("ingest.run.userlists._RESCORE_SECONDS", 0.0001)
    path = desk.data / "figures.toml"
    path.write_text(FIGURES.replace("ben-marsh", "benedict-marsh"), encoding="utf-8")
    worker.lists.reload(lambda: False)
    for _ in range(20):
        worker.lists.reload(lambda: False)
        with engine.connect() as connection:
            running = progress.newest(connection, progress.RESCORE)
        if running and running.worked:
            break
    monkeypatch.setattr("ingest.run.userlists._RESCORE_SECONDS", 5)
    desk.drop("news.txt", "News\n\nAda Quill won.")
    assert worker.seeds.read().added == 1
    if running:
        assert 0 < running.worked < running.total == 8
        assert f"**{running.worked}** of 8 stored articles" in shown(open_page("sources")).replace("\\", "")
    worker.lists.reload(lambda: False)
    with engine.connect() as connection:
        assert progress.newest(connection, progress.RESCORE) is None
    assert not worker.lists.outdated
