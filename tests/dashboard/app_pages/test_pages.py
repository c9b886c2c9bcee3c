"""Every page, run as Streamlit runs it, over the demo and over what hostile sources write."""

from __future__ import annotations

import gc
import json
import random
import re
import shutil
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pandas as pd
import pytest
from sqlalchemy import Engine
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import app_pages, keys
from dashboard.look import borders, words
from dashboard.model.cache import Cache
from dashboard.model.follower import Follower
from dashboard.numbers import holdings, kpi, queries
from dashboard.state import choices, process
from dashboard.view import View
from ingest.analyser import Analyser
from ingest.run.pipeline import Pipeline
from ingest.run.seeding import SeedFolder
from ingest.settings import PROJECT
from ingest.store import record
from ingest.store.read import articles
from ingest.store.read.filters import Filters
from ingest.store.write.commit import Commit
from ingest.text.escape import csv_cell
from ingest.watchlist.lists import Watchlist
from tests.helpers import drawn, reprints
from tests.helpers import newsroom as press
from tests.helpers.desk import Desk, on_sqlite, until
from tests.helpers.newsroom import EAST, NORTH, WEST, Press, entry

Open = Callable[..., AppTest]

HOURS_AGO = datetime.now(UTC) - timedelta(hours=5)
PAGES = tuple(row.path for row in app_pages.PAGES)
HOSTILE = (
    "[x](javascript:alert(1))",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.test","x")',
    ":red[x] :material/delete: **bold** $x^2$",
    "![x](http://evil.test/pixel.png) http://evil.test/y",
    "A" * 1_000_000,
)


@cache
def _components() -> BidiComponentManager:
    """What each AppTest would look for anew: half a second through all installed packages."""
    found = BidiComponentManager()
    found.discover_and_register_components(start_file_watching=False)
    return found


@pytest.fixture(scope="session")
def demo_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record after a first start: the demo, with the lists that ship."""
    path = tmp_path_factory.mktemp("demo") / "discourse.db"
    engine = record.open_engine(f"sqlite:///{path}")
    watched = Watchlist.load(PROJECT / "seeds/figures.toml", PROJECT / "seeds/topics.toml")
    assert SeedFolder(Pipeline(engine, Analyser(watched)), PROJECT / "seeds/demo").read().faults == ()
    return closed(engine, path)


def closed(engine: Engine, path: Path) -> Path:
    """The file of a record, whole, to be copied."""
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def open_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a page of a server that has just started as a browser does: its path, and parameters of the URL."""
    state = process.Shared()
    monkeypatch.setattr(process, "_state", state)

    def open_(page: str = "", **parameters: str | list[str]) -> AppTest:
        process.shared()
        until(lambda: state.ready.is_set() or state.fault is not None, 20)
        at = AppTest.from_file(PROJECT / "dashboard/main.py", default_timeout=30)
        at._bidi_component_manager = _components()
        at.query_params.update(parameters)
        if page:
            at._page_hash = calc_hash(page)
        return at.run()

    yield open_
    state.stop.set()
    for thread in threading.enumerate():
        if thread.name == "read-model":
            thread.join(10)
    if state.follower:
        state.follower.engine.dispose()


@pytest.fixture
def demo(desk: Desk, demo_record: Path, open_page: Open) -> Open:
    """The dashboard over the demo."""
    shutil.copyfile(demo_record, desk.data / "discourse.db")
    return open_page


def model() -> Follower:
    found = process.shared().follower
    assert found is not None
    return found


def texts(at: AppTest) -> list[str]:
    """Everything on the page that is read as Markdown."""
    kinds = ("markdown", "caption", "info", "warning", "error", "header", "title", "subheader")
    return [str(element.value) for kind in kinds for element in at.get(kind)]


def shown(at: AppTest) -> str:
    """What can be read on the page, bold or not."""
    assert not at.exception, [element.value for element in at.exception]
    return "\n".join(texts(at)).replace("**", "")


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def summary(at: AppTest) -> str:
    """The line that says how many articles are in view, from when."""
    return next(str(text.value) for text in at.markdown if " source" in str(text.value))


