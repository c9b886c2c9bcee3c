"""What was measured, as one table beside the budgets and beside what people build today."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from ingest.settings import PROJECT

_PACKAGES = ("streamlit", "duckdb", "pandas", "plotly", "sqlalchemy", "pyarrow", "vaderSentiment")
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Budget:
    """One line of what must be reached."""

    what: str
    measured: float
    limit: float
    unit: str
    least: bool = False  #: the limit is the least, not the most

    @property
    def reached(self) -> bool:
        return self.measured >= self.limit if self.least else self.measured <= self.limit

    @property
    def verdict(self) -> str:
        """Reached, or missed by which factor."""
        if self.reached:
            return "reached"
        worse = self.limit / self.measured if self.least else self.measured / self.limit
        return f"MISSED × {worse:.2f}"


def machine() -> dict[str, Any]:
    """Where this was measured."""
    cpu = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in cpu.read_text().splitlines() if "model name" in line] if (
        cpu.exists()
    ) else []  # fmt: skip
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count()
    return {
        "cores": cores,
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "cpu": names[0] if names else platform.processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in _PACKAGES},
    }


def commit() -> str:
    """The commit that was measured, with a + where files differ from it."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=PROJECT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()


def budgets(found: dict[str, Any]) -> Iterator[Budget]:
    """Each line of DESIGN §9 that this bench measures."""
    alone, together = found["queries"]["alone"], found["queries"]["together"]["latency"]
    for name, taken in alone.items():
        if name == "newest headlines":
            continue
        limit = 400.0 if "15 %" in name else 150.0 if name.startswith(("search", "tone")) else 100.0
        yield Budget(f"{name}: p95 alone", taken["p95"], limit, "ms")
    for name, taken in together.items():
        if not name.startswith(("search", "newest")):
            yield Budget(f"{name}: p95, 8 readers and a writer", taken["p95"], 300.0, "ms")
    served = found["dashboard"]
    click = served["one"]["filter"]["p95"]
    yield Budget("filter click, 1 viewer: p95", click, 150.0, "ms")
    if small := found.get("dashboard_10k"):
        yield Budget("… ÷ the same at 10 k", round(click / small["one"]["filter"]["p95"], 2), 3.0, "×")
    most = max(served["crowds"], key=int)
    crowd = served["crowds"][most]
    yield Budget(f"{most} viewers, a click every 10 s: p95", (crowd["latency"] or {"p95": 1e9})["p95"], 500.0, "ms")
    yield Budget(f"{most} viewers: the dashboard's memory", round(crowd["bytes"] / _MIB), 1536.0, "MiB")
    yield Budget("errors that viewers saw", len(served["errors"]), 0.0, "")
    yield Budget("idle viewer: CPU", round(served["idle_ms"], 2), 2.0, "ms/s")
    yield Budget("first page after a cold start", served["first_page_seconds"], 15.0, "s")
    yield Budget("commit of 200 articles → read model: p95", found["queries"]["visible_ms"]["p95"], 1000.0, "ms")
    if rates := found.get("rates"):
        part = 100 * rates["load_with_analysis"] / rates["analysis_alone"]
        yield Budget("load with analysis ÷ analysis alone", round(part, 1), 85.0, "%", least=True)
    if loaded := found.get("load"):
        yield Budget("load without analysis", loaded["rate"], 2000.0, "articles/s", least=True)
    yield Budget("disk, for 1 M articles", round(found["disk_bytes_per_article"] / 1000, 2), 9.0, "GB")


