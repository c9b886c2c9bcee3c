"""A real browser against a real server: the system's Chromium, `streamlit run app.py` as a child."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.helpers.desk import end, free_port

PROJECT = Path(__file__).resolve().parents[2]
#: Seconds after which a wait gives up. Every wait is for something to be so, however long that takes on a busy machine;
#: how fast it is, the benchmarks measure.
LIMIT = 90
expect.set_options(timeout=1_000 * LIMIT)
NO_FEEDS = '<opml version="2.0"><head><title>none</title></head><body></body></opml>'


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium. Where there is none the test is skipped; in CI that is an error."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "no Chromium: install the package chromium, or set CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Server:
    """A running dashboard with folders of its own."""

    url: str
    seeds: Path
    data: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running(folder: Path, *, demo: bool, feeds: str = NO_FEEDS, worker: str = "embedded") -> Iterator[Server]:
    """Starts a dashboard on loopback and ends it."""
    seeds, data = folder / "seeds", folder / "data"
    seeds.mkdir(parents=True, exist_ok=True)
    data.mkdir(exist_ok=True)
    if demo and not (seeds / "demo").exists():
        shutil.copytree(PROJECT / "seeds" / "demo", seeds / "demo")
    (data / "feeds.opml").write_text(feeds)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DISCOURSE_")}
    environment |= {
        "DISCOURSE_DATA_DIR": str(data),
        "DISCOURSE_SEEDS_DIR": str(seeds),
        "DISCOURSE_WORKER": worker,
        "DISCOURSE_TONE": "rule",
        "DISCOURSE_POLL_SECONDS": "10",
        "DISCOURSE_ALLOW_HOSTS": "localhost,127.0.0.1",
    }
    log = (folder / "server.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    url = f"http://localhost:{port}"
    try:
        _wait(lambda: _revision(url) >= (1 if demo else 0), folder)
        yield Server(url, seeds, data, process)
    finally:
        end(process)
        log.close()


def _revision(url: str) -> int:
    """The record's revision as the server tells it; −1 while it does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return int(json.load(answer)["revision"])
    except OSError:
        return -1


def _wait(done, folder: Path) -> None:
    end = time.monotonic() + LIMIT
    while not done():
        assert time.monotonic() < end, (folder / "server.log").read_text()[-3000:]
        time.sleep(0.1)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with the demo corpus alone, for tests that only look."""
    with running(tmp_path_factory.mktemp("demo"), demo=True) as server:
        yield server


def person(browser: Browser) -> BrowserContext:
    """A browser of somebody's own, which waits as long as we do."""
    context = browser.new_context(viewport={"width": 1440, "height": 1600})
    context.set_default_timeout(1_000 * LIMIT)
    return context


@pytest.fixture(scope="session")
def analyst(browser: Browser) -> Iterator[BrowserContext]:
    """One person's browser: its cache holds the scripts, so that a page is there in a moment."""
    context = person(browser)
    yield context
    context.close()


@pytest.fixture(scope="session")
def colleague(browser: Browser) -> Iterator[BrowserContext]:
    """Another person's browser: shares nothing with the first but the link."""
    context = person(browser)
    yield context
    context.close()


@pytest.fixture
def page(analyst: BrowserContext) -> Iterator[Page]:
    page = analyst.new_page()
    yield page
    page.close()


@pytest.fixture
def other_page(colleague: BrowserContext) -> Iterator[Page]:
    page = colleague.new_page()
    yield page
    page.close()


def settled(page: Page) -> Page:
    """Waits until the script has run and the page stands still."""
    page.wait_for_selector("[data-testid=stMain] h1")
    for _ in range(2):  # a click may need a moment to start its run
        page.wait_for_timeout(250)
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    return page