def unfolded(at: AppTest) -> AppTest:
    """The page with every menu and expander open whose content is made when somebody looks."""
    ids = [each.proto.popover.id for each in at.get("popover")] + [each.proto.id for each in at.expander]
    for key in (id_.split("-", 2)[2] for id_ in ids if id_):
        at.session_state[key] = True
    return at.run()


def charts(at: AppTest) -> dict[str, dict[str, Any]]:
    """The figures drawn, by the first word of their key."""
    return {str(chart.key).partition("-")[0]: json.loads(chart.proto.spec) for chart in at.get("plotly_chart")}


def demo_view(**changes: Any) -> View:
    """What the first page of the demo shows, made without the page."""
    lists = choices.of(model().snapshot)
    extent = holdings.extent(model().snapshot, lists.automatic_sources())
    assert extent is not None
    filters = Filters(sources=lists.automatic_sources(), since=extent[0], until=extent[1])
    made = View(replace(filters, **changes), "year", "share", datetime.now(UTC).date())
    return replace(made, lines=made.filters.figures or tuple(queries.most_named(model().snapshot, made, 5)))


# -- the demo ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_the_demo_and_says_that_it_is_one(demo: Open, page: str) -> None:
    at = demo(page)
    assert "This is the demo:" in shown(at)
    assert at.title[0].value == (page.capitalize() or "Overview")
    assert "revision 1" in shown(at)


def test_the_overview_shows_what_the_queries_count(demo: Open) -> None:
    at = demo()
    found = kpi.of(model().snapshot, demo_view(), now=datetime.now(UTC))
    assert found.articles > 80
    assert f"{words.number(found.articles)} articles" in shown(at)
    assert words.period(date(2017, 1, 23), date(2025, 11, 14)) in shown(at)
    here = metrics(at)
    assert here["Articles"] == words.number(found.articles)
    assert here["Mentions"] == words.number(found.mentions)
    assert here["Net tone"].startswith(words.signed(found.net_tone))
    assert here["Most named"] == choices.of(model().snapshot).figure_names[found.most_named or ""]
    assert here["Sources"] == "5 of 5"


def test_the_attention_chart_holds_the_numbers_of_its_query(demo: Open) -> None:
    at = demo(count="number")
    frame = queries.attention(model().snapshot, demo_view(), choices.of(model().snapshot).figure_names)
    counted = {(row.figure, row.bin.isoformat()): row.articles for row in frame.itertuples() if row.all}
    points: dict[tuple[str, str], float] = {}
    for trace in charts(at)["attention"]["data"]:
        if figure := trace.get("legendgroup"):
            for start, value in zip(drawn.bins(trace), trace["y"], strict=True):
                if value is not None:
                    points[figure, start] = value
    assert points == counted


def test_a_figure_chosen_narrows_every_number(demo: Open) -> None:
    at = demo()
    at.multiselect(key=keys.FIGURES).select("Kim Jong Un").run()
    found = kpi.of(model().snapshot, demo_view(figures=("kim-jong-un",)), now=datetime.now(UTC))
    assert metrics(at)["Articles"] == words.number(found.articles)
    assert metrics(at)["Mentions"] == words.number(found.mentions)
    assert found.articles < 80
    assert "Kim Jong Un" in [button.label for button in at.button]


@pytest.mark.parametrize(
    ("change", "filters"),
    [
        (lambda at: at.text_input(key=keys.SEARCH).set_value("Singapore summit"), {"search": "Singapore summit"}),
        (lambda at: at.multiselect(key=keys.TOPICS).select("Sanctions"), {"topics": ("sanctions",)}),
        (lambda at: at.slider(key=keys.TONE).set_range(-1.0, -0.05), {"tone": (-1.0, -0.05)}),
        (lambda at: at.toggle(key=keys.OFFICES).set_value(True), {"offices": True}),
    ],
)
def test_search_topic_tone_and_offices_count_through_their_widgets(
    demo: Open, change: Callable[[AppTest], Any], filters: dict[str, Any]
) -> None:
    at = demo()
    change(at).run()
    found = kpi.of(model().snapshot, demo_view(**filters), now=datetime.now(UTC))
    assert f"{words.number(found.articles)} articles" in shown(at)
    assert metrics(at)["Mentions"] == words.number(found.mentions)


