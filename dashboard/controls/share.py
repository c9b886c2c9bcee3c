"""A view as a link that opens the same view: every filter written out, the period moving or fixed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from dashboard import keys
from dashboard.keys import CONTROLS, Control
from dashboard.state.choices import Choices
from dashboard.view import CUSTOM, View


def link(
    url: str,
    view: View,
    choices: Choices,
    *,
    period: str,
    fixed: bool,
    pinned: bool = False,
    extra: dict[str, str] | None = None,
) -> str:
    """The address of the page at `url` with this view; see `query`."""
    parts = urlsplit(url)
    return urlunsplit(
        (
            parts.scheme,
            parts.netloc,
            parts.path,
            query(view, choices, period, fixed=fixed, pinned=pinned, extra=extra),
            "",
        )
    )


def query(
    view: View,
    choices: Choices,
    period: str,
    *,
    fixed: bool = False,
    pinned: bool = False,
    extra: dict[str, str] | None = None,
) -> str:
    """The view as a query string.

    Everything is written out, automatic choices too, so that a colleague sees the same lines when a default has moved
    on; lines that nobody chose are no filter, or the link would count fewer articles. `fixed` writes the first and
    last day; else the period (its label, from the widget) moves with the calendar. `pinned` writes the revision too:
    what is opened shows these numbers for ever. `extra` are parameters of the page's own.
    """
    filters = view.filters
    pairs: list[tuple[str, str]] = []
    for control in CONTROLS:
        if control.kind != "period":
            pairs += _written(control, view, choices)
        elif fixed or period == CUSTOM:
            pairs += [(keys.PERIOD, CUSTOM), *((keys.DATES, day.isoformat()) for day in (view.since, view.until))]
        else:
            pairs.append((keys.PERIOD, period))
    if pinned and filters.as_of:
        pairs.append((keys.AS_OF, str(filters.as_of)))
    return urlencode(pairs + list((extra or {}).items()))


def _written(control: Control, view: View, choices: Choices) -> list[tuple[str, str]]:
    """What stands in the URL for one filter; nothing where nothing is narrowed."""
    value: Any = getattr(view if control.kind in ("one", "segments") else view.filters, control.field)
    if control.key == keys.FIGURES and not value:
        control, value = replace(control, key=keys.LINES), view.lines
    texts: list[str] = []
    match control.kind:
        case "search":
            texts = [value.strip()] if value.strip() else []
        case "range":
            texts = [f"{end:.2f}" for end in value or ()]
        case "switch":
            texts = ["true"] if value == control.on else []
        case _:
            labels = {of: label for label, of in choices.labelled(control.options).items()}
            texts = [labels[of] for of in (value if control.kind == "several" else [value]) if of in labels]
    return [(control.key, text) for text in texts]
