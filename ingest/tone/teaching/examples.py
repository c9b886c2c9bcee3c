"""Makes training examples from labels, and from a teacher's answers for targets without a label."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from torch import tensor

from ingest.models import LABELS
from ingest.tone.labelled import Labelled
from ingest.tone.marking import Marked, Marker
from ingest.tone.teaching import patterns
from ingest.tone.teaching.network import Network
from ingest.tone.teaching.training import Example, logits

#: Label smoothing: this share of each label is spread over all three, because people disagree on as many.
_SMOOTHING = 0.05
#: Unlabelled targets taken from one sentence; more teach little that is new.
_UNLABELLED = 3

_NAME = re.compile(r"\b[A-Z][a-zA-Z’'-]+(?:\s(?:[A-Z]\.\s)?[A-Z][a-zA-Z’'-]+){0,3}")
_PRONOUN = re.compile(r"\b(?:he|she|him|her|his|they|He|She|They)\b")
#: Capitalised words that are not names.
_NO_NAME = frozenset(patterns.LISTS["no_name"].split())

Probabilities = tuple[float, float, float]


def labelled(rows: Sequence[Labelled], marker: Marker) -> list[Example]:
    """One example for each label; rare labels weigh more, by the square root of their rarity."""
    counts = Counter(row.label for row in rows)
    weights = {label: math.sqrt(len(rows) / len(LABELS) / counts[label]) for label in counts}
    return [Example(marked(row, marker), _smoothed(row), weights[row.label]) for row in rows]


def marked(row: Labelled, marker: Marker) -> Marked:
    """The target of a labelled mention as the network's input."""
    return marker.mark(row.text, row.start, row.end)


def _smoothed(row: Labelled) -> Probabilities:
    shares = [(1 - _SMOOTHING) * (label == row.label) + _SMOOTHING / len(LABELS) for label in LABELS]
    return shares[0], shares[1], shares[2]


def unlabelled(rows: Sequence[Labelled], most: int, seed: int) -> list[Labelled]:
    """At most `most` other names and pronouns in the labelled sentences; their label `neutral` means nothing."""
    taken: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    groups: dict[str, str] = {}
    for row in rows:
        taken[row.text].append((row.start, row.end))
        groups.setdefault(row.text, row.group)
    rng = random.Random(seed)
    found: list[Labelled] = []
    for text, spans in taken.items():
        free = [span for span in _names(text) if all(span[1] <= start or end <= span[0] for start, end in spans)]
        rng.shuffle(free)
        pronouns = [match.span() for match in _PRONOUN.finditer(text)]
        pronouns = [span for span in pronouns if all(span[1] <= start or end <= span[0] for start, end in spans)]
        chosen = free[: _UNLABELLED - 1]
        if pronouns:
            chosen.append(rng.choice(pronouns))
        found += [Labelled(text, start, end, "neutral", groups[text]) for start, end in chosen]
    rng.shuffle(found)
    return found[:most]


def _names(text: str) -> Iterator[tuple[int, int]]:
    for match in _NAME.finditer(text):
        start, end = match.span()
        words = text[start:end]
        while words.split(" ")[0] in _NO_NAME:
            _, _, rest = words.partition(" ")
            words, start = rest, end - len(rest)
        if words.endswith(("'s", "’s")):
            words, end = words[:-2], end - 2
        if len(words) > 2:
            yield start, end


def distilled(teacher: Network, theirs: Marker, ours: Marker, rows: Sequence[Labelled]) -> list[Example]:
    """One example for each of these targets, with the teacher's probabilities."""
    answers = logits(teacher, [marked(row, theirs) for row in rows], pad=theirs.pad)
    return [Example(marked(row, ours), _probabilities(answer)) for row, answer in zip(rows, answers, strict=True)]


def _probabilities(answer: Sequence[float]) -> Probabilities:
    shares = tensor(answer).softmax(-1).tolist()
    return shares[0], shares[1], shares[2]
