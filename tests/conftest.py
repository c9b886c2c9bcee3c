"""What tests share: a desk of their own, with an environment that owes nothing to the developer's."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ingest.analyse import Analyser, Watchlist
from ingest.settings import Settings
from ingest.store import record
from tests.desk import FIGURES, TOPICS, Desk, opml


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
        "DISCOURSE_WORKER": "embedded",
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


@pytest.fixture
def engine(desk: Desk) -> Iterator[Engine]:
    """The desk's record, open."""
    opened = record.open_engine(desk.url)
    yield opened
    opened.dispose()


@pytest.fixture
def analyser(desk: Desk) -> Analyser:
    return Analyser(Watchlist.load(desk.data / "figures.toml", desk.data / "topics.toml"))


@pytest.fixture
def quiet_logging() -> Iterator[None]:
    """Puts the root logger back as it was: the command line configures it anew."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
