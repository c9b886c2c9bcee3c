"""What kinds of text a view mixes: whole articles name more people than summaries do."""

from __future__ import annotations

from dashboard import keys
from dashboard.look import words
from dashboard.numbers import queries
from dashboard.state.page import Page

#: A mixture of less than this is none.
_SOME = 0.01


def mixed(page: Page) -> str:
    """How the articles of the view divide into full texts, summaries and titles; empty where nearly all are alike."""
    found = queries.texts(page.model, page.view)
    shares = {kind: count / sum(found.values()) for kind, count in found.items()}
    if sum(share >= _SOME for share in shares.values()) < 2:
        return ""
    parts = ", ".join(f"{keys.TEXT_KINDS[kind]} {words.share(share)}" for kind, share in shares.items())
    return f"{parts}: longer texts name more people"
