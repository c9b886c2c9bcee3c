"""The articles that a search found, each with a snippet that shows the words."""

from __future__ import annotations

from collections.abc import Sequence
from operator import setitem

import streamlit as st

from dashboard.look import borders, words
from dashboard.parts import evidence
from dashboard.state.page import Page
from ingest.store.read.articles import Headline
from ingest.store.search import snippets
from ingest.store.search.snippets import Marked, Snippet

#: Hits shown at once; the whole text of each one is read.
_SHOWN = 25


def listing(page: Page, found: Sequence[Headline]) -> None:
    """Lists the hits, newest first, with the words that were searched for in bold."""
    filters = page.view.filters
    key = f"hits-shown-{filters.search}"
    limit = st.session_state.get(key, _SHOWN)
    shown = found[:limit]
    with page.model.engine.connect() as connection:
        cut = snippets.of(connection, filters.search, [headline.id for headline in shown], filters.as_of)
    with st.container(border=True, key="hits"):
        for headline in shown:
            if snippet := cut.get(headline.id):  # none if it was withdrawn a moment ago
                st.markdown(_hit(page, headline, snippet))
        if rest := len(found) - len(shown):
            args = (st.session_state, key, limit + _SHOWN)
            st.button(f"Show {min(_SHOWN, rest)} more", key="hits-more", on_click=setitem, args=args)


def _hit(page: Page, headline: Headline, snippet: Snippet) -> str:
    tone = "" if headline.tone is None else f" · {evidence.tone_badge(headline.tone)}"
    author = f" · {borders.markdown(headline.author)}" if headline.author else ""
    byline = f"{borders.markdown(headline.source)} · {words.day(headline.day)}{author}"
    title = f"[{_marked(snippet.title)}]({page.article_link(headline.uid)})"
    # Two spaces and a line break: one paragraph of three lines.
    lines = [title, _marked(snippet.body), f":small[{byline}]{tone}"]
    return "  \n".join(line for line in lines if line)


def _marked(text: Marked) -> str:
    return "".join(
        f"**{borders.markdown(piece)}**" if found else borders.piece(piece) for piece, found in text.pieces()
    ).strip()
