"""The Streamlit script: loading, sidebar, navigation, the head of the page, the page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

# Streamlit puts this file's folder on the path, where `import view` would find a second copy of every module.
_HERE = Path(__file__).parent
sys.path[:] = [str(_HERE.parent), *(entry for entry in sys.path if entry not in (str(_HERE), str(_HERE.parent)))]

import streamlit as st
from sqlalchemy.exc import DatabaseError, TimeoutError

from dashboard import keys
from dashboard.app_pages import PAGES, PARAMETERS
from dashboard.controls import pin, searchfield, share, sidebar
from dashboard.look import borders, palette, words
from dashboard.model.follower import Follower
from dashboard.numbers import holdings
from dashboard.state import choices, process
from dashboard.state.page import Page, Pin
from dashboard.view import AUTOMATIC
from ingest.errors import SearchError

# An SVG travels in the page; another picture would be kept by the one process that drew the page.
st.set_page_config(page_title="Discourse Monitor", page_icon=str(_HERE / "icon.svg"), layout="wide")


def main() -> None:
    """One run of the script for one viewer."""
    state = process.shared()
    if not state.ready.is_set():
        waiting(state)
        # Before any widget: one drawn without its options would lose its value in the URL for good.
        st.stop()
    assert state.follower is not None
    # Everything in this run is read from one snapshot, whatever the follower loads meanwhile.
    model = state.follower.snapshot
    at = pin.of(model)
    offered = choices.of(model, at.revision, at.now if at.fixed else None)
    view = sidebar.draw(offered, model, at.now.date(), at.revision)
    theme = palette.of(st.context.theme.type)
    period = st.session_state.get(keys.PERIOD) or AUTOMATIC
    page = Page(model, view, offered, theme, at, period)
    pages = [
        st.Page(partial(row.draw, page), title=row.title, icon=row.icon, url_path=row.path, default=not row.path)
        for row in PAGES
    ]
    chosen = st.navigation(pages, position="top")
    head(page, chosen.title, state.follower)
    try:
        if fault := searchfield.fault(model, view.filters.search, view.filters.as_of):
            raise fault
        chosen.run()
    except SearchError as error:  # one that takes too long is raised by the page
        searchfield.refused(error)


def waiting(state: process.Shared) -> None:
    """Shows how far the loading is, or why it failed; reruns the page when the record is there."""

    @st.fragment(run_every=1)
    def look() -> None:
        if state.ready.is_set():
            st.rerun()
        if state.fault:
            st.error(f"**The record can't be used.** {borders.markdown(state.fault)} Trying again every few seconds.")
        else:
            done, total = state.loaded
            said = f"Loading the record: {words.number(done)} of {words.number(total)} articles."
            st.info(said if total else "Starting …")
            if total:
                st.progress(done / total)

    look()


def head(page: Page, title: str, follower: Follower) -> None:
    """Draws the title, the live state, the links, the notices and the chips."""
    view, at = page.view, page.pin
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.title(title, anchor=False)
    with right, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if not at.fixed:
            st.toggle("Live", value=True, key="live", persist_state="session")
        copy_link(page)
    if at.fixed:
        st.caption(f"○ pinned · {at.as_of}")
    else:
        live(page.pin, page.view.sources, follower)
    pin.notice(at)
    if follower.fault:
        st.warning(
            f"The record can't be followed: {borders.markdown(follower.fault)} "
            f"The numbers are those of revision {at.revision}."
        )
    if view.sources and page.choices.only_demo(view.sources):
        st.caption(
            ":material/science: **This is the demo:** articles written for this project about real events, from "
            "invented outlets. It steps back as soon as a feed or a file of yours arrives."
        )
    sidebar.chips(view)


#: A file dropped into the seed folder must be on screen within 5 s, of which worker and follower take up to two. A tick
#: costs a viewer some 8 ms of CPU, nearly all of it in Streamlit.
_TICK = timedelta(seconds=4)


@st.fragment(run_every=_TICK)
def live(at: Pin, sources: Sequence[int], follower: Follower) -> None:
    """The revision shown and how much is new since; reruns the page when Live is on.

    It takes no page: what a fragment takes stays in memory as long as its viewer, and a page has a snapshot.
    """
    model = follower.snapshot
    on = st.session_state.get("live", True)
    behind = model.revision > at.revision
    if behind and on:
        st.rerun()
    new = holdings.articles_after(model, at.revision, sources) if behind else 0
    fresh = f" · a feed was last heard {ago(heard)}" if (heard := follower.heard) else ""
    dot = ":green[●] live" if on else "○ paused"
    more = f" · **{words.number(new)} new**" if new else " · 0 new"
    active = process.shared().settings
    idle = "" if active is None or process.worker_alive(active) else " · **no ingest worker is running**"
    st.caption(f"{dot} · {at.as_of}{more}{fresh}{idle}")


def ago(then: datetime) -> str:
    """How long ago, in words."""
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{words.count(seconds // size, name)} ago"
    return "just now"


def copy_link(page: Page) -> None:
    """The three links of this view: its period moving, its dates fixed, or its very numbers."""
    popover = st.popover("Copy link", icon=":material/link:", type="tertiary", key="copy-link", on_change="rerun")
    if not popover.open:
        return
    with popover:
        url = st.context.url or ""
        extra = [(name, st.query_params[name]) for name in PARAMETERS if name in st.query_params]
        for label, fixed, pinned in (
            ("Period moves with the calendar", False, False),
            ("Dates fixed", True, False),
            (f"Numbers fixed: as of revision {words.number(page.pin.revision)}", True, True),
        ):
            st.caption(label)
            query = share.query(page.view, page.choices, page.period, fixed=fixed, pinned=pinned, extra=extra)
            st.code(share.link(url, query), language=None, wrap_lines=True)


try:
    with process.run_slot():
        main()
except DatabaseError as error:
    # The record was damaged or its disk went away during the run: say so, and try again at the next click.
    st.error(f"**The record can't be read.** {borders.markdown(error.orig)}. `python -m ingest check` looks closer.")
except TimeoutError:
    st.error("**The record is busy:** no connection was free for half a minute. Click again in a moment.")
