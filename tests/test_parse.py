"""Feeds: what becomes an entry, and what is said when bytes are no feed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from html import escape

import pytest

from ingest import items, parse
from ingest.errors import ParseError
from ingest.models import Entry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = "https://daily.example/feed.xml"
LONG = "The council met again on Tuesday and could not agree. " * 20


def _feed(body: bytes | str, content_type: str | None = None) -> list[Entry]:
    return parse.feed(
        body.encode() if isinstance(body, str) else body, source=SOURCE, now=NOW, content_type=content_type
    )


def _rss(*found: str, channel: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<channel><title>Daily</title><link>https://daily.example/</link>"
        f"{channel}{''.join(found)}</channel></rss>"
    )


def _item(title: str = "Talks end", **parts: str) -> str:
    inner = "".join(f"<{name.replace('_', ':')}>{value}</{name.replace('_', ':')}>" for name, value in parts.items())
    return f"<item><title>{title}</title>{inner}</item>"


def _only(body: bytes | str, content_type: str | None = None) -> Entry:
    (entry,) = _feed(body, content_type)
    return entry


def test_an_rss_item_becomes_an_entry() -> None:
    entry = _only(
        _rss(
            _item(
                "Talks &amp;lt;b&amp;gt; end &amp;#8211; again",
                link="/2024/talks?utm_source=rss",
                guid="https://daily.example/?p=7",
                description="&lt;p&gt;First.&lt;/p&gt;&lt;p&gt;Second.&lt;/p&gt;",
                pubDate="Tue, 05 Mar 2024 10:00:00 EST",
                dc_creator="Ada &amp;amp; Bo",
            ),
            channel="<language>en-GB</language>",
        )
    )
    assert (entry.source, entry.title) == (SOURCE, "Talks <b> end – again")
    assert (entry.body, entry.text_kind, entry.summary) == ("First.\n\nSecond.", "summary", "")
    assert entry.link == "https://daily.example/2024/talks?utm_source=rss"
    assert entry.keys == ("guid:https://daily.example/?p=7", "url:https://daily.example/2024/talks")
    assert (entry.published, entry.published_from) == (datetime(2024, 3, 5, 15, tzinfo=UTC), "feed")
    assert (entry.author, entry.language) == ("Ada & Bo", "en")


def test_an_atom_entry_becomes_an_entry() -> None:
    entry = _only(
        f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de-AT" xml:base="https://daily.example/news/">
        <title>D</title>
        <entry><id>tag:daily.example,2024:7</id><title type="html">Talks &lt;i&gt;end&lt;/i&gt;</title>
        <link href="7.html"/>
        <updated>2024-03-06T08:00:00Z</updated><summary>Short.</summary><author><name>Ada</name></author>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{LONG}</p></div></content></entry></feed>"""
    )
    assert (entry.title, entry.link, entry.guid) == (
        "Talks end",
        "https://daily.example/news/7.html",
        "tag:daily.example,2024:7",
    )
    assert (entry.text_kind, entry.body, entry.summary) == ("full", LONG.strip(), "Short.")
    assert (entry.published, entry.published_from) == (datetime(2024, 3, 6, 8, tzinfo=UTC), "feed update")
    assert (entry.author, entry.language) == ("Ada", "de")


def test_a_json_feed_is_parsed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "home_page_url": "https://daily.example/",
        "language": "fr",
        "items": [
            {
                "id": 7,
                "url": "/7",
                "title": "1 < 2 & more",
                "content_html": f"<p>{LONG}</p>",
                "date_published": "2024-03-05",
            },
            {"id": "8", "content_text": "Only <words>.", "authors": [{"name": "Ada"}], "date_modified": "2024-03-06"},
            "nonsense",
        ],
    }
    first, second = _feed(json.dumps(feed))
    assert (first.title, first.guid, first.link, first.text_kind) == (
        "1 < 2 & more",
        "7",
        "https://daily.example/7",
        "full",
    )
    assert (second.title, second.body, second.author, second.language) == (
        "Only <words>.",
        "Only <words>.",
        "Ada",
        "fr",
    )
    assert (first.published_from, second.published_from) == ("feed, no zone", "update, no zone")


