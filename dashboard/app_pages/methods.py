"""What each number means, how it comes about, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.labelling import agreement
from dashboard.look import borders, words
from dashboard.numbers import published, sample
from dashboard.numbers.published import Published
from dashboard.state.page import Page
from ingest.store import watched
from ingest.store.read import labels
from ingest.store.read.labels import Given

#: So wide a text is read with ease.
_WIDTH = 760

_FIGURES = """
A figure is found by its names, not by a guess. **Strong** names (“Ada Quill”) always count. **Weak** ones, mostly a
surname, count only where a strong one stands in the same article; a few people are **famous** enough for their
surname alone. Longer names that carry the same word, such as a building or a namesake with another first name, are
swallowed and count for nobody. Where two people with one surname are both in an article, the one named in full last, in
this sentence or the one before, is meant; where that leaves doubt the mention is **ambiguous**: shown, in no count and
without a tone.

**Offices** (“the Quill administration”) are a kind of their own. They count when “Count offices” is on. Names that go
with a post, such as “the foreign minister”, hold only for the days on which somebody held it.

`python -m ingest figures test "…"` shows how the rules read a text of yours.
"""

_COUNTS = """
- **Share** (attention): the articles that name a figure and pass all filters, out of all articles of the chosen
  sources, languages, kinds of text and days. Search, topics and tone make the first number smaller, never the second.
- **Share of voice**: one figure's mentions out of the mentions of all figures in view.
- **Net tone**: positive mentions minus negative ones, out of all mentions with a tone.
- **Change**: against the period of equal length just before, and as much of it as has passed of this one. Tone changes
  are differences in points, not per cent.
- **Spread around a number**: the line or band holds 95 % of what chance would do. For shares it is Wilson's; for
  tones it treats all copies of one story as one observation, so printing a text twenty times makes nothing surer. Under
  five stories no mean is drawn.
- **Days** are UTC. **Today** and this week are not over and drawn dashed. Where a source failed, the period is hatched:
  silence there is not decline.
"""

_TONE = """
Two different things are called tone here.

**Article tone** is the mean of its sentences' scores by the VADER word list, from −1 to 1. It says how a text sounds,
not what it says about anybody.

**Tone toward a figure** is scored for each mention, in its sentence: one sentence can be good news for one person and
bad for the next. Two scorers can do it. The **rule** weighs the words around the name, near ones more than far ones,
and can point to the words that moved it. The **encoder** is a small language model, trained on news sentences that
people have labelled; it is right more often, and can't say why; the reader shows on demand without which words its
answer would differ. Where both have scored a mention, the encoder's tone counts. Who speaks in a quotation is not
scored by what he says in it; offices are scored like persons.

The figure's line is the mean over its mentions. A mean of 0 can be calm or mixed: the shares of negative, neutral and
positive beside it tell which.
"""

_TRUST = """
- **A mean of hundreds of mentions is worth something; the label of one sentence is not.** Mistakes that go both ways
  cancel out in a mean over 400 mentions, and a change between two periods cancels much of what is left. A single
  sentence may simply be wrong: open it and read.
- **Neutral is the hardest.** Sober reports of bad events are taken for criticism. If a topic is grim, so is the tone of
  everybody who deals with it: compare figures within a topic, not across topics.
- **Mistakes may lean one way.** A scorer that calls too much positive lifts every mean. Differences between figures or
  over time survive that; the distance from zero does not. The Audit page shows the lean on your own texts.
- **Irony, hints and jargon** are read literally. Praise that is meant to hurt counts as praise.
- **Quoted speech**: that a rival attacks somebody is counted as negative toward him, whoever the paper sides with. Tone
  is how a figure is spoken of, not the paper's stance.
- **People differ too.** No scorer can be expected to agree with people more than they do with each other; where two
  colleagues label the same sample, the Audit page says how much that is.
"""

_STORIES = """
Copies of one text, edited or cut, make one **story**: they are told by the runs of words that they share. “Count copies
once” keeps, of each story, the copy that arrived first: what was decided, not what was seen. A second report on the
same event, in other words, is another story.
"""

_LANGUAGES = """
Every article's language is recognised and counted. Figures are found by the names listed for that language. **Only
English is scored**: texts in other languages count in every share, and have no tone.
"""


def draw(page: Page) -> None:
    """Draws the page."""
    with st.container(width=_WIDTH):
        _in_force(page)
        for title, anchor, text in (
            ("What is counted", "counts", _COUNTS),
            ("Who is meant", "figures", _FIGURES),
            ("In what tone", "tone", _TONE),
        ):
            st.subheader(title, anchor=anchor)
            st.markdown(text)
        _trust(page)
        for title, anchor, text in (("Stories", "stories", _STORIES), ("Languages", "languages", _LANGUAGES)):
            st.subheader(title, anchor=anchor)
            st.markdown(text)


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
    rows = table(published.read(), here)
    if rows:
        st.markdown("\n".join(rows))
    st.markdown(" ".join(read(published.read(), here)))
    st.markdown(_TRUST)


def _audited(page: Page) -> list[Given]:
    with page.model.engine.connect() as connection:
        newest = labels.newest(connection)

        def ask() -> list[Given]:
            return [each for each in labels.given(connection, page.pin.revision) if each.label != "unsure"]

        # Read once a label, not once a click.
        return page.model.columns.cache.get(("labels", page.pin.revision, newest), ask)


def table(shipped: Sequence[Published], here: Sequence[Given]) -> list[str]:
    """The figures as lines of a Markdown table; none where nothing was measured anywhere."""
    lines = [
        f"| {borders.markdown(each.name)} | {borders.markdown(each.held_out or 'labels not trained on')} "
        f"| {words.number(each.n)} | {_percent(each.accuracy)} | {_f1(each)} |"
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


def _percent(value: float | None) -> str:
    return words.NO_VALUE if value is None else words.share(value)


def _f1(each: Published) -> str:
    spread = "" if each.spread is None else f" ± {agreement.digits(each.spread, 3)}"
    return f"{agreement.digits(each.macro_f1)}{spread}"


def read(shipped: Sequence[Published], here: Sequence[Given]) -> list[str]:
    """The table in plain words."""
    said = []
    if shipped and shipped[0].accuracy is not None:
        wrong = max(2, round(1 / max(1e-9, 1 - shipped[0].accuracy)))
        said.append(f"On sentences it had not seen, the shipped model is wrong on about one in {words.number(wrong)}.")
    elif not shipped:
        said.append("No model card is shipped with this installation, so there are no published figures to show.")
    if here:
        newest = words.day(max(each.at for each in here).date())
        said.append(
            f"Your own labels ({words.number(len(here))}, the newest of {newest}) say how it does on your texts."
        )
    else:
        said.append(
            "Nobody has labelled sentences of yours yet: the **Audit** page takes ten minutes for a first idea."
        )
    said.append(
        "Macro-F1 is the mean over negative, neutral and positive of how well each is found: 1 is perfect, and who "
        "always gives the most frequent label gets about .2."
    )
    return said
