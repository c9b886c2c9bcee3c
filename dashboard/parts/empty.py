"""The message of a page that has nothing to draw: why, and what to do next."""

from __future__ import annotations

import streamlit as st

from dashboard import keys
from dashboard.controls import sidebar
from dashboard.look import borders, words
from dashboard.state.page import Page
from ingest.formats.article import READERS


def draw(page: Page, total: int) -> None:
    """Draws the message; `total` is the number of articles before search, topics and tone narrow them."""
    if page.pin.revision == 0:
        st.info(
            f"**Nothing has arrived yet.** Drop an article ({', '.join(READERS)}) into the seed folder, or wait for "
            "the first feeds. `python -m ingest status` says what the worker is doing.\n\n"
            f"The record is {borders.markdown(page.model.engine.url.database or '')}.",
            icon=":material/hourglass_empty:",
        )
        return
    if total == 0:
        st.info(
            f"**No articles from {words.period(page.view.since, page.view.until)} in these sources and languages.** "
            "Choose a longer period, or more sources.",
            icon=":material/event_busy:",
        )
    else:
        st.info(
            f"**None of the {words.number(total)} articles of this period passes all filters.** Take one of them away.",
            icon=":material/filter_alt_off:",
        )
    left, right = st.columns(2)
    left.button("Show all there is", key="empty-all", on_click=_show_all, width="stretch", icon=":material/date_range:")
    right.button(
        "Reset filters", key="empty-reset", on_click=sidebar.reset, width="stretch", icon=":material/restart_alt:"
    )


def _show_all() -> None:
    sidebar.reset()
    st.session_state[keys.PERIOD] = "All"
