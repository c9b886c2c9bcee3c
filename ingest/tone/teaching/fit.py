"""Makes a model of tone from labelled mentions: trains it, averages seeds, measures it on unseen groups, exports it.

Needs the `train` extra. The same file, base, seeds and torch on the same kind of processor give the same model.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ingest.errors import LabelledError, ScorerError
from ingest.models import LABELS
from ingest.tone import Target, evaluate, labelled
from ingest.tone.encoder import CARD, MODEL, TOKENIZER, Encoder
from ingest.tone.evaluate import Evaluation
from ingest.tone.labelled import Labelled
from ingest.tone.marking import Marker
from ingest.tone.teaching import bases, examples, onnx, patterns
from ingest.tone.teaching.bases import BASES, Base
from ingest.tone.teaching.network import Network, Shape
from ingest.tone.teaching.training import Example, Schedule, logits, train

#: The network before quantization, which can be the teacher of another one.
WEIGHTS = "weights.safetensors"
#: Heads start with the same weights for every seed: only such networks can be averaged.
_HEAD_SEED = 0
#: Sentences from patterns for each labelled target: few, so that real sentences decide.
_PATTERNS = 1 / 12
#: Targets that only the teacher labels for each labelled one: they take as much time.
_UNLABELLED = 2 / 3

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make a model from, and how."""

    file: Path  #: labelled mentions
    to: Path  #: the model's folder
    base: str  #: minilm, mpnet or a folder
    seeds: int
    teacher: Path | None = None  #: the folder of a larger model made by `fit`
    workers: int = 1  #: seeds trained at the same time, each on one core; the model does not depend on it


def fit(plan: Plan, report: Report) -> dict[str, Any]:
    """Makes the model in its folder; returns its card. Raises IngestError if something can't be used."""
    rows = labelled.read(plan.file)
    training = [row for row in rows if not labelled.held_out(row.cluster)]
    unseen = [row for row in rows if labelled.held_out(row.cluster)]
    if missing := [label for label in LABELS if all(row.label != label for row in training)]:
        raise LabelledError(f"{plan.file}: no mention to train on is {missing[0]}. All three labels are needed.")
    if not unseen:
        raise LabelledError(f"{plan.file}: none of its groups is held out, so nothing could be measured. Label more.")
    plan.to.mkdir(parents=True, exist_ok=True)
    with _base(plan.base) as (base, folder):
        shutil.copyfile(folder / TOKENIZER, plan.to / TOKENIZER)
        marker = Marker(plan.to / TOKENIZER)
        found = _examples(plan, training, marker, report)
        schedule = base.distilled if plan.teacher else base.schedule
        jobs = [_Job(folder, tuple(found), schedule, seed, marker.pad) for seed in range(1, plan.seeds + 1)]
        networks, reached = [], []
        for job, network in zip(jobs, _trained(jobs, plan.workers), strict=True):
            networks.append(network)
            reached.append(_measured(network, marker, unseen, plan.to).macro_f1 or 0.0)
            report(f"seed {job.seed}: macro-F1 {reached[-1]:.4f}")
    network = average(networks)
    save_file({name: weights.contiguous() for name, weights in network.state_dict().items()}, plan.to / WEIGHTS)
    result = _measured(network, marker, unseen, plan.to)
    card = _card(plan, base, training, unseen) | {
        "seeds": _seeds(reached),
        "accuracy": round(result.accuracy or 0.0, 4),
        "macro_f1": round(result.macro_f1 or 0.0, 4),
        "spread": round(statistics.stdev(reached), 4) if len(reached) > 1 else None,
        "temperature": temperature(network, marker, unseen),
        "shape": asdict(network.shape),
    }
    _write(plan.to, card)
    report(f"macro-F1 {result.macro_f1:.4f} on {len(unseen)} targets of groups that it was not trained on")
    return card


@dataclass(frozen=True, slots=True)
class _Job:
    """The training of one seed."""

    base: Path
    examples: tuple[Example, ...]
    schedule: Schedule
    seed: int
    pad: int