def test_a_chip_takes_its_filter_away_and_reset_takes_all(demo: Open) -> None:
    at = demo(figures=["Kim Jong Un", "Donald Trump"], topics="Sanctions")
    all_ = metrics(demo())["Articles"]
    at.button(key="chip-topics-Sanctions").click().run()
    found = kpi.of(model().snapshot, demo_view(figures=("kim-jong-un", "donald-trump")), now=datetime.now(UTC))
    assert metrics(at)["Articles"] == words.number(found.articles)
    at.button(key="chip-figures-Donald Trump").click().run()
    assert at.multiselect(key=keys.FIGURES).value == ["Kim Jong Un"]
    next(button for button in at.button if button.label == "Reset").click().run()
    assert metrics(at)["Articles"] == all_
    assert not [button for button in at.button if str(button.key).startswith("chip-")]


def test_all_three_links_open_the_same_numbers(demo: Open) -> None:
    for parameters in ({}, {"figures": "Kim Jong Un", "q": "talks"}, {"topics": "Sanctions", "tone": ["-0.5", "0.9"]}):
        at = demo(**parameters)
        numbers, line = metrics(at), summary(at)
        lines = [trace.get("legendgroup") for trace in charts(at)["attention"]["data"]]
        assert not at.code  # links are made when somebody looks
        at.session_state["copy-link"] = True
        links = [code.value for code in at.run().code]
        assert len(links) == 3
        for link in links:
            opened = demo(**parse_qs(link.partition("?")[2]))
            assert metrics(opened) == numbers
            assert summary(opened) == line
            assert [trace.get("legendgroup") for trace in charts(opened)["attention"]["data"]] == lines


def test_lines_that_came_with_a_link_go_with_a_reset(demo: Open) -> None:
    at = demo(lines=["Kim Yo Jong", "Nobody we know"])
    assert "Kim Yo Jong" in str(charts(at)["attention"]["data"])
    next(button for button in at.button if button.label == "Reset").click().run()
    assert "lines" not in at.query_params
    assert "Kim Yo Jong" not in str(charts(at)["attention"]["data"])


def test_a_fixed_link_to_days_long_ago_opens_those_days(demo: Open) -> None:
    at = demo(period="Custom", dates=["2003-03-01", "2017-12-31"])
    assert words.period(date(2003, 3, 1), date(2017, 12, 31)) in shown(at)
    count = holdings.articles_between(model().snapshot, demo_view().sources, date(2003, 3, 1), date(2017, 12, 31))
    assert metrics(at)["Articles"] == words.number(count)


@pytest.mark.parametrize(
    ("dates", "period"),
    [
        (["2018-06-12"], "12 Jun 2018"),
        (["2018-06-30", "2018-06-01"], "1 Jun – 30 Jun 2018"),
        ([], "23 Jan 2017 – 14 Nov 2025"),
        (["yesterday"], "23 Jan 2017 – 14 Nov 2025"),
        (["1066-10-14", "2018-06-12"], "23 Jan 2017 – 14 Nov 2025"),
    ],
)
def test_odd_dates_in_a_link_are_mended_or_dropped(demo: Open, dates: list[str], period: str) -> None:
    assert period in shown(demo(period="Custom", dates=dates))


def test_values_in_a_link_that_nobody_knows_are_dropped(demo: Open) -> None:
    at = demo(figures=["Nobody", "Kim Jong Un"], period="Last century", tone=["5", "x"], bin="hour", count="weight")
    found = kpi.of(model().snapshot, demo_view(figures=("kim-jong-un",)), now=datetime.now(UTC))
    assert "This is the demo:" in shown(at)
    assert metrics(at)["Articles"] in (words.number(found.articles), metrics(demo())["Articles"])


