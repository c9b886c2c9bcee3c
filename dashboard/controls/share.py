"""A view as a link that opens the same view: every filter written out, the period moving or fixed."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from dashboard import keys
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
    if filters.search.strip():
        pairs.append((keys.SEARCH, filters.search.strip()))
    if fixed or period == CUSTOM:
        pairs.append((keys.PERIOD, CUSTOM))
        pairs += [(keys.DATES, day.isoformat()) for day in (view.since, view.until)]
    else:
        pairs.append((keys.PERIOD, period))
    for key, ids, labels in (
        (keys.FIGURES if filters.figures else keys.LINES, view.lines, choices.figure_names),
        (keys.SOURCES, view.sources, choices.source_names),
        (keys.TOPICS, filters.topics, choices.topic_names),
    ):
        pairs += [(key, labels[id_]) for id_ in ids if id_ in labels]  # type: ignore[index]
    pairs += [(keys.LANGUAGES, code) for code in filters.languages]
    pairs += [(keys.TEXTS, keys.TEXT_KINDS[kind]) for kind in filters.texts]
    if filters.tone:
        pairs += [(keys.TONE, f"{end:.2f}") for end in filters.tone]
    pairs.append((keys.BIN, view.bin))
    pairs.append((keys.MEASURE, keys.MEASURES[view.measure]))
    if filters.offices:
        pairs.append((keys.OFFICES, "true"))
    if view.filters.copies == "once":
        pairs.append((keys.ONCE, "true"))
    if pinned and filters.as_of:
        pairs.append((keys.AS_OF, str(filters.as_of)))
    return urlencode(pairs + list((extra or {}).items()))
