"""A page whose server process dies goes on in another one, with the view that it had."""

from __future__ import annotations

import psutil
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import LIMIT, running, settled
from tests.helpers.desk import end, until
from tests.helpers.server import connected, serving

pytestmark = pytest.mark.browser


def shown(page: Page) -> tuple[str, list[str], list[str], bool]:
    """The address, the key figures, the filters in force, and a switch that the address does not carry."""
    values = page.locator("[data-testid=stMetricValue]").all_inner_texts()
    chips = page.locator("[class*=st-key-chip]").all_inner_texts()
    return page.url, values, chips, page.locator("[class*=st-key-live] input").is_checked()


@pytest.mark.slow
def test_a_page_whose_process_is_killed_shows_the_same_view_from_another(page: Page, tmp_path) -> None:
    with running(tmp_path, demo=True, workers=2) as server:
        failed: list[str] = []
        page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
        page.goto(f"{server.url}/?q=tariff&figures=Lee+Jae-myung")
        settled(page)
        page.get_by_text("Live", exact=True).click()
        before = shown(settled(page))
        assert len(before[1]) == 5
        assert len(before[2]) == 2
        assert not before[3]

        def holders() -> list[psutil.Process]:
            return [each for each in serving(server.process.pid) if connected(each, server.port)]

        # All but the websocket is closed soon, and then only its process has a connection.
        until(lambda: len(holders()) == 1, LIMIT)
        with page.expect_websocket():
            holders()[0].kill()
        until(lambda: page.evaluate("performance.now() - wire.heard < 1000"), LIMIT)
        assert shown(settled(page)) == before
        assert failed == [], "whatever a page asks for, both processes have it"

        family = [psutil.Process(server.process.pid)]
        family += family[0].children(recursive=True)
        end(server.process)
        assert psutil.wait_procs(family, 10)[1] == [], "SIGTERM ends all"
