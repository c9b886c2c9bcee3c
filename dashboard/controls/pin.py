"""The revision that a link pins: exactly its numbers are shown, whatever has arrived since."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import keys
from dashboard.look import borders, words
from dashboard.model.snapshot import Snapshot
from dashboard.state.page import Pin
from ingest.store import record


def of(model: Snapshot) -> Pin:
    """The revision that the page's URL asks for."""
    return at(model, st.query_params.get(keys.AS_OF, ""))


def at(model: Snapshot, asked: str) -> Pin:
    """The revision that is asked for; the newest if none is, or one that is not in the record."""
    newest = Pin(model.revision, datetime.now(UTC))
    if not asked:
        return newest
    number = number_of(asked)
    if 0 < number <= newest.revision:
        with model.engine.connect() as connection:
            made = record.made(connection, number)
        if made is not None:
            return Pin(number, made, fixed=True)
    return Pin(newest.revision, newest.now, unknown=asked)


def number_of(asked: str) -> int:
    """The number that is asked for; 0, which no revision has, for what is none."""
    # No record has ten digits of revisions, and databases refuse larger numbers.
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0


def notice(pin: Pin) -> None:
    """Says that the numbers are pinned, or that the revision asked for is missing; with a button for the newest."""
    if pin.unknown:
        newest = f"revisions 1 to {words.number(pin.revision)}" if pin.revision else "no revision yet"
        st.warning(
            f"**This link asks for revision {borders.markdown(pin.unknown[:20])}, which is not in this record** "
            f"({newest}). What follows are the newest numbers.",
            icon=":material/history_toggle_off:",
        )
        st.button("Keep the newest", key="unpin", on_click=unpin, icon=":material/update:")
    elif pin.fixed:
        with st.container(border=True, key="pinned", horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/history: **{pin.as_of[0].upper()}{pin.as_of[1:]}**", width="stretch")
            st.button("Show the newest", key="unpin", on_click=unpin, icon=":material/update:")


def unpin() -> None:
    """Back to the newest numbers."""
    st.query_params.pop(keys.AS_OF, None)
