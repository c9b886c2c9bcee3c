"""The rule: words pull at a name, less from far away, and a speaker is not scored by what is quoted of him."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.models import label_of
from ingest.tone import Target, Toward, clauses, rule
from ingest.tone.rule import Rule

RULE = Rule()


def toward(sentence: str, name: str) -> Toward:
    """The rule's answer for the first place where the sentence has the name."""
    start = sentence.index(name)
    (answer,) = RULE.toward([Target(sentence, start, start + len(name))])
    return answer


@pytest.mark.parametrize(
    ("sentence", "name", "label"),
    [
        ("Okoye was praised as a brave and honest minister.", "Okoye", "positive"),
        ("Parliament thanked Okoye for her help.", "Okoye", "positive"),
        ("Okoye won a great victory.", "Okoye", "positive"),
        ("Okoye was accused of fraud and lies.", "Okoye", "negative"),
        ("The court accused Okoye of corruption.", "Okoye", "negative"),
        ("Critics blasted Okoye for the scandal.", "Okoye", "negative"),
        ("Voters have lost trust in the corrupt Okoye government.", "Okoye", "negative"),
        ("Okoye arrived in Lagos on Tuesday.", "Okoye", "neutral"),
        ("The meeting with Okoye will be held in Vienna, the ministry said.", "Okoye", "neutral"),
        ("anti-Okoye groups met in the capital.", "Okoye", "negative"),
        ("Never-Okoye members of the party met in the capital.", "Okoye", "negative"),
    ],
)
def test_a_plain_sentence_gets_the_label_that_a_reader_gives(sentence: str, name: str, label: str) -> None:
    assert toward(sentence, name).label == label


@pytest.mark.parametrize(
    "sentence",
    [
        '"Okoye is a terrible, dangerous liar," Brandt said.',
        "“Okoye is a terrible, dangerous liar,” said Brandt.",
        "Brandt said: “Okoye is a terrible, dangerous liar.”",
        "Brandt: “Okoye is a terrible, dangerous liar.”",
        "Brandt, the leader of the opposition, said, “Okoye is a terrible, dangerous liar.”",
        "“Okoye is a terrible, dangerous liar,” said former President Willy Brandt.",
        "Brandt told reporters, “Okoye is a terrible, dangerous liar",
        "Okoye is a terrible, dangerous liar,” Brandt said.",
    ],
)
def test_a_quotation_speaks_of_whom_it_names_and_not_of_its_speaker(sentence: str) -> None:
    of, by = toward(sentence, "Okoye"), toward(sentence, "Brandt")
    assert of.label == "negative"
    assert by.label != "negative"
    assert by.tone > of.tone
    assert not {"terrible", "dangerous", "liar"} & {cue.word for cue in by.because}
    assert {"terrible", "dangerous", "liar"} <= {cue.word for cue in of.because}


def test_a_few_words_in_quotation_marks_are_no_speech() -> None:
    answer = toward("Brandt praised the “great courage” of Okoye.", "Okoye")
    assert answer.label == "positive"
    assert {"great", "courage"} <= {cue.word for cue in answer.because}


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ('He "won it" and "left".', ["won it", "left"]),
        ("“One,” he said. “Two.”", ["One,", "Two."]),
        ("“It goes on", ["It goes on"]),
        ("it went on,” he said", ["it went on,"]),
        ('it went on," he said', ["it went on,"]),
        ('He said: "It goes on', ["It goes on"]),
        ("No quotation, don’t look.", []),
    ],
)
def test_quotations_are_found_whatever_their_marks(sentence: str, found: list[str]) -> None:
    assert [sentence[start:end].strip('"“”') for start, end in clauses.quotations(sentence)] == found


