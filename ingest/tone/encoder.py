"""The tone by a small transformer that was trained on labelled news."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime

from ingest.errors import ScorerError
from ingest.tone import Target, Toward, from_probabilities
from ingest.tone.marking import Marker

#: The shipped model; its card says how it was made and how often it is right.
SHIPPED = Path(__file__).parent / "model"
MODEL, TOKENIZER, CARD = "model.onnx", "tokenizer.json", "card.json"

#: Tones that are cached: reprints come together, and scoring takes a thousand times as long as a look-up.
_REMEMBERED = 4_096


class Encoder:
    """The scorer of a model's folder; safe to share between threads.

    Targets are scored one by one. A batch would be a tenth faster, but the second digit of an int8 network's numbers
    depends on the rest of the batch, and the same sentence has to get the same tone everywhere.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Raises ScorerError if the folder has no model, or not the one that its card describes."""
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
        # One core, because sums in another order would give other last digits. For more cores, start more processes.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(body, options, providers=["CPUExecutionProvider"])
        self._seen = lru_cache(_REMEMBERED)(self._toward)

    def __reduce__(self) -> tuple[type[Encoder], tuple[Path]]:
        """An encoder travels as the name of its folder."""
        return type(self), (self._folder,)

    def toward(self, targets: Sequence[Target]) -> list[Toward]:
        """The tone toward each target, in their order."""
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
        return from_probabilities(negative, neutral, positive)
