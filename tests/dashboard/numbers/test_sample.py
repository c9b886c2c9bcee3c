"""The sample that is labelled blind, and the agreement that comes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, select, update

from dashboard.model.follower import Follower
from dashboard.numbers import sample
from ingest.models import Label
from ingest.store import record, schema
from ingest.store.read.labels import Answer, CountedLabel, Place
from tests.helpers import newsroom as press
from tests.helpers.desk import on_sqlite
from tests.helpers.newsroom import EAST, NOW, TODAY, WEST, Newsroom, Press

M = schema.mention.c


def mentions(newsroom: Newsroom, ids: tuple[int, ...]) -> list[tuple[str, str, int, int]]:
    """Figure, kind, source and story of mentions, in their order."""
    with newsroom.engine.connect() as connection:
        asked = select(M.id, M.figure, M.kind, M.source_id, schema.analysis.c.story_id).join(
            schema.analysis, schema.analysis.c.id == M.analysis_id
        )
        rows = {row[0]: tuple(row[1:]) for row in connection.execute(asked)}
    return [rows[id_] for id_ in ids]


def test_the_same_seed_draws_the_same_sample_and_a_larger_one_begins_with_it(newsroom: Newsroom) -> None:
    view = newsroom.view()
    small, large = sample.draw(newsroom.model, view, 1, 20), sample.draw(newsroom.model, view, 1, 60)
    assert large.ids[:20] == small.ids
    assert len(set(large.ids)) == 60
    fresh = Follower(newsroom.engine)
    fresh.catch_up()
    assert sample.draw(fresh.snapshot, view, 1, 60) == large
    assert set(sample.draw(newsroom.model, view, 2, 60).ids) != set(large.ids)


def test_only_what_counts_and_is_scored_is_drawn_and_one_copy_of_each_story(newsroom: Newsroom) -> None:
    view = newsroom.view()
    all_ = sample.draw(newsroom.model, view, 1, 10_000)
    once = press.named(newsroom.pieces, replace(view, filters=replace(view.filters, copies="once")))
    scored = [mention for mention in once if mention.tone is not None]
    assert 0 < len(scored) < len(once)
    assert (len(all_.ids), all_.total) == (len(scored), len(scored))
    drawn = mentions(newsroom, all_.ids)
    assert {kind for _, kind, _, _ in drawn} == {"person"}
    assert all_.figures == len({figure for figure, *_ in drawn}) == 3
    assert all_.outlets == len({source for _, _, source, _ in drawn}) == 3
    sources: dict[int, set[int]] = {}
    for _, _, source, story in drawn:
        sources.setdefault(story, set()).add(source)
    assert all(len(found) == 1 for found in sources.values())


def test_the_filters_of_the_view_hold(newsroom: Newsroom) -> None:
    view = newsroom.view(figures=("ben-marsh",), sources=(newsroom.sources[EAST],))
    found = sample.draw(newsroom.model, view, 1, 10_000)
    assert {(figure, source) for figure, _, source, _ in mentions(newsroom, found.ids)} == {
        ("ben-marsh", newsroom.sources[EAST])
    }
    offices = sample.draw(newsroom.model, newsroom.view(offices=True), 1, 10_000)
    assert {kind for _, kind, _, _ in mentions(newsroom, offices.ids)} == {"person", "office"}
    nothing = sample.draw(newsroom.model, newsroom.view(search="zeppelin"), 1, 100)
    assert (nothing.ids, nothing.total) == ((), 0)


def test_every_figure_and_outlet_gets_its_share(newsroom: Newsroom) -> None:
    view = newsroom.view()
    strata = Counter(
        (figure, source)
        for figure, _, source, _ in mentions(newsroom, sample.draw(newsroom.model, view, 1, 10_000).ids)
    )
    total = sum(strata.values())
    for seed in range(5):
        drawn = Counter(
            (figure, source)
            for figure, _, source, _ in mentions(newsroom, sample.draw(newsroom.model, view, seed, 45).ids)
        )
        for stratum, of in strata.items():
            assert abs(drawn[stratum] - 45 * of / total) < 2, stratum


def test_every_mention_has_the_same_chance() -> None:
    # A stratum of one, one of two, and large ones; two mentions in one sentence.
    figure = np.repeat(np.array([11, 11, 22, 33], np.uint64), [1, 2, 40, 57])
    source = np.repeat(np.array([1, 2, 1, 2], np.uint64), [1, 2, 40, 57])
    content = np.arange(100, dtype=np.uint64) // 2
    sentence = np.zeros(100, np.uint64)
    draws, size = 1_500, 25
    drawn = np.concatenate([sample.shuffled(seed, figure, source, content, sentence)[:size] for seed in range(draws)])
    chances = np.bincount(drawn, minlength=100) / draws
    # A quarter each; five standard errors of 4000 draws are .034.
    assert chances.min() > 0.215
    assert chances.max() < 0.285


@on_sqlite
def test_the_scores_play_no_part(engine: Engine, tmp_path: Path) -> None:
    outlets = Press(engine, press.analyser(tmp_path))
    outlets.publish(WEST, *(entry for _, entry in press.season(articles=30)))
    drawn = _of(engine, outlets)
    assert len(drawn) == 25
    with record.writing(engine) as connection:
        turned = {"tone_rule": -M.tone_rule, "tone_encoder": 0.5, "confidence": 0.9, "label": "positive"}
        connection.execute(update(schema.mention).where(M.tone_rule.is_not(None)).values(turned))
    assert _of(engine, outlets) == drawn


def _of(engine: Engine, outlets: Press) -> tuple[int, ...]:
    model = Follower(engine)
    model.catch_up()
    newsroom = Newsroom(engine, model, [], outlets.ids)
    return sample.draw(model.snapshot, newsroom.view(since=TODAY.replace(year=2025)), 1, 25).ids


# -- agreement --------------------------------------------------------------------------------------------------------


def said(
    label: Answer,
    rule: Label | None = None,
    encoder: Label | None = None,
    *,
    at: int = 0,
    by: str = "Ada",
    uid: str = "a",
    figure: str = "ada-quill",
) -> CountedLabel:
    """A label of the mention at a place, and what the scorers say of it."""
    return CountedLabel(Place(1, figure, at, at + 5), label, by, NOW, uid, 1, WEST, "Quill left.", 0, 5, rule, encoder)


def test_each_scorer_is_measured_on_what_it_scored_and_unsure_counts_for_nothing() -> None:
    given = [
        said("positive", "positive", "positive", at=0),
        said("negative", "positive", "negative", at=10, uid="b"),
        said("neutral", "neutral", None, at=20, uid="b"),
        said("neutral", None, None, at=30),
        said("unsure", "positive", "positive", at=40),
    ]
    rule, encoder = sample.agreement_with(given, "rule"), sample.agreement_with(given, "encoder")
    assert (rule.n, rule.groups, rule.accuracy) == (3, 2, pytest.approx(2 / 3))
    assert (encoder.n, encoder.accuracy) == (2, 1.0)
    assert sample.scorers(given) == ["encoder", "rule"]
    assert sample.scorers(given[2:3]) == ["rule"]
    assert sample.scorers(given[3:4]) == []
    assert sample.agreement_with([], "rule").accuracy is None


def test_coders_are_compared_where_both_have_labelled() -> None:
    given = [said(label, at=at) for at, label in enumerate(("positive", "negative", "neutral", "unsure"))]
    given += [said(label, at=at, by="Ben") for at, label in enumerate(("positive", "neutral", "neutral", "positive"))]
    given += [said("positive", at=0, by="Cora"), said("positive", at=99, by="Dora")]
    first, *rest = sample.pairs(given)
    assert (first.one, first.other, first.n) == ("Ada", "Ben", 3)
    assert first.agreed == pytest.approx(2 / 3)
    assert first.kappa == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))
    assert [(pair.one, pair.other, pair.n, pair.kappa) for pair in rest] == [
        ("Ada", "Cora", 1, None), ("Ben", "Cora", 1, None)
    ]  # fmt: skip
    assert sample.pairs(given[:4]) == []


def test_groups_are_the_largest_first() -> None:
    given = [said("positive", at=at, figure="ben-marsh" if at else "ada-quill") for at in range(3)]
    given.append(said("unsure", at=9, figure="cora-quill"))
    assert [(name, len(mine)) for name, mine in sample.grouped(given, lambda each: each.place.figure)] == [
        ("ben-marsh", 2), ("ada-quill", 1)
    ]  # fmt: skip
