"""Finds a tone scorer by the name that settings and the command line use."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from ingest.errors import ScorerError
from ingest.tone import Scorer

NAMES = ("rule", "encoder")


def by_name(name: str) -> Scorer:
    """`rule`, `encoder` (the shipped model), or the encoder of another model's folder.

    The encoder is imported only if it is asked for: the rule needs neither a model nor its runtime. Raises ScorerError.
    """
    if name == "rule":
        from ingest.tone.rule import Rule

        return Rule()
    path = None if name == "encoder" else Path(name)
    if path is not None and not path.exists():
        raise ScorerError(f"{name}: there is no such scorer. Known are {', '.join(NAMES)}, and the path of a model.")
    try:
        encoder = import_module("ingest.tone.encoder")
    except ModuleNotFoundError as error:
        raise ScorerError(
            f"The scorer {name} can't be used: no module {error.name}. `pip install -r requirements.txt` brings what "
            "it needs; `--scorer rule` needs nothing."
        ) from None
    try:
        made: Scorer = encoder.Encoder(path)
    except OSError as error:
        raise ScorerError(f"The scorer {name} can't be read: {error}.") from None
    return made
