"""Changes of the user's list of feeds, and the feeds of a web page."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ingest.errors import ConfigFileError
from ingest.formats import discover
from ingest.models import Source
from ingest.sources import feedlist, opml

LIST = """<?xml version="1.0" encoding="UTF-8"?>
<!-- My feeds. -->
<?colour green?>
<opml version="2.0">
  <head><title>Mine</title></head>
  <body>
    <!-- Papers first. -->
    <outline text="Papers">
      <outline type="rss" text="The Daily" xmlUrl="https://daily.example/feed" myOwn="kept"/>
    </outline>
    <outline text="Alone" xmlUrl="https://alone.example/rss"/>
  </body>
</opml>
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.opml"
    path.write_text(LIST, encoding="utf-8")
    return path


def _feed(name: str, group: str = "") -> Source:
    return Source("feed", f"https://{name.lower()}.example/feed", name, group)


def test_a_feed_is_added_to_its_group_and_all_else_stays_as_it_was(mine: Path) -> None:
    added, known = feedlist.add(mine, [_feed("Weekly", "papers"), _feed("Daily"), _feed("Radio", "Waves")])
    assert ([feed.name for feed in added], [feed.name for feed in known]) == (["Weekly", "Radio"], ["Daily"])
    said = mine.read_text(encoding="utf-8")
    for kept in ("<!-- My feeds. -->", "<?colour green?>", "<!-- Papers first. -->", 'myOwn="kept"', "<title>Mine"):
        assert kept in said
    assert said.index("daily.example") < said.index("weekly.example") < said.index("alone.example")
    assert [(feed.name, feed.group) for feed in opml.read(mine)] == [
        ("The Daily", "Papers"), ("Weekly", "Papers"), ("Alone", ""), ("Radio", "Waves"),
    ]  # fmt: skip
    assert "\n      <outline type=" in said.partition("daily.example")[2], (
        "on a line of its own, as far in as the others"
    )


def test_adding_and_taking_away_again_leaves_the_list_as_it_was(mine: Path) -> None:
    feedlist.add(mine, [_feed("Weekly", "Papers"), _feed("Bare")])
    assert feedlist.remove(mine, "WEEKLY") == ["https://weekly.example/feed"]
    assert feedlist.remove(mine, "http://bare.example/feed/") == ["https://bare.example/feed"]
    declared = LIST.replace('"1.0" encoding="UTF-8"', "'1.0' encoding='UTF-8'")
    assert "".join(mine.read_text(encoding="utf-8").split()) == "".join(declared.split())


def test_what_changes_nothing_writes_nothing(mine: Path) -> None:
    before = mine.stat()
    assert feedlist.remove(mine, "Nobody") == []
    assert feedlist.add(mine, [_feed("Daily")])[0] == []
    assert mine.stat() == before


def test_a_broken_list_is_refused_and_stays_as_it_is(mine: Path) -> None:
    mine.write_text("<opml><body>", encoding="utf-8")
    with pytest.raises(ConfigFileError, match=r"feeds\.opml, line 1"):
        feedlist.add(mine, [_feed("Daily")])
    assert mine.read_text(encoding="utf-8") == "<opml><body>"
    assert [path.name for path in mine.parent.glob("*.partial")] == []


def test_two_who_add_at_once_both_find_theirs(mine: Path) -> None:
    threads = [threading.Thread(target=feedlist.add, args=(mine, [_feed(f"Feed{n}")])) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"Feed{n}" for n in range(6)} <= {feed.name for feed in opml.read(mine)}


def test_a_link_to_a_list_stays_a_link(mine: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.opml"
    link.symlink_to(mine)
    feedlist.add(link, [_feed("Weekly")])
    assert link.is_symlink()
    assert "weekly.example" in mine.read_text(encoding="utf-8")


PAGE = b"""<html><head><base href="https://cdn.example/x/">
<link rel="alternate" type="application/rss+xml; charset=utf-8" title="World" href="/world.xml">
<link rel="ALTERNATE stylesheet" type="application/atom+xml" href="https://b.example/atom">
<link rel="alternate" type="application/rss+xml" href="http://cdn.example/world.xml?utm_source=x">
<link rel="alternate" type="text/html" hreflang="de" href="/de">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
</head><body><a href="/rss/other.xml">RSS</a></body></html>"""


def test_a_page_names_its_feeds_once_each() -> None:
    assert discover.links(PAGE, "https://a.example/") == [
        discover.Link("https://cdn.example/world.xml", "World"),
        discover.Link("https://b.example/atom", ""),
    ]


def test_a_page_that_declares_none_may_link_to_some() -> None:
    page = b'<body><a href="feeds/world.xml"> World <b>news</b></a><a href="/feedback">Write</a><a href="/about">Us</a>'
    assert discover.links(page, "https://a.example/x/") == [
        discover.Link("https://a.example/x/feeds/world.xml", "World news")
    ]


@pytest.mark.parametrize("page", [b"", b"\x00\xff", b"<html>", b'<link rel="alternate"'])
def test_a_page_without_any_names_none(page: bytes) -> None:
    assert discover.links(page, "https://a.example/") == []


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b"<rss><channel><title>News &amp; more</title><item><title>One</title></item></channel></rss>", "News & more"),
        (b"<rss><channel><title><![CDATA[ The <b>Daily</b> ]]></title></channel></rss>", "The Daily"),
        (b"<rss><channel><item><title>One</title></item></channel></rss>", ""),
        ('<?xml version="1.0" encoding="iso-8859-1"?><feed><title>Caf\xe9</title></feed>'.encode("latin-1"), "Café"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "title": "J"}', "J"),
        (b"{", ""),
        (b"<rss/>", ""),
    ],
)
def test_a_feed_is_called_what_it_calls_itself(body: bytes, title: str) -> None:
    assert discover.title(body) == title
