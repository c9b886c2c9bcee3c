"""Buttons that download what a panel shows. The file's address says all that it is made of: any process answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from dashboard.controls import share
from dashboard.controls.share import Pair
from dashboard.state.page import Page


def link(
    page: Page,
    file: str,
    extra: Sequence[Pair] = (),
    *,
    label: str = "CSV",
    type_: Literal["secondary", "tertiary"] = "secondary",
    pinned: bool = True,
) -> None:
    """A button that downloads `file`, one of `serve/panels.py`, in the page's view and as of its revision.

    `extra` are parameters of the panel's own. What changes without a revision is not `pinned`.
    """
    query = share.query(page.view, page.choices, page.period, fixed=True, pinned=pinned, extra=extra)
    st.link_button(label, f"export/{file}?{query}", icon=":material/download:", type=type_)
