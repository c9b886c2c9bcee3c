"""The View that a query string describes: the inverse of `share.query`, without Streamlit.

Parameters that are not a filter's, and labels that are no longer offered, are passed over, as the page does it. Where
the page would go back to a default in silence, an error says what is wrong: a file has no place to show what it was
made of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs

from dashboard import keys
from dashboard.controls import automatic
from dashboard.keys import CONTROLS, Control
from dashboard.model.snapshot import Snapshot
from dashboard.state.choices import Choices
from dashboard.view import CUSTOM, View
from ingest.errors import IngestError
from ingest.store.read.filters import Filters
from ingest.store.search.lexemes import LONGEST
from ingest.text.dates import FIRST_YEAR

Given = Mapping[str, Sequence[str]]  # the values of each parameter, in their order

#: Longest query string, in characters, and most parameters: a link that names a thousand sources is shorter.
LONGEST_QUERY = 60_000
_MOST = 2_500
#: Of a wrong value, so much is repeated in the message.
_SHOWN = 40
#: Days from today on which a period may end: ten years, as in the page's calendar.
_AHEAD = timedelta(days=3_650)


class AddressError(IngestError):
    """A query string describes no view."""


def parameters(query: str) -> Given:
    """The parameters of a query string. Raises AddressError if it is too long."""
    try:
        if len(query) > LONGEST_QUERY:
            raise ValueError
        return parse_qs(query, max_num_fields=_MOST)
    except ValueError:
        most = f"{LONGEST_QUERY:,} characters and {_MOST:,} parameters"
        raise AddressError(f"The address is too long. At most {most} are read.") from None


def read(given: Given, choices: Choices, model: Snapshot, today: date, as_of: int) -> View:
    """The view that parameters describe, as of a revision. Raises AddressError at a value that can't be meant."""
    chosen = {control.field: _value(control, given, choices, today) for control in CONTROLS}
    return automatic.view(chosen, given.get(keys.LINES, ()), choices, model, today, as_of)


def _value(control: Control, given: Given, choices: Choices, today: date) -> Any:
    texts = given.get(control.key, ())
    last = texts[-1] if texts else ""
    match control.kind:
        case "search" | "words":
            if len(last) > LONGEST:
                raise AddressError(f"{control.key} is longer than {LONGEST:,} characters. Shorten it.")
            return last
        case "range":
            return _range(control, texts)
        case "switch":
            if last.lower() not in ("", "true", "false"):
                raise _wrong(control.key, last, "true or false")
            return control.filter.on if last.lower() == "true" else getattr(Filters(), control.field)
        case "several":
            values = choices.labelled(control.options)
            return tuple(dict.fromkeys(values[label] for label in texts if label in values))
    # One of a few: the period, the bin, the measure.
    values = choices.labelled(control.options)
    if last and last not in values:
        raise _wrong(control.key, last, ", ".join(values))
    value = values[last] if last else control.default
    return (value, _dates(given, today) if value == CUSTOM else ()) if control.kind == "period" else value


def _range(control: Control, texts: Sequence[str]) -> tuple[float, float] | None:
    if not texts:
        return None
    low, high = control.default
    try:
        ends = [float(text) for text in texts]
    except ValueError:
        ends = []
    if len(ends) != 2 or not all(math.isfinite(end) and low <= end <= high for end in ends):
        raise _wrong(control.key, " ".join(texts), f"two numbers from {low:g} to {high:g}")
    found = min(ends), max(ends)
    return None if found == control.default else found


def _dates(given: Given, today: date) -> tuple[date, ...]:
    texts = given.get(keys.DATES, ())
    first, last = date(FIRST_YEAR, 1, 1), today + _AHEAD
    try:
        days = tuple(date.fromisoformat(text) for text in texts if len(text) == 10)
    except ValueError:
        days = ()
    if len(days) != len(texts) or len(days) > 2 or not all(first <= day <= last for day in days):
        raise _wrong(keys.DATES, " ".join(texts), f"one or two days from {first} to {last}, as in 2026-03-31")
    return days


def _wrong(key: str, value: str, allowed: str) -> AddressError:
    shown = value[:_SHOWN] + "…" * (len(value) > _SHOWN)
    return AddressError(f"{key}={shown} can't be read. Give {allowed}.")
