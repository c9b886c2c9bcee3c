from __future__ import annotations

import itertools
import json
import math
from datetime import date, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from dashboard.charts import alt, canvas, charts, plot
from dashboard.look.palette import DARK, LIGHT, Theme
from dashboard.model.cache import Cache
from tests.helpers import drawn

MONDAY = date(2025, 3, 10)
NAN = math.nan


def weeks(*shares: float, figure: str = "trump", name: str = "Trump", partial: bool = False) -> pd.DataFrame:
    """One figure's attention, one row a week; NaN is a week in which nothing was read."""
    rows = []
    for i, share in enumerate(shares):
        read = 0 if math.isnan(share) else 200
        named = 0 if math.isnan(share) else round(share * read)
        last = partial and i == len(shares) - 1
        day = MONDAY + timedelta(weeks=i)
        rows.append((day, figure, name, named, read, share, last))
    return pd.DataFrame(rows, columns=["bin", "figure", "name", "articles", "all", "share", "partial"])


def tones(*values: float, n: int = 12, figure: str = "trump") -> pd.DataFrame:
    rows = [
        (MONDAY + timedelta(weeks=i), figure, "Trump", n, 3 if math.isnan(v) else 9, v, v - 0.1, v + 0.1, False)
        for i, v in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["bin", "figure", "name", "n", "stories", "tone", "low", "high", "partial"])


def sources(*rows: tuple[str, int, int, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(name, articles, 1000, articles / 1000, 3 * stories, stories, tone) for name, articles, stories, tone in rows],
        columns=["source", "articles", "all", "share", "n", "stories", "tone"],
    )


def people(count: int, name: str = "Figure {}") -> pd.DataFrame:
    return pd.concat([weeks(0.5 - i / 20, 0.4, figure=f"f{i}", name=name.format(i)) for i in range(count)])


def mixes(*counts: tuple[int, int, int]) -> pd.DataFrame:
    rows = [(MONDAY + timedelta(weeks=i), *count, sum(count)) for i, count in enumerate(counts)]
    return pd.DataFrame(rows, columns=["bin", "negative", "neutral", "positive", "n"])


def checked(figure: canvas.Figure) -> Any:
    """The figure as Plotly takes it, which refuses what is no property or no value of one."""
    return go.Figure(figure)


def attention(frame: pd.DataFrame, **more: Any) -> Any:
    return checked(charts.attention(frame, **{"measure": "share", "unit": "week", "theme": LIGHT, **more}))


def tone(frame: pd.DataFrame) -> Any:
    return checked(charts.tone(frame, unit="week", theme=LIGHT))


def labels(figure: Any) -> list[str]:
    return [note.text.replace("\u00a0", " ") for note in figure.layout.annotations]


def test_a_week_in_which_nothing_was_read_is_a_gap() -> None:
    (line,) = attention(weeks(0.3, NAN, 0.2)).data
    assert line.y[1] is None
    assert not line.connectgaps


def test_a_count_of_nothing_read_is_a_gap_too_and_no_zero() -> None:
    (line,) = attention(weeks(0.3, NAN, 0.0), measure="count").data
    assert line.y[1] is None
    assert line.y[2] == 0


def test_a_point_says_what_it_stands_for() -> None:
    (line,) = attention(weeks(0.3, 0.2)).data
    assert (line.legendgroup, drawn.bins(line.to_plotly_json())) == ("trump", ["2025-03-10", "2025-03-17"])
    assert "markers" in line.mode
    assert line.hovertemplate == "<b>Trump</b><br>Week of %{x|%-d %b %Y}<br>%{hovertext}<extra></extra>"
    assert line.hovertext[0].replace("\u00a0", " ") == "30 % · 60 of 200 articles"


def test_weeks_with_a_hole_between_them_are_written_out() -> None:
    frame = weeks(0.3, 0.2, 0.1, 0.2).drop(1)
    (line,) = attention(frame).data
    assert drawn.bins(line.to_plotly_json()) == ["2025-03-10", "2025-03-24", "2025-03-31"]


def test_the_week_that_is_not_over_is_dashed_and_not_in_the_label() -> None:
    figure = attention(weeks(0.3, 0.2, 0.05, partial=True))
    whole, rest = figure.data
    assert (whole.line.dash, rest.line.dash) == (None, "dot")
    assert list(rest.y) == [0.2, 0.05]
    assert drawn.bins(rest.to_plotly_json()) == ["2025-03-17", "2025-03-24"]
    assert [text.partition("<br>")[0] for text in rest.hovertext] == ["", ", so far"]
    assert any("Trump <b>20 %</b>" in text for text in labels(figure))
    assert "this week, so far" in labels(figure)


def test_a_view_of_today_alone_shows_today() -> None:
    figure = attention(weeks(0.3, partial=True))
    assert list(figure.data[0].y) == [0.3]
    assert any("30 %" in text for text in labels(figure))


