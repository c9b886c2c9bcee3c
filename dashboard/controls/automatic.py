"""From what was chosen in the filters to the View: what is automatic is worked out here, for widgets and addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from dashboard.model.snapshot import Snapshot
from dashboard.numbers import holdings, queries
from dashboard.state.choices import Choices
from dashboard.view import AUTOMATIC, FRESH, LINES, View, period
from ingest import bins
from ingest.errors import SearchError
from ingest.store.read.filters import Filters


def view(
    chosen: Mapping[str, Any], lines: Sequence[str], choices: Choices, model: Snapshot, today: date, as_of: int
) -> View:
    """The view that the filters describe, as of a revision.

    `chosen` has the value of every control by its field; the period is its label with the dates of a custom one.
    `lines` are the labels of the figures to draw where no figure is chosen; without them the most named are drawn.
    """
    values = dict(chosen)
    label, dates = values.pop("period")
    unit, measure = values.pop("bin"), values.pop("measure")
    values["search"] = values["search"].strip()
    ids = values["sources"] = values["sources"] or choices.automatic_sources()
    fresh_from = period(FRESH, (), today=today, extent=None, fresh=True)[0]
    demo_only = choices.only_demo(ids)
    fresh = label == AUTOMATIC and not demo_only and holdings.articles_between(model, ids, fresh_from, today, as_of) > 0
    extent = holdings.extent(model, ids, as_of)
    since, until = period(label, dates, today=today, extent=extent, fresh=fresh)
    found = View(
        filters=Filters(**values, since=since, until=until, as_of=as_of),
        bin=bins.automatic(since, until, holdings.articles_between(model, ids, since, until, as_of))
        if unit == AUTOMATIC
        else bins.coarsened(since, until, unit),
        measure=measure,
        today=today,
        whole=(since, until) == extent,
    )
    drawn = found.filters.figures or tuple(choices.figures[label] for label in lines if label in choices.figures)
    with suppress(SearchError):  # whoever asks for numbers is told
        drawn = drawn or tuple(queries.most_named(model, found, LINES))
    return replace(found, lines=tuple(dict.fromkeys(drawn)))
