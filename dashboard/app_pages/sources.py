"""Where the articles come from, and whether each source is heard from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.charts import alt, calendar, charts, plot
from dashboard.charts.calendar import LEGEND, Row
from dashboard.charts.plot import Chart
from dashboard.look import borders, words
from dashboard.numbers import holdings
from dashboard.parts import gaps, retries
from dashboard.parts.panel import panel
from dashboard.state.page import Page
from ingest.store.plan import complaints, progress
from ingest.store.read import verdicts
from ingest.store.read.sources import SourceRow
from ingest.store.read.verdicts import DEAD, Verdict

_DAYS = 30
LENGTHS = {"30 days": 30, "90 days": 90}

#: Reasons told above the table, and sources named for each; the table has them all.
_REASONS = 4
_NAMES = 4
#: Rows of the calendar at first, and at most: a row more is 30 marks more.
_ROWS, _ALL_ROWS = 15, 120

PER_DAY = (
    "Articles of the chosen sources by their day of publication (UTC). A day without articles is a gap in what we have."
)
CALENDAR = (
    "Each day (UTC) of each feed against its own rhythm: what it brought on the same weekday in the 8 weeks before. "
    "Failing: asked, never answered. Silent: nothing new where 5 articles or more were due, or for 8 weeks. Quiet: "
    "less than a third of the usual, where that is 6 or more. Gone: it said so for good. New: fewer than 10 days "
    "known. Not asked: our own program did not run. New articles count on the day on which they were fetched; the "
    "last day is not over and never quiet."
)

_SILENT = "It answers, but brings nothing new where its rhythm would have: look at the site."

#: Parameters of the address of the calendar's CSV: its days, and whether it has every feed.
LENGTH, EVERY = "days", "every"

#: How each source stands, by its id; folders and archives are not asked and have no place in it.
Standing = Mapping[int, Verdict]


def draw(page: Page) -> None:
    """Draws the page."""
    rows = listed(page)
    stands = gaps.standing(page)
    st.markdown(headline(rows, stands))
    if not page.pin.fixed:  # what is wrong now is no part of a link's numbers
        lists_at_fault(page)
        warnings(page, rows, stands)
        retries.answers(page)
    calendar_card(page)
    per_day(page)
    listing(page, rows, stands)


def listed(page: Page) -> list[SourceRow]:
    """The sources that the page is about."""
    return [row for row in page.choices.sources if row.listed or row.articles]


def headline(rows: Sequence[SourceRow], stands: Standing) -> str:
    """How many sources there are, and how many of them are not as usual."""
    counts = {verdict: list(stands.values()).count(verdict) for verdict in verdicts.VERDICTS}
    parts = [
        f"**{words.count(len(rows), 'source')}**",
        f"**{sum(row.articles > 0 for row in rows)}** with articles",
        f"**{counts['failing']}** failing",
        *(f"**{counts[verdict]}** {verdict}" for verdict in ("silent", "gone", "quiet", "new") if counts[verdict]),
    ]
    return " · ".join(parts)


def lists_at_fault(page: Page) -> None:
    """The lists that people edit: which can't be read, and how many stored articles a new list has reached."""
    with page.model.engine.connect() as connection:
        found = complaints.current(connection)
        again = progress.newest(connection, progress.RESCORE)
    if again and again.total:
        done = f"**{again.worked:,}** of {again.total:,} stored articles are done again."
        st.progress(min(1.0, again.worked / again.total), f"The watch-list was edited: {done}")
    for each in found:
        st.error(f"**{each.heading}** {borders.markdown(each.message)}", icon=":material/edit_off:")


def warnings(page: Page, rows: Sequence[SourceRow], stands: Standing) -> None:
    """What fails, once for each reason: a machine without a network has one fault, not thirty."""
    by_reason: dict[tuple[Verdict, str], list[SourceRow]] = {}
    for row in rows:
        if (verdict := stands.get(row.id)) in DEAD:
            reason = _SILENT if verdict == "silent" else row.last_error or "No reason given."
            by_reason.setdefault((verdict, reason), []).append(row)
    worst = sorted(by_reason.items(), key=lambda item: (verdicts.VERDICTS.index(item[0][0]), -len(item[1])))
    for number, ((verdict, reason), mine) in enumerate(worst):
        if number == _REASONS:
            st.caption(f"… and {len(by_reason) - _REASONS} more reasons, in the table below.")
            break
        some = ", ".join(borders.markdown(row.name) for row in mine[:_NAMES])
        more = f" and {len(mine) - _NAMES} more" if len(mine) > _NAMES else ""
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"fault-{number}"):
            st.markdown(
                f":material/warning: **{words.count(len(mine), 'source')} {verdict}.** "
                f"{borders.markdown(reason)} ({some}{more})",
                width="stretch",
            )
            what = "Retry" if len(mine) == 1 else f"Retry all {len(mine)}"
            retries.button(page, [row.id for row in mine], label=what, key=f"retry-{number}")


@dataclass(frozen=True, slots=True)
class Strips:
    """The calendar: a strip of days for each feed, the worst first."""

    rows: list[Row]
    since: date
    until: date
    known: date | None  #: first day of which anything is known
    feeds: int  #: of which `rows` are the first


