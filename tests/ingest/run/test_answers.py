"""How often the encoder is asked: once for a figure in a sentence, and not again for what the record has answers to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from ingest.analyser import Analyser, Method
from ingest.models import Analysis, Entry, Mention, Source, StoredAnalysis
from ingest.run import analysts
from ingest.run.analysts import Analysts, InProcess
from ingest.run.rescore import Rescore
from ingest.store import record, schema
from ingest.store.read import analyses
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring
from ingest.tone import Target, Toward
from ingest.tone.encoder import CARD, SHIPPED, Encoder
from ingest.watchlist.lists import Watchlist
from tests.helpers.desk import FIGURES, TOPICS, Desk, utc

NOW = utc(2026, 3, 2, 12)
ZOE = '[[figure]]\nid = "zoe-lark"\nname = "Zoe Lark"\nstrong = ["Zoe Lark"]\n'
#: Asked for each of the three places, the encoder gives three tones.
TWICE = "Ben Marsh lied, Marsh was told, and everybody despises Marsh."


class Listening(Encoder):
    """The shipped model, and the places of which it was asked."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self.asked: list[tuple[str, int]] = []

    def toward(self, targets: Sequence[Target]) -> list[Toward]:
        self.asked += [(target.sentence, target.start) for target in targets]
        return super().toward(targets)

    def heard(self) -> list[tuple[str, int]]:
        """What it was asked since the last time."""
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture(scope="module")
def model() -> Listening:
    return Listening()


@pytest.fixture
def encoder(model: Listening) -> Listening:
    model.heard()
    return model


def article(body: str, stored: StoredAnalysis | None = None, title: str = "Talks") -> Entry:
    return Entry(
        source="a", title=title, body=body, keys=("guid:a",), text_kind="full", language="en", published=NOW,
        published_from="feed", stored=stored,
    )  # fmt: skip


def lists(desk: Desk, figures: str = FIGURES, topics: str = TOPICS) -> Watchlist:
    (desk.data / "figures.toml").write_text(figures, encoding="utf-8")
    (desk.data / "topics.toml").write_text(topics, encoding="utf-8")
    return Watchlist.load(desk.data / "figures.toml", desk.data / "topics.toml")


def by_encoder(mention: Mention) -> tuple[object, ...]:
    return mention.tone_encoder, mention.label, mention.confidence


# -- one article ------------------------------------------------------------------------------------------------------


def test_a_figure_named_three_times_in_a_sentence_is_asked_for_once_at_the_first(
    desk: Desk, encoder: Listening
) -> None:
    alone = encoder.toward([Target(TWICE, at, at + len(name)) for at, name in ((0, "Ben Marsh"), (16, "Marsh"))])
    assert alone[0].tone != alone[1].tone, "or this test would not show whose answer counts"
    encoder.heard()
    mentions = Analyser(lists(desk), encoder).article(article(TWICE)).analysis.mentions
    assert encoder.heard() == [(TWICE, 0)]
    assert [by_encoder(each) for each in mentions] == [(alone[0].tone, alone[0].label, alone[0].confidence)] * 3
    assert len({each.tone_rule for each in mentions}) == 3, (
        "the rule looks at each place, and says which words moved it"
    )
    assert len({each.because for each in mentions}) == 3


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("The Quill administration failed, and Ada Quill wept.", 2),  # the office and the person
        ("Ada Quill met Ben Marsh.", 2),
        ("Ben Marsh won. Marsh wept.", 2),
        ("Nobody won.", 0),
    ],
)
def test_another_kind_figure_or_sentence_is_another_question(
    desk: Desk, encoder: Listening, body: str, asked: int
) -> None:
    Analyser(lists(desk), encoder).article(article(body))
    assert len(encoder.heard()) == asked


# -- what is taken over -----------------------------------------------------------------------------------------------

Change = Callable[[StoredAnalysis], StoredAnalysis]


def _of_mention(**facts: object) -> Change:
    def changed(stored: StoredAnalysis) -> StoredAnalysis:
        (mention,) = stored.analysis.mentions
        return replace(stored, analysis=replace(stored.analysis, mentions=(replace(mention, **facts),)))  # type: ignore[arg-type]

    return changed


