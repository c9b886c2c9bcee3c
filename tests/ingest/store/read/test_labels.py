"""Labels in the record: whose they are, which one counts, and what they outlive."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, select, update

from ingest.store import record, schema
from ingest.store.read import labels
from ingest.store.read.labels import Answer, CountedLabel, Passage, Place
from ingest.tone import labelled
from tests.helpers import newsroom as press
from tests.helpers.newsroom import EAST, FIGURES, NOW, WEST, Press, entry

TITLE = "Ada Quill in town"
BODY = "It rained. Ada Quill won praise for a wonderful deal. Then Ben Marsh left & nobody cared."


@pytest.fixture
def outlets(engine: Engine, tmp_path: Path) -> Press:
    """One article of the West Post that names two people."""
    made = Press(engine, press.analyser(tmp_path))
    made.publish(WEST, entry(1, TITLE, BODY, NOW - timedelta(days=2)))
    return made


def passages(connection: Connection) -> list[Passage]:
    """All mentions of the record as passages, in the order of the text."""
    mention = schema.mention.c
    ids = connection.execute(select(mention.id).order_by(mention.analysis_id, mention.start)).scalars()
    found = [labels.passage(connection, id_) for id_ in ids]
    assert None not in found
    return [each for each in found if each]


def say(engine: Engine, passage: Passage, *answers: Answer, by: str = "Ada") -> None:
    """What a coder says of a passage, one answer after the other."""
    for answer in answers:
        with record.writing(engine) as connection:
            labels.add(connection, passage.place, passage.article_id, answer, by=by, now=NOW)


def given(engine: Engine, as_of: int | None = None) -> list[CountedLabel]:
    with engine.connect() as connection:
        return labels.counted(connection, as_of)


def test_a_passage_is_the_sentence_with_its_neighbours_and_no_score(outlets: Press) -> None:
    with outlets.engine.connect() as connection:
        title, quill, marsh = passages(connection)
        assert labels.passage(connection, 99_999) is None
    assert (title.before, title.sentence, title.after) == ("", TITLE, "It rained.")
    assert quill.sentence == "Ada Quill won praise for a wonderful deal."
    assert (quill.before, quill.after) == ("It rained.", "Then Ben Marsh left & nobody cared.")
    assert quill.sentence[quill.start : quill.end] == "Ada Quill"
    assert (marsh.sentence[marsh.start : marsh.end], marsh.after) == ("Ben Marsh", "")
    assert not {"tone", "label", "score", "confidence"} & set(Passage.__dataclass_fields__)


def test_of_a_coders_labels_the_newest_counts_and_none_is_lost(outlets: Press) -> None:
    engine = outlets.engine
    with engine.connect() as connection:
        title, quill, marsh = passages(connection)
    say(engine, quill, "negative", "unsure", "positive")
    say(engine, marsh, "neutral")
    say(engine, quill, "neutral", by="Ben")
    with engine.connect() as connection:
        assert labels.answers(connection, "Ada") == {quill.place: "positive", marsh.place: "neutral"}
        assert labels.answers(connection, "Ben") == {quill.place: "neutral"}
        assert labels.answers(connection, "ada") == {}
        assert labels.coders(connection) == ["Ada", "Ben"]
        assert connection.execute(select(func.count()).select_from(schema.label)).scalar_one() == 5
        assert labels.newest(connection) == 5
        assert [each.by for each in labels.counted(connection, among={quill.place})] == ["Ada", "Ben"]
        assert labels.counted(connection, among={title.place}) == []
    found = {(each.by, each.place.figure): each for each in given(engine)}
    assert {key: each.label for key, each in found.items()} == {
        ("Ada", "ada-quill"): "positive", ("Ada", "ben-marsh"): "neutral", ("Ben", "ada-quill"): "neutral"
    }  # fmt: skip
    one = found["Ada", "ada-quill"]
    assert (one.outlet, one.at, one.sentence) == ("West Post", NOW, quill.sentence)
    assert one.sentence[one.start : one.end] == "Ada Quill"
    assert one.rule == "positive"


def test_labels_outlive_a_rescore_and_are_judged_by_the_newest_scores(outlets: Press, tmp_path: Path) -> None:
    engine = outlets.engine
    with engine.connect() as connection:
        _, quill, marsh = passages(connection)
        before = record.current_revision(connection)
    say(engine, quill, "positive")
    say(engine, marsh, "negative")
    # The list has changed: nobody called Marsh is looked for any more.
    outlets.pipeline.analyser = press.analyser(tmp_path, FIGURES.partition('[[figure]]\nid = "ben-marsh"')[0])
    outlets.pipeline.rescore()
    with record.writing(engine) as connection:
        newest = select(func.max(schema.mention.c.analysis_id)).scalar_subquery()
        change = {"tone_rule": -0.4, "tone_encoder": 0.01, "label": "neutral"}
        connection.execute(update(schema.mention).where(schema.mention.c.analysis_id == newest).values(change))
    one, other = given(engine)
    assert (one.place, one.label, one.rule, one.encoder) == (quill.place, "positive", "negative", "neutral")
    assert (one.found("rule"), one.found("encoder")) == ("negative", "neutral")
    # What is no mention any more keeps its label and its sentence, and nothing to be compared with.
    assert (other.place, other.label, other.rule, other.encoder) == (marsh.place, "negative", None, None)
    assert other.sentence == marsh.sentence
    then = given(engine, before)
    assert (then[0].rule, then[0].encoder) == ("positive", None)


def test_an_edited_article_keeps_the_label_on_the_words_that_were_read(outlets: Press) -> None:
    engine = outlets.engine
    with engine.connect() as connection:
        _, quill, _ = passages(connection)
    say(engine, quill, "positive")
    outlets.publish(WEST, entry(1, TITLE, "Much later. Ada Quill was blamed for a terrible failure.", NOW))
    (old,) = given(engine)
    assert (old.place, old.sentence, old.label, old.rule) == (quill.place, quill.sentence, "positive", "positive")
    with engine.connect() as connection:
        newest = [each for each in passages(connection) if each.place.content_id != quill.place.content_id]
    assert {each.place.content_id for each in newest} != {quill.place.content_id}
    with engine.connect() as connection:
        assert not {each.place for each in newest} & set(labels.answers(connection, "Ada"))


def test_what_is_exported_is_what_fit_and_evaluate_read(outlets: Press, tmp_path: Path) -> None:
    engine = outlets.engine
    outlets.publish(EAST, entry(2, "Report", "“Ben Marsh” <b>lied</b>\u2028again, 김정은 said.", NOW))
    with engine.connect() as connection:
        every = passages(connection)
        uids = set(connection.execute(select(schema.article.c.uid)).scalars())
    for passage in every:
        say(engine, passage, "negative")
    say(engine, every[0], "unsure")
    out = io.StringIO()
    labelled.write([row for each in given(engine) if (row := each.labelled())], out)
    path = tmp_path / "labelled.jsonl"
    path.write_text(out.getvalue(), encoding="utf-8")
    rows = labelled.read(path)
    assert [row.text for row in rows] == [each.sentence for each in every[1:]]
    assert [row.text[row.start : row.end] for row in rows] == ["Ada Quill", "Ben Marsh", "Ben Marsh"]
    assert {row.group for row in rows} == uids
    assert {(row.label, row.by, row.at) for row in rows} == {("negative", "Ada", NOW.isoformat())}
    assert {row.outlet for row in rows} == {"West Post", "East Times"}


def test_places_come_in_the_order_asked_for(outlets: Press) -> None:
    with outlets.engine.connect() as connection:
        ids = list(connection.execute(select(schema.mention.c.id).order_by(schema.mention.c.start)).scalars())
        wanted = [ids[2], ids[0], 99_999]
        assert labels.places(connection, wanted) == [passages(connection)[at].place for at in (2, 0)]
        assert labels.places(connection, []) == []


def test_a_label_whose_place_is_in_no_sentence_is_kept_and_not_exported(outlets: Press) -> None:
    with outlets.engine.connect() as connection:
        quill = passages(connection)[1]
    astray = replace(quill, place=Place(quill.place.content_id, "ada-quill", 5_000, 5_009))
    say(outlets.engine, astray, "positive")
    (one,) = given(outlets.engine)
    assert (one.label, one.rule, one.sentence, one.labelled()) == ("positive", None, "", None)
