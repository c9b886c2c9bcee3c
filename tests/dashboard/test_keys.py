"""One row a filter: it has a widget, a chip, a place in links, in exports and on the command line."""

from __future__ import annotations

from dataclasses import fields, replace

import typer
from typer.main import get_command

from dashboard import keys
from dashboard.app_pages import PAGES, PARAMETERS
from dashboard.controls import share
from dashboard.view import View
from ingest.__main__ import app
from ingest.store.read.filters import FILTERS, Filters
from tests.dashboard.app_pages.test_pages import Open, choices, demo_view, model
from tests.dashboard.app_pages.test_pages import demo as demo
from tests.dashboard.app_pages.test_pages import demo_record as demo_record
from tests.dashboard.app_pages.test_pages import open_page as open_page

#: A value of each filter that narrows something in the demo.
CHOSEN = Filters(
    figures=("kim-jong-un",), topics=("sanctions",), languages=("en",), texts=("full",), tone=(-0.5, 0.5),
    search="summit", offices=True, copies="once",
)  # fmt: skip


def test_every_filter_has_a_row_on_both_sides() -> None:
    own = {each.name for each in fields(Filters)} - {"as_of"}
    assert {each.field for each in FILTERS} == own
    ours = {control.field for control in keys.CONTROLS if control.kind not in ("one", "segments")}
    assert ours - {"period"} == own - {"since", "until"}
    assert {control.field for control in keys.CONTROLS if control.kind in ("one", "segments")} <= set(View.__slots__)
    assert len(set(keys.ALL_KEYS)) == len(keys.ALL_KEYS)


def test_every_filter_is_a_widget_and_reset_puts_it_back(demo: Open) -> None:
    at = demo(**{keys.FIGURES: ["Kim Jong Un"], keys.TONE: ["-0.50", "0.50"], keys.ONCE: "true", keys.SEARCH: "summit"})
    for control in keys.CONTROLS:
        assert control.key in at.session_state, control.label
    at.button(key=next(button.key for button in at.sidebar.button if button.label == "Reset")).click().run()
    for control in keys.CONTROLS:
        value = at.session_state[control.key]
        assert (list(value) if isinstance(value, list | tuple) else value) == (
            list(control.default) if isinstance(control.default, list | tuple) else control.default
        ), control.label


def test_every_filter_is_a_chip_stands_in_links_and_in_an_exports_words(demo: Open) -> None:
    demo()
    view = demo_view()
    sources = view.filters.sources[:1]
    view = replace(view, filters=replace(CHOSEN, sources=sources, since=view.since, until=view.until))
    written = share.query(view, choices.of(model().snapshot), "Automatic")
    for control in keys.CONTROLS:
        assert f"{control.key}=" in written, control.label
    told = [each.in_words(view.filters, {sources[0]: "Post"}) for each in FILTERS]
    assert all(told), "each of them is set"
    assert [text.partition("=")[0] for text in told] == [each.called or each.field for each in FILTERS]
    assert not any(each.in_words(Filters(), {}) for each in FILTERS)
    at = demo(
        **{keys.SEARCH: "summit", keys.FIGURES: ["Kim Jong Un"], keys.SOURCES: ["Demo Wire"]},
        **{keys.TOPICS: ["Sanctions"], keys.TONE: ["-0.50", "0.50"], keys.LANGUAGES: ["en"], keys.TEXTS: ["full text"]},
    )
    chips = [str(button.key) for button in at.button if str(button.key).startswith("chip-")]
    for control in keys.CONTROLS:
        if control.narrows:
            assert any(chip.startswith(f"chip-{control.key}") for chip in chips), control.label


def test_every_filter_is_an_option_of_export() -> None:
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    options = {option for parameter in group.commands["export"].params for option in parameter.opts}
    assert {each.option for each in FILTERS} <= options


def test_every_page_is_a_row_with_parameters_of_its_own() -> None:
    assert PAGES[0].path == ""
    assert len({row.path for row in PAGES}) == len({row.title for row in PAGES}) == len(PAGES)
    assert not set(PARAMETERS) & {*keys.ALL_KEYS, keys.LINES, keys.AS_OF}
