"""The Streamlit script: loading, sidebar, navigation, the line that says what is in view, the page."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

# Streamlit puts this file's folder on the path, where `import view` would find a second copy of every module.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [
    str(_HERE.parent),
    *(entry for entry in sys.path if Path(entry or ".").resolve() not in (_HERE, _HERE.parent)),
]

import streamlit as st
from sqlalchemy.exc import DatabaseError, TimeoutError

from dashboard import keys
from dashboard.app_pages import PAGES, PARAMETERS
from dashboard.controls import pin, searchfield, share, sidebar
from dashboard.look import borders, palette, words
from dashboard.numbers import holdings
from dashboard.state import choices, process
from dashboard.state.page import Page, Pin
from dashboard.view import AUTOMATIC
from ingest.errors import SearchError

st.set_page_config(page_title="Discourse Monitor", page_icon=str(_HERE / "icon.png"), layout="wide")


def main() -> None:
    """One run of the script for one viewer."""
    state = process.shared()
    if not state.ready.is_set():
        waiting(state)
        # Before any widget: one drawn without its options would lose its value in the URL for good.
        st.stop()
    model = state.model
    assert model is not None
    # Everything of this run is true for this one revision, whatever the follower takes in meanwhile.
    at = pin.of(model)
    offered = choices.of(model, at.revision, at.now if at.fixed else None)
    view = sidebar.draw(offered, model, at.now.date(), at.revision)
    theme = palette.of(st.context.theme.type)
    period = st.session_state.get(keys.PERIOD) or AUTOMATIC
    page = Page(model, view, offered, theme, at, period)
    chosen = st.navigation(
        [
            st.Page(partial(row.draw, page), title=row.title, icon=row.icon, url_path=row.path, default=not row.path)
            for row in PAGES
        ],
        position="top",
    )
    head(page, chosen.title, at)
    try:
        if fault := searchfield.fault(model, view.filters.search, view.filters.as_of):
            raise fault
        chosen.run()
    except SearchError as error:  # understood, but too long, it comes from the page
        searchfield.refused(error)


def waiting(state: process.Shared) -> None:
    """Says what is going on until the record is there, and looks again."""

    @st.fragment(run_every=1)
    def look() -> None:
        if state.ready.is_set():
            st.rerun()
        if state.fault:
            st.error(f"**The record can't be used.** {borders.markdown(state.fault)} Trying again every few seconds.")
        else:
            done, total = state.loaded
            st.info(
                f"Loading the record: {words.number(done)} of {words.number(total)} articles."
                if total
                else "Starting …"
            )
            if total:
                st.progress(done / total)

    look()


def head(page: Page, title: str, at: Pin) -> None:
    """What is in view, in words; live state; the link."""
    view, model = page.view, page.model
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.title(title, anchor=False)
    with right, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if not at.fixed:
            st.toggle("Live", value=True, key="live", persist_state="session")
        copy_link(page)
    if at.fixed:
        st.caption(f"○ pinned · {page.pin.as_of}")
    else:
        live(page)
    pin.notice(at)
    if model.fault:
        st.warning(
            f"The record can't be followed: {borders.markdown(model.fault)} "
            f"The numbers are those of revision {page.pin.revision}."
        )
    if view.sources and page.choices.only_demo(view.sources):
        st.caption(
            ":material/science: **This is the demo:** articles written for this project about real events, from "
            "invented outlets. It steps back as soon as a feed or a file of yours arrives."
        )
    sidebar.chips(view)


#: A file dropped into the seed folder is to be on screen within 5 s, the worker and the follower take up to two. A tick
#: costs some 8 ms of CPU a viewer, nearly all of it Streamlit's own.
_TICK = timedelta(seconds=4)


@st.fragment(run_every=_TICK)
def live(page: Page) -> None:
    """As of when, and how much is new since; redraws the page when Live is on."""
    model = page.model
    on = st.session_state.get("live", True)
    behind = model.revision > page.pin.revision
    if behind and on:
        st.rerun()
    new = holdings.articles_after(model, page.pin.revision, page.view.sources) if behind else 0
    heard = model.heard
    fresh = f" · last heard from a source {ago(heard)}" if heard else ""
    dot = ":green[●] live" if on else "○ paused"
    more = f" · **{words.number(new)} new**" if new else " · 0 new"
    active = process.shared().settings
    idle = "" if active is None or process.worker_alive(active) else " · **no ingest worker is running**"
    st.caption(f"{dot} · {page.pin.as_of}{more}{fresh}{idle}")


def ago(then: datetime) -> str:
    """How long ago, in words."""
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{words.count(seconds // size, name)} ago"
    return "just now"


def copy_link(page: Page) -> None:
    """The three links of this view: its period moving, its dates fixed, or its very numbers."""
    with st.popover("Copy link", icon=":material/link:", type="tertiary"):
        url = st.context.url or ""
        extra = {name: st.query_params[name] for name in PARAMETERS if name in st.query_params}
        for label, fixed, pinned in (
            ("Period moves with the calendar", False, False),
            ("Dates fixed", True, False),
            (f"Numbers fixed: as of revision {words.number(page.pin.revision)}", True, True),
        ):
            st.caption(label)
            st.code(
                share.link(url, page.view, page.choices, period=page.period, fixed=fixed, pinned=pinned, extra=extra),
                language=None,
                wrap_lines=True,
            )


try:
    with process.turn():
        main()
except DatabaseError as error:
    # Damaged, or its disk went away, while we ran: nothing is lost by saying so and reading it again at the next click.
    st.error(f"**The record can't be read.** {borders.markdown(error.orig)}. `python -m ingest check` looks closer.")
except TimeoutError:
    st.error("**The record is busy:** no connection was free for half a minute. Click again in a moment.")