def _trained(jobs: Sequence[_Job], workers: int) -> Iterator[Network]:
    """The networks of these jobs, in order."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for job, state in zip(jobs, pool.map(_train, jobs), strict=True):
            network = Network(Shape.read(job.base))
            network.load_state_dict({name: torch.from_numpy(weights) for name, weights in state.items()})
            yield network


def _train(job: _Job) -> dict[str, Any]:
    # Sums over several threads would give other last digits.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    network = Network.based_on(job.base, _HEAD_SEED)

    def report(line: str) -> None:
        print(f"seed {job.seed}, {line}", file=sys.stderr, flush=True)

    train(network, job.examples, job.schedule, seed=job.seed, pad=job.pad, report=report)
    return {name: weights.numpy() for name, weights in network.state_dict().items()}


def _examples(plan: Plan, training: Sequence[Labelled], marker: Marker, report: Report) -> list[Example]:
    found = examples.labelled(training, marker)
    found += examples.labelled(list(patterns.sentences(int(len(training) * _PATTERNS), seed=1)), marker)
    if plan.teacher is not None:
        others = examples.unlabelled(training, int(len(training) * _UNLABELLED), seed=1)
        report(f"{plan.teacher} says what it reads toward {len(others)} targets that have no label")
        torch.set_num_threads(1)
        teacher, theirs = loaded(plan.teacher)
        found += examples.distilled(teacher, theirs, marker, others)
    return found


def average(networks: Sequence[Network]) -> Network:
    """A network with the mean of these networks' weights; they must have started with the same ones."""
    made = networks[0]
    states = [network.state_dict() for network in networks]
    made.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})
    return made


def loaded(folder: Path) -> tuple[Network, Marker]:
    """A network that `fit` has made, before quantization, with its marker."""
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    network = Network(Shape(**card["shape"]))
    network.load_state_dict(load_file(str(folder / WEIGHTS)))
    network.eval()
    return network, Marker(folder / TOKENIZER)


def _measured(network: Network, marker: Marker, unseen: Sequence[Labelled], to: Path) -> Evaluation:
    """Measures the network as it will run: in eight bits, one target at a time."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copyfile(to / TOKENIZER, folder / TOKENIZER)
        onnx.onnx(network, folder / MODEL)
        _write(folder, {"kind": "trial", "temperature": 1.0})
        found = Encoder(folder).toward([Target(row.text, row.start, row.end) for row in unseen])
        shutil.copyfile(folder / MODEL, to / MODEL)
    return evaluate.of(
        [row.label for row in unseen],
        [each.label for each in found],
        [each.confidence for each in found],
        [row.cluster for row in unseen],
    )


def temperature(network: Network, marker: Marker, unseen: Sequence[Labelled]) -> float:
    """The divisor of the logits with which a confidence of .8 is right eight times in ten (Guo et al. 2017).

    It changes no label, so the labels can be measured on the same groups.
    """
    answers = torch.tensor(logits(network, [examples.marked(row, marker) for row in unseen], pad=marker.pad))
    truth = torch.tensor([LABELS.index(row.label) for row in unseen])
    tried = [0.5 + 0.05 * step for step in range(51)]
    return round(min(tried, key=lambda t: float(torch.nn.functional.cross_entropy(answers / t, truth))), 2)


def _card(plan: Plan, base: Base, training: Sequence[Labelled], unseen: Sequence[Labelled]) -> dict[str, Any]:
    """The card's part about what the model was made from."""
    return {
        "name": f"encoder ({base.kind})",
        "kind": base.kind,
        "date": datetime.now(UTC).date().isoformat(),
        "base": {"name": base.name, "sha256": base.checksum, "licence": base.licence, "packages": list(base.packages)},
        "trained_on": {
            "targets": len(training),
            "groups": len({row.cluster for row in training}),
            "sha256": hashlib.sha256(plan.file.read_bytes()).hexdigest(),
        },
        "teacher": json.loads((plan.teacher / CARD).read_text(encoding="utf-8"))["name"] if plan.teacher else None,
        "held_out": f"the {len({row.cluster for row in unseen})} groups of its labels that were kept out of training",
        "n": len(unseen),
        "torch": torch.__version__,
    }


def _seeds(reached: Sequence[float]) -> dict[str, Any]:
    shipped = "the mean of their weights" if len(reached) > 1 else "the only one"
    rounded = [round(each, 4) for each in reached]
    return {"macro_f1": rounded, "mean": round(statistics.mean(reached), 4), "shipped": shipped}


def _write(folder: Path, card: dict[str, Any]) -> None:
    checksum = hashlib.sha256((folder / MODEL).read_bytes()).hexdigest()
    (folder / CARD).write_text(json.dumps({**card, "sha256": checksum}, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _base(name: str) -> Iterator[tuple[Base, Path]]:
    if name in BASES:
        with bases.folder(BASES[name]) as folder:
            yield BASES[name], folder
        return
    folder = Path(name)
    try:
        like = BASES["mpnet" if Shape.read(folder).relative else "minilm"]
        checksum = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError) as error:
        known = ", ".join(BASES)
        raise ScorerError(f"{name} is no base: {known}, or the folder of a BERT or MPNet ({error}).") from None
    yield replace(like, name=folder.name, checksum=checksum, packages=(), licence="see its source"), folder
