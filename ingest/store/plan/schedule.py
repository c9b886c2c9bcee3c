"""When each feed is asked again. It stands in the record, so that a restart asks nobody twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from ingest.fetch import rhythm
from ingest.fetch.rhythm import Pause
from ingest.models import MOVED_AFTER, Attempt, FeedState
from ingest.store import schema

_src = schema.source.c


def due(connection: Connection, now: datetime) -> list[FeedState]:
    """The feeds whose time has come, the longest waiting first; those that are gone for good are not asked."""
    question = (
        select(schema.source)
        .where(
            _src.kind == "feed",
            _src.listed,
            _src.retired_at.is_(None),
            or_(_src.next_at.is_(None), _src.next_at <= now, _src.last_attempt_at > rhythm.clock_was_ahead(now)),
        )
        .order_by(_src.next_at)
    )
    return [_state(row) for row in connection.execute(question)]


def _state(row: Row[Any]) -> FeedState:
    return FeedState(
        source_id=row.id,
        url=row.key,
        name=row.name,
        etag=row.etag,
        last_modified=row.last_modified,
        failures=row.failures,
        language=row.language,
        interval=_length(row.interval_seconds),
        asked=_length(row.asked_seconds),
        whole_at=row.whole_at,
        moved_to=row.moved_to,
        moved_seen=row.moved_seen,
        full_text=row.full_text,
    )


def after(state: FeedState, attempt: Attempt, pause: Pause) -> dict[str, Any]:
    """What an attempt on a feed changes in its row: when it is asked again, and all that the next request needs."""
    common = {"last_attempt_at": attempt.at, "last_error": attempt.reason, "interval_seconds": _seconds(pause.interval)}
    next_at = attempt.at + pause.length
    if attempt.outcome == "error":
        values = common | {"failures": state.failures + 1, "next_at": next_at, "state": "failing"}
        if state.adopted:
            values["moved_seen"] = 0  # its new address fails: the one in the list of feeds is asked next
        return values | ({"state": "gone", "retired_at": attempt.at, "next_at": None} if attempt.gone else {})
    seen = 0
    if attempt.moved_to:
        seen = min(state.moved_seen, MOVED_AFTER) + 1 if attempt.moved_to == state.moved_to else 1
    values = common | {
        "failures": 0,
        "next_at": next_at,
        "state": "ok",
        "last_success_at": attempt.at,
        "moved_to": attempt.moved_to,
        "moved_seen": seen,
    }
    if attempt.outcome == "unchanged":
        return values | {"whole_at": state.whole_at or attempt.at}
    # Kept from a whole answer only: after a broken one the next request must bring everything again.
    return values | {
        "etag": attempt.etag,
        "last_modified": attempt.last_modified,
        "whole_at": attempt.at,
        "asked_seconds": _seconds(attempt.asked),
    }


def _length(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else round(min(length, rhythm.LONGEST).total_seconds())
