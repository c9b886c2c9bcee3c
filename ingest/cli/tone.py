"""The commands for the tone scorers: `python -m ingest tone …`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ingest.cli.console import fail, messages, say
from ingest.models import LABELS
from ingest.tone import Target, Toward, evaluate, labelled, scorers
from ingest.tone.evaluate import Evaluation, Interval
from ingest.tone.labelled import Labelled

app = typer.Typer(
    no_args_is_help=True,
    help="The tone toward a figure: how far the scorers agree with people.",
    epilog="Example: python -m ingest tone evaluate labelled.jsonl --scorer rule",
)

_NONE = "–"


@app.command("evaluate", epilog="Example: python -m ingest tone evaluate labelled.jsonl --scorer encoder --json")
def evaluate_(
    file: Annotated[Path, typer.Argument(metavar="LABELLED.jsonl", help="Keys: text, start, end, label, group.")],
    scorer: Annotated[
        str, typer.Option(metavar="rule|encoder|PATH", help="Which scorer, or the folder of another model.")
    ] = "encoder",
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only the 15 % of groups that `tone fit` never trains on.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Compares a scorer with the labels that people gave: agreement, mistakes, and what its confidence is worth."""
    with messages():
        rows = labelled.read(file)
        if not rows:
            fail(f"{file}: no labelled mention in it.")
        if held_out and not (rows := [row for row in rows if labelled.held_out(row.cluster)]):
            fail(f"{file}: none of its groups is held out.")
        by = scorers.by_name(scorer)
        found = by.toward([Target(row.text, row.start, row.end) for row in rows])
        result = evaluate.of(
            [row.label for row in rows],
            [each.label for each in found],
            [each.confidence for each in found],
            [row.cluster for row in rows],
        )
        if json_:
            print(json.dumps(as_row(by.name, result, rows, found, held_out=held_out), ensure_ascii=False))
        else:
            Console(highlight=False).print(in_words(by.name, result, rows, found))


@app.command("fit", epilog="Example: python -m ingest tone fit labelled.jsonl --to my-model --seeds 3")
def fit_(
    file: Annotated[Path, typer.Argument(metavar="LABELLED.jsonl", help="Keys: text, start, end, label, group.")],
    to: Annotated[Path, typer.Option(help="Folder of the new model; DISCOURSE_TONE then names it.")],
    base: Annotated[
        str,
        typer.Option(metavar="minilm|mpnet|PATH", help="What it starts from: small and fast, large, or your weights."),
    ] = "minilm",
    seeds: Annotated[int, typer.Option(min=1, help="Trained so often; the mean of the weights is the model.")] = 3,
    teacher: Annotated[
        Path | None, typer.Option(help="Folder of a larger model made by `fit`: what it says is learnt as well.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Seeds trained at the same time, each on one core.")] = 1,
) -> None:
    """Teaches a network the tone of your labels and writes it as a model that runs without torch."""
    with messages():
        try:
            from ingest.tone.teaching.fit import Plan, fit
        except ModuleNotFoundError as error:
            fail(f"Training needs {error.name}. Install the extra: pip install '.[train]'")
        plan = Plan(file, to, base, seeds, teacher, workers)
        card = fit(plan, say)
        say(f"{to}: macro-F1 {card['macro_f1']:.3f}. Use it: DISCOURSE_TONE={to}")


def as_row(
    name: str, result: Evaluation, rows: Sequence[Labelled], found: Sequence[Toward], *, held_out: bool
) -> dict[str, Any]:
    """The evaluation as one JSON object, shares rounded to four digits."""
    return {
        "scorer": name,
        "held_out": held_out,
        **_round(asdict(result)),
        "classes": {each.label: _round(asdict(each)) for each in result.classes},
        "missing": list(result.missing),
        "worst": [_mistake(rows[place], found[place]) for place in result.worst],
    }


def _mistake(row: Labelled, found: Toward) -> dict[str, Any]:
    read = {name: getattr(row, name) for name in ("text", "start", "end", "label")}
    return read | {"found": found.label, "confidence": found.confidence}


def _round(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, tuple):
        return [_round(each) for each in value]
    if isinstance(value, dict):
        return {key: _round(each) for key, each in value.items()}
    return value


def in_words(name: str, result: Evaluation, rows: Sequence[Labelled], found: Sequence[Toward]) -> Group:
    """The evaluation as tables for people."""
    parts: list[Any] = [
        Text(f"{name} on {result.n:,} labelled mentions in {result.groups:,} groups"),
        Text(f"accuracy {_share(result.accuracy)}{_between(result.accuracy_interval)}"),
        Text(f"macro-F1 {_share(result.macro_f1)}{_between(result.macro_f1_interval)}"),
        Text(f"kappa    {_share(result.kappa)}  (agreement beyond chance)"),
    ]
    if result.missing:
        parts.append(Text(f"Nobody gave the label {' or '.join(result.missing)}: about it nothing was measured."))
    parts += [_classes(result), _confusion(result)]
    if result.coverage:
        parts += [_coverage(result), _calibration(result)]
    if result.worst:
        parts += [Text("\nThe surest mistakes:"), *(_line(rows[place], found[place]) for place in result.worst)]
    return Group(*parts)


def _classes(result: Evaluation) -> Table:
    table = Table("label", "by people", "found", "precision", "recall", "F1")
    for each in result.classes:
        shares = map(_share, (each.precision, each.recall, each.f1))
        table.add_row(each.label, str(each.n), str(each.found), *shares)
    return table


def _confusion(result: Evaluation) -> Table:
    table = Table("by people ↓   found →", *LABELS)
    for label, row in zip(LABELS, result.confusion, strict=True):
        table.add_row(label, *map(str, row))
    return table


def _coverage(result: Evaluation) -> Table:
    table = Table("confidence from", "n", "share left", "accuracy of these")
    for each in result.coverage:
        table.add_row(f"{each.threshold:.2f}", str(each.n), _share(each.share), _share(each.accuracy))
    return table


def _calibration(result: Evaluation) -> Table:
    table = Table("confidence", "n", "mean", "right", title=f"Calibration (expected error {_share(result.ece)})")
    for each in result.calibration:
        table.add_row(f"{each.low:.1f}–{each.high:.1f}", str(each.n), _share(each.confidence), _share(each.accuracy))
    return table


def _line(row: Labelled, found: Toward) -> Text:
    line = Text(f"  {row.label} by people, {found.label} found ({found.confidence:.2f}): ")
    line.append(row.text[: row.start]).append(row.text[row.start : row.end], style="bold").append(row.text[row.end :])
    return line


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"


def _between(interval: Interval | None) -> str:
    if interval is None:
        return f"  (no interval: fewer than {evaluate.FEWEST_GROUPS} groups)"
    return f"  (95 %: {interval[0]:.3f} to {interval[1]:.3f})"
