"""Makes labelled sentences from patterns, for what labelled news lacks: quotations, headlines, who did what.

A network trained on news alone takes a harsh quotation for harshness toward its speaker. The patterns and the words
that fill them are in `patterns.toml`.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.models import Label
from ingest.tone.labelled import Labelled

LISTS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
#: Tone toward a, tone toward b, pattern.
_PATTERNS = [pattern.split(" ", 2) for pattern in LISTS["patterns"]]
_NAMES, _BAD, _GOOD, _BAD_DEED, _GOOD_DEED, _TOPIC = (
    # A line's end is a blank.
    " ".join(LISTS[name].split("\n")).split(", ")
    for name in ("names", "bad", "good", "bad_deed", "good_deed", "topic")
)
_TONE: dict[str, Label] = {"-": "negative", "0": "neutral", "+": "positive"}


def sentences(count: int, seed: int) -> Iterator[Labelled]:
    """`count` labelled targets, each in a sentence of its own; the same for the same seed."""
    rng = random.Random(seed)
    for number in range(count):
        toward_a, toward_b, pattern = _PATTERNS[number % len(_PATTERNS)]
        a, b = rng.sample(_NAMES, 2)
        crime, merit = rng.choice(_BAD_DEED), rng.choice(_GOOD_DEED)
        if pattern.isupper() or "{CRIME}" in pattern or "{MERIT}" in pattern or pattern.startswith("{a} TO"):
            a, b = a.upper(), b.upper()
        words = {"bad": rng.choice(_BAD), "good": rng.choice(_GOOD), "topic": rng.choice(_TOPIC)}
        words |= {"crime": crime, "merit": merit, "CRIME": crime.upper(), "MERIT": merit.upper()}
        which, name, tone = rng.choice((("{a}", a, toward_a), ("{b}", b, toward_b)))
        before, after = (part.format(a=a, b=b, **words) for part in pattern.split(which))
        yield Labelled(f"{before}{name}{after}", len(before), len(before) + len(name), _TONE[tone])
