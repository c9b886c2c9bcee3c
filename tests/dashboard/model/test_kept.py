"""The kept snapshot: the next start goes on from it; whatever is wrong with it, the record is read instead."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

import pyarrow as pa
import pytest
from filelock import FileLock
from sqlalchemy import Engine

from dashboard.model import kept
from dashboard.model.follower import Follower
from dashboard.model.kept import Kept
from dashboard.numbers import holdings, queries
from ingest.store import record
from ingest.store.write.commit import Commit
from tests.dashboard.model.test_follower import of, rows, view
from tests.helpers import newsroom as press
from tests.helpers.desk import DATABASES, until, utc
from tests.helpers.newsroom import EAST, NAMES, NOW, WEST, Press, entry

DAY = utc(2026, 11, 20, 10)


@pytest.fixture
def outlets(engine: Engine, tmp_path: Path) -> Press:
    made = Press(engine, press.analyser(tmp_path))
    made.publish(WEST, entry(1, "Ada Quill on tariffs", "She spoke.", DAY), entry(2, "Rain", "It rained.", DAY))
    made.publish(EAST, entry(3, "Ben Marsh at the summit", "He won praise.", DAY))
    return made


def started(engine: Engine, folder: Path) -> Follower:
    """What a start of the dashboard has after its first look."""
    follower = Follower(engine, Kept(engine, folder))
    follower.catch_up()
    return follower


def loaded(engine: Engine) -> Follower:
    """The same from the record alone."""
    follower = Follower(engine)
    follower.catch_up()
    return follower


@pytest.fixture
def file(outlets: Press, engine: Engine, tmp_path: Path) -> Path:
    """A kept snapshot of the outlets' two commits."""
    started(engine, tmp_path).keep()
    (found,) = [*tmp_path.rglob("*.snapshot")]
    return found


