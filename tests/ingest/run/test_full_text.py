"""The text of articles' pages: fetched where a feed gives a summary, politely, and never at the cost of anything."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import Row, select
from werkzeug import Response

from ingest.errors import FetchError, Forbidden, IngestError, ParseError
from ingest.fetch.client import Fetcher
from ingest.fetch.guard import Guard
from ingest.fetch.robots import Robots
from ingest.formats import web_page
from ingest.formats.web_page import WebPage
from ingest.models import Attempt, Entry, FullText, Source
from ingest.run.loop import Worker
from ingest.sources import attempt, sandbox
from ingest.store import schema
from ingest.store.read import articles
from tests.helpers.desk import on_sqlite
from tests.helpers.room import PAUSE, Room

SUMMARY = "Ada Quill opened the tariff talks in the harbour hall and promised patience."
STORY = [
    "Ada Quill opened the tariff talks in the harbour hall on Tuesday and promised patience to everybody who had come.",
    "Ben Marsh, who had left the last round of talks early, stayed until the evening and praised the new draft.",
    "Fishermen from three towns waited outside; they said that a duty on tinned herring would cost every second boat.",
    "The delegations meet again on Friday, when the draft will be read line by line, according to two officials.",
]


#: What is read of the page; the title at its beginning goes when title and body are put together.
ARTICLE = WebPage("\n\n".join(("Talks open", *STORY)), None)
WALL = [
    "We and our 800 partners value your privacy and would like to store cookies on the device that you are using now.",
    "With your consent we measure which advertisements are seen, by whom, how often, and what is bought after them.",
    "You may withdraw that consent whenever you like by means of the button at the bottom of every page of this site.",
    "Some partners do not ask for consent but rely on legitimate interest; their names can be found in the list below.",
]


def page(*paragraphs: str, head: str = "") -> str:
    """A page of a news site: its article between what stands on every page."""
    words = "".join(f"<p>{each}</p>" for each in paragraphs)
    return (
        f"<!doctype html><html lang=en><head><title>Talks open</title>{head}</head><body>"
        "<nav><a href=/>Home</a> <a href=/world>World</a></nav>"
        f"<article><h1>Talks open</h1>{words}</article><footer>All rights reserved</footer></body></html>"
    )


def feed(link: str, summary: str = SUMMARY, *, dated: bool = True) -> str:
    date = "<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate>" if dated else ""
    return (
        "<rss version='2.0'><channel><title>News</title>"
        f"<item><title>Talks open</title><link>{link}</link><guid isPermaLink='false'>1</guid>"
        f"<description>{summary}</description>{date}</item></channel></rss>"
    )


@pytest.fixture(autouse=True)
def _no_rules(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a site does not have, a robots.txt too, it does not have: the server of the tests says 500 else."""
    monkeypatch.setattr(httpserver, "no_handler_status_code", 404)


@pytest.fixture
def site(httpserver: HTTPServer) -> HTTPServer:
    """A news site whose feed gives summaries."""
    httpserver.expect_request("/rss").respond_with_data(feed(httpserver.url_for("/talks")))
    return httpserver


def follow(room: Room, site: HTTPServer, full_text: FullText = "auto") -> None:
    source = Source(kind="feed", key=site.url_for("/rss"), name="Feed 1", full_text=full_text)
    room.pipeline.sync_feeds([source])
    room.fetch()


def read(room: Room) -> list[WebPage | IngestError]:
    """Fetches the pages that are due, as the loop does."""
    fetcher = Fetcher("DiscourseMonitor/1", guard=Guard(["localhost"]), read_seconds=2, deadline_seconds=4)
    robots, found = Robots(fetcher), []
    for state in room.pipeline.due_pages():
        got: WebPage | IngestError
        try:
            got = attempt.page(state.url, fetcher, robots, web_page.read)
        except IngestError as error:
            got = error
        room.pipeline.page(state, got)
        found.append(got)
    return found


def versions(room: Room) -> list[Row]:
    """The versions of the one article, in order."""
    content, body = schema.content.c, schema.content_text.c
    question = select(schema.content, body.body).join(schema.content_text, body.content_id == content.id)
    with room.engine.connect() as connection:
        return list(connection.execute(question.order_by(content.id)))


def asked(room: Room) -> Row:
    with room.engine.connect() as connection:
        return connection.execute(select(schema.page)).one()


