"""The list of feeds."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ingest.errors import ConfigFileError
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
