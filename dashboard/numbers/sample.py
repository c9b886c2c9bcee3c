"""The sample to be labelled blind, and the agreement of labels, scorers and coders. No Streamlit here."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from polars import col

from dashboard.model.snapshot import Snapshot
from dashboard.numbers.scope import Scope, cached
from dashboard.view import View
from ingest.models import Label
from ingest.store.read.labels import CountedLabel, Place
from ingest.tone import evaluate
from ingest.tone.evaluate import Evaluation

Numbers = NDArray[np.uint64]

#: With fewer labels no agreement of a group is shown: at 20, its interval is about ±20 points.
FEWEST = 20

#: At most this many mentions are ranked: a hundred times the largest sample.
_LARGEST_POOL = 200_000


@dataclass(frozen=True, slots=True)
class Sample:
    """Mentions drawn from a view."""

    ids: tuple[int, ...]  #: of the mentions, in the order in which they are labelled
    total: int  #: scored mentions it was drawn from
    figures: int  #: … and of how many figures
    outlets: int  #: … in how many outlets


@cached
def draw(model: Snapshot, view: View, seed: int, size: int) -> Sample:
    """A random sample of the view's scored mentions, each figure and outlet in proportion.

    Each mention gets a random number from the seed, its words and its place. The numbers rank the mentions within each
    figure and outlet, and the order spreads the ranks of all these strata evenly. So each mention has the same chance,
    a larger sample begins with the smaller one, and scores play no part. Only one copy of a text can be drawn.
    """
    view = replace(view, filters=replace(view.filters, copies="once"))
    here = Scope(model, view)
    hits = here.hit.select("analysis", "content", "source")
    mentions = here.mentions(*view.filters.figures).filter(col("tone").is_not_null())
    order = "content", "figure", "sentence", "id"
    found = mentions.join(hits, on="analysis").select(*order, "source").sort(order).collect()
    if not len(found):
        return Sample((), 0, 0, 0)
    rows = {column.name: column.to_numpy() for column in found}
    codes, figure = np.unique(rows["figure"], return_inverse=True)
    # By their ids: the numbers of a snapshot differ from process to process.
    names = np.array([zlib.crc32(model.word(int(code)).encode()) for code in codes], np.uint64)[figure]
    order_ = shuffled(seed, names, *(rows[name].astype(np.uint64) for name in ("source", "content", "sentence")))
    ids = tuple(int(id_) for id_ in rows["id"][order_[:size]])
    return Sample(ids, len(figure), len(codes), len(np.unique(rows["source"])))


def shuffled(seed: int, figure: Numbers, source: Numbers, content: Numbers, sentence: Numbers) -> NDArray[np.int64]:
    """The indexes of mentions in the order in which they are drawn (see `draw`), at most about `_LARGEST_POOL` of them.

    Mentions of one figure in one sentence must follow each other.
    """
    random = _random(seed, content, figure, sentence, _nth(content, figure, sentence))
    kept = np.arange(len(random))
    if len(random) > _LARGEST_POOL:  # ranking millions takes seconds, and a random part of them serves as well
        kept = np.flatnonzero(random < _LARGEST_POOL / len(random))
        figure, source, random = figure[kept], source[kept], random[kept]
    stratum = (figure << np.uint64(32)) | source
    _, first, stratum, sizes = np.unique(stratum, return_index=True, return_inverse=True, return_counts=True)
    ranked = np.lexsort((random, stratum))
    rank = np.empty(len(random))
    rank[ranked] = np.arange(len(random)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    begin = _random(seed, figure[first], source[first])
    return kept[np.lexsort((random, (rank + begin[stratum]) / sizes[stratum]))]


def _nth(*columns: Numbers) -> Numbers:
    """The number of each row among those with equal values, from 0. Equal rows must follow each other."""
    new = np.ones(len(columns[0]), bool)
    new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    starts = np.flatnonzero(new)
    return (np.arange(len(new)) - np.repeat(starts, np.diff([*starts, len(new)]))).astype(np.uint64)


def _random(seed: int, *columns: Numbers) -> NDArray[np.float64]:
    """A random number from 0 to 1 for each row, the same on every machine (splitmix64: Steele, Lea & Flood 2014)."""
    state = np.full(len(columns[0]), seed, np.uint64)
    for column in columns:
        state = (state ^ column) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    mixed: NDArray[np.float64] = (state >> np.uint64(11)) / float(1 << 53)
    return mixed


@dataclass(frozen=True, slots=True)
class Pair:
    """Two coders, and their agreement on the mentions that both gave a tone."""

    one: str
    other: str
    n: int
    agreed: float
    kappa: float | None


def agreement_with(labels: Iterable[CountedLabel], scorer: str) -> Evaluation:
    """The agreement of a scorer with the labels. Each coder's label counts; the labels of one article are a cluster."""
    pairs = [
        (each.label, found, each.uid)
        for each in labels
        if each.label != "unsure" and (found := each.found(scorer)) is not None
    ]
    return evaluate.of([pair[0] for pair in pairs], [pair[1] for pair in pairs], groups=[pair[2] for pair in pairs])


def grouped(labels: Iterable[CountedLabel], key: Callable[[CountedLabel], str]) -> list[tuple[str, list[CountedLabel]]]:
    """The labels in groups, without "unsure" ones; the largest group first."""
    groups: dict[str, list[CountedLabel]] = {}
    for each in labels:
        if each.label != "unsure":
            groups.setdefault(key(each), []).append(each)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def pairs(labels: Iterable[CountedLabel]) -> list[Pair]:
    """The agreement of every two coders who labelled the same mentions; those with most in common first."""
    coders: dict[str, dict[Place, Label]] = {}
    for each in labels:
        if each.label != "unsure":
            coders.setdefault(each.by, {})[each.place] = each.label
    found = []
    for one, other in combinations(sorted(coders), 2):
        if both := [place for place in coders[one] if place in coders[other]]:
            first, second = [coders[one][place] for place in both], [coders[other][place] for place in both]
            agreed = sum(a == b for a, b in zip(first, second, strict=True)) / len(both)
            found.append(Pair(one, other, len(both), agreed, evaluate.kappa(first, second)))
    return sorted(found, key=lambda pair: -pair.n)


def scorers(labels: Sequence[CountedLabel]) -> list[str]:
    """The scorers that have scored any of these mentions, the one that counts first."""
    return [name for name in ("encoder", "rule") if any(each.found(name) is not None for each in labels)]
