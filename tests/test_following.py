"""Several dashboards follow one record while three writers commit, each through connections of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select

from dashboard.readmodel import ReadModel
from dashboard.scope import Scope
from dashboard.view import View
from ingest.settings import PROJECT
from ingest.store import record, schema
from ingest.store.filters import Filters
from tests.desk import until
from tests.newsroom import EAST, NORTH, TODAY, WEST, Press, analyser, entry, utc

_WRITERS, _COMMITS = 3, 12


def write(url: str, outlet: str, folder: str, number: int) -> None:
    """A writer: one new article a commit."""
    engine = record.open_engine(url)
    press = Press(engine, analyser(Path(folder)))
    for commit in range(_COMMITS):
        press.publish(outlet, entry(100 * number + commit, f"Ada Quill {commit}", "She spoke.", utc(2026, 11, 20)))
    engine.dispose()


def _follow(url: str, view: View, stop: threading.Event, seen: list[tuple[int, int]], faults: list[Exception]) -> None:
    engine = record.open_engine(url)
    try:
        model = ReadModel(engine)
        while not stop.wait(0.02):
            model.catch_up()
            with Scope(model, view) as scope:
                now = (scope.revision, scope.rows("SELECT count(*) FROM base")[0][0])
            if not seen or now != seen[-1]:
                seen.append(now)
    except Exception as error:
        faults.append(error)
    finally:
        engine.dispose()


def test_every_dashboard_sees_every_revision_in_order_while_three_writers_commit(
    engine: Engine, database: str, tmp_path: Path
) -> None:
    press = Press(engine, analyser(tmp_path))
    filters = Filters(sources=tuple(press.ids.values()), since=TODAY - timedelta(days=29), until=TODAY)
    view = View(filters, "week", "share", TODAY, ())
    stop, faults = threading.Event(), list[Exception]()
    seen: list[list[tuple[int, int]]] = [[], [], []]
    followers = [threading.Thread(target=_follow, args=(database, view, stop, mine, faults)) for mine in seen]
    writers = []
    for number, outlet in enumerate((WEST, EAST, NORTH), 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        code = f"from tests.test_following import write; write({database!r}, {outlet!r}, {str(folder)!r}, {number})"
        command = [sys.executable, "-W", "error", "-c", code]
        writers.append(subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE))
    try:
        for follower in followers:
            follower.start()
        said = [writer.communicate(timeout=60)[1].decode() for writer in writers]
        assert [writer.returncode for writer in writers] == [0, 0, 0], said
        newest = _WRITERS * _COMMITS
        until(lambda: bool(faults) or all(mine and mine[-1][0] == newest for mine in seen))
    finally:
        stop.set()
        for follower in followers:
            follower.join()
        for writer in writers:
            writer.kill()
            writer.wait(10)
    assert faults == []
    for mine in seen:
        # Each commit brought one article: as many are there as revisions, at every moment, so none was skipped.
        assert [articles for _, articles in mine] == [revision for revision, _ in mine]
        assert mine == sorted(set(mine))
    assert max(len(mine) for mine in seen) > 5, "nobody saw the record grow"
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(schema.content)).scalar_one() == newest
