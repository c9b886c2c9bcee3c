"""Tells reprints: whether two texts are one text, printed twice, whatever was edited in between.

A text is the set of its shingles: every five words that follow each other, case, punctuation and accents of form aside.
Of these a signature keeps a sample that is the same wherever the same words stand: those with the lowest hashes (a
bottom sketch: Broder 1997). From two signatures follows how much of the shorter text stands in the longer one, and the
lowest hashes of all are the keys by which the record finds what may be a copy: one key in common at a likeness of .3
has a chance of .94, for sixteen keys where MinHash in bands needs forty.

Titles and bylines are no part of it: a wire text has another headline in every paper.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.text import tokens

#: How signatures are made and compared. Raise it with every change: what an older one has told is told again.
VERSION = "shingles-1"

#: Words that follow each other. Of a script that parts no words, characters: eight say about as much.
_WORDS, _CHARACTERS = 5, 8
#: A text of fewer shingles says too little to be known again: some twenty words, or forty characters.
_FEWEST, _FEWEST_CHARACTERS = 16, 32
#: One shingle in four is kept, of short texts all, of very long ones no more than this.
_KEPT, _LEAST, _MOST = 4, 96, 1_024
#: A text is found by so many of its hashes. A teaser is the beginning of its text: half of the keys are from there.
_KEYS, _LEAD, _LEAD_KEYS = 12, 64, 6
#: What has fewer keys in common is no copy: one may be a stock phrase, and to look at all who use it takes long.
COMMON_KEYS = 2

#: How much of the shorter text has to stand in the longer one.
_CONTAINED = 0.5
#: A text of fewer shingles than `_LONG` needs more: a stock phrase is a good part of it. So do two of one outlet, which
#: have a frame in common, and templates: the market report of Monday and of Tuesday.
_LONG, _SHORT_MORE, _ONE_OUTLET = 100, 0.1, 0.75
#: Fewer in the sample tell nothing.
_SAMPLE = 6
#: A copy is one from end to end, give or take a piece that was cut or put in: three quarters of the shorter text have
#: to be in the longer one, each by so much, and all four where both are from one outlet. What only ends alike has a
#: footer in common. A sample of less can't be parted in quarters.
_QUARTER, _QUARTERS, _SAMPLE_QUARTERS = 0.4, 3, 24
#: Two texts so alike stand for each other: whoever copies one copies both.
_SAME = 0.9

# A run of characters in a script without spaces is words, not a word: Chinese, Japanese, Thai, Lao, Burmese, Khmer.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_UNIT = re.compile(rf"[{_UNSPACED}]|[^{_UNSPACED}]+")
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")

#: Words whose numbers are remembered: 10 MB at the most.
_REMEMBERED = 100_000
#: Bits of a hash: two more say in which quarter of its text a shingle stands first.
_BITS = 30
_HASH, _HEAD = np.uint64(2**_BITS - 1), 1 + _LEAD_KEYS
# Odd numbers without a pattern (of splitmix64 and xxHash): each place of a shingle has its own.
_PLACES = np.array(
    [
        0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93,
    ],
    np.uint64,
)  # fmt: skip
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


class _Numbers(dict[str, int]):
    """The number of a word, the same on every machine."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        number = int.from_bytes(hashlib.blake2b(word.encode(errors="replace"), digest_size=7).digest(), "big")
        self[word] = number
        return number


_numbers = _Numbers()


