"""Settings: what is read from where, and what a wrong value is told."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ingest import settings
from ingest.errors import SettingError
from ingest.settings import PROJECT, Settings
from tests.helpers.desk import Desk


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the developer's, neither from the environment nor from a `.env`."""
    for name in [name for name in os.environ if name.startswith("DISCOURSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


def test_without_any_setting_everything_lies_in_the_project() -> None:
    active = settings.load()
    assert active.data == PROJECT / "data"
    assert active.seeds == PROJECT / "seeds"
    assert active.database == f"sqlite:///{PROJECT / 'data' / 'discourse.db'}"
    lists = (active.feeds, active.figures, active.topics)
    assert lists == tuple(PROJECT / "data" / name for name in ("feeds.opml", "figures.toml", "topics.toml"))
    assert (active.poll_seconds, active.worker, active.log_level) == (600, "embedded", "INFO")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("POLL_SECONDS", "9", "a whole number from 10 to 86400"),
        ("POLL_SECONDS", "86401", "a whole number from 10 to 86400"),
        ("POLL_SECONDS", "often", "a whole number from 10 to 86400"),
        ("POLL_SECONDS", "1.5", "a whole number from 10 to 86400"),
        ("POLL_SECONDS", "", "a whole number from 10 to 86400"),
        ("WORKER", "none", "embedded or external"),
        ("WORKER", "", "embedded or external"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("DATABASE_URL", "a record", "a URL like sqlite:"),
        ("DATABASE_URL", "oracle://x/y", "a URL like sqlite:"),
        ("DATABASE_URL", "sqlite+aiosqlite:///x.db", "a URL like sqlite:"),
        ("DATABASE_URL", "sqlite://", "a URL like sqlite:"),
        ("DATABASE_URL", "sqlite:///:memory:", "a URL like sqlite:"),
        ("DATABASE_URL", "postgresql+psycopg://host", "a URL like sqlite:"),
        ("DATABASE_URL", "postgresql+asyncpg://host/name", "a URL like sqlite:"),
        ("DATABASE_URL", "postgresql://host:port/name", "a URL like sqlite:"),
        ("USER_AGENT", "", "3 to 300 printable ASCII characters"),
        ("USER_AGENT", "x" * 301, "3 to 300 printable ASCII characters"),
        ("USER_AGENT", "two\nlines", "3 to 300 printable ASCII characters"),
        ("USER_AGENT", "Größe", "3 to 300 printable ASCII characters"),
        ("DATA_DIR", "", "the path of a folder"),
        ("SEEDS_DIR", "", "the path of a folder"),
        ("SEEDS_DIR", "~nobody-of-this-name/seeds", "the path of a folder"),
        ("FIGURES_FILE", "~nobody-of-this-name/figures.toml", "the path of a file"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(f"DISCOURSE_{name}", value)
    with pytest.raises(SettingError) as caught:
        settings.load()
    message = str(caught.value)
    assert message.startswith(f"DISCOURSE_{name}={value}: ")
    assert f"Allowed: {allowed}" in message or f"Allowed: empty, or {allowed}" in message


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOURSE_POLL_SECONDS", "0")
    monkeypatch.setenv("DISCOURSE_WORKER", "maybe")
    with pytest.raises(SettingError) as caught:
        settings.load()
    assert [line.partition("=")[0] for line in str(caught.value).splitlines()] == [
        "DISCOURSE_POLL_SECONDS",
        "DISCOURSE_WORKER",
    ]


def test_a_dotenv_file_is_read_and_the_environment_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "# ours\nDISCOURSE_POLL_SECONDS=120\nDISCOURSE_WORKER='external'\nOTHER=1\n", encoding="utf-8"
    )
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setenv("DISCOURSE_WORKER", "embedded")
    active = settings.load()
    assert (active.poll_seconds, active.worker) == (120, "embedded")


def test_a_dotenv_file_that_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DISCOURSE_USER_AGENT=Gr\xf6\xdfe\n")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    with pytest.raises(SettingError, match="not UTF-8"):
        settings.load()


def test_relative_paths_are_below_the_project_wherever_one_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCOURSE_DATA_DIR", "elsewhere/data")
    monkeypatch.setenv("DISCOURSE_FIGURES_FILE", "mine.toml")
    active = settings.load()
    assert active.data == PROJECT / "elsewhere" / "data"
    assert active.figures == PROJECT / "mine.toml"
    assert active.topics == active.data / "topics.toml"
    monkeypatch.setenv("DISCOURSE_DATABASE_URL", "sqlite:///mine.db")
    assert settings.load().database == f"sqlite:///{PROJECT / 'mine.db'}"


def test_an_absolute_path_a_home_and_a_full_url_are_taken_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DISCOURSE_DATA_DIR", "~/data")
    monkeypatch.setenv("DISCOURSE_SEEDS_DIR", str(tmp_path / "articles"))
    monkeypatch.setenv("DISCOURSE_DATABASE_URL", f"sqlite:///{tmp_path}/x.db?timeout=3")
    active = settings.load()
    assert (active.data, active.seeds) == (tmp_path / "data", tmp_path / "articles")
    assert active.database == f"sqlite:///{tmp_path}/x.db?timeout=3"


def test_an_empty_file_setting_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOURSE_FEEDS_FILE", "")
    assert settings.load().feeds == PROJECT / "data" / "feeds.opml"


def test_the_log_level_may_be_written_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOURSE_LOG_LEVEL", "debug")
    assert settings.load().log_level == "DEBUG"


# -- the first start


def _fresh(monkeypatch: pytest.MonkeyPatch, root: Path) -> Settings:
    monkeypatch.setenv("DISCOURSE_DATA_DIR", str(root / "data"))
    monkeypatch.setenv("DISCOURSE_SEEDS_DIR", str(root / "seeds"))
    return settings.load()


def test_the_first_start_gives_the_user_copies_of_the_shipped_lists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    active = _fresh(monkeypatch, tmp_path)
    active.prepare()
    for path in (active.feeds, active.figures, active.topics):
        assert path.read_bytes() == (PROJECT / "seeds" / path.name).read_bytes()
    assert active.seeds.is_dir()


def test_a_later_start_leaves_the_users_lists_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    active = _fresh(monkeypatch, tmp_path)
    active.prepare()
    active.figures.write_text("# mine", encoding="utf-8")
    active.prepare()
    assert active.figures.read_text(encoding="utf-8") == "# mine"


def test_two_first_starts_at_once_do_not_trip_over_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults: list[Exception] = []
    active = _fresh(monkeypatch, tmp_path)
    together = threading.Barrier(4)

    def go() -> None:
        together.wait()
        try:
            active.prepare()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(path.name for path in active.data.iterdir()) == ["feeds.opml", "figures.toml", "topics.toml"]


@pytest.mark.parametrize("which", ["DATA_DIR", "SEEDS_DIR"])
def test_a_folder_that_can_not_be_made_is_named(monkeypatch: pytest.MonkeyPatch, desk: Desk, which: str) -> None:
    (desk.root / "file").write_text("in the way")
    monkeypatch.setenv(f"DISCOURSE_{which}", str(desk.root / "file" / "folder"))
    with pytest.raises(SettingError, match=rf"DISCOURSE_{which}={desk.root}/file/folder: .*Name a folder"):
        settings.load().prepare()


# -- PostgreSQL


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql", "postgres"])
def test_a_postgresql_url_by_any_of_its_names_is_taken(monkeypatch: pytest.MonkeyPatch, driver: str) -> None:
    monkeypatch.setenv("DISCOURSE_DATABASE_URL", f"{driver}://me:secret%40word@db.test:5433/discourse?sslmode=require")
    assert settings.load().database == ("postgresql+psycopg://me:secret%40word@db.test:5433/discourse?sslmode=require")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:secret@db.test/discourse",
        "postgresql//me:secret@db.test/discourse",
        "postgresql://me:sec/ret@db.test",
        "mysql://db.test/discourse?password=secret",
        "me:secret@db.test",
    ],
)
def test_a_wrong_database_url_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DISCOURSE_DATABASE_URL", url)
    with pytest.raises(SettingError, match=r"DISCOURSE_DATABASE_URL=.*\*\*\*") as caught:
        settings.load()
    assert "secret" not in str(caught.value)
    assert "sec/ret" not in str(caught.value)
