"""The labels that people give to mentions, and what is needed to give them and to judge the scorers by them.

A label belongs to a place: a figure at offsets of one version of an article's words. So it outlives every re-score, and
an edit leaves it on the words that were read. Nothing is deleted: of a coder's labels of one place the newest counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select

from ingest.models import Kind, Label, Mention, label_of
from ingest.store import rows, schema
from ingest.store.read import analyses
from ingest.text import plain
from ingest.tone.labelled import Labelled

#: What a coder may answer; `unsure` says nothing about the tone.
Answer = Label | Literal["unsure"]

_c, _a, _art, _src = schema.content.c, schema.analysis.c, schema.article.c, schema.source.c
_l, _m, _spans, _body = schema.label.c, schema.mention.c, schema.analysis_sentences.c, schema.content_text.c


@dataclass(frozen=True, slots=True)
class Place:
    """Where a figure is named, whatever has scored it."""

    content_id: int  #: one version of an article's words
    figure: str
    start: int  #: offsets in the article's text, in characters
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A mention to be labelled, in its context. No score is in it, so that none can be seen."""

    place: Place
    article_id: int
    kind: Kind
    before: str  #: the sentence before it, empty where there is none
    sentence: str
    after: str
    start: int  #: of the mention, in the sentence
    end: int


@dataclass(frozen=True, slots=True)
class CountedLabel:
    """A label that counts, with its words and the scores of the same place."""

    place: Place
    label: Answer
    by: str
    at: datetime
    uid: str
    source_id: int
    outlet: str
    sentence: str  #: empty where the analysis no longer has a sentence there
    start: int  #: of the mention, in the sentence
    end: int
    rule: Label | None  #: what each scorer says of it; None where it has not scored it
    encoder: Label | None

    def found(self, scorer: str) -> Label | None:
        """What the scorer `rule` or `encoder` says."""
        return self.encoder if scorer == "encoder" else self.rule

    def labelled(self) -> Labelled | None:
        """As `tone fit` and `tone evaluate` read it; None where it says nothing of the tone."""
        if self.label == "unsure" or not self.sentence:
            return None
        at = self.at.astimezone(UTC).isoformat(timespec="seconds")
        return Labelled(
            self.sentence, self.start, self.end, self.label,
            group=self.uid, figure=self.place.figure, outlet=self.outlet, by=self.by, at=at,
        )  # fmt: skip


def places(connection: Connection, mention_ids: Sequence[int]) -> list[Place]:
    """The places of these mentions, in the order asked for; one that the record has not got is left out."""
    wanted = select(_m.id, _a.content_id, _m.figure, _m.start, _m.end).join(schema.analysis, _a.id == _m.analysis_id)
    by_id = {row.id: row for row in rows.among(connection, wanted, _m.id, mention_ids)}
    return [_place(by_id[id_]) for id_ in mention_ids if id_ in by_id]


def passage(connection: Connection, mention_id: int) -> Passage | None:
    """The sentence of a mention with its neighbours; None where the record has no such mention."""
    question = (
        select(schema.mention, _a.content_id, _c.title, _body.body, _spans.spans)
        .join(schema.analysis, _a.id == _m.analysis_id)
        .join(schema.content, _c.id == _a.content_id)
        .join(schema.content_text, _body.content_id == _c.id)
        .join(schema.analysis_sentences, _spans.analysis_id == _a.id)
    )
    row = connection.execute(question.where(_m.id == mention_id)).one_or_none()
    if row is None:
        return None
    whole = plain.joined(row.title, row.body)
    before, sentence, after = (
        whole[slice(*row.spans[at][:2])] if 0 <= at < len(row.spans) else ""
        for at in (row.sentence - 1, row.sentence, row.sentence + 1)
    )
    begin = row.spans[row.sentence][0]
    place, start, end = _place(row), row.start - begin, min(row.end - begin, len(sentence))
    return Passage(place, row.article_id, row.kind, before, sentence, after, start, end)


