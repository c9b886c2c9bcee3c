"""Where the articles come from, and whether each source is heard from."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from dashboard import alt, borders, charts, holdings, plot, words
from dashboard.panel import Page, panel
from dashboard.plot import Chart
from ingest.store.sources import SourceRow

_DAYS = 30

#: Reasons told above the table, and sources named for each; the table has them all.
_REASONS = 4
_NAMES = 4

PER_DAY = (
    "Articles of the chosen sources by their day of publication (UTC). A day without articles is a gap in what we have."
)


def draw(page: Page) -> None:
    """The page."""
    view, rows = page.view, [row for row in page.lists.sources if row.listed or row.articles]
    failing = [row for row in rows if row.state == "failing"]
    st.markdown(
        f"**{words.count(len(rows), 'source')}** · **{sum(row.articles > 0 for row in rows)}** with articles · "
        f"**{len(failing)}** failing"
    )
    warnings(failing)
    counts = holdings.per_day(page.model, view.sources, view.since, view.until, page.revision)
    days = [view.since + timedelta(days=n) for n in range(view.days)]
    frame = pd.DataFrame(
        [(day, sum(of.get(day, 0) for of in counts.values())) for day in days], columns=["day", "articles"]
    )
    with panel(
        page,
        "Articles per day, all chosen sources",
        key="per-day",
        data=frame,
        about=PER_DAY,
        caption=f"n = {words.count(int(frame['articles'].sum()), 'article')} · {words.period(view.since, view.until)}",
    ):
        plot.draw(Chart(charts.per_day(frame, theme=page.theme), alt.per_day(frame)), key="per-day")
    listing(page, rows)


def warnings(failing: list[SourceRow]) -> None:
    """What fails, told once for each reason: a machine without a network has one fault, not thirty."""
    by_reason: dict[str, list[str]] = {}
    for row in failing:
        by_reason.setdefault(row.last_error or "No reason given.", []).append(row.name)
    for reason, names in sorted(by_reason.items(), key=lambda item: -len(item[1]))[:_REASONS]:
        some = ", ".join(borders.markdown(name) for name in names[:_NAMES])
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        st.warning(
            f"**{words.count(len(names), 'source')} failing.** {borders.markdown(reason)} ({some}{more})",
            icon=":material/warning:",
        )


def listing(page: Page, rows: list[SourceRow]) -> None:
    """Every source with its state, its course, its last success and its last error."""
    until = page.view.until
    days = [until - timedelta(days=n) for n in reversed(range(_DAYS))]
    counts = holdings.per_day(page.model, [row.id for row in rows], days[0], until, page.revision)
    worst = sorted(rows, key=lambda row: (row.state != "failing", row.articles == 0, row.group, row.name))
    frame = pd.DataFrame(
        [
            {
                "state": _state(row),
                "source": borders.csv_cell(row.name),
                "error": borders.csv_cell(row.last_error or ""),
                "articles": row.articles,
                "days": [counts.get(row.id, {}).get(day, 0) for day in days],
                "success": f"{row.last_success_at:%Y-%m-%d %H:%M}" if row.last_success_at else "",
                "newest": f"{row.newest:%Y-%m-%d}" if row.newest else "",
                "group": borders.csv_cell(row.group),
                "home": row.home,
            }
            for row in worst
        ]
    )
    with st.container(border=True, key="sources-list"):
        st.markdown("**Sources, those that fail first**")
        st.dataframe(
            frame,
            hide_index=True,
            height=min(640, 40 + 35 * max(1, len(frame))),
            alt="Table of sources: state, articles, articles per day, last success, last error",
            column_config={
                "state": st.column_config.TextColumn("State", width=90),
                "source": st.column_config.TextColumn("Source", width=180),
                "group": st.column_config.TextColumn("Group", width=130),
                "articles": st.column_config.NumberColumn("Articles", format="localized", width=80),
                "days": st.column_config.BarChartColumn(f"Per day to {words.day(until)}", y_min=0, width=150),
                "success": st.column_config.TextColumn("Last success (UTC)", width=140),
                "newest": st.column_config.TextColumn("Newest article", width=110),
                "error": st.column_config.TextColumn("Last error", width=170),
                "home": st.column_config.LinkColumn("Site", display_text="open", width=60),
            },
        )
        st.caption(f"{page.as_of} · the same on the command line: `python -m ingest status`")


def _state(row: SourceRow) -> str:
    if not row.listed:
        return "○ no longer listed"
    if row.state == "failing":
        return f"▲ failing ({row.failures})"
    if row.kind == "folder":
        return "● folder"
    return "● heard" if row.state == "ok" else "○ not asked yet"
