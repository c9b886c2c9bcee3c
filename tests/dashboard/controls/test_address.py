"""Addresses: what a link writes out is read again as the very same view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import keys
from dashboard.controls import address, automatic, share
from dashboard.keys import CONTROLS, Control
from dashboard.model.follower import Follower
from dashboard.model.snapshot import Snapshot
from dashboard.state import choices
from dashboard.state.choices import Choices
from dashboard.view import ALL, AUTOMATIC, CUSTOM, PERIODS, View
from ingest.models import Source
from ingest.store import record
from ingest.store.read.filters import Filters
from tests.helpers import newsroom as press
from tests.helpers.newsroom import TODAY, Press, entry

AWKWARD = """
[[figure]]
id = "mueller"
name = "Françoise Müller & Söhne = 100 %?"
strong = ["Françoise Müller"]

[[figure]]
id = "second-quill"
name = "Ada Quill"
strong = ["Ada M. Quill"]
"""
MORE = (
    Source(kind="feed", key="http://quay.test/feed", name="Quay; News+ & co", group="World"),
    Source(kind="feed", key="http://demo.test/feed", name="Demo Times", group="Demo"),
)
REVISIONS = 4


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """Three outlets with articles of two years, the newest of this month."""
    folder = tmp_path_factory.mktemp("addresses")
    engine = record.open_engine(f"sqlite:///{folder / 'discourse.db'}")
    made = Press(engine, press.analyser(folder, press.FIGURES + AWKWARD))
    made.pipeline.sync_feeds((*press.OUTLETS, *MORE))
    for turn in range(REVISIONS):
        for place, outlet in enumerate(press.OUTLETS[: 3 - turn % 2]):
            number = 10 * turn + place
            name = ("Ada Quill", "Ben Marsh", "Françoise Müller")[number % 3]
            day = press.NOW - timedelta(days=240 * (REVISIONS - 1 - turn) + place)
            made.publish(outlet.key, entry(number, f"Edition {number} on trade", f"{name} won praise.", day))
    follower = Follower(engine)
    follower.catch_up()
    yield follower.snapshot
    engine.dispose()


def _values(control: Control, offered: Choices) -> st.SearchStrategy[Any]:
    """What the widget of a filter can hold."""
    if control.kind == "period":
        days = st.dates(date(1990, 1, 1), TODAY + timedelta(days=3_000))
        moving = st.sampled_from([(label, ()) for label in (AUTOMATIC, ALL, *PERIODS)])
        return moving | st.tuples(st.just(CUSTOM), st.lists(days, max_size=2).map(tuple))
    values = [*offered.labelled(control.options).values()] if control.options else []
    match control.kind:
        case "several":
            return st.lists(st.sampled_from(values), unique=True, max_size=4).map(tuple) if values else st.just(())
        case "range":
            ends = st.integers(-20, 20).map(lambda step: round(step * control.step, 2))
            ordered = st.tuples(ends, ends).map(lambda found: (min(found), max(found)))
            return st.none() | ordered.filter(lambda found: found != control.default)
        case "search":
            return st.sampled_from(["", "  trade & co  ", '"trade" OR title:edition*', "won -Marsh", "naïve+#%?"])
        case "switch":
            return st.sampled_from([control.filter.on, getattr(Filters(), control.field)])
    return st.sampled_from(values)


def _read(query: str, model: Snapshot, offered: Choices, as_of: int) -> View:
    return address.read(address.parameters(query), offered, model, TODAY, as_of)


@given(data=st.data())
def test_a_view_is_read_from_its_link_as_it_was(model: Snapshot, data: st.DataObject) -> None:
    as_of = data.draw(st.integers(1, model.revision))
    offered = choices.of(model, as_of)
    chosen = {control.field: data.draw(_values(control, offered), control.key) for control in CONTROLS}
    lines = data.draw(st.lists(st.sampled_from([*offered.figures, "Nobody"]), max_size=3), "lines")
    view = automatic.view(chosen, lines, offered, model, TODAY, as_of)
    period = chosen["period"][0]
    for options in ({}, {"fixed": True}, {"fixed": True, "pinned": True}):
        query = share.query(view, offered, period, extra=[("open", "a:b&c"), ("utm", "1")], **options)
        assert _read(query, model, offered, as_of) == view, query
        assert ("asof=" in query) == ("pinned" in options)


def test_a_link_with_a_revision_names_sources_only_where_somebody_chose_them(model: Snapshot) -> None:
    offered = choices.of(model)
    some = next(iter(offered.source_ids))
    for query, named in (("period=All", False), (f"period=All&sources={some}", True)):
        view = _read(query, model, offered, model.revision)
        assert (keys.SOURCES in share.query(view, offered, ALL, pinned=True)) == named
        assert keys.SOURCES in share.query(view, offered, ALL)


def test_labels_that_are_gone_are_passed_over_and_the_rest_counts(model: Snapshot) -> None:
    offered = choices.of(model)
    query = "figures=Nobody&figures=Ben+Marsh&figures=Ben+Marsh&sources=Gone&topics=Gone&lines=Gone&fbclid=1"
    view = _read(query, model, offered, model.revision)
    assert view.filters.figures == view.lines == ("ben-marsh",)
    assert view.sources == offered.automatic_sources()
    assert view.filters.topics == ()


@given(query=st.text(max_size=200) | st.lists(st.tuples(st.sampled_from(keys.ALL_KEYS), st.text(max_size=9))).map(
    lambda pairs: "&".join(f"{key}={value}" for key, value in pairs)
))  # fmt: skip
def test_whatever_is_asked_is_a_view_or_an_error_in_words(model: Snapshot, query: str) -> None:
    try:
        view = _read(query, model, choices.of(model), model.revision)
    except address.AddressError as error:
        said = str(error)
    else:
        said = "" if view.since <= view.until else "the period ends before it begins"
    assert not said or re.search(r"can't be read\. Give \S|too long|Shorten", said)
