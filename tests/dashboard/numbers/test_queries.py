"""Every number on every page, against the same articles counted in plain Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import pandas as pd
import pytest

from dashboard.model.snapshot import Snapshot
from dashboard.numbers import holdings, queries, statistics
from dashboard.numbers.scope import Scope, cached
from dashboard.view import View
from ingest import bins
from ingest.errors import SearchError
from ingest.store.read import articles
from tests.helpers.newsroom import EAST, NAMES, STRIKE, TODAY, WEST, Named, Newsroom, base, bin_of, hit, named

SEASON = {"since": date(2026, 8, 1), "until": TODAY}
VIEWS: dict[str, dict[str, object]] = {
    "everything": {},
    "offices": {"offices": True},
    "one outlet": {"sources": (WEST,)},
    "two outlets, by day": {"sources": (WEST, EAST), "bin": "day", "since": date(2026, 11, 1)},
    "a search": {"search": "harbour summit"},
    "a search in capitals and accents": {"search": "HARBOUR"},
    "a search for nothing there": {"search": "zeppelin"},
    "a topic": {"topics": ("trade",)},
    "two topics": {"topics": ("trade", "summits"), "bin": "month", **SEASON},
    "negative articles": {"tone": (-1.0, -0.05)},
    "a band of tone": {"tone": (0.0, 0.5), "offices": True},
    "English": {"languages": ("en",)},
    "German": {"languages": ("de",), **SEASON},
    "whole texts": {"texts": ("full",)},
    "summaries and titles": {"texts": ("summary", "title"), "copies": "once", **SEASON},
    "a year that has hardly begun to hold data": {"since": date(2025, 12, 1), "until": TODAY, "bin": "quarter"},
    "by year": {"since": date(2025, 3, 1), "until": TODAY, "bin": "year"},
    "one day": {"since": date(2026, 11, 20), "until": date(2026, 11, 20), "bin": "day"},
    "before anything": {"since": date(2019, 1, 1), "until": date(2019, 2, 1)},
    "to come": {"since": TODAY, "until": TODAY + timedelta(days=20), "bin": "day"},
    "copies once": {"copies": "once", **SEASON},
    "copies once, narrowed": {"copies": "once", "offices": True, "topics": ("summits",), "sources": (WEST, EAST)},
    "everything at once": {
        "sources": (WEST, EAST), "topics": ("summits",), "tone": (-1.0, 0.9), "languages": ("en",), "texts": ("full",),
        "offices": True, "search": "town", "bin": "month", **SEASON,
    },
}  # fmt: skip


def newest(model: Snapshot, view: View, limit: int) -> list[int]:
    """The ids of the newest articles that the read model counts: they pass all filters and name a chosen figure."""
    scope = Scope(model, view)
    hits = scope.hit
    if view.filters.figures:
        naming = scope.named.filter(scope.of(*view.filters.figures)).select("analysis")
        hits = hits.join(naming, on="analysis", how="semi")
    return hits.sort("published", "id", descending=True).head(limit).collect()["id"].to_list()


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest, newsroom: Newsroom) -> View:
    changes = dict(VIEWS[request.param])
    if "sources" in changes:
        changes["sources"] = tuple(newsroom.sources[key] for key in changes["sources"])  # type: ignore[attr-defined]
    return newsroom.view(**changes)


def interval(mentions: Sequence[Named], value: str = "tone") -> tuple[float, float, float] | None:
    """Mean and interval as docs/methods.md writes them, story by story."""
    stories: dict[int, list[float]] = {}
    for mention in mentions:
        score = mention.tone if value == "tone" else {"positive": 1, "negative": -1}.get(mention.label or "", 0)
        stories.setdefault(mention.story, []).append(float(score or 0.0))
    n, k = len(mentions), len(stories)
    if k < 5:
        return None
    mean = sum(sum(scores) for scores in stories.values()) / n
    spread = math.sqrt(sum((sum(scores) - mean * len(scores)) ** 2 for scores in stories.values())) / n
    half = statistics.student(k - 1) * math.sqrt(k / (k - 1)) * spread
    return mean, max(-1.0, mean - half), min(1.0, mean + half)


def same(row: Iterable[float], wanted: tuple[float, float, float] | None) -> bool:
    values = list(row)
    return all(map(math.isnan, values)) if wanted is None else values == pytest.approx(wanted, abs=1e-9)


def scored(mentions: Iterable[Named], figure: str) -> list[Named]:
    return [mention for mention in mentions if mention.figure == figure and mention.tone is not None]


def test_the_season_holds_the_hard_cases(newsroom: Newsroom) -> None:
    mentions = [mention for piece in newsroom.pieces for mention in piece.mentions]
    assert {mention.kind for mention in mentions} == {"person", "office", "ambiguous"}
    assert {mention.label for mention in mentions} == {"positive", "neutral", "negative", None}
    assert {piece.language for piece in newsroom.pieces} == {"en", "de"}
    assert {piece.text_kind for piece in newsroom.pieces} == {"full", "summary"}
    assert max(Counter(piece.story for piece in newsroom.pieces).values()) > 1
    assert not any(STRIKE[0] <= piece.day <= STRIKE[1] for piece in newsroom.pieces)


def test_attention_counts_articles_over_all_articles_of_the_bin(newsroom: Newsroom, view: View) -> None:
    frame = queries.attention(newsroom.model, view, NAMES)
    everything = Counter(bin_of(piece.day, view.bin) for piece in base(newsroom.pieces, view))
    naming = {(m.figure, bin_of(m.day, view.bin), m.article) for m in named(newsroom.pieces, view)}
    wanted = Counter((figure, start) for figure, start, _ in naming)
    assert list(frame["figure"].unique()) == list(view.lines)
    for row in frame.itertuples():
        assert (row.articles, row.all) == (wanted[row.figure, row.bin], everything[row.bin])
        assert row.name == NAMES[row.figure]
        if row.all:
            assert row.share == pytest.approx(row.articles / row.all)
            assert row.low <= row.share <= row.high
        else:
            assert math.isnan(row.share)
            assert math.isnan(row.low)
        assert row.partial == (row.bin == bin_of(TODAY, view.bin))
    assert frame["articles"].sum() == sum(wanted[key] for key in wanted if key[0] in view.lines)
    assert frame.drop_duplicates("bin")["all"].sum() == sum(everything.values())


def test_tone_is_the_mean_of_the_mentions_with_its_clustered_interval(newsroom: Newsroom, view: View) -> None:
    frame = queries.tone(newsroom.model, view, NAMES)
    mentions = named(newsroom.pieces, view)
    for row in frame.itertuples():
        here = [m for m in scored(mentions, row.figure) if bin_of(m.day, view.bin) == row.bin]
        assert row.n == len(here)
        assert row.stories == len({m.story for m in here})
        assert same((row.tone, row.low, row.high), interval(here))
        labels = Counter(m.label for m in here)
        assert (row.negative, row.neutral, row.positive) == tuple(
            labels[x] for x in ("negative", "neutral", "positive")
        )
    assert frame["n"].sum() == sum(len(scored(mentions, figure)) for figure in view.lines)


def test_the_mix_adds_up_to_the_scored_mentions(newsroom: Newsroom, view: View) -> None:
    for figure in NAMES:
        frame = queries.mix(newsroom.model, view, figure)
        here = scored(named(newsroom.pieces, view), figure)
        wanted = Counter((bin_of(m.day, view.bin), m.label) for m in here)
        for row in frame.itertuples():
            assert row.n == row.negative + row.neutral + row.positive
            for label in ("negative", "neutral", "positive"):
                assert getattr(row, label) == wanted[row.bin, label]
        assert frame["n"].sum() == len(here)


def test_share_of_voice_is_of_all_figures_in_view(newsroom: Newsroom, view: View) -> None:
    for lines in (view.lines, view.lines[:2]):
        frame = queries.voice(newsroom.model, replace(view, lines=lines), NAMES)
        counts = Counter(m.figure for m in named(newsroom.pieces, view) if m.figure in lines)
        assert dict(zip(frame["figure"], frame["mentions"], strict=True)) == {
            figure: counts[figure] for figure in lines
        }
        assert list(frame["mentions"]) == sorted(frame["mentions"], reverse=True)
        if counts:
            assert frame["share"].sum() == pytest.approx(1)
        else:
            assert frame["share"].isna().all()


def test_companions_are_named_in_the_same_articles(newsroom: Newsroom, view: View) -> None:
    mentions = named(newsroom.pieces, view)
    for figure in NAMES:
        own = {m.article for m in mentions if m.figure == figure}
        wanted = Counter(other for other, _ in {(m.figure, m.article) for m in mentions if m.article in own})
        del wanted[figure]
        frame = queries.companions(newsroom.model, view, figure, NAMES)
        assert dict(zip(frame["figure"], frame["articles"], strict=True)) == wanted
        assert list(frame["articles"]) == sorted(frame["articles"], reverse=True)
    first = queries.companions(newsroom.model, view, "ada-quill", NAMES, limit=1)
    assert len(first) <= 1


def test_sources_name_a_figure_in_so_many_of_their_articles(newsroom: Newsroom, view: View) -> None:
    outlets = {id_: key for key, id_ in newsroom.sources.items()}
    mentions = [m for m in named(newsroom.pieces, view) if m.figure == "ada-quill"]
    frame = queries.by_source(newsroom.model, view, "ada-quill", outlets)
    assert set(frame["source"]) == {outlets[m.source] for m in mentions}
    for row in frame.itertuples():
        id_ = newsroom.sources[row.source]
        assert row.articles == len({m.article for m in mentions if m.source == id_})
        assert row.all == sum(piece.source == id_ for piece in base(newsroom.pieces, view))
        assert row.share == pytest.approx(row.articles / row.all)
        here = [m for m in mentions if m.source == id_ and m.tone is not None]
        assert (row.n, row.stories) == (len(here), len({m.story for m in here}))
        assert same((row.tone, row.low, row.high), interval(here))


def test_the_most_named_are_named_in_most_articles(newsroom: Newsroom, view: View) -> None:
    mentions = named(newsroom.pieces, view)
    counted = Counter(figure for figure, _ in {(m.figure, m.article) for m in mentions})
    often = Counter(m.figure for m in mentions)
    wanted = sorted(counted, key=lambda figure: (-counted[figure], -often[figure], figure))
    assert queries.most_named(newsroom.model, view, 5) == wanted
    assert queries.most_named(newsroom.model, view, 1) == wanted[:1]


def test_every_point_opens_exactly_the_mentions_it_counts(newsroom: Newsroom, view: View) -> None:
    model, mentions = newsroom.model, {m.id: m for m in named(newsroom.pieces, view)}
    whole = {figure: queries.counted(model, view, figure=figure) for figure in NAMES}
    # Points that count nothing are not asked one by one: those that count something must have all of the period.
    opened: dict[str, set[int]] = {figure: set() for figure in NAMES}
    for point in queries.attention(model, view, NAMES).itertuples():
        if point.articles:
            ids = queries.counted(model, view, figure=point.figure, start=point.bin)
            assert len(ids) == len(set(ids))
            assert len({mentions[id_].article for id_ in ids}) == point.articles
            assert opened[point.figure].isdisjoint(ids)
            opened[point.figure] |= set(ids)
    for point in queries.tone(model, view, NAMES).itertuples():
        if point.n:
            assert len(queries.counted(model, view, figure=point.figure, start=point.bin, scored=True)) == point.n
    for figure in NAMES:
        assert opened[figure] == set(whole[figure]) == {id_ for id_, m in mentions.items() if m.figure == figure}
        days = [mentions[id_].day for id_ in whole[figure]]
        assert days == sorted(days, reverse=True)


def test_every_part_of_the_mix_opens_exactly_the_mentions_it_counts(newsroom: Newsroom) -> None:
    view = newsroom.view(offices=True)
    labels = {m.id: m.label for m in named(newsroom.pieces, view)}
    for part in queries.mix(newsroom.model, view, "ada-quill").itertuples():
        for label in ("negative", "neutral", "positive"):
            ids = queries.counted(newsroom.model, view, figure="ada-quill", start=part.bin, label=label)
            assert len(ids) == getattr(part, label)
            assert {labels[id_] for id_ in ids} <= {label}


def test_the_sentences_behind_a_point_are_all_there_with_the_name_in_them(newsroom: Newsroom) -> None:
    view = newsroom.view(offices=True, **SEASON)
    for figure, name in NAMES.items():
        ids = queries.counted(newsroom.model, view, figure=figure)
        with newsroom.engine.connect() as connection:
            found = articles.evidence(connection, ids)
        assert [item.id for item in found] == ids
        shown = {item.sentence[item.start : item.end] for item in found}
        assert shown <= {name, name.split()[1], "Quill administration"}


def test_ambiguous_mentions_are_in_no_count(newsroom: Newsroom) -> None:
    view = newsroom.view(offices=True, **SEASON)
    ambiguous = {m.id for piece in newsroom.pieces for m in piece.mentions if m.kind == "ambiguous"}
    assert ambiguous
    for figure in NAMES:
        assert ambiguous.isdisjoint(queries.counted(newsroom.model, view, figure=figure))
        for positive in (True, False):
            found = queries.extremes(newsroom.model, view, figure, positive=positive, limit=1000)
            assert ambiguous.isdisjoint(found)


def test_extremes_are_the_strongest_sentence_of_each_story(newsroom: Newsroom, view: View) -> None:
    mentions = {m.id: m for m in named(newsroom.pieces, view)}
    for figure in NAMES:
        for positive, sign in ((True, 1), (False, -1)):
            found = [
                mentions[id_] for id_ in queries.extremes(newsroom.model, view, figure, positive=positive, limit=7)
            ]
            assert all(m.figure == figure and m.label == ("positive" if positive else "negative") for m in found)
            strongest = sorted(
                (m for m in mentions.values() if m.figure == figure and (m.tone or 0) * sign >= 0.05),
                key=lambda m: m.story,
            )
            best = sorted(
                (max((m.tone or 0) * sign for m in group) for _, group in groupby(strongest, lambda m: m.story))
            )
            assert [(m.tone or 0) * sign for m in found] == best[::-1][:7]
            assert len({m.story for m in found}) == len(found)


def test_articles_per_day_of_each_source(newsroom: Newsroom) -> None:
    since, until = date(2026, 11, 1), date(2026, 11, 20)
    found = holdings.per_day(newsroom.model, list(newsroom.sources.values()), since, until)
    wanted = Counter((piece.source, piece.day) for piece in newsroom.pieces if since <= piece.day <= until)
    assert {(source, day): n for source, days in found.items() for day, n in days.items()} == wanted


def test_kinds_of_text_are_counted_in_the_denominator(newsroom: Newsroom, view: View) -> None:
    assert queries.texts(newsroom.model, view) == Counter(piece.text_kind for piece in base(newsroom.pieces, view))


def test_what_there_is_by_span_language_and_revision(newsroom: Newsroom) -> None:
    model, everything = newsroom.model, newsroom.pieces
    west = newsroom.sources[WEST]
    days = [piece.day for piece in everything if piece.source == west]
    assert holdings.extent(model, [west]) == (min(days), max(days))
    assert holdings.extent(model, [4711]) is None
    assert holdings.articles_between(model, [west], min(days), max(days)) == len(days)
    assert holdings.articles_between(model, [west], max(days), min(days)) == 0
    assert holdings.languages(model) == ["en", "de"]
    sources = sorted(newsroom.sources.values())
    assert holdings.articles_after(model, 0, sources) == len(everything)
    assert holdings.articles_after(model, 0, sources[:1]) < len(everything)
    assert holdings.articles_after(model, model.revision, sources) == 0


def test_a_view_without_lines_makes_empty_frames(newsroom: Newsroom) -> None:
    view = newsroom.view()
    view = replace(view, lines=())
    for frame in (
        queries.attention(newsroom.model, view, NAMES),
        queries.tone(newsroom.model, view, NAMES),
        queries.voice(newsroom.model, view, NAMES),
    ):
        assert isinstance(frame, pd.DataFrame)
        assert len(frame) == 0


def test_bins_of_the_database_are_the_bins_of_the_calendar(newsroom: Newsroom) -> None:
    for unit in ("day", "week", "month", "quarter", "year"):
        view = newsroom.view(bin=unit, **SEASON)
        frame = queries.attention(newsroom.model, view, NAMES)
        assert frame.drop_duplicates("bin")["all"].sum() == len(base(newsroom.pieces, view))
        assert list(frame["bin"].unique()) == bins.between(view.since, view.until, view.bin)


def test_a_search_that_is_not_understood_is_no_search_for_everything(newsroom: Newsroom) -> None:
    for asked in (1, 2):  # the fault is no answer to be kept
        with pytest.raises(SearchError, match="nothing in these brackets"):
            queries.attention(newsroom.model, newsroom.view(search="()"), NAMES)
        assert asked


def test_the_interval_is_a_bootstraps_over_stories_to_the_third_digit(newsroom: Newsroom) -> None:
    view = newsroom.view(since=date(2026, 8, 1), until=TODAY, bin="year", offices=True)
    luck = np.random.default_rng(1)
    mentions = named(newsroom.pieces, view)
    for row in queries.tone(newsroom.model, view, NAMES).itertuples():
        stories: dict[int, list[float]] = {}
        for mention in scored(mentions, row.figure):
            stories.setdefault(mention.story, []).append(mention.tone or 0.0)
        counts = np.array([len(tones) for tones in stories.values()])
        sums = np.array([sum(tones) for tones in stories.values()])
        drawn = luck.integers(0, len(stories), size=(1_000, len(stories)))
        spread = float((sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)).std(ddof=1))
        half = (row.high - row.low) / 2 / statistics.student(len(stories) - 1)
        assert half == pytest.approx(spread, abs=0.005), row.figure


def test_copies_count_once_in_numerator_and_denominator(newsroom: Newsroom) -> None:
    every, once = newsroom.view(**SEASON), newsroom.view(copies="once", **SEASON)
    stories = {piece.story for piece in base(newsroom.pieces, every)}
    assert queries.total(newsroom.model, once) == len(stories) < queries.total(newsroom.model, every)
    frame = queries.attention(newsroom.model, every, NAMES)
    for row in frame[frame["all"] > 0].itertuples():
        # With copies counted, the interval knows how few stories there are.
        n = len({p.story for p in base(newsroom.pieces, every) if bin_of(p.day, every.bin) == row.bin})
        assert (row.low, row.high) == pytest.approx(statistics.wilson(row.share * n, n))


def test_search_narrows_the_numerator_only(newsroom: Newsroom) -> None:
    wide, narrow = newsroom.view(), newsroom.view(search="harbour")
    assert len(hit(newsroom.pieces, narrow)) < len(hit(newsroom.pieces, wide))
    before, after = (queries.attention(newsroom.model, view, NAMES) for view in (wide, narrow))
    assert list(before["all"]) == list(after["all"])
    assert (after["articles"] <= before["articles"]).all()
    assert after["articles"].sum() < before["articles"].sum()


def test_two_queries_of_one_name_never_share_an_answer(newsroom: Newsroom) -> None:
    def made(answer: str) -> Callable[[Snapshot, View], str]:
        @cached
        def attention(model: Snapshot, view: View) -> str:
            return answer

        return attention

    first, second = made("shares"), made("counts")
    view = newsroom.view()
    assert [query(newsroom.model, view) for query in (first, second, first)] == ["shares", "counts", "shares"]
