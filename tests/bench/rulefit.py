"""Fits the weights of the rule: `python -m tests.bench.rulefit LABELLED.jsonl [--write]`.

Prints how well rules fitted on four fifths of the groups do on the fifth, and with --write puts the weights fitted on
all into `ingest/tone/rule.json`. A multinomial logistic regression with a quadratic penalty over what `rule.features`
says, by accelerated gradient descent: the same numbers on any machine, to the digits that are kept.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.models import LABELS
from ingest.tone import Target, labelled, rule
from ingest.tone.labelled import Labelled

OUT = Path(rule.__file__).with_name("rule.json")
FOLDS = 5
#: A word is weighed where so many articles have it: fewer are those articles' story.
_ARTICLES, _ARTICLES_BESIDE = 8, 10
#: Written small in the training data at least so often, or it is a name.
_SMALL = 0.6
#: How much a weight may cost: the larger, the more the data may say.
_LOOSE = 0.25
_STEPS = 400
#: Positive is the rarest of the three, and counts as much as the others in macro-F1.
_POSITIVE = 1.15
#: Not learnt but given: who is anti-X speaks ill of X.
_GIVEN = {"*opposed": (2.5, -0.5)}
#: A weight that moves the odds by less is left out.
_LEAST = 0.04

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """The features of labelled mentions, as a sparse matrix by coordinates."""

    names: list[str]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    amounts: Floats
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]

    def of(self, chosen: NDArray[np.bool_]) -> Data:
        """These mentions only."""
        kept = chosen[self.rows]
        numbers = np.cumsum(chosen) - 1
        rows, folds = numbers[self.rows[kept]], self.folds[chosen]
        return Data(self.names, rows, self.columns[kept], self.amounts[kept], self.labels[chosen], folds)


def data(given: list[Labelled]) -> Data:
    """What the rule sees of labelled mentions: without names, and without what few articles have."""
    found = [list(rule.features(Target(each.text, each.start, each.end))) for each in given]
    articles: defaultdict[str, set[str]] = defaultdict(set)
    for each, seen in zip(given, found, strict=True):
        for key, _ in seen:
            articles[key].add(each.cluster)
    words = _words(given)

    def kept(key: str) -> bool:
        place, _, word = key.rpartition(":")
        enough = _ARTICLES_BESIDE if place else _ARTICLES
        return key.startswith("*") or (word in words and len(articles[key]) >= enough)

    names = sorted(filter(kept, articles))
    number = {name: index for index, name in enumerate(names)}
    cells = [(row, number[key], size) for row, seen in enumerate(found) for key, size in seen if key in number]
    rows, columns, amounts = (np.array(column) for column in zip(*cells, strict=True))
    labels = np.array([LABELS.index(each.label) for each in given])
    folds = np.array([zlib.crc32(f"rule {each.cluster}".encode()) % FOLDS for each in given])
    return Data(names, rows, columns, amounts.astype(float), labels, folds)


def _words(given: list[Labelled]) -> set[str]:
    """Stems that are words of the language: mostly written small."""
    small: defaultdict[str, int] = defaultdict(int)
    seen: defaultdict[str, int] = defaultdict(int)
    for text in {each.text for each in given}:
        for token in rule.read(text).words:
            if token.word.replace("-", "").replace("'", "").isalpha():
                seen[token.stem] += 1
                small[token.stem] += token.word[0].islower()
    return {word for word, count in seen.items() if small[word] >= _SMALL * count}


def fit(data: Data) -> Floats:
    """Weights of negative, neutral and positive for each feature."""
    shape = (len(data.names), 3)
    wanted = np.eye(3)[data.labels]
    weights, ahead, before = np.zeros(shape), np.zeros(shape), 1.0
    step = 1.0 / (1.0 + _LOOSE * 0.5 * _norm(data))
    for _ in range(_STEPS):
        error = shares(data, ahead) - wanted
        slope = np.stack([_back(data, error[:, label]) for label in range(3)], axis=1) * _LOOSE + ahead
        now = ahead - step * slope
        after = (1 + (1 + 4 * before**2) ** 0.5) / 2
        ahead = now + (before - 1) / after * (now - weights)
        weights, before = now, after
    return weights


def _norm(data: Data) -> float:
    """The largest eigenvalue of the features' products, which bounds the step."""
    vector = np.ones(len(data.names))
    size = 1.0
    for _ in range(30):
        vector = _back(data, _forth(data, vector / np.linalg.norm(vector)))
        size = float(np.linalg.norm(vector))
    return 1.05 * size


def _forth(data: Data, weights: Floats) -> Floats:
    return np.bincount(data.rows, data.amounts * weights[data.columns], minlength=len(data.labels))


def _back(data: Data, values: Floats) -> Floats:
    return np.bincount(data.columns, data.amounts * values[data.rows], minlength=len(data.names))


def shares(data: Data, weights: Floats) -> Floats:
    """How likely each label is for each mention."""
    scores = np.stack([_forth(data, weights[:, label]) for label in range(3)], axis=1)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def pulls(data: Data, weights: Floats) -> dict[str, tuple[float, float]]:
    """Against neutral, without the slight ones, as `rule.json` holds them."""
    found = dict(_GIVEN)
    for name, (negative, neutral, positive) in zip(data.names, weights, strict=True):
        pair = (float(negative - neutral), float(positive - neutral))
        if name == "*always":
            pair = (pair[0], pair[1] + float(np.log(_POSITIVE)))
        if name in _GIVEN:
            continue
        if name.startswith("*") or max(abs(pair[0]), abs(pair[1])) >= _LEAST:
            found[name] = (round(pair[0], 3), round(pair[1], 3))
    return found


def macro_f1(labels: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    scores = []
    for label in range(3):
        right = int(((labels == label) & (found == label)).sum())
        scores.append(2 * right / max(1, int((labels == label).sum() + (found == label).sum())))
    return sum(scores) / 3


def held_out(data: Data) -> tuple[list[float], Floats]:
    """Macro-F1 of each fifth by the weights of the others, and how likely each label was then."""
    scores, likely = [], np.zeros((len(data.labels), 3))
    for fold in range(FOLDS):
        test = data.folds == fold
        fitted = pulls(data, fit(data.of(~test)))
        weights = np.zeros((len(data.names), 3))
        for index, name in enumerate(data.names):
            weights[index, 0], weights[index, 2] = fitted.get(name, (0.0, 0.0))
        likely[test] = shares(data.of(test), weights)
        scores.append(macro_f1(data.labels[test], likely[test].argmax(axis=1)))
    return scores, likely


def main(arguments: list[str]) -> None:
    found = data(labelled.read(Path(arguments[0])))
    print(f"{len(found.labels)} mentions, {len(found.names)} weights")
    scores, likely = held_out(found)
    sure, right = likely.max(axis=1), likely.argmax(axis=1) == found.labels
    print("macro-F1 on held-out groups", [round(score, 3) for score in scores], f"mean {np.mean(scores):.4f}")
    for low in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        here = (sure >= low) & (sure < low + 0.1)
        if here.any():
            print(f"confidence {sure[here].mean():.2f}: right {right[here].mean():.2f} of {here.sum()}")
    if "--write" in arguments:
        kept = pulls(found, fit(found))
        lines = ",\n".join(f"  {json.dumps(name)}: [{a}, {b}]" for name, (a, b) in sorted(kept.items()))
        OUT.write_text(f'{{\n "weights": {{\n{lines}\n }}\n}}\n', encoding="utf-8")
        print(f"{len(kept)} weights written to {OUT.name}")


if __name__ == "__main__":
    if not sys.argv[1:]:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