def signature(body: str) -> bytes:
    """What tells copies of a text, some hundred bytes; empty where there are too few words to tell."""
    units = tokens.runs(body)
    width, fewest = _WORDS, _FEWEST
    if not body.isascii() and _ANY_UNSPACED.search(body):
        apart = [unit for run in units for unit in _UNIT.findall(run)]
        if 2 * sum(_ANY_UNSPACED.match(unit) is not None for unit in apart) > len(apart):
            width, fewest = _CHARACTERS, _FEWEST_CHARACTERS
        units = apart
    count = len(units) - width + 1
    if count < fewest:
        return b""
    numbers = np.array([_numbers[unit] for unit in units], np.uint64)
    hashes = numbers[:count] * _PLACES[0]
    for place in range(1, width):
        hashes += numbers[place : place + count] * _PLACES[place]
    hashes ^= hashes >> _HALF
    hashes *= _MIX
    hashes = (hashes >> np.uint64(31)) & _HASH
    # Sorted by hash, and of equal ones the first in the text before the others.
    found = np.sort(hashes << _HALF | np.arange(count, dtype=np.uint64))
    low = found >> _HALF
    found = found[np.concatenate(([True], low[1:] != low[:-1]))]
    if len(found) < fewest:
        return b""
    kept = found[: max(_LEAST, min(_MOST, len(found) // _KEPT))]
    places = kept & np.uint64(0xFFFFFFFF)
    sketch = (kept >> _HALF) << np.uint64(2) | places * np.uint64(4) // np.uint64(count)
    lead = np.sort(hashes[:_LEAD])[:_LEAD_KEYS]
    head = np.concatenate(([len(found)], lead))
    return np.concatenate((head, sketch)).astype("<u4").tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """A signature, read."""

    size: int  #: how many shingles the text has
    keys: tuple[int, ...]  #: what a copy has some of
    hashes: npt.NDArray[Any]  #: rising
    quarters: npt.NDArray[Any]  #: where each stands in the text, 0 to 3

    @property
    def reach(self) -> int:
        """All shingles with a hash up to this are in the sample."""
        return int(self.hashes[-1]) if self.size > len(self.hashes) else int(_HASH)


def read(signature: bytes) -> Print:
    """A signature that is not empty, ready to be compared."""
    values = np.frombuffer(signature, "<u4")
    hashes = values[_HEAD:] >> 2
    size, *lead = values[:_HEAD].tolist()
    keys = tuple(dict.fromkeys([*lead, *hashes[:_KEYS].tolist()]))[:_KEYS]
    return Print(size, keys, hashes, values[_HEAD:] & 3)


def contained(one: Print, other: Print) -> tuple[float, int]:
    """How much of the shorter text stands in the longer one, 0 to 1, and of how many shingles that is known."""
    share, sample, _ = _compared(one, other)
    return share, sample


def copies(one: Print, other: Print, *, one_outlet: bool = False) -> bool:
    """Whether two texts are one text, printed twice; `one_outlet` when both are from the same source."""
    share, sample, quarters = _compared(one, other)
    shorter = min(one.size, other.size)
    wanted = _ONE_OUTLET if one_outlet else _CONTAINED + _SHORT_MORE * max(0.0, 1 - shorter / _LONG)
    if sample < _SAMPLE or share < wanted:
        return False
    return sample < _SAMPLE_QUARTERS or sum(part >= _QUARTER for part in quarters) >= _QUARTERS + one_outlet


def alike(one: Print, other: Print) -> bool:
    """Whether two texts are so alike that one of them is enough to know the copies of both."""
    sizes = sorted((one.size, other.size))
    return sizes[0] >= _SAME * sizes[1] and contained(one, other)[0] >= _SAME


def _compared(one: Print, other: Print) -> tuple[float, int, list[float]]:
    """The share of the shorter text, the size of the sample, and the share of each quarter."""
    short, long = (one, other) if one.size <= other.size else (other, one)
    sample = int(np.searchsorted(short.hashes, min(short.reach, long.reach), "right"))
    if not sample:
        return 0.0, 0, []
    hashes = short.hashes[:sample]
    places = np.searchsorted(long.hashes, hashes)
    found = long.hashes[np.minimum(places, len(long.hashes) - 1)] == hashes
    quarters = short.quarters[:sample]
    of = np.bincount(quarters, minlength=4)
    there = np.bincount(quarters[found], minlength=4)
    return float(found.mean()), sample, [t / n if n else 1.0 for t, n in zip(there.tolist(), of.tolist(), strict=True)]
