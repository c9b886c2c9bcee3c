"""The text of an article's page, for feeds that give a summary or a title only."""

from __future__ import annotations

import codecs
import re
import warnings
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from ingest.errors import ParseError
from ingest.models import utcnow
from ingest.text import dates, plain, tokens

#: Shorter texts are notices: a wall of cookies, a login, a video.
SHORTEST = 250
#: Of the words that the feed gives, the article has most; a notice that stands in its place has few.
SHARED_WORDS = 0.4
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WebPage:
    """The words of a page, and when it says it was published."""

    body: str = field(repr=False)
    published: datetime | None


def read(body: bytes, url: str, content_type: str | None) -> WebPage:
    """The article in the bytes of a page. Raises ParseError where there is none."""
    found = _trafilatura().bare_extraction(
        _decoded(body, content_type),
        url=url,
        favor_precision=True,
        include_comments=False,
        include_tables=False,
        with_metadata=True,
        # What the page states and nothing else: a date found in its words may be of anything.
        date_extraction_params={
            "extensive_search": False,
            "original_date": True,
            "outputformat": "%Y-%m-%dT%H:%M:%S%z",
        },
    )
    words = plain.clean((found.text if found else "") or "")
    if len(words) < SHORTEST:
        raise ParseError("The page holds no article, or too little of it.")
    # One line is one paragraph there.
    return WebPage("\n\n".join(words.split("\n")), dates.from_text(found.date, now=utcnow()) if found.date else None)


@cache
def _trafilatura() -> Any:
    """Imported when it is needed: it takes half a second and 50 MB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its way to the network, which we don't use, would like more packages
        import trafilatura
    return trafilatura


def _decoded(body: bytes, content_type: str | None) -> bytes | str:
    """With the encoding that the server declares; else it is found out from the bytes."""
    declared = _CHARSET.search(content_type or "")
    try:
        return body.decode(codecs.lookup(declared[1]).name) if declared else body
    except (LookupError, UnicodeDecodeError):
        return body


def belongs(body: str, given: str) -> bool:
    """Whether a page's text is that of the article of which a feed gave these words, and more of it."""
    words = _telling(given)
    return len(body) > len(given) and len(words & _telling(body)) >= SHARED_WORDS * len(words)


def _telling(words: str) -> set[str]:
    """The words that say what a text is of: not the short ones of English, which are in every text."""
    return {word for word in tokens.words(words) if len(word) > 3 or not word.isascii()}
