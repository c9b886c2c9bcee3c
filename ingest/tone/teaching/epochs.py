"""Teaches a network the tone of targets."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ingest.tone import marking
from ingest.tone.teaching.network import Network

#: Batches are cut from so many shuffled ones, sorted by length: that saves half of the padding.
_SORTED_TOGETHER = 40
_WARM_UP = 0.1


@dataclass(frozen=True, slots=True)
class Lesson:
    """One target with what is to be answered."""

    marked: marking.Marked
    answer: tuple[float, float, float]  #: shares of negative, neutral, positive
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast."""

    epochs: int
    stop: int  #: the epoch after which it ends, for a rate that has not come down to nothing
    batch: int
    rate: float
    decay: float = 0.01


def teach(
    network: Network, lessons: Sequence[Lesson], schedule: Schedule, *, seed: int, pad: int,
    tell: Callable[[str], None] = lambda line: None,
) -> None:  # fmt: skip
    """Trains in place; the same seed, threads and torch give the same weights."""
    torch.manual_seed(seed)
    luck = random.Random(seed)
    network.words.weight.requires_grad_(False)  # what it knows of words that the lessons lack must not drift
    weights = [each for each in network.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=schedule.rate, weight_decay=schedule.decay)
    total = schedule.epochs * -(-len(lessons) // schedule.batch)
    warm = max(1, int(_WARM_UP * total))
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.0, (total - step) / max(1, total - warm)))
    )
    network.train()
    began, step = time.monotonic(), 0
    for epoch in range(schedule.stop):
        for batch in _batches(lessons, schedule.batch, luck):
            ids, span, mask = tensors([lesson.marked for lesson in batch], pad)
            answers = torch.tensor([lesson.answer for lesson in batch])
            shares = torch.tensor([lesson.weight for lesson in batch])
            surprise = -(answers * network(ids, span, mask).log_softmax(-1)).sum(-1)
            loss = (surprise * shares).sum() / shares.sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            rates.step()
            step += 1
            if step % 50 == 0:
                took = time.monotonic() - began
                tell(f"epoch {epoch + 1}, step {step} of {total}: loss {loss.item():.3f}, {took:.0f} s")
    network.eval()


def answers(network: Network, marked: Sequence[marking.Marked], *, pad: int, batch: int = 64) -> list[list[float]]:
    """The network's logits for each target, in order."""
    network.eval()
    order = sorted(range(len(marked)), key=lambda place: len(marked[place].ids))
    found: list[list[float]] = [[]] * len(marked)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            for place, logits in zip(places, network(*tensors([marked[p] for p in places], pad)).tolist(), strict=True):
                found[place] = logits
    return found


def tensors(marked: Sequence[marking.Marked], pad: int) -> tuple[Tensor, Tensor, Tensor]:
    """Piece numbers, spans and mask of a batch, filled up to the longest."""
    longest = max(len(each.ids) for each in marked)
    ids = torch.full((len(marked), longest), pad)
    span, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, each in enumerate(marked):
        ids[row, : len(each.ids)] = torch.tensor(each.ids)
        span[row, each.span[0] : each.span[1]] = 1
        mask[row, : len(each.ids)] = 1
    return ids, span, mask


def _batches(lessons: Sequence[Lesson], size: int, luck: random.Random) -> Iterator[list[Lesson]]:
    order = list(lessons)
    luck.shuffle(order)
    batches: list[list[Lesson]] = []
    for start in range(0, len(order), size * _SORTED_TOGETHER):
        together = sorted(order[start : start + size * _SORTED_TOGETHER], key=lambda lesson: len(lesson.marked.ids))
        batches += [together[at : at + size] for at in range(0, len(together), size)]
    luck.shuffle(batches)
    yield from batches
