"""Reads what analyses found, in the form in which the analysis gave it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from ingest.models import Analysis, Cue, Mention, Sentence, TopicHit
from ingest.store import rows, schema

_a, _m, _t = schema.analysis.c, schema.mention.c, schema.analysis_topic.c


@dataclass(frozen=True, slots=True)
class Closed:
    """An analysis that is in force no longer."""

    id: int
    article_id: int
    revision: int  #: that closed it


def closed(connection: Connection, *, after: int, upto: int) -> list[Closed]:
    """The analyses in force at revision `after` that were closed up to a later one."""
    question = select(_a.id, _a.article_id, _a.rev_to).where(_a.rev_to > after, _a.rev_to <= upto, _a.rev_from <= after)
    return [Closed(*row) for row in connection.execute(question)]


def of(connection: Connection, ids: Iterable[int]) -> dict[int, Analysis]:
    """The analyses with these ids, by id; mentions in the order of the text."""
    wanted = list(ids)
    mentions, topics = defaultdict(list), defaultdict(list)
    for row in rows.among(connection, select(schema.mention).order_by(_m.start), _m.analysis_id, wanted):
        mentions[row.analysis_id].append(mention(row))
    for row in rows.among(connection, select(schema.analysis_topic), _t.analysis_id, wanted):
        topics[row.analysis_id].append(TopicHit(row.topic, row.hits, tuple(row.words)))
    spans = schema.analysis_sentences.c
    question = (
        select(_a.id, _a.tone, _a.words, schema.content.c.language, spans.spans)
        .join(schema.content, schema.content.c.id == _a.content_id)
        .join(schema.analysis_sentences, spans.analysis_id == _a.id)
    )
    return {
        row.id: Analysis(
            row.language, row.tone, tuple(Sentence(*span) for span in row.spans), tuple(mentions[row.id]),
            tuple(topics[row.id]), row.words,
        )
        for row in rows.among(connection, question, _a.id, wanted)
    }  # fmt: skip


def mention(row: Any) -> Mention:
    """The mention that a row of that table holds."""
    cues = tuple(Cue(word, weight) for word, weight in row.because)
    return Mention(
        row.figure, row.sentence, row.start, row.end, row.kind, row.tone_rule, row.tone_encoder, row.label,
        row.confidence, cues,
    )  # fmt: skip
