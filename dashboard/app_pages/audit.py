"""Local validation: a random sample of mentions, labelled without their scores; then what the labels say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import streamlit as st
from sqlalchemy import Engine

from dashboard import keys
from dashboard.labelling import agreement, card, coder
from dashboard.look import borders, words
from dashboard.numbers import queries, sample
from dashboard.numbers.sample import Sample
from dashboard.parts import empty
from dashboard.state.page import Page
from ingest.models import utcnow
from ingest.store import record
from ingest.store.read import labels
from ingest.store.read.labels import Answer, CountedLabel, Passage, Place

#: The URL's parameter for the sample: its seed and its size. With view and revision it draws the same one anywhere.
SAMPLE = "sample"
_SIZES = (50, 100, 200, 400)
_MORE = 100
_MOST = 2000
_SEED, _SIZE = 1, 100
_WRITTEN = re.compile(r"([0-9]{1,6})-([1-9][0-9]{0,3})", re.ASCII)

Answers = Mapping[Place, Answer]

_ASKED: tuple[tuple[Answer, str, str], ...] = (
    ("negative", "Negative", "1"),
    ("neutral", "Neutral", "2"),
    ("positive", "Positive", "3"),
    ("unsure", "Unsure", "U"),
)

_HOW = """
- **Negative**: a fair reader thinks worse of the marked person after this sentence: blame, mockery, wrongdoing.
- **Positive**: better: praise, success, help. **Neutral**: neither, or as much of one as of the other.
- Judge what is said *of the person*, not the topic: who comments on a disaster is not spoken of badly.
- What is quoted counts for those it speaks of, not for the speaker.
- **Unsure**: you can't tell, neighbouring sentences or not. It is kept, and counts for nothing.
- **Skip**: it comes again at the end. **Back** lets you correct yourself: the newest label counts.
"""


def draw(page: Page) -> None:
    """Draws the page: the sample that the link names, or the choice of one."""
    written = st.query_params.get(SAMPLE, "")
    asked = _written(written)
    if asked is None or not page.pin.fixed:
        _propose(page, *(asked or (_SEED, _SIZE)))
        if found := given(page):
            st.subheader("All labels so far", anchor=False)
            agreement.draw(page, found, by=coder.current())
        return
    seed, size = asked
    drawn = sample.draw(page.model, page.view, seed, size)
    if not drawn.ids:
        _nothing(page)
        return
    _caution(page)
    st.caption(
        f"Sample {seed}: {words.number(len(drawn.ids))} of {words.count(drawn.total, 'scored mention')}, each of "
        f"{words.count(drawn.figures, 'figure')} and {words.count(drawn.outlets, 'outlet')} in proportion, one copy "
        "of each story. **Copy link → Numbers fixed** gives a colleague the very same sample."
    )
    by = coder.draw(page.model.engine)
    with page.model.engine.connect() as connection:
        places = labels.places(connection, drawn.ids)
        mine = labels.answers(connection, by) if by else {}
    shown = st.segmented_control(
        "Show", ["Label", "Results"], default="Label", key="audit-as", required=True, label_visibility="collapsed",
    )  # fmt: skip
    if shown == "Results":
        _results(page, written, by)
    else:
        _label(page, drawn, places, mine, by, seed)


def _written(text: str) -> tuple[int, int] | None:
    """Seed and size from the URL's parameter; None if it names no sample."""
    found = _WRITTEN.fullmatch(text)
    return (int(found[1]), min(int(found[2]), _MOST)) if found else None


