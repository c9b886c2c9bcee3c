"""Exports a network to ONNX with weights of eight bits, to run without torch."""

from __future__ import annotations

import copy
import tempfile
import warnings
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from ingest.tone.teaching.network import Network


class _QuantizedEmbedding(nn.Module):
    """An embedding in eight bits with a scale for each word: one for all words lost more than half a point of F1."""

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        weights = embedding.weight.detach()
        scales = weights.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("table", torch.round(weights / scales).to(torch.int8))
        self.register_buffer("scales", scales)

    def forward(self, ids: Tensor) -> Tensor:
        return self.table[ids].float() * self.scales[ids]


def onnx(network: Network, to: Path) -> None:
    """Writes the network with the inputs `ids` and `span` (1 × pieces) and the output `logits` (1 × 3)."""
    small = copy.deepcopy(network).eval()
    small.words = _QuantizedEmbedding(small.words)
    ids = torch.tensor([[101, 2, 2002, 3, 2001, 102]])
    span = torch.tensor([[0, 1, 1, 1, 0, 0]])
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        with warnings.catch_warnings():
            # The exporter warns that it is the older one; the newer needs another package and gives a larger graph.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                small,
                (ids, span),
                str(whole),
                input_names=["ids", "span"],
                output_names=["logits"],
                dynamic_axes={"ids": {1: "pieces"}, "span": {1: "pieces"}},
                opset_version=17,
                dynamo=False,
            )
        # One scale for all channels lost a point of F1. Seven bits of eight: processors without VNNI would overflow.
        quantize_dynamic(
            whole, to, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"]
        )
