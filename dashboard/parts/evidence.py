"""The sentences behind a number, each with the name in bold, outlet, date and link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import setitem
from typing import Any, Final

import streamlit as st

from dashboard.charts import plot
from dashboard.charts.plot import Chart
from dashboard.look import borders, words
from dashboard.numbers import queries
from dashboard.parts import downloads
from dashboard.state.page import Page
from ingest import bins
from ingest.models import LABELS, Cue, label_of
from ingest.store.read import articles
from ingest.store.read.articles import Evidence, Headline

#: Sentences shown at once; the rest is one click away, and in the CSV.
_SHOWN = 20

#: Words with less weight are many and tell a reader little, so they are not coloured. Exports have them all.
_LEAST_WEIGHT = 0.25

_KIND = {"office": "as an office", "ambiguous": "ambiguous, in no count"}

#: The URL's parameter for the open point: as of a Point.
OPEN = "open"


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a chart, by what it counts."""

    chart: str
    value: str  #: its group: a figure, or the label of a part of a stacked bar
    start: date  #: first day of its bin

    def __str__(self) -> str:
        return f"{self.chart}:{self.value}:{self.start}"


#: Charts whose points open, with what `queries.counted` is asked for a point's value.
_COUNTED: Final[Mapping[str, Callable[[Page, str], Mapping[str, Any]]]] = {
    "attention": lambda page, value: {"figure": value},
    "tone": lambda page, value: {"figure": value, "scored": True},
    "mix": lambda page, value: {"figure": page.view.lines[0], "label": value},
}


def draw(page: Page, name: str, chart: Chart) -> None:
    """Draws a chart whose points open the sentences that they count; `name` is the chart's name in the URL."""
    # The key changes with the view, so a point selected in another view is not selected in this one. It does not change
    # with the revision: a selection survives new articles.
    view = replace(page.view, filters=replace(page.view.filters, as_of=None))
    key = f"{name}-{hash(view) & 0xFFFFFFFF:08x}"

    def open_() -> None:
        # In the URL, so that a link opens it too. A redrawn chart loses its selection; the point stays open until it is
        # closed or another one is clicked.
        for point in st.session_state[key]["selection"]["points"]:
            if value := point.get("legendgroup"):
                st.query_params[OPEN] = f"{name}:{value}:{str(point.get('x'))[:10]}"  # as of a Point

    plot.draw(chart, key=key, on_select=open_, selection_mode="points")


def opened(chart: str, page: Page) -> Point | None:
    """The open point of this chart; None if there is none in this view."""
    point = read(st.query_params.get(OPEN, ""), page)
    return point if point and point.chart == chart else None


def read(text: str, page: Page) -> Point | None:
    """The point that the URL names; None for one that is not in this view: a link may name anything."""
    chart, _, rest = text.partition(":")
    value, _, start = rest.rpartition(":")
    try:
        day = date.fromisoformat(start)
    except ValueError:
        return None
    view = page.view
    values = LABELS if chart == "mix" else [line for line in view.lines if line in page.names]
    if chart not in _COUNTED or not view.lines or value not in values:
        return None
    return Point(chart, value, day) if day in bins.between(view.since, view.until, view.bin) else None


def counted(page: Page, point: Point) -> list[int]:
    """The ids of exactly the mentions that a point counts."""
    return queries.counted(page.model, page.view, start=point.start, **_COUNTED[point.chart](page, point.value))


def close() -> None:
    """Closes the open point."""
    st.query_params.pop(OPEN, None)


