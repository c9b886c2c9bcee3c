"""Does what pages and commands ask of the running loop: to try a source again, now."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Engine

from ingest.models import Attempt, FeedState, Outcome, utcnow
from ingest.store import record
from ingest.store.plan import requests


def begin(engine: Engine, busy: Collection[int] = ()) -> list[int]:
    """Makes the sources due that somebody asks for, but for the `busy` ones: they wait. Gives their ids."""
    with engine.connect() as connection:
        asked = requests.recent(connection)
    if not any(each.state == "waiting" and each.source_id not in busy for each in asked):
        return []
    with record.writing(engine) as connection:
        return requests.begin(connection, busy, now=utcnow())


def answer(engine: Engine, state: FeedState, attempt: Attempt, outcome: Outcome) -> None:
    """Tells those who asked for this source what came of it."""
    with engine.connect() as connection:
        asked = [each for each in requests.recent(connection) if each.source_id == state.source_id]
    if not any(each.state == "running" for each in asked):
        return
    failed = attempt.outcome == "error"
    message = attempt.reason if failed and attempt.reason else in_words(attempt, outcome)
    with record.writing(engine) as connection:
        requests.answer(connection, state.source_id, attempt.at, failure=failed, message=message, now=utcnow())


def in_words(attempt: Attempt, outcome: Outcome) -> str:
    """What an attempt that was answered brought."""
    if attempt.outcome == "unchanged":
        return "It answers: nothing new."
    edited = f", {outcome.edited} edited" if outcome.edited else ""
    return f"It answers: {len(attempt.entries)} entries, {outcome.added} new{edited}."
