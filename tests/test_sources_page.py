"""The ledger on the pages: the calendar, the hatching, what is said of a fall, and the retry."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import plotly.graph_objects as go
import pytest
from sqlalchemy import Engine, insert, select, update

from dashboard import calendars, ledger
from dashboard.calendars import Row
from dashboard.palette import DARK, LIGHT
from ingest.models import utcnow
from ingest.store import complaints, record, requests, schema
from ingest.store.sources import listing
from ingest.verdicts import Judged
from tests import newsroom as press
from tests.desk import Desk, on_sqlite
from tests.newsroom import EAST, NORTH, WEST, Press, entry
from tests.test_pages import Open, charts, shown
from tests.test_pages import open_page as open_page

TODAY = datetime.now(UTC).date()


def _ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def dead_feed(desk: Desk, engine: Engine, tmp_path: Path) -> Press:
    """Weeks of three outlets; the West Post has failed for six days, the East Times is gone for three."""
    outlets = Press(engine, press.analyser(tmp_path))
    for number, outlet in enumerate((WEST, EAST, NORTH)):
        entries = []
        for day in range(14):
            if outlet == WEST and day < 6:
                continue
            when = datetime(*_ago(day).timetuple()[:3], 0, 0, 1, tzinfo=UTC)
            words = "Ada Quill won praise." if outlet == WEST or day % 2 else "It rained in the old harbour town."
            entries.append(entry(1000 * number + day, f"Report {number} of {day}", words, when))
        outlets.publish(outlet, *entries)
    table = schema.source
    with record.writing(engine) as connection:
        connection.execute(schema.coverage.delete())
        for outlet, id_ in outlets.ids.items():
            for day in range(40):
                dead = (outlet == WEST and day < 6) or (outlet == EAST and day < 3)
                connection.execute(
                    insert(schema.coverage).values(
                        source_id=id_, day=_ago(day), attempts=9, successes=0 if dead else 9, articles=0 if dead else 9
                    )
                )
        connection.execute(
            update(table)
            .where(table.c.id == outlets.ids[WEST])
            .values(state="failing", failures=40, last_error="503 Service Unavailable: it is away.")
        )
        gone = datetime.now(UTC) - timedelta(days=3)
        connection.execute(
            update(table)
            .where(table.c.id == outlets.ids[EAST])
            .values(state="gone", retired_at=gone, last_error="410 Gone.")
        )
    ledger._over.cache_clear()
    ledger._fresh.cache_clear()
    return outlets


@on_sqlite
def test_the_worst_feeds_come_first_with_their_error_in_words(dead_feed: Press, open_page: Open) -> None:
    at = open_page("sources")
    said = shown(at).replace("\\", "")
    assert "1 failing · 1 gone" in said
    assert "1 source failing. 503 Service Unavailable: it is away" in said
    assert "1 source gone. 410 Gone" in said
    drawn = charts(at)["calendar"]
    assert list(drawn["layout"]["yaxis"]["ticktext"])[:3] == ["West Post", "East Times", "North Herald"]
    failing = next(trace for trace in drawn["data"] if trace["marker"].get("pattern", {}).get("shape") == "x")
    assert sorted(failing["x"]) == sorted(_ago(day).isoformat() for day in range(6))
    assert "9 attempts, none answered" in failing["hovertext"][0]
    table = at.dataframe[0].value
    assert list(table["state"])[:2] == ["▲ failing (40)", "▼ gone"]


@on_sqlite
def test_a_view_of_long_ago_still_shows_what_fails_now(dead_feed: Press, open_page: Open) -> None:
    at = open_page("sources", period="Custom", dates=["2020-01-01", "2020-12-31"])
    days = {day for trace in charts(at)["calendar"]["data"] for day in trace["x"]}
    assert TODAY.isoformat() in days


@on_sqlite
def test_the_retry_button_asks_the_worker_once(dead_feed: Press, open_page: Open, engine: Engine) -> None:
    at = open_page("sources")
    next(button for button in at.button if button.key == "retry-0").click().run()
    at.button(key="retry-0").click().run()
    assert "West Post: asked, the worker has not taken it up yet" in shown(at)
    with engine.connect() as connection:
        (asked,) = connection.execute(select(schema.request)).all()
    assert (asked.kind, asked.args, asked.by, asked.state) == (
        requests.KIND, {"source": dead_feed.ids[WEST]}, "dashboard", "waiting",
    )  # fmt: skip
    with record.writing(engine) as connection:
        requests.begin(connection, [], now=utcnow())
        requests.answer(connection, dead_feed.ids[WEST], utcnow(), failure=True, message="Still away.", now=utcnow())
    assert "West Post: Still away" in shown(open_page("sources"))


@on_sqlite
def test_charts_hatch_what_was_not_heard_and_say_so_at_a_fall(dead_feed: Press, open_page: Open) -> None:
    at = open_page(bin="day", period="Last 30 days", figures="Ada Quill")
    assert "▨ sources not heard in 6 days" in shown(at)
    for name in ("attention", "tone"):
        hatched, *_ = charts(at)[name]["data"]
        assert hatched["fillpattern"]["shape"] == "/"
        assert hatched["x"][0].startswith(_ago(6).isoformat()), "half-way between two points"
    lines = [trace for trace in charts(at)["attention"]["data"] if "hovertext" in trace]
    hover = {
        point[1]: text for trace in lines for point, text in zip(trace["customdata"], trace["hovertext"], strict=True)
    }
    falls = [text for text in hover.values() if "Falls while sources are not heard" in text]
    assert falls, "every second day nobody but the West Post named her"
    assert "West Post failing" in hover[_ago(1).isoformat()]
    assert "East Times gone" in hover[_ago(1).isoformat()]
    assert "not heard" not in hover[_ago(8).isoformat()]
    (alt,) = [chart.proto.alt for chart in at.get("plotly_chart") if str(chart.key).startswith("attention")]
    assert "Hatched: 6 days in which sources were not heard" in alt


@on_sqlite
def test_a_view_without_the_dead_feed_is_not_hatched(dead_feed: Press, open_page: Open) -> None:
    at = open_page(bin="day", period="Last 30 days", sources="North Herald")
    assert "not heard" not in shown(at)
    assert all("fillpattern" not in trace for trace in charts(at)["attention"]["data"])


@on_sqlite
def test_a_link_that_fixes_the_numbers_shows_them_the_same_whatever_fails_later(
    dead_feed: Press, open_page: Open, engine: Engine
) -> None:
    with engine.connect() as connection:
        revision = record.current_revision(connection)
    fixed = {"asof": str(revision), "bin": "day", "period": "Last 30 days"}

    def drawn() -> str:
        return json.dumps(charts(open_page(**fixed))["attention"]["data"])

    before = drawn()
    with record.writing(engine) as connection:
        connection.execute(
            insert(schema.coverage).values(
                source_id=dead_feed.ids[NORTH], day=TODAY + timedelta(days=1), attempts=1, successes=0, articles=0
            )
        )
        today = (schema.coverage.c.source_id == dead_feed.ids[NORTH]) & (schema.coverage.c.day == TODAY)
        connection.execute(update(schema.coverage).where(today).values(successes=0))
    ledger._over.cache_clear()
    ledger._fresh.cache_clear()
    assert drawn() == before
    assert "retry-0" not in {button.key for button in open_page("sources", asof=str(revision)).button}


@on_sqlite
def test_a_broken_list_is_said_where_people_see_it(dead_feed: Press, open_page: Open, engine: Engine) -> None:
    with record.writing(engine) as connection:
        complaints.note(connection, complaints.FEEDS, "feeds.opml, line 7: [x](javascript:y)", now=utcnow())
        complaints.note(connection, complaints.LOOP, "storing failed (KeyError: 'x').", now=utcnow())
    said = shown(open_page("sources"))
    assert "The ingest met a fault and goes on. storing failed (KeyError: 'x')." in said.replace("\\", "")
    assert "The list of feeds can't be read; the old one goes on. feeds.opml, line 7" in said.replace("\\", "")
    assert "[x](javascript" not in said


@on_sqlite
def test_today_is_judged_anew_and_the_days_before_stay(dead_feed: Press, engine: Engine) -> None:
    with engine.connect() as connection:
        rows = listing(connection, {})
    north = dead_feed.ids[NORTH]
    found = ledger._fresh(engine, TODAY, 1)
    assert [each.verdict for each in found[north][-2:]] == ["normal", "normal"]
    with record.writing(engine) as connection:
        mine = (schema.coverage.c.source_id == north) & (schema.coverage.c.day == TODAY)
        connection.execute(update(schema.coverage).where(mine).values(successes=0, articles=0))
    assert [each.verdict for each in ledger._fresh(engine, TODAY, 2)[north][-2:]] == ["normal", "failing"]
    gaps = ledger.of(
        [row for row in rows if row.kind == "feed"], ledger._fresh(engine, TODAY, 2), _ago(9), TODAY, "week"
    )
    assert sum(len(lines) for lines in gaps.values()) >= 3


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_verdict_has_a_mark_of_its_own_whatever_its_colour(theme: object) -> None:
    names = ("normal", "quiet", "new", "silent", "failing", "gone", "not asked")
    days = tuple(
        Judged(_ago(n), name, 0 if name == "not asked" else 3, 0 if name == "failing" else 3, 2, 9.3)  # type: ignore[arg-type]
        for n, name in enumerate(names)
    )
    figure = calendars.figure([Row("<b>The</b> & Co", "normal", days)], _ago(29), TODAY, theme=theme)  # type: ignore[arg-type]
    go.Figure(figure)
    marks = {
        (trace["y"][0], trace["marker"].get("pattern", {}).get("shape"), trace["marker"]["line"]["width"])
        for trace in figure["data"]
    }
    assert len(marks) == len(names) - 1, "not asked is a blank"
    assert "&lt;b&gt;" in figure["layout"]["yaxis"]["ticktext"][0]
    assert all("<b>The" not in text for trace in figure["data"] for text in trace["hovertext"])
    assert "usually 9.3" in figure["data"][0]["hovertext"][0]
