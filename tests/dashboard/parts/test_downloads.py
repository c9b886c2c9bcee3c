"""Exports are made while they are sent: however many rows, they take no memory."""

from __future__ import annotations

import csv
import gc
import io
import shutil
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, Engine
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from dashboard.parts import downloads
from dashboard.parts.downloads import Download
from ingest.__main__ import app
from ingest.store import record
from ingest.store.read import export
from ingest.store.read.filters import Filters
from tests.dashboard.app_pages.test_pages import Open, closed, shown
from tests.dashboard.app_pages.test_pages import open_page as open_page
from tests.helpers import newsroom as press
from tests.helpers.desk import Desk, on_sqlite, utc
from tests.helpers.newsroom import WEST, Press, entry

T = TypeVar("T")
Rows = Callable[[Connection, Filters], Iterable[export.Row]]

DAYS, A_DAY = 30, 100
FIRST = utc(2026, 9, 1)


def _month(engine: Engine, folder: Path) -> None:
    """Fills a record with a month of a busy outlet."""
    words = "It rained for hours, and the council of the old harbour town met again. " * 4
    Press(engine, press.analyser(folder)).publish(
        WEST,
        *(
            entry(n, f"Report {n} of the day", f"Ada Quill won praise. {words}", FIRST + timedelta(days=n // A_DAY))
            for n in range(DAYS * A_DAY)
        ),
    )


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("month")
    engine = record.open_engine(f"sqlite:///{folder / 'discourse.db'}")
    _month(engine, folder)
    return closed(engine, folder / "discourse.db")


@pytest.fixture
def busy_desk(desk: Desk, month: Path) -> Desk:
    """A desk whose record holds that month."""
    shutil.copyfile(month, desk.data / "discourse.db")
    return desk


def _peak(of: Callable[[], T]) -> tuple[int, T]:
    """The most bytes that Python held at once meanwhile, and the answer."""
    of()  # what is set up once is no part of it
    tracemalloc.start()
    try:
        answer = of()
        return tracemalloc.get_traced_memory()[1], answer
    finally:
        tracemalloc.stop()


def _csv(made: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.removeprefix("\ufeff"))))


def _link(at: AppTest) -> str:
    (link,) = (each.proto.url for each in at.get("link_button") if each.proto.label == "CSV")
    return f"/{link}"


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[downloads.route]))


def test_three_times_the_rows_take_no_more_memory(engine: Engine, tmp_path: Path) -> None:
    _month(engine, tmp_path)

    def sent(rows: Rows, what: export.What, days: int) -> int:
        filters = Filters(since=FIRST.date(), until=FIRST.date() + timedelta(days=days - 1))
        made = Download(engine, lambda connection: rows(connection, filters), export.columns(what, "day"))
        return sum(map(len, made.parts()))

    exports: list[tuple[Rows, export.What]] = [(export.articles, "articles"), (export.mentions, "mentions")]
    for each in exports:
        few, small = _peak(partial(sent, *each, DAYS // 3))
        many, large = _peak(partial(sent, *each, DAYS))
        assert large - small > 400_000
        assert many < few + (large - small) / 2


@pytest.mark.parametrize("what", ["articles", "mentions"])
def test_the_command_line_writes_them_as_they_come(
    busy_desk: Desk, tmp_path: Path, what: str, quiet_logging: None
) -> None:
    def written(last: str) -> None:
        file = tmp_path / "out.csv"
        done = CliRunner().invoke(app, ["export", what, "--to", last, "-o", str(file)])
        assert done.exit_code == 0, done.output

    assert _peak(lambda: written("2026-09-30"))[0] < _peak(lambda: written("2026-09-10"))[0] + 200_000


def test_the_link_of_the_articles_page_brings_all_of_them_whatever_the_table_shows(
    busy_desk: Desk, open_page: Open, client: TestClient
) -> None:
    at = open_page("articles", period="Custom", dates=["2026-09-01", "2026-09-07"])
    assert "the newest 500 articles" in shown(at)
    answer = client.get(_link(at))
    assert answer.headers["content-disposition"] == 'attachment; filename="articles.csv"'
    rows = _csv(answer.text)
    assert len(rows) == 700
    assert rows[0]["published"].startswith("2026-09-07")
    assert "from=2026-09-01; to=2026-09-07" in rows[0]["filters"]
    assert _link(at.run()) == _link(at), "a click during a run finds what it was drawn for"


def test_the_link_of_a_point_brings_every_sentence_that_it_counts(
    busy_desk: Desk, open_page: Open, client: TestClient
) -> None:
    view = {"period": "Custom", "dates": ["2026-09-01", "2026-09-07"], "bin": "day", "figures": "Ada Quill"}
    at = open_page(open="attention:ada-quill:2026-09-03", **view)
    rows = _csv(client.get(_link(at)).text)
    assert len(rows) == A_DAY
    assert {row["sentence"] for row in rows} == {"Ada Quill won praise."}
    assert {row["published"][:10] for row in rows} == {"2026-09-03"}


@on_sqlite
def test_a_link_ends_with_the_session_that_drew_it(engine: Engine, client: TestClient) -> None:
    held = Download(engine, lambda connection: export.articles(connection, Filters()), ["article"])
    downloads._offered["token"] = held
    assert client.get("/download/token/articles.csv").text == "\ufeffarticle\n"
    del held
    gc.collect()
    ended = client.get("/download/token/articles.csv")
    assert (ended.status_code, ended.text.split(".")[0]) == (404, "This download has ended")


@on_sqlite
def test_a_search_that_is_not_understood_is_said_in_place_of_a_file(engine: Engine, client: TestClient) -> None:
    held = Download(engine, lambda connection: export.articles(connection, Filters(search='"open')), ["article"])
    downloads._offered["token"] = held
    answer = client.get("/download/token/articles.csv")
    assert answer.status_code == 400
    assert "quot" in answer.text.lower()
