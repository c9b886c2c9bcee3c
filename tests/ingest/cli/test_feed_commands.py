"""`python -m ingest feeds …`: what it says, what it changes, how it ends."""

from __future__ import annotations

import json
import shlex
import threading
from pathlib import Path

import pytest
from click.testing import Result
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from typer.main import get_command

from ingest.__main__ import app
from ingest.cli.console import people
from ingest.run import lock
from ingest.run.loop import Worker
from ingest.sources import opml, sandbox
from ingest.store import record, schema
from ingest.store.plan import requests
from tests.helpers.desk import Desk, item, rss
from tests.ingest.cli.test_cli import run, said

pytestmark = pytest.mark.usefixtures("quiet_logging", "desk", "wide")

COMMANDS = ("add", "check", "export", "import", "list", "remove", "retry")


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console that breaks no line."""
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setattr(people, "_width", 1000)


def feeds(*arguments: object) -> Result:
    return run("feeds", *arguments)


def listed(desk: Desk) -> list[tuple[str, str, str]]:
    return [(feed.name, feed.group, feed.key) for feed in opml.read(desk.data / "feeds.opml")]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_ends_in_an_example_that_can_be_pasted(command: str) -> None:
    result = feeds(command, "--help")
    words = shlex.split(" ".join(result.stdout.split()).rpartition("Example: ")[2])
    assert words[:5] == ["python", "-m", "ingest", "feeds", command]
    group = get_command(app).commands["feeds"]  # type: ignore[attr-defined]
    assert sorted(group.commands) == sorted(COMMANDS)
    group.commands[command].make_context(command, words[5:]).close()


def test_what_is_built_to_take_long_is_not_added(
    desk: Desk, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox._feeds, "_seconds", 0.5)
    httpserver.expect_request("/rss").respond_with_data(rss("<item><title>x</title></item>" * 300_000))
    result = feeds("add", httpserver.url_for("/rss"))
    assert result.exit_code == 1
    assert "Reading this feed was stopped after 0.5 seconds" in said(result)
    assert listed(desk) == []


def test_a_feed_is_added_under_its_own_name_and_taken_away(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1)))
    url = httpserver.url_for("/rss")
    result = feeds("add", url, "--group", "Press")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"added News <{url}>" in said(result)
    assert listed(desk) == [("News", "Press", url)]
    again = feeds("add", url)
    assert again.exit_code == 1
    assert "on the list already" in said(again)
    assert feeds("remove", "news").exit_code == 0
    assert listed(desk) == []
    assert "no feed of this name" in said(feeds("remove", "news"))


def test_the_feeds_of_a_page_are_found_listed_and_the_first_taken(desk: Desk, httpserver: HTTPServer) -> None:
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{n}.xml">' for n in (1, 2, 3))
    httpserver.expect_request("/").respond_with_data(f"<!doctype html><html><head>{links}", content_type="text/html")
    httpserver.expect_request("/1.xml").respond_with_data("", status=404)
    httpserver.expect_request("/2.xml").respond_with_data(rss(item(1)))
    httpserver.expect_request("/3.xml").respond_with_data(rss(item(1)).replace("News", "Views"))
    home = httpserver.url_for("/")
    result = feeds("add", home, "--name", "Mine")
    assert result.exit_code == 0
    assert "It names 3 feeds" in said(result)
    assert "404 Not Found" in said(result), "one that can't be had is said, and left out"
    assert "--take NUMBER" in said(result)
    assert listed(desk) == [("Mine", "", httpserver.url_for("/2.xml"))]
    assert feeds("add", home, "--take", "2").exit_code == 0
    assert [name for name, _, _ in listed(desk)] == ["Mine", "Views"]
    assert feeds("add", home, "--take", "9").exit_code == 2


def test_a_page_without_links_is_looked_up_where_sites_keep_their_feeds(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/news/today").respond_with_data("<html><body>News.", content_type="text/html")
    httpserver.expect_request("/rss.xml").respond_with_data(rss(item(1)))
    assert feeds("add", httpserver.url_for("/news/today")).exit_code == 0
    assert listed(desk) == [("News", "", httpserver.url_for("/rss.xml"))]
    httpserver.clear()
    httpserver.expect_request("/").respond_with_data("<html><body>News.", content_type="text/html")
    result = feeds("add", httpserver.url_for("/"))
    assert result.exit_code == 1
    assert "no feed at" in said(result)


def test_check_reports_and_stores_nothing(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/good").respond_with_data(rss(item(1), item(2)))
    httpserver.expect_request("/bad").respond_with_data("", status=500)
    desk.list_feeds(httpserver.url_for("/good"), httpserver.url_for("/bad"))
    result = feeds("check")
    assert result.exit_code == 1
    good, bad = result.stdout.splitlines()
    assert good.startswith("ok     Feed 1  2 entries, newest 2026-03-02 10:02, ")
    assert bad.startswith("fails  Feed 2  500 Internal Server Error")
    only = feeds("check", "feed 1", "--json")
    assert only.exit_code == 0
    assert json.loads(only.stdout)["entries"] == 2
    assert feeds("check", httpserver.url_for("/good")).exit_code == 0
    assert "no feed of this name" in said(feeds("check", "Nobody"))
    engine = record.open_engine(desk.url)
    with engine.connect() as connection:
        assert connection.execute(select(schema.source)).all() == []
    engine.dispose()


def test_bad_input_77_an_import_takes_the_good_ones_and_lists_the_rest(desk: Desk, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.opml"
    theirs.write_text(
        '<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<opml><body><outline text="Theirs">\n'
        '<outline text="A" xmlUrl="https://a.example/"/>\n<outline text="B" xmlUrl="&b;"/>\n'
        '<outline text="C" xmlUrl="ftp://c.example/"/>\n<outline text="D" xmlUrl="http://a.example"/>\n'
        "</outline></body></opml>",
        encoding="utf-8",
    )
    result = feeds("import", theirs)
    assert result.exit_code == 0
    assert "1 added, 0 on the list already, 4 left out." in said(result)
    assert "left out: line 5: ftp://c.example/ is no web address" in said(result)
    assert listed(desk) == [("A", "Theirs", "https://a.example/")]
    assert "0 added, 1 on the list already" in said(feeds("import", theirs))
    theirs.write_bytes(b"no list")
    assert feeds("import", theirs).exit_code == 1
    assert feeds("import", tmp_path / "none").exit_code == 1
    assert len(listed(desk)) == 1

    ours = tmp_path / "ours.opml"
    assert feeds("export", "-o", ours).exit_code == 0
    assert feeds("export").stdout == ours.read_text(encoding="utf-8")
    assert [feed.key for feed in opml.read(ours)] == ["https://a.example/"]


def test_list_shows_how_each_feed_stands(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/bad").respond_with_data("", status=404)
    desk.list_feeds(httpserver.url_for("/bad"))
    assert json.loads(feeds("list", "--json").stdout)["verdict"] == "not asked"
    run("once")
    found = json.loads(feeds("list", "--json").stdout)
    assert (found["name"], found["verdict"]) == ("Feed 1", "failing")
    assert "404" in found["last_error"]
    assert "failing" in said(feeds("list"))


def test_retry_asks_a_feed_whatever_its_schedule_says(desk: Desk, httpserver: HTTPServer) -> None:
    """Without a loop the command does it itself; a feed that was gone gets another chance."""
    httpserver.expect_oneshot_request("/rss").respond_with_data("", status=410)
    desk.list_feeds(httpserver.url_for("/rss"))
    run("once")
    assert json.loads(run("status", "--json").stdout)["sources"][0]["verdict"] == "gone"
    httpserver.expect_oneshot_request("/rss").respond_with_data(rss(item(1)))
    result = feeds("retry", "feed 1")
    assert result.exit_code == 0
    assert "Feed 1: It answers: 1 entries, 1 new." in said(result)
    assert json.loads(run("status", "--json").stdout)["sources"][0]["verdict"] == "new"
    again = feeds("retry", httpserver.url_for("/rss"))
    assert again.exit_code == 1
    assert "500" in said(again)
    assert feeds("retry", "Nobody").exit_code == 1


def test_a_running_loop_does_what_a_page_or_command_asks(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1)))
    desk.list_feeds(httpserver.url_for("/rss"))
    run("once")
    stop, settings = threading.Event(), desk.settings()
    engine = record.open_engine(desk.url)

    def loop() -> None:
        with lock.only_loop(settings) as lost:
            Worker.open(settings, engine).forever(stop, lost)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        result = feeds("retry", "Feed 1")
    finally:
        stop.set()
        thread.join(20)
    assert result.exit_code == 0
    assert "The running worker was asked" in said(result)
    assert "It answers: 1 entries, 0 new." in said(result)
    with engine.connect() as connection:
        (answered,) = [row for row in connection.execute(select(schema.request)) if row.kind == requests.KIND]
    assert (answered.state, answered.by, answered.progress) == ("done", "command line", 1.0)
    engine.dispose()