def test_the_seventh_figure_is_grey_and_without_a_label() -> None:
    figure = attention(people(8))
    colours = [trace.line.color for trace in figure.data]
    assert colours == [LIGHT.grey, LIGHT.grey, *reversed(LIGHT.series)]  # the first lies on top
    assert len(labels(figure)) == 6
    assert len({trace.marker.symbol for trace in figure.data[2:]}) == 6


def test_names_are_escaped_wherever_they_are_drawn() -> None:
    evil = '<a href="http://evil">{}</a>'
    bars = pd.DataFrame({"figure": ["f"], "name": [evil], "mentions": [3], "articles": [3], "share": [1.0]})
    figures = [
        attention(people(7, evil)),
        tone(tones(0.1).assign(name=evil)),
        tone(tones(NAN).assign(name=evil)),
        checked(charts.voice(bars, theme=LIGHT)),
        checked(charts.companions(bars, theme=LIGHT)),
        checked(charts.by_source(sources((evil, 3, 9, 0.1)), theme=LIGHT)),
    ]
    for figure in figures:
        sent = repr(figure.to_plotly_json())
        assert "<a" not in sent
        assert "&lt;a" in sent


def test_labels_at_the_lines_ends_do_not_overlap() -> None:
    figure = attention(
        pd.concat([weeks(0.3, 0.3 + i / 1000, figure=f"f{i}", name=f"F{i}") for i in range(6)]), height=340
    )
    places = sorted(note.y for note in figure.layout.annotations)
    low, high = figure.layout.yaxis.range
    pixels = [(b - a) / (high - low) * 278 for a, b in itertools.pairwise(places)]
    assert min(pixels) > 15
    assert low <= places[0]
    assert places[-1] <= high


def test_labels_that_have_room_stay_at_their_lines() -> None:
    figure = attention(pd.concat([weeks(0.1, 0.4), weeks(0.2, 0.1, figure="kim", name="Kim")]))
    assert sorted(note.y for note in figure.layout.annotations) == [0.1, 0.4]