def add(connection: Connection, place: Place, article_id: int, label: Answer, *, by: str, now: datetime) -> None:
    """Stores a label. One that the same coder gave the place before stays, and no longer counts."""
    values = {"article_id": article_id, "label": label, "by": by, "at": now, **asdict(place)}
    connection.execute(insert(schema.label).values(**values))


def answers(connection: Connection, by: str) -> dict[Place, Answer]:
    """What a coder's labels say, by place."""
    question = select(schema.label).where(_l.by == by).order_by(_l.id)
    return {_place(row): row.label for row in connection.execute(question)}


def newest(connection: Connection) -> int:
    """The number of the newest label; 0 where there is none. It grows with each one."""
    return int(connection.execute(select(func.max(_l.id))).scalar() or 0)


def coders(connection: Connection) -> list[str]:
    """The names of all who have labelled."""
    return sorted(connection.execute(select(_l.by).distinct()).scalars())


def counted(
    connection: Connection, as_of: int | None = None, among: Collection[Place] | None = None
) -> list[CountedLabel]:
    """The labels that count, oldest first, with what the analysis of the labelled words says as of a revision.

    `among`: only those of these places. Of an article that was edited since, that is the last analysis of the words
    that the coder read.
    """
    newest: dict[tuple[Place, str], Any] = {}
    question = select(
        schema.label, _art.uid, _src.id.label("source_id"), _src.name.label("outlet"), _c.title, _body.body
    ).select_from(
        schema.label.join(schema.article, _art.id == _l.article_id)
        .join(schema.source, _src.id == _art.source_id)
        .join(schema.content, _c.id == _l.content_id)
        .join(schema.content_text, _body.content_id == _c.id)
    )
    for row in connection.execute(question.order_by(_l.id)):
        place = _place(row)
        if among is None or place in among:
            newest[place, row.by] = row
    scored = _Scores.of(connection, {place.content_id for place, _ in newest}, as_of)
    in_order = sorted(newest.items(), key=lambda item: item[1].id)
    return [_counted_label(place, row, scored) for (place, _), row in in_order]


def _counted_label(place: Place, row: Any, scored: _Scores) -> CountedLabel:
    start, end = scored.sentence(place)
    mention = scored.mentions.get(place)
    encoder = None if mention is None or mention.tone_encoder is None else mention.label
    rule = None if mention is None or mention.tone_rule is None else label_of(mention.tone_rule)
    sentence, inside = plain.joined(row.title, row.body)[start:end], (place.start - start, min(place.end, end) - start)
    stated = (row.label, row.by, row.at, row.uid, row.source_id, row.outlet)
    return CountedLabel(place, *stated, sentence, *inside, rule, encoder)


@dataclass(frozen=True, slots=True)
class _Scores:
    """The last analysis of each content: its sentences and mentions."""

    spans: Mapping[int, Sequence[Sequence[Any]]]  #: by content
    mentions: Mapping[Place, Mention]

    @classmethod
    def of(cls, connection: Connection, contents: Collection[int], as_of: int | None) -> _Scores:
        """As they stood at a revision, or stand now."""
        wanted = select(_a.id, _a.content_id, _spans.spans).join(schema.analysis_sentences, _spans.analysis_id == _a.id)
        if as_of is not None:
            wanted = wanted.where(_a.rev_from <= as_of)
        found = sorted(rows.among(connection, wanted, _a.content_id, contents), key=lambda row: row.id)
        last = {row.content_id: row for row in found}
        by_analysis = {row.id: row.content_id for row in last.values()}
        mentions = {
            Place(by_analysis[row.analysis_id], row.figure, row.start, row.end): analyses.mention(row)
            for row in rows.among(connection, select(schema.mention), _m.analysis_id, by_analysis)
        }
        return cls({content: row.spans for content, row in last.items()}, mentions)

    def sentence(self, place: Place) -> tuple[int, int]:
        """Start and end of the sentence in which a place begins; twice its start where there is none."""
        for start, end, *_ in self.spans.get(place.content_id, ()):
            if start <= place.start < end:
                return start, end
        return place.start, place.start


def _place(row: Any) -> Place:
    return Place(row.content_id, row.figure, row.start, row.end)
