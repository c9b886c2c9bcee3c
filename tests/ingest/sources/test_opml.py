"""The list of feeds."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ingest.errors import ConfigFileError
from ingest.models import Source
from ingest.sources import opml


def _list(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "feeds.opml"
    path.write_text(body, encoding="utf-8")
    return path


def test_feeds_are_read_with_group_home_and_language(tmp_path: Path) -> None:
    path = _list(
        tmp_path,
        """<?xml version="1.0"?><opml version="2.0"><head><title>t</title></head><body>
        <outline text="Papers"><outline text="Europe">
          <outline type="rss" text="The Daily" xmlUrl="https://daily.example/feed"
            htmlUrl="https://daily.example/" language="en-GB"/>
        </outline></outline>
        <outline title="Alone" xmlUrl="https://alone.example/rss"/>
        <outline xmlurl="https://unnamed.example/rss" htmlUrl="javascript:x"/>
        </body></opml>""",
    )
    daily, alone, unnamed = opml.read(path)
    assert (daily.kind, daily.key, daily.name, daily.group) == (
        "feed",
        "https://daily.example/feed",
        "The Daily",
        "Europe",
    )
    assert (daily.home, daily.language) == ("https://daily.example/", "en")
    assert (alone.name, alone.group, alone.home, alone.language) == ("Alone", "", None, None)
    assert (unnamed.name, unnamed.home) == ("unnamed.example/rss", None)


def test_duplicates_and_bad_addresses_are_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = _list(
        tmp_path,
        """<opml><body>
        <outline text="A" xmlUrl="http://a.example/feed"/>
        <outline text="A again" xmlUrl="https://a.example/feed/?utm_source=x"/>
        <outline text="Bad" xmlUrl="file:///etc/passwd"/>
        <outline text="B" xmlUrl="https://b.example/feed"/></body></opml>""",
    )
    with caplog.at_level(logging.WARNING):
        assert [source.name for source in opml.read(path)] == ["A", "B"]
    assert "line 4: file:///etc/passwd" in caplog.text


def test_a_broken_list_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match=r"feeds\.opml, line 3: "):
        opml.read(_list(tmp_path, "<opml>\n<body>\n<outline text='a & b'/></body></opml>"))


@pytest.mark.parametrize("body", ["", "<rss/>", "no xml"])
def test_what_is_no_opml_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(ConfigFileError, match=r"feeds\.opml, line 1: this is no OPML"):
        opml.read(_list(tmp_path, body))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_bomb_is_refused(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "feeds.opml"
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE o [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    path.write_bytes((bomb + '<opml><outline text="&b;" xmlUrl="https://a.example/"/></opml>').encode(encoding))
    with pytest.raises(ConfigFileError, match="DOCTYPE"):
        opml.read(path)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match=r"none\.opml can't be read"):
        opml.read(tmp_path / "none.opml")


HOSTILE = """<?xml version="1.0"?>
<!DOCTYPE opml [
  <!ENTITY a "https://lol.example/">
  <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
  <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
]>
<opml version="2.0"><body>
  <outline text="A" xmlUrl="https://a.example/feed"/>
  <outline text="Bomb" xmlUrl="&c;"/>
  <outline text="Half a bomb" xmlUrl="https://half.example/&c;"/>
  <outline text="A again" xmlUrl="http://a.example/feed/"/>
  <outline text="File" xmlUrl="file:///etc/passwd"/>
  <outline text="Script" xmlUrl="javascript:alert(1)"/>
  <outline text="Q &amp; A" xmlUrl="https://b.example/feed?x=1&amp;y=2"/>
</body></opml>
"""


def test_bad_input_77_bombs_duplicates_and_bad_addresses_leave_the_good_ones() -> None:
    listing = opml.salvage(HOSTILE.encode(), "theirs.opml")
    assert [(feed.name, feed.key) for feed in listing.feeds] == [
        ("A", "https://a.example/feed"),
        ("Q & A", "https://b.example/feed?x=1&y=2"),
    ]
    assert [(each.line, each.reason.split(":")[0].split(" (")[0]) for each in listing.left_out] == [
        (2, "can hide a bomb"),
        (9, "is no web address"),
        (10, "is no web address"),
        (11, "is listed twice"),
        (12, "is no web address"),
        (13, "is no web address"),
    ]


def test_bad_input_77_a_list_that_is_no_xml_is_read_as_far_as_it_makes_sense() -> None:
    broken = HOSTILE.partition("]>")[2].replace("Q &amp; A", "Q & A < B").replace("</body></opml>", "")
    listing = opml.salvage(broken.encode(), "theirs.opml")
    assert "https://a.example/feed" in [feed.key for feed in listing.feeds]
    assert "theirs.opml, line" in str(listing.left_out[0])
    with pytest.raises(ConfigFileError, match="this is no OPML"):
        opml.salvage(b"\x89PNG no list at all", "theirs.opml")


def test_what_we_write_is_read_as_it_was() -> None:
    feeds = [
        Source("feed", "https://a.example/?x=1&y=2", 'The "A" & Co', "Press", "https://a.example/", "en", "always"),
        Source("feed", "https://b.example/", "B"),
        Source("feed", "https://c.example/", "C", "Press"),
    ]
    found = opml.salvage(opml.write(feeds), "ours").feeds
    assert sorted(found, key=lambda feed: feed.key) == feeds


def test_a_feed_says_whether_its_pages_are_fetched(tmp_path: Path) -> None:
    path = _list(
        tmp_path,
        """<opml><body><outline xmlUrl="https://a.example/" fullText="Never"/>
        <outline xmlUrl="https://b.example/" fulltext="always"/>
        <outline xmlUrl="https://c.example/" fullText="perhaps"/></body></opml>""",
    )
    assert [feed.full_text for feed in opml.read(path)] == ["never", "always", "auto"]
