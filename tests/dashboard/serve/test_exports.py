"""Downloads: whatever is on the page comes down as it stands there, from any process, and in any number of rows."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
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

from dashboard import app_pages
from dashboard.numbers import queries
from dashboard.serve import exports, panels
from dashboard.serve.panels import PANELS, Table
from ingest.__main__ import app
from ingest.settings import PROJECT
from ingest.store import record
from ingest.store.read import export
from ingest.store.read.filters import Filters
from tests.dashboard.app_pages.test_pages import Open, closed, shown, unfolded
from tests.dashboard.app_pages.test_pages import demo as demo
from tests.dashboard.app_pages.test_pages import demo_record as demo_record
from tests.dashboard.app_pages.test_pages import open_page as open_page
from tests.helpers import newsroom as press
from tests.helpers.desk import Desk, on_sqlite, utc
from tests.helpers.newsroom import WEST, Press, entry

#: A process that has drawn no page, asked for a file.
OTHER = """
import sys, time
from dashboard.serve import panels
from dashboard.state import process

while not process.shared().ready.is_set():
    time.sleep(0.05)
sys.stdout.buffer.writelines(panels.read(*sys.argv[1:]))
process.shared().stop.set()
"""

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


def _links(at: AppTest) -> list[str]:
    return [f"/{each.proto.url}" for each in at.get("link_button")]


def _link(at: AppTest) -> str:
    (link,) = _links(at)
    return link


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[exports.route]))


def test_three_times_the_rows_take_no_more_memory(engine: Engine, tmp_path: Path) -> None:
    _month(engine, tmp_path)

    def sent(rows: Rows, what: export.What, days: int) -> int:
        filters = Filters(since=FIRST.date(), until=FIRST.date() + timedelta(days=days - 1))
        table = Table(export.columns(what, "day"), lambda connection: rows(connection, filters))
        return sum(map(len, table.parts(engine)))

    made: list[tuple[Rows, export.What]] = [(export.articles, "articles"), (export.mentions, "mentions")]
    for each in made:
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
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel's mark"
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


# -- what stands in the file is what stands on the page ---------------------------------------------------------------


@pytest.mark.parametrize("path", [row.path for row in app_pages.PAGES])
def test_each_menu_offers_its_table_as_a_file_with_the_same_rows(demo: Open, client: TestClient, path: str) -> None:
    where = {"figures": ["Kim Jong Un", "Donald Trump"], "count": "number", "bin": "quarter", "q": "talks OR summit"}
    at = demo(path, **where)
    menus = [each.proto.popover.id.rpartition("menu-")[2] for each in at.get("popover")]
    menus = [menu for menu in menus if f"{menu}.csv" in PANELS]
    files = {link.partition("?")[0].rpartition("/")[2]: link for link in _links(unfolded(at))}
    tables = dict(zip(menus, (table.value for table in at.dataframe), strict=False))  # menus stand before other tables
    assert len(tables) == len(menus) == {"": 3, "figures": 4, "sources": 2}.get(path, 0)
    for name, shown_rows in tables.items():
        answer = client.get(files[f"{name}.csv"])
        assert answer.status_code == 200, answer.text
        rows = _csv(answer.text)
        own = [{key: row[key] for key in map(str, shown_rows.columns)} for row in rows]
        assert own[:200] == [
            {str(key): "" if value is None or value != value else str(value) for key, value in row.items()}
            for row in shown_rows.astype(object).to_dict("records")
        ]
        assert all("search=talks OR summit" in row["filters"] for row in rows)


def test_cells_are_empty_where_nothing_is_known_and_say_what_they_were_made_from(
    demo: Open, client: TestClient
) -> None:
    demo()
    query = "figures=Kim+Jong+Un&bin=quarter&period=All"
    page, _ = panels.page_of(query)
    frame = queries.tone(page.model, page.view, page.names)
    assert frame["tone"].isna().any()
    rows = _csv(client.get(f"/export/tone.csv?{query}").text)
    assert len(rows) == len(frame)
    assert "nan" not in {cell.lower() for row in rows for cell in row.values()}
    for row, ours in zip(rows, frame.itertuples(), strict=True):
        assert row["bin"] == ours.bin.isoformat()
        assert row["tone"] == ("" if ours.tone != ours.tone else str(ours.tone))
        assert row["revision"] == str(page.pin.revision)
        assert "figures=kim-jong-un" in row["filters"]


@on_sqlite
def test_a_title_that_is_a_formula_comes_down_as_text(
    engine: Engine, tmp_path: Path, open_page: Open, client: TestClient
) -> None:
    Press(engine, press.analyser(tmp_path)).publish(WEST, entry(1, "=1+1", "Ada Quill spoke.", FIRST))
    (row,) = _csv(client.get(_link(open_page("articles", period="All"))).text)
    assert row["title"] == "'=1+1"


@on_sqlite
def test_a_link_shows_its_revision_whatever_has_come_since_and_whichever_process_is_asked(
    desk: Desk, engine: Engine, tmp_path: Path, open_page: Open, client: TestClient
) -> None:
    outlets = Press(engine, press.analyser(tmp_path))
    outlets.publish(WEST, entry(1, "First", "Ada Quill spoke.", FIRST))
    link = _link(open_page("articles", period="All"))
    outlets.publish(WEST, entry(2, "Second", "Ada Quill spoke again.", FIRST))
    # The newest revision is another process's: this one may not have read it yet, and waits for it.
    newest = client.get("/export/articles.csv?period=All&asof=2")
    assert [row["title"] for row in _csv(newest.text)] == ["Second", "First"]
    assert [row["title"] for row in _csv(client.get(link).text)] == ["First"]
    other = subprocess.run(
        [sys.executable, "-c", OTHER, *link.removeprefix("/export/").split("?")],
        cwd=PROJECT, env=desk.env, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert other.stdout.decode() == client.get(link).text


# -- what can't be answered -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("nothing.csv", 404, "attention.csv"),
        ("articles.csv?asof=99", 404, "Revision 99 is not in this record. Its revisions: 1 to 1."),
        ("articles.csv?asof=-1%27%20OR%201", 404, "is not in this record"),
        ("articles.csv?q=%22open", 400, "quot"),
        ("articles.csv?q=%00", 400, "Take it out"),
        (f"articles.csv?q={'a' * 5_000}", 400, "longer than"),
        ("articles.csv?period=Yesterday", 400, "period=Yesterday can't be read. Give Automatic, Last 7 days"),
        ("articles.csv?period=Custom&dates=2026-02-30", 400, "dates=2026-02-30 can't be read"),
        ("articles.csv?period=Custom&dates=0001-01-01&dates=9999-12-31", 400, "from 1990-01-01 to"),
        ("articles.csv?tone=0.5", 400, "two numbers from -1 to 1"),
        ("articles.csv?tone=nan&tone=1", 400, "tone=nan 1"),
        ("articles.csv?bin=fortnight", 400, "Automatic, day, week"),
        ("articles.csv?count=%3Cscript%3E", 400, "count=<script> can't be read. Give share, number."),
        ("articles.csv?offices=maybe", 400, "true or false"),
        ("evidence.csv", 400, "open= is no point of a chart"),
        ("evidence.csv?open=attention:nobody:2026-09-01", 400, "is no point of a chart"),
        ("evidence.csv?open=counted:ada-quill:2026-09-01", 400, "is no point of a chart"),
        ("calendar.csv?days=1000000", 400, "Give 30 or 90"),
        (f"articles.csv?q={'a' * 61_000}", 400, "too long"),
        ("articles.csv?" + "x=1&" * 3_000, 400, "too long"),
        ("articles.csv?%ff=%fe&&&=&q", 200, ""),
        ("articles.csv?figures=Nobody&sources=Gone&topics=%3Cb%3E&utm_source=mail", 200, ""),
    ],
)
@on_sqlite
def test_an_address_that_can_not_be_meant_is_answered_in_words(
    engine: Engine, tmp_path: Path, open_page: Open, client: TestClient, address: str, status: int, said: str
) -> None:
    Press(engine, press.analyser(tmp_path)).publish(WEST, entry(1, "First", "Ada Quill spoke.", FIRST))
    open_page()
    answer = client.get(f"/export/{address}")
    assert answer.status_code == status, answer.text
    assert said in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"].startswith("text/plain" if status != 200 else "text/csv")


def test_the_manual_names_every_file() -> None:
    manual = (PROJECT / "docs" / "use.md").read_text(encoding="utf-8")
    assert [file for file in PANELS if f"`{file}`" not in manual] == []


def test_every_file_is_answered_on_a_record_without_articles(
    empty_record: Path, desk: Desk, open_page: Open, client: TestClient
) -> None:
    shutil.copyfile(empty_record, desk.data / "discourse.db")
    open_page()
    for file in PANELS:
        answer = client.get(f"/export/{file}?period=All")
        assert answer.status_code in (200, 400), file
        assert answer.status_code == 200 or "Traceback" not in answer.text


def test_a_record_that_is_not_there_yet_is_to_be_asked_again(desk: Desk, open_page: Open, client: TestClient) -> None:
    (desk.data / "discourse.db").write_bytes(b"this is no database" * 1_000)
    open_page()
    answer = client.get("/export/articles.csv")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "database" in answer.text
