"""Who is talked about, how much, in what tone: the first page."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.charts import alt, charts, plot
from dashboard.charts.canvas import Gaps
from dashboard.charts.plot import Chart
from dashboard.look import borders, words
from dashboard.numbers import kpi, queries, statistics
from dashboard.numbers.kpi import Kpi
from dashboard.parts import empty, evidence, gaps, texts
from dashboard.parts.panel import panel
from dashboard.state.page import Page
from ingest.store.read import articles
from ingest.store.read.verdicts import DEAD, VERDICTS

_NEWEST = 12

ATTENTION = (
    "Articles that name the figure and pass all filters, divided by all articles of the chosen sources, languages, "
    "texts and period. Search, topic and tone narrow the numerator only; the CSV has the 95 % Wilson interval."
)
TONE = (
    "Mean tone toward the figure over its mentions, −1 to 1, with its 95 % interval clustered by story. No mean is "
    "drawn under five stories. Methods says how the tone is scored and how often it is right."
)
VOICE = "A figure's mentions divided by the mentions of all figures in view. One article can name a figure many times."


def draw(page: Page) -> None:
    """Draws the page."""
    view, model = page.view, page.model
    present, before = kpi.of(model, view, now=page.pin.now), kpi.of(model, view, now=page.pin.now, before=True)
    st.markdown(summary(page, present))
    if present.articles == 0:
        empty.draw(page, present.total)
        return
    figures_row(page, present, before)
    attention(page)
    left, right = st.columns([3, 2])
    with left:
        tone(page)
    with right:
        voice(page)
    newest(page)


def summary(page: Page, key: Kpi) -> str:
    """How many articles and sources are in view, from when, in words."""
    view = page.view
    return (
        f"**{words.count(key.articles, 'article')}** · **{words.count(key.heard, 'source')}** · "
        f"{words.span(view.since, view.until, view.bin, view.today, whole=view.whole)}"
    )


def figures_row(page: Page, key: Kpi, before: Kpi) -> None:
    """The key figures, each with its course over time and its change against the period before."""
    stored, mentions, net, named, heard = st.columns([1, 1, 1, 1.3, 1])
    with stored:
        _metric("Articles", words.number(key.articles), key.articles_by_bin, _change(key.articles, before.articles))
    with mentions:
        _metric("Mentions", words.number(key.mentions), key.mentions_by_bin, _change(key.mentions, before.mentions))
    with net:
        if key.net_tone is None:
            _metric("Net tone", words.NO_VALUE, note=f"n = {words.count(key.stories, 'story', 'stories')}, too few")
        else:
            points = None if before.net_tone is None else key.net_tone - before.net_tone
            moved = None if points is None else (f"{words.signed(points)} points", points)
            value = f"{words.signed(key.net_tone)} ± {words.signed(key.half).lstrip('+')}"
            known = tuple(net for net in key.net_by_bin if net is not None)  # a bin without mentions is no zero
            _metric("Net tone", value, known, moved, help_=_NET)
    with named:
        name = page.names.get(key.most_named or "", words.NO_VALUE)
        part = words.share(key.most_named_articles / key.total) if key.most_named else None
        _metric("Most named", borders.markdown(name), note=f"in {part} of all articles" if part else None)
    with heard:
        _metric("Sources", f"{key.heard} of {len(page.view.sources)}", note=_unheard(page), help_=_UNHEARD)


_NET = "Mentions in positive sentences minus those in negative ones, divided by all scored mentions; 95 % interval."
_UNHEARD = "Of the chosen sources, those with articles in this period; below, how their feeds stand: see Sources."
_CHANGE = "Arrow: change against the period of equal length just before."

#: From here on a change in per cent says less than the number it started from.
_TENFOLD = 9.0


def _metric(
    label: str,
    value: str,
    course: tuple[float, ...] = (),
    moved: tuple[str, float] | None = None,
    *,
    note: str | None = None,
    help_: str | None = None,
) -> None:
    """One card; `moved` is the change in words and as a number, `note` replaces it if there is none."""
    change = moved[1] if moved else 0
    st.metric(
        label,
        value,
        moved[0] if moved else note,
        # More articles are neither good nor bad news, and tone is never red and green.
        delta_color="off",
        delta_arrow="up" if change > 0 else "down" if change < 0 else "off",
        border=True,
        chart_data=list(course) if len(course) > 2 else None,
        chart_type="area",
        help=" ".join(part for part in (help_, _CHANGE if moved else None) if part) or None,
        height="stretch",
        width="stretch",
    )


def _change(now: int, before: int) -> tuple[str, float] | None:
    moved = statistics.change(now, before)
    if moved is None:
        return None
    if moved > _TENFOLD:
        return f"from {words.number(before)}", moved
    return f"{moved:+.0%}".replace("-", words.MINUS), moved


def _unheard(page: Page) -> str:
    """How many feeds in view are not heard, by the rule of the Sources page."""
    stands = [verdict for id_, verdict in gaps.standing(page).items() if id_ in page.view.sources]
    counts = {verdict: stands.count(verdict) for verdict in VERDICTS if verdict in DEAD}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count) or "none failing or silent"


def attention(page: Page) -> None:
    """The share of articles that name each figure, and the sentences behind the point that is clicked."""
    view = page.view
    data = partial(queries.attention, page.model, view, page.names)
    frame = data()
    missing = gaps.gaps(page)

    def make() -> Chart:
        drawn = charts.attention(frame, measure=view.measure, unit=view.bin, theme=page.theme, gaps=missing)
        said = alt.attention(frame, measure=view.measure, unit=view.bin) + alt.hatched(missing, view.bin)
        return Chart(drawn, said, int(frame["all"].sum()) // max(1, len(view.lines)))

    chart = plot.cached(page, "attention", make, tuple(missing.items()))
    what = "Share of articles that mention …" if view.measure == "share" else "Articles that mention …"
    note = f"n = {words.count(chart.n, 'article')} · click a point for its sentences"
    caption = _caption(page, note, missing)
    with panel(page, f"{what}, per {view.bin}", key="attention", data=data, about=ATTENTION, caption=caption):
        evidence.draw(page, "attention", chart)
    _behind(page, "attention", by="articles")


def _caption(page: Page, note: str, missing: Gaps | None = None) -> str:
    hatched = gaps.in_words(missing or {}, page.view.bin)
    return " · ".join(part for part in (note, texts.mixed(page), hatched) if part)


def _behind(page: Page, chart: str, *, by: str) -> None:
    """Lists the sentences that the open point of a chart counts."""
    if point := evidence.opened(chart, page):
        title = f"{borders.markdown(page.names[point.value])}, {words.bin_name(point.start, page.view.bin)}"
        evidence.listing(page, point, title=title, by=by)


def tone(page: Page) -> None:
    """The mean tone toward each figure with its interval."""
    view = page.view
    data = partial(queries.tone, page.model, view, page.names)
    frame = data()
    missing = gaps.gaps(page)

    def make() -> Chart:
        drawn = charts.tone(frame, unit=view.bin, theme=page.theme, gaps=missing)
        said = alt.tone(frame, unit=view.bin) + alt.hatched(missing, view.bin)
        return Chart(drawn, said, int(frame["n"].sum()))

    chart = plot.cached(page, "tone", make, tuple(missing.items()))
    note = f"n = {words.count(chart.n, 'scored mention')} · scored for each mention in its sentence"
    caption = _caption(page, note, missing)
    with panel(page, f"Tone toward …, per {view.bin}", key="tone", data=data, about=TONE, caption=caption):
        evidence.draw(page, "tone", chart)
    _behind(page, "tone", by="mentions")


def voice(page: Page) -> None:
    """Each figure's part of all mentions."""
    data = partial(queries.voice, page.model, page.view, page.names)
    frame = data()
    caption = _caption(page, f"n = {words.count(int(frame['mentions'].sum()), 'mention')}")
    title = "Share of voice among the figures in view"
    with panel(page, title, key="voice", data=data, about=VOICE, caption=caption):
        chart = plot.cached(page, "voice", lambda: Chart(charts.voice(frame, theme=page.theme), alt.voice(frame)))
        plot.draw(chart, key="voice")


def newest(page: Page) -> None:
    """The newest articles of the view."""
    with page.model.engine.connect() as connection:
        found = articles.headlines(connection, page.view.filters, limit=_NEWEST)
    with st.container(border=True, key="newest"):
        lines = ["**Newest articles**"]
        for headline in found:
            mark = "" if headline.tone is None else "  " + evidence.tone_badge(headline.tone)
            lines.append(evidence.byline(page, headline) + mark)
        st.markdown("\n\n".join(lines))  # each element costs its way to the browser, and there are a dozen
