"""A view as a link that opens the same view: every filter written out, the period moving or fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from dashboard import keys
from dashboard.keys import CONTROLS, Control
from dashboard.state.choices import Choices
from dashboard.view import CUSTOM, View

Pair = tuple[str, str]  # a parameter of the URL and its value


def link(url: str, query: str) -> str:
    """The address of the page at `url` with this query string instead of its own."""
    return urlsplit(url)._replace(query=query, fragment="").geturl()


def query(
    view: View, choices: Choices, period: str, *, fixed: bool = False, pinned: bool = False, extra: Sequence[Pair] = ()
) -> str:
    """The view as a query string.

    Everything is written out, automatic choices too, so that a colleague sees the same lines when a default has moved
    on; lines that nobody chose are no filter, or the link would count fewer articles. `fixed` writes the first and
    last day; else the period (its label, from the widget) moves with the calendar. `pinned` writes the revision too:
    what is opened shows these numbers for ever, and the sources need not be named where nobody chose any. `extra` are
    parameters of the page's own.
    """
    filters = view.filters
    pairs: list[Pair] = []
    for control in CONTROLS:
        if control.key == keys.SOURCES and pinned and filters.as_of and view.sources == choices.automatic_sources():
            continue
        if control.kind != "period":
            pairs += _written(control, view, choices)
        elif fixed or period == CUSTOM:
            pairs += [(keys.PERIOD, CUSTOM), *((keys.DATES, day.isoformat()) for day in (view.since, view.until))]
        else:
            pairs.append((keys.PERIOD, period))
    if pinned and filters.as_of:
        pairs.append((keys.AS_OF, str(filters.as_of)))
    return urlencode([*pairs, *extra])


def _written(control: Control, view: View, choices: Choices) -> list[Pair]:
    """What stands in the URL for one filter; nothing where nothing is narrowed."""
    value: Any = getattr(view if control.kind in ("one", "segments") else view.filters, control.field)
    if control.key == keys.FIGURES and not value:
        control, value = replace(control, key=keys.LINES), view.lines
    texts: list[str] = []
    match control.kind:
        case "search" | "words":
            texts = [value.strip()] if value.strip() else []
        case "range":
            texts = [f"{end:{control.filter.form}}".removeprefix("+") for end in value or ()]
        case "switch":
            texts = ["true"] if value == control.filter.on else []
        case _:
            labels = {of: label for label, of in choices.labelled(control.options).items()}
            texts = [labels[of] for of in (value if control.kind == "several" else [value]) if of in labels]
    return [(control.key, text) for text in texts]
