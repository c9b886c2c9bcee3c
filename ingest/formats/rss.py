"""Reads RSS, RDF, Atom and CDF with feedparser, without its HTTP client, sanitiser and URL resolver."""

from __future__ import annotations

import html
import io
import logging
import re
import xml.sax
from typing import Any
from xml.parsers.expat import ExpatError
from xml.sax.expatreader import ExpatParser
from xml.sax.xmlreader import InputSource

from feedparser.api import LooseFeedParser, StrictFeedParser

from ingest.errors import ParseError
from ingest.formats import doctype
from ingest.formats.items import Item, RawFeed
from ingest.text import charset

log = logging.getLogger(__name__)

_ROOT = re.compile(r"<\?xml\s|<(?:[\w-]+:)?(?:rss|feed|RDF|channel)[\s>]|<!DOCTYPE", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")
#: Characters that XML 1.0 does not allow, even as references.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_CDATA = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
_BARE = re.compile(r"&(?!(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z_][\w.-]*);)|<(?![A-Za-z_/!?])")
_LAST_ITEM = re.compile(r"<(/?)(?:[\w-]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_END = re.compile(r"</(?:[\w-]+:)?(?:rss|feed|RDF|channel)\s*>", re.IGNORECASE)
_ENDS = ("</rss", "</feed", "</rdf", "</channel", ":rss>", ":feed>")

#: Depth of nested elements; feeds need far less, and feedparser takes time that grows with its square.
_DEEPEST = 2_000
#: expat's errors for a document that ends too early: no root, an open tag, half a character, an open CDATA section.
_STOPS = frozenset((3, 5, 6, 20))
#: … for something after the root; and a number for errors that are not expat's.
_JUNK, _UNKNOWN = 9, -1

#: Signs that a title is HTML: an end tag, an entity, a tag that has no end or has attributes.
_TITLE_MARKUP = re.compile(
    r"</[a-z][a-z0-9]*\s*>|&(?:#[0-9]+|#x[0-9a-f]+|[a-z][a-z0-9]*);|<(?:br|img|wbr|hr)\b|<[a-z]+\s[^<>]*=|"
    r"^\s*<(?:a|b|i|u|p|em|div|font|span|strong)>",
    re.IGNORECASE,
)
#: Signs that a text declared as plain is HTML: many Atom feeds forget its `type`.
_TEXT_MARKUP = re.compile(r"</(?:p|a|b|i|em|strong|div|span|ul|ol|li|h[1-6]|blockquote|table)\s*>|<(?:br|img)\b", re.I)


def items(body: bytes, *, source: str, content_type: str | None = None) -> RawFeed:
    """The items of an RSS, RDF, Atom or CDF document, and the address it gives for its site.

    An item that is cut off by the document's end is left out. Raises ParseError if there is no feed in it.
    """
    text, guessed = charset.decoded(body, content_type)
    text = _CONTROL.sub("", _from_root(text))
    doctype.refuse_bomb(text)
    parsed, cut_off = _parsed(text)
    found = list(parsed.entries)
    if not parsed.version and not found:
        raise ParseError("This is neither RSS nor Atom nor JSON Feed. Check the feed's address in a browser.")
    notes = [guessed] if guessed else []
    if cut_off:
        if parsed.inentry and found:
            found.pop()
        notes.append(f"The feed breaks off before its end: the {len(found)} whole items in it are read.")
    feed = parsed.feeddata
    atom = str(parsed.version).startswith("atom")
    # The base of an Atom feed's relative links is its address (RFC 4287); for RSS, which has no rule, its link is best.
    home = None if atom and source.startswith(("http://", "https://")) else _text(feed, "link")
    return RawFeed([_item(entry, feed, atom) for entry in found], home, tuple(notes))


# -- feedparser -------------------------------------------------------------------------------------------------------


class _Expat(ExpatParser):
    """Python's SAX driver with text in large pieces: small ones take most of feedparser's time."""

    def reset(self) -> None:
        super().reset()
        self._parser.buffer_text = True  # type: ignore[attr-defined]
        self._parser.buffer_size = 65_536  # type: ignore[attr-defined]


class _FeedparserFixes:
    """Corrects feedparser: a picture's description is not the item's, and a guid is not always a link."""

    def unknown_starttag(self, tag: str, attributes: Any) -> None:
        if self.depth > _DEEPEST:  # type: ignore[attr-defined]
            raise ParseError(f"The feed nests elements {_DEEPEST:,} deep, as attacks do. It is not read.")
        super().unknown_starttag(tag, attributes)  # type: ignore[misc]

    def _start_media_description(self, _: Any) -> None:
        self.push("aside", 0)  # type: ignore[attr-defined]

    def _end_media_description(self) -> None:
        value = self.pop("aside")  # type: ignore[attr-defined]
        self._get_context().setdefault("aside", value)  # type: ignore[attr-defined]

    def _end_dc_title(self) -> None:
        # It replaces a missing title at whatever depth.
        depth: int = self.title_depth  # type: ignore[has-type]
        super()._end_dc_title()  # type: ignore[misc]
        self.title_depth = depth

    def _start_guid(self, attributes: Any) -> None:
        permanent = str(attributes.get("ispermalink", "true")).strip().lower() != "false"
        super()._start_guid({**attributes, "ispermalink": "true" if permanent else "false"})  # type: ignore[misc]
        self._get_context()["permanent"] = permanent  # type: ignore[attr-defined]


class _Strict(_FeedparserFixes, StrictFeedParser):  # type: ignore[misc]
    resolve_relative_uris = sanitize_html = False


class _Loose(_FeedparserFixes, LooseFeedParser):  # type: ignore[misc]
    resolve_relative_uris = sanitize_html = False


def _parsed(text: str) -> tuple[Any, bool]:
    """feedparser's result for a document, and whether the document's end is missing."""
    for mend in (str, _mended):
        text = mend(text)
        document, version, entities = doctype.replaced(text)
        strict, error = _strict(document, version)
        if error is None:
            return strict, False
        if error in _STOPS and strict.entries:
            return strict, True
        if error == _JUNK and (end := _END.search(document)) and not _LAST_ITEM.search(document, end.end()):
            return strict, False
    loose = _Loose("", None, "utf-8", entities)
    loose.version = version
    try:
        loose.feed(document)
    except (ParseError, MemoryError):
        raise
    # feedparser raises whatever its parts raise. The items read until then are complete.
    except Exception as error:
        best = max(strict, loose, key=lambda parser: len(parser.entries))
        if not best.entries:
            advice = "Tell its publisher, or take it off the list."
            raise ParseError(f"The feed is damaged and can't be read ({type(error).__name__}). {advice}") from error
        return best, True
    return loose, bool(loose.inentry) and _cut_off(text)


def _strict(document: str, version: str) -> tuple[Any, int | None]:
    """The strict parser's result, and expat's number for the error that stopped it."""
    handler = _Strict("", None, "utf-8")
    handler.version = version
    source = InputSource()
    source.setEncoding("utf-8")
    source.setByteStream(io.BytesIO(document.encode()))
    driver = _Expat(namespaceHandling=1)
    driver.setFeature(xml.sax.handler.feature_external_ges, False)
    driver.setContentHandler(handler)
    driver.setErrorHandler(handler)
    try:
        driver.parse(source)
    except xml.sax.SAXParseException as error:
        cause = error.getException()
        return handler, cause.code if isinstance(cause, ExpatError) else _UNKNOWN
    except (ParseError, MemoryError):
        raise
    # Undeclared namespaces, and whatever feedparser's handlers raise for unexpected values.
    except Exception as error:
        log.info("feedparser's strict parser stopped: %r", error)
        return handler, _UNKNOWN
    return handler, None


# -- documents --------------------------------------------------------------------------------------------------------


def _from_root(text: str) -> str:
    """The text without what some servers put before the XML (warnings, blank lines), and without the declaration."""
    found = _ROOT.search(text)
    return _DECLARATION.sub("", text[found.start() :] if found else text, count=1).lstrip()


def _mended(text: str) -> str:
    """The text with every bare `&` and `<` escaped, and without references to invalid characters."""
    parts = _CDATA.split(text)
    parts[::2] = [_REFERENCE.sub(_valid_reference, part) for part in parts[::2]]
    parts[::2] = [_BARE.sub(lambda bare: html.escape(bare[0]), part) for part in parts[::2]]
    return "".join(parts)


def _valid_reference(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    if len(digits) > 7:
        return ""
    code = int(digits, 16 if found[1] else 10)
    valid = code in (9, 10, 13) or (0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF)
    return found[0] if valid and code not in (0xFFFE, 0xFFFF) else ""


def _cut_off(text: str) -> bool:
    # Tags inside CDATA can mislead this, but only if the document has no end.
    if any(end in text[-400:].lower() for end in _ENDS):
        return False
    tags = _LAST_ITEM.findall(text)
    return bool(tags) and not tags[-1]


# -- items ------------------------------------------------------------------------------------------------------------


def _item(entry: Any, feed: Any, atom: bool) -> Item:
    contents = [part for part in dict.get(entry, "content") or () if _is_text(part)]
    content = max((_html(part, atom) for part in contents), key=len, default="")
    summary = dict.get(entry, "summary_detail")
    aside = html.escape(_text(entry, "aside") or "", quote=False)
    guid = _text(entry, "id")
    link = _text(entry, "feedburner_origlink") or _link(entry, atom)
    if not link and dict.get(entry, "permanent"):
        link = guid  # an empty link keeps feedparser from taking it
    if link and link == guid and "/" not in link:
        # feedparser takes any guid for a link; `12345` would become an address.
        link = None
    published = _text(entry, "published") or _text(entry, "created")
    updated = _text(entry, "updated")
    if not atom and not published:
        # RSS has one date; `dc:date`, an update for feedparser, is when the item was published.
        published, updated = updated, None
    declared = (_text(part, "language") for part in (*contents, dict.get(entry, "title_detail") or {}))
    return Item(
        title=_title(entry, atom),
        content=content,
        summary=(_html(summary, atom) if summary else _text(entry, "summary") or "") or aside,
        link=link,
        guid=guid,
        author=_text(dict.get(entry, "author_detail") or {}, "name") or _text(entry, "author"),
        published=published,
        updated=updated,
        language=next((tag for tag in declared if tag), None) or _text(entry, "language") or _text(feed, "language"),
    )


def _link(entry: Any, atom: bool) -> str | None:
    """The article's address: in Atom the first alternate, HTML preferred, where feedparser takes the last."""
    links = dict.get(entry, "links") or () if atom else ()
    alternates = [each for each in links if _text(each, "rel") == "alternate" and _text(each, "href")]
    best = sorted(alternates, key=lambda each: _text(each, "type") not in ("text/html", "application/xhtml+xml"))
    return _text(best[0], "href") if best else _text(entry, "link")


def _title(entry: Any, atom: bool) -> str:
    """The title as HTML. Atom declares its type; in RSS it is plain text unless it looks like HTML."""
    title = _text(entry, "title") or ""
    plain = _text(dict.get(entry, "title_detail") or {}, "type") == "text/plain" if atom else "<" in title
    return title if not plain or (not atom and _TITLE_MARKUP.search(title)) else html.escape(title, quote=False)


def _html(part: Any, atom: bool) -> str:
    value = _text(part, "value") or ""
    plain = atom and _text(part, "type") == "text/plain" and not _TEXT_MARKUP.search(value)
    return html.escape(value, quote=False) if plain else value


def _is_text(part: Any) -> bool:
    kind = _text(part, "type") or ""
    return kind.startswith("text/") or kind.endswith("xml") or not kind


def _text(node: Any, key: str) -> str | None:
    # dict.get: feedparser's own `get` returns `published` for `updated`, and warns.
    value = dict.get(node, key)
    return value.strip() or None if isinstance(value, str) else None
