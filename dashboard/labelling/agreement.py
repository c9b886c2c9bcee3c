"""The agreement of scorers and coders with the labels, as panels; and the labels as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.charts import canvas
from dashboard.controls.share import Pair
from dashboard.look import borders, words
from dashboard.numbers import sample
from dashboard.parts import downloads
from dashboard.parts.panel import panel
from dashboard.state.page import Page
from ingest.models import LABELS
from ingest.store.read.labels import CountedLabel
from ingest.tone.evaluate import Evaluation, Interval
from ingest.tone.labelled import Labelled

#: Sentences shown on which coder and scorer differ.
_DIFFER = 20

AGREEMENT = (
    "Agreement: the share of labels that scorer and coder have in common. Macro-F1 looks at the three labels one by "
    "one and takes the mean, so that a rare one weighs as much as a frequent one. The interval holds 95 % of what "
    "other samples of articles would have given."
)
CODERS = (
    "Mentions that two coders both labelled. Cohen's kappa is their agreement beyond chance: 1 is always, 0 is what "
    "guessing would give. No scorer can be expected to agree with people more than they do with each other."
)
GROUPS = f"Under {sample.FEWEST} labels no share is given: it would be chance. With few labels the interval is wide."
ERRORS = "Rows: what people said; columns: what the scorer said. Its mistakes are the numbers off the diagonal."


def draw(page: Page, labels: Sequence[CountedLabel], *, by: str, extra: Sequence[Pair] = ()) -> None:
    """Draws all panels. `by` is the coder who looks, and who must see no scores of mentions yet to label.

    `extra` names the sample in the addresses of downloads; without it they are of all labels.
    """
    judged = judged_of(labels)
    st.markdown(headline(labels))
    scorers = sample.scorers(judged)
    if scorers:
        found = {scorer: sample.agreement_with(judged, scorer) for scorer in scorers}
        _scorers(page, found, judged, extra)
        _errors(page, scorers[0], found[scorers[0]], judged, extra)
    elif judged:
        st.info("**None of these mentions is scored now.** There is nothing to compare the labels with.")
    _coders(page, judged, extra)
    if scorers:
        _groups(page, "By figure", "by-figure", judged, extra)
        _groups(page, "By outlet", "by-outlet", judged, extra)
    if scorers and by:
        _differ(judged, scorers[0], by, page.names)
    _export(page, judged, extra)


def headline(labels: Sequence[CountedLabel]) -> str:
    """How many labels of how many mentions, by how many coders, and the day of the newest."""
    judged = judged_of(labels)
    parts = [
        f"**{words.count(len(judged), 'label')}** of {words.count(len({each.place for each in judged}), 'mention')}",
        f"by {words.count(len({each.by for each in labels}), 'coder')}",
        f"the newest of {words.day(max(each.at for each in labels).date())}",
    ]
    if unsure := len(labels) - len(judged):
        parts.append(f"{words.number(unsure)} unsure, not counted")
    return " · ".join(parts)


def interval(value: float | None, of: Interval | None) -> str:
    """A share with its 95 % interval: `76 % (68 to 83 %)`."""
    if value is None:
        return words.NO_VALUE
    reach = f" ({100 * of[0]:.0f} to {100 * of[1]:.0f}{words.NBSP}%)" if of else " (too few articles for an interval)"
    return f"{100 * value:.0f}{words.NBSP}%{reach}"


def f1(value: float | None, of: Interval | None) -> str:
    """A macro-F1 with its 95 % interval: `.74 (.66 to .81)`."""
    if value is None:
        return words.NO_VALUE
    reach = f" ({digits(of[0])} to {digits(of[1])})" if of else ""
    return f"{digits(value)}{reach}"


def digits(value: float, places: int = 2) -> str:
    """A number from −1 to 1 without the zero before the point: `.74`."""
    return f"{value:.{places}f}".replace("0.", ".", 1).replace("-", words.MINUS)


def judged_of(labels: Sequence[CountedLabel]) -> list[CountedLabel]:
    """The labels without "unsure" ones, which count for nothing."""
    return [each for each in labels if each.label != "unsure"]


def scorers_data(_: Page, judged: Sequence[CountedLabel]) -> pd.DataFrame:
    """One row a scorer: its agreement with the labels."""
    found = {scorer: sample.agreement_with(judged, scorer) for scorer in sample.scorers(judged)}
    rows = [
        (name, of.n, of.groups, of.accuracy, *(of.accuracy_interval or (None, None)), of.macro_f1,
         *(of.macro_f1_interval or (None, None)), of.kappa)
        for name, of in found.items()
    ]  # fmt: skip
    columns = ["scorer", "labels", "articles", "agreement", "agreement from", "agreement to", "macro_f1"]
    columns += ["macro_f1 from", "macro_f1 to", "kappa"]
    return pd.DataFrame(rows, columns=columns)


def _scorers(page: Page, found: dict[str, Evaluation], judged: Sequence[CountedLabel], extra: Sequence[Pair]) -> None:
    title, data = "How often do the scorers agree with people?", partial(scorers_data, page, judged)
    with panel(page, title, key="audit-scorers", data=data, about=AGREEMENT, extra=extra):
        lines = ["| scorer | n | agreement | macro-F1 | kappa |", "|---|--:|--:|--:|--:|"]
        lines += [
            f"| {name} | {of.n} | {interval(of.accuracy, of.accuracy_interval)} "
            f"| {f1(of.macro_f1, of.macro_f1_interval)} | {words.NO_VALUE if of.kappa is None else digits(of.kappa)} |"
            for name, of in found.items()
        ]
        st.markdown("\n".join(lines))
        first = next(iter(found.values()))
        if first.missing:
            st.caption(f"Nobody said {' or '.join(first.missing)}: these labels say nothing about that.")


def errors_data(_: Page, judged: Sequence[CountedLabel]) -> pd.DataFrame:
    """One row for what people said, one column for what the first scorer said."""
    confusion = [
        row for scorer in sample.scorers(judged)[:1] for row in sample.agreement_with(judged, scorer).confusion
    ]
    frame = pd.DataFrame(confusion, columns=[f"scorer: {label}" for label in LABELS])
    frame.insert(0, "people", LABELS[: len(confusion)])
    return frame


def _errors(page: Page, scorer: str, of: Evaluation, judged: Sequence[CountedLabel], extra: Sequence[Pair]) -> None:
    title, data = f"Which way does {scorer} err?", partial(errors_data, page, judged)
    with panel(page, title, key="audit-errors", data=data, about=ERRORS, extra=extra):
        lines = [f"| people ↓ {scorer} → | {' | '.join(LABELS)} |", "|---|--:|--:|--:|"]
        for place, (label, row) in enumerate(zip(LABELS, of.confusion, strict=True)):
            cells = (f"**{n}**" if column == place else str(n) for column, n in enumerate(row))
            lines.append(f"| {label} | {' | '.join(cells)} |")
        st.markdown("\n".join(lines))


def coders_data(_: Page, judged: Sequence[CountedLabel]) -> pd.DataFrame:
    """One row for two coders with labels in common."""
    return pd.DataFrame(
        [(pair.one, pair.other, pair.n, pair.agreed, pair.kappa) for pair in sample.pairs(judged)],
        columns=["coder", "other coder", "labels in common", "agreement", "kappa"],
    )


def _coders(page: Page, judged: Sequence[CountedLabel], extra: Sequence[Pair]) -> None:
    found, data = sample.pairs(judged), partial(coders_data, page, judged)
    with panel(page, "Do the coders agree with each other?", key="audit-coders", data=data, about=CODERS, extra=extra):
        if not found:
            st.caption(
                "No mention was labelled by two people yet. Give a colleague the link (Copy link → Numbers fixed)."
            )
        for pair in found[:10]:
            kappa = "undefined, both gave one label only" if pair.kappa is None else digits(pair.kappa)
            agreed = f" · agreement {words.share(pair.agreed)} · kappa {kappa}"
            both = f"**{borders.markdown(pair.one)}** and **{borders.markdown(pair.other)}**"
            st.markdown(f"{both}: n = {words.number(pair.n)}{', too few' if pair.n < sample.FEWEST else agreed}")


def _grouped(page: Page, judged: Sequence[CountedLabel], by: str) -> list[tuple[str, list[CountedLabel]]]:
    names, outlets = page.names, page.choices.source_names
    of: Callable[[CountedLabel], str] = (
        (lambda each: names.get(each.place.figure, each.place.figure))
        if by == "by-figure"
        else (lambda each: outlets.get(each.source_id, each.outlet))
    )
    return sample.grouped(judged, of)


def groups_data(page: Page, judged: Sequence[CountedLabel], *, by: str) -> pd.DataFrame:
    """One row a figure or outlet: labels, and each scorer's agreement; empty where there are too few."""
    scorers = sample.scorers(judged)
    rows: list[dict[str, object]] = []
    for name, mine in _grouped(page, judged, by):
        rows.append({"name": name, "labels": len(mine)})
        for scorer in scorers:
            found = sample.agreement_with(mine, scorer)
            enough = found.n >= sample.FEWEST
            rows[-1][f"{scorer} agreement"] = found.accuracy if enough else None
            rows[-1][f"{scorer} macro_f1"] = found.macro_f1 if enough else None
    return pd.DataFrame(rows)


