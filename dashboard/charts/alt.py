"""A sentence for each chart, for people who do not see it; functions have the charts' names and take their frames.

The texts are plain: `alt` does not read markup.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard.charts import canvas, charts, lines
from dashboard.charts.charts import FEW, Gaps, Measure
from dashboard.look import words
from dashboard.look.borders import plain
from dashboard.look.palette import LIGHT
from ingest.bins import Bin

#: Items of a list: nobody listens to a longer one.
_NAMED = 6

_NOTHING = "Nothing to show."


def attention(frame: pd.DataFrame, *, measure: Measure, unit: Bin) -> str:
    """`Line chart: share of articles per week, 10 Mar – 2 Jun 2025; Trump ends at 31 %, highest 42 % …`"""
    if frame.empty:
        return f"Line chart: {_NOTHING}"
    text = words.share if measure == "share" else words.number
    what = "share of articles" if measure == "share" else "articles"
    return _timeline(what, lines.dated(frame, charts.drawn_values(frame, measure)), unit, text)


def tone(frame: pd.DataFrame, *, unit: Bin) -> str:
    """Like `attention`, with the lowest tone too."""
    if frame.empty:
        return f"Line chart: {_NOTHING}"
    return _timeline("tone, −1 to 1,", lines.dated(frame, frame["tone"].tolist()), unit, words.signed, lowest=True)


def hatched(gaps: Gaps, unit: Bin) -> str:
    """The meaning of a chart's hatching, to be added to its sentence; empty without hatching."""
    if not gaps:
        return ""
    last = max(gaps)
    return (
        f" Hatched: {words.count(len(gaps), unit)} in which sources were not heard, the last {_when(last, unit)}: "
        f"{'; '.join(plain(line) for line in gaps[last])}."
    )


def mix(frame: pd.DataFrame, *, unit: Bin) -> str:
    """The shares of the whole period and of the last bin."""
    rows = charts.scored_rows(frame)
    if not rows:
        return f"Stacked bars: {_NOTHING}"
    last = rows[-1]
    return (
        f"Stacked bars: negative, neutral and positive mentions per {unit}, {words.period(rows[0].bin, last.bin)}; "
        f"in all {_shares(rows)}; {_when(last.bin, unit)} {_shares([last])}."
    )


def voice(frame: pd.DataFrame) -> str:
    """The figures with the largest shares of all mentions."""
    ranked = _ranked(frame, "mentions", lambda row: f"{plain(row.name)} {words.share(row.share)}")
    return f"Bars: each figure's part of all mentions: {ranked}"


def companions(frame: pd.DataFrame) -> str:
    """The figures named most in the same articles."""
    ranked = _ranked(frame, "articles", lambda row: f"{plain(row.name)} {words.number(row.articles)}")
    return f"Bars: articles that also name: {ranked}"


def by_source(frame: pd.DataFrame) -> str:
    """The sources with most articles, with their tone."""

    def item(row: Any) -> str:
        known = row.stories >= FEW and canvas.known(row.tone) is not None
        return f"{plain(row.source)} {words.number(row.articles)}" + (
            f", tone {words.signed(row.tone)}" if known else ""
        )

    return f"Bars: articles by source: {_ranked(frame, 'articles', item, '; ')}"


def per_day(frame: pd.DataFrame) -> str:
    """The period, the sum and the highest day."""
    if frame.empty:
        return f"Bars: articles per day: {_NOTHING}"
    days = lines.days(frame["day"])
    counts = frame["articles"].tolist()
    top = max(counts)
    return (
        f"Bars: articles per day, {words.period(min(days), max(days))}; {words.number(sum(counts))} in all, "
        f"most on {words.day(days[counts.index(top)])} with {words.number(top)}."
    )


def _timeline(what: str, rows: list[Any], unit: Bin, text: Any, *, lowest: bool = False) -> str:
    parts = []
    drawn = lines.of(rows, LIGHT)
    for line in drawn[:_NAMED]:
        name = plain(line.name)
        known = [row for row in line.rows if row.y is not None]
        if not known:
            parts.append(f"{name} has no value")
            continue
        top = max(known, key=lambda row: row.y)
        said = f"{name} ends at {text(line.last)}, highest {text(top.y)} {_when(top.bin, unit)}"
        if lowest:
            bottom = min(known, key=lambda row: row.y)
            said += f", lowest {text(bottom.y)} {_when(bottom.bin, unit)}"
        parts.append(said)
    if len(drawn) > _NAMED:
        parts.append(f"{len(drawn) - _NAMED} more")
    span = words.period(min(row.bin for row in rows), max(row.bin for row in rows))
    return f"Line chart: {what} per {unit}, {span}; {'; '.join(parts)}."


def _ranked(frame: pd.DataFrame, by: str, item: Any, between: str = ", ") -> str:
    if frame.empty:
        return _NOTHING
    ordered = sorted(canvas.rows(frame), key=lambda row: getattr(row, by), reverse=True)
    said = [item(row) for row in ordered[:_NAMED]]
    if len(ordered) > _NAMED:
        said.append(f"{len(ordered) - _NAMED} more")
    return between.join(said) + "."


def _shares(rows: list[Any]) -> str:
    n = sum(row.n for row in rows)
    return ", ".join(
        f"{words.share(sum(getattr(row, label) for row in rows) / n)} {label}"
        for label in ("negative", "neutral", "positive")
    )


def _when(day: Any, unit: Bin) -> str:
    """`in the week of 10 Mar 2025`, `in March 2025`, `on 12 Mar 2025`."""
    named = words.bin_name(day, unit)
    return {"day": f"on {named}", "week": f"in the w{named[1:]}"}.get(unit, f"in {named}")
