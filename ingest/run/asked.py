"""Requests that pages and commands make of the running loop: try a source again, now."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Engine

from ingest.models import Attempt, FeedState, Outcome, utcnow
from ingest.store import record
from ingest.store.plan import requests


def begin(engine: Engine, busy: Collection[int] = ()) -> list[int]:
    """Makes the requested sources due, except for the `busy` ones, which wait. Returns their ids."""
    with engine.connect() as connection:
        asked = requests.recent(connection)
    if not any(each.state == "waiting" and each.source_id not in busy for each in asked):
        return []
    with record.writing(engine) as connection:
        return requests.begin(connection, busy, now=utcnow())


def answer(engine: Engine, state: FeedState, attempt: Attempt, outcome: Outcome) -> None:
    """Answers the requests for this source with what came of the attempt."""
    with engine.connect() as connection:
        asked = requests.recent(connection)
    if not any(each.source_id == state.source_id and each.state == "running" for each in asked):
        return
    failed = attempt.outcome == "error"
    message = attempt.reason if failed and attempt.reason else in_words(attempt, outcome)
    with record.writing(engine) as connection:
        requests.answer(connection, state.source_id, attempt.at, failure=failed, message=message, now=utcnow())


def in_words(attempt: Attempt, outcome: Outcome) -> str:
    """What a successful attempt brought."""
    if attempt.outcome == "unchanged":
        return "It answers: nothing new."
    edited = f", {outcome.edited} edited" if outcome.edited else ""
    return f"It answers: {len(attempt.entries)} entries, {outcome.added} new{edited}."