@pytest.mark.parametrize(("chart", "by", "scored"), [("attention", "articles", False), ("tone", "mentions", True)])
def test_an_open_point_lists_exactly_the_sentences_it_counts(demo: Open, chart: str, by: str, scored: bool) -> None:
    at = demo(open=f"{chart}:kim-jong-un:2018-01-01")
    view = demo_view()
    ids = queries.counted(model().snapshot, view, figure="kim-jong-un", start=date(2018, 1, 1), scored=scored)
    assert len(ids) > 5
    with model().engine.connect() as connection:
        found = articles.evidence(connection, ids)
    distinct = len({item.article.id for item in found})
    counts = {
        "articles": f"{distinct} articles · {len(ids)} mentions",
        "mentions": f"{len(ids)} mentions in {distinct} articles",
    }
    assert f"Kim Jong Un, 2018 — {counts[by]}" in shown(at)
    while more := [button for button in at.button if str(button.key).startswith("more-")]:
        more[0].click().run()
    sentences = [text for text in texts(at) if "**Kim" in text and "badge[" in text]
    assert len(sentences) == len(ids)
    next(button for button in at.button if str(button.key).startswith("close-")).click().run()
    assert "open" not in at.query_params
    assert "Kim Jong Un, 2018 — " not in shown(at)


@pytest.mark.parametrize("point", ["attention:kim-jong-un:1999-01-01", "attention:nobody:2018-01-01", "tone::soon"])
def test_a_point_that_is_none_of_the_views_opens_nothing(demo: Open, point: str) -> None:
    at = demo(open=point)
    assert not at.exception
    assert not [button for button in at.button if str(button.key).startswith("close-")]


def test_the_page_of_a_figure_shows_what_its_queries_count(demo: Open) -> None:
    at = demo("figures", figure="Kim Jong Un")
    names = choices.of(model().snapshot).figure_names
    view = demo_view(figures=("kim-jong-un",))
    mix = queries.mix(model().snapshot, view, "kim-jong-un")
    assert f"n = {words.number(int(mix['n'].sum()))} scored mentions" in shown(at)
    assert {"attention", "mix", "companions", "by"} <= set(charts(at))
    assert "Most negative sentences" in shown(at)
    assert not at.dataframe  # tables wait behind their menus
    at.session_state["menu-companions"] = True
    at.run()
    pd.testing.assert_frame_equal(
        at.dataframe[0].value, queries.companions(model().snapshot, view, "kim-jong-un", names), check_dtype=False
    )


def test_another_figure_is_chosen_on_its_page(demo: Open) -> None:
    at = demo("figures")
    at.selectbox(key="figure").select("Angela Merkel").run()
    count = queries.attention(model().snapshot, demo_view(figures=("angela-merkel",)), {})["articles"].sum()
    assert count
    assert f"n = {queries.mix(model().snapshot, demo_view(), 'angela-merkel')['n'].sum()} scored mentions" in shown(at)


def test_a_figure_that_nobody_names_is_said_to_be_unnamed(demo: Open) -> None:
    demo()
    view = demo_view()
    names = choices.of(model().snapshot).figure_names
    never = sorted(set(names) - set(queries.most_named(model().snapshot, view, 1_000)))
    at = demo("figures", figure=names[never[0]], period="Custom", dates=["2018-06-12", "2018-06-12"])
    assert "is named in none of the" in shown(at)


def test_the_table_of_articles_holds_the_articles_of_the_view(demo: Open) -> None:
    at = demo("articles", figures="Kim Jong Un", topics="Sanctions")
    view = demo_view(figures=("kim-jong-un",), topics=("sanctions",))
    with model().engine.connect() as connection:
        wanted = articles.headlines(connection, view.filters)
    table = at.dataframe[0].value
    assert list(table["title"]) == [csv_cell(headline.title) for headline in wanted]
    assert len(table) == kpi.of(model().snapshot, view, now=datetime.now(UTC)).articles
    assert all("Kim Jong Un" in names for names in table["figures"])


