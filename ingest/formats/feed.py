"""Reads a feed of any format, and says what the bytes are if they are not a feed."""

from __future__ import annotations

import re
from datetime import datetime

from ingest.errors import ParseError
from ingest.formats import discover, items, json_feed, rss
from ingest.formats.items import Feed

# How files begin that servers send instead of a feed.
_MAGIC = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "packed data (gzip)"),
)
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_FEED = re.compile(rb"<(?:[\w-]+:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
#: Feeds named in the advice; a page may link to hundreds.
_OFFERED = 3
#: Bytes looked at to tell the format: comments and style sheets before a root are shorter than this.
_HEAD = 65_536


def read(body: bytes, *, source: str, now: datetime, content_type: str | None = None) -> Feed:
    """The content of an RSS, Atom or JSON feed. Has no time limit: `sources.sandbox` adds one.

    `source` is the feed's address, `content_type` the header it came with. Raises ParseError, saying what the
    bytes are instead and what to do.
    """
    head = body[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.strip(b"\x00"):
        raise ParseError("The answer is empty. If this lasts, check the feed's address in a browser.")
    for magic, name in _MAGIC:
        if head.startswith(magic):
            raise ParseError(f"This is {name}, not a feed. Check the address.")
    if head[:1] in (b"{", b"["):
        found = json_feed.items(body, content_type)
    else:
        _refuse_page(head, body, source)
        found = rss.items(body, source=source, content_type=content_type)
    return items.read(found, source=source, now=now)


def _refuse_page(head: bytes, body: bytes, source: str) -> None:
    page, root = _HTML.search(head), _FEED.search(head)
    if not page or (root and root.start() < page.start()):
        return
    named = [link.url for link in discover.links(body, source)[:_OFFERED]]
    advice = "It names no feed. Look on the site for one (RSS, Atom), and put that address into the list of feeds."
    if named:
        advice = f"It names these feeds: {' '.join(named)}. Put one of them into the list of feeds."
    raise ParseError(f"This is a web page, not a feed: perhaps a login, or the site's front page. {advice}")
