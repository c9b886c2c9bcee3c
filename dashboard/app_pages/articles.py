"""The articles of the view, and the reader: mentions marked, sentences shaded by tone."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC
from statistics import fmean

import pandas as pd
import streamlit as st

from dashboard import keys
from dashboard.look import borders, palette, words
from dashboard.numbers import queries
from dashboard.parts import downloads, empty, evidence, hits
from dashboard.reader import copies, edits, tones
from dashboard.state.page import Page
from ingest.models import Mention
from ingest.store.read import articles, history
from ingest.store.read.articles import FullArticle, Headline

#: Rows of the table. More are in the CSV, and a filter finds them faster than scrolling.
_ROWS = 500

_FROM = {
    "front matter": "stated in the file",
    "feed": "stated by the feed",
    "archive": "stated by the archive",
    "feed, no zone": "stated by the feed without a time zone: taken as UTC",
    "feed update": "the feed's date of the last update",
    "update, no zone": "the feed's date of the last update, without a time zone: taken as UTC",
    "file name": "from the file's name",
    "page": "from the page's metadata",
    "file time": "the file's own time: no date was stated",
    "fetch time": "when it was fetched: no date that can be was stated",
}


def draw(page: Page) -> None:
    """Draws the reader if an article is open, else the table."""
    if uid := st.query_params.get(keys.ARTICLE):
        read(page, uid)
        return
    filters = page.view.filters
    with page.model.engine.connect() as connection:
        found = articles.headlines(connection, filters, limit=_ROWS + 1)
        named = articles.named(connection, [headline.id for headline in found[:_ROWS]], filters.as_of)
    if not found:
        empty.draw(page, queries.total(page.model, page.view))
        return
    more = "the newest " if len(found) > _ROWS else ""
    found = found[:_ROWS]
    head = st.container(horizontal=True, vertical_alignment="center")
    listed = f"{more}{words.count(len(found), 'article')}, newest first · click a row to read · {page.pin.as_of}"
    searched = bool(filters.search.strip())
    head.caption(listed.replace("a row", "a title") if searched else listed, width="stretch")
    if searched:
        as_ = head.segmented_control(
            "Show", ["Hits", "Table"], default="Hits", key="articles-as", required=True, label_visibility="collapsed",
        )  # fmt: skip
    with head:
        downloads.link(page, "articles.csv")
    if searched and as_ == "Hits":
        hits.listing(page, found)
    else:
        _table(page, found, named)


def _table(page: Page, found: list[Headline], named: dict[int, list[str]]) -> None:
    key = "articles-table"

    def open_() -> None:
        # Of the rows that were on screen: by the time the page is drawn again others may have arrived above them.
        for row in st.session_state[key]["selection"]["rows"]:
            st.query_params[keys.ARTICLE] = found[row].uid

    st.dataframe(
        _frame(found, named, page.names),
        key=key,
        hide_index=True,
        height=620,
        on_select=open_,
        selection_mode="single-row",
        alt="Table of the articles in view: date, title, source, tone, figures named, language, kind of text",
        column_config={
            "date": st.column_config.DatetimeColumn("Date (UTC)", format="YYYY-MM-DD HH:mm", width=130),
            "title": st.column_config.TextColumn("Title", width="large"),
            "source": st.column_config.TextColumn("Source", width=150),
            "tone": st.column_config.NumberColumn("Tone", format="%+.2f", width=70),
            "figures": st.column_config.TextColumn("Names", width="medium"),
            "language": st.column_config.TextColumn("Lang.", width=60),
            "text": st.column_config.TextColumn("Text", width=80),
            "link": st.column_config.LinkColumn("Link", display_text="open", width=60),
        },
    )


def _frame(found: list[Headline], named: dict[int, list[str]], names: dict[str, str]) -> pd.DataFrame:
    rows = [
        {
            "date": headline.published_at.astimezone(UTC).replace(tzinfo=None),
            "title": borders.csv_cell(headline.title),
            "source": borders.csv_cell(headline.source),
            "tone": headline.tone,
            "figures": borders.csv_cell(", ".join(names.get(id_, id_) for id_ in sorted(named.get(headline.id, ())))),
            "language": headline.language,
            "text": keys.TEXT_KINDS[headline.text_kind],
            "link": headline.link,
        }
        for headline in found
    ]
    return pd.DataFrame(rows)


def close() -> None:
    """Back to the table."""
    st.query_params.pop(keys.ARTICLE, None)  # a second click finds it gone


def read(page: Page, uid: str) -> None:
    """One article with everything that was found in it."""
    st.button("All articles", on_click=close, icon=":material/arrow_back:", type="tertiary")
    with page.model.engine.connect() as connection:
        as_of = page.view.filters.as_of
        article = articles.article(connection, uid, as_of)
        edited = article is not None and article.versions > 1
        past = history.versions(connection, article.headline.id, as_of) if article and edited else []
    if article is None:
        st.warning(
            "**This article is not in the record.** It may have been withdrawn, or the link comes from another record.",
            icon=":material/search_off:",
        )
        return
    headline = article.headline
    st.header(borders.markdown(headline.title), anchor=False)
    st.caption(_origin(article, len(past)))
    text, found = st.columns([5, 2], gap="large")
    with text:
        st.html(_marked(article, page.names, page.theme))
        tones.draw(page, article)
        edits.draw(past, headline.language)
        copies.draw(page, article)
    with found:
        _found(page, article)


def _origin(article: FullArticle, versions: int) -> str:
    headline = article.headline
    parts = (
        borders.markdown(headline.source),
        f"{words.day(headline.day)} {headline.published_at:%H:%M} UTC ({_FROM[headline.published_from]})",
        borders.markdown(headline.author or ""),
        keys.TEXT_KINDS[headline.text_kind],
        f"edited, {versions} versions" if versions > 1 else "",
        f"[read at the source]({borders.address(headline.link)})" if headline.link else "",
    )
    return " · ".join(filter(None, parts))


def _found(page: Page, article: FullArticle) -> None:
    headline = article.headline
    st.metric("Article tone", words.signed(headline.tone), border=True, help="Mean of its sentences, −1 to 1.")
    st.caption(f"{len(article.analysis.sentences)} sentences · {article.scorer} · language {headline.language}")
    st.markdown("**Named here**")
    toward: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    counts = Counter((mention.figure, mention.kind) for mention in article.analysis.mentions)
    for mention in article.analysis.mentions:
        if mention.tone is not None:
            toward[mention.figure, mention.kind].append(mention.tone)
    if not counts:
        st.caption("Nobody on the watch-list.")
    for (figure, kind), count in counts.most_common():
        mean = f" {evidence.tone_badge(fmean(scored))}" if (scored := toward[figure, kind]) else ""
        as_what = "" if kind == "person" else f" ({kind})"
        st.markdown(f"{borders.markdown(page.names.get(figure, figure))}{as_what} × {count}{mean}")
    if article.analysis.topics:
        st.markdown("**Topics**")
        topics = page.choices.topic_names
        for topic in article.analysis.topics:
            found = ", ".join(borders.markdown(word) for word in topic.words[:6])
            st.markdown(f"{borders.markdown(topics.get(topic.topic, topic.topic))} :small[{found}]")
    st.caption("Shading: orange negative, blue positive, the stronger the further from 0. Names are underlined.")


def _marked(article: FullArticle, names: dict[str, str], theme: palette.Theme) -> str:
    """The text as escaped HTML, sentences shaded by tone, names underlined."""
    marks = sorted(article.analysis.mentions, key=lambda mention: (mention.start, mention.end))
    pieces: list[str] = []
    at = len(article.headline.title)  # the title stands above
    for sentence in article.analysis.sentences:
        if sentence.start < at:
            continue
        pieces.append(_gap(article.text[at : sentence.start]) if pieces else "")
        inner = _underlined(article.text, sentence.start, sentence.end, marks, names).replace("\n", " ")
        if (tone := sentence.tone) is not None:
            shade = _shade(tone, theme)
            inner = f'<span style="background:{shade}" title="tone {words.signed(tone)}">{inner}</span>'
        pieces.append(inner)
        at = sentence.end
    pieces.append(_gap(article.text[at:]))
    return f'<div style="line-height:1.7;max-width:42rem;overflow-wrap:anywhere">{"".join(pieces)}</div>'


def _gap(text: str) -> str:
    return borders.html(text).replace("\n", "<br>")


def _underlined(text: str, start: int, end: int, marks: list[Mention], names: dict[str, str]) -> str:
    pieces, at = [], start
    for mark in marks:
        if at <= mark.start < end:
            who = borders.html(f"{names.get(mark.figure, mark.figure)} ({mark.kind})")
            name = borders.html(text[mark.start : mark.end])
            pieces += [borders.html(text[at : mark.start]), f'<u title="{who}"><b>{name}</b></u>']
            at = mark.end
    return "".join((*pieces, borders.html(text[at:end])))


def _shade(tone: float, theme: palette.Theme) -> str:
    if abs(tone) < 0.05:
        return "transparent"
    colour = theme.tone_positive if tone > 0 else theme.tone_negative
    return f"{colour}{round(20 + 60 * min(1.0, abs(tone))):02x}"
