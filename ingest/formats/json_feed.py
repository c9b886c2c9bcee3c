"""Reads JSON Feed 1.x (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import html
import json
from typing import Any

from ingest.errors import ParseError
from ingest.formats.items import Item, RawFeed
from ingest.text import charset, plain


def items(body: bytes, content_type: str | None = None) -> RawFeed:
    """The items of a JSON Feed, and the address it gives for its site.

    Raises ParseError for broken JSON and for JSON that is not a feed (usually an error message).
    """
    words, guessed = charset.decoded(body, content_type)
    try:
        feed = json.loads(words, strict=False)
    except (ValueError, RecursionError) as error:
        problem = plain.line(str(error), 100)
        raise ParseError(f"This begins like JSON but isn't ({problem}). Check the address.") from error
    found = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(found, list) or "jsonfeed.org" not in str(feed.get("version")):
        advice = "Check the address, or whether the site wants a key."
        raise ParseError(f"This is JSON, but no feed ({plain.line(words[:300], 120)}). {advice}")
    language = _text(feed, "language")
    return RawFeed(
        [_item(item, language) for item in found if isinstance(item, dict)],
        _text(feed, "home_page_url"),
        (guessed,) if guessed else (),
    )


def _item(item: dict[str, Any], language: str | None) -> Item:
    unmarked = _text(item, "content_text") or ""
    guid = item.get("id")
    return Item(
        # Titles and plain text are not HTML: what looks like markup in them is text.
        title=html.escape(_text(item, "title") or "", quote=False),
        content=_text(item, "content_html") or html.escape(unmarked, quote=False),
        summary=html.escape(_text(item, "summary") or "", quote=False),
        link=_text(item, "url") or _text(item, "external_url"),
        # The specification allows readers to turn a number into text.
        guid=str(guid) if isinstance(guid, str | int | float) and not isinstance(guid, bool) else None,
        author=_author(item),
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        language=_text(item, "language") or language,
    )


def _author(item: dict[str, Any]) -> str | None:
    # Version 1.0 has one `author`, 1.1 a list of `authors`.
    authors = item.get("authors")
    people = authors if isinstance(authors, list) else [item.get("author")]
    names = [name for person in people if isinstance(person, dict) and (name := _text(person, "name"))]
    return html.escape(", ".join(names), quote=False) or None


def _text(node: dict[str, Any], key: str) -> str | None:
    value = node.get(key)
    return value.strip() or None if isinstance(value, str) else None
