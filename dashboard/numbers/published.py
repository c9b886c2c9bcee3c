"""How well the shipped tone scorers did on labels that they were not trained on: the model's card."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ingest.settings import PROJECT

log = logging.getLogger(__name__)

CARD = PROJECT / "ingest" / "tone" / "model" / "card.json"


@dataclass(frozen=True, slots=True)
class Published:
    """One scorer's figures on labels that it was not trained on."""

    name: str
    macro_f1: float
    accuracy: float | None = None
    n: int | None = None
    held_out: str = ""  #: which labels those were, in words
    spread: float | None = None  #: how far training again with another seed moves the macro-F1


@lru_cache(maxsize=4)
def read(path: Path = CARD) -> tuple[Published, ...]:
    """The shipped model's figures, then those of the scorers it is compared with; empty without a readable card.

    A card is a JSON object with `name`, `macro_f1` and, where known, the other fields; `others` lists more of these.
    """
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_published(each) for each in (card, *card.get("others", ())))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("the model's card %s can't be read: %s", path, error)
        return ()


def _published(given: Mapping[str, Any]) -> Published:
    def number(key: str) -> float | None:
        return None if given.get(key) is None else float(given[key])

    held_out = given.get("held_out")
    return Published(
        name=str(given["name"]),
        macro_f1=float(given["macro_f1"]),
        accuracy=number("accuracy"),
        n=None if (n := number("n")) is None else int(n),
        held_out=held_out if isinstance(held_out, str) else "",
        spread=number("spread"),
    )
