"""Trains a network on examples, and gives its answers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ingest.tone import marking
from ingest.tone.teaching.network import Network

#: Batches that are shuffled together, then sorted by length, which saves half of the padding.
_SORTED_TOGETHER = 40
_WARM_UP = 0.1


@dataclass(frozen=True, slots=True)
class Example:
    """One target with the probabilities to learn."""

    marked: marking.Marked
    probabilities: tuple[float, float, float]  #: of negative, neutral, positive
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to train, and how fast."""

    epochs: int
    stop: int  #: the epoch after which training ends, so that the rate need not fall to zero
    batch: int
    rate: float
    decay: float = 0.01


def train(
    network: Network, examples: Sequence[Example], schedule: Schedule, *, seed: int, pad: int,
    report: Callable[[str], None] = lambda line: None,
) -> None:  # fmt: skip
    """Trains in place; the same seed, threads and torch give the same weights."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    network.words.weight.requires_grad_(False)  # words that are in no example must not drift
    weights = [each for each in network.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=schedule.rate, weight_decay=schedule.decay)
    total = schedule.epochs * -(-len(examples) // schedule.batch)
    warm = max(1, int(_WARM_UP * total))
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.0, (total - step) / max(1, total - warm)))
    )
    network.train()
    began, step = time.monotonic(), 0
    for epoch in range(schedule.stop):
        for batch in _batches(examples, schedule.batch, rng):
            ids, span, mask = tensors([example.marked for example in batch], pad)
            wanted = torch.tensor([example.probabilities for example in batch])
            weighted = torch.tensor([example.weight for example in batch])
            entropy = -(wanted * network(ids, span, mask).log_softmax(-1)).sum(-1)
            loss = (entropy * weighted).sum() / weighted.sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            rates.step()
            step += 1
            if step % 50 == 0:
                took = time.monotonic() - began
                report(f"epoch {epoch + 1}, step {step} of {total}: loss {loss.item():.3f}, {took:.0f} s")
    network.eval()


def logits(network: Network, marked: Sequence[marking.Marked], *, pad: int, batch: int = 64) -> list[list[float]]:
    """The network's logits (negative, neutral, positive) for each target, in order."""
    network.eval()
    order = sorted(range(len(marked)), key=lambda place: len(marked[place].ids))
    found: list[list[float]] = [[]] * len(marked)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            for place, row in zip(places, network(*tensors([marked[p] for p in places], pad)).tolist(), strict=True):
                found[place] = row
    return found


def tensors(marked: Sequence[marking.Marked], pad: int) -> tuple[Tensor, Tensor, Tensor]:
    """Piece numbers, spans and mask of a batch, each batch × pieces, padded to the longest."""
    longest = max(len(each.ids) for each in marked)
    ids = torch.full((len(marked), longest), pad)
    span, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, each in enumerate(marked):
        ids[row, : len(each.ids)] = torch.tensor(each.ids)
        span[row, each.span[0] : each.span[1]] = 1
        mask[row, : len(each.ids)] = 1
    return ids, span, mask


def _batches(examples: Sequence[Example], size: int, rng: random.Random) -> Iterator[list[Example]]:
    order = list(examples)
    rng.shuffle(order)
    batches: list[list[Example]] = []
    for start in range(0, len(order), size * _SORTED_TOGETHER):
        together = sorted(order[start : start + size * _SORTED_TOGETHER], key=lambda example: len(example.marked.ids))
        batches += [together[at : at + size] for at in range(0, len(together), size)]
    rng.shuffle(batches)
    yield from batches
