"""Asks the running worker to try sources again, and shows the outcome."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

import streamlit as st
from sqlalchemy import Engine

from dashboard.look import borders
from dashboard.state import process
from dashboard.state.page import Page
from ingest.models import utcnow
from ingest.store import record
from ingest.store.plan import requests
from ingest.store.plan.requests import Retry

#: How long an outcome stays on the page.
_SHOWN = timedelta(minutes=10)
_MOST = 8


def button(page: Page, ids: Collection[int], *, label: str, key: str, help_: str = "") -> None:
    """A button that asks the worker to try these sources again."""
    args = page.model.engine, tuple(ids)
    st.button(label, key=key, icon=":material/refresh:", on_click=ask, args=args, help=help_ or None)


def ask(engine: Engine, ids: Collection[int]) -> None:
    """Writes the requests, which a running worker takes up within seconds."""
    with record.writing(engine) as connection:
        requests.ask(connection, ids, by="dashboard", now=utcnow())


def answers(page: Page) -> None:
    """Shows recent requests and their outcomes, and updates them while any is open."""
    found = _recent(page.model.engine)
    if found:
        names = {row.id: row.name for row in page.choices.sources}
        _watched(page.model.engine, names) if any(each.open for each in found) else _list(found, names)


@st.fragment(run_every=2)
def _watched(engine: Engine, names: Mapping[int, str]) -> None:
    found = _recent(engine)
    _list(found, names)
    active = process.shared().settings
    if active is not None and not process.worker_alive(active):
        st.caption("No ingest worker is running: sources are tried again once one runs.")
    if not any(each.open for each in found):
        st.rerun()  # the calendar and the table have changed too


def _recent(engine: Engine) -> list[Retry]:
    with engine.connect() as connection:
        return requests.recent(connection, utcnow() - _SHOWN)


def _list(found: list[Retry], names: Mapping[int, str]) -> None:
    newest: dict[int, Retry] = {}
    for each in found:  # the newest first
        newest.setdefault(each.source_id, each)
    lines = [_line(each, names.get(each.source_id, "A source")) for each in list(newest.values())[:_MOST]]
    if (more := len(newest) - _MOST) > 0:
        lines.append(f"and {more} more")
    st.markdown("\n\n".join(lines))


def _line(each: Retry, name: str) -> str:
    name = borders.markdown(name)
    if each.state == "waiting":
        return f":material/hourglass_top: **{name}**: asked, the worker has not taken it up yet"
    if each.state == "running":
        return f":material/sync: **{name}**: being fetched …"
    mark = ":material/check:" if each.state == "done" else ":material/error:"
    return f"{mark} **{name}**: {borders.markdown(each.message or '')}"
