"""One attempt on a feed, against a server on loopback."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer

from ingest.fetch.client import Fetcher
from ingest.fetch.guard import Guard
from ingest.models import FeedState
from ingest.sources import attempt

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEED = (
    "<rss version='2.0'><channel><title>Daily</title><link>https://daily.example/</link>"
    "<item><title>Talks end</title><link>/7</link><pubDate>2024-03-05</pubDate></item></channel></rss>"
)


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher("Test/1", guard=Guard(["localhost"]), read_seconds=2, deadline_seconds=5)


def _state(httpserver: HTTPServer, etag: str | None = None) -> FeedState:
    return FeedState(source_id=1, url=httpserver.url_for("/feed"), name="Daily", etag=etag, whole_at=NOW)


def test_a_feed_gives_its_entries_and_what_to_send_next_time(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/feed").respond_with_data(
        FEED, headers={"ETag": '"2"'}, content_type="application/rss+xml"
    )
    found = attempt.feed(_state(httpserver), fetcher, now=NOW)
    assert (found.outcome, found.status, found.at, found.etag, found.reason) == ("ok", 200, NOW, '"2"', None)
    assert found.size == len(FEED)
    (entry,) = found.entries
    assert (entry.source, entry.title, entry.link) == (
        httpserver.url_for("/feed"),
        "Talks end",
        "https://daily.example/7",
    )


def test_an_unchanged_feed_keeps_its_etag(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/feed", headers={"If-None-Match": '"1"'}).respond_with_data(status=304)
    found = attempt.feed(_state(httpserver, '"1"'), fetcher, now=NOW)
    assert (found.outcome, found.status, found.etag, found.entries) == ("unchanged", 304, '"1"', ())


def test_a_feed_moved_elsewhere_keeps_its_entries_source(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/feed").respond_with_data(status=301, headers={"Location": "/new"})
    httpserver.expect_request("/new").respond_with_data(FEED)
    assert attempt.feed(_state(httpserver), fetcher, now=NOW).entries[0].source == httpserver.url_for("/feed")


def test_a_server_fault_is_an_outcome_and_no_exception(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/feed").respond_with_data("oops", status=500)
    found = attempt.feed(_state(httpserver, '"1"'), fetcher, now=NOW)
    assert (found.outcome, found.status, found.etag, found.entries) == ("error", 500, '"1"', ())
    assert found.reason
    assert "fault" in found.reason


def test_a_login_page_with_status_200_does_not_replace_the_etag(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/feed").respond_with_data("<!doctype html><title>Log in", headers={"ETag": '"login"'})
    found = attempt.feed(_state(httpserver, '"1"'), fetcher, now=NOW)
    assert (found.outcome, found.status, found.etag) == ("error", 200, '"1"')
    assert found.reason
    assert "web page" in found.reason


def test_bad_input_33_an_empty_answer_is_an_error(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/feed").respond_with_data("")
    assert attempt.feed(_state(httpserver), fetcher, now=NOW).outcome == "error"
