"""The encoder: the shipped model as a scorer, what it hangs on, and what is refused."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from ingest.analyser import Analyser
from ingest.errors import ScorerError
from ingest.run.loop import Worker
from ingest.settings import PROJECT
from ingest.store import record, schema
from ingest.tone import Target, evaluate, labelled
from ingest.tone.encoder import CARD, MODEL, SHIPPED, TOKENIZER, Encoder
from ingest.tone.explain import leave_one_out
from ingest.tone.rule import Rule
from ingest.watchlist.lists import Watchlist
from tests.helpers.desk import Desk
from tests.helpers.room import Room

ROWS = labelled.read(PROJECT / "tests" / "data" / "tone.jsonl")
TARGETS = [Target(row.text, row.start, row.end) for row in ROWS]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def test_it_reads_our_own_sentences_and_better_than_the_rule(encoder: Encoder) -> None:
    def macro_f1(found: list[str]) -> float:
        result = evaluate.of([r.label for r in ROWS], found, [1.0] * len(ROWS), [r.cluster for r in ROWS])  # type: ignore[arg-type]
        return result.macro_f1 or 0.0

    by_encoder = macro_f1([each.label for each in encoder.toward(TARGETS)])
    by_rule = macro_f1([each.label for each in Rule().toward(TARGETS)])
    assert by_encoder >= 0.75
    assert by_encoder > by_rule


def test_a_target_gets_the_same_tone_whatever_else_is_asked_and_in_any_order(encoder: Encoder) -> None:
    whole = dict(zip(TARGETS, encoder.toward(TARGETS), strict=True))
    shuffled = random.Random(3).sample(TARGETS, len(TARGETS))
    assert dict(zip(shuffled, encoder.toward(shuffled), strict=True)) == whole
    assert [encoder.toward([target])[0] for target in TARGETS[:10]] == [whole[target] for target in TARGETS[:10]]


def test_two_figures_in_one_sentence_get_tones_of_their_own(encoder: Encoder) -> None:
    sentence = "“Hartmann is a liar and a disgrace,” Lowell said."
    accused, speaker = (
        Target(sentence, sentence.index(name), sentence.index(name) + len(name)) for name in ("Hartmann", "Lowell")
    )
    toward_accused, toward_speaker = encoder.toward([accused, speaker])
    assert toward_accused.label == "negative"
    assert toward_accused.tone < toward_speaker.tone
    assert toward_speaker.label == "neutral"


def test_tone_label_and_confidence_agree(encoder: Encoder) -> None:
    for each in encoder.toward(TARGETS):
        assert -1 <= each.tone <= 1
        assert 1 / 3 <= each.confidence <= 1
        assert {"negative": each.tone < 0, "positive": each.tone > 0}.get(each.label, True)


def test_a_long_sentence_is_read_around_its_target(encoder: Encoder) -> None:
    sentence = "word " * 20_000 + "Voters despise Tully, a proven liar." + " word" * 20_000
    start = sentence.index("Tully")
    (found,) = encoder.toward([Target(sentence, start, start + 5)])
    assert found.label == "negative"


def test_nothing_to_score_is_no_question() -> None:
    assert Encoder().toward([]) == []


def test_what_the_answer_leave_one_out(encoder: Encoder) -> None:
    sentence = "The report says that Tully lied to the court."
    cues = leave_one_out(encoder, Target(sentence, 21, 26))
    assert cues[0].word == "lied"
    assert cues[0].weight < 0
    assert all(cue.word != "Tully" for cue in cues)


def test_a_model_cut_short_is_refused(tmp_path: Path) -> None:
    for name in (CARD, TOKENIZER):
        shutil.copy(SHIPPED / name, tmp_path)
    (tmp_path / MODEL).write_bytes((SHIPPED / MODEL).read_bytes()[:1000])
    with pytest.raises(ScorerError, match="not the model that its card describes"):
        Encoder(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="holds no model"):
        Encoder(tmp_path)


def test_the_card_says_how_often_it_is_right_on_what_it_was_not_trained_on() -> None:
    card = json.loads((SHIPPED / CARD).read_text(encoding="utf-8"))
    assert card["macro_f1"] >= 0.77
    assert len(card["seeds"]["macro_f1"]) >= 3
    assert card["base"]["licence"] == "Apache-2.0"
    assert {path.name for path in SHIPPED.iterdir()} == {MODEL, TOKENIZER, CARD, "README.md"}


def test_the_loop_stores_both_tones_and_what_made_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOURSE_TONE", "encoder")
    desk.drop(
        "a.txt", "Title\n\nBen Marsh lied to the court, and everybody despises him. Ada Quill sat beside Ben Marsh."
    )
    opened = record.open_engine(desk.url)
    Worker.open(desk.settings(), opened).once(lambda what, done, total: None)
    with opened.connect() as connection:
        rows = connection.execute(select(schema.mention).order_by(schema.mention.c.start)).all()
        scorer = connection.execute(select(schema.analysis.c.scorer)).scalar_one()
    opened.dispose()
    assert scorer.endswith(f"/{Rule().name}/{Encoder().name}")
    assert len(scorer) <= 40
    assert [row.figure for row in rows] == ["ben-marsh", "ada-quill", "ben-marsh"]
    assert all(None not in (row.tone_rule, row.tone_encoder, row.confidence) for row in rows)
    assert rows[0].label == "negative"
    assert rows[0].tone_encoder < -0.3


def test_another_scorer_has_everything_scored_again(room: Room, encoder: Encoder) -> None:
    room.desk.drop("a.txt", "Title\n\nBen Marsh lied to the court.")
    room.scan()
    room.restart(Analyser(Watchlist.load(room.desk.data / "figures.toml", room.desk.data / "topics.toml"), encoder))
    assert room.pipeline.rescore() == 1
    with room.pipeline.engine.connect() as connection:
        tones = connection.execute(select(schema.mention.c.tone_encoder).order_by(schema.mention.c.id)).scalars().all()
    assert tones[0] is None, "what the rule alone had scored stays, for views as of then"
    assert tones[1] is not None
