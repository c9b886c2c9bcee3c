"""The kinds of text in a view: whole articles name more people than summaries do."""

from __future__ import annotations

from dashboard import keys
from dashboard.look import words
from dashboard.numbers import queries
from dashboard.state.page import Page

#: A smaller share does not make a mixture.
_LEAST_SHARE = 0.01


def mixed(page: Page) -> str:
    """The shares of full texts, summaries and titles in the view; empty if nearly all are of one kind."""
    found = queries.texts(page.model, page.view)
    shares = {kind: count / sum(found.values()) for kind, count in found.items()}
    if sum(share >= _LEAST_SHARE for share in shares.values()) < 2:
        return ""
    parts = ", ".join(f"{keys.TEXT_KINDS[kind]} {words.share(share)}" for kind, share in shares.items())
    return f"{parts}: longer texts name more people"
