"""The page that people build today, served by Streamlit: see baseline.py. BENCH_FRAMES names the folder of the data."""

from __future__ import annotations

import os
import sys
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import plotly.express as px
import streamlit as st

from tests.bench import baseline
from tests.bench.baseline import Choice, Frames

st.set_page_config(page_title="News monitor", layout="wide")


@st.cache_resource(show_spinner="Loading …")
def frames() -> Frames:
    """One copy for all viewers: `st.cache_data`, the usual choice, would copy it at every click."""
    return baseline.load(Path(os.environ["BENCH_FRAMES"]))


def main() -> None:
    """The filters, and the charts that the dashboard's first page has."""
    data = frames()
    all_sources = list(data.articles["source"].cat.categories)
    all_figures = list(data.mentions["figure"].cat.categories)
    last = data.articles["day"].max().date()
    with st.sidebar:
        search = st.text_input("Search", key="q", bind="query-params")
        given = st.date_input("Period", (last - timedelta(days=30), last), key="dates", bind="query-params")
        figures = st.multiselect("Figures", all_figures, key="figures", bind="query-params")
        sources = st.multiselect("Sources", all_sources, key="sources", bind="query-params")
    since, until = given if isinstance(given, tuple) and len(given) == 2 else (date(2000, 1, 1), last)
    choice = Choice(since, until, sources or all_sources, figures, search)
    if not figures:
        counts = baseline.mentions_of(data, choice)["figure"].value_counts()
        choice = Choice(since, until, sources or all_sources, list(counts.index[:5]), search)
    articles, mentions, mean, articles_before, mentions_before, mean_before = baseline.key_figures(data, choice)
    first, second, third = st.columns(3)
    first.metric("Articles", articles, articles - articles_before)
    second.metric("Mentions", mentions, mentions - mentions_before)
    third.metric("Tone", f"{mean:.2f}", f"{mean - mean_before:+.2f}")
    shares = baseline.attention(data, choice)
    st.plotly_chart(px.line(shares, x="week", y="share", color="figure", title="Attention"))
    tones = baseline.tone(data, choice)
    st.plotly_chart(px.line(tones, x="week", y="mean", color="figure", error_y="sem", title="Tone"))
    st.plotly_chart(px.bar(baseline.voice(data, choice), x="share", y="figure", title="Share of voice"))
    st.dataframe(baseline.newest(data, choice))


main()
