"""The row of key figures, against the same articles counted in plain Python; and what "before" means."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.model.follower import Follower
from dashboard.model.snapshot import Snapshot
from dashboard.numbers import holdings, kpi
from dashboard.view import View
from ingest import bins
from ingest.store.read.filters import Filters
from tests.dashboard.numbers.test_queries import VIEWS, interval
from tests.helpers import newsroom as press
from tests.helpers.desk import utc
from tests.helpers.newsroom import NOW, TODAY, WEST, Newsroom, base, bin_of, entry, hit, named

FIGURES: tuple[tuple[str, ...], ...] = ((), ("ada-quill", "cora-quill"))


@pytest.mark.parametrize("figures", FIGURES)
@pytest.mark.parametrize("name", VIEWS)
def test_every_key_figure_is_what_counting_gives(newsroom: Newsroom, name: str, figures: tuple[str, ...]) -> None:
    changes = dict(VIEWS[name], figures=figures)
    if "sources" in changes:
        changes["sources"] = tuple(newsroom.sources[key] for key in changes["sources"])  # type: ignore[attr-defined]
    view = newsroom.view(**changes)
    found = kpi.of(newsroom.model, view, now=NOW)
    all_, mine = base(newsroom.pieces, view), named(newsroom.pieces, view)
    if figures:
        mine = [m for m in mine if m.figure in figures]
    articles = [p for p in hit(newsroom.pieces, view) if not figures or p.id in {m.article for m in mine}]
    assert (found.articles, found.mentions) == (len(articles), len(mine))
    assert (found.total, found.heard) == (len(all_), len({p.source for p in all_}))
    scored = [m for m in mine if m.tone is not None]
    assert found.stories == len({m.story for m in scored})
    net = interval(scored, "net")
    if net is None:
        assert found.net_tone is found.half is None
    else:
        assert found.net_tone == pytest.approx(net[0])
        assert found.half == pytest.approx(max(net[0] - net[1], net[2] - net[0]))
    most = Counter(figure for figure, _ in {(m.figure, m.article) for m in mine})
    if most:
        top = min(most, key=lambda figure: (-most[figure], figure))
        assert (found.most_named, found.most_named_articles) == (top, most[top])
    else:
        assert (found.most_named, found.most_named_articles) == (None, 0)
    starts = bins.between(view.since, view.until, view.bin)
    by_bin = Counter(bin_of(p.day, view.bin) for p in articles)
    assert found.articles_by_bin == tuple(by_bin[start] for start in starts)
    by_bin = Counter(bin_of(m.day, view.bin) for m in mine)
    assert found.mentions_by_bin == tuple(by_bin[start] for start in starts)
    for start, value in zip(starts, found.net_by_bin, strict=True):
        here = Counter(m.label for m in scored if bin_of(m.day, view.bin) == start)
        n = sum(here.values())
        assert value == (pytest.approx((here["positive"] - here["negative"]) / n) if n else None)


@pytest.fixture
def days(engine: Engine, tmp_path: Path) -> Snapshot:
    """An article at nine, noon and six on each of the last two weeks, and of the next two."""
    made = press.Press(engine, press.analyser(tmp_path))
    made.publish(
        WEST,
        *(
            entry(
                100 * back + hour,
                f"Ada Quill at {hour}",
                "She was there.",
                utc(2026, 11, 22, hour) - timedelta(days=back),
            )
            for back in range(-2, 16)
            for hour in (9, 12, 18)
        ),
    )
    follower = Follower(engine)
    follower.catch_up()
    return follower.snapshot


def _view(model: Snapshot, since: date, until: date) -> View:
    source = min(holdings.by_source(model), default=0)
    return View(Filters(sources=(source,), since=since, until=until), "day", "share", TODAY)


def test_today_is_compared_with_yesterday_up_to_the_same_time_of_day(days: Snapshot) -> None:
    view = _view(days, TODAY, TODAY)
    for hour, seen in ((8, 0), (9, 1), (11, 1), (13, 2), (23, 3)):
        now = datetime(2026, 11, 22, hour, 30 if hour != 9 else 0, tzinfo=UTC)
        assert kpi.of(days, view, now=now, before=True).articles == seen


def test_a_running_period_is_compared_with_the_same_part_of_the_one_before(days: Snapshot) -> None:
    now = utc(2026, 11, 22, 13)
    week = _view(days, TODAY - timedelta(days=6), TODAY)
    before = kpi.of(days, week, now=now, before=True)
    assert before.articles == before.mentions == before.total == 6 * 3 + 2


def test_a_period_that_goes_on_after_today_is_compared_with_as_much_of_the_one_before(days: Snapshot) -> None:
    now = utc(2026, 11, 22, 13)
    half_over = _view(days, TODAY - timedelta(days=4), TODAY + timedelta(days=5))  # ten days, the fifth is today
    before = kpi.of(days, half_over, now=now, before=True)
    assert before.articles == 4 * 3 + 2


def test_a_period_that_is_over_is_compared_with_the_whole_one_before(days: Snapshot) -> None:
    over = _view(days, TODAY - timedelta(days=7), TODAY - timedelta(days=1))
    assert kpi.of(days, over, now=utc(2026, 11, 22, 0, 5), before=True).articles == 21


def test_the_time_of_day_is_taken_in_utc_whatever_the_clock_is_set_to(days: Snapshot) -> None:
    from zoneinfo import ZoneInfo

    for day, hour in ((22, 22), (23, 2)):  # 13:30 and 17:30 UTC, of one day
        now = datetime(2026, 11, day, hour, 30, tzinfo=ZoneInfo("Asia/Seoul"))
        assert kpi.of(days, _view(days, TODAY, TODAY), now=now, before=True).articles == 2


def test_a_net_tone_at_the_end_of_the_scale_keeps_the_whole_half_of_its_interval(
    engine: Engine, tmp_path: Path
) -> None:
    made = press.Press(engine, press.analyser(tmp_path))
    praise, blame = "{} won wonderful praise.", "{} was blamed for a terrible disaster."
    made.publish(
        WEST,
        *(
            entry(n, f"Report {n}", (blame if n == 0 else praise).format("Ben Marsh"), utc(2026, 11, 20, n))
            for n in range(8)
        ),
    )
    follower = Follower(engine)
    follower.catch_up()
    model = follower.snapshot
    found = kpi.of(model, _view(model, TODAY - timedelta(days=6), TODAY), now=NOW)
    assert found.net_tone == pytest.approx(0.75)
    # 0.75 + half would pass 1; the lower end tells how wide it is.
    assert found.half == pytest.approx(0.5911, abs=0.0005)
