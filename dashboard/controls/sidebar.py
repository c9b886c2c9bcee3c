"""The sidebar's filters, bound to the URL, and the View that they describe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from dashboard import keys
from dashboard.controls import automatic, searchfield
from dashboard.keys import CONTROLS, Control
from dashboard.look import borders
from dashboard.model.snapshot import Snapshot
from dashboard.state.choices import Choices
from dashboard.view import AUTOMATIC, CUSTOM, View
from ingest.store.read.filters import Filters
from ingest.store.search.lexemes import LONGEST
from ingest.text.dates import FIRST_YEAR


def draw(choices: Choices, model: Snapshot, today: date, as_of: int) -> View:
    """Draws the filters; returns the view that they describe, as of a revision."""
    chosen: dict[str, Any] = {}
    with st.sidebar:
        for control in CONTROLS:
            if control.kind == "search":
                chosen[control.field] = searchfield.draw(control, model, as_of)
            else:
                chosen[control.field] = _DRAWN[control.kind](control, choices)
        st.button("Reset", on_click=reset, width="stretch", icon=":material/restart_alt:")
    return automatic.view(chosen, st.query_params.get_all(keys.LINES), choices, model, today, as_of)


# -- one function for each kind of control: draws it, returns the value of its field


def _period(control: Control, choices: Choices) -> tuple[str, Sequence[date]]:
    labels = list(choices.labelled(control.options))
    chosen = st.selectbox(control.label, labels, key=control.key, bind="query-params", help=control.help)
    if chosen != CUSTOM:
        return chosen or AUTOMATIC, ()
    given: Any = st.date_input(
        "From – to (UTC)", value=[], key=keys.DATES, bind="query-params", format="YYYY-MM-DD",
        # Without it, days more than ten years back would leave the link in silence.
        min_value=date(FIRST_YEAR, 1, 1),
    )  # fmt: skip
    return CUSTOM, given if isinstance(given, tuple) else (given,)


def _several(control: Control, choices: Choices) -> tuple[Any, ...]:
    values = choices.labelled(control.options)
    chosen = st.multiselect(
        control.label, list(values), key=control.key, bind="query-params", placeholder=control.placeholder,
        help=control.help,
    )  # fmt: skip
    return tuple(values[label] for label in chosen)


def _range(control: Control, _: Choices) -> tuple[float, float] | None:
    low, high = control.default
    found: Any = st.slider(
        control.label, low, high, control.default, control.step, key=control.key, bind="query-params",
        format=f"%{control.filter.form}", help=control.help,
    )  # fmt: skip
    return None if tuple(found) == control.default else (found[0], found[1])


def _one(control: Control, choices: Choices) -> Any:
    values = choices.labelled(control.options)
    return values[st.selectbox(control.label, list(values), key=control.key, bind="query-params", help=control.help)]


def _segments(control: Control, choices: Choices) -> Any:
    labels = {value: label for label, value in choices.labelled(control.options).items()}
    return st.segmented_control(
        control.label, list(labels), default=control.default, key=control.key, bind="query-params", required=True,
        format_func=labels.__getitem__, width="stretch", help=control.help,
    )  # fmt: skip


def _switch(control: Control, _: Choices) -> Any:
    on = st.toggle(control.label, key=control.key, bind="query-params", help=control.help)
    return control.filter.on if on else getattr(Filters(), control.field)


def _words(control: Control, _: Choices) -> str:
    return st.text_input(
        control.label, key=control.key, bind="query-params", placeholder=control.placeholder, max_chars=LONGEST,
        help=control.help,
    ) or ""  # fmt: skip


_DRAWN: Mapping[str, Callable[[Control, Choices], Any]] = {
    "words": _words, "period": _period, "several": _several, "range": _range, "one": _one, "segments": _segments,
    "switch": _switch,
}  # fmt: skip


def reset() -> None:
    """Puts every filter back to its default."""
    st.query_params.pop(keys.LINES, None)
    st.session_state.pop(keys.DATES, None)
    # Set, not taken away: a widget that begins anew would take its old value from the URL.
    for control in CONTROLS:
        _set_default(control)


def _set_default(control: Control) -> None:
    default = control.default
    st.session_state[control.key] = list(default) if isinstance(default, list) else default


#: More of one kind than this are one chip.
_CHIPS = 4


def _without(key: str, value: str) -> None:
    st.session_state[key] = [label for label in st.session_state[key] if label != value]


def chips(view: View) -> None:
    """Each filter in force as a button that takes it away."""
    found = [chip for control in CONTROLS if control.narrows for chip in _chips(control, view)]
    if not found:
        return
    with st.container(horizontal=True, gap="small"):
        for key, label, callback, *args in found:
            st.button(
                borders.markdown(label), key=f"chip-{key}", on_click=callback, args=tuple(args),
                icon=":material/close:", help="Take this filter away",
            )  # fmt: skip


def _chips(control: Control, view: View) -> Iterable[tuple[Any, ...]]:
    """The chips of one filter: key, label, callback and what that is called with."""
    key = control.key
    if control.kind == "several":
        chosen = st.session_state[key]
        if len(chosen) > _CHIPS:
            return [(key, f"{len(chosen)} {control.plural or key}", _set_default, control)]
        return [(f"{key}-{label}", label, _without, key, label) for label in chosen]
    value = getattr(view.filters, control.field)
    if control.kind == "search":
        return [(key, f"“{value.strip()[:40]}”", _set_default, control)] if value.strip() else []
    name, _, told = control.filter.in_words(view.filters, {}).partition("=")
    if control.kind == "switch":
        return [(key, control.label, _set_default, control)] if told else []
    told = told.replace("-", "−") if control.kind == "range" else told[:40]
    return [(key, f"{name} {told}", _set_default, control)] if told else []