def test_an_article_opens_with_its_names_marked(demo: Open) -> None:
    demo()
    with model().engine.connect() as connection:
        headline = next(h for h in articles.headlines(connection, demo_view().filters) if "Singapore summit" in h.title)
        article = articles.article(connection, headline.uid)
    assert article is not None
    at = demo("articles", article=headline.uid)
    assert headline.title.replace("-", "\\-") in shown(at)
    text = at.html[0].value
    in_body = [m for m in article.analysis.mentions if m.start >= len(headline.title)]
    assert text.count("<u title=") == len(in_body)
    next(button for button in at.button if button.label == "All articles").click().run()
    assert "article" not in at.query_params
    assert len(at.dataframe[0].value) > 80


@on_sqlite
def test_the_copies_of_an_article_are_listed_with_what_differs(open_page: Open, engine: Engine, tmp_path: Path) -> None:
    outlets = Press(engine, press.analyser(tmp_path))
    said = reprints.paragraphs(random.Random(4), 150)
    outlets.publish(WEST, entry(1, "Ada Quill speaks", "\n\n".join(said), HOURS_AGO))
    outlets.publish(EAST, entry(2, "Quill on *record*", "\n\n".join([*said[:-1], "Zeppelins rose."]), HOURS_AGO))
    with engine.connect() as connection:
        uids = {found.title: found.uid for found in articles.headlines(connection, Filters())}
    at = open_page("articles", article=uids["Ada Quill speaks"])
    assert "1 copy of this text. This one came first." in shown(at).replace(words.NBSP, " ")
    (box,) = [each for each in at.expander if "East Times" in each.label]
    assert "“Quill on \\*record\\*”" in box.label
    assert "Zeppelins" not in "".join(each.value for each in at.html), "what differs is looked up when it is asked for"
    at.session_state[f"copy-{uids['Quill on *record*']}"] = True
    at.run()
    assert "Beside the text above: 2 words more" in shown(at).replace(words.NBSP, " ")
    assert "Zeppelins" in at.html[-1].value
    at.button(key=f"read-{uids['Quill on *record*']}").click().run()
    assert at.query_params["article"] == uids["Quill on *record*"]
    assert "the first" in next(each.label for each in at.expander if "West Post" in each.label)


def test_an_unknown_article_is_said_to_be_none(demo: Open) -> None:
    for uid in ("0123456789abcdef", "' OR 1=1 --", "x" * 5_000):
        assert "This article is not in the record." in shown(demo("articles", article=uid))


def test_the_sources_are_listed_with_their_articles(demo: Open) -> None:
    at = demo("sources")
    table = next(element.value for element in at.dataframe if "state" in element.value.columns)
    rows = [row for row in choices.of(model().snapshot).sources if row.articles or row.listed]
    assert dict(zip(table["source"], table["articles"], strict=True)) == {row.name: row.articles for row in rows}
    assert f"{len(rows)} sources · 5 with articles · 0 failing" in shown(at)


# -- nothing, and nothing any more ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_record_says_what_to_do(open_page: Open, engine: Engine, page: str) -> None:
    found = shown(open_page(page))
    assert "demo" not in found
    if page == "methods":
        assert "Nothing has been scored yet." in found
    elif page != "sources":
        assert "Nothing has arrived yet." in found
        assert "seed folder" in found


@pytest.mark.parametrize("page", ["", "sources"])
def test_feeds_that_have_brought_nothing_yet_are_no_demo(
    open_page: Open, engine: Engine, tmp_path: Path, page: str
) -> None:
    Press(engine, press.analyser(tmp_path))
    assert "demo" not in shown(open_page(page))


def test_a_view_without_articles_says_why_and_leads_out(demo: Open) -> None:
    at = demo(period="Custom", dates=["2019-08-05", "2019-08-06"])
    assert "No articles from 5 Aug – 6 Aug 2019" in shown(at)
    at.button(key="empty-all").click().run()
    assert metrics(at)["Articles"] == metrics(demo())["Articles"]


