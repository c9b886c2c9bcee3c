"""The analysis of one article, from its words to its mentions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingest.analyser import Analyser
from ingest.models import Article, Entry, label_of
from ingest.tone import Target, sentiment
from ingest.tone.rule import Rule
from ingest.watchlist.figures import Figure, Role
from ingest.watchlist.lists import Watchlist
from ingest.watchlist.topics import Topic

ADA = Figure(
    "ada-stone",
    "Ada Stone",
    strong=("Ada Stone",),
    weak=("Stone",),
    names=(("fr", ("Ada Stone",)), ("ko", ("에이다 스톤",))),
    group="Ruritania",
    roles=(Role("President", "Ruritania", date(2025, 1, 20), None, ("Ruritanian president",)),),
)
EVE = Figure("eve-stone", "Eve Stone", strong=("Eve Stone",), weak=("Stone",))
TRADE = Topic("trade", "Trade", 18, ("tariff*",), ("water tariff*",))
WATCHLIST = Watchlist((ADA, EVE), (TRADE,))

BODY = (
    "Ada Stone won a wonderful victory. The opposition suffered a terrible defeat.\n\n"
    "She met Eve Stone in May.\n\nIt rained.\n\nStone will cut tariffs."
)


def _entry(title: str = "Ada Stone wins", body: str = BODY, **more: object) -> Entry:
    return replace(
        Entry(source="x", title=title, body=body, keys=("path:x",), text_kind="full", language="en"),
        published=datetime(2025, 6, 1, tzinfo=UTC),
        **more,  # type: ignore[arg-type]
    )


def _analysed(**more: object) -> Article:
    return Analyser(WATCHLIST).article(_entry(**more))  # type: ignore[arg-type]


def test_the_title_is_sentence_0() -> None:
    article = _analysed()
    first = article.analysis.sentences[0]
    assert article.text[first.start : first.end] == "Ada Stone wins"
    assert article.analysis.mentions[0].sentence == 0


def test_sentences_have_vaders_tone_and_the_article_their_mean() -> None:
    article = _analysed()
    tones = [sentence.tone for sentence in article.analysis.sentences]
    assert tones == [sentiment.compound(article.text[s.start : s.end]) for s in article.analysis.sentences]
    assert article.analysis.tone == sentiment.mean([tone for tone in tones if tone is not None])
    assert tones[1] > 0.5 > -0.5 > tones[2]  # type: ignore[operator]


def test_a_mention_carries_the_tone_of_its_sentence_toward_it() -> None:
    article = _analysed()
    people = [mention for mention in article.analysis.mentions if mention.kind == "person"]
    assert len(people) == 3
    for mention in people:
        sentence = article.analysis.sentences[mention.sentence]
        place = (mention.start - sentence.start, mention.end - sentence.start)
        (toward,) = Rule().toward([Target(article.text[sentence.start : sentence.end], *place)])
        assert (mention.tone, mention.because) == (toward.tone, toward.because)
        assert mention.label == label_of(mention.tone)  # type: ignore[arg-type]


def test_an_ambiguous_mention_is_not_scored() -> None:
    ambiguous = [mention for mention in _analysed().analysis.mentions if mention.kind == "ambiguous"]
    assert {mention.figure for mention in ambiguous} == {"ada-stone", "eve-stone"}
    assert {(mention.tone, mention.label) for mention in ambiguous} == {(None, None)}


def test_topics_and_words_are_counted_in_title_and_body() -> None:
    analysis = _analysed(title="Tariffs on the rise").analysis
    assert [(hit.topic, hit.hits, hit.words) for hit in analysis.topics] == [("trade", 2, ("tariffs",))]
    assert analysis.words == 4 + len(BODY.split())


def test_another_language_is_stored_and_matched_and_not_scored() -> None:
    body = (
        "Ada Stone a remporté mardi une victoire magnifique, et le conseil a décidé de poursuivre les discussions. " * 4
    )
    analysis = _analysed(title="Victoire", body=body).analysis
    assert (analysis.language, analysis.tone) == ("fr", None)
    assert {sentence.tone for sentence in analysis.sentences} == {None}
    assert [(m.figure, m.tone, m.label) for m in analysis.mentions] == [("ada-stone", None, None)] * 4


def test_a_korean_name_is_found_in_a_korean_article() -> None:
    analysis = _analysed(title="회담 재개", body="에이다 스톤은 화요일 회담을 재개했다. " * 3).analysis
    assert analysis.language == "ko"
    assert [(m.figure, m.tone) for m in analysis.mentions] == [("ada-stone", None)] * 3


def test_a_role_goes_by_the_articles_day_and_without_one_by_the_day_it_was_read() -> None:
    entry = _entry("Nothing", "The Ruritanian president spoke.")
    analyser = Analyser(WATCHLIST)
    before = replace(entry, published=datetime(2024, 6, 1, tzinfo=UTC))
    undated = replace(entry, published=None)
    assert [m.kind for m in analyser.article(entry).analysis.mentions] == ["office"]
    assert analyser.article(before).analysis.mentions == ()
    assert analyser.article(undated, datetime(2024, 6, 1, tzinfo=UTC)).analysis.mentions == ()


def test_every_mention_is_where_it_says() -> None:
    article = _analysed()
    assert {article.text[m.start : m.end] for m in article.analysis.mentions} == {"Ada Stone", "Eve Stone", "Stone"}
    for mention in article.analysis.mentions:
        sentence = article.analysis.sentences[mention.sentence]
        assert sentence.start <= mention.start < mention.end <= sentence.end


@pytest.mark.parametrize(("title", "body"), [("", ""), ("Ada Stone", ""), ("", "Ada Stone won."), ("...", "\n\n")])
def test_an_article_may_be_nearly_nothing(title: str, body: str) -> None:
    article = _analysed(title=title, body=body)
    assert article.analysis.language == "en"
    assert article.analysis.tone is not None


def test_the_same_input_gives_the_same_output_in_any_order() -> None:
    entries = [_entry(f"Ada Stone wins {number}", BODY * number) for number in range(1, 4)]
    one, other = Analyser(WATCHLIST), Analyser(WATCHLIST)
    assert [one.article(entry) for entry in entries] == [other.article(entry) for entry in reversed(entries)][::-1]


# The watch-list


@pytest.mark.parametrize(
    "changed",
    [
        Watchlist((replace(ADA, strong=("Ada Stone", "Ada B. Stone")), EVE), (TRADE,)),
        Watchlist((replace(ADA, weak=()), EVE), (TRADE,)),
        Watchlist((replace(ADA, famous=True), EVE), (TRADE,)),
        Watchlist((replace(ADA, not_=("Stone Age",)), EVE), (TRADE,)),
        Watchlist((replace(ADA, offices=("Stone cabinet",)), EVE), (TRADE,)),
        Watchlist((replace(ADA, names=()), EVE), (TRADE,)),
        Watchlist((replace(ADA, name="A. Stone"), EVE), (TRADE,)),
        Watchlist((replace(ADA, group="Abroad"), EVE), (TRADE,)),
        Watchlist((replace(ADA, roles=(replace(ADA.roles[0], until=date(2026, 1, 1)),)), EVE), (TRADE,)),
        Watchlist((ADA,), (TRADE,)),
        Watchlist((ADA, EVE), ()),
        Watchlist((ADA, EVE), (replace(TRADE, keywords=("tariff",)),)),
        Watchlist((ADA, EVE), (replace(TRADE, not_=()),)),
        Watchlist((ADA, EVE), (replace(TRADE, cap=1),)),
    ],
)
def test_the_watch_lists_hash_changes_with_what_matters(changed: Watchlist) -> None:
    assert changed.hash != WATCHLIST.hash


def _files(folder: Path, figures: str, topics: str) -> Watchlist:
    folder.mkdir()
    (folder / "figures.toml").write_text(figures, encoding="utf-8")
    (folder / "topics.toml").write_text(topics, encoding="utf-8")
    return Watchlist.load(folder / "figures.toml", folder / "topics.toml")


def test_the_watch_lists_hash_changes_with_nothing_else(tmp_path: Path) -> None:
    topics = '[[topic]]\nid = "fish"\nname = "Fish"\ncap = 4\nkeywords = ["cod"]\n'
    plain = '[[figure]]\nid = "ada"\nname = "Ada"\nstrong = ["Ada"]\nnames.de = ["Ada"]\nnames.fr = ["Ada"]\n'
    other = (
        "# a comment\n\n[[figure]]\n"
        'strong = [\n  "Ada", # the usual one\n]\nnames.fr = ["Ada"]\nnames.de = ["Ada"]\nname = " Ada "\nid = "ada"\n'
    )
    one, two = _files(tmp_path / "a", plain, topics), _files(tmp_path / "b", other, f"# fish\n{topics}")
    assert one.hash == two.hash


def test_what_the_record_keeps_of_a_watch_list_is_one_again() -> None:
    figures, topics = (
        json.loads(json.dumps([entry.as_dict() for entry in entries]))
        for entries in (WATCHLIST.figures, WATCHLIST.topics)
    )
    again = Watchlist.stored("a hash", figures, topics)
    assert (again.hash, again.figures) == ("a hash", WATCHLIST.figures)
    assert [(topic.id, topic.name, topic.cap, topic.keywords) for topic in again.topics] == [("trade", "Trade", 18, ())]
    assert [topic.as_dict() for topic in again.topics] == topics
    assert replace(TRADE, keywords=("duty",)).as_dict()["words"] != topics[0]["words"]
