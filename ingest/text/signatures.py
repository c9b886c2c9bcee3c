"""Decides whether two texts are copies, even if one of them was edited.

How: docs/methods.md, "Stories". Equal words give equal samples of shingles in every text. The lowest hashes are the
keys by which the record finds possible copies: at a likeness of .3, two texts share one of sixteen keys with a
probability of .94, for which MinHash in bands needs forty. A wire text has another headline in every paper: hence no
titles.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.text import tokens

#: How signatures are made and compared. Raise it with every change: older signatures are then made again.
VERSION = "shingles-1"

#: Words in a shingle; characters in scripts without spaces, where eight say about as much.
_WORDS, _CHARACTERS = 5, 8
#: A text of fewer shingles (some twenty words or forty characters) is too short to be recognised.
_FEWEST, _FEWEST_CHARACTERS = 16, 32
#: One shingle in four is kept, and the least and most of a text.
_KEPT, _LEAST, _MOST = 4, 96, 1_024
#: Keys of a text. Half of them are from its first shingles, because a teaser is the beginning of its text.
_KEYS, _LEAD, _LEAD_KEYS = 12, 64, 6
#: Keys that copies have in common at least: one may be a stock phrase, and comparing all its users takes long.
COMMON_KEYS = 2

#: Share of the shorter text that has to be in the longer one.
_CONTAINED = 0.5
#: A text of fewer shingles than `_LONG` needs more, because a stock phrase is a good part of it. So do two texts of one
#: outlet, which share a frame or a template: the market reports of Monday and Tuesday.
_LONG, _SHORT_MORE, _ONE_OUTLET = 100, 0.1, 0.75
#: The least number of shingles in the sample.
_SAMPLE = 6
#: A copy is one from beginning to end, apart from pieces that were cut or added: of at least three quarters of the
#: shorter text (all four if both are from one outlet) this share has to be in the longer one. Texts with the same end
#: only have a footer in common. A smaller sample can't be split into quarters.
_QUARTER, _QUARTERS, _SAMPLE_QUARTERS = 0.4, 3, 24
#: Two texts that are so similar have the same copies.
_SAME = 0.9

# Scripts in which a run of characters is several words: Chinese, Japanese, Thai, Lao, Burmese, Khmer.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_UNIT = re.compile(rf"[{_UNSPACED}]|[^{_UNSPACED}]+")
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")

#: Words whose hashes are cached: 10 MB at most.
_REMEMBERED = 100_000
#: Bits of a hash; two more tell in which quarter of its text a shingle occurs first.
_BITS = 30
_HASH, _HEAD = np.uint64(2**_BITS - 1), 1 + _LEAD_KEYS
# Odd numbers without a pattern (of splitmix64 and xxHash), one for each place in a shingle.
_PLACES = np.array(
    [
        0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93,
    ],
    np.uint64,
)  # fmt: skip
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


class _WordHashes(dict[str, int]):
    """The hash of a word, the same on every machine."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        number = int.from_bytes(hashlib.blake2b(word.encode(errors="replace"), digest_size=7).digest(), "big")
        self[word] = number
        return number


_word_hashes = _WordHashes()


def signature(body: str) -> bytes:
    """The signature of a text, some hundred bytes; empty if the text is too short."""
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
    numbers = np.array([_word_hashes[unit] for unit in units], np.uint64)
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
class Signature:
    """A signature, ready to be compared."""

    size: int  #: number of shingles in the text
    keys: tuple[int, ...]  #: copies share some of them
    hashes: npt.NDArray[Any]  #: of the sample, ascending
    quarters: npt.NDArray[Any]  #: the quarter of the text that each is in, 0 to 3

    @property
    def reach(self) -> int:
        """The hash up to which all shingles are in the sample."""
        return int(self.hashes[-1]) if self.size > len(self.hashes) else int(_HASH)


def read(signature: bytes) -> Signature:
    """Reads a signature that is not empty."""
    values = np.frombuffer(signature, "<u4")
    hashes = values[_HEAD:] >> 2
    size, *lead = values[:_HEAD].tolist()
    keys = tuple(dict.fromkeys([*lead, *hashes[:_KEYS].tolist()]))[:_KEYS]
    return Signature(size, keys, hashes, values[_HEAD:] & 3)


def contained(one: Signature, other: Signature) -> tuple[float, int]:
    """The share of the shorter text that is in the longer one, 0 to 1, and the number of shingles sampled for it."""
    share, sample, _ = _compared(one, other)
    return share, sample


def copies(one: Signature, other: Signature, *, one_outlet: bool = False) -> bool:
    """Whether two texts are copies of each other; `one_outlet` if both are from the same source."""
    share, sample, quarters = _compared(one, other)
    shorter = min(one.size, other.size)
    wanted = _ONE_OUTLET if one_outlet else _CONTAINED + _SHORT_MORE * max(0.0, 1 - shorter / _LONG)
    if sample < _SAMPLE or share < wanted:
        return False
    return sample < _SAMPLE_QUARTERS or sum(part >= _QUARTER for part in quarters) >= _QUARTERS + one_outlet


def interchangeable(one: Signature, other: Signature) -> bool:
    """Whether two texts are so similar that they have the same copies."""
    sizes = sorted((one.size, other.size))
    return sizes[0] >= _SAME * sizes[1] and contained(one, other)[0] >= _SAME


def _compared(one: Signature, other: Signature) -> tuple[float, int, list[float]]:
    """The share of the shorter text in the longer one, the size of the sample, and the share of each quarter."""
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
