"""The tone of mentions as the reader shows it."""

from __future__ import annotations

import pytest

from dashboard.parts import evidence
from dashboard.reader import tones
from ingest.models import Analysis, Cue, Mention


@pytest.mark.parametrize(
    ("rule", "encoder", "apart"),
    [
        (-0.6, 0.7, True),
        (0.3, -0.4, True),
        (0.1, -0.2, False),  # a matter of degree
        (-0.6, 0.0, False),  # neutral is nobody's opposite
        (-0.6, -0.9, False),
        (-0.6, None, False),
        (None, None, False),
    ],
)
def test_scorers_disagree_when_they_say_the_opposite_and_clearly(
    rule: float | None, encoder: float | None, apart: bool
) -> None:
    mention = Mention("ada", 0, 0, 3, "person", tone_rule=rule, tone_encoder=encoder)
    assert tones.disagree(mention) is apart


def test_why_is_asked_where_the_encoder_was_asked() -> None:
    def named(at: int, tone: float, figure: str = "ada", kind: str = "person") -> Mention:
        return Mention(figure, 0, at, at + 3, kind, tone_rule=0.1 * at, tone_encoder=tone)  # type: ignore[arg-type]

    first, office, ben, second = named(0, 0.5), named(10, 0.5, kind="office"), named(20, 0.5, "ben"), named(30, 0.5)
    of_its_own = named(40, -0.2)  # an older analysis asked for each mention
    analysis = Analysis("en", 0.0, (), (first, office, ben, second, of_its_own), (), 9)
    asked = [tones.asked_for(analysis, each) for each in analysis.mentions]
    assert asked == [first, office, ben, first, of_its_own]


def test_the_name_is_bold_and_the_words_that_moved_the_tone_have_its_colour() -> None:
    sentence = "Critics call Marsh corrupt, friends call him brave."
    shown = evidence.marked(sentence, 13, 18, [Cue("corrupt", -2.1), Cue("brave", 1.5)])
    assert shown == "Critics call **Marsh** :orange[corrupt]\\, friends call him :blue[brave]\\."


def test_a_word_inside_another_one_keeps_its_colour_to_itself() -> None:
    assert (
        evidence.marked("Marsh unfairly won a fair.", 0, 5, [Cue("fair", 1.0)])
        == "**Marsh** unfairly won a :blue[fair]\\."
    )


def test_what_others_wrote_stays_text() -> None:
    sentence = "[x](http://evil.test) *Marsh* :red[bad]"
    shown = evidence.marked(sentence, 23, 28, [Cue("bad", -1.0), Cue("http", 1.0)])
    assert "](" not in shown.replace("\\]\\(", "")
    assert "\\*" in shown
    assert ":red[" not in shown
