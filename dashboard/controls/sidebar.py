"""The filters, bound to the URL; what they say together is a View."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any, Literal, get_args

import streamlit as st

from dashboard import keys
from dashboard.controls import searchfield
from dashboard.look import borders
from dashboard.model.readmodel import ReadModel
from dashboard.numbers import holdings, queries
from dashboard.state.choices import Choices
from dashboard.view import ALL, AUTOMATIC, CUSTOM, FRESH, LINES, PERIODS, Measure, View, period
from ingest import bins
from ingest.bins import Bin
from ingest.errors import SearchError
from ingest.store.read.filters import Filters
from ingest.text.dates import FIRST_YEAR

_PERIODS = [AUTOMATIC, *PERIODS, ALL, CUSTOM]
_BINS: list[Bin | Literal["Automatic"]] = [AUTOMATIC, *get_args(Bin)]


def draw(choices: Choices, model: ReadModel, today: date, as_of: int) -> View:
    """Draws the filters and answers the view that they describe, as of a revision."""
    with st.sidebar:
        searchfield.draw(model, as_of)
        chosen = st.selectbox("Period", _PERIODS, key=keys.PERIOD, bind="query-params", help=_PERIOD_HELP) or AUTOMATIC
        dates: Sequence[date] = ()
        if chosen == CUSTOM:
            given: Any = st.date_input(
                "From – to (UTC)", value=[], key=keys.DATES, bind="query-params", format="YYYY-MM-DD",
                # Without it, days more than ten years back would leave the link in silence.
                min_value=date(FIRST_YEAR, 1, 1),
            )  # fmt: skip
            dates = given if isinstance(given, tuple) else (given,)
        figures = st.multiselect(
            "Figures", list(choices.figures), key=keys.FIGURES, bind="query-params", placeholder="the most named"
        )
        sources = st.multiselect(
            "Sources", list(choices.source_ids), key=keys.SOURCES, bind="query-params", placeholder="all",
            help="Where nothing is chosen, all count; the demo only as long as there is nothing else.",
        )  # fmt: skip
        topics = st.multiselect("Topics", list(choices.topics), key=keys.TOPICS, bind="query-params", placeholder="all")
        tone: Any = st.slider(
            "Article tone", -1.0, 1.0, keys.ANY_TONE, 0.05, key=keys.TONE, bind="query-params", format="%+.2f",
            help="Mean of the scores of an article's sentences, −1 to 1. Articles that are not scored have none.",
        )  # fmt: skip
        languages = st.multiselect(
            "Languages", list(choices.languages), key=keys.LANGUAGES, bind="query-params", placeholder="all",
            help="Only English is scored; other languages are matched by their own names and counted.",
        )  # fmt: skip
        texts = st.multiselect(
            "Texts", list(keys.TEXT_KINDS.values()), key=keys.TEXTS, bind="query-params", placeholder="all",
            help="Longer texts name more people: compare full texts with full texts.",
        )  # fmt: skip
        unit = st.selectbox("Bin", _BINS, key=keys.BIN, bind="query-params")
        measure = st.segmented_control(
            "Count", list(get_args(Measure)), default="share", key=keys.MEASURE, bind="query-params", required=True,
            format_func=keys.MEASURES.__getitem__, width="stretch",
        )  # fmt: skip
        offices = st.toggle(
            "Count offices", key=keys.OFFICES, bind="query-params",
            help="“The Trump administration” then counts as naming Trump.",
        )  # fmt: skip
        once = st.toggle(
            "Count copies once", key=keys.ONCE, bind="query-params",
            help="Of a text that many printed, only the copy that arrived first counts: what was decided, not what was "
            "seen.",
        )  # fmt: skip
        st.button("Reset", on_click=reset, width="stretch", icon=":material/restart_alt:")

    ids = tuple(choices.source_ids[label] for label in sources) or choices.automatic_sources()
    fresh_from = period(FRESH, (), today=today, extent=None, fresh=True)[0]
    demo_only = choices.only_demo(ids)
    fresh = (
        chosen == AUTOMATIC and not demo_only and holdings.articles_between(model, ids, fresh_from, today, as_of) > 0
    )
    extent = holdings.extent(model, ids, as_of)
    since, until = period(chosen, dates, today=today, extent=extent, fresh=fresh)
    view = View(
        filters=Filters(
            figures=tuple(choices.figures[label] for label in figures),
            sources=ids,
            topics=tuple(choices.topics[label] for label in topics),
            languages=tuple(languages),
            texts=tuple(kind for kind, label in keys.TEXT_KINDS.items() if label in texts),
            since=since,
            until=until,
            tone=None if tuple(tone) == keys.ANY_TONE else (tone[0], tone[1]),
            search=st.session_state[keys.SEARCH] or "",
            offices=offices,
            copies="once" if once else "all",
            as_of=as_of,
        ),
        bin=bins.automatic(since, until, holdings.articles_between(model, ids, since, until, as_of))
        if unit == AUTOMATIC
        else bins.coarsened(since, until, unit),
        measure=measure,
        today=today,
        whole=(since, until) == extent,
    )
    given = tuple(choices.figures[label] for label in st.query_params.get_all(keys.LINES) if label in choices.figures)
    lines = view.filters.figures or given
    with suppress(SearchError):  # `main` says it in place of the page
        lines = lines or tuple(queries.most_named(model, view, LINES))
    return replace(view, lines=tuple(dict.fromkeys(lines)))


def reset() -> None:
    """Puts every filter back to its default."""
    st.query_params.pop(keys.LINES, None)
    st.session_state.pop(keys.DATES, None)
    # Set, not taken away: a widget that begins anew would take its old value from the URL.
    for key in (keys.FIGURES, keys.SOURCES, keys.TOPICS, keys.LANGUAGES, keys.TEXTS):
        st.session_state[key] = []
    st.session_state[keys.SEARCH] = ""
    st.session_state[keys.PERIOD] = st.session_state[keys.BIN] = AUTOMATIC
    st.session_state[keys.TONE] = keys.ANY_TONE
    st.session_state[keys.MEASURE] = "share"
    st.session_state[keys.OFFICES] = st.session_state[keys.ONCE] = False


#: More of one kind than this are one chip.
_CHIPS = 4
_PLURALS = {keys.LANGUAGES: "languages"}


def _without(key: str, value: str) -> None:
    st.session_state[key] = [label for label in st.session_state[key] if label != value]


def _put(key: str, value: Any) -> None:
    st.session_state[key] = value


def chips(view: View) -> None:
    """Each filter in force as a button that takes it away."""
    state = st.session_state
    found: list[tuple[str, str, Any, tuple[Any, ...]]] = []
    if view.filters.search.strip():
        found.append((keys.SEARCH, f"“{view.filters.search.strip()[:40]}”", _put, (keys.SEARCH, "")))
    for key in (keys.FIGURES, keys.SOURCES, keys.TOPICS, keys.LANGUAGES, keys.TEXTS):
        chosen = state[key]
        if len(chosen) > _CHIPS:
            found.append((key, f"{len(chosen)} {_PLURALS.get(key, key)}", _put, (key, [])))
        else:
            found += [(f"{key}-{label}", label, _without, (key, label)) for label in chosen]
    if view.filters.tone:
        low, high = view.filters.tone
        found.append((keys.TONE, f"tone {low:+.2f} to {high:+.2f}".replace("-", "−"), _put, (keys.TONE, keys.ANY_TONE)))
    if not found:
        return
    with st.container(horizontal=True, gap="small"):
        for key, label, callback, args in found:
            st.button(
                borders.markdown(label), key=f"chip-{key}", on_click=callback, args=args, icon=":material/close:",
                help="Take this filter away",
            )  # fmt: skip


_PERIOD_HELP = (
    "Automatic: the last 30 days if articles fall into them, else all there is. Days are UTC; today is not over and is "
    "drawn dashed."
)
