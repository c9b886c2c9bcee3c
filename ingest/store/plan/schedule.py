"""When each feed is fetched next. It is kept in the record, so that a restart fetches nothing twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, update

from ingest.fetch import rhythm
from ingest.fetch.rhythm import Pause
from ingest.models import MOVED_AFTER, Attempt, FeedState, Outcome
from ingest.store import rows, schema
from ingest.store.plan import coverage

_src = schema.source.c

#: Fields of a feed's state that its row has under the same name, and those that an attempt shares with its row.
_AS_STORED = ("name", "etag", "last_modified", "failures", "language", "whole_at", "moved_to", "moved_seen")
_OF_ATTEMPT = ("at", "outcome", "status", "ms", "parse_ms")


def due(connection: Connection, now: datetime) -> list[FeedState]:
    """The feeds whose time has come, the longest waiting first; those that are gone for good are not asked."""
    question = select(schema.source).where(is_due(now)).order_by(_src.next_at)
    return [_state(row) for row in connection.execute(question)]


def is_due(now: datetime) -> ColumnElement[bool]:
    """Whether a row of sources is a feed whose time has come."""
    time = or_(_src.next_at.is_(None), _src.next_at <= now, _src.last_attempt_at > rhythm.clock_was_ahead(now))
    return and_(_src.kind == "feed", _src.listed, _src.retired_at.is_(None), time)


def _state(row: Row[Any]) -> FeedState:
    facts = {name: getattr(row, name) for name in _AS_STORED}
    facts |= {"interval": _length(row.interval_seconds), "asked": _length(row.asked_seconds)}
    return FeedState(source_id=row.id, url=row.key, full_text=row.full_text, **facts)


def only_listed(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Makes these the feeds that are listed; one that leaves the list keeps its articles."""
    left = {"listed": False, "unlisted_at": now}
    connection.execute(update(schema.source).where(_src.kind == "feed", _src.listed, _src.id.not_in(ids)).values(left))


def note_attempt(connection: Connection, state: FeedState, attempt: Attempt, pause: Pause, brought: Outcome) -> None:
    """Keeps what an attempt on a feed brought, when it is asked again, and all that the next request needs."""
    _note(connection, state.source_id, attempt, brought, _after(state, attempt, pause))


def note_folder(connection: Connection, source_id: int, attempt: Attempt, brought: Outcome) -> None:
    """Keeps what a pass over the seed folder brought; its faults are the attempt's reason."""
    values: dict[str, Any] = {"last_attempt_at": attempt.at, "last_error": attempt.reason}
    ok: dict[str, Any] = {"state": "ok", "failures": 0, "last_success_at": attempt.at}
    values |= ok if attempt.outcome == "ok" else {"state": "failing", "failures": 1}
    _note(connection, source_id, attempt, brought, values)


def note_archive(connection: Connection, source_ids: Collection[int], now: datetime) -> None:
    """Keeps that an archive with articles of these sources was read."""
    values = {"last_attempt_at": now, "last_success_at": now, "state": "ok"}
    for part in rows.parts(source_ids):
        connection.execute(update(schema.source).where(_src.id.in_(part)).values(values))


def _note(connection: Connection, id_: int, attempt: Attempt, brought: Outcome, values: dict[str, Any]) -> None:
    connection.execute(update(schema.source).where(_src.id == id_).values(**values))
    coverage.note(connection, id_, attempt.at, ok=attempt.outcome != "error", articles=brought.added)
    facts = {name: getattr(attempt, name) for name in _OF_ATTEMPT} | {"bytes": attempt.size}
    facts |= {"added": brought.added, "edited": brought.edited}
    facts["reason"] = attempt.reason or ("; ".join(brought.faults)[:500] or None)
    connection.execute(insert(schema.fetch).values(source_id=id_, **facts))


def _after(state: FeedState, attempt: Attempt, pause: Pause) -> dict[str, Any]:
    """The columns of a feed's row after an attempt on it."""
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
    values = common | {"failures": 0, "next_at": next_at, "state": "ok", "last_success_at": attempt.at}
    values |= {"moved_to": attempt.moved_to, "moved_seen": seen}
    if attempt.outcome == "unchanged":
        return values | {"whole_at": state.whole_at or attempt.at}
    # Kept from a whole answer only: after a broken one the next request must bring everything again.
    kept = {"etag": attempt.etag, "last_modified": attempt.last_modified, "asked_seconds": _seconds(attempt.asked)}
    return values | kept | {"whole_at": attempt.at}


def _length(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else round(min(length, rhythm.LONGEST).total_seconds())