def _groups(page: Page, title: str, by: str, judged: Sequence[CountedLabel], extra: Sequence[Pair]) -> None:
    frame = groups_data(page, judged, by=by)
    shown = pd.DataFrame({"name": frame["name"].map(borders.csv_cell), "labels": frame["labels"]})
    for scorer in sample.scorers(judged):
        shares, f1s = frame[f"{scorer} agreement"].tolist(), frame[f"{scorer} macro_f1"].tolist()
        shown[scorer] = [
            f"{words.share(share)} · {f1(macro, None)}" if canvas.known(share) is not None else "too few"
            for share, macro in zip(shares, f1s, strict=True)
        ]
    data = partial(groups_data, page, judged, by=by)
    with panel(page, f"{title}: agreement · macro-F1", key=f"audit-{by}", data=data, about=GROUPS, extra=extra):
        st.dataframe(
            shown,
            key=f"audit-{by}",
            hide_index=True,
            height=min(420, 38 + 35 * max(1, len(shown))),
            alt=f"{title}: labels, agreement and macro-F1 of each scorer",
            column_config={"name": title.removeprefix("By ").capitalize(), "labels": "Labels"},
        )


def _differ(judged: Sequence[CountedLabel], scorer: str, by: str, names: dict[str, str]) -> None:
    """Only this coder's own labels: others would reveal scores of mentions that the coder has yet to label."""
    mine = [each for each in judged if each.by == by and each.sentence]
    found = [each for each in mine if each.found(scorer) not in (None, each.label)]
    if not found:
        return
    with st.expander(f"Where you and {scorer} differ ({words.number(len(found))})"):
        for each in reversed(found[-_DIFFER:]):
            text, start, end = each.sentence, each.start, each.end
            before, name, after = (borders.piece(part) for part in (text[:start], text[start:end], text[end:]))
            who = borders.markdown(names.get(each.place.figure, each.place.figure))
            note = f"{who} · you: {each.label} · {scorer}: {each.found(scorer)}"
            st.markdown(f"{before}**{name.strip()}**{after}  \n:small[{note}]")


def labelled_rows(labels: Sequence[CountedLabel]) -> list[Labelled]:
    """The labels that say something of the tone, as `tone fit` and `tone evaluate` read them."""
    return [row for each in labels if (row := each.labelled()) is not None]


def _export(page: Page, judged: Sequence[CountedLabel], extra: Sequence[Pair]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if labelled_rows(judged):
            downloads.link(page, "labelled.jsonl", extra, label="Labels (JSONL)")
        st.caption(
            "`python -m ingest tone evaluate labelled.jsonl` measures a scorer on them, "
            "`python -m ingest tone fit labelled.jsonl` teaches it your field."
        )
