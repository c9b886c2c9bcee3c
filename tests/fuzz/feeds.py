# ruff: noqa: E501 - what is written here must stand as it is
"""Feeds of every format, written for this project: what the fuzz run starts from."""

from __future__ import annotations

import json

_RSS2 = """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="/style.xsl"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel><title>The Quay Gazette</title><link>https://quay.example/</link><description>Harbour news</description>
<atom:link href="https://quay.example/feed" rel="self" type="application/rss+xml"/><language>en-gb</language>
<ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod><image><url>/logo.png</url><title>Logo</title><link>/</link></image>
<item><title>Ferry &amp;amp; tug collide&nbsp;&#8211; nobody hurt</title><link>https://quay.example/a?id=1&amp;utm_source=rss</link>
<guid isPermaLink="false">quay-1</guid><pubDate>Tue, 05 Mar 2024 10:00:00 +0100</pubDate><dc:creator>Mina Hale</dc:creator>
<category>Harbour</category><description>&lt;p&gt;The &lt;b&gt;ferry&lt;/b&gt; turned late.&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>The <b>ferry</b> turned late.</p><script>x()</script><ul><li>one<li>two</ul>]]></content:encoded>
<media:content url="https://quay.example/1.jpg" medium="image"><media:title>Bow</media:title>
<media:description>A dent</media:description></media:content><enclosure url="https://quay.example/1.mp3" length="1"/></item>
<item><title><![CDATA[Mayor <i>Orr</i> resigns]]></title><link>/b</link><guid>https://quay.example/b</guid>
<dc:date>2024-03-06T08:15:00Z</dc:date><itunes:summary>Short.</itunes:summary><source url="https://x.example/f">X</source>
<description><![CDATA[He <a href="javascript:x()">left</a> at noon.]]></description></item>
<item><guid>12345</guid><description>No title here, but words that will do.</description>
<pubDate>Wed, 6 March 2024 3:07 pm EST</pubDate></item></channel></rss>"""

_RSS091 = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd"
[<!ENTITY house "Orr &#38; Sons">]>
<rss version="0.91"><channel><title>Caf\xe9 post</title><link>http://cafe.example</link><language>fr</language>
<item><title>Le pont ferm\xe9 par &house;</title><link>http://cafe.example/1.html</link>
<description>Jusqu'\xe0 lundi</description></item>
<item><title>5 &lt; 6</title><link>http://cafe.example/2.html</link><pubDate>5 mars 2024</pubDate></item></channel></rss>"""

_RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://rdf.example/"><title>RDF</title><link>https://rdf.example/</link>
<items><rdf:Seq><rdf:li resource="https://rdf.example/1"/></rdf:Seq></items></channel>
<item rdf:about="https://rdf.example/1"><title>Dyke holds</title><link>https://rdf.example/1</link>
<dc:date>2024-03-05T14:30:00+09:00</dc:date><dc:creator>K. Ito</dc:creator><description>It held.</description></item>
</rdf:RDF>"""

_ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://atom.example/x/">
<title>Bote</title><id>urn:uuid:1</id><updated>2024-03-06T08:00:00Z</updated><link href="/"/><link rel="self" href="feed"/>
<entry><id>tag:atom.example,2024:1</id><title type="html">Gr&amp;uuml;ne &lt;em&gt;siegen&lt;/em&gt;</title>
<link rel="alternate" href="1.html"/><link rel="replies" href="1/comments"/><published>2024-03-05T10:00:00+01:00</published>
<updated>2024-03-06T08:00:00Z</updated><author><name>A. Bit</name><email>a@atom.example</email></author>
<summary type="text">Kurz &lt;b&gt;gesagt&lt;/b&gt;</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>Langer <br/>Text &amp; mehr</p><svg xmlns="http://www.w3.org/2000/svg"><title>no</title></svg></div></content></entry>
<entry xml:base="sub/"><id>2</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Zwei <b>Tore</b></div></title>
<link href="2.html"/><updated>2024-03-06</updated><content type="text/plain" src="https://atom.example/2.txt"/>
<source><title>Other</title><id>o</id><updated>2001-01-01T00:00:00Z</updated></source></entry></feed>"""

_ATOM03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title mode="escaped" type="text/html">Old &lt;i&gt;one&lt;/i&gt;</title>
<entry><title>First</title><link rel="alternate" type="text/html" href="http://old.example/1"/><id>tag:old.example:1</id>
<issued>2004-01-05T09:00:00-05:00</issued><modified>2004-01-06T09:00:00Z</modified>
<content type="text/html" mode="base64">PHA+SGVsbG88L3A+</content></entry></feed>"""

_CDF = """<CHANNEL HREF="http://cdf.example/" LASTMOD="2004-01-05T10:00Z"><TITLE>CDF</TITLE>
<ITEM HREF="http://cdf.example/1" LASTMOD="2004-01-05T10:00Z"><TITLE>One</TITLE><ABSTRACT>Words</ABSTRACT></ITEM></CHANNEL>"""

_LOOSE = """<rss><channel><title>Loose & broken</title><item><title>AT&T <b>buys</title><link>http://l.example/?a=1&b=2</link>
<description>Unclosed <p>para & <br> more</description><pubDate>2016/6/29 15:07:41</pubDate><item><title>Second</title></channel>"""

_JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "home_page_url": "https://j.example/",
        "items": [
            {"id": "1", "url": "/1", "title": "One <two>", "content_html": "<p>Hi</p>", "date_published": "2024-03-05T10:00:00Z"},
            {"id": 2, "content_text": "Plain", "authors": [{"name": "Bo"}], "date_modified": "2024-03-06", "summary": None},
        ],
    },
    indent=1,
)  # fmt: skip

SEEDS: tuple[bytes, ...] = (
    _RSS2.encode(),
    _RSS091.encode("latin-1"),
    _RDF.encode(),
    _ATOM.encode(),
    _ATOM03.encode(),
    _CDF.encode(),
    _LOOSE.encode(),
    _JSON.encode(),
    _RSS2.replace("UTF-8", "UTF-16").encode("utf-16"),
    _ATOM.replace("utf-8", "shift_jis").replace("siegen", "勝利").encode("shift_jis"),
)