def _propose(page: Page, seed: int, size: int) -> None:
    """Says what can be sampled, with the button that draws the sample."""
    st.markdown(
        "How well does the tone fit *your* texts? Read a random sample without its scores, say what each sentence says "
        "of the person, and see how often the scorers agree with you."
    )
    drawn = sample.draw(page.model, page.view, seed, size)
    if not drawn.total:
        _nothing(page)
        return
    _caution(page)
    with st.container(border=True, key="audit-draw"):
        st.markdown(
            f"**{words.count(drawn.total, 'scored mention')}** of {words.count(drawn.figures, 'figure')} in "
            f"{words.count(drawn.outlets, 'outlet')} pass the filters; of a text that many printed, one copy."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            sizes = sorted({*_SIZES, size})
            chosen = st.selectbox("How many", sizes, index=sizes.index(size), key="audit-size", width=120)
            number = st.number_input(
                "Seed", 0, 999_999, seed, key="audit-seed", width=140,
                help="The same seed, filters and revision draw the same sample, on any machine. Another seed, another.",
            )  # fmt: skip
            st.button(
                "Draw the sample", key="audit-start", type="primary", icon=":material/casino:", on_click=_open,
                args=(int(number), chosen, page.pin.revision),
            )  # fmt: skip
        st.caption("The view is fixed while you label: what arrives meanwhile does not change the sample.")


def _open(seed: int, size: int, revision: int) -> None:
    st.query_params[SAMPLE] = f"{seed}-{size}"
    st.query_params[keys.AS_OF] = str(revision)


def _nothing(page: Page) -> None:
    if not queries.total(page.model, page.view):
        empty.draw(page, 0)
        return
    st.info(
        "**No scored mention passes the filters, so there is nothing to label.** Only English is scored, and only "
        "where a figure is named. Take a filter away, or choose a longer period.",
        icon=":material/filter_alt_off:",
    )


def _caution(page: Page) -> None:
    """Warns of a filter by tone, which tells the coder what to expect."""
    if page.view.filters.tone:
        st.warning(
            "The view is narrowed by article tone: you know beforehand which way these texts lean, and the results "
            "hold for such texts only. Take the filter away for a fair sample.",
            icon=":material/visibility:",
        )


def _label(page: Page, drawn: Sample, places: Sequence[Place], mine: Answers, by: str, seed: int) -> None:
    """One mention and the keys for it."""
    if not by:
        st.info("**Who are you?** Give your name above: each label carries it.", icon=":material/badge:")
        return
    skipped: list[Place] = st.session_state.setdefault("audit-skipped", [])
    done = sum(place in mine for place in places)
    waiting = sum(place in skipped and place not in mine for place in places)
    later = f" · {waiting} skipped" if waiting else ""
    st.progress(done / len(places), f"{done} of {len(places)} labelled by {borders.markdown(by)}{later}")
    at = _next(places, mine, skipped)
    if at is None:
        _finished(page, drawn, seed)
        return
    with page.model.engine.connect() as connection:
        passage = labels.passage(connection, drawn.ids[at])
    if passage is None:
        st.error("**This mention is not in the record.** Draw the sample anew.", icon=":material/search_off:")
        return
    with st.container(border=True, key="audit-card"):
        who = borders.markdown(page.names.get(passage.place.figure, passage.place.figure))
        office = " (named as an office)" if passage.kind == "office" else ""
        st.markdown(f"**How does this speak of {who}?**{office}")
        st.html(card.html(passage, page.theme))
        _keys(page.model.engine, passage, places, at, mine, by)
    with st.expander("How to decide"):
        st.markdown(_HOW)
    st.caption("Outlet, date and scores are left out on purpose: they would tell you what to think.")


def _next(places: Sequence[Place], mine: Answers, skipped: Sequence[Place]) -> int | None:
    """The mention to label: the one gone back to, else the first without a label, those skipped last."""
    again = st.session_state.get("audit-again")
    if isinstance(again, int) and again < len(places):
        return again
    waiting = [at for at, place in enumerate(places) if place not in mine]
    passed = {place: turn for turn, place in enumerate(skipped)}
    return min(waiting, key=lambda at: (passed.get(places[at], -1), at), default=None)


def _keys(engine: Engine, passage: Passage, places: Sequence[Place], at: int, mine: Answers, by: str) -> None:
    # The keys of the widgets change with the mention: a key pressed twice must not label the next one unseen.
    with st.container(horizontal=True):
        for answer, name, shortcut in _ASKED:
            st.button(
                name, key=f"audit-{answer}-{at}", shortcut=shortcut, on_click=_give,
                args=(engine, passage, answer, by),
                type="primary" if mine.get(places[at]) == answer else "secondary",
            )  # fmt: skip
        st.button("Skip", key=f"audit-skip-{at}", shortcut="S", type="tertiary", on_click=_skip, args=(passage.place,))
        if before := [number for number in range(at) if places[number] in mine]:
            st.button(
                "Back", key=f"audit-back-{at}", shortcut="B", type="tertiary", on_click=_again, args=(before[-1],)
            )
    if said := mine.get(places[at]):
        st.caption(f"You said **{said}**. The newest label counts.")


def _give(engine: Engine, passage: Passage, answer: Answer, by: str) -> None:
    with record.writing(engine) as connection:
        labels.add(connection, passage.place, passage.article_id, answer, by=by, now=utcnow())
    _again(None)


def _skip(place: Place) -> None:
    skipped: list[Place] = st.session_state["audit-skipped"]
    st.session_state["audit-skipped"] = [*(each for each in skipped if each != place), place]
    _again(None)


def _again(at: int | None) -> None:
    st.session_state["audit-again"] = at


def _finished(page: Page, drawn: Sample, seed: int) -> None:
    st.success("**All labelled.** The results are one click away, above.", icon=":material/done_all:")
    size = len(drawn.ids)
    with st.container(horizontal=True):
        st.button("Back", key="audit-back", shortcut="B", on_click=_again, args=(size - 1,))
        if size < min(drawn.total, _MOST):
            more = min(_MORE, drawn.total - size, _MOST - size)
            st.button(
                f"Draw {more} more", key="audit-more", icon=":material/casino:", on_click=_open,
                args=(seed, size + more, page.pin.revision),
            )  # fmt: skip


def _results(page: Page, written: str, by: str) -> None:
    of = st.segmented_control(
        "Of", ["This sample", "All labels"], default="This sample", key="audit-of", required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    if of != "This sample":
        written = ""
    if found := given(page, written):
        agreement.draw(page, found, by=by, extra=[(SAMPLE, written)] if written else [])
    else:
        few = "A few dozen labels give a first idea, some hundreds a number to quote."
        st.info(f"**Nobody has labelled anything here yet.** {few}", icon=":material/edit_note:")


def given(page: Page, written: str = "") -> list[CountedLabel]:
    """The labels of the sample that a link's parameter names; all labels if it names none."""
    asked = _written(written)
    drawn = sample.draw(page.model, page.view, *asked) if asked else None
    with page.model.engine.connect() as connection:
        found = labels.counted(connection, page.pin.revision)
        if drawn is not None:
            wanted = set(labels.places(connection, drawn.ids))
            found = [each for each in found if each.place in wanted]
    return found