def test_where_a_feed_gives_a_summary_the_page_gives_the_text(room: Room, site: HTTPServer) -> None:
    site.expect_request("/talks").respond_with_data(page(*STORY), content_type="text/html")
    follow(room, site)
    (summary,) = versions(room)
    assert (summary.text_kind, summary.body, summary.rev_to) == ("summary", SUMMARY, None)
    read(room)
    summary, full = versions(room)
    assert (full.text_kind, full.body) == ("full", "\n\n".join(STORY))
    assert (summary.rev_to, full.rev_to) == (full.rev_from, None), "a pinned link shows what it has shown"
    assert (full.published_at, full.published_from) == (summary.published_at, "feed")
    assert full.given_hash == summary.hash
    with room.engine.connect() as connection:
        uid = connection.execute(select(schema.article.c.uid)).scalar_one()
        article = articles.article(connection, uid)
    assert article
    assert article.versions == 1, "that is no edit"
    with room.engine.connect() as connection:
        mention, analysis = schema.mention.c, schema.analysis.c
        current = select(mention.figure).join(schema.analysis, analysis.id == mention.analysis_id)
        named = set(connection.execute(current.where(analysis.rev_to.is_(None))).scalars())
    assert named == {"ada-quill", "ben-marsh"}, "longer texts name more people"
    for _ in range(3):  # the feed goes on giving the summary: that is no edit
        room.clock.now += 5 * PAUSE
        room.fetch()
        assert read(room) == []
    assert len(versions(room)) == 2


@on_sqlite
def test_a_summary_that_is_edited_is_a_new_version_and_its_page_is_read_again(room: Room, site: HTTPServer) -> None:
    site.expect_request("/talks").respond_with_data(page(*STORY), content_type="text/html")
    follow(room, site)
    read(room)
    site.clear()
    site.no_handler_status_code = 404
    site.expect_request("/rss").respond_with_data(feed(site.url_for("/talks"), SUMMARY.replace("patience", "a deal")))
    site.expect_request("/talks").respond_with_data(page(*STORY, "They reached a deal."), content_type="text/html")
    room.clock.now += PAUSE
    room.fetch()
    read(room)
    assert [row.text_kind for row in versions(room)] == ["summary", "full", "summary", "full"]
    assert versions(room)[-1].body.endswith("They reached a deal.")
    assert len({row.given_hash or row.hash for row in versions(room)}) == 2, "two versions of what the feed gave"


def test_pages_of_a_feed_that_has_many_do_not_stand_before_those_of_others(room: Room) -> None:
    sources = [Source(kind="feed", key=f"http://{name}.test/rss", name=name) for name in ("many", "few")]
    room.pipeline.sync_feeds(sources)
    for state, count in zip(sorted(room.pipeline.due(), key=lambda state: state.source_id), (60, 2), strict=True):
        entries = tuple(
            Entry(state.url, f"Title {n}", "Words.", (f"guid:{n}",), "summary", link=f"http://{state.name}.test/{n}")
            for n in range(count)
        )
        room.pipeline.feed(state, Attempt("ok", room.clock.now, entries=entries))
    due = [page.url for page in room.pipeline.due_pages()]
    assert len(due) == 12
    assert {"http://few.test/0", "http://few.test/1"} < set(due[:4])
    room.clock.now -= timedelta(days=300)
    assert len(room.pipeline.due_pages()) == 12, "a clock that jumps back holds up nothing"


@on_sqlite
def test_full_text_is_a_choice_of_each_feed(room: Room, site: HTTPServer) -> None:
    site.expect_request("/talks").respond_with_data(page(*STORY), content_type="text/html")
    follow(room, site, "never")
    assert read(room) == []
    assert [row.text_kind for row in versions(room)] == ["summary"]


@on_sqlite
@pytest.mark.parametrize(("full_text", "fetched"), [("auto", 0), ("always", 1)])
def test_a_feed_that_gives_all_is_believed_unless_its_pages_are_always_wanted(
    room: Room, httpserver: HTTPServer, full_text: FullText, fetched: int
) -> None:
    whole = " ".join(STORY * 6)
    httpserver.expect_request("/rss").respond_with_data(feed(httpserver.url_for("/talks"), whole))
    httpserver.expect_request("/talks").respond_with_data(page(*STORY * 7), content_type="text/html")
    follow(room, httpserver, full_text)
    assert versions(room)[0].text_kind == "full"
    assert len(read(room)) == fetched