def test_filters_that_leave_nothing_say_how_many_there_were(demo: Open) -> None:
    for page in ("", "articles"):
        at = demo(page, q="zeppelin")
        assert "None of the " in shown(at)
        at.button(key="empty-reset").click().run()
        assert "None of the " not in shown(at)
        assert at.text_input(key=keys.SEARCH).value == ""


def test_the_demo_steps_back_when_one_other_article_arrives(demo: Open, desk: Desk) -> None:
    at = demo()
    assert "This is the demo:" in shown(at)
    outlets = Press(model().engine, press.analyser(desk.data))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    outlets.publish(WEST, entry(1, "Ada Quill speaks", "She spoke.", yesterday))
    until(lambda: model().revision == 2)
    at.run()
    assert "This is the demo" not in shown(at)
    assert metrics(at)["Articles"] == "1"
    assert "Demo" not in "".join(str(chart) for chart in charts(at).values())
    # Chosen, the demo is there again.
    at.multiselect(key=keys.SOURCES).select("Demo Wire").run()
    assert "This is the demo:" in shown(at)
    # A source of ours that is silent is no demo.
    at = demo(sources="East Times")
    assert "This is the demo" not in shown(at)


@on_sqlite
def test_summaries_among_whole_texts_are_said_and_can_be_left_out(
    open_page: Open, engine: Engine, tmp_path: Path
) -> None:
    outlets = Press(engine, press.analyser(tmp_path))
    outlets.publish(WEST, *(entry(n, f"Ada Quill speaks {n}", "She spoke.", HOURS_AGO) for n in range(1, 5)))
    at = open_page()
    assert "full text 75 %, summary 25 %: longer texts name more people" in shown(at).replace(words.NBSP, " ")
    at.multiselect(key=keys.TEXTS).select("full text").run()
    assert metrics(at)["Articles"] == "3"
    assert "name more people" not in shown(at)
    listed = open_page("articles", text="summary").dataframe[0].value
    assert list(listed["title"]) == ["Ada Quill speaks 3"]
    assert list(listed["text"]) == ["summary"]


def test_articles_withdrawn_since_are_gone(demo: Open) -> None:
    at = demo()
    before = int(metrics(at)["Articles"])
    with record.writing(model().engine) as connection:
        Commit(connection, datetime.now(UTC), "withdraw").withdraw([1, 2])
    until(lambda: model().revision == 2)
    at.run()
    assert int(metrics(at)["Articles"]) == before - 2


# -- what hostile sources write ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def hostile_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record in which three outlets write the worst headlines about Ada Quill, in names and texts too."""
    folder = tmp_path_factory.mktemp("hostile")
    engine = record.open_engine(f"sqlite:///{folder / 'discourse.db'}")
    outlets = Press(engine, press.analyser(folder))
    for outlet in (WEST, EAST, NORTH):
        outlets.publish(
            outlet,
            *(
                replace(
                    entry(
                        n, title, f"Ada Quill saw a wonderful {words}. It was a terrible disaster, {words}.", HOURS_AGO
                    ),
                    author=words,
                    link=f'http://news.test/{n}?a=[b](c)<d>&e=)"f',
                )
                for n, title in enumerate(HOSTILE)
                for words in [title[:300]]
            ),
        )
    outlets.fail(NORTH, HOSTILE[0] + HOSTILE[1])
    return closed(engine, folder / "discourse.db")


@pytest.fixture
def hostile(desk: Desk, hostile_record: Path, open_page: Open) -> Open:
    shutil.copyfile(hostile_record, desk.data / "discourse.db")
    return open_page


def raw_markup(text: str) -> bool:
    """Whether something of a source would be read as markup: it stands there without its backslashes."""
    text = re.sub(r"\\.", "", text)
    spoken = (
        "[x](",
        "<script",
        ":red[",
        "![",
        ":material/delete",
        "**bold",
        "$x^2$",
        "http://evil",
        "www.",
        "(javascript:",
    )
    return any(piece in text for piece in spoken)


