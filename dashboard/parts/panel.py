"""A card with a question as its title, a chart, a caption, and a menu with its data and definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from dashboard.controls.share import Pair
from dashboard.look import borders
from dashboard.parts import downloads
from dashboard.state.page import Page

#: Rows of a menu's table; the CSV has all.
_ROWS = 200


@contextmanager
def panel(
    page: Page,
    title: str,
    *,
    key: str,
    data: Callable[[], pd.DataFrame],
    about: str,
    caption: str = "",
    extra: Sequence[Pair] = (),
    pinned: bool = True,
) -> Iterator[None]:
    """Opens the card: what is drawn inside `with` comes between its title and its caption.

    The menu offers `data` as a table, and as the CSV that `serve/panels.py` has under `key`, of which `extra` and
    `pinned` are told to `downloads.link`. `about` is the definition, in two sentences.
    """
    with st.container(border=True, key=f"panel-{key}"):
        head = st.container(horizontal=True, vertical_alignment="center", wrap=False)
        head.markdown(f"**{title}**", width="stretch")
        menu = head.popover(
            "", icon=":material/more_horiz:", type="tertiary", help="Data and definition", key=f"menu-{key}",
            on_change="rerun",
        )  # fmt: skip
        # Made when somebody looks. A fragment would spare that a run, and cost every other run more than this does.
        if menu.open:
            with menu:
                st.caption(about)
                downloads.link(page, f"{key}.csv", extra, pinned=pinned)
                table(data().head(_ROWS), key=f"data-{key}", label=f"Data of: {title}")
        yield
        st.caption(" · ".join(part for part in (caption, page.pin.as_of) if part))


def table(data: pd.DataFrame, *, key: str, label: str) -> None:
    """A frame as a table; its own CSV button gives no formulas either."""
    shown = data.copy()
    for column in shown.select_dtypes(include=["object", "string"]):
        shown[column] = shown[column].map(borders.csv_cell)
    st.dataframe(shown, key=key, hide_index=True, height=min(400, 38 + 35 * max(1, len(shown))), alt=label)