def _of_sentence(**facts: int) -> Change:
    def changed(stored: StoredAnalysis) -> StoredAnalysis:
        title, sentence = stored.analysis.sentences
        return replace(stored, analysis=replace(stored.analysis, sentences=(title, replace(sentence, **facts))))

    return changed


def _of_scorer(old: str, new: str) -> Change:
    return lambda stored: replace(stored, scorer=stored.scorer.replace(old, new))


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (lambda stored: stored, 0),
        (_of_scorer("/3.1/", "/3/"), 0),  # as it was asked before: for each mention
        (_of_scorer("/3.1/", "/2/"), 1),  # its offsets may have counted in other words
        (_of_scorer("/minilm-", "/minilm-0"), 1),
        (lambda stored: replace(stored, scorer="older rules"), 1),
        (_of_mention(start=8), 1),
        (_of_mention(end=17), 1),
        (_of_mention(figure="ada-quill"), 1),
        (_of_mention(kind="office"), 1),
        (_of_mention(sentence=0), 1),
        (_of_mention(tone_encoder=None), 1),
        (_of_sentence(start=0), 1),
        (_of_sentence(end=22), 1),
    ],
)
def test_only_an_answer_of_the_same_model_for_the_same_place_is_taken_over(
    desk: Desk, encoder: Listening, change: Change, asked: int
) -> None:
    analyser = Analyser(lists(desk), encoder)
    fresh = analyser.article(article("Ben Marsh lied to us.")).analysis
    encoder.heard()
    kept = change(StoredAnalysis(analyser.scorer, fresh))
    again = analyser.article(article("Ben Marsh lied to us.", kept)).analysis
    assert len(encoder.heard()) == asked
    assert again == fresh


# -- a record ---------------------------------------------------------------------------------------------------------


@dataclass
class Office:
    """A record, and the encoder that its articles are analysed with."""

    desk: Desk
    engine: Engine

    def store(self, analyser: Analyser, *entries: Entry) -> None:
        source = Source(kind="feed", key="f", name="f")
        with record.writing(self.engine) as connection:
            commit = Commit(connection, NOW, "a test")
            scoring = Scoring(commit.watchlist(analyser.watchlist), analyser.scorer)
            articles = [analyser.article(each, NOW) for each in entries]
            commit.many([(commit.source(source), source, articles)], scoring=scoring)

    def score(self, analyser: Analyser, by: Analysts | None = None) -> None:
        here = by or InProcess(analyser, lambda: NOW)
        assert Rescore(self.engine, analyser.watchlist, here, lambda: NOW).run().failed == 0

    def analysis(self, revision: int | None = None) -> Analysis:
        """Of the only article, now or as of a revision."""
        table = schema.analysis.c
        when = table.rev_to.is_(None) if revision is None else table.rev_from == revision
        with self.engine.connect() as connection:
            id_ = connection.execute(select(table.id).where(when)).scalar_one()
            return analyses.of(connection, [id_])[id_]


@pytest.fixture
def office(desk: Desk, engine: Engine) -> Office:
    return Office(desk, engine)


def test_one_more_figure_asks_for_that_figure_alone(office: Office, encoder: Listening) -> None:
    body = f"{TWICE} Ada Quill met Zoe Lark, and Zoe Lark smiled."
    office.store(Analyser(lists(office.desk), encoder), article(body))
    encoder.heard()
    more = Analyser(lists(office.desk, FIGURES + ZOE), encoder)
    office.score(more)
    assert encoder.heard() == [("Ada Quill met Zoe Lark, and Zoe Lark smiled.", 14)]
    assert office.analysis() == more.article(article(body)).analysis, "as if it were analysed for the first time"


def test_another_word_for_a_topic_asks_nothing(office: Office, encoder: Listening) -> None:
    office.store(Analyser(lists(office.desk), encoder), article(TWICE))
    encoder.heard()
    office.score(Analyser(lists(office.desk, topics=TOPICS.replace('"summit*"', '"summit*", "lied"')), encoder))
    assert encoder.heard() == []
    assert [hit.topic for hit in office.analysis().topics] == ["summits"]