@pytest.mark.parametrize(
    ("page", "parameters"),
    [
        ("", {}),
        ("", {"open": "attention:ada-quill:{today}", "bin": "day", "period": "Last 7 days"}),
        ("figures", {"figure": "Ada Quill"}),
        ("figures", {"open": "mix:![](http://evil.test/x.png):{today}", "bin": "day", "period": "Last 7 days"}),
        ("articles", {}),
        ("sources", {}),
        ("", {"q": HOSTILE[0]}),
        ("articles", {"q": HOSTILE[1] + HOSTILE[3]}),
    ],
)
def test_hostile_words_are_shown_as_they_are_and_do_nothing(
    hostile: Open, page: str, parameters: dict[str, str]
) -> None:
    today = HOURS_AGO.date().isoformat()
    at = unfolded(hostile(page, **{name: value.replace("{today}", today) for name, value in parameters.items()}))
    assert not at.exception, [element.value for element in at.exception]
    everything = texts(at) + [str(button.label) for button in at.button] + [str(metric.value) for metric in at.metric]
    assert [text for text in everything if raw_markup(text)] == []
    if page == "" and "open" in parameters:
        assert any(borders.markdown(HOSTILE[0]) in text for text in everything)
        assert any(borders.markdown(HOSTILE[1]) in text for text in everything)
    for table in at.dataframe:
        cells = [cell for column in table.value.columns for cell in table.value[column] if isinstance(cell, str)]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@")) or "<script" in cell[:3]]
        if "title" in table.value.columns and "Lang" not in str(table.value.columns) and not parameters:
            assert "'" + HOSTILE[2] in cells
    for chart in charts(at).values():
        assert "<script" not in json.dumps(chart["data"])
    for block in at.html:
        assert "<script" not in block.value


def test_the_reader_shows_hostile_articles_literally(hostile: Open) -> None:
    hostile()
    with model().engine.connect() as connection:
        headlines = articles.headlines(connection, Filters())
    assert len(headlines) == 3 * len(HOSTILE)
    for headline in headlines[: len(HOSTILE)]:
        at = unfolded(hostile("articles", article=headline.uid))
        assert not at.exception
        assert "how likely its label is right" in shown(at)
        assert at.header[0].value == borders.markdown(headline.title)
        assert [text for text in texts(at) if raw_markup(text)] == []
        assert "<script" not in at.html[0].value
        if headline.title == HOSTILE[1]:
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in at.html[0].value


# -- a record that can't be used --------------------------------------------------------------------------------------