@pytest.mark.parametrize(
    ("top", "whole", "ticks"),
    [
        (0.42, False, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (204, True, [0, 50, 100, 150, 200, 250]),
        (3, True, [0, 1, 2, 3, 4]),
        (0, True, [0, 1]),
        (NAN, False, [0, 0.01]),
    ],
)
def test_axes_have_round_ticks(top: float, whole: bool, ticks: list[float]) -> None:
    assert canvas.steps(top, whole=whole) == pytest.approx(ticks)


def test_a_mean_of_too_few_stories_is_a_tick_that_says_so_and_no_dot() -> None:
    figure = tone(tones(-0.1, NAN, -0.2, n=4))
    line = next(trace for trace in figure.data if trace.mode == "lines+markers")
    tick = next(trace for trace in figure.data if trace.mode == "markers")
    assert line.y[1] is None
    assert tick.hovertext[0].endswith("n = 4, too few")
    assert (tick.legendgroup, tick.x[0]) == ("trump", "2025-03-17")


def test_the_interval_does_not_bridge_a_gap() -> None:
    figure = tone(tones(-0.1, -0.2, NAN, 0.1, 0.2, NAN, 0.0))
    bands = [trace for trace in figure.data if trace.mode == "lines"]
    assert [len(band.x) for band in bands] == [4, 4, 2]


def test_tone_is_drawn_symmetric_around_zero_and_never_tighter_than_a_third() -> None:
    calm = tone(tones(0.01, 0.02)).layout.yaxis
    assert calm.range == pytest.approx((-0.303, 0.303))
    assert any("−.30" in text for text in calm.ticktext)
    assert "0" in calm.ticktext
    wide = tone(tones(-0.9, 0.2)).layout.yaxis
    assert wide.range == pytest.approx((-1.01, 1.01))


def test_the_mix_adds_up_and_leaves_out_weeks_without_mentions() -> None:
    figure = checked(charts.mix(mixes((5, 10, 5), (0, 0, 0), (1, 1, 0)), unit="week", theme=DARK))
    assert [trace.marker.color for trace in figure.data] == [DARK.tone_negative, DARK.tone_neutral, DARK.tone_positive]
    assert [sum(heights) for heights in zip(*(trace.y for trace in figure.data), strict=True)] == [1, 1]
    assert (figure.data[0].legendgroup, figure.data[0].x[1]) == ("negative", "2025-03-24")
    assert figure.data[0].marker.opacity[1] < figure.data[0].marker.opacity[0]  # two mentions are few
    assert "n = 20" in figure.data[2].hovertext[0]


def test_voice_is_sorted_but_keeps_the_colours_of_the_view() -> None:
    frame = pd.DataFrame({"figure": ["a", "b"], "name": ["A", "B"], "mentions": [10, 1204], "share": [0.008, 0.992]})
    (bars,) = checked(charts.voice(frame, theme=LIGHT)).data
    assert list(bars.x) == [1204, 10]
    assert list(bars.marker.color) == [LIGHT.series[1], LIGHT.series[0]]
    assert bars.text[0].replace("\u00a0", " ") == "<b>99 %</b> · 1,204"


def test_a_source_with_few_stories_has_no_tone() -> None:
    figure = checked(charts.by_source(sources(("Few", 4, 4, -0.9), ("Many", 40, 9, -0.2)), theme=LIGHT))
    many, few = figure.layout.yaxis.ticktext
    assert "−.20" in many
    assert LIGHT.tone_negative in many
    assert "−.90" not in few
    assert "9 stories" in figure.data[0].hovertext[0]
    assert "too few" in figure.data[0].hovertext[1]


def test_days_in_a_row_are_sent_as_the_first_and_how_many_came_on_each() -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2025-03-12", "2025-03-13"]), "articles": [3, 0]})
    (bars,) = checked(charts.per_day(frame, theme=LIGHT)).data
    assert (bars.x, bars.x0, bars.dx, list(bars.y)) == (None, "2025-03-12", 86_400_000, [3, 0])


EVERY = [
    (charts.attention, alt.attention, weeks(0.3, NAN, 0.2), {"measure": "share", "unit": "week"}),
    (charts.tone, alt.tone, tones(-0.1, NAN, 0.2), {"unit": "week"}),
    (charts.mix, alt.mix, mixes((5, 10, 5), (2, 2, 4)), {"unit": "week"}),
    (charts.voice, alt.voice, pd.DataFrame({"figure": ["a"], "name": ["A"], "mentions": [3], "share": [1.0]}), {}),
    (charts.companions, alt.companions, pd.DataFrame({"figure": ["a"], "name": ["A"], "articles": [3]}), {}),
    (charts.by_source, alt.by_source, sources(("Reuters", 40, 9, -0.2)), {}),
    (charts.per_day, alt.per_day, pd.DataFrame({"day": [MONDAY], "articles": [3]}), {}),
]
every = pytest.mark.parametrize(("draw", "tell", "frame", "how"), EVERY, ids=[entry[0].__name__ for entry in EVERY])


@every
def test_an_empty_frame_is_an_empty_figure(draw: Any, tell: Any, frame: pd.DataFrame, how: dict[str, Any]) -> None:
    assert not checked(draw(frame.iloc[:0], theme=LIGHT, **how)).data
    assert tell(frame.iloc[:0], **how).endswith("Nothing to show.")


@every
def test_charts_let_the_card_show_and_leave_the_frame_alone(
    draw: Any, tell: Any, frame: pd.DataFrame, how: dict[str, Any]
) -> None:
    before = frame.copy()
    figure = checked(draw(frame, theme=DARK, **how))
    tell(frame, **how)
    assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.height > 0
    pd.testing.assert_frame_equal(frame, before)


@every
def test_the_other_theme_draws_the_same_data(draw: Any, tell: Any, frame: pd.DataFrame, how: dict[str, Any]) -> None:
    light, dark = (checked(draw(frame, theme=theme, **how)) for theme in (LIGHT, DARK))
    assert [(trace.y, trace.legendgroup) for trace in light.data] == [(each.y, each.legendgroup) for each in dark.data]
    assert light.to_json() != dark.to_json()


@every
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_sent_is_what_plotly_would_send_of_it(
    draw: Any, tell: Any, frame: pd.DataFrame, how: dict[str, Any], theme: Theme
) -> None:
    """Streamlit takes a chart as it is drawn: Plotly must have nothing to refuse, to mend or to add."""
    figure = draw(frame, theme=theme, **how)
    sent = json.loads(pio.to_json(plot.PlainFigure(figure), validate=False))
    assert sent == json.loads(json.dumps(figure, allow_nan=False))
    if not sent["layout"]["annotations"]:
        del sent["layout"]["annotations"]  # no list and an empty one are the same to Plotly
    assert sent == json.loads(pio.to_json(checked(figure)))


def test_a_chart_is_kept_for_all_who_look_at_it_and_counts_what_it_takes() -> None:
    cache = Cache()
    figure = charts.attention(people(6), measure="share", unit="week", theme=LIGHT)
    kept = [cache.get("attention", lambda: plot.Chart(figure, "Lines")) for _ in range(2)]
    assert kept[0] is kept[1]
    assert cache.bytes > len(json.dumps(figure["data"]))


def test_the_alternative_says_where_the_line_ends_and_where_it_was_highest() -> None:
    said = alt.attention(weeks(0.42, NAN, 0.31), measure="share", unit="week").replace("\u00a0", " ")
    assert said == (
        "Line chart: share of articles per week, 10 Mar – 24 Mar 2025; "
        "Trump ends at 31 %, highest 42 % in the week of 10 Mar 2025."
    )


def test_the_alternative_does_not_read_out_long_lists() -> None:
    assert alt.attention(people(9), measure="share", unit="week").endswith("; 3 more.")
