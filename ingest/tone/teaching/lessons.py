"""What a network is taught from: labels, drills, and what a teacher says of targets without a label."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from torch import tensor

from ingest.tone.labelled import LABELS, Labelled
from ingest.tone.marking import Marked, Marker
from ingest.tone.teaching.epochs import Lesson, answers
from ingest.tone.teaching.network import Network

#: So much of each answer is spread over all three labels: people disagree on that many, and the network should doubt.
_SMOOTHING = 0.05
#: A sentence names others than the labelled one; more than these teach little that is new.
_BYSTANDERS = 3

_NAME = re.compile(r"\b[A-Z][a-zA-Z’'-]+(?:\s(?:[A-Z]\.\s)?[A-Z][a-zA-Z’'-]+){0,3}")
_PRONOUN = re.compile(r"\b(?:he|she|him|her|his|they|He|She|They)\b")
#: Capitalised at the start of a sentence, or no name at all.
_NO_NAME = frozenset(
    (
        "A After All Also Although Americans An And As At Because Before But By During Even For From He Her Here "
        "His How However If In It Its January February March April May June July August September October "
        "November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday No Not Now Of On One Or She "
        "Since So Some Still That The Their Then There These They This Those Though Through To Under Until We "
        "What When Where While Who Why With Yes Yet You"
    ).split()
)

Answer = tuple[float, float, float]


def labelled(rows: Sequence[Labelled], marker: Marker) -> list[Lesson]:
    """A lesson a label; rare labels weigh more, by the square root of how rare they are."""
    counts = Counter(row.label for row in rows)
    weights = {label: math.sqrt(len(rows) / len(LABELS) / counts[label]) for label in counts}
    return [Lesson(marked(row, marker), _answer(row), weights[row.label]) for row in rows]


def marked(row: Labelled, marker: Marker) -> Marked:
    return marker.mark(row.text, row.start, row.end)


def _answer(row: Labelled) -> Answer:
    shares = [(1 - _SMOOTHING) * (label == row.label) + _SMOOTHING / len(LABELS) for label in LABELS]
    return shares[0], shares[1], shares[2]


def bystanders(rows: Sequence[Labelled], most: int, seed: int) -> list[Labelled]:
    """Names and pronouns beside the labelled targets of these sentences; their label is a blank: nobody gave one."""
    taken: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    groups: dict[str, str] = {}
    for row in rows:
        taken[row.text].append((row.start, row.end))
        groups.setdefault(row.text, row.group)
    luck = random.Random(seed)
    found: list[Labelled] = []
    for text, spans in taken.items():
        free = [span for span in _names(text) if all(span[1] <= start or end <= span[0] for start, end in spans)]
        luck.shuffle(free)
        pronouns = [match.span() for match in _PRONOUN.finditer(text)]
        pronouns = [span for span in pronouns if all(span[1] <= start or end <= span[0] for start, end in spans)]
        chosen = free[: _BYSTANDERS - 1]
        if pronouns:
            chosen.append(luck.choice(pronouns))
        found += [Labelled(text, start, end, "neutral", groups[text]) for start, end in chosen]
    luck.shuffle(found)
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


def taught(teacher: Network, theirs: Marker, ours: Marker, rows: Sequence[Labelled]) -> list[Lesson]:
    """What the teacher says of targets that nobody labelled, with all his doubts."""
    logits = answers(teacher, [marked(row, theirs) for row in rows], pad=theirs.pad)
    return [Lesson(marked(row, ours), _shares(said)) for row, said in zip(rows, logits, strict=True)]


def _shares(logits: Sequence[float]) -> Answer:
    shares = tensor(logits).softmax(-1).tolist()
    return shares[0], shares[1], shares[2]