@on_sqlite
def test_a_newer_record_is_refused_in_words(open_page: Open, engine: Engine, desk: Desk) -> None:
    engine.dispose()
    with sqlite3.connect(desk.data / "discourse.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    at = open_page()
    assert not at.exception
    assert "**The record can't be used.**" in at.error[0].value
    assert "9999" in at.error[0].value
    assert not at.multiselect  # no widget that would lose its value in the URL


def test_a_damaged_record_is_refused_in_words(open_page: Open, desk: Desk) -> None:
    (desk.data / "discourse.db").write_bytes(b"SQLite format 3\x00" + b"\x5a" * 9_000)
    at = open_page(figures="Kim Jong Un")
    assert not at.exception
    assert "**The record can't be used.**" in at.error[0].value
    assert at.query_params == {"figures": "Kim Jong Un"}


@on_sqlite
def test_a_record_mended_meanwhile_is_taken_up(
    open_page: Open, engine: Engine, desk: Desk, empty_record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_RETRY_SECONDS", 0.1)
    engine.dispose()
    (desk.data / "discourse.db").write_bytes(b"A letter to my aunt.\n" * 400)
    at = open_page()
    assert "**The record can't be used.**" in at.error[0].value
    shutil.copyfile(empty_record, desk.data / "discourse.db")
    assert process.shared().ready.wait(10)
    at.run()
    assert not at.error
    assert "Nothing has arrived yet." in shown(at)


def test_a_page_that_was_drawn_holds_no_old_snapshot(demo: Open) -> None:
    at = demo()
    old = weakref.ref(model().snapshot)
    model().snapshot = replace(model().snapshot, cache=Cache())
    demo("sources")  # another viewer's page, and all that a process keeps of its last one
    gc.collect()
    assert shown(at)
    assert old() is None, gc.get_referrers(old())


def test_a_record_that_can_no_longer_be_followed_says_so_above_the_numbers_it_has(demo: Open) -> None:
    at = demo()
    articles = metrics(at)["Articles"]
    with record.writing(model().engine) as connection:
        connection.exec_driver_sql("ALTER TABLE revision RENAME TO mislaid")
    until(lambda: model().fault is not None)
    at.run()
    assert "The record can't be followed:" in "".join(element.value for element in at.warning)
    assert metrics(at)["Articles"] == articles


def test_a_record_damaged_while_it_is_read_leaves_no_traceback(demo: Open, desk: Desk) -> None:
    at = demo()
    path = desk.data / "discourse.db"
    with path.open("r+b") as file:
        file.seek(8_192)
        file.write(b"\x5a" * (path.stat().st_size - 8_192))
    model().engine.dispose()
    for page in ("", "figures", "articles"):
        at = demo(page, figures="Kim Jong Un")
        assert not at.exception
        assert "**The record can't be read.** database disk image is malformed" in at.error[0].value
        assert at.query_params == {"figures": "Kim Jong Un"}
    assert not demo("sources").exception


# -- search


@pytest.mark.parametrize("page", PAGES)
def test_a_search_that_is_not_understood_shows_where_and_no_numbers(demo: Open, page: str) -> None:
    at = demo(page, q='talks "half [x](http://evil.test)')
    said = shown(at)
    assert "This quote has no second one" in said
    assert ':red-background[\\"]' in said
    assert "so nothing is shown for it" in said
    assert (at.metric.values, charts(at), list(at.dataframe)) == ([], {}, [])
    assert "[x](" not in "\n".join(texts(at))
    at.button(key="search-clear").click().run()
    assert "no second one" not in shown(at)
    assert at.text_input(key=keys.SEARCH).value == ""


def test_a_name_nobody_has_is_said_with_those_meant(demo: Open) -> None:
    said = shown(demo(q="figure:Tramp"))
    assert "Did you mean Donald Trump" in said


def test_articles_show_where_the_words_stand(demo: Open) -> None:
    at = demo("articles", q='"Singapore summit" OR title:북한')
    hits = [element.value for element in at.markdown if "](articles?" in element.value]
    assert hits
    assert all("**" in hit for hit in hits)
    assert any("**Singapore summit**" in hit for hit in hits)
    assert all("article=" in hit and "q=" in hit for hit in hits)
    at.session_state["articles-as"] = "Table"
    at.run()
    assert len(at.dataframe) == 1
    assert not [element for element in at.markdown if "](articles?" in element.value]


def test_hits_are_text_whatever_they_hold(open_page: Open, desk: Desk) -> None:
    for number, words_ in enumerate(HOSTILE):
        desk.drop(f"{number}.md", f"---\ntitle: 'levy {words_[:200]}'\n---\nA levy: {words_} — levy\n\n{words_[:99]}")
    engine = record.open_engine(desk.url)
    SeedFolder(Pipeline(engine, Analyser(Watchlist((), ()))), desk.seeds).read()
    engine.dispose()
    at = open_page("articles", q="levy")
    read = "\n".join(texts(at))
    assert "**levy**" in read
    for word in (r"](javascript", "<script", "![", "](http://evil", ":red[", "$x"):
        assert not re.search(rf"(?<!\\){re.escape(word)}", read), word
    assert len(read) < 20_000


def test_more_hits_come_on_demand(demo: Open) -> None:
    at = demo("articles", q="kim OR trump OR moon")
    before = sum("](articles?" in element.value for element in at.markdown)
    at.button(key="hits-more").click().run()
    assert sum("](articles?" in element.value for element in at.markdown) > before
