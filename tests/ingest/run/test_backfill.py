"""Archives of articles: what can be used is taken in once, the rest is listed, and an interruption costs nothing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from ingest.__main__ import app
from ingest.analyser import Analyser
from ingest.errors import SettingError, SourceError
from ingest.formats import archive_row
from ingest.run import backfill
from ingest.run.analysts import InProcess
from ingest.run.backfill import Backfill, Loaded
from ingest.settings import PROJECT
from ingest.sources import archive
from ingest.sources.rejects import Rejects
from ingest.store import schema
from tests.helpers.desk import Desk, on_sqlite, until, utc

NOW = utc(2026, 3, 2, 12)


def story(number: int, **changes: Any) -> dict[str, Any]:
    told = {
        "headline": f"Talks {number}",
        "text": "<p>Ben Marsh was happy.</p><p>It rained &amp; stopped.</p>",
        "date": f"2024-03-{1 + number % 28:02}",
        "url": f"http://news.test/{number}",
        "byline": "A. Writer",
    }
    return {**told, **changes}


def json_lines(records: Iterable[Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def comma_separated(records: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


def parquet(records: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records), out, row_group_size=2)
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as packed:
        packed.write(data)
    return bytes(out.getvalue())


@dataclass
class Library:
    """Takes archives in, in this process, and looks up what the record holds then."""

    engine: Engine
    analyser: Analyser
    folder: Path

    def file(self, data: bytes, name: str = "archive") -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def take(
        self, path: Path, source: str | None = "The Daily", map_: str | None = None, analysts: Any = None
    ) -> Loaded:
        job = backfill.look(path, archive_row.parsed(map_), source)
        analysts = analysts or InProcess(self.analyser, lambda: NOW)
        return Backfill(
            self.engine,
            job,
            analysts,
            self.analyser.watchlist,
            self.rejects(path),
            lambda: NOW,
            lambda share, done: None,
        ).run()

    def rejects(self, path: Path) -> Rejects:
        return Rejects(path.with_name(path.name + ".rejects.jsonl"))

    def reasons(self, path: Path) -> dict[int, str]:
        lines = self.rejects(path).path.read_text(encoding="utf-8").splitlines()
        return {found["number"]: found["reason"] for found in map(json.loads, lines)}

    def all(self, *asked: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(*asked)))

    def titles(self) -> list[str]:
        content = schema.content.c
        with self.engine.connect() as connection:
            return sorted(connection.execute(select(content.title).where(content.rev_to.is_(None))).scalars())


@pytest.fixture
def library(engine: Engine, analyser: Analyser, tmp_path: Path) -> Library:
    return Library(engine, analyser, tmp_path)


# -- formats -----------------------------------------------------------------------------------------------------------

FORMATS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "jsonl": json_lines,
    "jsonl.gz": lambda records: gzip.compress(json_lines(records)),
    "jsonl.zst": lambda records: zstd(json_lines(records)),
    "csv": comma_separated,
    "csv.gz": lambda records: gzip.compress(comma_separated(records)),
    "tsv": lambda records: comma_separated(records, "\t"),
    "csv from a spreadsheet": lambda records: comma_separated(records, ";").decode().encode("utf-16"),
    "parquet": parquet,
}


@on_sqlite
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_known_by_its_content_and_says_the_same(library: Library, kind: str) -> None:
    path = library.file(FORMATS[kind]([story(1), story(2), story(3, headline='Größe, "quoted"\nin two lines')]))
    assert library.take(path) == Loaded(read=3, added=3)
    assert library.titles() == ['Größe, "quoted" in two lines', "Talks 1", "Talks 2"]
    content, body, source = schema.content.c, schema.content_text.c, schema.source.c
    assert {row.body for row in library.all(body.body)} == {"Ben Marsh was happy.\n\nIt rained & stopped."}
    assert {(row.author, row.published_from) for row in library.all(content.author, content.published_from)} == {
        ("A. Writer", "archive")
    }
    assert library.all(source.kind, source.name) == [("archive", "The Daily")]
    assert library.all(schema.mention.c.figure) == [("ben-marsh",)] * 3


def test_parquet_keeps_its_types(library: Library) -> None:
    rows = [{"title": f"T{n}", "published": utc(2024, 3, n), "authors": ["Ann", "Bo"]} for n in (1, 2, 3)]
    assert library.take(library.file(parquet(rows))).added == 3
    content = schema.content.c
    assert {row.author for row in library.all(content.author)} == {"Ann, Bo"}
    assert [row.day.day for row in library.all(content.day)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b'[{"title": "a"}]', "jq"),
        (b"PK\x03\x04rest", "Unpack"),
        (b"\x89PNG\r\n\0\0", "binary"),
        (b"PAR1 and nothing more", "damaged"),
        (gzip.compress(b"PAR1.....", mtime=0), "Unpack"),
        (b"a,a\n1,2\n", "same name"),
    ],
)
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "archive"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=says), archive.opened(path) as opened:
        list(opened.records)


# -- columns -----------------------------------------------------------------------------------------------------------


def test_outlets_that_differ_in_case_or_white_space_are_one_and_the_first_spelling_shows(library: Library) -> None:
    told = [story(n, outlet=name) for n, name in enumerate(("fox", "FOX", "Fox ", "West"))]
    assert library.take(library.file(json_lines(told)), None).added == 4
    later = library.file(json_lines([*told, story(1, outlet="fOX"), story(9, outlet="WEST")]), "later")
    assert library.take(later, None) == Loaded(read=6, added=1)
    assert library.all(schema.source.c.name) == [("fox",), ("West",)]


def test_columns_are_mapped_by_hand_where_their_names_say_nothing(library: Library) -> None:
    path = library.file(json_lines([{"h": {"main": "A"}, "b": "Words.", "w": 1_700_000_000, "who": "West", "nr": 7}]))
    assert library.take(path, None, "title=h.main,body=b,published=w,outlet=who,guid=nr").added == 1
    assert library.titles() == ["A"]
    assert (library.all(schema.source.c.name), library.all(schema.article.c.guid)) == ([("West",)], [("7",)])


@pytest.mark.parametrize(
    ("map_", "source", "says"),
    [
        ("title=nowhere", "X", "no such column. Columns: headline, text, date"),
        ("colour=text", "X", "Write FIELD=COLUMN"),
        ("title", "X", "Write FIELD=COLUMN"),
        (None, None, "Whose articles are these"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path, map_: str | None, source: str, says: str) -> None:
    path = tmp_path / "archive.jsonl"
    path.write_bytes(json_lines([story(1)]))
    with pytest.raises(SettingError, match=says):
        backfill.look(path, archive_row.parsed(map_), source)


@on_sqlite
def test_row_numbers_of_two_files_are_not_taken_for_the_same_articles(library: Library) -> None:
    for part in (1, 2):
        rows = [{"id": n, "title": f"Part {part}, {n}", "date": "2024-01-01"} for n in range(3)]
        assert library.take(library.file(comma_separated(rows), f"part-{part}.csv")).added == 3
    assert len(library.titles()) == 6


# -- bad records -------------------------------------------------------------------------------------------------------


def test_bad_records_are_listed_with_their_line_and_stop_nothing(library: Library) -> None:
    lines = [
        json.dumps(story(1)).encode(),
        b'{"headline": "cut off',
        b'["no", "object"]',
        json.dumps(story(4, headline="", text="")).encode(),
        json.dumps(story(5, date="03/04/2024")).encode(),
        json.dumps(story(6, date=None)).encode(),
        json.dumps(story(7, headline={"a": 1})).encode(),
        b'{"headline": "\xff\xfe", "date": "2024-01-01"}',
        b'{"headline": "' + b"x" * archive.MAX_BYTES + b'"}',
        b"[" * 100_000,
        b"",
        json.dumps(story(12, url="javascript:alert(1)")).encode(),
    ]
    path = library.file(b"\n".join(lines))
    outcome = library.take(path)
    assert (outcome.added, outcome.rejected) == (2, 9)
    assert library.titles() == ["Talks 1", "Talks 12"]
    reasons = library.reasons(path)
    assert list(reasons) == list(range(2, 11))
    expected = ["JSON", "list", "neither", "03/04/2024", "no date", "dict", "UTF-8", "5 MB", "JSON"]
    assert all(word in reason for word, reason in zip(expected, reasons.values(), strict=True)), reasons


@on_sqlite
def test_bad_rows_of_a_table_are_listed_by_the_line_they_begin_on(library: Library) -> None:
    table = b'title,date\n"One\ntwo",2024-01-01\nToo,many,values\nBad \xff,2024-01-01\nGood,2024-01-02\n'
    path = library.file(table)
    assert library.take(path).added == 2
    assert library.reasons(path) == {4: "3 values under 2 columns", 5: "no UTF-8 text"}


@on_sqlite
@pytest.mark.parametrize("pack", [gzip.compress, zstd], ids=["gzip", "zstd"])
def test_a_file_that_breaks_off_is_taken_in_up_to_there(library: Library, pack: Callable[[bytes], bytes]) -> None:
    rng = os.urandom(300_000).hex()
    whole = pack(json_lines([story(n, text=rng[n * 3000 : n * 3000 + 3000]) for n in range(200)]))
    path = library.file(whole[: len(whole) // 2])
    outcome = library.take(path)
    assert outcome.broken is not None
    assert "breaks off" in outcome.broken
    assert 20 < outcome.added < 180
    assert len(library.titles()) == outcome.added
    path.write_bytes(whole)
    assert library.take(path).broken is None
    assert len(library.titles()) == 200


def test_one_article_that_breaks_the_analysis_is_alone_with_it(library: Library) -> None:
    class Clumsy(Analyser):
        def article(self, entry: Any, now: datetime | None = None) -> Any:
            if "banana" in entry.body:
                raise ZeroDivisionError("a slip")
            return super().article(entry, now)

    library.analyser.__class__ = Clumsy
    path = library.file(json_lines([story(1), story(2, text="A banana."), story(3)]))
    assert (outcome := library.take(path)).rejected == 1
    assert outcome.added == 2
    assert "ZeroDivisionError: a slip" in library.reasons(path)[2]


# -- again -------------------------------------------------------------------------------------------------------------


class Impatient(InProcess):
    """Somebody presses Ctrl-C after some batches."""

    batches = 2

    def analysed(self, batches: Iterable[Any]) -> Iterator[Any]:
        for number, found in enumerate(super().analysed(batches)):
            if number == self.batches:
                raise KeyboardInterrupt
            yield found


def test_an_interrupted_run_goes_on_after_its_last_commit(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "_BATCH", 10)
    monkeypatch.setattr(backfill, "_FEWEST", 10)
    path = library.file(json_lines([story(n) if n % 7 else {"headline": "no date"} for n in range(40)]))
    with pytest.raises(KeyboardInterrupt):
        library.take(path, analysts=Impatient(library.analyser, lambda: NOW))
    first = len(library.titles())
    assert first
    outcome = library.take(path)
    assert outcome.resumed in (10, 20)
    assert outcome.read == 40 - outcome.resumed
    assert len(library.titles()) == first + outcome.added == 34
    assert list(library.reasons(path)) == [n + 1 for n in range(0, 40, 7)], "each once"
    assert library.take(path).before == NOW


def test_an_archive_that_has_grown_brings_only_what_is_new(library: Library) -> None:
    path = library.file(json_lines([story(n) for n in range(5)]))
    library.take(path)
    path.write_bytes(json_lines([story(n) for n in range(7)] + [story(2, text="Other words.")]))
    outcome = library.take(path)
    assert (outcome.added, outcome.edited, outcome.known) == (2, 1, 5)


def test_two_versions_in_one_archive_do_not_edit_each_other_for_ever(library: Library) -> None:
    versions = [story(1), story(1, text="Corrected."), story(1, text="Corrected.")]
    path = library.file(json_lines(versions))
    assert (outcome := library.take(path)).added == 1
    assert (outcome.edited, outcome.known) == (1, 1)
    path.write_bytes(json_lines([*versions, story(2)]))
    assert (outcome := library.take(path)).edited == 0
    assert outcome.added == 1
    content, body = schema.content.c, schema.content_text.c
    with library.engine.connect() as connection:
        current = select(body.body).join(schema.content, content.id == body.content_id).where(content.rev_to.is_(None))
        assert "Corrected." in connection.execute(current).scalars().all()


# -- the command -------------------------------------------------------------------------------------------------------


@on_sqlite
def test_wrong_use_names_the_columns_and_stores_nothing(engine: Engine, desk: Desk, quiet_logging: None) -> None:
    path = desk.root / "archive.jsonl"
    path.write_bytes(json_lines([story(1)]))
    result = CliRunner().invoke(app, ["backfill", str(path), "--source", "X", "--map", "title=nowhere"])
    assert result.exit_code == 2
    assert "headline" in result.output
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(schema.article)).scalar() == 0


@on_sqlite
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_killed_run_is_started_again_and_nothing_is_there_twice(
    engine: Engine, desk: Desk, ending: signal.Signals
) -> None:
    path = desk.root / "archive.jsonl"
    path.write_bytes(json_lines([story(n, text="It rained. " * 100) for n in range(400)]))
    command = [sys.executable, "-m", "ingest", "backfill", str(path), "--source", "The Daily", "--workers", "1"]

    def count() -> int:
        with engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(schema.article)).scalar_one())

    run = subprocess.Popen(command, cwd=PROJECT, env=desk.env, stderr=subprocess.PIPE, start_new_session=True)
    until(lambda: count() > 0 or run.poll() is not None, 60)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    if ending is signal.SIGINT:
        os.killpg(run.pid, ending)  # as a terminal does: to the workers as well
    else:
        run.send_signal(ending)
    _, said = run.communicate(timeout=30)
    assert run.returncode == (130 if ending is signal.SIGINT else -9), said.decode()
    assert b"Traceback" not in said
    until(lambda: not any(_alive(child) for child in children), 10)
    before = count()
    assert 0 < before < 400
    done = subprocess.run(command, cwd=PROJECT, env=desk.env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{400 - before} new, 0 edited, 0 known, 0 rejected" in done.stderr
    assert count() == 400


def _alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