@on_sqlite
def test_a_page_that_states_a_date_gives_it_where_the_feed_has_none(room: Room, httpserver: HTTPServer) -> None:
    head = "<meta property='article:published_time' content='2026-03-03T08:30:00+01:00'>"
    httpserver.expect_request("/rss").respond_with_data(feed(httpserver.url_for("/talks"), dated=False))
    httpserver.expect_request("/talks").respond_with_data(page(*STORY, head=head), content_type="text/html")
    follow(room, httpserver)
    read(room)
    before, after = versions(room)
    assert before.published_from == "fetch time"
    assert (after.published_from, after.published_at) == ("page", after.page_at)
    assert after.page_at.isoformat() == "2026-03-03T07:30:00+00:00"


@on_sqlite
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response(page(*STORY), status=404, content_type="text/html"), "404"),
        (Response(page(*STORY), status=403, content_type="text/html"), "403"),
        (Response(page("Please switch on JavaScript."), content_type="text/html"), "no article"),
        (Response(page(*WALL), content_type="text/html"), "not the article"),
        (Response(b"%PDF-1.7", content_type="application/pdf"), "which is no page"),
        (Response(b"", content_type="text/html"), "no article"),
    ],
    ids=["missing", "refused", "a script", "a wall of cookies", "a PDF", "empty"],
)
def test_a_page_that_can_not_be_had_leaves_the_summary(
    room: Room, site: HTTPServer, answer: Response, said: str
) -> None:
    site.expect_request("/talks").respond_with_response(answer)
    follow(room, site)
    for _ in range(5):
        read(room)
        room.clock.now += timedelta(days=1)
    (row,) = versions(room)
    assert (row.text_kind, row.body) == ("summary", SUMMARY)
    assert asked(room).state == "failed"
    assert said in asked(room).reason
    assert asked(room).next_at is None, "it is not tried for ever"


@on_sqlite
def test_a_page_of_a_server_with_a_fault_is_tried_again(room: Room, site: HTTPServer) -> None:
    site.expect_oneshot_request("/talks").respond_with_data("", status=502)
    follow(room, site)
    read(room)
    assert asked(room).next_at == room.clock.now + timedelta(minutes=10)
    assert read(room) == []
    site.expect_request("/talks").respond_with_data(page(*STORY), content_type="text/html")
    room.clock.now += timedelta(minutes=10)
    read(room)
    assert [row.text_kind for row in versions(room)] == ["summary", "full"]


@on_sqlite
def test_a_pass_over_everything_reads_the_pages_too(room: Room, site: HTTPServer) -> None:
    site.expect_request("/talks").respond_with_data(page(*STORY), content_type="text/html")
    room.desk.list_feeds(site.url_for("/rss"))
    told: list[tuple[str, int, int]] = []
    Worker.open(room.desk.settings(), room.engine).once(lambda *done: told.append(done))
    assert [row.text_kind for row in versions(room)] == ["summary", "full"]
    assert told[-1] == ("pages", 1, 1)


# -- robots.txt and the guard


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher("DiscourseMonitor/1", guard=Guard(["localhost"]), read_seconds=2, deadline_seconds=4)


def get(fetcher: Fetcher, url: str) -> WebPage:
    return attempt.page(url, fetcher, Robots(fetcher), web_page.read)


RULES = """\
User-agent: *
Disallow: /

User-agent: DiscourseMonitor
Disallow: /private/
Allow: /private/*.html$
Crawl-delay: 7
"""


