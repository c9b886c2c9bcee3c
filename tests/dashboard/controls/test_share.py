"""Links: they write out the view so that the page opened from them shows the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from sqlalchemy import Engine

from dashboard import keys
from dashboard.controls import share
from dashboard.model.follower import Follower
from dashboard.state import choices
from dashboard.state.choices import Choices
from dashboard.view import View
from ingest.models import Source
from ingest.store.read.filters import Filters
from tests.helpers import newsroom as press
from tests.helpers.desk import utc
from tests.helpers.newsroom import FIGURES, Press, entry

ODD = """
[[figure]]
id = "francoise-mueller"
name = "Françoise Müller & Söhne?"
strong = ["Françoise Müller"]

[[figure]]
id = "third-quill"
name = "Ada Quill (other-quill)"
strong = ["Ada N. Quill"]

[[figure]]
id = "other-quill"
name = "Ada Quill"
strong = ["Ada M. Quill"]
"""
NAMESAKES = (
    Source(kind="feed", key="http://a.test/feed", name="The Post", group="World"),
    Source(kind="feed", key="http://b.test/feed", name="The Post", group="Africa"),
    Source(kind="feed", key="http://c.test/feed", name="Q&A = 100 % + more? #1", group="World"),
)


@pytest.fixture
def lists(engine: Engine, tmp_path: Path) -> Choices:
    made = Press(engine, press.analyser(tmp_path, FIGURES + ODD))
    made.pipeline.sync_feeds(NAMESAKES)
    made.publish(press.WEST, entry(1, "Ada Quill at the summit", "She spoke.", utc(2026, 11, 20)))
    model = Follower(engine)
    model.catch_up()
    return choices.of(model.snapshot)


def view(lists: Choices, **changes: object) -> View:
    filters = Filters(sources=tuple(lists.source_ids.values()), since=date(2026, 10, 24), until=date(2026, 11, 22))
    return View(replace(filters, **changes), "week", "share", date(2026, 11, 22), ("ada-quill",))  # type: ignore[arg-type]


def written(lists: Choices, shown: View, period: str = "Automatic", **options: bool) -> dict[str, list[str]]:
    return parse_qs(share.query(shown, lists, period, **options), strict_parsing=True, keep_blank_values=True)


def test_every_filter_is_written_out(lists: Choices) -> None:
    lists = replace(lists, languages=("de", "en"))
    shown = view(
        lists, figures=("ada-quill", "ben-marsh"), topics=("trade",), languages=("en", "de"), tone=(-0.5, 0.05),
        texts=("full", "title"), search="  harbour & co  ", offices=True,
    )  # fmt: skip
    shown = replace(shown, lines=("ada-quill", "ben-marsh"), measure="count")
    assert written(lists, shown, "Last 7 days") == {
        keys.SEARCH: ["harbour & co"],
        keys.PERIOD: ["Last 7 days"],
        keys.FIGURES: ["Ada Quill", "Ben Marsh"],
        keys.SOURCES: list(lists.source_ids),
        keys.TOPICS: ["Trade"],
        keys.TONE: ["-0.50", "0.05"],
        keys.LANGUAGES: ["en", "de"],
        keys.TEXTS: ["full text", "title only"],
        keys.BIN: ["week"],
        keys.MEASURE: ["number"],
        keys.OFFICES: ["true"],
    }


def test_what_is_not_filtered_is_not_written_but_bin_and_measure_are(lists: Choices) -> None:
    found = written(lists, view(lists))
    assert {keys.SEARCH, keys.TOPICS, keys.LANGUAGES, keys.TONE, keys.OFFICES, keys.DATES, keys.FIGURES}.isdisjoint(
        found
    )
    assert found[keys.BIN] == ["week"]
    assert found[keys.MEASURE] == ["share"]


def test_lines_that_nobody_chose_are_written_as_lines_not_as_a_filter(lists: Choices) -> None:
    # As a filter they would narrow the articles counted, and the page opened would show other numbers.
    found = written(lists, replace(view(lists), lines=("ben-marsh", "ada-quill")))
    assert found[keys.LINES] == ["Ben Marsh", "Ada Quill"]
    assert keys.FIGURES not in found
    chosen = replace(view(lists, figures=("ada-quill",)), lines=("ada-quill",))
    assert keys.LINES not in written(lists, chosen)


def test_the_period_moves_or_is_fixed(lists: Choices) -> None:
    moving, fixed = written(lists, view(lists), "Last 30 days"), written(lists, view(lists), "Last 30 days", fixed=True)
    assert moving[keys.PERIOD] == ["Last 30 days"]
    assert keys.DATES not in moving
    assert fixed[keys.PERIOD] == ["Custom"]
    assert fixed[keys.DATES] == ["2026-10-24", "2026-11-22"]
    assert written(lists, view(lists), "Custom") == fixed
    assert {key: value for key, value in moving.items() if key not in (keys.PERIOD, keys.DATES)} == {
        key: value for key, value in fixed.items() if key not in (keys.PERIOD, keys.DATES)
    }


def test_labels_with_signs_of_an_address_come_back_as_they_were(lists: Choices) -> None:
    shown = replace(view(lists, figures=("francoise-mueller",)), lines=("francoise-mueller",))
    query = share.query(shown, lists, "All")
    assert query.isascii()
    assert "#" not in query
    found = parse_qs(query, strict_parsing=True)
    assert found[keys.FIGURES] == ["Françoise Müller & Söhne?"]
    assert "Q&A = 100 % + more? #1" in found[keys.SOURCES]


def test_namesakes_are_told_apart(lists: Choices) -> None:
    assert len(lists.figures) == 6
    assert sorted(lists.figures.values()) == sorted(lists.figure_names)
    assert lists.figures["Ada Quill"] == "ada-quill"
    both = replace(
        view(lists, figures=("other-quill", "ada-quill", "third-quill")),
        lines=("other-quill", "ada-quill", "third-quill"),
    )
    labels = written(lists, both)[keys.FIGURES]
    assert [lists.figures[label] for label in labels] == ["other-quill", "ada-quill", "third-quill"]
    posts = [label for label in lists.source_ids if label.startswith("The Post")]
    assert len(posts) == 2
    assert all(label == "The Post" or "test/feed" in label for label in posts)


def test_a_namesake_that_comes_later_takes_no_label_away(engine: Engine, tmp_path: Path) -> None:
    made = Press(engine, press.analyser(tmp_path))
    model = Follower(engine)
    labels = []
    for feeds in (NAMESAKES[:1], NAMESAKES[:2]):  # the second one stands before the first, by its group
        made.pipeline.sync_feeds(feeds)
        made.publish(press.WEST, entry(len(labels), f"Edition {len(labels)}", "So.", utc(2026, 11, 20)))
        model.catch_up()
        labels.append(choices.of(model.snapshot).source_ids["The Post"])
    assert labels[0] == labels[1]


def test_a_link_is_the_page_with_the_view_and_nothing_of_the_old_query(lists: Choices) -> None:
    query = share.query(view(lists), lists, "All", extra=[("article", "0123456789abcdef")])
    url = share.link("https://watch.test:8501/articles?period=All&q=old#top", query)
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "watch.test:8501", "/articles", "")
    pairs = parse_qsl(parts.query)
    assert pairs[-1] == ("article", "0123456789abcdef")
    assert "q" not in dict(pairs)


def test_what_the_lists_no_longer_hold_is_left_out(lists: Choices) -> None:
    shown = replace(view(lists, topics=("gone",), sources=(4711,)), lines=("somebody-gone",))
    found = written(lists, shown)
    assert {keys.TOPICS, keys.SOURCES, keys.FIGURES}.isdisjoint(found)
