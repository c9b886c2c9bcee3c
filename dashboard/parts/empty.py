"""What a page says when there is nothing to draw: why, and what to do next."""

from __future__ import annotations

import streamlit as st

from dashboard import keys
from dashboard.controls import sidebar
from dashboard.look import borders, words
from dashboard.state.page import Page


def draw(page: Page, of: int) -> None:
    """`of` is the number of articles before search, topics and tone narrow them."""
    settings = page.model.engine.url.database
    if page.pin.revision == 0:
        st.info(
            "**Nothing has arrived yet.** Drop an article (.txt, .md or .html) into the seed folder, or wait for the "
            "first feeds. `python -m ingest status` says what the worker is doing.\n\n"
            f"The record is {borders.markdown(settings or '')}.",
            icon=":material/hourglass_empty:",
        )
        return
    if of == 0:
        st.info(
            f"**No articles from {words.period(page.view.since, page.view.until)} in these sources and languages.** "
            "Choose a longer period, or more sources.",
            icon=":material/event_busy:",
        )
    else:
        st.info(
            f"**None of the {words.number(of)} articles of this period passes all filters.** Take one of them away.",
            icon=":material/filter_alt_off:",
        )
    left, right = st.columns(2)
    left.button("Show all there is", key="empty-all", on_click=_all, width="stretch", icon=":material/date_range:")
    right.button(
        "Reset filters", key="empty-reset", on_click=sidebar.reset, width="stretch", icon=":material/restart_alt:"
    )


def _all() -> None:
    sidebar.reset()
    st.session_state[keys.PERIOD] = "All"