def test_the_kind_of_text_tells_articles_from_teasers() -> None:
    full = _only(_rss(_item(description="Short.", content_encoded=f"<![CDATA[<p>{LONG}</p>]]>")))
    teaser = _only(_rss(_item(description="Short.", content_encoded="<![CDATA[<p>Short, too.</p>]]>")))
    same = _only(_rss(_item(description=LONG, content_encoded=LONG + "!")))
    whole = _only(_rss(_item(description=LONG * 3)))
    bare = _only(_rss(_item()))
    kinds = [entry.text_kind for entry in (full, teaser, same, whole, bare)]
    assert kinds == ["full", "summary", "summary", "full", "title"]
    assert (full.body, full.summary) == (LONG.strip(), "Short.")


def test_a_guid_that_stands_on_every_item_identifies_none() -> None:
    one, two = _feed(_rss(_item("One", guid="same", link="/1"), _item("Two", guid="same", link="/2")))
    assert one.keys == ("url:https://daily.example/1",)
    assert two.keys == ("url:https://daily.example/2",)


def test_an_article_listed_twice_keeps_its_guid() -> None:
    old, new = _feed(
        _rss(_item("Talks", guid="7", link="/7"), _item("Talks, updated", guid="7", link="/7?utm_source=x"))
    )
    assert old.keys == new.keys == ("guid:7", "url:https://daily.example/7")


def test_a_link_to_the_front_page_identifies_no_article() -> None:
    one, two = _feed(_rss(_item("One", guid="1", link="/"), _item("Two", guid="2", link="/")))
    assert (one.keys, two.keys) == (("guid:1",), ("guid:2",))
    bare = _feed(_rss(_item("One", link="/"), _item("Two", link="/")))
    assert all(entry.keys[0].startswith("hash:") for entry in bare)
    assert bare[0].keys != bare[1].keys


def test_an_item_without_link_and_title_is_listed_under_its_first_words() -> None:
    entry = _only(_rss(f"<item><description>{LONG}</description></item>", "<item><category>x</category></item>"))
    assert entry.title.startswith("The council met again")
    assert len(entry.title) <= items.FIRST_WORDS
    assert (entry.link, len(entry.keys[0])) == (None, len("hash:") + 16)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_a_link_that_is_no_web_address_is_no_link(link: str) -> None:
    assert _only(_rss(_item(link=link, guid=link))).link is None


def test_a_guid_that_is_only_a_number_becomes_no_link() -> None:
    assert _only(_rss(_item(guid="12345"))).link is None


@pytest.mark.parametrize("date", ["Fri, 30 Feb 2024 10:00:00 GMT", "2099-01-01", "soon", ""])
def test_an_impossible_date_is_no_date(date: str) -> None:
    entry = _only(_rss(_item(pubDate=date)))
    assert (entry.published, entry.published_from) == (None, None)


def test_scripts_in_titles_and_texts_are_gone_and_markdown_is_only_text() -> None:
    entry = _only(
        _rss(
            _item(
                escape(escape("[x](javascript:y) <script>z</script>")), description=escape("<p>a<script>b</script></p>")
            )
        )
    )
    assert (entry.title, entry.body) == ("[x](javascript:y) <script>z</script>", "a")
    assert _only(_rss(_item(escape("Talks <script>z</script>end")))).title == "Talks end"


def test_a_title_of_a_megabyte_is_shortened() -> None:
    assert len(_only(_rss(_item("x" * 1_000_000))).title) == 500


@pytest.mark.parametrize("reference", ["&#xD800;", "&#x110000;", "&#55296;", "&#99999999999999;"])
def test_references_to_no_character_do_not_cost_the_feed(reference: str) -> None:
    assert _only(_rss(_item(f"Talks{reference} end"))).title == "Talks end"


@pytest.mark.parametrize(
    "before", ["\n\n  ", "Warning: out of memory\n", "<br />\n<b>Notice</b>: x in /y.php\n", "\ufeff"]
)
def test_what_stands_before_the_xml_is_skipped(before: str) -> None:
    assert _only(before + _rss(_item())).title == "Talks end"


def test_two_documents_in_one_do_not_crash() -> None:
    assert [entry.title for entry in _feed(_rss(_item("One")) + _rss(_item("Two")))] == ["One", "Two"]


