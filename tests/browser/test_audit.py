"""Labelling by keyboard, as a coder does it for an hour."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, settled

pytestmark = pytest.mark.browser

#: Milliseconds for a click, on a machine that other tests use too.
SOON = 15_000


def test_a_sample_is_labelled_with_the_keyboard_alone(demo: Server, page: Page) -> None:
    page.goto(f"{demo.url}/audit")
    settled(page)
    page.get_by_role("button", name="Draw the sample").click()
    name = page.get_by_role("textbox", name="Your name")
    name.fill("Ada 123")  # the field takes the digits, and nothing is labelled by them
    page.keyboard.press("Enter")
    card = page.locator(".st-key-audit-card")
    expect(card).to_be_visible(timeout=SOON)
    expect(page.get_by_text("0 of 100 labelled by Ada 123")).to_be_visible(timeout=SOON)
    expect(card.locator("mark")).to_have_count(1)
    for number, key in enumerate("123u", start=1):
        before = card.inner_text()
        page.keyboard.press(key)
        expect(page.get_by_text(f"{number} of 100 labelled by Ada 123")).to_be_visible(timeout=SOON)
        expect(card).not_to_have_text(before, timeout=SOON)
    page.keyboard.press("s")
    expect(page.get_by_text("· 1 skipped")).to_be_visible(timeout=SOON)
    page.keyboard.press("b")
    expect(card.get_by_text("You said unsure")).to_be_visible(timeout=SOON)
    page.keyboard.press("3")
    expect(card.get_by_text("You said")).to_have_count(0, timeout=SOON)
    expect(page.get_by_text("4 of 100 labelled")).to_be_visible(timeout=SOON)
    # Opened anew, in the same words, he goes on where he stopped.
    assert "Ada" not in page.url
    page.goto(page.url)
    settled(page)
    page.get_by_role("textbox", name="Your name").fill("ada 123")
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 of 100 labelled by Ada 123")).to_be_visible(timeout=SOON)
