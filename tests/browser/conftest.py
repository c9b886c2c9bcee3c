"""A real browser against a real server: the system's Chromium, `python app.py` as a child."""

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
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.helpers.desk import end, free_port

PROJECT = Path(__file__).resolve().parents[2]
#: Seconds after which a wait gives up. Every wait is for something to be so, however long that takes on a busy machine;
#: how fast it is, the benchmarks measure.
LIMIT = 90
expect.set_options(timeout=1_000 * LIMIT)
#: Told to every page before its own scripts: `wire.still()` says whether the page stands still. The server answers all
#: that is sent to it, and then the script has run. What Streamlit puts off (a drag, a choice of points) it puts off by
#: less than the quarter of a second for which nothing may have happened.
WIRE = """
const wire = (window.wire = {
  sent: 0, heard: 0, moved: performance.now(),
  still() {
    const app = document.querySelector('[data-testid=stApp]');
    return app?.dataset.testScriptState === 'notRunning' && document.querySelector('[data-testid=stMain] h1')
      && wire.heard > wire.sent && performance.now() - Math.max(wire.moved, wire.heard) > 250;
  },
});
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (message) {
  if (!this.listened) this.addEventListener('message', () => (wire.heard = performance.now()));
  this.listened = true;
  wire.sent = performance.now();
  return send.call(this, message);
};
new MutationObserver(() => (wire.moved = performance.now())).observe(
  document, { subtree: true, childList: true, characterData: true, attributes: true });
"""
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


class Server:
    """A dashboard with folders of its own; start it, end it."""

    def __init__(self, folder: Path, *, demo: bool, feeds: str = NO_FEEDS, workers: int = 1) -> None:
        self.seeds, self.data, self._log = folder / "seeds", folder / "data", folder / "server.log"
        self._expected, self._workers = 1 if demo else 0, workers
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.seeds.mkdir()
        self.data.mkdir()
        if demo:
            shutil.copytree(PROJECT / "seeds" / "demo", self.seeds / "demo")
        (self.data / "feeds.opml").write_text(feeds)

    def start(self) -> None:
        """Starts it and waits until it answers and has read its demo."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DISCOURSE_")}
        environment |= {
            "DISCOURSE_DATA_DIR": str(self.data),
            "DISCOURSE_SEEDS_DIR": str(self.seeds),
            "DISCOURSE_WORKER": "embedded",
            "DISCOURSE_TONE": "rule",
            "DISCOURSE_POLL_SECONDS": "10",
            "DISCOURSE_ALLOW_HOSTS": "localhost,127.0.0.1",
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", "--workers", str(self._workers), "--server.port", str(self.port)],
                cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        last = time.monotonic() + LIMIT
        while _revision(self.url) < self._expected:
            assert time.monotonic() < last, self._log.read_text()[-3000:]
            time.sleep(0.1)


@contextmanager
def running(folder: Path, *, demo: bool, feeds: str = NO_FEEDS, workers: int = 1) -> Iterator[Server]:
    """Starts a dashboard on loopback and ends it."""
    server = Server(folder, demo=demo, feeds=feeds, workers=workers)
    try:
        server.start()
        yield server
    finally:
        end(server.process)


def _revision(url: str) -> int:
    """The record's revision as the server tells it; −1 while it does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return int(json.load(answer)["revision"])
    except OSError:
        return -1


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with the demo corpus alone, for tests that only look."""
    with running(tmp_path_factory.mktemp("demo"), demo=True) as server:
        yield server


@pytest.fixture(scope="session")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard to which tests do things: what has come to the demo corpus depends on the tests before."""
    with running(tmp_path_factory.mktemp("changing"), demo=True) as server:
        yield server


@contextmanager
def person(browser: Browser) -> Iterator[Page]:
    """A browser of somebody's own with one tab, which waits as long as we do, and has no animations to draw.

    A tab that has shown the dashboard once shows it again for a third of what a new tab takes: each person keeps one.
    """
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(1_000 * LIMIT)
    context.add_init_script(WIRE)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def analyst(browser: Browser) -> Iterator[Page]:
    with person(browser) as tab:
        yield tab


@pytest.fixture(scope="session")
def colleague(browser: Browser) -> Iterator[Page]:
    with person(browser) as tab:
        yield tab


@contextmanager
def cleared(tab: Page) -> Iterator[Page]:
    """A tab like a new one: of one size, in the light theme, and left empty afterwards."""
    tab.set_viewport_size({"width": 1440, "height": 1600})
    tab.emulate_media(color_scheme="light")
    yield tab
    if tab.url.startswith("http"):
        tab.evaluate("sessionStorage.clear()")
    tab.goto("about:blank")


@pytest.fixture
def page(analyst: Page) -> Iterator[Page]:
    """What the analyst sees."""
    with cleared(analyst) as tab:
        yield tab


@pytest.fixture
def other_page(colleague: Page) -> Iterator[Page]:
    """What another person sees, who shares nothing with the first but the link."""
    with cleared(colleague) as tab:
        yield tab


@contextmanager
def asked_for(page: Page) -> Iterator[list[str]]:
    """The addresses that a page asks for meanwhile."""
    addresses: list[str] = []

    def note(request: Request) -> None:
        addresses.append(request.url)

    page.on("request", note)
    yield addresses
    page.remove_listener("request", note)


def settled(page: Page) -> Page:
    """Waits until the script has run and the page stands still."""
    page.evaluate("wire.moved = performance.now()")
    page.wait_for_function("wire.still()", polling=50)
    return page
