"""The read model: loads, follows what is new, edited, withdrawn or scored again; and says when it can't."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, select

from dashboard.model.facts import TONE_STEPS
from dashboard.model.follower import Follower
from dashboard.model.snapshot import Snapshot
from dashboard.numbers import holdings, queries
from dashboard.numbers.scope import Scope, held
from dashboard.view import View
from ingest.store import record, schema, watched
from ingest.store.read.filters import Filters
from ingest.store.write.commit import Commit
from tests.helpers import newsroom as press
from tests.helpers.desk import on_sqlite, until, utc
from tests.helpers.newsroom import EAST, FIGURES, NAMES, NOW, TODAY, WEST, Newsroom, Press, entry

DAY = utc(2026, 11, 20, 10)


@pytest.fixture
def outlets(engine: Engine, tmp_path: Path) -> Press:
    return Press(engine, press.analyser(tmp_path))


_MISSING = 'no such table: {0}|relation "{0}" does not exist'


def rows(model: Follower) -> dict[str, list[tuple[Any, ...]]]:
    return of(model.snapshot)


def of(snapshot: Snapshot) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is current, with words for numbers, in an order of its own."""
    current = snapshot.articles.all().filter(held(snapshot.revision))
    ids = current.select("analysis", article="id")
    tables = {
        "article": current.select("id", "source", "day", "published", "language", "tone", "story", "rev"),
        "mention": ids.join(snapshot.mentions.all(), on="analysis").select(
            "id", "article", "figure", "kind", "sentence", "tone", "label"
        ),
        "topic": ids.join(snapshot.topics.all(), on="analysis").select("article", "topic"),
        "naming": ids.join(snapshot.namings.all(), on="analysis"),
    }

    def told(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
        words = [name for name in ("language", "figure", "topic") if name in frame.columns]
        spoken = frame.with_columns(pl.col(words).map_elements(snapshot.word, return_dtype=pl.String))
        return sorted(spoken.rows(), key=repr)

    return {name: told(frame) for name, frame in tables.items()}


def fresh(engine: Engine) -> Follower:
    model = Follower(engine)
    model.catch_up()
    return model


def named(model: Follower) -> list[str]:
    return [row[2] for row in rows(model)["mention"]]


def view(outlets: Press) -> View:
    filters = Filters(sources=tuple(outlets.ids.values()), since=TODAY - timedelta(days=29), until=TODAY)
    return View(filters, "week", "share", TODAY, tuple(sorted(NAMES)))


def test_an_empty_record_makes_an_empty_model(engine: Engine) -> None:
    model = Follower(engine)
    assert model.catch_up() == 0
    assert (model.revision, model.snapshot.at) == (0, None)
    assert model.checked is not None
    assert rows(model) == {"article": [], "mention": [], "topic": [], "naming": []}


def test_loading_brings_everything_and_says_how_far_it_is(newsroom: Newsroom) -> None:
    told: list[tuple[int, int]] = []
    model = Follower(newsroom.engine)
    count = len(newsroom.pieces)
    assert model.catch_up(lambda done, of: told.append((done, of))) == count
    assert [of for _, of in told] == [count] * len(told)
    assert told == sorted(told)
    assert told[-1] == (count, count)
    found = rows(model)
    assert len(found["article"]) == count
    assert {row[0] for row in found["mention"]} == {m.id for piece in newsroom.pieces for m in piece.mentions}
    assert {(row[0], row[1]) for row in found["topic"]} == {
        (p.id, topic) for p in newsroom.pieces for topic in p.topics
    }
    by_id = {piece.id: piece for piece in newsroom.pieces}
    for id_, source, day, published, language, tone, story, _ in found["article"]:
        piece = by_id[id_]
        assert (source, day, language, tone and tone / TONE_STEPS, story) == (
            piece.source,
            piece.day,
            piece.language,
            piece.tone,
            piece.story,
        )
        assert published == piece.published.replace(tzinfo=None)


def test_nothing_new_touches_nothing(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill speaks", "She spoke.", DAY))
    model = fresh(engine)
    before, looked = rows(model), model.checked
    assert model.catch_up() == 0
    assert rows(model) == before
    assert model.checked != looked


def test_a_new_article_arrives_alone(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill speaks", "She spoke.", DAY))
    model = fresh(engine)
    at = model.revision
    outlets.publish(EAST, entry(2, "Ben Marsh speaks", "Tariffs, he said.", DAY), entry(3, "Nobody speaks", "So.", DAY))
    assert model.catch_up() == 2
    assert model.revision == at + 1
    assert model.snapshot.at == NOW
    assert sorted(named(model)) == ["ada-quill", "ben-marsh"]
    assert holdings.articles_after(model.snapshot, at, tuple(outlets.ids.values())) == 2
    assert rows(model) == rows(fresh(engine))


def test_an_edited_article_is_counted_once_with_its_new_words(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill on tariffs", "She spoke.", DAY), entry(2, "Rain", "It rained.", DAY))
    model = fresh(engine)
    at = model.revision
    outlets.publish(WEST, entry(1, "Ben Marsh at the summit", "He spoke.", DAY))
    assert model.catch_up() == 1
    assert named(model) == ["ben-marsh"]
    assert [row[1] for row in rows(model)["topic"]] == ["summits"]
    assert len(rows(model)["article"]) == 2
    assert holdings.articles_after(model.snapshot, at, tuple(outlets.ids.values())) == 1
    assert rows(model) == rows(fresh(engine))


def test_a_withdrawn_article_leaves_every_count(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill on tariffs", "She spoke.", DAY), entry(2, "Ben Marsh", "He spoke.", DAY))
    model = fresh(engine)
    with record.writing(engine) as connection:
        Commit(connection, NOW, "withdraw").withdraw([1])
    assert model.catch_up() == 1
    assert [row[0] for row in rows(model)["article"]] == [2]
    assert named(model) == ["ben-marsh"]
    assert rows(model)["topic"] == []


def test_articles_scored_again_change_their_mentions_and_are_not_new(
    outlets: Press, engine: Engine, tmp_path: Path
) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill met Dora Stone", "They spoke.", DAY), entry(2, "Rain", "It rained.", DAY))
    model = fresh(engine)
    at = model.revision
    more = '\n[[figure]]\nid = "dora-stone"\nname = "Dora Stone"\nstrong = ["Dora Stone"]\n'
    outlets.pipeline.analyser = press.analyser(tmp_path, FIGURES + more)
    assert outlets.pipeline.rescore() == 2
    assert model.catch_up() == 1  # what comes out as before gets no new rows
    assert model.revision == at + 1
    assert sorted(named(model)) == ["ada-quill", "dora-stone"]
    assert holdings.articles_after(model.snapshot, at, tuple(outlets.ids.values())) == 0
    assert rows(model) == rows(fresh(engine))


def test_a_watch_list_put_back_as_it_was_is_the_one_in_force(outlets: Press, engine: Engine, tmp_path: Path) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill met Dora Stone", "They spoke.", DAY))
    more = '\n[[figure]]\nid = "dora-stone"\nname = "Dora Stone"\nstrong = ["Dora Stone"]\n'
    for figures, wanted in ((FIGURES + more, {*NAMES, "dora-stone"}), (FIGURES, set(NAMES))):
        outlets.pipeline.analyser = press.analyser(tmp_path, figures)
        outlets.pipeline.rescore()
        with engine.connect() as connection:
            assert {figure.id for figure in watched.watchlist(connection).figures} == wanted
    assert named(fresh(engine)) == ["ada-quill"]


def test_many_changes_between_two_looks_come_in_at_once(outlets: Press, engine: Engine) -> None:
    outlets.publish(EAST, entry(1, "Rain", "It rained.", DAY))
    model = fresh(engine)
    outlets.publish(WEST, entry(1, "Ada Quill", "She spoke.", DAY), entry(2, "Ada Quill too", "She spoke.", DAY))
    outlets.publish(WEST, entry(1, "Ben Marsh", "He spoke.", DAY))
    outlets.publish(WEST, entry(1, "Cora Quill", "She spoke.", DAY))
    with record.writing(engine) as connection:
        Commit(connection, NOW, "withdraw").withdraw([3])
    assert model.catch_up() == 2
    assert named(model) == ["cora-quill"]
    assert rows(model) == rows(fresh(engine))


def test_a_fault_is_kept_in_words_and_recovered_from(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill", "She spoke.", DAY))
    model, stop = fresh(engine), threading.Event()
    thread = threading.Thread(target=model.follow, args=(stop, 0.02))
    thread.start()
    try:
        with record.writing(engine) as connection:
            connection.exec_driver_sql("ALTER TABLE revision RENAME TO mislaid")
        until(lambda: model.fault is not None)
        assert re.search(_MISSING.format("revision"), str(model.fault))
        assert "\n" not in str(model.fault)
        assert named(model) == ["ada-quill"]  # what was in can still be looked at
        with record.writing(engine) as connection:
            connection.exec_driver_sql("ALTER TABLE mislaid RENAME TO revision")
        until(lambda: model.fault is None)
        outlets.publish(WEST, entry(2, "Ben Marsh", "He spoke.", DAY))
        until(lambda: len(named(model)) == 2)
    finally:
        stop.set()
        thread.join()


@on_sqlite
def test_a_record_that_nobody_writes_to_is_asked_now_and_then_only(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill", "She spoke.", DAY))
    model, stop, looks = fresh(engine), threading.Event(), list[int]()
    catch_up = model.catch_up
    model.catch_up = lambda *_: looks.append(catch_up()) or 0  # type: ignore[method-assign]
    thread = threading.Thread(target=model.follow, args=(stop, 0.01))
    thread.start()
    try:
        assert not stop.wait(1)  # a hundred looks
        assert len(looks) < 5
        outlets.publish(WEST, entry(2, "Ben Marsh", "He spoke.", DAY))
        until(lambda: model.revision == 2, 2)
    finally:
        stop.set()
        thread.join()


def test_a_fault_in_the_middle_leaves_what_was_in(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill", "She spoke.", DAY))
    model = fresh(engine)
    before, at = rows(model), model.revision
    outlets.publish(WEST, entry(1, "Ben Marsh", "He spoke of tariffs.", DAY))
    with record.writing(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE analysis_topic RENAME TO mislaid")
    with pytest.raises(Exception, match=_MISSING.format("analysis_topic")):
        model.catch_up()
    assert (rows(model), model.revision) == (before, at)
    with record.writing(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE mislaid RENAME TO analysis_topic")
    model.catch_up()
    assert named(model) == ["ben-marsh"]


def test_one_look_sees_one_state_even_when_a_commit_arrives_meanwhile(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill", "She spoke.", DAY))
    model = fresh(engine)
    scope = Scope(model.snapshot, view(outlets))
    assert len(scope.base.collect()) == 1
    outlets.publish(WEST, *(entry(n, f"Ada Quill {n}", "She spoke.", DAY) for n in range(2, 9)))
    model.catch_up()
    assert scope.named.collect()["article"].n_unique() == 1
    assert len(Scope(model.snapshot, view(outlets)).base.collect()) == 8


def test_two_readers_count_soundly_while_commits_arrive(outlets: Press, engine: Engine) -> None:
    model, stop = Follower(engine), threading.Event()
    shown, faults = view(outlets), []
    seen: list[int] = []

    def read() -> None:
        try:
            mine = 0  # what this reader has seen: the other one may be any number of commits ahead
            while not stop.is_set():
                frame = queries.attention(model.snapshot, shown, NAMES)
                assert (frame["articles"] <= frame["all"]).all()
                count = int(frame.loc[frame["figure"] == "ada-quill", "articles"].sum())
                assert count == frame.drop_duplicates("bin")["all"].sum()  # every article here names her
                assert count >= mine
                mine = count
                seen.append(count)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=read), threading.Thread(target=read)]
    threads.append(threading.Thread(target=model.follow, args=(stop, 0.005)))
    for thread in threads:
        thread.start()
    try:
        for commit in range(12):
            outlets.publish(WEST, *(entry(100 * commit + n, f"Ada Quill {commit}.{n}", "So.", DAY) for n in range(10)))
        until(lambda: bool(faults) or (bool(seen) and max(seen) == 120))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert faults == []
    assert model.fault is None
    assert max(seen) == 120


def test_nothing_is_lost_when_commits_race(outlets: Press, engine: Engine, tmp_path: Path) -> None:
    model, stop = Follower(engine), threading.Event()
    others = Press(engine, press.analyser(tmp_path))
    faults: list[Exception] = []

    def write(desk: Press, outlet: str) -> None:
        try:
            for commit in range(10):
                desk.publish(
                    outlet,
                    *(entry(n, f"Ada Quill, edition {commit}", f"Page {n}.", DAY) for n in range(commit % 5 + 1)),
                )
        except Exception as error:
            faults.append(error)

    follower = threading.Thread(target=model.follow, args=(stop, 0.001))
    writers = [
        threading.Thread(target=write, args=(outlets, WEST)),
        threading.Thread(target=write, args=(others, EAST)),
    ]
    for thread in (follower, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    try:
        with engine.connect() as connection:
            newest = record.current_revision(connection)
            numbers = list(
                connection.execute(select(schema.revision.c.number).order_by(schema.revision.c.number)).scalars()
            )
        assert faults == []
        assert numbers == list(range(1, newest + 1))
        until(lambda: model.revision == newest)
        assert model.fault is None
        assert rows(model) == rows(fresh(engine))
        assert len(rows(model)["article"]) == 10
    finally:
        stop.set()
        follower.join()


def test_a_model_thrown_away_is_rebuilt_the_same(newsroom: Newsroom) -> None:
    assert rows(fresh(newsroom.engine)) == of(newsroom.model)


def test_search_follows_the_record_revision_by_revision(outlets: Press, engine: Engine) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill in the harbour", "She spoke.", DAY))
    model = fresh(engine)
    shown = replace(view(outlets), filters=replace(view(outlets).filters, search="harbour"))
    assert queries.attention(model.snapshot, shown, NAMES)["articles"].sum() == 1
    outlets.publish(EAST, entry(1, "Ben Marsh in the harbour", "He spoke.", DAY))
    model.catch_up()
    assert queries.attention(model.snapshot, shown, NAMES)["articles"].sum() == 2
    outlets.publish(EAST, entry(1, "Ben Marsh in the hills", "He spoke.", DAY))
    model.catch_up()
    assert queries.attention(model.snapshot, shown, NAMES)["articles"].sum() == 1
