"""A desk of its own for each test: folders, tiny lists, and what is put into them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest import settings
from ingest.settings import PROJECT, Settings

#: The databases on which every test runs that asks for `engine` or `database`.
DATABASES = ("sqlite", "postgresql")
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

FIGURES = """
[[figure]]
id = "ada-quill"
name = "Ada Quill"
strong = ["Ada Quill"]
weak = ["Quill"]
offices = ["Quill administration"]

[[figure]]
id = "ben-marsh"
name = "Ben Marsh"
strong = ["Ben Marsh"]
weak = ["Marsh"]
"""
TOPICS = """
[[topic]]
id = "trade"
name = "Trade"
cap = 18
keywords = ["tariff*", "trade deal"]

[[topic]]
id = "summits"
name = "Summits"
cap = 19
keywords = ["summit*"]
"""
FEEDS = '<?xml version="1.0"?><opml version="2.0"><body>{}</body></opml>'


def opml(*addresses: str) -> str:
    """A list of feeds."""
    return FEEDS.format("".join(f'<outline text="Feed {n}" xmlUrl="{url}"/>' for n, url in enumerate(addresses, 1)))


def rss(*items: str) -> str:
    """A feed of items."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{"".join(items)}</channel></rss>'


def item(number: int, title: str = "", body: str = "", *, guid: str | None = None) -> str:
    """One item of a feed; the same number is the same address."""
    return (
        f"<item><title>{title or f'Item {number}'}</title><link>http://news.test/{number}</link>"
        f"<guid isPermaLink='false'>{guid or f'id-{number}'}</guid>"
        f"<description>{body or f'The words of item {number}.'}</description>"
        f"<pubDate>Mon, 02 Mar 2026 10:{number % 60:02}:00 GMT</pubDate></item>"
    )


@dataclass(frozen=True)
class Desk:
    """Folders, lists and environment of one installation."""

    root: Path
    env: dict[str, str]

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def seeds(self) -> Path:
        return self.root / "seeds"

    @property
    def url(self) -> str:
        """The record of this installation."""
        return self.env["DISCOURSE_DATABASE_URL"] or f"sqlite:///{self.data / 'discourse.db'}"

    def settings(self) -> Settings:
        return settings.load()

    def drop(self, name: str, words: str, *, age: float = 60) -> Path:
        """Puts an article file into the seed folder, last written `age` seconds ago."""
        path = self.seeds / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8")
        written = time.time() - age
        os.utime(path, (written, written))
        return path

    def list_feeds(self, *addresses: str) -> None:
        (self.data / "feeds.opml").write_text(opml(*addresses), encoding="utf-8")

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
        """A child process `python -m ingest …`; end it."""
        command = [sys.executable, "-W", "error", "-m", "ingest", *arguments]
        return subprocess.Popen(command, cwd=PROJECT, env=self.env, **options)  # type: ignore[call-overload]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a server, kindly first."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def until(true: Callable[[], bool], seconds: float = 10) -> float:
    """Waits until something is true and says how long it took; fails when it takes longer than that."""
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds, f"not so after {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - start


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
