"""Who labels: the user who is logged in, or a name that the coder types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from sqlalchemy import Engine

from dashboard.look import borders
from ingest.store.read import labels

_LENGTH = 80

#: Where the session holds the name. It is never in the URL: a colleague who opens the link is another coder.
_BY = "audit-by"


def current() -> str:
    """The coder's name; empty if there is none yet."""
    return _user() or _clean(st.session_state.get(_BY, ""))


def draw(engine: Engine) -> str:
    """Shows who labels, or asks for a name; returns the name."""
    by = current()
    if not by:
        # The field is gone once there is a name: it would go on taking the keys for labels.
        st.text_input(
            "Your name", key="audit-name", max_chars=_LENGTH, width=320, on_change=_save_name, args=(engine,),
            placeholder="stored with each of your labels",
            help="Under the same name you go on where you stopped, on any machine.",
        )  # fmt: skip
        return ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"You label as **{borders.markdown(by)}**.", width="content")
        if not _user():
            st.button("Not you?", key="audit-other", type="tertiary", on_click=_set_name, args=("",))
    return by


def _user() -> str:
    """The user who is logged in; empty if the server has no log-in."""
    user: Mapping[str, Any] = st.user
    return _clean(str(user.get("email") or user.get("name") or "")) if user.get("is_logged_in") else ""


def _clean(typed: str) -> str:
    return borders.plain(typed)[:_LENGTH].strip()


def _save_name(engine: Engine) -> None:
    """Stores the name as this coder first wrote it: `ada` continues the labels of `Ada`."""
    typed = _clean(st.session_state["audit-name"])
    with engine.connect() as connection:
        before = labels.coders(connection)
    _set_name(next((each for each in before if each.casefold() == typed.casefold()), typed))


def _set_name(name: str) -> None:
    st.session_state[_BY] = name
    st.session_state.pop("audit-again", None)
    st.session_state.pop("audit-skipped", None)
