"""What was made before still works: a record, links into it and settings of 27 Nov 2026, when there was no floor plan.

`data/before/` holds a record (two feeds' worth of edits, a changed watch-list, a withdrawal: six revisions), what
`export` gave of each revision, and what links showed. All were made by the program of that day.
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ingest.analyser import Analyser
from ingest.run.seeding import SeedFolder
from ingest.settings import PROJECT, Settings
from ingest.store import record, schema, watched
from ingest.store.read import export
from ingest.store.read.filters import Filters
from ingest.watchlist.lists import Watchlist
from ingest.watchlist.topics import Topic
from tests.dashboard.app_pages.test_pages import Open, charts, metrics, shown, summary
from tests.dashboard.app_pages.test_pages import open_page as open_page
from tests.helpers.desk import Desk
from tests.helpers.room import Clock, pipeline

BEFORE = PROJECT / "tests" / "data" / "before"
PAGES = json.loads((BEFORE / "pages.json").read_text(encoding="utf-8"))
#: Key figures that have another name since.
RENAMED = {"Sources heard from": "Sources"}
SETTINGS = (
    "data_dir database_url seeds_dir feeds_file figures_file topics_file poll_seconds user_agent contact allow_hosts "
    "proxy worker tone log_level log_format"
)


@pytest.fixture
def old(desk: Desk) -> Path:
    """The old record in the place of a new one."""
    path = desk.data / "discourse.db"
    with gzip.open(BEFORE / "record.db.gz") as packed, path.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return path


def test_every_revision_of_an_old_record_exports_what_it_did(old: Path) -> None:
    wanted: dict[str, list[dict[str, Any]]] = json.loads(gzip.decompress((BEFORE / "exports.json.gz").read_bytes()))
    engine = record.open_engine(f"sqlite:///{old}")
    of = {"articles": export.articles, "mentions": export.mentions}
    with engine.connect() as connection:
        for name, rows in wanted.items():
            what, revision = name.split()
            found = list(of[what](connection, Filters(sources=(1, 4, 2), as_of=int(revision))))
            assert len(found) == len(rows) > 0
            for now, then in zip(found, rows, strict=True):  # columns may have come since
                assert {key: now[key] for key in then} == then, name
    engine.dispose()


@pytest.mark.parametrize("page", PAGES, ids=[f"{page['page']}?{page['query'].get('asof')}" for page in PAGES])
def test_an_old_link_shows_the_numbers_that_it_showed(old: Path, open_page: Open, page: dict[str, Any]) -> None:
    at = open_page(page["page"], **page["query"])
    assert "which is not in this record" not in shown(at)
    assert metrics(at) == {RENAMED.get(label, label): value for label, value in page["metrics"].items()}
    assert summary(at) == page["summary"]
    drawn = charts(at)
    for name, series in page["charts"].items():
        now = [_rounded({key: line.get(key) for key in ("name", "y", "x")}) for line in drawn[name]["data"]]
        for line in series:
            assert _rounded(line) in now, f"{name}: {line['name']}"


def _rounded(line: dict[str, Any]) -> dict[str, Any]:
    """A line with the four digits that are sent now: a chart shows no more."""
    return {**line, "y": [float(f"{value:.4g}") if isinstance(value, float) else value for value in line["y"] or ()]}


def test_ingest_goes_on_with_an_old_record(old: Path, desk: Desk, analyser: Analyser) -> None:
    desk.drop("new.txt", "Talks resume\n\nAda Quill was delighted on Monday.")
    engine = record.open_engine(f"sqlite:///{old}")
    outcome = SeedFolder(pipeline(engine, analyser, Clock()), desk.seeds).read()
    assert (outcome.added, outcome.faults) == (1, ())
    with engine.connect() as connection:
        assert record.current_revision(connection) == 7
    engine.dispose()


def test_the_files_of_then_are_the_watch_list_of_then(old: Path) -> None:
    """Or every article of every old record would be analysed once more."""
    words = (
        "pandemic*", "epidemic*", "Covid*", "coronavirus", "vaccin*", "World Health Organization", "public health",
        "health care", "healthcare", "health insurance", "Medicare", "Medicaid", "Obamacare", "Affordable Care Act",
        "bird flu", "mpox", "Ebola", "measles", "outbreak of disease", "disease outbreak*", "virus outbreak*",
        "health minister", "health ministry", "drug prices",
    )  # fmt: skip
    engine = record.open_engine(f"sqlite:///{old}")
    with engine.connect() as connection:
        kept = watched.watchlist(connection)
        raw = connection.execute(select(schema.watchlist).where(schema.watchlist.c.hash == kept.hash)).one()
    engine.dispose()
    files = Watchlist(kept.figures, (Topic("health", "Pandemic and health", 3, words),))
    assert (len(files.figures), files.hash[:12]) == (6, "9a8bf2bd1392")
    for stored, entries in ((raw.figures, files.figures), (raw.topics, files.topics)):
        assert json.loads(json.dumps([entry.as_dict() for entry in entries])) == stored


def test_old_settings_are_still_read() -> None:
    assert set(SETTINGS.split()) <= set(Settings.model_fields)
