"""One attempt on a feed: fetch, parse, and say how it went."""

from __future__ import annotations

from datetime import datetime

from ingest import parse
from ingest.errors import FetchError, IngestError
from ingest.fetch import Fetcher
from ingest.models import Attempt, FeedState


def attempt(state: FeedState, fetcher: Fetcher, *, now: datetime) -> Attempt:
    """The outcome of looking at a feed once; never raises an IngestError.

    `etag` and `last_modified` are what to send next time: after an error those of the last success, so that a
    damaged answer is not taken for one that we have.
    """
    response = None
    try:
        response = fetcher.get(state.url, etag=state.etag, last_modified=state.last_modified)
        if response.status == 304:
            return Attempt(
                outcome="unchanged",
                at=now,
                status=304,
                ms=response.ms,
                etag=response.etag or state.etag,
                last_modified=response.last_modified or state.last_modified,
            )
        # The feed's own address, not the last hop's: entries must not change their source when a redirect does.
        entries = parse.feed(response.body, source=state.url, now=now, content_type=response.content_type)
    except IngestError as error:
        return Attempt(
            outcome="error",
            at=now,
            status=response.status if response else error.status if isinstance(error, FetchError) else None,
            size=len(response.body) if response else 0,
            ms=response.ms if response else 0,
            reason=str(error),
            etag=state.etag,
            last_modified=state.last_modified,
        )
    return Attempt(
        outcome="ok",
        at=now,
        status=response.status,
        size=len(response.body),
        ms=response.ms,
        etag=response.etag,
        last_modified=response.last_modified,
        entries=tuple(entries),
    )
