"""Reads the text from an article's page, for feeds that give a summary or a title only."""

from __future__ import annotations

import codecs
import warnings
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from ingest.errors import ParseError
from ingest.models import utcnow
from ingest.text import charset, dates, plain, tokens

#: Shorter texts are notices: a cookie wall, a login, a video.
SHORTEST = 250
#: Share of the feed's words that the article has at least; a notice in its place has few of them.
SHARED_WORDS = 0.4
_DATE_FORMAT = "%Y-%m-%dT%H:%M:%S%z"


@dataclass(frozen=True, slots=True)
class WebPage:
    """The text of a page, and its date."""

    body: str = field(repr=False)
    published: datetime | None


def read(body: bytes, url: str, content_type: str | None) -> WebPage:
    """The article in the bytes of a page. Raises ParseError if there is none."""
    found = trafilatura().bare_extraction(
        _decoded(body, content_type),
        url=url,
        favor_precision=True,
        include_comments=False,
        include_tables=False,
        with_metadata=True,
        # Only a date that the page states: one found in its text may be of anything.
        date_extraction_params={"extensive_search": False, "original_date": True, "outputformat": _DATE_FORMAT},
    )
    words = plain.clean((found.text if found else "") or "")
    if len(words) < SHORTEST:
        raise ParseError("The page holds no article, or too little of it.")
    # trafilatura gives one line for each paragraph.
    return WebPage("\n\n".join(words.split("\n")), dates.from_text(found.date, now=utcnow()) if found.date else None)


@cache
def trafilatura() -> Any:
    """trafilatura, imported only when needed: it takes half a second and 50 MB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its downloader, which we don't use, warns of missing packages
        import trafilatura as library
    return library


def _decoded(body: bytes, content_type: str | None) -> bytes | str:
    """The page decoded as the server declares; else its bytes, for trafilatura to decode."""
    declared = charset.IN_HEADER.search(content_type or "")
    try:
        return body.decode(codecs.lookup(declared[1]).name) if declared else body
    except (LookupError, UnicodeDecodeError):
        return body


def belongs(body: str, given: str) -> bool:
    """Whether a page's text is a longer text of the article of which a feed gave the words `given`."""
    words = _content_words(given)
    return len(body) > len(given) and len(words & _content_words(body)) >= SHARED_WORDS * len(words)


def _content_words(words: str) -> set[str]:
    """The words that are not in every text: without the short ones of English."""
    return {word for word in tokens.words(words) if len(word) > 3 or not word.isascii()}
