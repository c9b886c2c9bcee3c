"""Turns a target into the input of a transformer: its sentence as word pieces, with the target marked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

#: Longer sentences lose the pieces furthest from the target; 1 in 500 labelled sentences is longer.
LONGEST = 128
#: Characters to each side that are cut into pieces; more would not fit.
_NEAR = 2_000


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence as word pieces: `[CLS] left [unused1] target [unused2] right [SEP]`."""

    ids: tuple[int, ...]
    span: tuple[int, int]  #: start and end of the target in `ids`, its marks included


class Marker:
    """Cuts sentences into the word pieces of a vocabulary."""

    def __init__(self, tokenizer_file: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._first = self._id("[CLS]", "<s>")
        self._last = self._id("[SEP]", "</s>")
        self._open = self._id("[unused1]")
        self._close = self._id("[unused2]")
        self.pad = self._id("[PAD]", "<pad>")

    def mark(self, sentence: str, start: int, end: int) -> Marked:
        """The sentence with the target at `start:end` marked."""
        near = slice(max(0, start - _NEAR), start), slice(start, min(end, start + _NEAR)), slice(end, end + _NEAR)
        pieces = self._tokenizer.encode_batch([sentence[part] for part in near], add_special_tokens=False)
        left, target, right = (part.ids for part in pieces)
        target = target[: LONGEST // 2]
        before, after = _shares(len(left), len(right), LONGEST - len(target) - 4)
        left, right = left[len(left) - before :], right[:after]
        ids = (self._first, *left, self._open, *target, self._close, *right, self._last)
        return Marked(ids, (1 + before, 3 + before + len(target)))

    def _id(self, *spellings: str) -> int:
        for spelling in spellings:
            if (found := self._tokenizer.token_to_id(spelling)) is not None:
                return int(found)
        raise ValueError(f"the vocabulary has no {spellings[0]}")


def _shares(left: int, right: int, room: int) -> tuple[int, int]:
    """How many pieces of the left and the right fit: half of the room each, and more if the other needs less."""
    half = room // 2
    if left + right <= room:
        return left, right
    if left <= half:
        return left, room - left
    return (room - right, right) if right <= room - half else (half, room - half)
