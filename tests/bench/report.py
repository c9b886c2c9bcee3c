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

_PACKAGES = ("streamlit", "polars", "pandas", "plotly", "sqlalchemy", "pyarrow", "vaderSentiment")
_MIB = 1024 * 1024

#: The modules that hold the read model and its queries are all in these folders, but for these, which serve pages.
#: `kept` is a new function, and was not in what this is compared with.
_MODEL_FOLDERS, _NOT_MODEL = ("model", "numbers"), ("published", "sample", "kept")


@dataclass(frozen=True)
class Budget:
    """One line of what must be reached."""

    what: str
    measured: float | None  #: None: not in this run
    limit: float | None  #: the most that is allowed; None: it is only told
    unit: str
    before: str = ""  #: what was measured before the work that the limit is for

    @property
    def verdict(self) -> str:
        """Reached, or missed by which factor."""
        if self.measured is None:
            return "not measured"
        if self.limit is None:
            return "told"
        if self.measured <= self.limit:
            return "reached"
        return f"MISSED × {self.measured / self.limit:.2f}" if self.limit else "MISSED"

    @property
    def row(self) -> str:
        measured = "–" if self.measured is None else f"{self.measured:,g} {self.unit}".rstrip()
        limit = "told" if self.limit is None else f"≤ {self.limit:,g} {self.unit}".rstrip()
        return f"| {self.what} | {self.before} | {limit} | {measured} | {self.verdict} |"


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
    """Each line of DESIGN §9 that this bench measures, in the words of the issue that set them (issue 11)."""
    served, small, scale = found["dashboard"], found.get("dashboard_10k"), found["scale"]
    named = "1 M" if scale == 1_000_000 else f"{scale:,}"
    if small:
        cpu = small["one"]["filter"]["cpu_ms"]
        yield Budget("CPU of a filter click, views nobody asked before, 10 k articles", cpu, 60, "ms", "~110")
    cpu, most = served["one"]["filter"]["cpu_ms"], 100 if small else 60
    yield Budget(f"CPU of a filter click, views nobody asked before, {named} articles", cpu, most, "ms", "228–270")
    for viewers, limit, before in ((50, 500, "2,000 (one process)"), (200, 1500, "–")):
        crowd = _crowd(served, viewers, 2)
        p95 = crowd["latency"]["p95"] if crowd and crowd["latency"] else None
        errors = crowd["errors"] if crowd else None
        yield Budget(f"{viewers} viewers, a click every 10 s, {named}, two workers: p95", p95, limit, "ms", before)
        yield Budget(f"… errors that they saw, of {_calls(crowd)} clicks", errors, 0, "", "0")
    warm, cold = served.get("warm_page_seconds"), served["first_page_seconds"]
    yield Budget(f"first page, {named}, cold start with the kept snapshot", warm, 4, "s", "12–15")
    yield Budget("… without it", cold, 12, "s", "12–15")
    asked = (found.get("millions") or {}).get("asked", {})
    count = f"{found['millions']['articles'] / 1e6:g} M" if asked else "10 M"
    for span, most_ms in (("a year", 800), ("ten years", None)):
        for suffix in ("", ", with filters"):
            p95 = asked[span + suffix]["page"]["p95"] if asked else None
            yield Budget(f"all queries behind a page, {count} articles, {span}{suffix}: p95", p95, most_ms, "ms", "–")
    one, two = _crowd(served, 50, 1), _crowd(served, 50, 2)
    alone = max(_memory(one, "rss")) / _MIB if one else None
    yield Budget(f"memory of one process, {named}, 50 viewers", alone and round(alone), 600, "MiB", "800")
    added = (sum(_memory(two, "pss", all_=True)) - sum(_memory(one, "pss", all_=True))) / _MIB if one and two else None
    yield Budget("… the second worker adds", added and round(added), 350, "MiB", "–")
    yield Budget("payload of a filter click, median", served["one"]["filter"]["wire_kb"]["median"], 45, "KB", "65")
    yield Budget("idle viewer: CPU", round(served["idle_ms"], 2), 2, "ms/s", "2.35")
    yield Budget("lines of the read model and its queries", found["model_lines"], 1779, "lines", "1,780")
    yield Budget("errors that viewers saw, in all", len(served["errors"]), 0, "", "0")
    visible = found["queries"]["visible_ms"]["p95"]
    yield Budget("a commit of 200 articles is in the read model after: p95", visible, 1000, "ms", "555")
    yield Budget("disk, for 1 M articles", round(found["disk_bytes_per_article"] / 1000, 2), 9, "GB", "6.83")


def model_lines() -> int:
    """Lines of `dashboard/` that hold the read model and its queries, without the file that keeps it."""
    files = (file for folder in _MODEL_FOLDERS for file in (PROJECT / "dashboard" / folder).glob("*.py"))
    return sum(len(file.read_text().splitlines()) for file in files if file.stem not in _NOT_MODEL)


def _crowd(served: dict[str, Any], viewers: int, workers: int) -> dict[str, Any] | None:
    """What a crowd of so many viewers in front of so many processes saw."""
    wanted = (each for each in served["crowds"] if (each["viewers"], each["workers"]) == (viewers, workers))
    return next(wanted, None)


