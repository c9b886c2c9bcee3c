"""What each number means, how it comes about, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit as st

from dashboard.labelling import agreement
from dashboard.look import borders, words
from dashboard.numbers import published, sample
from dashboard.numbers.published import Published
from dashboard.state.page import Page
from ingest.store import watched
from ingest.store.read import labels
from ingest.store.read.labels import CountedLabel

#: So wide a text is read with ease.
_WIDTH = 760


def draw(page: Page) -> None:
    """Draws the page."""
    with st.container(width=_WIDTH):
        _in_force(page)
        _section("What is counted", "counts")
        _section("Who is meant", "figures")
        _section("In what tone", "tone")
        _trust(page)
        _section("Stories", "stories")
        _section("Languages", "languages")


def _section(title: str, anchor: str) -> None:
    st.subheader(title, anchor=anchor)
    st.markdown(_texts()[title])


@cache
def _texts() -> dict[str, str]:
    """The texts of methods.md by their headings."""
    _, *sections = Path(__file__).with_suffix(".md").read_text(encoding="utf-8").split("\n## ")
    return {title: text for title, _, text in (section.partition("\n") for section in sections)}


def _in_force(page: Page) -> None:
    """Which scorer and watch-list made the numbers."""
    with page.model.engine.connect() as connection:
        scorer = watched.scorer(connection, page.pin.revision)
    watching = page.choices.watchlist
    if not scorer:
        st.info("**Nothing has been scored yet.** What follows holds from the first article on.")
        return
    unscored = [code for code in page.choices.languages if code != "en"]
    other = f"; not scored: {', '.join(map(borders.markdown, unscored))}" if unscored else ""
    st.markdown(
        f"In force: scorer **{borders.markdown(scorer)}** · watch-list **{borders.markdown(watching.hash[:8])}** "
        f"({words.count(len(watching.figures), 'figure')}, {words.count(len(watching.topics), 'topic')}) · "
        f"scored language: English{other}"
    )
    st.caption(f"{page.pin.as_of} · every export names these versions too")


def _trust(page: Page) -> None:
    """Published figures beside those of this desk's own labels."""
    st.subheader("How far to trust the tone", anchor="trust")
    here = _audited(page)
    if rows := table(published.read(), here):
        st.markdown("\n".join(rows))
    st.markdown(" ".join(read(published.read(), here)))
    st.markdown(_texts()["How far to trust the tone"])


def _audited(page: Page) -> list[CountedLabel]:
    with page.model.engine.connect() as connection:
        newest = labels.newest(connection)

        def ask() -> list[CountedLabel]:
            return [each for each in labels.counted(connection, page.pin.revision) if each.label != "unsure"]

        # Read once a label, not once a click.
        return page.model.cache.get(("labels", page.pin.revision, newest), ask)


def table(shipped: Sequence[Published], here: Sequence[CountedLabel]) -> list[str]:
    """The figures as lines of a Markdown table; none where nothing was measured anywhere."""
    lines = [
        f"| {borders.markdown(each.name)} | {borders.markdown(each.held_out or 'labels not trained on')} "
        f"| {words.number(each.n)} | {words.share(each.accuracy)} | {_f1(each)} |"
        for each in shipped
    ]
    for scorer in sample.scorers(here):
        found = sample.agreement_with(here, scorer)
        accuracy = agreement.interval(found.accuracy, found.accuracy_interval)
        macro = agreement.f1(found.macro_f1, found.macro_f1_interval)
        shown = (accuracy, macro) if found.n >= sample.FEWEST else ("too few", "too few")
        lines.append(f"| {scorer} | **your own labels** (Audit) | {words.number(found.n)} | {' | '.join(shown)} |")
    head = ["| scorer | measured on | n | agrees with people | macro-F1 |", "|---|---|--:|--:|--:|"]
    return head + lines if lines else []


def _f1(each: Published) -> str:
    spread = "" if each.spread is None else f" ± {agreement.digits(each.spread, 3)}"
    return f"{agreement.digits(each.macro_f1)}{spread}"


def read(shipped: Sequence[Published], here: Sequence[CountedLabel]) -> list[str]:
    """The table in plain words."""
    said = []
    if shipped and shipped[0].accuracy is not None:
        wrong = max(2, round(1 / max(1e-9, 1 - shipped[0].accuracy)))
        said.append(f"On sentences it had not seen, the shipped model is wrong on about one in {words.number(wrong)}.")
    elif not shipped:
        said.append("No model card is shipped with this installation, so there are no published figures to show.")
    if here:
        yours = f"{words.number(len(here))}, the newest of {words.day(max(each.at for each in here).date())}"
        said.append(f"Your own labels ({yours}) say how it does on your texts.")
    else:
        said.append(
            "Nobody has labelled sentences of yours yet: the **Audit** page takes ten minutes for a first idea."
        )
    said.append(
        "Macro-F1 is the mean over negative, neutral and positive of how well each is found: 1 is perfect, and who "
        "always gives the most frequent label gets about .2."
    )
    return said
