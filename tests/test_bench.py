"""The parts of the bench that could measure wrongly without anybody noticing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from dashboard.numbers import kpi, queries
from ingest.settings import PROJECT
from ingest.store.write import versions
from tests.bench import load, millions, narrow, report, served, server, viewers
from tests.bench.apart import people
from tests.bench.corpus import Corpus
from tests.bench.report import Budget
from tests.bench.server import Server
from tests.bench.viewers import Click, Seen, Viewer
from tests.helpers.desk import utc

_SCRIPT = """
import streamlit as st

asked = st.query_params.get("do")

@st.fragment(run_every=0.2)
def ticking():
    st.caption("Looks again and again.")

if asked == "fail":
    raise ValueError("it was asked to")
if asked == "tick":
    ticking()
st.markdown("x" * int(st.query_params.get("bytes", 10)))
st.metric("Asked", asked)
"""
#: More than a viewer's buffer holds, and than one read of a socket gives.
_LARGE = 1_500_000


@pytest.fixture(params=["plain", "compressed"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, bool]]:
    """A server of a small page, whose messages are as they are by default or compressed."""
    script = tmp_path / "page.py"
    script.write_text(_SCRIPT)
    on = str(request.param == "compressed").lower()
    with server.running(script, tmp_path, {"STREAMLIT_SERVER_ENABLE_WEBSOCKET_COMPRESSION": on}) as running:
        yield running, request.param == "compressed"


def test_a_viewer_sees_every_run_end_with_its_elements_its_bytes_and_its_errors(page: tuple[Server, bool]) -> None:
    running, compressed = page

    async def look() -> Seen:
        seen = Seen()
        async with Viewer(running.port, seen) as viewer:
            await viewer.click(Click("", "do=look"))
            assert {"markdown", "metric"} <= viewer.elements
            await viewer.click(Click("", f"do=look&bytes={_LARGE}"))
            await viewer.click(Click("", f"do=again&bytes={_LARGE}"))  # the server refers to what the viewer has kept
            assert {"markdown", "metric"} <= viewer.elements
            for number in range(20):
                await viewer.click(Click("", f"do={number}"))
                assert "metric" in viewer.elements
            assert seen.errors == []
            await viewer.click(Click("", "do=fail"))
            assert "metric" not in viewer.elements
            assert len(seen.errors) == 1
            await viewer.click(Click("", "do=tick"))
            while seen.ticks < 3:
                await asyncio.sleep(0.05)
        return seen

    seen = asyncio.run(asyncio.wait_for(look(), 60))
    assert len(seen.clicks) == len(seen.wire) == 25
    assert seen.compressed == compressed
    assert seen.plain[1] > _LARGE > 100 * seen.plain[2]
    assert seen.wire[1] < 0.1 * _LARGE if compressed else seen.wire[1] > seen.plain[1]
    assert len(seen.errors) == 1


def test_two_processes_answer_a_crowd_and_each_is_counted(tmp_path: Path) -> None:
    environment = served.environment(f"sqlite:///{tmp_path / 'record.db'}", tmp_path)
    with people() as there, server.running(PROJECT / "app.py", tmp_path, environment, workers=2) as running:
        running.calm()
        before = running.cpu_each()
        given = [Click("", f"x={number}") for number in range(24)]
        seen, cpu = there.do(viewers.crowd, running.port, 8, given, every=1.0)
        roles = [usage.role for usage in running.memory()]
        used = {pid: seconds - before[pid] for pid, seconds in running.cpu_each().items()}
    assert seen.errors == []
    assert running.errors() == []
    assert len(seen.clicks) == 16  # the first of each viewer is not counted
    assert roles == ["server", "server", "parent"]
    assert sum(used.values()) > cpu > 0


def test_a_budget_says_by_which_factor_it_is_missed() -> None:
    assert Budget("a click", 90, 60, "ms").row == "| a click |  | ≤ 60 ms | 90 ms | MISSED × 1.50 |"
    assert Budget("a click", 60, 60, "ms").verdict == "reached"
    assert Budget("errors", 2, 0, "").verdict == "MISSED"
    assert Budget("with a snapshot", None, 4, "s").verdict == "not measured"
    assert Budget("ten years", 9_000, None, "ms").verdict == "told"
    assert report.model_lines() > 500


def test_a_reprint_is_prepared_as_if_it_were_alone() -> None:
    corpus = Corpus(1_000, date(2026, 3, 1))
    made = load.prepared(corpus, 0)
    reprints = [piece for piece in made if piece.original is not None]
    assert len(reprints) > 100
    for piece in reprints[:20]:
        alone = corpus.chunk(0)[piece.number].article
        assert piece.article == versions.prepared(alone)


def test_facts_made_as_arrays_fit_each_other() -> None:
    corpus = Corpus(1, date(2026, 3, 1))
    parts = list(narrow.years(corpus, 30_000))
    assert len(parts) == narrow.YEARS
    known = 0
    for articles, namings in parts:
        assert (articles.id == np.arange(known + 1, known + 1 + len(articles.id))).all()
        assert (np.diff(articles.published) >= 0).all()
        assert (articles.published // 86_400_000_000 == articles.day).all()
        assert (articles.story <= articles.id).all()
        assert (articles.story > known).all()  # a reprint comes soon after
        row = namings.article - articles.id[0]
        assert (np.diff(row * 1_000 + namings.figure.astype(int)) > 0).all()  # no pair twice
        assert namings.figure.max() < len(corpus.figures)
        for kinds in ("p", "a"):
            mentions, n, neg, pos = (getattr(namings, f"{kinds}_{name}") for name in ("mentions", "n", "neg", "pos"))
            assert (neg + pos <= n).all()
            assert (n <= mentions).all()
            assert (n[np.isnan(articles.tone[row])] == 0).all()
            assert (getattr(namings, f"{kinds}_sum")[n == 0] == 0).all()
        assert (namings.p_mentions <= namings.a_mentions).all()
        assert namings.a_mentions.min() > 0
        known = articles.id[-1]
    assert known == 30_000
    assert parts[-1][0].day[-1] == (corpus.until - date(1970, 1, 1)).days - 1
    copies = np.mean(np.concatenate([each.story != each.id for each, _ in parts]))
    assert 0.13 < copies < 0.17
    assert 2.9 < sum(len(each.article) for _, each in parts) / known < 3.5


def test_a_snapshot_made_of_arrays_answers_as_a_count_of_the_arrays_does() -> None:
    corpus = Corpus(20_000, date(2026, 3, 1))
    snapshot = millions.made(corpus, corpus.scale)
    parts = list(narrow.years(corpus, corpus.scale))
    figure = corpus.figures[0]
    for view in islice(millions.views(corpus, "a year", filtered=False, seed=3), 3):
        first, last = ((day - date(1970, 1, 1)).days for day in (view.since, view.until))
        articles, mentions, named = 0, 0, 0
        for found, namings in parts:
            within = (found.day >= first) & (found.day <= last)
            row = namings.article - found.id[0]
            persons = within[row] & (namings.p_mentions > 0)
            articles += int(within.sum())
            mentions += int(namings.p_mentions[persons].sum())
            named += int((persons & (namings.figure == 0)).sum())
        found_by_us = kpi.of(snapshot, view, now=utc(2026, 3, 1))
        assert (found_by_us.articles, found_by_us.mentions) == (articles, mentions)
        assert dict(queries.ranking(snapshot, view))[figure.id] == named
    stories = np.concatenate([found.story for found, _ in parts])
    _, place, count = np.unique(stories, return_inverse=True, return_counts=True)
    assert (snapshot.articles.ordered.sort("id")["alone"].to_numpy() == (count[place] == 1)).all()


def test_filtered_views_are_not_alike_and_stay_within_the_ten_years() -> None:
    corpus = Corpus(1, date(2026, 3, 1))
    for span, days in millions.SPANS.items():
        views = list(islice(millions.views(corpus, span, filtered=True, seed=1), millions.CALLS))
        assert len({(view.filters, view.lines) for view in views}) == len(views)
        assert all(view.days <= days for view in views)
        assert all(view.since >= corpus.until - timedelta(days=3650) for view in views)
        assert all(view.until < corpus.until for view in views)