def _calls(crowd: dict[str, Any] | None) -> str:
    return f"{crowd['latency']['calls']:,}" if crowd and crowd["latency"] else "0"


def _memory(crowd: dict[str, Any], of: str, *, all_: bool = False) -> list[int]:
    """Bytes of each server process at the end of a crowd, or of `all_` processes."""
    return [usage[of] for usage in crowd["memory"] if all_ or usage["role"] == "server"]


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
    yield "## Must reach"
    yield ""
    yield "| | before | wanted | measured | |"
    yield "|---|---|---|---|---|"
    yield from (budget.row for budget in budgets(found))
    yield from _crowds(found)
    yield from _queries(found)
    yield from _served(found)
    yield from _millions(found)
    yield from _rest(found)


def _crowds(found: dict[str, Any]) -> Iterator[str]:
    """Crowds, with what they and each process of the server took. No ingest worker runs."""
    yield ""
    yield (
        "| processes | viewers, a click every 10 s | ms: p50 / p95 | errors | cores: servers (each) | cores: viewers | "
        "memory of each process, MiB: resident / shared pages divided / its own |"
    )
    yield "|---|---|---|---|---|---|---|"
    for crowd in found["dashboard"]["crowds"]:
        each = " + ".join(f"{cores:.2f}" for cores in crowd["cores_each"])
        memory = "; ".join(
            f"{usage['role']} {usage['rss'] / _MIB:,.0f} / {usage['pss'] / _MIB:,.0f} / {usage['private'] / _MIB:,.0f}"
            for usage in crowd["memory"]
        )
        yield (
            f"| {crowd['workers']} | {crowd['viewers']} | {_of(crowd['latency'])} | {crowd['errors']} | "
            f"{crowd['cores']:.2f} ({each}) | {crowd['viewers_cores']:.3f} | {memory} |"
        )


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
    ours, usual = found["dashboard"], (found.get("baseline") or {}).get("served") or {}
    yield ""
    yield (
        "| clicks of one viewer | ms: p50 / p95 | CPU, ms | KB, median / mean | the viewer's CPU, ms | "
        "pandas + px: ms, CPU | ÷ ms, CPU |"
    )
    yield "|---|---|---|---|---|---|---|"
    for kind, one in ours["one"].items():
        theirs, ratio = "–", ""
        if of := usual.get("one", {}).get(kind):
            theirs = f"{_of(of['latency'])}, {of['cpu_ms']}"
            ratio = f"{of['latency']['p50'] / one['latency']['p50']:.1f}, {of['cpu_ms'] / one['cpu_ms']:.1f} ×"
        size = one["wire_kb"]
        if one["compressed"]:
            size = {name: f"{size[name]:g} ({one['plain_kb'][name]:g} before compression)" for name in size}
        yield (
            f"| {kind} | {_of(one['latency'])} | {one['cpu_ms']} | {size['median']} / {size['mean']} | "
            f"{one['viewer_cpu_ms']} | {theirs} | {ratio} |"
        )
    if usual:
        (crowd,) = usual["crowds"]
        alike = _crowd(ours, crowd["viewers"], 1)
        yield ""
        yield "| | dashboard | pandas + px |"
        yield "|---|---|---|"
        yield (
            f"| {crowd['viewers']} viewers, one process, ms: p50 / p95 | {_of(alike and alike['latency'])} | "
            f"{_of(crowd['latency'])} |"
        )
        memory = f"{sum(_memory(alike, 'rss')) / _MIB:,.0f}" if alike else "–"
        yield f"| … memory, MiB | {memory} | {sum(_memory(crowd, 'rss')) / _MIB:,.0f} |"
        yield f"| first page after a cold start, s | {ours['first_page_seconds']} | {usual['first_page_seconds']} |"
        yield f"| errors | {len(ours['errors'])} | {len(usual['errors'])} |"
    for error in list(dict.fromkeys(ours["errors"]))[:5]:
        yield ""
        yield f"An error that a viewer saw: {error}"


def _millions(found: dict[str, Any]) -> Iterator[str]:
    if not (of := found.get("millions")):
        return
    yield ""
    yield (
        f"{of['articles']:,} articles and {of['namings']:,} namings in a snapshot, made in {of['made_seconds']} s: its "
        f"frames take {of['frames_bytes'] / _MIB:,.0f} MiB, the process {of['bytes'] / _MIB:,.0f} MiB, and after all "
        f"queries {of['bytes_after'] / _MIB:,.0f}. The first page of all takes {of['first_page_ms']:,} ms."
    )
    names = list(next(iter(of["asked"].values()))["queries"])
    yield ""
    yield f"| ms: p50 / p95 | all of a page | its CPU | {' | '.join(names)} |"
    yield "|---|---|---|" + "---|" * len(names)
    for span, asked in of["asked"].items():
        each = " | ".join(_of(asked["queries"][name]) for name in names)
        yield f"| {span} | {_of(asked['page'])} | {asked['cpu_ms']:,g} | {each} |"


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
