"""The ledger on the pages: the calendar, the hatching, what is said of a fall, and the retry."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from sqlalchemy import Engine, insert, select, update
from streamlit.testing.v1 import AppTest

from dashboard.charts import calendar
from dashboard.charts.calendar import Row
from dashboard.look.palette import DARK, LIGHT
from dashboard.model.cache import Cache
from dashboard.parts import gaps
from dashboard.state import choices, process
from ingest.models import Attempt, FeedState, Source, utcnow
from ingest.run.pipeline import Pipeline
from ingest.store import record, schema
from ingest.store.plan import complaints, requests
from ingest.store.read.sources import listing
from ingest.store.read.verdicts import Judged
from tests.dashboard.app_pages.test_pages import Open, charts, shown
from tests.dashboard.app_pages.test_pages import open_page as open_page
from tests.helpers import drawn
from tests.helpers import newsroom as press
from tests.helpers.desk import Desk, on_sqlite, until, utc
from tests.helpers.newsroom import EAST, NORTH, WEST, Press, entry

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
    gaps._past_days.cache_clear()
    gaps._with_today.cache_clear()
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
    hover = {start: text for trace in lines for start, text in zip(drawn.bins(trace), trace["hovertext"], strict=True)}
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
    gaps._past_days.cache_clear()
    gaps._with_today.cache_clear()
    assert drawn() == before
    assert "retry-0" not in {button.key for button in open_page("sources", asof=str(revision)).button}


class Feeds:
    """Four feeds, asked once a day for three weeks: one is well, one fails, one is silent, one was given up."""

    WELL, FAILING, SILENT, GONE = (
        Source(kind="feed", key=f"http://{name.lower()}.test/", name=name) for name in ("Well", "Away", "Mute", "Past")
    )
    ALL = (WELL, FAILING, SILENT, GONE)

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.now = utcnow()
        self._pipeline = Pipeline(engine, press.analyser(folder), clock=lambda: self.now)
        self._number = 0
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in range(21, -1, -1):
            self.now = midnight - timedelta(days=day)
            self.list(*self.ALL)
            self.ask(self.FAILING, 503 if day < 4 else 200)
            self.ask(self.SILENT, 304 if day < 9 else 200)
            if day >= 3:
                self.ask(self.GONE, 410 if day == 3 else 200)
            self.ask(self.WELL)

    def list(self, *feeds: Source) -> None:
        self._pipeline.sync_feeds(feeds)

    def ask(self, feed: Source, status: int = 200) -> None:
        """One attempt, now; an article comes of it where it succeeds."""
        self._number += 1
        new = (entry(self._number, f"Report {self._number}", f"Ada Quill won praise ({feed.name}).", self.now),)
        outcome: Any = "ok" if status == 200 else "unchanged" if status == 304 else "error"
        reason = f"{status}: no answer that can be used." if outcome == "error" else None
        with self.engine.connect() as connection:
            table = schema.source.c
            known = connection.execute(select(table.id, table.failures).where(table.key == feed.key)).one()
        self._pipeline.feed(
            FeedState(source_id=known.id, url=feed.key, name=feed.name, failures=known.failures),
            Attempt(
                outcome, self.now, status=status, reason=reason, gone=status == 410,
                entries=new if outcome == "ok" else (),
            ),
        )  # fmt: skip


def _drawn(at: AppTest) -> dict[str, object]:
    """All that a page tells of numbers and sources, but for the words that say as of when."""
    shown(at)
    return {
        "metrics": [(metric.label, metric.value, metric.delta) for metric in at.metric],
        "charts": {name: chart["data"] for name, chart in charts(at).items()},
        "tables": [table.value.to_csv() for table in at.dataframe],
        "headline": next((text.value for text in at.markdown if " source" in str(text.value)), None),
    }


@on_sqlite
def test_a_link_that_fixes_the_numbers_shows_the_feeds_as_they_stood(
    desk: Desk, engine: Engine, tmp_path: Path, open_page: Open
) -> None:
    feeds = Feeds(engine, tmp_path)
    view = {"bin": "day", "period": "Last 30 days"}
    live = {page: _drawn(open_page(page, **view)) for page in ("", "sources")}
    note = next(delta for label, _, delta in live[""]["metrics"] if label == "Sources")  # type: ignore
    assert note == "1 failing, 1 silent, 1 gone", "as the Sources page has it"
    assert "**1** failing · **1** silent · **1** gone" in str(live["sources"]["headline"])
    with engine.connect() as connection:
        view["asof"] = str(record.current_revision(connection))
    pinned = {page: _drawn(open_page(page, **view)) for page in ("", "sources")}
    assert pinned == live

    feeds.now = utcnow()
    late = Source(kind="feed", key="http://late.test/", name="Late")
    feeds.list(feeds.WELL, feeds.FAILING, late)
    for feed, status in ((feeds.FAILING, 200), (feeds.WELL, 503), (late, 503)):
        feeds.ask(feed, status)
    for cache in (gaps._past_days, gaps._with_today):
        cache.cache_clear()
    follower = process.shared().follower
    assert follower is not None
    follower.snapshot = replace(follower.snapshot, cache=Cache())
    until(lambda: len(choices.of(follower.snapshot).source_ids) == 5)
    assert {page: _drawn(open_page(page, **view)) for page in ("", "sources")} == pinned


@on_sqlite
def test_a_feed_is_missed_until_it_leaves_the_list(desk: Desk, engine: Engine, tmp_path: Path, open_page: Open) -> None:
    feeds = Feeds(engine, tmp_path)
    feeds.now = utcnow() - timedelta(days=1)
    feeds.list(feeds.WELL, feeds.FAILING, feeds.SILENT)
    feeds.now = utcnow()
    view = {"bin": "day", "period": "Last 30 days", "sources": "Past"}
    hatched = next(trace for trace in charts(open_page(**view))["attention"]["data"] if "fillpattern" in trace)
    days = {str(moment)[:10] for moment in hatched["x"] if moment}
    assert days >= {_ago(n).isoformat() for n in (3, 2, 1)}
    assert all(day <= TODAY.isoformat() for day in days), "half a day beside the last one"
    assert "▨ sources not heard in 3 days" in shown(open_page(**view))


@on_sqlite
def test_a_feed_that_left_the_list_long_ago_was_on_it_until_it_was_asked_last(engine: Engine, database: str) -> None:
    with engine.begin() as connection:
        asked = "'2026-03-02 10:00:00.000000'"
        connection.exec_driver_sql("ALTER TABLE source DROP COLUMN unlisted_at")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
        connection.exec_driver_sql(
            "INSERT INTO source (kind, key, name, listed, added_at, last_attempt_at) VALUES "
            f"('feed', 'http://a.test/', 'A', 0, '2026-01-01 00:00:00.000000', {asked}), "
            f"('feed', 'http://b.test/', 'B', 1, '2026-01-01 00:00:00.000000', {asked})"
        )
    engine.dispose()
    again = record.open_engine(database)
    with again.connect() as connection:
        assert [row.unlisted_at for row in listing(connection, {})] == [utc(2026, 3, 2, 10), None]
        assert [row.listed for row in listing(connection, {}, at=utc(2026, 3, 1))] == [True, True]
    again.dispose()


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
    found = gaps._with_today(engine, TODAY, 1)
    assert [each.verdict for each in found[north][-2:]] == ["normal", "normal"]
    with record.writing(engine) as connection:
        mine = (schema.coverage.c.source_id == north) & (schema.coverage.c.day == TODAY)
        connection.execute(update(schema.coverage).where(mine).values(successes=0, articles=0))
    assert [each.verdict for each in gaps._with_today(engine, TODAY, 2)[north][-2:]] == ["normal", "failing"]
    missing = gaps.of(
        [row for row in rows if row.kind == "feed"], gaps._with_today(engine, TODAY, 2), _ago(9), TODAY, "week"
    )
    assert sum(len(lines) for lines in missing.values()) >= 3


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_verdict_has_a_mark_of_its_own_whatever_its_colour(theme: object) -> None:
    names = ("normal", "quiet", "new", "silent", "failing", "gone", "not asked")
    days = tuple(
        Judged(_ago(n), name, 0 if name == "not asked" else 3, 0 if name == "failing" else 3, 2, 9.3)  # type: ignore[arg-type]
        for n, name in enumerate(names)
    )
    figure = calendar.figure([Row("<b>The</b> & Co", "normal", days)], _ago(29), TODAY, theme=theme)  # type: ignore[arg-type]
    go.Figure(figure)
    marks = {
        (trace["y"][0], trace["marker"].get("pattern", {}).get("shape"), trace["marker"]["line"]["width"])
        for trace in figure["data"]
    }
    assert len(marks) == len(names) - 1, "not asked is a blank"
    assert "&lt;b&gt;" in figure["layout"]["yaxis"]["ticktext"][0]
    assert all("<b>The" not in text for trace in figure["data"] for text in trace["hovertext"])
    assert "usually 9.3" in figure["data"][0]["hovertext"][0]