def reads(counted: list[str], engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Follower:
    """A start; `counted` takes what it loads from the record as a whole."""
    whole = Follower._loaded
    monkeypatch.setattr(Follower, "_loaded", lambda *args: counted.append("all") or whole(*args))
    return started(engine, folder)


def test_a_start_goes_on_from_what_is_kept(
    file: Path, outlets: Press, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlets.publish(WEST, entry(1, "Cora Quill at the summit", "She was blamed.", DAY))
    with record.writing(engine) as connection:
        Commit(connection, NOW, "withdraw").withdraw([2])
    whole: list[str] = []
    follower = reads(whole, engine, tmp_path, monkeypatch)
    assert whole == []
    assert follower.revision == 4
    assert rows(follower) == rows(loaded(engine))
    assert follower.snapshot.at == NOW
    shown = view(outlets)
    assert queries.attention(follower.snapshot, shown, NAMES).equals(
        queries.attention(loaded(engine).snapshot, shown, NAMES)
    )


def test_deleting_it_loses_nothing(file: Path, engine: Engine, tmp_path: Path) -> None:
    before = rows(started(engine, tmp_path))
    file.unlink()
    follower = started(engine, tmp_path)
    assert rows(follower) == before
    follower.keep()
    assert file.exists()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def one_bit(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)


def _rewritten(file: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Writes the file anew with something else about it, and a checksum that fits."""
    source = pa.BufferReader(file.read_bytes())
    tables = []
    for _ in kept.SCHEMAS:
        with pa.ipc.open_stream(source) as stream:
            tables.append(stream.read_all())
    with pa.OSFile(str(file), "wb") as sink:
        for table in tables:
            about = json.loads(table.schema.metadata[b"about"])
            change(about)
            told = table.replace_schema_metadata({b"about": json.dumps(about)})
            with pa.ipc.new_stream(sink, told.schema) as stream:
                stream.write_table(told)
    kept._end(file)


def later(file: Path) -> None:
    _rewritten(file, lambda about: about.update(format=about["format"] + 1))  # type: ignore[operator]


def migrated(file: Path) -> None:
    _rewritten(file, lambda about: about["record"].__setitem__(0, "0001"))  # type: ignore[attr-defined]


def ahead(file: Path) -> None:
    _rewritten(file, lambda about: about.update(revision=7))


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (cut, "is damaged"),
        (empty, "cut short|empty file|is damaged"),
        (one_bit, "is damaged"),
        (later, "another version of this program wrote it"),
        (migrated, "of another record"),
        (ahead, "of another record"),
    ],
)
def test_one_that_cannot_be_used_is_thrown_away_and_said_to_be(
    file: Path,
    engine: Engine,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[Path], None],
    why: str,
) -> None:
    damage(file)
    with caplog.at_level(logging.WARNING):
        follower = started(engine, tmp_path)
    (said,) = [message for message in caplog.messages if "kept snapshot" in message]
    assert "is thrown away, and the record read instead" in said
    assert any(part in said for part in why.split("|"))
    assert not file.exists()
    assert rows(follower) == rows(loaded(engine))
    follower.keep()  # and a sound one takes its place
    caplog.clear()
    assert rows(started(engine, tmp_path)) == rows(follower)
    assert caplog.messages == []


@pytest.mark.parametrize("database", DATABASES[:1], indirect=True)
def test_the_one_of_another_record_is_not_believed(
    file: Path, engine: Engine, tmp_path: Path, empty_record: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    place = folder / Path(engine.url.database or "").name
    place.write_bytes(empty_record.read_bytes())
    other = record.open_engine(f"sqlite:///{place}")
    there = Press(other, press.analyser(folder))
    for number in (1, 2):  # as far along, at the same times
        there.publish(WEST, entry(number, f"Dora Stone {number}", "She spoke.", DAY))
    place.with_suffix(".snapshot").write_bytes(file.read_bytes())
    follower = started(other, folder)
    assert "of another record" in caplog.text
    assert rows(follower) == rows(loaded(other))
    other.dispose()


def test_one_written_when_the_record_had_just_been_replaced_is_not_believed(
    outlets: Press, engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    follower = started(engine, tmp_path)
    with record.writing(engine) as connection:  # another record, as far along as the one that was read
        connection.exec_driver_sql("UPDATE revision SET at = '2020-01-01 00:00:00' WHERE number = 2")
        connection.exec_driver_sql("UPDATE analysis SET tone = 0.5 WHERE id = 1")
    follower.keep()
    late = started(engine, tmp_path)
    assert "of another record" in caplog.text
    assert rows(late) == rows(loaded(engine))


def test_an_older_revision_than_it_holds_is_read_from_the_record(
    outlets: Press, engine: Engine, tmp_path: Path
) -> None:
    outlets.publish(WEST, entry(1, "Ada Quill on nothing", "She spoke.", DAY))
    outlets.publish(WEST, entry(1, "Ada Quill on rain", "She spoke.", DAY))
    started(engine, tmp_path).keep()
    follower = started(engine, tmp_path)
    assert follower.snapshot.back_to == 4
    for revision in (2, 1, 3):
        at = view(outlets)
        assert holdings.by_source(follower.snapshot, revision) == holdings.by_source(loaded(engine).snapshot, revision)
        assert queries.counted(follower.snapshot, at, figure="ada-quill") == queries.counted(
            loaded(engine).snapshot, at, figure="ada-quill"
        )
    assert follower.snapshot.back_to == 1


def test_old_versions_are_kept_as_long_as_they_are_few(outlets: Press, engine: Engine, tmp_path: Path) -> None:
    follower = started(engine, tmp_path)
    outlets.publish(WEST, entry(1, "Ada Quill on rain", "She spoke.", DAY))
    follower.catch_up()
    follower.keep()
    assert len(started(engine, tmp_path).snapshot.articles.all()) == 4
    for edition in range(4):
        outlets.publish(WEST, entry(1, f"Ada Quill, edition {edition}", "She spoke.", DAY))
    follower.catch_up()
    follower.keep(at_end=True)
    late = started(engine, tmp_path)
    assert (late.snapshot.back_to, len(late.snapshot.articles.all())) == (7, 3)
    assert rows(late) == rows(loaded(engine))
    assert holdings.by_source(late.snapshot, 3) == holdings.by_source(loaded(engine).snapshot, 3)


# -- writing -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="a folder of Windows takes files whatever its mode")
def test_where_nothing_can_be_written_the_old_one_stays_and_the_log_says_so_once(
    file: Path, outlets: Press, engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = file.read_bytes()
    follower = started(engine, tmp_path)
    outlets.publish(EAST, entry(4, "Ada Quill again", "She spoke.", DAY))
    follower.catch_up()
    # Root may write where nobody may: a folder in place of the new file stops even root.
    blocked = file.with_name(f"{file.name}.{os.getpid()}.new")
    (blocked / "in the way").mkdir(parents=True)
    for _ in range(3):
        follower.keep(at_end=True)
        follower.keep()
    assert file.read_bytes() == before
    assert {message.partition(" (")[0] for message in caplog.messages} == {f"the snapshot can't be kept in {file}"}
    assert follower.fault is None
    assert rows(started(engine, tmp_path)) == rows(loaded(engine))


def _fill(url: str, folder: Path, bytes_: int, failed: Event) -> None:
    """Keeps a snapshot where no file may become larger: what a full disk looks like to a program."""
    engine = record.open_engine(url)
    follower = started(engine, folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))
    with open(os.devnull, "w") as nowhere:  # what Python would say about the signal
        os.dup2(nowhere.fileno(), 2)
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    follower.keep(at_end=True)
    if follower.fault is None and [*folder.rglob("*.new")] == []:
        failed.set()
    engine.dispose()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of a file's size")
@pytest.mark.parametrize("database", DATABASES[:1], indirect=True)
def test_a_disk_that_is_full_leaves_the_old_one(
    file: Path, outlets: Press, engine: Engine, database: str, tmp_path: Path
) -> None:
    before = file.read_bytes()
    outlets.publish(EAST, entry(4, "Ada Quill again", "She spoke.", DAY))
    context = multiprocessing.get_context("spawn")
    failed = context.Event()
    process = context.Process(target=_fill, args=(database, tmp_path, len(before) // 2, failed))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert failed.is_set(), "nothing is left behind, and following goes on"
    assert file.read_bytes() == before
    assert rows(started(engine, tmp_path)) == rows(loaded(engine))


def test_while_another_process_writes_nothing_is_written(
    file: Path, outlets: Press, engine: Engine, tmp_path: Path
) -> None:
    before = file.read_bytes()
    follower = started(engine, tmp_path)
    outlets.publish(EAST, entry(4, "Ada Quill again", "She spoke.", DAY))
    follower.catch_up()
    with FileLock(f"{file}.lock"):
        follower.keep(at_end=True)
    assert file.read_bytes() == before
    follower.keep(at_end=True)
    assert file.read_bytes() != before


def test_two_that_write_at_once_leave_a_sound_one_and_each_goes_on_from_it(
    file: Path, outlets: Press, engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    followers = [started(engine, tmp_path) for _ in range(3)]
    ready = threading.Barrier(len(followers))

    def go(follower: Follower) -> None:
        for _ in range(10):
            ready.wait()
            follower.catch_up()
            follower.keep(at_end=True)

    threads = [threading.Thread(target=go, args=(follower,)) for follower in followers]
    for thread in threads:
        thread.start()
    for number in range(10):
        outlets.publish(EAST, entry(10 + number, f"Ada Quill {number}", "She spoke.", DAY))
    for thread in threads:
        thread.join()
    for follower in followers:
        follower.catch_up()
        assert rows(follower) == rows(loaded(engine))
    assert rows(started(engine, tmp_path)) == rows(loaded(engine))
    assert caplog.messages == []
    assert [*tmp_path.rglob("*.new")] == []


def test_a_process_goes_on_from_what_another_has_kept(outlets: Press, engine: Engine, tmp_path: Path) -> None:
    one, other = started(engine, tmp_path), started(engine, tmp_path)
    one.keep()
    before = other.snapshot
    other.keep()  # sees that there is a newer one, and writes none
    other.catch_up()
    assert other.snapshot is not before
    assert len(other.snapshot.articles.added) == 0
    assert of(other.snapshot) == of(before)


def test_what_changes_is_kept_at_the_end_and_not_all_the_time(outlets: Press, engine: Engine, tmp_path: Path) -> None:
    follower, stop = Follower(engine, Kept(engine, tmp_path)), threading.Event()
    thread = threading.Thread(target=follower.follow, args=(stop, 0.01))
    thread.start()
    try:
        until(lambda: bool([*tmp_path.rglob("*.snapshot")]))
        (file,) = tmp_path.rglob("*.snapshot")
        first = file.read_bytes()
        outlets.publish(EAST, entry(4, "Ada Quill again", "She spoke.", DAY))
        until(lambda: follower.revision == 3)
        assert file.read_bytes() == first
    finally:
        stop.set()
        thread.join()
    assert file.read_bytes() != first
    assert started(engine, tmp_path).revision == 3