def test_a_mention_that_shared_an_answer_is_asked_for_when_it_becomes_the_first(
    office: Office, encoder: Listening
) -> None:
    body = "Ben Marsh stew was awful, and everybody adores Ben Marsh."
    office.store(Analyser(lists(office.desk), encoder), article(body))
    assert encoder.heard() == [(body, 0)]
    look_alike = FIGURES.replace('weak = ["Marsh"]', 'weak = ["Marsh"]\nnot = ["Ben Marsh stew"]')
    changed = Analyser(lists(office.desk, look_alike), encoder)
    office.score(changed)
    assert encoder.heard() == [(body, 47)]
    assert office.analysis() == changed.article(article(body)).analysis


def test_another_model_is_asked_for_everything(office: Office, encoder: Listening, tmp_path: Path) -> None:
    office.store(Analyser(lists(office.desk), encoder), article("Ben Marsh lied to us. Ada Quill won."))
    shutil.copytree(SHIPPED, tmp_path / "model")
    card = json.loads((SHIPPED / CARD).read_text(encoding="utf-8"))
    card |= {"kind": "other", "temperature": 3 * card["temperature"]}
    (tmp_path / "model" / CARD).write_text(json.dumps(card), encoding="utf-8")
    other = Listening(tmp_path / "model")
    before = office.analysis()
    office.score(Analyser(lists(office.desk), other))
    assert len(other.heard()) == 2
    assert all(now.confidence < then.confidence for now, then in _pairs(office.analysis(), before))  # type: ignore[operator]


def test_no_answer_to_the_words_before_an_edit_is_taken_over(office: Office, encoder: Listening) -> None:
    """The places are the same, and of the new words the encoder has not been asked yet."""
    office.store(Analyser(lists(office.desk), encoder), article("Ben Marsh lied to us."))
    office.store(Analyser(lists(office.desk)), article("Ben Marsh sang to us."))
    encoder.heard()
    again = Analyser(lists(office.desk), encoder)
    office.score(again)
    assert encoder.heard() == [("Ben Marsh sang to us.", 0)]
    assert office.analysis() == again.article(article("Ben Marsh sang to us.")).analysis
    assert [each.label for each in office.analysis(1).mentions] == ["negative"]


def test_a_record_with_an_answer_for_each_mention_keeps_the_first_ones_and_asks_nothing(
    office: Office, encoder: Listening
) -> None:
    analyser = Analyser(lists(office.desk), encoder)
    office.store(analyser, article(TWICE))
    mention = schema.mention.c
    with record.writing(office.engine) as connection:  # as the version before this one left it
        later = update(schema.mention).where(mention.start > office.analysis().mentions[0].start)
        connection.execute(later.values(tone_encoder=0.0123, label="neutral", confidence=0.5))
        older = analyser.scorer.replace("/3.1/", "/3/")
        connection.execute(update(schema.analysis).values(scorer=older))
    encoder.heard()
    office.score(analyser)
    assert encoder.heard() == []
    assert office.analysis() == analyser.article(article(TWICE)).analysis
    assert [each.tone_encoder for each in office.analysis(1).mentions][1:] == [0.0123] * 2, (
        "a link shows what it showed"
    )


def test_workers_take_answers_over_too(office: Office, encoder: Listening) -> None:
    """They can't be listened to: the record gets an answer that the model would not give, and keeps it."""
    office.store(Analyser(lists(office.desk), encoder), article("Ben Marsh met Zoe Lark."))
    with record.writing(office.engine) as connection:
        connection.execute(update(schema.mention).values(tone_encoder=0.0123))
    method = Method(lists(office.desk, FIGURES + ZOE), "encoder")
    with analysts.pool(method, lambda: NOW, 1) as pool:
        office.score(method.analyser(), pool)
    marsh, lark = office.analysis().mentions
    assert (marsh.figure, marsh.tone_encoder) == ("ben-marsh", 0.0123)
    assert (lark.figure, lark.tone_encoder) != ("zoe-lark", 0.0123)


def _pairs(now: Analysis, then: Analysis) -> list[tuple[Mention, Mention]]:
    return list(zip(now.mentions, then.mentions, strict=True))
