"""A card with a question as its title, a chart, a caption, and a menu with its data and definition."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from dashboard.look import borders
from dashboard.state.page import Page
from ingest.store.read import export


@contextmanager
def panel(page: Page, title: str, *, key: str, data: pd.DataFrame, about: str, caption: str = "") -> Iterator[None]:
    """Opens the card: what is drawn inside `with` comes between its title and its caption.

    The menu offers `data` as a table and a CSV; `about` is the definition, in two sentences.
    """
    with st.container(border=True, key=f"panel-{key}"):
        head = st.container(horizontal=True, vertical_alignment="center", wrap=False)
        head.markdown(f"**{title}**", width="stretch")
        menu = head.popover(
            "", icon=":material/more_horiz:", type="tertiary", help="Data and definition", key=f"menu-{key}",
            on_change="rerun",
        )  # fmt: skip
        if menu.open:  # the table is sent only when somebody looks at it
            with menu:
                st.caption(about)
                st.download_button(
                    "CSV", data=lambda: csv(page, data), file_name=f"{key}.csv", mime="text/csv", key=f"csv-{key}",
                    on_click="ignore", icon=":material/download:",
                )  # fmt: skip
                table(data.head(200), key=f"data-{key}", label=f"Data of: {title}")
        yield
        st.caption(" · ".join(part for part in (caption, page.pin.as_of) if part))


def csv(page: Page, data: pd.DataFrame) -> bytes:
    """The frame as CSV with its provenance; no cell is a formula in a spreadsheet."""
    with page.model.engine.connect() as connection:
        made_from = export.provenance(connection, page.view.filters) | {"revision": page.pin.revision}
    found = data.astype(object).where(data.notna(), None).to_dict("records")  # empty cells rather than "nan"
    rows = ({str(name): value for name, value in row.items()} | made_from for row in found)
    out = io.StringIO(newline="")
    export.write(rows, out, "csv", list(dict.fromkeys([*map(str, data.columns), *made_from])))
    return out.getvalue().encode("utf-8-sig")  # with the mark without which Excel shows é as Ã©


def table(data: pd.DataFrame, *, key: str, label: str) -> None:
    """A frame as a table; its own CSV button gives no formulas either."""
    shown = data.copy()
    for column in shown.select_dtypes(include=["object", "string"]):
        shown[column] = shown[column].map(borders.csv_cell)
    st.dataframe(shown, key=key, hide_index=True, height=min(400, 38 + 35 * max(1, len(shown))), alt=label)