def test_what_moved_the_tone_is_told_strongest_first() -> None:
    answer = toward("Okoye was accused of fraud, lies, theft, murder, abuse, crime, terror, failure and war.", "Okoye")
    weights = [abs(cue.weight) for cue in answer.because]
    assert len(weights) == 8
    assert weights == sorted(weights, reverse=True)
    assert ("accused", True) in [(cue.word, cue.weight < 0) for cue in answer.because]


def test_a_word_weighs_less_the_further_away_it_stands() -> None:
    def weight(sentence: str) -> float:
        return next(cue.weight for cue in toward(sentence, "Okoye").because if cue.word == "terrible")

    near = weight("Okoye walked past a terrible judge.")
    far = weight("Okoye walked past the large old house of a terrible judge.")
    other_clause = weight("Okoye walked past, because a terrible judge sat there.")
    assert near < far < 0
    assert near < other_clause < 0


def test_two_people_in_one_sentence_fare_differently() -> None:
    sentence = "The brilliant Okoye won, while voters rejected the corrupt liar Brandt."
    assert toward(sentence, "Okoye").tone > 0 > toward(sentence, "Brandt").tone


def test_nobody_has_a_tone_of_his_own() -> None:
    weighed = json.loads(Path(rule.__file__).with_name("rule.json").read_text(encoding="utf-8"))["weights"]
    names = "trump clinton obama biden putin merkel may johnson xi kim republican democrat brexit".split()
    assert not {stem for name in names if name != "may" for stem in (name, clauses.stem(name))} & set(weighed)
    answers = {toward(f"{name} was praised for a brave speech.", name) for name in ("Trump", "Clinton", "Okoye")}
    assert len(answers) == 1


def test_emoji_and_curly_marks_move_no_offset() -> None:
    plain = toward("Okoye isn't honest, Brandt won.", "Brandt")
    assert toward("Okoye isn’t honest, Brandt won.", "Brandt") == plain
    assert toward("  Okoye isn't honest, Brandt won.", "Brandt") == plain
    reading = clauses.read("🎉🎉 Okoye – the envoy – won.")
    start = "🎉🎉 Okoye – the envoy – won.".index("envoy")
    name = reading.named("🎉🎉 Okoye – the envoy – won.", start, start + 5)
    assert [reading.words[index].word for index in (name.first, name.last)] == ["envoy", "envoy"]


PIECES = st.sampled_from(
    "Okoye Brandt said praised accused corrupt great not but , . “ ” \" 🎉 — isn’t anti-Okoye 's : ( ) US 평화".split()
)


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES, max_size=30).map(" ".join), st.lists(PIECES, max_size=30).map(" ".join), st.booleans())
def test_any_sentence_gets_an_answer_that_holds_together(before: str, after: str, spaced: bool) -> None:
    blank = " " if spaced else ""
    target = Target(f"{before}{blank}Kim{blank}{after}", len(before + blank), len(before + blank) + 3)
    (answer,) = RULE.toward([target])
    assert -1 <= answer.tone <= 1
    assert 1 / 3 <= answer.confidence <= 1
    assert answer.label == label_of(answer.tone)
    assert answer.tone == round(answer.tone, 4)
    assert len(answer.because) <= 8


def test_the_answer_does_not_depend_on_what_else_is_asked() -> None:
    one = Target("Okoye was praised.", 0, 5)
    many = [Target(f"Brandt number {number} lied to Okoye.", 0, 6) for number in range(200)]
    rule.forget()
    assert RULE.toward([one, *many])[0] == RULE.toward([*many, one])[-1] == RULE.toward([one])[0]
    assert RULE.toward([]) == []


@pytest.mark.parametrize(
    "sentence",
    ["Okoye " + "was a great liar " * 12_500, "“Okoye” " * 30_000, "Okoye, " * 50_000, "Okoye " + "😀" * 20_000],
    ids=["words", "quotations", "commas", "emoji"],
)
def test_no_sentence_takes_more_than_linear_time(sentence: str) -> None:
    start = time.process_time()
    toward(sentence, "Okoye")
    assert time.process_time() - start < 3
