"""Every setting with its name, default and purpose. Settings are read from the environment and a `.env` file."""

from __future__ import annotations

import os
import re
import shutil
import threading
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ingest import __version__
from ingest.errors import SettingError

#: The folder with app.py. Relative paths in settings are below it, so that the dashboard and its worker agree
#: whichever folder they were started from.
PROJECT = Path(__file__).resolve().parent.parent

#: Shipped files that are copied to the data folder at the first start, for the user to edit.
_DEFAULT_FILES = ("feeds.opml", "figures.toml", "topics.toml")

#: Names of PostgreSQL in a URL; all mean the one driver that is installed.
_POSTGRESQL = ("postgresql+psycopg", "postgresql", "postgres")


class Settings(BaseSettings):
    """The settings in force. Use `load()`, which turns a wrong value into a message."""

    model_config = SettingsConfigDict(
        env_prefix="DISCOURSE_", env_file=PROJECT / ".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    data_dir: Path = Field(Path("data"), description="folder of the record and of your figures, topics and feeds")
    database_url: str = Field("", description="the record; empty means SQLite, `discourse.db` in the data folder")
    seeds_dir: Path = Field(Path("seeds"), description="folder of articles to read, with everything under it")
    feeds_file: Path | None = Field(
        None, description="list of feeds (OPML); empty means `feeds.opml` in the data folder"
    )
    figures_file: Path | None = Field(None, description="watch-list; empty means `figures.toml` in the data folder")
    topics_file: Path | None = Field(None, description="topics; empty means `topics.toml` in the data folder")
    poll_seconds: int = Field(
        600,
        ge=10,
        le=86_400,
        description=(
            "seconds between two looks at a feed, 10 to 86400. Not set, each feed begins with 600 and finds its own "
            "rhythm, 5 minutes to a day; set, all keep to it, but for those that ask to be left alone for longer"
        ),
    )
    user_agent: str = Field(
        f"DiscourseMonitor/{__version__}",
        min_length=3,
        max_length=300,
        description="how we introduce ourselves to feeds",
    )
    contact: str = Field(
        "", max_length=200, description="a web page or e-mail address at which publishers reach you; feeds are told it"
    )
    allow_hosts: str = Field(
        "",
        max_length=2_000,
        description="hosts of your own network from which feeds may be fetched, parted by commas; else none is",
    )
    proxy: str = Field(
        "",
        max_length=500,
        description=(
            "HTTP proxy for all fetches, `http://host:port`. It must keep us out of your network, which we can't check "
            "behind it. `HTTP_PROXY` and its like are not used"
        ),
    )
    worker: Literal["embedded", "external"] = Field(
        "embedded", description="`embedded`: the dashboard starts the ingest; `external`: you run it yourself"
    )
    tone: str = Field(
        "encoder",
        description=(
            "who scores the tone toward figures. `encoder`: a small neural network; `rule`: word lists, many times as "
            "fast and less often right; or the folder of a model that `tone fit` made"
        ),
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="how much the worker says")
    log_format: Literal["text", "json"] = Field(
        "text", description="`text`: lines for people, facts as key=value; `json`: one JSON object a line"
    )

    @field_validator("data_dir", "seeds_dir", "feeds_file", "figures_file", "topics_file", mode="before")
    @classmethod
    def _path(cls, value: object, info: ValidationInfo) -> object:
        if value not in (None, ""):
            return _below_project(str(value))
        if info.field_name in ("data_dir", "seeds_dir"):
            raise ValueError("a folder is needed")
        return None

    @field_validator("tone")
    @classmethod
    def _scorer(cls, value: str) -> str:
        if value.lower() in ("encoder", "rule"):
            return value.lower()
        folder = _below_project(value)
        if not value or not folder.is_dir():
            raise ValueError("no such scorer and no such folder")
        return str(folder)

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return _database(value) if value else value

    @field_validator("proxy")
    @classmethod
    def _proxy_address(cls, value: str) -> str:
        if value and not _PROXY.fullmatch(value):
            raise ValueError("no address of an HTTP proxy")
        return value

    @field_validator("allow_hosts")
    @classmethod
    def _hosts(cls, value: str) -> str:
        if any(not _HOST.fullmatch(host) for host in _listed(value)):
            raise ValueError("no list of hosts")
        return value

    @field_validator("user_agent", "contact")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable() or not value.isascii():
            raise ValueError("an HTTP header holds printable ASCII only")
        return value

    @cached_property
    def user_agent_header(self) -> str:
        """The User-Agent that servers get: the program, and how to reach whoever runs it."""
        return f"{self.user_agent} (+{self.contact})" if self.contact else self.user_agent

    @cached_property
    def allowed_hosts(self) -> tuple[str, ...]:
        return _listed(self.allow_hosts)

    @cached_property
    def data(self) -> Path:
        """The data folder, absolute."""
        return PROJECT / self.data_dir

    @cached_property
    def seeds(self) -> Path:
        """The folder of articles, absolute."""
        return PROJECT / self.seeds_dir

    @cached_property
    def database(self) -> str:
        """The record's URL, the default spelt out."""
        return self.database_url or f"sqlite:///{self.data / 'discourse.db'}"

    @cached_property
    def feeds(self) -> Path:
        return self.feeds_file or self.data / "feeds.opml"

    @cached_property
    def figures(self) -> Path:
        return self.figures_file or self.data / "figures.toml"

    @cached_property
    def topics(self) -> Path:
        return self.topics_file or self.data / "topics.toml"

    def prepare(self) -> None:
        """Makes the folders and copies the shipped lists; existing copies stay. Raises SettingError."""
        name, folder = "DISCOURSE_DATA_DIR", self.data
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for shipped in _DEFAULT_FILES:
                copy = folder / shipped
                if not copy.exists():
                    # Dashboard and worker may start at once: each makes a whole copy, and the last one stays.
                    partial = copy.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
                    shutil.copyfile(PROJECT / "seeds" / shipped, partial)
                    partial.replace(copy)
            name, folder = "DISCOURSE_SEEDS_DIR", self.seeds
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingError(
                f"{name}={folder}: the folder can't be made or written ({error.strerror}). "
                "Name a folder that you may write to."
            ) from error


#: The values that each setting allows, for error messages.
_ALLOWED = {
    "poll_seconds": "a whole number from 10 to 86400",
    "worker": "embedded or external",
    "tone": "encoder, rule or the folder of a model",
    "log_level": "DEBUG, INFO, WARNING or ERROR",
    "log_format": "text or json",
    "database_url": (
        "empty, or a URL like sqlite:////path/to/discourse.db or postgresql+psycopg://user:password@host/database"
    ),
    "user_agent": "3 to 300 printable ASCII characters",
    "contact": "up to 200 printable ASCII characters",
    "allow_hosts": "names or addresses of hosts, without scheme and port, parted by commas",
    "proxy": "empty, or an address like http://proxy.example.org:3128",
    "data_dir": "the path of a folder",
    "seeds_dir": "the path of a folder",
}


_PROXY = re.compile(r"http://(?:[^\s/@]+@)?[^\s/@:]+(?::[0-9]{1,5})?/?", re.ASCII)
_HOST = re.compile(r"[^\s/@,]+")


def _below_project(path: str) -> Path:
    try:
        return PROJECT / Path(path).expanduser()
    except RuntimeError:
        raise ValueError("there is no such user") from None


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def load() -> Settings:
    """The settings from environment and `.env`. Raises SettingError, naming variable, value and what is allowed."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            name = str(fault["loc"][0]) if fault["loc"] else "?"
            allowed = _ALLOWED.get(name, "the path of a file")
            value = without_password(str(fault["input"])) if name in ("database_url", "proxy") else fault["input"]
            lines.append(f"DISCOURSE_{name.upper()}={value}: {fault['msg']}. Allowed: {allowed}.")
        raise SettingError("\n".join(lines)) from None
    except UnicodeDecodeError as error:
        raise SettingError(f"{PROJECT / '.env'} is not UTF-8 text ({error.reason}). Save it as UTF-8.") from None


def database_url(given: str) -> str:
    """A database URL in the form that settings have. Raises SettingError."""
    try:
        return _database(given)
    except ValueError as error:
        allowed = _ALLOWED["database_url"].removeprefix("empty, or ")
        raise SettingError(f"{without_password(given)}: {error}. Allowed: {allowed}.") from None


def _database(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("not a database URL") from None
    if url.drivername in _POSTGRESQL:
        if not url.database:
            raise ValueError("it names no database")
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise ValueError(f"no support for {url.drivername} in this version")
    if url.database in (None, "", ":memory:"):
        raise ValueError("dashboard and worker can't share a record in memory")
    if not url.database.startswith("file:"):
        return url.set(database=str(PROJECT / url.database)).render_as_string(hide_password=False)
    return value


def without_password(url: str) -> str:
    """A database URL that may be shown, even if it is misspelt."""
    return _PASSWORD_OPTION.sub(r"\1***", _PASSWORD.sub(r"\1***@", url))


# Up to the last `@`: a password may have one that should have been written as %40.
_PASSWORD = re.compile(r"((?://)?[^:/@]*:(?!//)).*@")
_PASSWORD_OPTION = re.compile(r"([?&][^=&]*pass[^=&]*=)[^&]*", re.IGNORECASE)
