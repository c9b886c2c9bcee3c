"""As of a revision: what was shown then is shown for ever, whatever has been committed since."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from sqlalchemy import Engine, update

from dashboard.model.cache import Cache
from dashboard.model.follower import Follower
from dashboard.model.snapshot import OPEN, Snapshot
from dashboard.numbers import holdings, kpi, queries
from dashboard.numbers.scope import Scope
from dashboard.state import choices, process
from dashboard.view import View
from ingest.store import record, schema
from ingest.store.read.filters import Filters
from ingest.store.write.commit import Commit
from tests.dashboard.numbers.test_queries import newest
from tests.helpers import newsroom as press
from tests.helpers.desk import Desk, on_sqlite, until, utc
from tests.helpers.newsroom import EAST, FIGURES, NAMES, NOW, TODAY, WEST, Press, entry

DAY = utc(2026, 11, 20, 10)
_SAID = ("{} won wonderful praise.", "{} was blamed for a terrible failure.", "{} spoke.")
DORA = '\n[[figure]]\nid = "dora-stone"\nname = "Dora Stone"\nstrong = ["Dora Stone"]\n'
LINES = (*sorted(NAMES), "dora-stone")


@pytest.fixture
def outlets(engine: Engine, tmp_path: Path) -> Press:
    return Press(engine, press.analyser(tmp_path))


def view(outlets: Press, **changes: Any) -> View:
    filters = Filters(sources=tuple(outlets.ids.values()), since=TODAY - timedelta(days=29), until=TODAY)
    ours = {name: changes.pop(name) for name in list(changes) if name in Filters.__dataclass_fields__}
    made = View(replace(filters, **ours), "week", "share", TODAY, LINES)
    return replace(made, **changes)


def shown(model: Snapshot, asked: View) -> dict[str, Any]:
    """Every answer of a view, in a form that two of them can be compared in."""
    frames = {
        "attention": queries.attention(model, asked, NAMES),
        "tone": queries.tone(model, asked, NAMES),
        "mix": queries.mix(model, asked, "ada-quill"),
        "voice": queries.voice(model, asked, NAMES),
        "companions": queries.companions(model, asked, "ada-quill", NAMES),
        "by source": queries.by_source(model, asked, "ada-quill", {}),
    }
    revision = model.revision if asked.filters.as_of is None else asked.filters.as_of
    assert {frame.attrs["revision"] for frame in frames.values()} == {revision}
    found: dict[str, Any] = {name: frame.round(9).astype(str).to_dict("records") for name, frame in frames.items()}
    figures = kpi.of(model, asked, now=NOW)
    assert figures.revision == revision
    net = tuple(None if value is None else round(value, 9) for value in (figures.net_tone, figures.half))
    found["kpi"] = replace(figures, net_tone=net[0], half=net[1], net_by_bin=())
    found["ranking"] = queries.ranking(model, asked)
    found["counted"] = [queries.counted(model, asked, figure=figure) for figure in LINES]
    found["extremes"] = queries.extremes(model, asked, "ada-quill", positive=True, limit=3)
    found["newest"] = newest(model, asked, 5)
    found["extent"] = holdings.extent(model, asked.sources, asked.filters.as_of)
    found["held"] = holdings.by_source(model, asked.filters.as_of)
    found["languages"] = holdings.languages(model, asked.filters.as_of)
    return found


def commits(outlets: Press, folder: Path, luck: random.Random, count: int) -> Any:
    """Makes random commits: new articles, edits, withdrawals, re-scorings; yields after each."""
    people = [*NAMES.values(), "Dora Stone"]
    published: list[tuple[str, int]] = []
    for number in range(count):
        kind = luck.choice(["new", "new", "new", "edit", "edit", "withdraw", "rescore"])
        if kind == "rescore":
            outlets.pipeline.analyser = press.analyser(folder, FIGURES + luck.choice(["", DORA]))
            outlets.pipeline.rescore()
        elif kind == "withdraw" and published:
            with record.writing(outlets.engine) as connection:
                Commit(connection, NOW, "withdraw").withdraw([luck.randint(1, len(published))])
        else:
            again = kind == "edit" and published
            outlet, at = luck.choice(published) if again else (luck.choice((WEST, EAST)), 1000 + number)
            said = " ".join(
                luck.choice(("{} won wonderful praise.", "{} was blamed for a terrible failure.", "{} spoke.")).format(
                    name
                )
                for name in luck.sample(people, luck.randint(1, 3))
            )
            when = DAY - timedelta(days=at % 25)
            outlets.publish(outlet, entry(at, f"Report {at}.{number} on tariffs", said, when))
            if not again:
                published.append((outlet, at))
        yield


# Each revision takes a second: another season for each database, and longer ones for those who have the time.
@pytest.mark.parametrize(
    ("database", "seed", "count"),
    [
        ("sqlite", 1, 15),
        ("postgresql", 2, 15),
        pytest.param("sqlite", 3, 60, marks=pytest.mark.slow),
        pytest.param("postgresql", 4, 60, marks=pytest.mark.slow),
    ],
    indirect=["database"],
)
def test_every_revision_answers_as_it_did_when_it_was_the_newest(
    outlets: Press, engine: Engine, tmp_path: Path, seed: int, count: int
) -> None:
    luck = random.Random(seed)
    views = (
        view(outlets),
        view(outlets, copies="once", offices=True),
        view(outlets, topics=("trade",), tone=(-1.0, 0.3), figures=("ada-quill", "ben-marsh")),
        view(outlets, search="praise"),
    )
    then: dict[int, list[dict[str, Any]]] = {}
    for number, _ in enumerate(commits(outlets, tmp_path, luck, count)):
        if number < 6:
            continue
        if number == 6:  # copies of one text, as the clustering will find them; no revision, so only once
            with record.writing(engine) as connection:
                connection.execute(
                    update(schema.analysis).where(schema.analysis.c.id.in_([1, 2, 3])).values(story_id=1)
                )
            following = Follower(engine)
        following.catch_up()
        then[following.revision] = [shown(following.snapshot, asked) for asked in views]
    assert len(then) > 6
    late = Follower(engine)  # has seen nothing happen
    late.catch_up()
    for revision in luck.sample(sorted(then), len(then)):
        for asked, wanted in zip(views, then[revision], strict=True):
            pinned = replace(asked, filters=replace(asked.filters, as_of=revision))
            for model in (following, late):
                assert shown(model.snapshot, pinned) == wanted, (revision, asked)


def test_a_run_stays_at_its_revision_while_commits_arrive(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, *(entry(n, f"Ada Quill {n}", "She won praise.", DAY) for n in range(3)))
    model = Follower(engine)
    model.catch_up()
    at = model.revision
    asked = view(outlets, as_of=at, search="praise")
    before = queries.attention(model.snapshot, asked, NAMES)
    assert before["articles"].sum() == 3
    outlets.publish(WEST, entry(0, "Ben Marsh", "He was blamed.", DAY), entry(9, "Ada Quill too", "Praise.", DAY))
    model.catch_up()
    assert model.revision == at + 1
    model.snapshot = replace(model.snapshot, cache=Cache())  # nothing is remembered
    pd.testing.assert_frame_equal(queries.attention(model.snapshot, asked, NAMES), before)
    assert queries.voice(model.snapshot, asked, NAMES)["mentions"].tolist()[0] == 3
    assert holdings.by_source(model.snapshot, at)[outlets.ids[WEST]][0] == 3
    assert {row.id: row.articles for row in choices.of(model.snapshot, at).sources}[outlets.ids[WEST]] == 3
    assert queries.attention(model.snapshot, view(outlets), NAMES).attrs["revision"] == at + 1


def test_the_figures_of_a_revision_are_those_watched_then(outlets: Press, engine: Engine, tmp_path: Path) -> None:
    outlets.publish(WEST, entry(1, "Dora Stone met Ada Quill", "They spoke.", DAY))
    outlets.pipeline.analyser = press.analyser(tmp_path, FIGURES + DORA)
    outlets.pipeline.rescore()
    model = Follower(engine)
    model.catch_up()
    assert "Dora Stone" in choices.of(model.snapshot).figures
    assert "Dora Stone" not in choices.of(model.snapshot, 1).figures


def test_versions_closed_long_ago_are_loaded_when_somebody_asks_and_only_once(outlets: Press, engine: Engine) -> None:
    for edition in range(4):
        outlets.publish(WEST, entry(1, f"Edition {edition}", "Ada Quill spoke.", DAY))
    model = Follower(engine)
    model.catch_up()

    def closed() -> list[Any]:
        versions = model.snapshot.articles.all().filter(pl.col("rev_to") < OPEN)
        return sorted(versions.select("rev_from", "rev_to").rows())

    assert closed() == []
    for revision, held in ((3, [(3, 4)]), (1, [(1, 2), (2, 3), (3, 4)]), (2, [(1, 2), (2, 3), (3, 4)])):
        assert queries.total(model.snapshot, view(outlets, as_of=revision)) == 1
        assert closed() == held


# -- a record that is no longer the one that was followed ------------------------------------------------------------


def copied(model: Follower) -> list[Any]:
    articles = model.snapshot.articles.all().filter(pl.col("rev_to") == OPEN)
    return sorted(articles.select("id", "story", "tone", "rev_from").rows())


def fresh(engine: Engine) -> Follower:
    model = Follower(engine)
    model.catch_up()
    return model


@on_sqlite
def test_a_copy_put_back_in_place_is_followed_from_then_on(outlets: Press, engine: Engine, desk: Desk) -> None:
    path = desk.data / "discourse.db"
    outlets.publish(WEST, entry(1, "Ada Quill", "She spoke.", DAY))
    backup = desk.root / "backup.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"VACUUM INTO '{backup}'")
    outlets.publish(WEST, entry(2, "Ben Marsh", "He spoke.", DAY), entry(1, "Ada Quill again", "She spoke.", DAY))
    model = fresh(engine)
    assert model.revision == 2
    engine.dispose()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    backup.replace(path)
    model.catch_up()
    assert (model.revision, len(copied(model))) == (1, 1)
    # It goes on from there to other revisions of the same numbers.
    outlets.publish(EAST, entry(7, "Cora Quill", "She spoke.", DAY))
    model.catch_up()
    assert copied(model) == copied(fresh(engine))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE revision SET at = '2020-01-01 00:00:00' WHERE number = 2",  # another record, as far along as ours
        "INSERT INTO revision (number, at, what) VALUES (4, '2026-11-22 16:00:00', 'after one that is not there')",
    ],
)
def test_a_record_that_is_not_the_one_we_followed_is_loaded_anew(outlets: Press, engine: Engine, sql: str) -> None:
    for number in (1, 2):
        outlets.publish(WEST, entry(number, "Ada Quill", f"She spoke, part {number}.", DAY))
    model = fresh(engine)
    before = model.snapshot.cache
    with record.writing(engine) as connection:
        connection.exec_driver_sql(sql)
    outlets.publish(WEST, entry(3, "Ben Marsh", "He spoke.", DAY))
    assert model.catch_up() == 3
    assert model.snapshot.cache is not before
    assert copied(model) == copied(fresh(engine))
    before = model.snapshot.cache
    outlets.publish(WEST, entry(4, "Ben Marsh", "He spoke again.", DAY))
    assert model.catch_up() == 1
    assert model.snapshot.cache is before


@on_sqlite
def test_a_record_that_is_gone_is_said_to_be_and_not_made_anew(outlets: Press, engine: Engine, desk: Desk) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill", "She spoke.", DAY))
    model = fresh(engine)
    path = desk.data / "discourse.db"
    shutil.move(path, desk.root / "elsewhere.db")
    with pytest.raises(Exception, match="is gone"):
        model.catch_up()
    assert not path.exists()
    assert len(copied(model)) == 1
    shutil.move(desk.root / "elsewhere.db", path)
    model.catch_up()
    assert model.revision == 1


@on_sqlite
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_follower_that_dies_is_said_to_have_and_replaced(
    outlets: Press, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill", "She spoke.", DAY))
    state = process.Shared()
    state.ensure_running()
    until(state.ready.is_set)
    model = state.follower
    assert model is not None
    try:
        looks = model.catch_up

        def die() -> int:
            monkeypatch.setattr(model, "catch_up", looks)
            raise SystemExit

        first = state._thread
        assert first is not None
        monkeypatch.setattr(model, "catch_up", die)
        until(lambda: not first.is_alive())
        monkeypatch.setattr(model, "heard", None)
        state.ensure_running()  # as every look at a page does
        assert model.fault is None or "started again" in model.fault
        outlets.publish(WEST, entry(2, "Ben Marsh", "He spoke.", DAY))
        until(lambda: model.revision == 2 and model.fault is None)
    finally:
        state.stop.set()
        if state._thread:
            state._thread.join(10)
        model.engine.dispose()


def test_a_search_asks_the_record_as_of_the_same_revision(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill in the harbour", "She spoke.", DAY))
    outlets.publish(WEST, entry(1, "Ada Quill in the hills", "She spoke.", DAY))
    model = fresh(engine)
    for revision, found in ((1, 1), (2, 0)):
        asked = view(outlets, search="harbour", as_of=revision)
        assert len(Scope(model.snapshot, asked).hit.collect()) == found
