"""Log lines that programs can read."""

from __future__ import annotations

import json
import logging
import shlex

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

from ingest import logs
from ingest.__main__ import app
from tests.helpers.desk import Desk, item, rss


def _record(**facts: object) -> logging.LogRecord:
    record = logging.LogRecord("ingest.run.loop", logging.INFO, "x.py", 1, "%s", (logs.pairs(facts),), None)
    record.facts = facts
    return record


@pytest.mark.parametrize(
    "value", ["two words", 'a "quote"', "new\nline outcome=ok", "=", "", "é\u2028x", "back\\slash"]
)
def test_no_value_ends_its_pair_or_its_line(value: str) -> None:
    line = logs.Text().format(_record(event="fetch", source=value, new=3))
    assert line.count("\n") == 0
    assert line.endswith(" new=3")
    said = line.partition("source=")[2].removesuffix(" new=3")
    assert (json.loads(said) if said.startswith('"') else said) == value
    assert json.loads(logs.Json().format(_record(event="fetch", source=value, new=3)))["source"] == value


@pytest.mark.usefixtures("quiet_logging")
@pytest.mark.parametrize("form", ["text", "json"])
def test_each_fetch_is_one_line(desk: Desk, httpserver: HTTPServer, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1), item(2)))
    httpserver.expect_request("/bad").respond_with_data("", status=404)
    desk.list_feeds(httpserver.url_for("/rss"), httpserver.url_for("/bad"))
    monkeypatch.setenv("DISCOURSE_LOG_FORMAT", form)
    said = CliRunner().invoke(app, ["once"]).stderr
    if form == "json":
        found = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        fetches = [each for each in found if each.get("event") == "fetch"]
    else:
        lines = [shlex.split(line) for line in said.splitlines() if " event=fetch " in line]
        fetches = [dict(pair.split("=", 1) for pair in words[2:]) for words in lines]
    good, bad = sorted(fetches, key=lambda each: str(each["source"]))
    assert (good["source"], good["outcome"], str(good["status"]), str(good["new"])) == ("Feed 1", "ok", "200", "2")
    assert {"id", "edited", "bytes", "ms", "parse_ms"} <= good.keys()
    assert (bad["outcome"], str(bad["status"])) == ("error", "404")
    assert "404 Not Found" in bad["reason"]
