"""The command line: what it says, where it says it, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from pytest_httpserver import HTTPServer
from typer.main import get_command
from typer.testing import CliRunner

from ingest.__main__ import app
from ingest.cli.console import people
from tests.helpers.desk import Desk, item, opml, rss

pytestmark = pytest.mark.usefixtures("quiet_logging", "desk", "wide")

COMMANDS = ("once", "watch", "parse", "score", "status", "export", "withdraw", "check", "copy", "backfill", "rescore")


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console that breaks no path in two, however long the test's folder is called."""
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setattr(people, "_width", 1000)  # it was made when the first test was imported


def run(*arguments: object, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=answer)  # type: ignore[return-value]


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def said(result: Result) -> str:
    """What people read, in one line: the console wraps it."""
    return " ".join(result.stderr.split())


# -- help


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_ends_in_an_example_that_can_be_pasted(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    example = " ".join(result.stdout.split()).rpartition("Example: ")[2]
    words = shlex.split(example)
    assert words[:4] == ["python", "-m", "ingest", command]
    parsed = get_command(app).commands[command]  # type: ignore[attr-defined]
    parsed.make_context(command, words[4:]).close()


def test_every_command_is_tested_here() -> None:
    assert sorted(get_command(app).commands) == sorted([*COMMANDS, "feeds", "figures", "tone"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("parse",),
        ("export", "sentences"),
        ("export", "articles", "--format", "xml"),
        ("export", "articles", "--from", "yesterday"),
        ("export", "articles", "--tone", "low", "high"),
        ("export", "attention", "--bin", "decade"),
        ("withdraw",),
        ("withdraw", "--source", "Nobody"),
        ("export", "articles", "--figure", "Nobody"),
        ("export", "articles", "--topic", "Nothing"),
        ("export", "articles", "--source", "Nobody"),
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_wrong_setting_ends_with_1_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOURSE_POLL_SECONDS", "1")
    for command in (["once"], ["status"], ["parse", "x.xml"], ["score", "x.txt"], ["export", "articles"]):
        result = run(*command)
        assert result.exit_code == 1
        assert "DISCOURSE_POLL_SECONDS=1" in said(result)
        assert result.stdout == ""


# -- once, status


def test_once_reads_folder_and_feeds_and_leaves(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1), item(2)))
    desk.list_feeds(httpserver.url_for("/rss"))
    desk.drop("a.txt", "Talks open\n\nAda Quill met Ben Marsh.")
    result = run("once")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "3 new, 0 edited." in said(result)
    assert "0 new, 0 edited." in said(run("once"))
    desk.drop("a.txt", "Talks open\n\nAda Quill met nobody.", age=30)
    assert "0 new, 1 edited." in said(run("once"))


def test_once_tells_what_failed_and_still_does_the_rest(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/bad").respond_with_data("", status=404)
    httpserver.expect_request("/good").respond_with_data(rss(item(1)))
    desk.list_feeds(httpserver.url_for("/bad"), httpserver.url_for("/good"))
    desk.drop("empty.txt", "")
    desk.drop("good.txt", "Talks open\n\nWords.")
    result = run("once")
    assert result.exit_code == 1
    assert "2 new" in said(result)
    assert "empty.txt: The file holds no text" in said(result)
    assert "Feed 1: 404 Not Found" in said(result)


def test_once_scores_again_what_an_edited_watch_list_concerns(desk: Desk) -> None:
    desk.drop("a.txt", "Talks open\n\nBen Marsh spoke.")
    run("once")
    figures = desk.data / "figures.toml"
    figures.write_text(figures.read_text(encoding="utf-8").replace("ben-marsh", "benedict-marsh"), encoding="utf-8")
    run("once")
    assert [row["figure"] for row in lines(run("export", "mentions", "--format", "jsonl"))] == ["benedict-marsh"]


def test_status_tells_sources_counts_and_revision(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/bad").respond_with_data("", status=500)
    desk.list_feeds(httpserver.url_for("/bad"))
    desk.drop("a.txt", "Talks open\n\nAda Quill met Ben Marsh.")
    run("once")
    found = json.loads(run("status", "--json").stdout)
    assert (found["revision"], found["articles"], found["mentions"], found["worker"]) == (1, 1, 2, False)
    feed, seed = found["sources"]
    assert (feed["name"], feed["state"], feed["failures"], feed["last_success"]) == ("Feed 1", "failing", 1, None)
    assert feed["last_error"].startswith("500")
    assert (seed["name"], seed["state"], seed["articles"], seed["last_error"]) == ("Seed folder", "ok", 1, None)
    assert found["newest_fetch"] is None, "the one feed fails, and a file is not heard from"
    people = run("status")
    assert people.exit_code == 0
    assert "revision 1 · 1 articles · 2 mentions · worker not running" in said(people)


def test_status_of_a_fresh_record_is_empty() -> None:
    found = json.loads(run("status", "--json").stdout)
    assert found == {
        "revision": 0,
        "articles": 0,
        "mentions": 0,
        "worker": False,
        "newest_fetch": None,
        "faults": [],
        "sources": [],
    }


def test_the_first_start_copies_the_shipped_lists(desk: Desk) -> None:
    for path in desk.data.iterdir():
        path.unlink()
    assert run("status").exit_code == 0
    assert (desk.data / "figures.toml").exists()


# -- parse, score


def test_parse_reads_files_and_addresses_and_says_what_it_could_not(desk: Desk, httpserver: HTTPServer) -> None:
    feed, broken = desk.root / "feed.xml", desk.root / "broken.xml"
    feed.write_text(rss(item(1, "One"), item(2, "Two")), encoding="utf-8")
    broken.write_text("<!doctype html><html><body>Log in</body></html>", encoding="utf-8")
    article = desk.drop("2026-03-02-talks.md", "# Talks open\n\nWords.")
    httpserver.expect_request("/rss").respond_with_data(rss(item(3, "Three")))
    url = httpserver.url_for("/rss")
    result = run("parse", feed, broken, url, article, desk.root / "none.xml", "--json")
    rows = lines(result)
    assert result.exit_code == 1, "something failed"
    assert [(row["source"], row["ok"], row["title"]) for row in rows] == [
        (str(feed), True, "One"),
        (str(feed), True, "Two"),
        (str(broken), False, None),
        (url, True, "Three"),
        (str(article), True, "Talks open"),
        (str(desk.root / "none.xml"), False, None),
    ]
    keys = "source ok error title link guid author published published_from summary text".split()
    assert all(list(row) == keys for row in rows)
    assert (rows[0]["published"], rows[0]["published_from"]) == ("2026-03-02T10:01:00+00:00", "feed")
    assert (rows[0]["link"], rows[0]["guid"]) == ("http://news.test/1", "id-1")
    assert (rows[4]["published"], rows[4]["published_from"]) == ("2026-03-02T00:00:00+00:00", "file name")
    assert "web page, not a feed" in rows[2]["error"]
    assert "No such file" in rows[5]["error"]
    assert str(broken) in result.stderr.replace("\n", "")
    assert json.loads(run("status", "--json").stdout)["articles"] == 0, "nothing is stored"


def test_parse_of_good_sources_ends_with_0_and_shows_lines_for_people(desk: Desk) -> None:
    feed = desk.root / "feed.xml"
    feed.write_text(rss(item(1, "One")), encoding="utf-8")
    result = run("parse", feed)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "2026-03-02T10:01:00+00:00  One  <http://news.test/1>\n"


def test_score_gives_offsets_that_hit(desk: Desk) -> None:
    path = desk.drop("a.txt", "Tariffs rise\n\nAda Quill was very happy. The Quill administration failed Ben Marsh.")
    result = run("score", path, "--json")
    assert result.exit_code == 0
    (row,) = lines(result)
    words = row["text"]
    assert [words[s["start"] : s["end"]] for s in row["sentences"]] == [
        "Tariffs rise",
        "Ada Quill was very happy.",
        "The Quill administration failed Ben Marsh.",
    ]
    assert [(words[m["start"] : m["end"]], m["figure"], m["kind"], m["label"]) for m in row["mentions"]] == [
        ("Ada Quill", "ada-quill", "person", "positive"),
        ("Quill administration", "ada-quill", "office", "negative"),
        ("Ben Marsh", "ben-marsh", "person", "negative"),
    ]
    assert row["topics"] == ["trade"]
    assert all(-1 <= sentence["tone"] <= 1 for sentence in row["sentences"])
    assert {"source", "title", "tone", "sentences", "mentions", "text"} <= row.keys()


def test_score_goes_on_after_a_file_that_can_not_be_read(desk: Desk) -> None:
    good = desk.drop("a.txt", "Talks open\n\nAda Quill spoke.")
    result = run("score", desk.root / "none.txt", good, "--json")
    assert result.exit_code == 1
    assert [(row["ok"], row.get("title")) for row in lines(result)] == [(False, None), (True, "Talks open")]
    people = run("score", good)
    assert people.exit_code == 0
    assert "ada-quill" in people.stdout


# -- export, withdraw


@pytest.fixture
def filled(desk: Desk) -> Desk:
    for name, title, day, source in (
        ("old/a.md", "Tariffs rise", "2026-03-02", "Post"),
        ("old/b_1.md", "=SUM(A1)", "2026-03-09", "Post"),
        ("c.md", "Summit opens", "2026-03-10", "Courier"),
    ):
        front = f"---\ntitle: '{title}'\npublished: {day}\nsource: {source}\nlanguage: en\n---\n"
        desk.drop(name, front + "Ada Quill was happy.")
    assert run("once").exit_code == 0
    return desk


def _titles(*arguments: str) -> list[str]:
    return [row["title"] for row in lines(run("export", "articles", "--format", "jsonl", *arguments))]


def test_export_narrows_by_every_option(filled: Desk) -> None:
    assert _titles() == ["Summit opens", "=SUM(A1)", "Tariffs rise"]
    assert _titles("--source", "post") == ["=SUM(A1)", "Tariffs rise"]
    assert _titles("--source", "Post", "--source", "Courier") == _titles()
    assert _titles("--from", "2026-03-09", "--to", "2026-03-09") == ["=SUM(A1)"]
    assert _titles("--figure", "Ada Quill", "--topic", "Trade") == ["Tariffs rise"]
    assert _titles("--figure", "ben-marsh") == []
    assert _titles("--search", "opens happy") == ["Summit opens"]
    assert _titles("--language", "de") == []
    assert _titles("--tone", "-1", "0") == []


def test_export_writes_csv_with_formulas_defused_to_a_file(filled: Desk) -> None:
    path = filled.root / "out.csv"
    result = run("export", "articles", "-o", path)
    assert (result.exit_code, result.stdout, said(result)) == (0, "", "3 rows.")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert [row["title"] for row in rows] == ["Summit opens", "'=SUM(A1)", "Tariffs rise"]


def test_export_of_mentions_and_attention(filled: Desk) -> None:
    mentions = list(csv.DictReader(io.StringIO(run("export", "mentions", "--source", "Courier").stdout)))
    assert [(row["figure"], row["sentence"]) for row in mentions] == [("ada-quill", "Ada Quill was happy.")]
    attention = lines(run("export", "attention", "--bin", "month", "--format", "jsonl", "--figure", "Ada Quill"))
    assert [(row["month"], row["articles"], row["all"], row["share"]) for row in attention] == [
        ("2026-03-01", 3, 3, 1.0)
    ]
    assert attention[0]["filters"] == "figures=ada-quill"


def test_export_to_a_place_that_is_none_ends_with_1(filled: Desk) -> None:
    result = run("export", "articles", "-o", filled.root / "nowhere" / "out.csv")
    assert result.exit_code == 1
    assert "No such file or directory" in said(result)


def test_withdraw_asks_first_and_no_means_no(filled: Desk) -> None:
    result = run("withdraw", "--search", "summit", answer="n\n")
    assert result.exit_code == 1
    assert "Summit opens" in result.stderr
    assert "Withdraw 1 article(s)?" in result.stderr
    assert len(_titles()) == 3
    assert run("withdraw", "--search", "summit", answer="y\n").exit_code == 0
    assert _titles() == ["=SUM(A1)", "Tariffs rise"]


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (("--source", "Post"), ["Summit opens"]),
        (("--path", "old/*"), ["Summit opens"]),
        (("--path", "?.md"), ["=SUM(A1)", "Tariffs rise"]),
        (("--path", "old/b_?.md"), ["Summit opens", "Tariffs rise"]),
        (("--search", "tariffs"), ["Summit opens", "=SUM(A1)"]),
        (("--source", "Post", "--search", "tariffs"), ["Summit opens", "=SUM(A1)"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_withdraw_by_source_path_and_search(filled: Desk, arguments: tuple[str, ...], left: list[str]) -> None:
    result = run("withdraw", *arguments, "--yes")
    assert (result.exit_code, result.stdout) == (0, "")
    assert _titles() == left
    run("once")
    assert _titles() == left, "they stay withdrawn although their files are there"


@pytest.mark.parametrize("path", ["old/b?1.md", "old/%.md", "OLD/nothing*"])
def test_withdraw_takes_signs_of_sql_for_themselves(filled: Desk, path: str) -> None:
    result = run("withdraw", "--path", path, "--yes")
    assert result.exit_code == (0 if path == "old/b?1.md" else 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--search", "unheard"),
        ("--search", " "),
        ("--path", ""),
        ("--source", "Post", "--search", ""),
        ("--source", "Post", "--path", ""),
    ],
    ids=repr,
)
def test_withdraw_of_nothing_says_so(filled: Desk, arguments: tuple[str, ...]) -> None:
    before = _titles()
    result = run("withdraw", *arguments, "--yes")
    assert result.exit_code == 1
    assert "no article fits" in said(result)
    assert _titles() == before


@pytest.mark.parametrize("command", [("export", "articles", "-o", "kept.csv"), ("withdraw", "--yes")])
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("()", "nothing in these brackets. At character 1: ()"),
        ("[a TO b]", "Ranges are not known"),
        ("tariffs [/x](", "never closed. At character 13: ("),
        ("figure:Nobody", "is no figure on the watch-list. There are: Ada Quill, Ben Marsh."),
    ],
)
def test_a_search_that_is_not_understood_is_wrong_use(
    filled: Desk, command: tuple[str, ...], typed: str, says: str
) -> None:
    before = _titles()
    kept = filled.root / "kept.csv"
    kept.write_text("what was there")
    result = run(*(kept if part == "kept.csv" else part for part in command), "--search", typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in said(result)
    assert kept.read_text() == "what was there"
    assert _titles() == before


def test_export_as_of_a_revision_gives_what_it_gave_then(filled: Desk) -> None:
    then = run("export", "mentions").stdout
    revision = lines(run("export", "articles", "--format", "jsonl"))[0]["revision"]
    assert run("withdraw", "--search", "title:summit", "--yes").exit_code == 0
    assert _titles() == ["=SUM(A1)", "Tariffs rise"]
    assert _titles("--as-of", str(revision)) == ["Summit opens", "=SUM(A1)", "Tariffs rise"]
    assert run("export", "mentions", "--as-of", str(revision)).stdout == then
    assert run("export", "articles", "--as-of", "99").exit_code == 2


# -- the record


def test_check_finds_a_whole_record_whole_and_a_broken_one_broken(filled: Desk) -> None:
    assert "The record is whole." in said(run("check"))
    path = filled.data / "discourse.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'article'").fetchone()[0]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x5a" * size)
    result = run("check")
    assert result.exit_code == 1
    assert "the record is damaged" in said(result)
    other = run("export", "articles")
    assert other.exit_code == 1
    assert "malformed" in said(other)
    assert "python -m ingest check" in said(other)


def test_a_newer_record_is_refused(filled: Desk) -> None:
    connection = sqlite3.connect(filled.data / "discourse.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    result = run("status")
    assert result.exit_code == 1
    assert "version 9999" in said(result)


# -- as a process of its own


def test_as_a_process_stdout_is_for_programs_and_the_exit_code_tells(desk: Desk) -> None:
    desk.drop("a.txt", "Talks open\n\nAda Quill met Ben Marsh.")
    desk.drop("empty.txt", "")
    once = desk.start("once", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = once.communicate(timeout=60)
    assert (once.returncode, out) == (1, b"")
    assert b"empty.txt" in err
    assert b"Traceback" not in err
    status = desk.start("status", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = status.communicate(timeout=60)
    assert (status.returncode, err) == (0, b"")
    assert json.loads(out)["articles"] == 1


def test_a_broken_list_is_told_in_one_line(desk: Desk) -> None:
    (desk.data / "feeds.opml").write_text(opml("nowhere").replace("</opml>", ""), encoding="utf-8")
    desk.drop("a.txt", "Talks open\n\nBen Marsh spoke.")
    result = run("once")
    assert result.exit_code == 1
    assert "1 new, 0 edited." in said(result), "the rest is done all the same"
    assert "feeds.opml, line 1: this is no OPML" in said(result)
    assert "Traceback" not in result.output


def test_control_c_ends_a_loop_quietly(desk: Desk, tmp_path: Path) -> None:
    from ingest.run import lock
    from tests.helpers.desk import until

    process = desk.start("watch", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until(lambda: lock.alive(desk.settings()), 90)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert b"Traceback" not in err
