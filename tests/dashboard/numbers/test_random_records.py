"""Each query on random small records, views and revisions, against the same counted in plain Python."""

from __future__ import annotations

import math
import random
import shutil
import tempfile
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from dashboard.model.follower import Follower
from dashboard.model.kept import Kept
from dashboard.model.snapshot import Snapshot
from dashboard.numbers import holdings, kpi, queries, sample
from dashboard.view import View
from ingest.bins import Bin
from ingest.models import LABELS, TEXT_KINDS
from ingest.store import engines, record
from ingest.store.read.filters import Filters
from tests.helpers import histories, plain
from tests.helpers.histories import DAYS, FIGURES, FIRST, LANGUAGES, SOURCES, TOPICS, Following, History
from tests.helpers.plain import Asked

NAMES = {figure: figure.upper() for figure in (*FIGURES, "nobody")}
BINS: tuple[Bin, ...] = ("day", "week", "month", "quarter", "year")


def ask(luck: random.Random, narrowed: Set[str]) -> Asked:
    """A view of most days, narrowed by some filters, and questions about it."""

    def some(*values: Any) -> tuple[Any, ...]:
        return tuple(luck.sample(values, luck.randint(1, len(values))))

    ends = sorted(histories.tone(luck) / 10_000 for _ in range(2))
    filters = {
        "figures": some(*NAMES),
        "sources": some(*SOURCES, 9),
        "topics": some(*TOPICS, "none"),
        "languages": some(*LANGUAGES, "xx"),
        "texts": some(*TEXT_KINDS),
        "tone": (ends[0], ends[1]),
        "offices": True,
        "copies": "once",
        "as_of": luck.randint(0, 10),
    }
    days = luck.choice((luck.randint(1, 8), luck.randint(1, 8), DAYS // 2, DAYS + 2))
    since = FIRST + timedelta(days=luck.randint(-1, DAYS + 1 - days))
    period = {"since": since.date(), "until": since.date() + timedelta(days=days - 1)}
    asked: dict[str, Any] = {
        "sources": SOURCES,
        **period,
        **{name: filters[name] for name in filters if name in narrowed},
    }
    now = since + timedelta(hours=3 * luck.randrange(8 * (days + 1)), seconds=luck.choice((0, 30, 5_000)))
    lines = tuple(luck.sample(sorted(NAMES), luck.randint(0, len(NAMES))))
    return Asked(
        View(Filters(**asked), luck.choice((*BINS, *BINS[2:])), "share", now.date(), lines),
        now=now.astimezone(timezone(timedelta(hours=luck.choice((0, 0, 9, -8))))),
        figure=luck.choice((*FIGURES[:2], *NAMES)), bin=luck.choice((None, luck.randint(0, 9))),
        label=luck.choice((None, None, *LABELS)), scored=luck.random() < 0.5, positive=luck.random() < 0.5,
        limit=luck.choice((1, 3, 50)), seed=luck.randrange(2**32), since=luck.randint(0, 6),
    )  # fmt: skip


def answers(model: Snapshot, asked: Asked) -> dict[str, Any]:
    """What the queries answer, in the form of `plain.answers`."""
    view, figure, as_of = asked.view, asked.figure, asked.view.filters.as_of
    revision = model.revision if as_of is None else min(as_of, model.revision)

    def rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
        assert frame.attrs["revision"] == revision
        return [
            tuple(None if isinstance(value, float) and math.isnan(value) else value for value in row)
            for row in frame.itertuples(index=False, name=None)
        ]

    def fields(found: kpi.Kpi) -> tuple[Any, ...]:
        assert found.revision == revision
        return tuple(getattr(found, name) for name in found.__slots__ if name != "revision")

    drawn = sample.draw(model, view, asked.seed, asked.limit)
    return {
        "total": queries.total(model, view),
        "texts": queries.texts(model, view),
        "ranking": queries.ranking(model, view),
        "most named": queries.most_named(model, view, asked.limit),
        "attention": rows(queries.attention(model, view, NAMES)),
        "tone": rows(queries.tone(model, view, NAMES)),
        "mix": rows(queries.mix(model, view, figure)),
        "voice": rows(queries.voice(model, view, NAMES)),
        "companions": rows(queries.companions(model, view, figure, NAMES, asked.limit)),
        "by source": rows(queries.by_source(model, view, figure, {})),
        "counted": queries.counted(
            model, view, figure=figure, start=asked.start, label=asked.label, scored=asked.scored
        ),
        "extremes": queries.extremes(model, view, figure, positive=asked.positive, limit=asked.limit),
        "kpi": fields(kpi.of(model, view, now=asked.now)),
        "kpi before": fields(kpi.of(model, view, now=asked.now, before=True)),
        "extent": holdings.extent(model, view.sources, as_of),
        "articles between": holdings.articles_between(model, view.sources, view.since, view.until, as_of),
        "articles after": holdings.articles_after(model, asked.since, view.sources),
        "languages": holdings.languages(model, as_of),
        "held": holdings.by_source(model, as_of),
        "per day": holdings.per_day(model, view.sources, view.since, view.until, as_of),
        "sample": (drawn.ids, drawn.total, drawn.figures, drawn.outlets),
    }


def close(found: Any, wanted: Any) -> bool:
    """Whether two answers are the same, but for 1e-9 of a fraction."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(close(found[name], wanted[name]) for name in wanted)
    if isinstance(found, list | tuple) and isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(close, found, wanted))
    if isinstance(found, float) and isinstance(wanted, float):
        return abs(found - wanted) <= 1e-9
    return bool(found == wanted)


def differing(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The answers that are not the same: found and wanted."""
    assert found.keys() == wanted.keys()
    return {name: (found[name], wanted[name]) for name in wanted if not close(found[name], wanted[name])}


@pytest.fixture(scope="module")
def nothing(empty_record: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A record in which nothing stands: snapshots of histories have an engine, and never ask."""
    path = shutil.copyfile(empty_record, tmp_path_factory.mktemp("nothing") / "discourse.db")
    opened = engines.make(f"sqlite:///{path}")
    yield opened
    opened.dispose()


@dataclass(frozen=True)
class Case:
    """What a random record and views of it are made from. Shrinking takes steps and filters away."""

    seed: int
    steps: int
    narrowed: tuple[Set[str], ...]  #: for each view, the filters that it has

    @property
    def luck(self) -> random.Random:
        return random.Random(self.seed)

    @property
    def history(self) -> History:
        return histories.made(self.luck, self.steps)

    @property
    def asked(self) -> list[Asked]:
        luck = self.luck
        return [ask(luck, narrowed) for narrowed in self.narrowed]


FILTERS = ("figures", "sources", "topics", "languages", "texts", "tone", "offices", "copies", "as_of")
CASES = st.builds(
    Case,
    st.integers(0, 2**32),
    st.integers(0, 20) | st.integers(60, 160),
    st.lists(st.frozensets(st.sampled_from(FILTERS), max_size=4), min_size=1, max_size=2).map(tuple),
)
QUICK = settings(
    max_examples=30, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


def compare(case: Case, nothing: Engine) -> None:
    luck, history = case.luck, case.history
    followed = Following(history, nothing, luck)
    begun = luck.randint(1, history.newest)
    started, late = Following(history, nothing, luck, begun), Following(history, nothing, luck, history.newest)
    file = Kept(nothing, Path())  # beside the record
    with nothing.connect() as connection:
        assert file.write(started.snapshot, connection)
        kept = file.read(Snapshot(nothing, followed.older), connection)
    assert kept is not None
    for view in case.asked:
        wanted = plain.answers(history, view, history.newest)
        found = answers(followed.snapshot, view)
        assert differing(found, wanted) == {}
        for way, other in (("started", started.snapshot), ("late", late.snapshot), ("kept", kept)):
            assert answers(other, view) == found, way  # to the last bit: two processes show one number
    # Readers of an old snapshot go on with it.
    before = luck.randrange(len(started.seen))
    view = case.asked[0]
    assert differing(answers(started.seen[before], view), plain.answers(history, view, begun + before)) == {}


@given(CASES)
@QUICK
def test_every_answer_is_what_counting_gives_however_the_snapshot_was_made(nothing: Engine, case: Case) -> None:
    compare(case, nothing)


@pytest.mark.slow
@given(CASES)
@settings(QUICK, max_examples=500)
def test_every_answer_is_what_counting_gives_in_five_hundred_records(nothing: Engine, case: Case) -> None:
    compare(case, nothing)


@given(CASES)
@settings(QUICK, max_examples=6)
def test_a_record_gives_the_same_answers_followed_and_loaded(empty_record: Path, case: Case) -> None:
    history = case.history
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copyfile(empty_record, Path(folder) / "discourse.db")
        engine = engines.make(f"sqlite:///{path}")
        with record.writing(engine) as connection:
            histories.prepare(connection)
        following, late = Follower(engine), Follower(engine)
        for revision in range(1, history.newest + 1):
            with record.writing(engine) as connection:
                histories.commit(connection, history, revision)
            following.catch_up()
        late.catch_up()
        for view in case.asked:
            found = answers(following.snapshot, view)
            assert differing(found, plain.answers(history, view, history.newest)) == {}
            assert answers(late.snapshot, view) == found
        engine.dispose()
