"""Analyses again what an older watch-list or an older version has analysed: the words stay, the analysis is new."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from ingest.analyse import SCORER, Analyser
from ingest.models import Analysis, Entry
from ingest.store import record, schema
from ingest.store.versions import Scoring
from ingest.store.writer import Commit

log = logging.getLogger(__name__)

#: Articles in one commit: another writer never waits for long.
BATCH = 100


@dataclass(frozen=True, slots=True)
class _Words:
    """What is analysed again: one version of an article's words."""

    article_id: int
    content_id: int
    entry: Entry


def outdated(engine: Engine, analyser: Analyser, *, stop: Callable[[], bool], clock: Callable[[], datetime]) -> int:
    """Scores the articles whose analysis was made with another watch-list or scorer; answers how many that were."""
    done = last = 0
    while not stop():
        with engine.connect() as connection:
            batch = _batch(connection, analyser.snapshot.hash, after=last)
        if not batch:
            break
        last = batch[-1].article_id
        scored: list[tuple[_Words, Analysis]] = []
        for words in batch:
            try:
                scored.append((words, analyser.article(words.entry).analysis))
            except Exception:  # a bug of the analysis, but never everybody's: this article keeps its old one
                log.exception("the analysis of %s failed", words.entry.title)
        with record.writing(engine) as connection:
            commit = Commit(connection, clock(), "re-score")
            scoring = Scoring(commit.watchlist(analyser.snapshot), SCORER)
            for words, analysis in scored:
                commit.rescored(words.article_id, words.content_id, analysis, scoring=scoring)
        done += len(scored)
    return done


def _batch(connection: Connection, watchlist_hash: str, *, after: int) -> list[_Words]:
    content, analysis, body, watchlist = schema.content, schema.analysis, schema.content_text, schema.watchlist
    rows = connection.execute(
        select(content, body.c.body)
        .join(analysis, analysis.c.content_id == content.c.id)
        .join(watchlist, watchlist.c.id == analysis.c.watchlist_id)
        .join(body, body.c.content_id == content.c.id)
        .where(analysis.c.rev_to.is_(None), content.c.rev_to.is_(None), content.c.article_id > after)
        .where((watchlist.c.hash != watchlist_hash) | (analysis.c.scorer != SCORER))
        .order_by(content.c.article_id)
        .limit(BATCH)
    ).mappings()
    return [
        _Words(
            row["article_id"],
            row["id"],
            Entry(
                source="the record",
                title=row["title"],
                body=row["body"],
                keys=(),
                text_kind=row["text_kind"],
                published=row["published_at"],
                language=row["language"],
            ),
        )
        for row in rows
    ]
