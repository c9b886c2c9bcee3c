"""Gathers the stories of articles that were stored before there were any: each was one of its own.

They are looked at in the order in which they arrived. Whoever turns out to be a copy gets a new analysis, equal but for
the story, and the old one is closed: a view of then still counts as it did. Asked for by the migration (`request`): a
record that was made since has nothing to gather. Interrupted, it goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from ingest.store import progress, record, schema, versions
from ingest.store import stories as kept
from ingest.store.stories import Arrival
from ingest.store.writer import Commit
from ingest.text import signatures as stories

log = logging.getLogger(__name__)

KIND = "stories"

#: Articles of one commit: some tenths of a second in which others wait.
_BATCH = 250


@dataclass(frozen=True, slots=True)
class Gather:
    """One run over all articles whose stories are asked for."""

    engine: Engine
    clock: Callable[[], datetime]
    stop: Callable[[], bool] = lambda: False

    def run(self) -> int:
        """Answers how many articles joined another one's story."""
        moved = 0
        with self.engine.connect() as connection:
            asked = progress.find(connection, KIND, stories.VERSION)
            last = connection.execute(select(func.max(schema.article.c.id))).scalar()
        if asked is None or asked.done or last is None:
            return moved
        position = asked.position
        while not self.stop():
            with self.engine.connect() as connection:
                found = _read(connection, position)
            if not found:
                with record.writing(self.engine) as connection:
                    progress.end(connection, asked.id, now=self.clock())
                log.info("%d articles are copies of others", moved)
                break
            position = found[-1].id
            moved += self._commit(asked.id, found, position / max(last, position))
        return moved

    def _commit(self, asked: int, found: Sequence[Row[Any]], share: float) -> int:
        signatures = {row.analysis_id: stories.signature(row.body) for row in found}
        uids = {row.analysis_id: row.uid for row in found}
        with record.writing(self.engine, many=True) as connection:
            commit = Commit(connection, self.clock(), "stories")
            # What was edited meanwhile has been looked at.
            held = versions.current(connection, signatures)
            arrivals = [_arrival(row, uids[row.id], signatures[row.id]) for row in held]
            settled = kept.settle(connection, arrivals, now=commit.now)
            moved = {row.id: story_id for row, story_id in zip(held, settled, strict=True) if story_id != row.story_id}
            if moved:
                kept.move(connection, moved, commit.revision)
            progress.begin(connection, KIND, stories.VERSION, by="stories", now=commit.now)
            progress.move(connection, asked, found[-1].id, share)
        return len(moved)


def _arrival(row: Row[Any], uid: str, signature: bytes) -> Arrival:
    return Arrival(row.article_id, row.source_id, uid, row.day, signature, row.story_id, before=signature)


def _read(connection: Connection, after: int) -> list[Row[Any]]:
    """The next articles that are not withdrawn, with their analysis and body."""
    analysis, article, content, body = (
        schema.analysis.c,
        schema.article.c,
        schema.content.c,
        schema.content_text,
    )
    question = (
        select(article.id, article.uid, analysis.id.label("analysis_id"), body.c.body)
        .join(schema.analysis, analysis.article_id == article.id)
        .join(schema.content, content.id == analysis.content_id)
        .join(body, body.c.content_id == content.id)
        .where(analysis.rev_to.is_(None), content.rev_to.is_(None), article.id > after)
        .order_by(article.id)
        .limit(_BATCH)
    )
    return list(connection.execute(question))
