"""The copies of an article: who else printed the text, when, and with which differences."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from dashboard import keys
from dashboard.look import borders, words
from dashboard.reader import edits
from dashboard.state.page import Page
from ingest.store.read import reprints
from ingest.store.read.articles import FullArticle
from ingest.store.read.history import Version
from ingest.store.read.reprints import Copy
from ingest.text import plain

#: Copies listed, the first ones.
_LISTED = 20


def draw(page: Page, article: FullArticle) -> None:
    """An expander for each copy; nothing for an article without copies."""
    headline = article.headline
    with page.model.engine.connect() as connection:
        found, count = reprints.copies(connection, headline.id, page.view.filters.as_of, most=_LISTED)
    if not found:
        return
    here = "" if any(copy.first for copy in found) else " This one came first."
    st.markdown(f"**{words.count(count, 'copy', 'copies')} of this text.**{here}")
    for copy in found:
        expander = st.expander(label(copy, headline.title), key=f"copy-{copy.uid}", on_change="rerun")
        if expander.open:
            with expander:
                _differences(page, article, copy)
    if count > len(found):
        st.caption(f"And {words.count(count - len(found), 'more copy', 'more copies')}.")


def label(copy: Copy, title: str) -> str:
    """Outlet, time, whether it was the first, and its headline if that differs; as Markdown."""
    at = f"{words.day(copy.published_at.date())} {copy.published_at:%H:%M} UTC"
    headline = f"“{borders.markdown(copy.title)}”" if copy.title != title else ""
    parts = (f"**{borders.markdown(copy.source)}**", at, "the first" if copy.first else "", headline)
    return " · ".join(filter(None, parts))


def word_difference(one: str, other: str) -> tuple[int, int]:
    """How many words the other text has in addition, and how many it lacks, in whatever order."""
    have, has = Counter(one.split()), Counter(other.split())
    return (has - have).total(), (have - has).total()


def _differences(page: Page, article: FullArticle, copy: Copy) -> None:
    headline = article.headline
    with page.model.engine.connect() as connection:
        body = reprints.body(connection, copy.content_id)
    ours = plain.body_of(article.text, headline.title)
    more, less = word_difference(ours, body)
    change = f"{words.count(more, 'word')} more, {words.count(less, 'word')} less" if more or less else "the same words"
    st.caption(f"Beside the text above: {change}.")
    st.button("Read this copy", key=f"read-{copy.uid}", on_click=_open, args=(copy.uid,), type="tertiary")
    one = Version(headline.published_at, headline.title, ours, None, None, headline.published_at)
    other = Version(copy.published_at, copy.title, body, None, None, copy.published_at)
    for block in edits.blocks(one, other, headline.language):
        st.html(f'<p style="{edits.BLOCK}">{block}</p>')


def _open(uid: str) -> None:
    st.query_params[keys.ARTICLE] = uid