def strips(page: Page, length: int, *, every: bool) -> Strips:
    """The calendar of so many days: of every feed, or of the worst."""
    stands, days = gaps.standing(page), gaps.days(page)
    feeds = [row for row in _worst_first(listed(page), stands) if row.id in stands]
    known = min((mine[0].day for mine in days.values() if mine), default=None)
    # A view that ends before anything is known, as the demo does, would show an empty strip beside feeds that fail.
    until = page.view.until if known is None or known <= page.view.until else page.view.today
    since = until - timedelta(days=length - 1)
    rows = [
        Row(row.name, stands[row.id], tuple(each for each in days.get(row.id, ()) if since <= each.day <= until))
        for row in feeds[: _ALL_ROWS if every else _ROWS]
    ]
    return Strips(rows, since, until, known, len(feeds))


def calendar_data(page: Page, length: int = _DAYS, *, every: bool = False) -> pd.DataFrame:
    """One row a feed and day of the calendar."""
    return pd.DataFrame(
        [
            (row.name, each.day, each.verdict, each.attempts, each.successes, each.articles, each.usual)
            for row in strips(page, length, every=every).rows
            for each in row.days
        ],
        columns=["source", "day", "verdict", "attempts", "successes", "new articles", "usual"],
    )


def calendar_card(page: Page) -> None:
    """The calendar, with the choice of its length and of all feeds."""
    length = LENGTHS[st.session_state.get("calendar-length") or "30 days"]
    every = bool(st.session_state.get("calendar-all"))
    found = strips(page, length, every=every)
    note = f"{LEGEND} · {words.period(found.since, found.until)}"
    note += f" · known since {words.day(found.known)}" if found.known else ""
    with panel(
        page, "Feeds day by day, the worst first", key="calendar", about=CALENDAR, caption=note,
        data=partial(calendar_data, page, length, every=every),
        extra=[(LENGTH, str(length)), (EVERY, str(every).lower())],
        pinned=page.pin.fixed,  # feeds are asked between revisions, too
    ):  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            st.segmented_control(
                "Days", list(LENGTHS), default="30 days", key="calendar-length", label_visibility="collapsed"
            )
            if found.feeds > _ROWS:
                st.toggle(f"All {found.feeds} feeds", key="calendar-all")
        if not found.rows:
            st.caption("No feed is followed. `python -m ingest feeds add URL` puts one on the list.")
            return
        figure = calendar.figure(found.rows, found.since, found.until, theme=page.theme)
        plot.draw(Chart(figure, calendar.alt(found.rows, found.since, found.until)), key="calendar")
        if more := found.feeds - len(found.rows):
            st.caption(f"{more} more feeds stand no worse than these.")


def _worst_first(rows: Sequence[SourceRow], stands: Standing) -> list[SourceRow]:
    """By their verdict, sources without one last; then those with articles first."""
    rank: dict[Verdict | None, int] = {verdict: place for place, verdict in enumerate(verdicts.VERDICTS)}
    worst = {row.id: rank.get(stands.get(row.id), len(rank)) for row in rows}
    return sorted(rows, key=lambda row: (worst[row.id], row.articles == 0, row.group, row.name))


def per_day_data(page: Page) -> pd.DataFrame:
    """One row a day of the view, with the articles of all chosen sources."""
    view = page.view
    counts = holdings.per_day(page.model, view.sources, view.since, view.until, page.pin.revision)
    days = [view.since + timedelta(days=n) for n in range(view.days)]
    return pd.DataFrame(
        [(day, sum(of.get(day, 0) for of in counts.values())) for day in days], columns=["day", "articles"]
    )


def per_day(page: Page) -> None:
    """All chosen sources together."""
    view, data = page.view, partial(per_day_data, page)
    frame = data()
    title = "Articles per day, all chosen sources"
    note = f"n = {words.count(int(frame['articles'].sum()), 'article')} · {words.period(view.since, view.until)}"
    with panel(page, title, key="per-day", data=data, about=PER_DAY, caption=note):
        plot.draw(Chart(charts.per_day(frame, theme=page.theme), alt.per_day(frame)), key="per-day")


def listing(page: Page, rows: Sequence[SourceRow], stands: Standing) -> None:
    """Every source with its state, its course, its last success and its last error; those chosen can be tried again."""
    until = page.view.until
    days = [until - timedelta(days=n) for n in reversed(range(_DAYS))]
    counts = holdings.per_day(page.model, [row.id for row in rows], days[0], until, page.pin.revision)
    worst = _worst_first(rows, stands)
    frame = pd.DataFrame(
        [
            {
                "state": _state(row, stands.get(row.id)),
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
        st.markdown("**Sources, the worst first**")
        chosen = st.dataframe(
            frame,
            key="sources-table",
            on_select="rerun",
            selection_mode="multi-row",
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
        picked = [worst[place].id for place in chosen["selection"]["rows"] if place < len(worst)]
        ids = [id_ for id_ in picked if id_ in stands]
        if ids and not page.pin.fixed:
            retries.button(page, ids, label=f"Retry {words.count(len(ids), 'chosen feed')}", key="retry-chosen")
        st.caption(f"{page.pin.as_of} · choose rows to retry them · on the command line: `python -m ingest status`")


def _state(row: SourceRow, stands: Verdict | None) -> str:
    if not row.listed:
        return "○ no longer listed"
    if row.kind != "feed":
        return "▲ failing" if row.state == "failing" else f"● {row.kind}"
    if stands == "failing":
        return f"▲ failing ({row.failures})"
    marks: dict[Verdict | None, str] = {"normal": "● heard", "new": "● heard, new", "not asked": "○ not asked yet"}
    return marks.get(stands, f"▼ {stands}")
