"""The transformers that can be trained: BERT (MiniLM) and MPNet, with a head for the target.

Only training needs this module, and torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

LABELS = 3
#: MPNet has 32 ranges for the distance of two pieces: exact up to 8, then wider ones up to 128, for each side.
_RANGES, _FURTHEST = 32, 128


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes in the `config.json` of base weights."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float
    relative: bool  #: whether it is MPNet, which has relative distances and no token types

    @classmethod
    def read(cls, folder: Path) -> Shape:
        facts: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(
            facts["vocab_size"],
            facts["hidden_size"],
            facts["num_hidden_layers"],
            facts["num_attention_heads"],
            facts["intermediate_size"],
            facts["max_position_embeddings"],
            facts["layer_norm_eps"],
            facts["model_type"] == "mpnet",
        )

    @property
    def first_position(self) -> int:
        """Where the first piece stands: MPNet begins to count at 2."""
        return 2 if self.relative else 0


class Layer(nn.Module):
    """One layer of a transformer: attention, then two dense steps."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads = shape.heads
        self.projections = nn.Linear(shape.width, 3 * shape.width)  # query, key and value in one
        self.out = nn.Linear(shape.width, shape.width)
        self.norm_attention = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.up, self.down = nn.Linear(shape.width, shape.inner), nn.Linear(shape.inner, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """`x`: batch × pieces × width; `bias` is added to the attention of each piece to each."""
        batch, pieces, width = x.shape
        each = width // self.heads
        query, key, value = (
            part.reshape(batch, pieces, self.heads, each).transpose(1, 2)
            for part in self.projections(x).split(width, dim=-1)
        )
        weights = query @ key.transpose(-1, -2) * each**-0.5
        weights = (weights if bias is None else weights + bias).softmax(-1)
        seen = (self.dropout(weights) @ value).transpose(1, 2).reshape(batch, pieces, width)
        x = self.norm_attention(x + self.dropout(self.out(seen)))
        return self.norm(x + self.dropout(self.down(functional.gelu(self.up(x)))))


class Network(nn.Module):
    """From sentences with a marked target to the logits of negative, neutral and positive."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.spans = nn.Embedding(2, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.distances = nn.Embedding(_RANGES, shape.heads) if shape.relative else None
        self.dropout = nn.Dropout(dropout)
        self.dense, self.labels = nn.Linear(3 * shape.width, shape.width), nn.Linear(shape.width, LABELS)

    def forward(self, ids: Tensor, span: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits, batch × 3. All inputs are batch × pieces: piece numbers, 1 for the target, 0 for padding."""
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.words(ids) + self.positions(places + self.shape.first_position) + self.spans(span)
        x = self.dropout(self.norm(x))
        bias = None if mask is None else (1.0 - mask[:, None, None, :].to(x.dtype)) * -1e4
        if self.distances is not None:
            apart = self.distances(_ranges(places)).permute(2, 0, 1)[None]
            bias = apart if bias is None else bias + apart
        for layer in self.layers:
            x = layer(x, bias)
        everywhere = torch.ones_like(ids) if mask is None else mask
        pooled = torch.cat([x[:, 0], _mean(x, everywhere), _mean(x, span)], dim=-1)
        return self.labels(self.dropout(torch.tanh(self.dense(self.dropout(pooled)))))

    @classmethod
    def based_on(cls, folder: Path, seed: int) -> Network:
        """A network with the weights of a base and a random head. Raises ValueError for another kind of base."""
        network = cls(Shape.read(folder))
        rng = torch.Generator().manual_seed(seed)
        for head in (network.dense, network.labels):
            nn.init.normal_(head.weight, std=0.02, generator=rng)
            nn.init.zeros_(head.bias)
        theirs = load_file(str(folder / "model.safetensors"))
        state = network.state_dict()
        if network.shape.relative:
            state["spans.weight"] = torch.zeros_like(state["spans.weight"])
        for ours, names in _spellings(network.shape):
            if missing := [name for name in names if name not in theirs]:
                raise ValueError(f"{folder}: model.safetensors has no {missing[0]}. Is it a BERT or an MPNet?")
            state[ours] = torch.cat([theirs[name] for name in names])
        network.load_state_dict(state)
        return network


def _mean(x: Tensor, where: Tensor) -> Tensor:
    weights = where.to(x.dtype)[:, :, None]
    return (x * weights).sum(1) / weights.sum(1)


def _ranges(places: Tensor) -> Tensor:
    """MPNet's range of the distance between any two pieces (pieces × pieces)."""
    apart = places[None, :] - places[:, None]
    half, exact = _RANGES // 2, _RANGES // 4
    far = apart.abs()
    steps = torch.log(far.clamp(min=1).float() / exact) / math.log(_FURTHEST / exact) * (half - exact)
    return torch.where(far < exact, far, (exact + steps.long()).clamp(max=half - 1)) + (apart > 0).long() * half


def _spellings(shape: Shape) -> Iterator[tuple[str, list[str]]]:
    """Our names of the weights, each with the names of the base's weights that it is joined from."""
    yield "words.weight", ["embeddings.word_embeddings.weight"]
    yield "positions.weight", ["embeddings.position_embeddings.weight"]
    if shape.relative:
        yield "distances.weight", ["encoder.relative_attention_bias.weight"]
        three, out, norm = ("attn.q", "attn.k", "attn.v"), "attn.o", "LayerNorm"
    else:
        yield "spans.weight", ["embeddings.token_type_embeddings.weight"]
        three, out, norm = ("self.query", "self.key", "self.value"), "output.dense", "output.LayerNorm"
    for part in ("weight", "bias"):
        yield f"norm.{part}", [f"embeddings.LayerNorm.{part}"]
        for number in range(shape.layers):
            ours, theirs = f"layers.{number}", f"encoder.layer.{number}"
            yield f"{ours}.projections.{part}", [f"{theirs}.attention.{name}.{part}" for name in three]
            yield f"{ours}.out.{part}", [f"{theirs}.attention.{out}.{part}"]
            yield f"{ours}.norm_attention.{part}", [f"{theirs}.attention.{norm}.{part}"]
            yield f"{ours}.up.{part}", [f"{theirs}.intermediate.dense.{part}"]
            yield f"{ours}.down.{part}", [f"{theirs}.output.dense.{part}"]
            yield f"{ours}.norm.{part}", [f"{theirs}.output.LayerNorm.{part}"]