def markdown(found: dict[str, Any]) -> str:
    """All of it as Markdown."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    where = found["machine"]
    yield f"# Bench of {found['at']}: {found['scale']:,} articles"
    yield ""
    yield (
        f"Commit {found['commit']}; {where['cores']} cores ({where['cpu']}), {where['memory_gib']} GiB; Python "
        f"{where['python']}, SQLite {where['sqlite']}, "
        + ", ".join(f"{name} {where[name]}" for name in _PACKAGES)
        + f". The run took {found['minutes']} minutes."
    )
    if found["scale"] != 1_000_000:
        yield ""
        yield "The budgets are for 1,000,000 articles; here they only show where things stand."
    yield ""
    yield "| budget | measured | limit | |"
    yield "|---|---|---|---|"
    for budget in budgets(found):
        sign = "≥" if budget.least else "≤"
        yield f"| {budget.what} | {budget.measured:,g} {budget.unit} | {sign} {budget.limit:g} | {budget.verdict} |"
    yield from _queries(found)
    yield from _served(found)
    yield from _rest(found)


def _queries(found: dict[str, Any]) -> Iterator[str]:
    of, usual = found["queries"], (found.get("baseline") or {}).get("alone", {})
    yield ""
    yield (
        f"| query, ms: p50 / p95 | alone | asked again | 8 readers and a writer ({of['together']['queries_a_second']} "
        "queries/s) | pandas | pandas ÷ ours |"
    )
    yield "|---|---|---|---|---|---|"
    for name, alone in of["alone"].items():
        again, together, pandas = of["again"][name], of["together"]["latency"].get(name), usual.get(name)
        ratio = f"{pandas['p50'] / alone['p50']:.1f} ×" if pandas else ""
        yield f"| {name} | {_of(alone)} | {_of(again)} | {_of(together)} | {_of(pandas)} | {ratio} |"


def _served(found: dict[str, Any]) -> Iterator[str]:
    ours, usual = found["dashboard"], (found.get("baseline") or {}).get("served")
    yield ""
    yield "| click to finished script, ms: p50 / p95 | dashboard | pandas + px | ÷ | errors |"
    yield "|---|---|---|---|---|"
    for kind, taken in ours["one"].items():
        theirs = usual["one"].get(kind) if usual else None
        ratio = f"{theirs['p50'] / taken['p50']:.1f} ×" if theirs else ""
        yield f"| 1 viewer, {kind} | {_of(taken)} | {_of(theirs)} | {ratio} | |"
    for count, crowd in ours["crowds"].items():
        theirs = usual["crowds"].get(count) if usual else None
        ratio = ""
        if theirs and theirs["latency"] and crowd["latency"]:
            ratio = f"{theirs['latency']['p50'] / crowd['latency']['p50']:.1f} ×"
        yield (
            f"| {count} viewers, {crowd['cores']} cores busy | {_of(crowd['latency'])} | "
            f"{_of(theirs['latency']) if theirs else ''} | {ratio} | |"
        )
    for kind, cpu in ours["cpu_ms"].items():
        theirs = usual["cpu_ms"].get(kind) if usual else None
        ratio = f"{theirs / cpu:.1f} ×" if theirs and cpu else ""
        yield f"| CPU a click, {kind} | {cpu} | {theirs or '–'} | {ratio} | |"
    errors = len(ours["errors"]), len(usual["errors"]) if usual else "–"
    yield f"| errors | {errors[0]} | {errors[1]} | | {'; '.join(ours['errors'][:3])} |"
    first = usual["first_page_seconds"] if usual else "–"
    yield f"| first page after a cold start, s | {ours['first_page_seconds']} | {first} | | |"
    memory = " / ".join(f"{crowd['bytes'] / _MIB:,.0f}" for crowd in ours["crowds"].values())
    theirs = " / ".join(f"{crowd['bytes'] / _MIB:,.0f}" for crowd in usual["crowds"].values()) if usual else "–"
    yield f"| memory of the server with the crowds, MiB | {memory} | {theirs} | | |"


def _rest(found: dict[str, Any]) -> Iterator[str]:
    of, usual = found["queries"], found.get("baseline") or {}
    yield ""
    yield "| | dashboard | pandas + px |"
    yield "|---|---|---|"
    frame = f"{usual['load_seconds']} s, {usual['load_bytes'] / _MIB:,.0f} MiB" if "load_seconds" in usual else "–"
    yield f"| loading what queries need | {of['load_seconds']} s, {of['load_bytes'] / _MIB:,.0f} MiB | {frame} |"
    yield f"| a commit of 200 articles → visible, ms | {_of(of['visible_ms'])} | never: the frame is loaded once |"
    if rates := found.get("rates"):
        scored = f"{usual['scoring']:,.1f} × {found['machine']['cores']} cores" if "scoring" in usual else "–"
        yield (
            f"| articles/s analysed on 2 processes ({rates['articles']:,} articles) | {rates['analysis_alone']} alone, "
            f"{rates['load_with_analysis']} into the record | {scored}, vaderSentiment of the whole text alone |"
        )
    if loaded := found.get("load"):
        yield f"| articles/s into the record, analysis and index words made | {loaded['rate']:,} | |"
    yield f"| disk, bytes an article | {found['disk_bytes_per_article']:,} | |"


def _of(taken: dict[str, Any] | None) -> str:
    return f"{taken['p50']:,.4g} / {taken['p95']:,.4g}" if taken else "–"
