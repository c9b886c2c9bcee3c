"""RSS and Atom, through feedparser: from bytes only, its HTTP, sanitiser and URL resolver unused."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

import feedparser

from ingest.errors import ParseError
from ingest.items import Item

log = logging.getLogger(__name__)

_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_CONTROL = bytes(byte for byte in range(0x20) if byte not in b"\t\n\r")
_ROOT = re.compile(rb"<\?xml\s|<(?:rss|feed|rdf:RDF|RDF|channel)[\s>]|<!DOCTYPE", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_LAST_ITEM = re.compile(rb"<(/?)(?:item|entry)[\s>]")
_ENTITY = re.compile(rb"<!ENTITY\s+(?:%\s+)?[^\s>]+\s+(?:\"([^\"]*)\"|'([^']*)')")
#: Feeds that declare entities at all declare a few characters.
_ENTITIES_LENGTH = 5_000
_XML_ENCODING = re.compile(rb"\s*<\?xml[^>]*encoding\s*=", re.IGNORECASE)


def items(body: bytes, content_type: str | None = None) -> tuple[list[Item], str | None]:
    """The items of an RSS or Atom document, and the address that the feed gives for its site.

    An item that the document's end cuts off is left out. Raises ParseError when there is no feed in it.
    """
    body = _from_root(body)
    _refuse_bomb(body)
    parsed = _parsed(body, content_type)
    found = list(parsed["entries"])
    if not parsed["version"] and not found:
        raise ParseError("This is neither RSS nor Atom nor JSON Feed. Check the feed's address in a browser.")
    if found and _cut_off(body):
        log.warning("the feed ends in the middle of an item; the %d before it are read", len(found) - 1)
        found.pop()
    feed = parsed["feed"]
    atom = str(parsed["version"]).startswith("atom")
    return [_item(entry, feed, atom) for entry in found], _text(feed, "link")


def _parsed(body: bytes, content_type: str | None) -> Any:
    headers = {"content-type": f"application/xml{_charset(body, content_type)}"}
    try:
        return _feedparser(body, headers)
    # feedparser raises whatever its parts raise: for character references that can't be, for some DOCTYPEs.
    except Exception as first:
        log.info("mending a feed that feedparser can't read: %r", first)
        try:
            return _feedparser(_mended(body), headers)
        except Exception as error:
            raise ParseError(
                f"The feed is damaged and can't be read ({type(error).__name__}). "
                "Tell its publisher, or take it off the list."
            ) from error


def _feedparser(body: bytes, headers: dict[str, str]) -> Any:
    return feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )


def _charset(body: bytes, content_type: str | None) -> str:
    # Bytes that are UTF-8 are UTF-8, whatever the server and the declaration say; escapes and NULs belong to
    # encodings that only look like it (ISO-2022-JP, UTF-16).
    if b"\x00" not in body and b"\x1b" not in body:
        try:
            body.decode()
        except UnicodeDecodeError:
            pass
        else:
            return "; charset=utf-8"
    declared = _CHARSET.search(content_type or "")
    return f"; charset={declared[1]}" if declared and not _XML_ENCODING.match(body) else ""


def _from_root(body: bytes) -> bytes:
    """Without what a careless server puts before the XML: warnings, blank lines."""
    found = _ROOT.search(body)
    return body[found.start() :] if found and found.start() else body


def _refuse_bomb(body: bytes) -> None:
    values = [one or other for one, other in _ENTITY.findall(body)]
    # An entity made of entities multiplies; a long one, named often, does too.
    if any(re.search(rb"&[^#]", value) for value in values) or sum(map(len, values)) > _ENTITIES_LENGTH:
        raise ParseError("The feed declares entities that multiply, as attacks do. Tell its publisher; it is not read.")


def _mended(body: bytes) -> bytes:
    return _DOCTYPE.sub(b"", _REFERENCE.sub(_valid_reference, body), count=1).translate(None, _CONTROL)


def _valid_reference(found: re.Match[bytes]) -> bytes:
    digits = found[1] or found[2]
    if len(digits) > 7:
        return b""
    code = int(digits, 16 if found[1] else 10)
    return found[0] if 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else b""


def _cut_off(body: bytes) -> bool:
    # Tags inside of CDATA mislead this only where the document has no end.
    tail = body[-400:].lower()
    if any(end in tail for end in (b"</rss", b"</feed", b"</rdf", b"</channel")) or b"\x00" in tail:
        return False
    tags = _LAST_ITEM.findall(body)
    return bool(tags) and not tags[-1]


def _item(entry: Any, feed: Any, atom: bool) -> Item:
    contents = dict.get(entry, "content") or ()
    content = max((str(part.get("value") or "") for part in contents), key=len, default="")
    guid = _text(entry, "id")
    link = _text(entry, "feedburner_origlink") or _text(entry, "link")
    if link and link == guid and "/" not in link:
        # feedparser takes any guid for a permanent link; `12345` would become an address.
        link = None
    published = _text(entry, "published") or _text(entry, "created")
    updated = _text(entry, "updated")
    if not atom and not published:
        # RSS knows one date; `dc:date`, which feedparser calls an update, is when the item was published.
        published, updated = updated, None
    declared = (_text(part, "language") for part in (*contents, dict.get(entry, "title_detail") or {}))
    return Item(
        title=_text(entry, "title") or "",
        content=content,
        summary=_text(entry, "summary") or "",
        link=link,
        guid=guid,
        author=_text(dict.get(entry, "author_detail") or {}, "name") or _text(entry, "author"),
        published=published,
        updated=updated,
        language=next((tag for tag in declared if tag), None) or _text(entry, "language") or _text(feed, "language"),
    )


def _text(node: Any, key: str) -> str | None:
    # dict.get: feedparser's own answers `updated` with `published`, and warns.
    value = dict.get(node, key)
    return value.strip() or None if isinstance(value, str) else None