def test_bad_input_32_a_cut_off_feed_keeps_its_whole_items_and_is_flagged() -> None:
    whole = _rss(_item("One", guid="1"), _item("Two", guid="2"), _item("Three", guid="3", description=LONG))
    for end in ("met again", "<description>", "/description>", "</channel>"):
        found = parse.read(whole[: whole.index(end)].encode(), source=SOURCE, now=NOW)
        assert [entry.title for entry in found.entries][:2] == ["One", "Two"]
        assert len(found.entries) == (3 if end == "</channel>" else 2)
        assert "breaks off before its end" in found.notes[0]
    assert parse.read(whole.encode(), source=SOURCE, now=NOW).notes == ()


def test_control_characters_and_undeclared_entities_are_survived() -> None:
    entry = _only(_rss(_item("Talks\x00\x01&nbsp;end")))
    assert entry.title == "Talks end"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "big5", "shift-jis", "iso-2022-jp", "utf-8-sig"])
def test_declared_encodings_are_decoded(encoding: str) -> None:
    body = _rss(_item("日本")).replace("utf-8", encoding.removesuffix("-sig"), 1)
    assert _only(body.encode(encoding)).title == "日本"


def test_wrongly_declared_encodings_are_decoded_all_the_same() -> None:
    latin = _rss(_item("café")).encode("latin-1")
    assert _only(latin).title == "café"
    assert _only(_rss(_item("café")).encode(), "text/xml; charset=ISO-8859-1").title == "café"
    assert _only(_rss(_item("café")).replace("utf-8", "klingon").encode()).title == "café"
    plain = _rss(_item("Ты")).replace(' encoding="utf-8"', "").encode("koi8-r")
    assert _only(plain, "application/rss+xml; charset=koi8-r").title == "Ты"


def test_utf_7_stays_inert() -> None:
    assert "<" not in _only(_rss(_item("+ADw-script+AD4-")).replace("utf-8", "utf-7")).title


def test_entity_bombs_are_refused_in_no_time() -> None:
    nested = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    laughs = f'<!DOCTYPE r [<!ENTITY l0 "lol">{nested}]>' + _rss(_item("&l9;")).partition("?>")[2]
    quadratic = f'<!DOCTYPE r [<!ENTITY a "{"A" * 60_000}">]>' + _rss(_item("&a;" * 60_000)).partition("?>")[2]
    start = time.process_time()
    for bomb in (laughs, quadratic):
        with pytest.raises(ParseError, match="entities"):
            _feed(bomb)
    assert time.process_time() - start < 2


def test_an_external_entity_is_never_read() -> None:
    outside = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + _rss(_item("x&a;y")).partition("?>")[2]
    assert _only(outside).title in ("xy", "x&a;y")


def test_a_backslash_in_a_doctype_does_not_cost_the_feed() -> None:
    odd = '<!DOCTYPE r [<!ENTITY w "a\\1\\g&#60;9>">]>' + _rss(_item("Talks end")).partition("?>")[2]
    assert _only(odd).title == "Talks end"


def test_bad_input_57_of_50_000_items_the_newest_are_kept_in_the_feeds_order_and_it_is_said() -> None:
    listed = [{"title": f"{n}", "date_published": f"{1_700_000_000 + n * 60}"} for n in range(50_000)]
    feed = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": listed})
    found = parse.read(feed.encode(), source=SOURCE, now=NOW)
    assert [entry.title for entry in found.entries] == [f"{n}" for n in range(48_000, 50_000)]
    assert "50,000 items: only the newest 2,000" in found.notes[0]


def test_a_feed_may_be_empty() -> None:
    assert _feed(_rss()) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"<!DOCTYPE html><html><title>Log in</title></html>", "names no feed"),
        (b'<?xml version="1.0"?>\n<!-- x --><html xmlns="http://www.w3.org/1999/xhtml"/>', "web page"),
        (b'{"error": "no such key"}', "no such key"),
        (b'{"version": "2", "items": [{"id": 1}]}', "JSON, but no feed"),
        (b'{"version":', "like JSON"),
        (b"[" * 100_000, "like JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
        (b"%PDF-1.7", "PDF"),
        (b"It works!", "neither RSS nor Atom"),
        (b'<?xml version="1.0"?><note><to>x</to></note>', "neither RSS nor Atom"),
        (bytes(range(256)), "neither RSS nor Atom"),
    ],
)
def test_what_is_no_feed_is_called_by_its_name(body: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        _feed(body)


def test_deep_nesting_is_survived() -> None:
    deep = "<div>" * 20_000
    assert _only(_rss(_item(description=escape(deep)))).title == "Talks end"
