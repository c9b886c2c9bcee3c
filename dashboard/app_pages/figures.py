"""One figure: how much, in what tone, with whom, where; and the sentences that say so."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from dashboard.app_pages import overview
from dashboard.charts import alt, charts, plot
from dashboard.charts.plot import Chart
from dashboard.look import borders, words
from dashboard.numbers import queries
from dashboard.parts import empty, evidence
from dashboard.parts.panel import panel
from dashboard.state.page import Page
from ingest.watchlist.figures import Role

_EXTREMES = 5

MIX = (
    "Shares of the figure's mentions whose tone toward it is negative, neutral and positive. "
    "A mean of 0 can be calm or mixed."
)
COMPANIONS = (
    "Figures named in the same articles, by the number of those articles. Being named together is no statement."
)
BY_SOURCE = "Articles of each source that name the figure, with the mean tone toward it (n ≥ 5 stories)."

#: The URL's parameter for the figure that the page is about.
FIGURE = "figure"


def draw(page: Page) -> None:
    """The page of one figure."""
    order = [*page.view.lines, *(id_ for id_ in page.names if id_ not in page.view.lines)]
    labels = [page.names[id_] for id_ in order if id_ in page.names]
    if not labels:
        empty.draw(page, 0)
        return
    label = st.selectbox("Figure", labels, key=FIGURE, bind="query-params", width=320) or labels[0]
    figure = page.choices.figures[label]
    entry = next(entry for entry in page.choices.watchlist.figures if entry.id == figure)
    if held := [borders.markdown(_role(role)) for role in entry.roles if role.held_on(page.view.today)]:
        st.caption(" · ".join(held))
    view = page.view.of(figure)
    page = replace(page, view=view)
    frame = queries.attention(page.model, view, page.names)
    named, total = int(frame["articles"].sum()), int(frame["all"].sum())
    share = words.share(named / total if total else None)
    st.markdown(
        f"Named in **{words.number(named)}** of **{words.count(total, 'article')}** ({share}) · "
        f"{words.span(view.since, view.until, view.bin, view.today, whole=view.whole)}"
    )
    if not named:
        st.info(
            f"**{borders.markdown(label)} is named in none of the {words.number(total)} articles of "
            f"{words.period(view.since, view.until)}.** Choose another figure, or a longer period.",
            icon=":material/person_off:",
        )
        return
    left, right = st.columns(2)
    with left:
        overview.attention(page)
    with right:
        mix(page, figure)
    said(page, figure)
    left, right = st.columns(2)
    with left:
        companions(page, figure)
    with right:
        by_source(page, figure)


def _role(role: Role) -> str:
    of = f", {role.of}" if role.of else ""
    since = f", since {words.day(role.since)}" if role.since else ""
    return f"{role.title}{of}{since}"


def mix(page: Page, figure: str) -> None:
    """The shares of negative, neutral and positive mentions."""
    view = page.view
    data = partial(queries.mix, page.model, view, figure)
    frame = data()

    def make() -> Chart:
        drawn = charts.mix(frame, unit=view.bin, theme=page.theme)
        return Chart(drawn, alt.mix(frame, unit=view.bin), int(frame["n"].sum()))

    chart = plot.cached(page, "mix", make)
    title = f"Negative, neutral, positive sentences, per {view.bin}"
    caption = f"n = {words.count(chart.n, 'scored mention')} · click a part for its sentences"
    with panel(page, title, key="mix", data=data, about=MIX, caption=caption):
        evidence.draw(page, "mix", chart)
    if point := evidence.opened("mix", page):
        title = f"{point.value.capitalize()}, {words.bin_name(point.start, view.bin)}"
        evidence.listing(page, point, title=title, by="mentions")


def said(page: Page, figure: str) -> None:
    """The most negative and the most positive sentences."""
    left, right = st.columns(2)
    for column, positive, title in ((left, False, "Most negative sentences"), (right, True, "Most positive sentences")):
        with column, st.container(border=True, key=f"said-{positive}", height="stretch"):
            st.markdown(f"**{title}**")
            ids = queries.extremes(page.model, page.view, figure, positive=positive, limit=3 * _EXTREMES)
            if not ids:
                st.caption(f"No {'positive' if positive else 'negative'} sentence in this view.")
            evidence.sentences(page, ids, _EXTREMES)


def companions(page: Page, figure: str) -> None:
    """Who is named with the figure."""
    data = partial(queries.companions, page.model, page.view, figure, page.names)
    frame = data()
    with panel(page, "Named in the same articles", key="companions", data=data, about=COMPANIONS):
        if len(frame):
            drawn = lambda: Chart(charts.companions(frame, theme=page.theme), alt.companions(frame))  # noqa: E731
            plot.draw(plot.cached(page, "companions", drawn), key="companions")
        else:
            st.caption("Nobody else on the watch-list.")


def by_source(page: Page, figure: str) -> None:
    """Where the figure is named, and how."""
    data = partial(queries.by_source, page.model, page.view, figure, page.choices.source_names)
    frame = data()
    with panel(page, "Articles that name the figure, by source", key="by-source", data=data, about=BY_SOURCE):
        drawn = lambda: Chart(charts.by_source(frame, theme=page.theme), alt.by_source(frame))  # noqa: E731
        named = tuple(page.choices.source_names.items())
        plot.draw(plot.cached(page, "by-source", drawn, named), key="by-source")
