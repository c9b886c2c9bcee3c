"""Labelling by keyboard, as a coder does it for an hour."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, settled

pytestmark = pytest.mark.browser


def press(page: Page, key: str) -> None:
    """Presses a key when the card stands: while it is drawn, the buttons of the one before still listen."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.keyboard.press(key)


def test_a_sample_is_labelled_with_the_keyboard_alone(demo: Server, page: Page) -> None:
    page.goto(f"{demo.url}/audit")
    settled(page)
    page.get_by_role("button", name="Draw the sample").click()
    name = page.get_by_role("textbox", name="Your name")
    name.fill("Ada 123")  # the field takes the digits, and nothing is labelled by them
    page.keyboard.press("Enter")
    card = page.locator(".st-key-audit-card")
    expect(card).to_be_visible()
    expect(page.get_by_text("0 of 100 labelled by Ada 123")).to_be_visible()
    expect(card.locator("mark")).to_have_count(1)
    for number, key in enumerate("123u", start=1):
        before = card.inner_text()
        press(page, key)
        expect(page.get_by_text(f"{number} of 100 labelled by Ada 123")).to_be_visible()
        expect(card).not_to_have_text(before)
    press(page, "s")
    expect(page.get_by_text("· 1 skipped")).to_be_visible()
    press(page, "b")
    expect(card.get_by_text("You said unsure")).to_be_visible()
    press(page, "3")
    expect(card.get_by_text("You said")).to_have_count(0)
    expect(page.get_by_text("4 of 100 labelled")).to_be_visible()
    # Opened anew, in the same words, he goes on where he stopped.
    assert "Ada" not in page.url
    page.goto(page.url)
    settled(page)
    page.get_by_role("textbox", name="Your name").fill("ada 123")
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 of 100 labelled by Ada 123")).to_be_visible()
