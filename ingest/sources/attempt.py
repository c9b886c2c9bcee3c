"""One attempt at a feed or at an article's page: fetch it, read it, report how that went."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from ingest.errors import FetchError, IngestError, ParseError
from ingest.fetch import rhythm
from ingest.fetch.client import PAGES, Fetcher
from ingest.fetch.robots import Robots
from ingest.formats.web_page import WebPage
from ingest.models import Attempt, FeedState
from ingest.sources import sandbox
from ingest.text import plain

#: The pages of news sites have half a megabyte of scripts; a page ten times as large is no article.
PAGE_BYTES = 5_000_000

#: What reads a page: the sandbox, or `web_page.read` in this process.
ReadPage = Callable[[bytes, str, str | None], WebPage]


def feed(state: FeedState, fetcher: Fetcher, *, now: datetime) -> Attempt:
    """The outcome of fetching and reading a feed once; never raises an IngestError.

    `etag` and `last_modified` are to be sent next time. After an error they are those of the last success, so that the
    server sends the feed again.
    """
    response = None
    whole = state.whole_at is None or abs(now - state.whole_at) >= rhythm.WHOLE_AGAIN
    etag, last_modified = (None, None) if whole else (state.etag, state.last_modified)
    try:
        response = fetcher.get(state.address, etag=etag, last_modified=last_modified)
        if response.status == 304:
            return Attempt(
                "unchanged", now, status=304, ms=response.ms, etag=response.etag or state.etag,
                last_modified=response.last_modified or state.last_modified,
                moved_to=response.moved_to or state.adopted, fresh=response.fresh,
            )  # fmt: skip
        # The feed's own address, not the last hop's: entries must not change their source when a redirect does.
        began = time.monotonic()
        found = sandbox.feed(response.body, source=state.url, now=now, content_type=response.content_type)
        parse_ms = round(1000 * (time.monotonic() - began))
    except IngestError as error:
        refused = error if isinstance(error, FetchError) else FetchError("")
        return Attempt(
            "error", now, status=response.status if response else refused.status, reason=str(error),
            size=len(response.body) if response else 0, ms=response.ms if response else 0,
            etag=state.etag, last_modified=state.last_modified,
            retry_after=refused.retry_after, gone=refused.gone and not state.adopted,
        )  # fmt: skip
    # What is odd about a feed that could be read is shown where people look for the reason of a fault: in `reason`.
    return Attempt(
        "ok", now, status=response.status, size=len(response.body), ms=response.ms, parse_ms=parse_ms,
        etag=response.etag, last_modified=response.last_modified, moved_to=response.moved_to or state.adopted,
        asked=rhythm.publisher_interval(response.body), fresh=response.fresh,
        entries=found.entries, reason=" ".join(found.notes) or None,
    )  # fmt: skip


def page(url: str, fetcher: Fetcher, robots: Robots, read: ReadPage = sandbox.page) -> WebPage:
    """The article at an address.

    Raises FetchError when it can't be fetched or robots.txt forbids it (on any redirect, too), ParseError when the
    page holds no article.
    """
    response = fetcher.get(url, accept=PAGES, max_bytes=PAGE_BYTES, check=robots.check)
    kind = (response.content_type or "text/html").partition(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml"):
        raise ParseError(f"The article's address leads to {plain.line(kind, 60)}, which is no page.")
    return read(response.body, response.url, response.content_type)
