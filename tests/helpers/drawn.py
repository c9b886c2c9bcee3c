"""What a chart that was sent to the browser says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any


def bins(trace: Mapping[str, Any]) -> list[str]:
    """The bins of a trace's points: those written out, or as many as it has values from the first on."""
    if "x" in trace:
        return list(trace["x"])
    step = timedelta(milliseconds=trace["dx"])
    return [(date.fromisoformat(trace["x0"]) + step * place).isoformat() for place in range(len(trace["y"]))]
