"""What tests share: a desk of their own, with an environment that owes nothing to the developer's."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.model.follower import Follower
from ingest.analyser import Analyser
from ingest.models import Entry
from ingest.settings import Settings
from ingest.store import record
from ingest.watchlist.lists import Watchlist
from tests.helpers import newsroom as press
from tests.helpers import postgresql
from tests.helpers.desk import DATABASES, FIGURES, TOPICS, Desk, opml
from tests.helpers.newsroom import Newsroom
from tests.helpers.room import Clock, Room, pipeline


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Puts `__main__` back: Streamlit's AppTest leaves its script there, and new processes of a pool would run it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A fresh installation with two figures, two topics, no feeds and no articles; its settings are in force."""
    for name in [name for name in os.environ if name.startswith("DISCOURSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    ours = {
        "DISCOURSE_DATA_DIR": str(tmp_path / "data"),
        "DISCOURSE_DATABASE_URL": "",
        "DISCOURSE_SEEDS_DIR": str(tmp_path / "seeds"),
        "DISCOURSE_FEEDS_FILE": "",
        "DISCOURSE_FIGURES_FILE": "",
        "DISCOURSE_TOPICS_FILE": "",
        "DISCOURSE_POLL_SECONDS": "10",
        "DISCOURSE_USER_AGENT": "tests/1",
        "DISCOURSE_CONTACT": "",
        "DISCOURSE_ALLOW_HOSTS": "localhost,127.0.0.1",
        "DISCOURSE_PROXY": "",
        "DISCOURSE_WORKER": "embedded",
        "DISCOURSE_TONE": "rule",  # what a test does not ask about should not cost it a second
        "DISCOURSE_LOG_LEVEL": "INFO",
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    made = Desk(tmp_path, {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"})
    made.data.mkdir()
    made.seeds.mkdir()
    for name, words in (("figures.toml", FIGURES), ("topics.toml", TOPICS), ("feeds.opml", opml())):
        (made.data / name).write_text(words, encoding="utf-8")
    return made


@pytest.fixture(scope="session")
def empty_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated record with nothing in it: copying it takes a tenth of the time of making one."""
    path = tmp_path_factory.mktemp("record") / "discourse.db"
    record.open_engine(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL of this test process; skipped where its wheel is not installed, which in CI is an error too."""
    try:
        started = postgresql.Server()
    except postgresql.NotInstalled as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    yield started
    started.remove()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the desk's record, empty: each test that asks for it runs on both databases."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("empty_record"), desk.data / "discourse.db")
        yield desk.url
        return
    server = request.getfixturevalue("server")
    url = server.new()
    monkeypatch.setenv("DISCOURSE_DATABASE_URL", url)
    desk.env["DISCOURSE_DATABASE_URL"] = url
    yield url
    server.drop(url)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """The desk's record, open."""
    opened = record.open_engine(database)
    yield opened
    opened.dispose()


@pytest.fixture
def analyser(desk: Desk) -> Analyser:
    return Analyser(Watchlist.load(desk.data / "figures.toml", desk.data / "topics.toml"))


@pytest.fixture
def room(desk: Desk, engine: Engine, analyser: Analyser) -> Room:
    """A pipeline over the desk's record, with a clock to turn."""
    clock = Clock()
    return Room(desk, engine, pipeline(engine, analyser, clock), clock)


@pytest.fixture
def quiet_logging() -> Iterator[None]:
    """Puts the root logger back as it was: the command line configures it anew."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session", params=DATABASES)
def newsroom(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A season of a made-up press, reprints and all, with its read model; nobody writes to it."""
    folder = tmp_path_factory.mktemp("newsroom")
    opened = record.open_engine(postgresql.place(request, folder))
    made = press.Press(opened, press.analyser(folder))
    published: dict[str, list[Entry]] = {}
    for outlet, entry in press.season():
        published.setdefault(outlet, []).append(entry)
    for outlet, entries in published.items():
        made.publish(outlet, *entries)
    press.reprints(opened)
    follower = Follower(opened)
    follower.catch_up()
    yield Newsroom(opened, follower.snapshot, press.pieces(opened), made.ids)
    opened.dispose()
