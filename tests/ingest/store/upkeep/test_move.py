"""Moving a record to another database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select
from typer.testing import CliRunner

from ingest.__main__ import app
from ingest.errors import RecordError
from ingest.settings import PROJECT
from ingest.store import engines, record, schema
from ingest.store.upkeep import damage, move
from tests.helpers.desk import Desk, on_postgresql, on_sqlite, until, utc
from tests.helpers.newsroom import EAST, WEST, Press, analyser, entry, season
from tests.helpers.postgresql import Server

pytestmark = pytest.mark.usefixtures("quiet_logging")


def _told(_what: str, _done: int, _total: int) -> None:
    pass


def _all(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in schema.metadata.sorted_tables
        }


@pytest.fixture
def target(server: Server) -> Iterator[str]:
    """The URL of an empty database."""
    url = server.new(template="template0")
    yield url
    server.drop(url)


@pytest.fixture
def filled(engine: Engine, tmp_path: Path) -> Engine:
    """A record with edits, withdrawals, faults and what people made."""
    press = Press(engine, analyser(tmp_path))
    published = [piece for _, piece in season(articles=60)]
    press.publish(WEST, *published)
    press.publish(WEST, entry(3, "Ada Quill, second edition", "A wonderful day for her — 조선.", utc(2026, 11, 1)))
    press.fail(EAST, "timed out")
    with record.writing(engine) as connection:
        connection.execute(insert(schema.note).values(text="a note", by="me", at=utc(2026, 11, 2)))
    return engine


def _cli(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    return f"{result.exit_code} {' '.join(result.output.split())}"


@on_sqlite
def test_a_record_moves_to_postgresql_with_everything_and_goes_on_there(
    filled: Engine, desk: Desk, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, exported = _all(filled), _cli("export", "mentions")
    said = _cli("copy", "--to", target.replace("+psycopg", ""))
    rows = sum(len(rows) for rows in before.values())
    assert said.startswith("0 ")
    assert f"{rows} rows of {len(before)} tables and the full-text index are in the new record" in said
    assert "rows/s" in said
    assert "geheim" not in said
    monkeypatch.setenv("DISCOURSE_DATABASE_URL", target)
    assert _cli("export", "mentions") == exported
    assert "The record is whole" in _cli("check")
    moved = record.open_engine(target)
    assert _all(moved) == before
    # New rows get new ids, and are found beside the old ones.
    desk.drop("a.txt", "Talks open\n\nAda Quill had a wonderful day.")
    assert "1 new, 0 edited" in _cli("once")
    assert _cli("export", "articles", "--search", "wonderful day", "--format", "jsonl").count("Talks open") == 1
    moved.dispose()


@on_postgresql
def test_a_record_moves_back_to_a_file(filled: Engine, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'back.db'}"
    assert move.run(filled, url, _told).fresh > 0
    back = record.open_engine(url)
    assert _all(back) == _all(filled)
    assert damage.full_check(back).faults == ()
    back.dispose()


@on_sqlite
def test_a_copy_that_is_killed_goes_on_where_it_was(filled: Engine, database: str, target: str) -> None:
    code = (
        "import sys, time\n"
        "from ingest.store import record; from ingest.store.upkeep import move\n"
        "move.BATCH = 7\n"
        "def told(*progress):\n"
        "    print(*progress, flush=True)\n"
        "    if progress[:2] == ('analysis_sentences', 21): time.sleep(60)\n"
        f"move.run(record.open_engine({database!r}), {target!r}, told)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    try:
        for line in child.stdout:
            if line.startswith("analysis_sentences 21"):
                break
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()
    with pytest.raises(RecordError, match="is not finished"):
        record.open_engine(target)
    copied = move.run(filled, target, _told)
    assert 21 < copied.fresh < copied.rows
    moved = record.open_engine(target)
    assert _all(moved) == _all(filled)
    assert damage.full_check(moved).faults == ()
    moved.dispose()


def _interrupted(source: Engine, target: str) -> None:
    def stop(what: str, _done: int, _total: int) -> None:
        if what == "mention":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move.run(source, target, stop)


@on_sqlite
def test_a_record_written_to_between_two_runs_is_not_mixed(filled: Engine, target: str, tmp_path: Path) -> None:
    _interrupted(filled, target)
    Press(filled, analyser(tmp_path)).publish(EAST, entry(1, "News", "Meanwhile.", utc(2026, 11, 3)))
    with pytest.raises(RecordError, match="unfinished copy of another record, or of this one before it was written"):
        move.run(filled, target, _told)


@on_sqlite
def test_what_is_not_equal_at_the_end_is_said(filled: Engine, target: str, server: Server) -> None:
    _interrupted(filled, target)
    server.ask(target, "UPDATE content SET title = 'Another' WHERE id = 1")
    with pytest.raises(RecordError, match=r"not equal in `content`: 60 rows .* were sent, 60 .* are there"):
        move.run(filled, target, _told)
    with pytest.raises(RecordError, match="is not finished"):
        record.open_engine(target)


@on_sqlite
def test_a_target_that_holds_anything_is_left_alone(
    filled: Engine, database: str, target: str, server: Server, tmp_path: Path
) -> None:
    server.ask(target, "CREATE TABLE payroll (name text)")
    with pytest.raises(RecordError, match="not empty"):
        move.run(filled, target, _told)
    assert server.ask(target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]
    with pytest.raises(RecordError, match="is the record itself"):
        move.run(filled, database, _told)
    with pytest.raises(RecordError, match=r"port 1, can't be opened"):
        move.run(filled, "postgresql+psycopg://u:geheim@127.0.0.1:1/x", _told)
    assert _cli("copy", "--to", "oracle://a:geheim@b/c").startswith(
        "1 error: oracle://a:***@b/c: no support for oracle"
    )


@on_sqlite
def test_nobody_writes_to_the_record_while_it_is_copied(filled: Engine, target: str) -> None:
    seen = []

    def told(what: str, _done: int, _total: int) -> None:
        if what == "article":
            with filled.connect() as connection:
                connection.exec_driver_sql("PRAGMA busy_timeout = 1")
                with pytest.raises(Exception, match="locked"):
                    connection.exec_driver_sql("UPDATE note SET text = 'late'")
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {engines.BUSY_MS}")
                seen.append(what)

    move.run(filled, target, told)
    assert seen


@on_sqlite
def test_a_letter_that_postgresql_refuses_does_not_stop_a_copy(filled: Engine, target: str) -> None:
    with record.writing(filled) as connection:
        connection.exec_driver_sql("UPDATE article SET guid = 'a' || char(0) || 'b' WHERE id = 1")
    move.run(filled, target, _told)
    moved = record.open_engine(target)
    with moved.connect() as connection:
        assert connection.execute(select(schema.article.c.guid).where(schema.article.c.id == 1)).scalar_one() == "ab"
    moved.dispose()


@on_sqlite
def test_while_a_worker_runs_nothing_is_copied(engine: Engine, desk: Desk, target: str) -> None:
    from ingest.run import lock

    with lock.only_loop(desk.settings()):
        until(lambda: lock.alive(desk.settings()))
        assert "an ingest is running: stop it" in _cli("copy", "--to", target)
