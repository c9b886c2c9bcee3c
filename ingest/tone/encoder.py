"""The tone that a small transformer reads, taught on labelled news: how a sentence speaks of whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime

from ingest.errors import ScorerError
from ingest.tone import Target, Toward, answer
from ingest.tone.marking import Marker

#: What ships; its card says how it was made and how often it is right.
SHIPPED = Path(__file__).parent / "model"
MODEL, TOKENIZER, CARD = "model.onnx", "tokenizer.json", "card.json"

#: Answers that are kept: reprints come in swarms, and a thousand times the price of a look-up is one of an answer.
_REMEMBERED = 4_096


class Encoder:
    """A model's folder as a scorer; safe to share between threads.

    Targets are scored one by one. A batch would be a tenth faster, but the numbers of an int8 network depend on what
    else is in its batch, in the second digit: the same sentence has to get the same tone wherever it stands.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Raises ScorerError when the folder holds no model, or not the one that its card describes."""
        self._folder = folder or SHIPPED
        try:
            body = (self._folder / MODEL).read_bytes()
            card = json.loads((self._folder / CARD).read_text(encoding="utf-8"))
            checksum, kind, self._temperature = str(card["sha256"]), str(card["kind"]), float(card["temperature"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ScorerError(
                f"{self._folder} holds no model of tone ({error}). `python -m ingest tone fit` makes one; "
                "DISCOURSE_TONE=rule needs none."
            ) from None
        if hashlib.sha256(body).hexdigest() != checksum:
            raise ScorerError(
                f"{self._folder / MODEL} is not the model that its card describes: it may have been cut short on "
                "its way here. Get it again."
            )
        self.name = f"{kind}-{checksum[:8]}"
        self._marker = Marker(self._folder / TOKENIZER)
        options = onnxruntime.SessionOptions()
        # One core: whoever wants more starts more processes. Sums in another order would give other last digits.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(body, options, providers=["CPUExecutionProvider"])
        self._seen = lru_cache(_REMEMBERED)(self._toward)

    def __reduce__(self) -> tuple[type[Encoder], tuple[Path]]:
        """An encoder travels as the name of its folder."""
        return type(self), (self._folder,)

    def toward(self, targets: Sequence[Target]) -> list[Toward]:
        """One answer a target, in their order."""
        return [self._seen(target.sentence, target.start, target.end) for target in targets]

    def _toward(self, sentence: str, start: int, end: int) -> Toward:
        marked = self._marker.mark(sentence, start, end)
        ids = np.array([marked.ids], dtype=np.int64)
        span = np.zeros_like(ids)
        span[0, marked.span[0] : marked.span[1]] = 1
        logits = self._session.run(None, {"ids": ids, "span": span})[0][0].astype(np.float64) / self._temperature
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        negative, neutral, positive = (float(share) for share in shares)
        return answer(negative, neutral, positive)
