"""Finds the feeds that a web page names, and the addresses where sites usually keep theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree, html  # type: ignore[import-untyped]

from ingest.text import plain, urls

#: Tried in this order if a page names no feed.
COMMON = ("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/feed.json")

_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml")
#: Addresses that sites link to in their text: "RSS", "/feeds/world.xml".
_LOOKS_LIKE = re.compile(r"(?:^|[/._-])(?:rss|atom|feeds?)(?:$|[/._?-])|\.(?:rss|atom|rdf)(?:$|\?)", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</title>", re.DOTALL | re.IGNORECASE)
_HEAD = 200_000


@dataclass(frozen=True, slots=True)
class Link:
    """A feed that a page names."""

    url: str
    title: str  #: what the page calls it; may be empty


def links(page: bytes, base: str) -> list[Link]:
    """The feeds that a page names, each once: those it declares in its head, else those that it links to."""
    try:
        tree = html.document_fromstring(page[: 20 * _HEAD])
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, UnicodeDecodeError):
        return []
    home = next((urls.web_address(tag.get("href"), base) for tag in tree.iter("base")), None) or base
    return list(_distinct(_declared(tree), home)) or list(_distinct(_linked(tree), home))


def common(base: str) -> list[Link]:
    """The addresses where sites usually keep their feeds."""
    parts = urlsplit(base)
    return [Link(f"{parts.scheme}://{parts.netloc}{path}", "") for path in COMMON]


def title(feed: bytes) -> str:
    """A feed's own title; empty if it has none."""
    head = feed.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"{":
        try:
            found = json.loads(head).get("title")
        except (ValueError, AttributeError, RecursionError):
            return ""
        return plain.line(found, 200) if isinstance(found, str) else ""
    hit = _TITLE.search(head[:_HEAD])
    # The first title is the feed's own, unless an item comes before it.
    if not hit or re.search(rb"<(?:item|entry)[\s>]", head[: hit.start()]):
        return ""
    declared = re.search(rb"""encoding\s*=\s*["']([\w.:-]+)""", head[:200])
    try:
        words = hit[1].decode(declared[1].decode() if declared else "utf-8", "replace")
    except LookupError:
        words = hit[1].decode("utf-8", "replace")
    try:
        return plain.line(html.fromstring(f"<p>{words}</p>").text_content(), 200)
    except (etree.ParserError, ValueError):
        return ""


def _declared(tree: Any) -> Iterator[tuple[str, str]]:
    for tag in tree.iter("link"):
        kind = (tag.get("type") or "").split(";")[0].strip().lower()
        if "alternate" in (tag.get("rel") or "").lower().split() and kind in _TYPES:
            yield tag.get("href") or "", tag.get("title") or ""


def _linked(tree: Any) -> Iterator[tuple[str, str]]:
    for tag in tree.iter("a"):
        address = tag.get("href") or ""
        if _LOOKS_LIKE.search(address.partition("#")[0]):
            yield address, tag.text_content() or ""


def _distinct(found: Iterator[tuple[str, str]], base: str) -> Iterator[Link]:
    seen = set()
    for address, name in found:
        url = urls.web_address(address, base)
        if url and (key := urls.canonical(url)) not in seen:
            seen.add(key)
            yield Link(url, plain.line(name, 200))
