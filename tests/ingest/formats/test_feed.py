"""Feeds: what becomes an entry, and what is said when bytes are no feed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from html import escape

import pytest

from dashboard.look import borders
from ingest.errors import ParseError
from ingest.formats import feed, items
from ingest.models import Entry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = "https://daily.example/feed.xml"
LONG = "The council met again on Tuesday and could not agree. " * 20


def _feed(body: bytes | str, content_type: str | None = None) -> list[Entry]:
    whole = body.encode() if isinstance(body, str) else body
    return list(feed.read(whole, source=SOURCE, now=NOW, content_type=content_type).entries)


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


def test_bad_input_42_a_json_feed_is_parsed() -> None:
    given = {
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
    first, second = _feed(json.dumps(given))
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


def test_bad_input_51_a_guid_that_stands_on_every_item_identifies_none() -> None:
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


def test_bad_input_58_an_item_without_link_and_title_is_listed_under_its_first_words() -> None:
    entry = _only(_rss(f"<item><description>{LONG}</description></item>", "<item><category>x</category></item>"))
    assert entry.title.startswith("The council met again")
    assert len(entry.title) <= items.FIRST_WORDS
    assert (entry.link, len(entry.keys[0])) == (None, len("hash:") + 16)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_bad_input_59_a_link_that_is_no_web_address_is_no_link(link: str) -> None:
    assert _only(_rss(_item(link=link, guid=link))).link is None


def test_a_guid_that_is_only_a_number_becomes_no_link() -> None:
    assert _only(_rss(_item(guid="12345"))).link is None


@pytest.mark.parametrize("date", ["Fri, 30 Feb 2024 10:00:00 GMT", "2099-01-01", "soon", ""])
def test_an_impossible_date_is_no_date(date: str) -> None:
    entry = _only(_rss(_item(pubDate=date)))
    assert (entry.published, entry.published_from) == (None, None)


def test_bad_input_60_scripts_in_titles_and_texts_are_gone() -> None:
    entry = _only(
        _rss(
            _item(
                escape(escape("[x](javascript:y) <script>z</script>")), description=escape("<p>a<script>b</script></p>")
            )
        )
    )
    assert (entry.title, entry.body) == ("[x](javascript:y) <script>z</script>", "a")
    assert _only(_rss(_item(escape("Talks <script>z</script>end")))).title == "Talks end"


def test_bad_input_64_a_title_of_a_megabyte_is_shortened() -> None:
    assert len(_only(_rss(_item("x" * 1_000_000))).title) == 500


@pytest.mark.parametrize("reference", ["&#xD800;", "&#x110000;", "&#55296;", "&#99999999999999;"])
def test_bad_input_28_references_to_no_character_do_not_cost_the_feed(reference: str) -> None:
    assert _only(_rss(_item(f"Talks{reference} end"))).title == "Talks end"


@pytest.mark.parametrize(
    "before", ["\n\n  ", "Warning: out of memory\n", "<br />\n<b>Notice</b>: x in /y.php\n", "\ufeff"]
)
def test_bad_input_37_what_stands_before_the_xml_is_skipped(before: str) -> None:
    assert _only(before + _rss(_item())).title == "Talks end"


def test_bad_input_38_two_documents_in_one_do_not_crash() -> None:
    assert [entry.title for entry in _feed(_rss(_item("One")) + _rss(_item("Two")))] == ["One", "Two"]


def test_bad_input_32_a_cut_off_feed_keeps_its_whole_items_and_is_flagged() -> None:
    whole = _rss(_item("One", guid="1"), _item("Two", guid="2"), _item("Three", guid="3", description=LONG))
    for end in ("met again", "<description>", "/description>", "</channel>"):
        found = feed.read(whole[: whole.index(end)].encode(), source=SOURCE, now=NOW)
        assert [entry.title for entry in found.entries][:2] == ["One", "Two"]
        assert len(found.entries) == (3 if end == "</channel>" else 2)
        assert "breaks off before its end" in found.notes[0]
    assert feed.read(whole.encode(), source=SOURCE, now=NOW).notes == ()


def test_bad_input_30_nul_and_control_characters_are_stripped() -> None:
    assert _only(_rss(_item("Talks\x00\x01 e\x0bnd"))).title == "Talks end"


def test_bad_input_31_entities_that_only_html_declares_are_read() -> None:
    assert _only(_rss(_item("Talks&nbsp;end &mdash; &eacute;t&eacute;"))).title == "Talks end — été"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "big5", "shift-jis", "iso-2022-jp", "utf-8-sig"])
def test_bad_input_40_declared_encodings_are_decoded(encoding: str) -> None:
    body = _rss(_item("日本")).replace("utf-8", encoding.removesuffix("-sig"), 1)
    assert _only(body.encode(encoding)).title == "日本"


def test_bad_input_39_wrongly_declared_encodings_are_decoded_all_the_same() -> None:
    latin = _rss(_item("café")).encode("latin-1")
    assert _only(latin).title == "café"
    assert _only(_rss(_item("café")).encode(), "text/xml; charset=ISO-8859-1").title == "café"
    assert _only(_rss(_item("café")).replace("utf-8", "klingon").encode()).title == "café"
    plain = _rss(_item("Ты")).replace(' encoding="utf-8"', "").encode("koi8-r")
    assert _only(plain, "application/rss+xml; charset=koi8-r").title == "Ты"


def test_bad_input_41_utf_7_stays_inert() -> None:
    assert "<" not in _only(_rss(_item("+ADw-script+AD4-")).replace("utf-8", "utf-7")).title


def _refused_in_no_time(bomb: str) -> None:
    start = time.process_time()
    with pytest.raises(ParseError, match="entities"):
        _feed(bomb)
    with pytest.raises(ParseError, match="entities"):
        _feed(bomb.encode("utf-16"))
    assert time.process_time() - start < 2


def test_bad_input_24_a_billion_laughs_are_refused_in_no_time() -> None:
    nested = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    _refused_in_no_time(f'<!DOCTYPE r [<!ENTITY l0 "lol">{nested}]>' + _rss(_item("&l9;")).partition("?>")[2])


def test_bad_input_25_a_long_entity_named_often_is_refused_in_no_time() -> None:
    _refused_in_no_time(f'<!DOCTYPE r [<!ENTITY a "{"A" * 60_000}">]>' + _rss(_item("&a;" * 60_000)).partition("?>")[2])


def test_bad_input_26_an_external_entity_is_never_read() -> None:
    outside = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + _rss(_item("x&a;y")).partition("?>")[2]
    assert _only(outside).title in ("xy", "x&a;y")


def test_bad_input_29_a_backslash_in_a_doctype_does_not_cost_the_feed() -> None:
    odd = '<!DOCTYPE r [<!ENTITY w "a\\1\\g&#60;9>">]>' + _rss(_item("Talks end")).partition("?>")[2]
    assert _only(odd).title == "Talks end"


def test_bad_input_57_of_50_000_items_the_newest_are_kept_in_the_feeds_order_and_it_is_said() -> None:
    listed = [{"title": f"{n}", "date_published": f"{1_700_000_000 + n * 60}"} for n in range(50_000)]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": listed})
    found = feed.read(body.encode(), source=SOURCE, now=NOW)
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


def test_bad_input_33_an_empty_body_is_no_feed() -> None:
    for body in (b"", b" \n", b"\xef\xbb\xbf", b"\x00\x00"):
        with pytest.raises(ParseError, match="empty"):
            _feed(body)


def test_bad_input_34_a_login_page_is_no_feed_and_the_feeds_it_names_are_offered() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>Log in</title>"
        "<link rel='alternate' type='application/rss+xml' href='/world.rss' title='World'></head></html>"
    )
    with pytest.raises(ParseError, match=r"web page, not a feed.*https://daily\.example/world\.rss"):
        _feed(page)


def test_bad_input_35_a_json_error_is_no_feed_and_its_words_are_said() -> None:
    with pytest.raises(ParseError, match="quota exceeded"):
        _feed('{"error": "quota exceeded"}')


def test_bad_input_36_a_picture_is_no_feed() -> None:
    with pytest.raises(ParseError, match="a picture"):
        _feed(b"\x89PNG\r\n\x1a\n" + bytes(100))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_bad_input_40_wide_encodings_need_no_declaration(encoding: str) -> None:
    body = _rss(_item("Ж")).replace(' encoding="utf-8"', "")
    assert _only(body.encode(encoding)).title == "Ж"


def test_bad_input_40_letters_that_had_to_be_guessed_are_flagged() -> None:
    found = feed.read(_rss(_item("café")).replace("utf-8", "klingon").encode("latin-1"), source=SOURCE, now=NOW)
    assert found.entries[0].title == "café"
    assert "klingon" in found.notes[0]
    mixed = _rss(_item("café XX")).encode().replace(b"XX", b"caf\xe9")
    assert feed.read(mixed, source=SOURCE, now=NOW).entries[0].title == "café café"


def test_bad_input_44_impossible_dates_are_none_flagged_and_the_feeds_own_is_kept() -> None:
    found = feed.read(
        _rss(_item("One", pubDate="2099-01-01"), _item("Two", pubDate="30 Feb 2024"), _item("Three")).encode(),
        source=SOURCE,
        now=NOW,
    )
    assert [entry.published for entry in found.entries] == [None] * 3
    assert [entry.feed_at for entry in found.entries] == [datetime(2099, 1, 1, tzinfo=UTC), None, None]
    assert "2 dates can't be" in found.notes[0]


def test_bad_input_48_a_date_without_a_zone_says_so() -> None:
    with_zone, without = _feed(
        _rss(_item("One", pubDate="2024-03-05T10:00:00Z"), _item("Two", pubDate="2024-03-05T10:00:00"))
    )
    assert with_zone.published == without.published
    assert (with_zone.published_from, without.published_from) == ("feed", "feed, no zone")


@pytest.mark.parametrize("title", ["[x](javascript:alert(1))", "![](http://evil.example/x.png)"])
def test_bad_input_62_markdown_in_a_title_is_shown_literally(title: str) -> None:
    assert _only(_rss(_item(title))).title == title
    assert "](" not in borders.markdown(title)


def test_bad_input_61_a_tracking_picture_is_nowhere_in_what_is_kept() -> None:
    entry = _only(_rss(_item(description=escape("<p>Words<img src='http://tracker.example/1.gif' alt=''></p>"))))
    assert entry.body == "Words"
    assert "tracker" not in repr(entry)


def test_bad_input_63_a_formula_is_inert_in_the_pages_own_table() -> None:
    title = '=HYPERLINK("http://evil.example")'
    assert _only(_rss(_item(title))).title == title
    assert borders.csv_cell(title) == f"'{title}"


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("<title type='text'>How the &lt;blink&gt; tag works</title>", "How the <blink> tag works"),
        ("<title>AT&amp;T</title>", "AT&T"),
        ("<title type='html'>AT&amp;amp;T &lt;b&gt;grows&lt;/b&gt;</title>", "AT&T grows"),
        ("<title type='html'><![CDATA[AT&amp;T <b>grows</b>]]></title>", "AT&T grows"),
        (
            "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>AT&amp;T <b>grows</b> &lt;i></div></title>",
            "AT&T grows <i>",
        ),
    ],
)
def test_an_atom_title_is_what_its_type_says(title: str, plain: str) -> None:
    assert _only(f"<feed xmlns='http://www.w3.org/2005/Atom'><entry>{title}</entry></feed>").title == plain


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("A &lt;b&gt;bold&lt;/b&gt; &amp;amp; claim", "A bold & claim"),
        ("<![CDATA[A <b>bold</b> &amp; claim]]>", "A bold & claim"),
        ("List&lt;String&gt; in Java", "List<String> in Java"),
        ("if a &lt; b", "if a < b"),
        ("It&#146;s &amp;#8217;ere", "It’s ’ere"),
    ],
)
def test_an_rss_title_is_plain_text_unless_it_shows_that_it_is_html(title: str, plain: str) -> None:
    assert _only(_rss(_item(title))).title == plain


def test_of_several_links_the_articles_own_is_taken() -> None:
    atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://daily.example/a/'>"
        "<entry xml:base='b/'><title>T</title>"
        "<link rel='enclosure' href='x.mp3'/><link rel='alternate' type='application/pdf' href='x.pdf'/>"
        "<link href='1.html'/><link rel='alternate' hreflang='de' href='de.html'/></entry></feed>"
    )
    assert _only(atom).link == "https://daily.example/a/b/1.html"
    assert _only(_rss("<item><title>T</title><link/><guid>https://daily.example/g</guid></item>")).link is not None
    bare = _rss("<item><title>T</title><link/><guid isPermaLink='false'>https://daily.example/g</guid></item>")
    assert _only(bare).link is None


def test_a_pictures_words_are_not_the_articles() -> None:
    media = (
        '<media:content xmlns:media="http://search.yahoo.com/mrss/"><media:title>Bow</media:title>'
        "<media:description>A dent</media:description></media:content>"
    )
    for inside in (f"{media}<title>Ferry</title><description>It sank.</description>",
                   f"<title>Ferry</title><description>It sank.</description>{media}"):  # fmt: skip
        entry = _only(_rss(f"<item>{inside}</item>"))
        assert (entry.title, entry.body) == ("Ferry", "It sank.")
    assert _only(_rss(f"<item><title>Ferry</title>{media}</item>")).body == "A dent"


@pytest.mark.parametrize(
    "body",
    [
        "<rss:rss version='2.0' xmlns:rss='http://backend.userland.com/rss2'><rss:channel><rss:item>"
        "<rss:title>T</rss:title><rss:link>https://n.example/1</rss:link></rss:item></rss:channel></rss:rss>",
        "<RSS VERSION='0.91'><CHANNEL><ITEM><TITLE>T</TITLE><LINK>https://n.example/1</LINK></ITEM></CHANNEL></RSS>",
        "<CHANNEL><ITEM HREF='https://n.example/1'><TITLE>T</TITLE></ITEM></CHANNEL>",
        "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'>"
        "<channel><title>C</title></channel><item><title>T</title><link>https://n.example/1</link></item></r:RDF>",
        "<rss version='0.92'><channel><item><title>T</title><link>https://n.example/1</link></item>",
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>T</a:title>"
        "<a:link href='https://n.example/1'/></a:entry></a:feed>",
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title>T</title>"
        "<link rel='alternate' type='text/html' href='https://n.example/1'/></entry></feed>",
    ],
)
def test_every_old_format_is_read(body: str) -> None:
    entry = _only(body)
    assert (entry.title, entry.link) == ("T", "https://n.example/1")
