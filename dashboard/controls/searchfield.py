"""The search field, and the messages about a search that is not understood."""

from __future__ import annotations

import streamlit as st

from dashboard import keys
from dashboard.keys import Control
from dashboard.look import borders
from dashboard.model.snapshot import Snapshot
from ingest.errors import SearchError
from ingest.store.search import search
from ingest.store.search.lexemes import LONGEST

HELP = """
Finds articles that hold these words in title or text. Shares keep all articles as their base.

- `tariff levy` or `tariff AND levy`: both
- `tariff OR levy`: one of them; AND binds tighter, brackets decide: `(tariff OR levy) steel`
- `tariff NOT steel` or `tariff -steel`: without it
- `"trade deal"`: side by side; so are `carbon-border` and `10:30`
- `tariff*`: every word that begins so
- `title:tariff`, `author:smith`, `source:"West Post"`, `figure:Trump`, `topic:trade`, `lang:ko`, with brackets too: \
`title:(tariff OR levy)`; `figure:` counts persons, not offices

Capitals and signs make no difference; Chinese, Japanese and Korean words are found inside longer ones.
"""

#: Characters of a long search that are shown on each side of the fault.
_AROUND = 30


def draw(control: Control, model: Snapshot, as_of: int) -> str:
    """Draws the field, and below it the fault in what is typed, with its place marked; returns what is typed."""
    typed = st.text_input(
        control.label, key=control.key, bind="query-params", placeholder='words, "a phrase", OR, title:…',
        max_chars=LONGEST, help=HELP,
    ) or ""  # fmt: skip
    if error := fault(model, typed, as_of):
        st.error(message(typed, error), icon=":material/search_off:")
    return typed


def fault(model: Snapshot, typed: str, as_of: int | None) -> SearchError | None:
    """What is wrong with a search, if anything."""
    try:
        if typed.strip():
            with model.engine.connect() as connection:
                search.check(connection, typed, as_of)
    except SearchError as error:
        return error
    return None


def message(typed: str, error: SearchError) -> str:
    """The fault in words, then the search with the place marked, as Markdown."""
    said = borders.markdown(error)
    if error.start is None or error.end is None:
        return said
    start, end = error.start, min(error.end, error.start + _AROUND)
    before, piece, after = typed[max(0, start - _AROUND) : start], typed[start:end], typed[end : end + _AROUND]
    cut_before, cut_after = "…" * (start > _AROUND), "…" * (end + _AROUND < len(typed))
    marked = f":red-background[{borders.markdown(piece) or '▯'}]"
    return f"{said}\n\n{cut_before}{borders.piece(before)}{marked}{borders.piece(after)}{cut_after}"


def refused(error: SearchError) -> None:
    """Shown instead of the page: numbers of another search would be taken for this one's."""
    if error.start is None:
        st.warning(f"**Nothing is shown for this search.** {borders.markdown(error)}", icon=":material/search_off:")
    else:
        st.info(
            "**This search is not understood, so nothing is shown for it.** The message under the search field says "
            "where; the sign beside the field says what can be written.",
            icon=":material/search_off:",
        )
    st.button("Clear the search", key="search-clear", on_click=_clear, icon=":material/backspace:")


def _clear() -> None:
    st.session_state[keys.SEARCH] = ""
