"""The command line counts in the record, the dashboard in its read model: they must agree."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from dashboard.numbers import kpi, queries
from ingest.bins import Bin
from ingest.store.read import articles, export
from tests.dashboard.numbers.test_queries import VIEWS, newest
from tests.helpers.newsroom import NAMES, NOW, Newsroom


@pytest.mark.parametrize("name", VIEWS)
def test_attention_is_the_same_from_the_record_and_from_the_read_model(newsroom: Newsroom, name: str) -> None:
    changes = dict(VIEWS[name], figures=tuple(sorted(NAMES)))
    if "sources" in changes:
        changes["sources"] = tuple(newsroom.sources[key] for key in changes["sources"])  # type: ignore[attr-defined]
    view = newsroom.view(**changes)
    for unit in get_args(Bin):
        frame = queries.attention(newsroom.model, replace(view, bin=unit), NAMES)
        ours = {(row.bin.isoformat(), row.figure): (row.articles, row.all) for row in frame.itertuples()}
        with newsroom.engine.connect() as connection:
            theirs = {
                (row[unit], row["figure"]): (row["articles"], row["all"])
                for row in export.attention(connection, view.filters, unit)
            }
        if theirs:
            assert ours == theirs
        else:  # the command line writes no rows where there are no articles at all
            assert not frame["all"].any()


def test_a_share_is_the_same_to_the_fourth_digit_and_empty_where_there_is_nothing(newsroom: Newsroom) -> None:
    view = newsroom.view(figures=("ada-quill",), lines=("ada-quill",))
    frame = queries.attention(newsroom.model, view, NAMES)
    with newsroom.engine.connect() as connection:
        rows = list(export.attention(connection, view.filters, view.bin))
    for ours, theirs in zip(frame.itertuples(), rows, strict=True):
        if theirs["share"] is None:
            assert ours.share != ours.share
        else:
            assert ours.share == pytest.approx(theirs["share"], abs=5e-5)
    assert any(row["share"] is None for row in rows)


@pytest.mark.parametrize("name", VIEWS)
def test_the_list_of_articles_holds_those_that_are_counted(newsroom: Newsroom, name: str) -> None:
    changes = dict(VIEWS[name], figures=("ada-quill", "ben-marsh"))
    if "sources" in changes:
        changes["sources"] = tuple(newsroom.sources[key] for key in changes["sources"])  # type: ignore[attr-defined]
    for view in (newsroom.view(**changes), newsroom.view(**{**changes, "figures": ()})):
        with newsroom.engine.connect() as connection:
            listed = [headline.id for headline in articles.headlines(connection, view.filters)]
        assert listed == newest(newsroom.model, view, 10_000)
        assert len(listed) == kpi.of(newsroom.model, view, now=NOW).articles