def test_robots_txt_is_kept_for_pages(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data(RULES)
    for path in ("/open", "/private/talks", "/private/talks.html"):
        httpserver.expect_request(path).respond_with_data(page(*STORY), content_type="text/html")
    robots = Robots(fetcher)
    for path in ("/open", "/private/talks.html"):
        assert attempt.page(httpserver.url_for(path), fetcher, robots, web_page.read) == ARTICLE
    with pytest.raises(Forbidden, match=r"robots\.txt"):
        attempt.page(httpserver.url_for("/private/talks"), fetcher, robots, web_page.read)
    assert robots.spacing(httpserver.url_for("/open")) == 7
    assert [request.path for request, _ in httpserver.log] == ["/robots.txt", "/open", "/private/talks.html"]


@on_sqlite
def test_robots_txt_is_not_asked_for_feeds(room: Room, site: HTTPServer) -> None:
    site.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /")
    follow(room, site)
    assert [request.path for request, _ in site.log] == ["/rss"]
    read(room)
    assert [request.path for request, _ in site.log] == ["/rss", "/robots.txt"]
    assert "robots.txt" in asked(room).reason


def test_robots_txt_counts_for_where_a_page_leads_to(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /private")
    httpserver.expect_request("/go").respond_with_data(status=302, headers={"Location": "/private"})
    with pytest.raises(Forbidden):
        get(fetcher, httpserver.url_for("/go"))


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (503, False), (429, False)])
def test_no_rules_allow_everything_but_a_fault_of_the_server_nothing(
    httpserver: HTTPServer, fetcher: Fetcher, status: int, allowed: bool
) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=status)
    httpserver.expect_request("/talks").respond_with_data(page(*STORY), content_type="text/html")
    if allowed:
        assert get(fetcher, httpserver.url_for("/talks")).body
        return
    with pytest.raises(FetchError, match=r"robots\.txt can't be read") as caught:
        get(fetcher, httpserver.url_for("/talks"))
    assert not caught.value.final, "it is tried again"


def test_a_page_in_the_private_network_is_refused(httpserver: HTTPServer) -> None:
    with pytest.raises(FetchError):
        get(Fetcher("Test/1"), httpserver.url_for("/talks"))
    assert not httpserver.log


def test_a_page_that_is_too_large_is_cut_off(
    httpserver: HTTPServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "PAGE_BYTES", 5_000)
    httpserver.expect_request("/talks").respond_with_data(page(*STORY * 50), content_type="text/html")
    with pytest.raises(FetchError, match="more than we read"):
        get(fetcher, httpserver.url_for("/talks"))


# -- what is read of a page


def test_the_words_of_a_page_are_its_article_alone() -> None:
    found = web_page.read(page(*STORY).encode(), "http://news.test/1", "text/html; charset=utf-8")
    assert found == ARTICLE


def test_the_encoding_that_the_server_declares_counts() -> None:
    story = [each.replace("Ada", "Ādā").replace("talks", "přednášky") for each in STORY]
    found = web_page.read(
        page(*story).encode("iso-8859-4", "replace"), "http://news.test/1", "text/html; charset=latin4"
    )
    assert "Ādā Quill" in found.body
    assert web_page.read(page(*story).encode(), "http://news.test/1", "text/html; charset=nonsense").body


def test_a_page_is_read_in_a_process_that_can_be_killed() -> None:
    assert sandbox.page(page(*STORY).encode(), "http://news.test/1", "text/html") == ARTICLE
    with pytest.raises(ParseError, match="no article"):
        sandbox.page(b"", "http://news.test/1", None)
    deep = b"<html><body>" + b"<div>" * 1_000_000 + b"words"
    with closing(sandbox.Sandbox(seconds=0.2)) as impatient, pytest.raises(ParseError, match="Reading this page"):
        impatient.page(deep, "http://news.test/1", "text/html")


@pytest.mark.parametrize("body", [b"", b"\x00" * 100, b"<html>", b"<p>" * 20_000, "😀".encode() * 50])
def test_what_is_no_article_is_said(body: bytes) -> None:
    with pytest.raises(ParseError, match="no article"):
        web_page.read(body, "http://news.test/1", "text/html")


def test_a_page_belongs_to_what_the_feed_gave_only_with_most_of_its_words() -> None:
    assert web_page.belongs("\n\n".join(STORY), f"Talks open {SUMMARY}")
    assert not web_page.belongs("We value your privacy. " * 40, f"Talks open {SUMMARY}")
    assert not web_page.belongs(SUMMARY, f"Talks open {SUMMARY}"), "nothing more"
    talks = "代表団は港の会議場で関税の協議を始め、忍耐を約束した。"
    assert web_page.belongs(f"港町で火曜日、{talks}協議は金曜日に再開される。", talks)
    assert not web_page.belongs(
        "このサイトはクッキーを使用しています。同意する場合はボタンを押してください。" * 3, talks
    )


@on_sqlite
def test_a_feeds_state_knows_its_choice(room: Room, site: HTTPServer) -> None:
    follow(room, site, "always")
    room.clock.now += PAUSE
    (state,) = room.pipeline.due()
    assert replace(state, full_text="always") == state
