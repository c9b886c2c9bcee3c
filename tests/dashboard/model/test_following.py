"""Several dashboards follow one record while three writers commit, each through connections of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from dashboard.model.follower import Follower
from dashboard.numbers.scope import Scope
from dashboard.view import View
from ingest.store import record
from ingest.store.read.filters import Filters
from tests.helpers.desk import until, utc
from tests.helpers.newsroom import EAST, NORTH, TODAY, WEST, Press, analyser, entry

_COMMITS = 8


def test_every_dashboard_sees_every_revision_in_order_while_three_writers_commit(
    engine: Engine, database: str, tmp_path: Path
) -> None:
    ids = Press(engine, analyser(tmp_path)).ids
    filters = Filters(sources=tuple(ids.values()), since=TODAY - timedelta(days=29), until=TODAY)
    view = View(filters, "week", "share", TODAY, ())
    stop, faults = threading.Event(), list[Exception]()
    seen: list[list[tuple[int, int]]] = [[], [], []]

    def apart(work: Callable[[Engine], None]) -> threading.Thread:
        def go() -> None:
            own = record.open_engine(database)
            try:
                work(own)
            except Exception as error:
                faults.append(error)
            finally:
                own.dispose()

        return threading.Thread(target=go)

    def writer(outlet: str, number: int) -> threading.Thread:
        folder = tmp_path / str(number)
        folder.mkdir()

        def write(own: Engine) -> None:
            press = Press(own, analyser(folder))
            for commit in range(_COMMITS):
                press.publish(outlet, entry(100 * number + commit, f"Ada Quill {commit}", "So.", utc(2026, 11, 20)))

        return apart(write)

    def follower(mine: list[tuple[int, int]]) -> threading.Thread:
        def follow(own: Engine) -> None:
            model = Follower(own)
            while not stop.wait(0.02):
                model.catch_up()
                scope = Scope(model.snapshot, view)
                now = (scope.revision, len(scope.base.collect()))
                if not mine or now != mine[-1]:
                    mine.append(now)

        return apart(follow)

    followers = [follower(mine) for mine in seen]
    writers = [writer(outlet, number) for number, outlet in enumerate((WEST, EAST, NORTH), 1)]
    for thread in (*followers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    try:
        newest = 3 * _COMMITS
        until(lambda: bool(faults) or all(mine and mine[-1][0] == newest for mine in seen), 30)
    finally:
        stop.set()
        for thread in followers:
            thread.join()
    assert faults == []
    for mine in seen:
        # Each commit brought one article: as many are there as revisions, at every moment, so none was skipped.
        assert [articles for _, articles in mine] == [revision for revision, _ in mine]
        assert mine == sorted(set(mine))
    assert max(len(mine) for mine in seen) > 3, "nobody saw the record grow"