def listing(page: Page, point: Point, *, title: str, by: str) -> None:
    """Lists exactly the mentions of a point. `by` is what the number of the point counts: `articles` or `mentions`."""
    mention_ids, key = counted(page, point), f"{point.chart}-{point.value}-{point.start}"
    shown_key = f"shown-{key}"
    limit = st.session_state.get(shown_key, _SHOWN)
    with page.model.engine.connect() as connection:
        # Words are read only of what is shown: a point of a busy week counts thousands of sentences.
        found = articles.evidence(connection, mention_ids[:limit])
        count = words.count(articles.articles_of(connection, mention_ids), "article")
    mentions = words.count(len(mention_ids), "mention")
    counts = f"{mentions} in {count}" if by == "mentions" else f"{count} · {mentions}"
    with st.container(border=True, key=f"evidence-{key}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title}** — {counts}", width="stretch")
            downloads.link(page, "evidence.csv", [(OPEN, str(point))], type_="tertiary")
            st.button("Close", key=f"close-{key}", on_click=close, icon=":material/close:", type="tertiary")
        last = None
        for item in found:
            if item.article.id != last:
                st.markdown(byline(page, item.article))
                last = item.article.id
            sentence(item)
        if rest := max(0, len(mention_ids) - limit):
            more, args = f"Show {min(_SHOWN, rest)} more of {rest}", (st.session_state, shown_key, limit + _SHOWN)
            st.button(more, key=f"more-{key}", on_click=setitem, args=args)


def sentences(page: Page, mention_ids: Sequence[int], limit: int) -> None:
    """Up to `limit` different sentences, each with its article: for examples, where nothing is counted."""
    with page.model.engine.connect() as connection:
        found = articles.evidence(connection, mention_ids)
    different = {item.sentence: item for item in reversed(found)}  # the first of a reprinted sentence
    for item in list(reversed(different.values()))[:limit]:
        sentence(item)
        st.markdown(byline(page, item.article))


def sentence(item: Evidence) -> None:
    """A sentence with its name in bold, the words that moved its tone in colour, the tone and its confidence."""
    mention = item.mention
    tone = "" if mention.tone is None else f"  {tone_badge(mention.tone, mention.label)}"
    sure = "" if mention.confidence is None else f"  :small[{words.share(mention.confidence)} sure]"
    kind = f"  :small[{_KIND[mention.kind]}]" if mention.kind in _KIND else ""
    st.markdown(f"{marked(item.sentence, item.start, item.end, mention.because)}{tone}{sure}{kind}")


def marked(sentence: str, start: int, end: int, because: Sequence[Cue]) -> str:
    """A sentence as Markdown: the name in bold, words that moved its tone up in blue, down in orange."""
    weights = {cue.word: cue.weight for cue in because if abs(cue.weight) >= _LEAST_WEIGHT}
    before, after = (_coloured(text, weights) for text in (sentence[:start], sentence[end:]))
    return "".join((*before, f"**{borders.markdown(sentence[start:end])}**", *after))


def _coloured(text: str, weights: Mapping[str, float]) -> Iterator[str]:
    if not weights:
        yield borders.piece(text)
        return
    longest_first = sorted(weights, key=len, reverse=True)
    at = 0
    for match in re.finditer(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", text):
        yield borders.piece(text[at : match.start()])
        yield f":{'blue' if weights[match.group()] > 0 else 'orange'}[{borders.markdown(match.group())}]"
        at = match.end()
    yield borders.piece(text[at:])


def tone_badge(tone: float, label: str | None = None) -> str:
    """A tone as coloured text: orange, grey or blue, always with sign and number."""
    colour = {"negative": "orange", "positive": "blue"}.get(label or label_of(tone), "gray")
    return f":{colour}-badge[{words.signed(tone)}]"


def byline(page: Page, headline: Headline) -> str:
    """Title (a link to the reader), outlet, day and a link to the source, as Markdown."""
    title = borders.markdown(headline.title)
    parts = [borders.markdown(headline.source), words.day(headline.day)]
    if headline.published_from in ("file time", "fetch time"):
        parts.append(f"dated by {headline.published_from}")
    if headline.link:
        parts.append(f"[source]({borders.address(headline.link)})")
    return f":small[[{title}]({page.article_link(headline.uid)}) — {' · '.join(parts)}]"
