"""The record: opening, migrating, refusing."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, Text, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from ingest.errors import NewerRecord, RecordError
from ingest.settings import PROJECT
from ingest.store import engines, record, schema
from ingest.store.plan import schedule
from ingest.store.types import LongText, PlainText
from ingest.store.upkeep import damage
from tests.helpers import first_record
from tests.helpers.desk import DATABASES, Desk, on_sqlite, utc

HEAD = "0004"


def _version(engine: Engine, new: str | None = None) -> str:
    with record.writing(engine) as connection:
        if new:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{new}'")
        return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def test_a_fresh_record_holds_every_table(engine: Engine) -> None:
    found = set(inspect(engine).get_table_names())
    assert {table.name for table in schema.metadata.sorted_tables} < found
    assert "content_index" in found
    assert _version(engine) == HEAD


def test_the_folder_of_the_record_is_made(tmp_path: Path) -> None:
    record.open_engine(f"sqlite:///{tmp_path}/a/b/record.db").dispose()
    assert (tmp_path / "a/b/record.db").exists()


def test_opening_again_keeps_what_is_there(engine: Engine, database: str) -> None:
    with record.writing(engine) as connection:
        connection.execute(insert(schema.revision).values(number=1, at=utc(2026, 1, 1), what="a test"))
    again = record.open_engine(database)
    with again.connect() as connection:
        assert record.current_revision(connection) == 1
    again.dispose()


def _differences(engine: Engine) -> list[Any]:
    """Between the tables and the schema in the code."""

    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return not (kind == "table" and name and name.startswith("content_index"))

    def differs(_context: object, _found: object, _meant: object, type_: object, code: object) -> bool | None:
        if engine.name == "postgresql" and isinstance(code, PlainText | LongText):
            return not (isinstance(type_, Text) and type_.collation == "C")
        return None

    with engine.connect() as connection:
        opts = {"include_object": ours, "compare_type": differs}
        return compare_metadata(MigrationContext.configure(connection, opts=opts), schema.metadata)


def test_a_new_record_has_exactly_the_schema_in_the_code(engine: Engine) -> None:
    assert _differences(engine) == []


def test_a_record_of_the_first_version_is_taken_along_with_all_it_holds(nothing: str) -> None:
    engine = engines.make(nothing)
    with record.writing(engine) as connection:
        first_record.create(connection)
        for statement in _OLD:
            connection.exec_driver_sql(statement)
    engine.dispose()
    engine = record.open_engine(nothing)
    assert _version(engine) == HEAD
    assert _differences(engine) == []
    with engine.connect() as connection:
        source = connection.execute(select(schema.source)).one()
        assert (source.key, source.etag, source.failures) == ("http://news.test/rss", '"1"', 2)
        assert (source.full_text, source.moved_seen, source.retired_at, source.interval_seconds) == (
            "auto", 0, None, None,
        )  # fmt: skip
        days = connection.execute(select(schema.coverage).order_by(schema.coverage.c.day)).all()
        assert [(row.day.isoformat(), row.attempts, row.successes, row.articles) for row in days] == [
            ("2026-03-01", 1, 1, 5), ("2026-03-02", 2, 1, 3),
        ]  # fmt: skip
        assert [state.url for state in schedule.due(connection, utc(2026, 4, 1))] == ["http://news.test/rss"]
    engine.dispose()


_OLD = (
    'INSERT INTO source (id, kind, key, name, "group", listed, added_at, failures, state, etag) VALUES '
    "(1, 'feed', 'http://news.test/rss', 'News', '', TRUE, '2026-03-01 00:00:00', 2, 'failing', '\"1\"')",
    *(
        'INSERT INTO "fetch" (source_id, at, outcome, bytes, ms, added, edited) VALUES '
        f"(1, '2026-03-{day} 23:30:00', '{outcome}', 1, 1, {added}, 0)"
        for day, outcome, added in (("01", "ok", 5), ("02", "error", 0), ("02", "unchanged", 3))
    ),
)


@pytest.fixture(params=DATABASES)
def nothing(request: pytest.FixtureRequest, desk: Desk) -> str:
    """The URL of a record that nobody has opened yet."""
    if request.param == "sqlite":
        return desk.url
    return str(request.getfixturevalue("server").new(template="template0"))


def test_two_processes_may_start_on_no_record_at_once(nothing: str) -> None:
    code = f"from ingest.store import record; record.open_engine({nothing!r}).dispose()"
    children = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", code], cwd=PROJECT, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    faults = [child.communicate(timeout=60)[1].decode() for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], faults
    made = record.open_engine(nothing)
    assert _version(made) == HEAD
    made.dispose()


def test_threads_may_open_one_record_at_once(nothing: str) -> None:
    faults: list[Exception] = []

    def go() -> None:
        try:
            record.open_engine(nothing).dispose()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_newer_record_is_refused_naming_both_versions_and_stays_as_it_was(engine: Engine, database: str) -> None:
    _version(engine, "9999")
    with pytest.raises(NewerRecord, match=rf"version 9999, this program knows up to {HEAD}.*DISCOURSE_DATABASE_URL"):
        record.open_engine(database)
    assert _version(engine) == "9999"


@on_sqlite
def test_every_connection_is_in_wal_mode_with_foreign_keys_and_full_synchronisation(engine: Engine) -> None:
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            pragmas = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
            ]
            assert pragmas == ["wal", 1, 2, 30_000]


def test_a_row_without_its_parent_is_refused(engine: Engine) -> None:
    orphan = insert(schema.article).values(uid="1" * 16, source_id=99, first_seen=utc(2026, 1, 1))
    with pytest.raises(IntegrityError), record.writing(engine) as connection:
        connection.execute(orphan)


def test_a_fault_inside_a_write_takes_all_of_it_back(engine: Engine) -> None:
    def fail_after_writing() -> None:
        with record.writing(engine) as connection:
            connection.execute(insert(schema.revision).values(number=1, at=utc(2026, 1, 1), what="never"))
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        fail_after_writing()
    with engine.connect() as connection:
        assert record.current_revision(connection) == 0


def test_a_second_writer_waits_for_the_first_and_readers_wait_for_nobody(engine: Engine) -> None:
    order: list[str] = []
    holding = threading.Event()

    def first() -> None:
        with record.writing(engine) as connection:
            holding.set()
            connection.execute(insert(schema.revision).values(number=1, at=utc(2026, 1, 1), what="first"))
            time.sleep(0.4)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    holding.wait()
    with engine.connect() as connection:
        assert record.current_revision(connection) == 0
        order.append("reader")
    with record.writing(engine) as connection:
        order.append("second")
        assert record.current_revision(connection) == 1
    thread.join()
    assert order == ["reader", "first", "second"]


def test_the_newest_revision_counts(engine: Engine) -> None:
    with record.writing(engine) as connection:
        assert record.current_revision(connection) == 0
        for number in (1, 2, 3):
            connection.execute(insert(schema.revision).values(number=number, at=utc(2026, 1, number), what="a test"))
        assert record.current_revision(connection) == 3


def test_times_come_back_aware_and_in_utc_and_naive_ones_are_refused(engine: Engine) -> None:
    with record.writing(engine) as connection:
        connection.execute(insert(schema.revision).values(number=1, at=utc(2026, 1, 1, 12), what="a test"))
        assert connection.execute(select(schema.revision.c.at)).scalar_one() == utc(2026, 1, 1, 12)
    naive = utc(2026, 1, 1).replace(tzinfo=None)
    with pytest.raises(Exception, match="has no time zone"), record.writing(engine) as connection:
        connection.execute(insert(schema.revision).values(number=2, at=naive, what="a test"))


def test_a_file_that_is_no_database_is_said_to_be_none(desk: Desk) -> None:
    (desk.data / "discourse.db").write_bytes(b"This is a letter to my aunt.\n" * 400)
    with pytest.raises(
        RecordError, match=r"discourse\.db can't be opened: file is not a database.*Restoring the record"
    ):
        record.open_engine(desk.url)


@on_sqlite
def test_damage_inside_the_file_is_found(engine: Engine, desk: Desk) -> None:
    path = desk.data / "discourse.db"
    assert damage.full_check(engine).faults == ()
    with record.writing(engine) as connection:
        for number in range(1, 2_001):
            connection.execute(insert(schema.revision).values(number=number, at=utc(2026, 1, 1), what="x" * 150))
    engine.dispose()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\x5a" * 8_192)
    damaged = record.open_engine(desk.url)
    assert damage.full_check(damaged).faults
    damaged.dispose()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(RecordError, match="can't be"):
        record.open_engine(f"sqlite:///{tmp_path}/data/record.db")


def test_a_path_below_a_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(RecordError, match="DISCOURSE_DATA_DIR"):
        record.open_engine(f"sqlite:///{tmp_path}/data/record.db")
