"""Who labels: the user whom the server knows, or the name that somebody gives himself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from sqlalchemy import Engine

from dashboard.look import borders
from ingest.store.read import labels

_LENGTH = 80

#: The name, in the session. Never in the URL: a colleague who opens the link is somebody else.
_BY = "audit-by"


def current() -> str:
    """The coder's name; empty where nobody has given one."""
    return _user() or _name(st.session_state.get(_BY, ""))


def draw(engine: Engine) -> str:
    """Says who labels, or asks; answers the name."""
    by = current()
    if not by:
        # Once it is given the field leaves, or it would go on taking the keys.
        st.text_input(
            "Your name", key="audit-name", max_chars=_LENGTH, width=320, on_change=_given, args=(engine,),
            placeholder="stands beside each of your labels",
            help="Under the same name you go on where you stopped, on any machine.",
        )  # fmt: skip
        return ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"You label as **{borders.markdown(by)}**.", width="content")
        if not _user():
            st.button("Not you?", key="audit-other", type="tertiary", on_click=_as, args=("",))
    return by


def _user() -> str:
    """Who is logged in, where the server asks people to log in; else empty."""
    user: Mapping[str, Any] = st.user
    return _name(str(user.get("email") or user.get("name") or "")) if user.get("is_logged_in") else ""


def _name(typed: str) -> str:
    return borders.plain(typed)[:_LENGTH].strip()


def _given(engine: Engine) -> None:
    """Takes the name as this coder wrote it the first time: `ada` goes on where `Ada` stopped."""
    typed = _name(st.session_state["audit-name"])
    with engine.connect() as connection:
        before = labels.coders(connection)
    _as(next((each for each in before if each.casefold() == typed.casefold()), typed))


def _as(name: str) -> None:
    st.session_state[_BY] = name
    st.session_state.pop("audit-again", None)
    st.session_state.pop("audit-skipped", None)
