"""Prometheus' text format for metrics, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with its samples; a counter's name ends in `_total`, a summary has `_sum` and `_count`."""

    name: str
    kind: Literal["counter", "gauge", "summary"]
    help: str
    samples: tuple[tuple[Labels, float], ...] = ()
    total: tuple[float, int] | None = None  #: a summary's sum and count


def text(metrics: Iterable[Metric]) -> str:
    """The metrics as a document."""
    return "".join(line + "\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> list[str]:
    head = [f"# HELP {metric.name} {_escaped(metric.help)}", f"# TYPE {metric.name} {metric.kind}"]
    if metric.total is not None:
        sum_, count = metric.total
        return [*head, f"{metric.name}_sum {_number(sum_)}", f"{metric.name}_count {count}"]
    return [*head, *(f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples)]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escaped(value, quote=True)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str, *, quote: bool = False) -> str:
    value = value.replace("\\", "\\\\").replace("\n", "\\n")
    return value.replace('"', '\\"') if quote else value


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 6))
