"""`make bench`: makes an archive, measures, prints one table and keeps it in `tests/bench/results/`.

SCALE=1000000 is what the budgets are for, SCALE=10000 a first look. KEEP=1 measures again on the
record that the last run of this scale has left. BASELINE=0 leaves out what people build today, MILLIONS=0 the section
of ten million articles (another number: so many). Memory over 5,000 clicks: `python -m tests.bench.soak`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.bench import baseline, load, millions, queries, rates, report, served
from tests.bench.apart import apart
from tests.bench.corpus import Corpus

HERE = Path(__file__).parent
WORK = HERE / ".work"
RESULTS = HERE / "results"
#: What a click is compared with: the budget is three times the same on this many.
SMALL = 10_000
#: Articles that are analysed to measure the rates: a few hundred a second, three times over.
ANALYSED = 8_000


def main() -> None:
    """One run."""
    scale = int(os.environ.get("SCALE") or 1_000_000)
    start = time.monotonic()
    folder = WORK / str(scale)
    said("analysis, and load with analysis")
    shutil.rmtree(WORK / "rates", ignore_errors=True)
    sample = Corpus(scale, datetime.now(UTC).date())
    rated = apart(rates.measure, sample, min(ANALYSED, max(1_000, scale // 5)), WORK / "rates")
    corpus, loaded = archive(scale, folder, keep=bool(int(os.environ.get("KEEP") or 0)))
    path, url = folder / "record.db", f"sqlite:///{folder / 'record.db'}"
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": report.commit(),
        "scale": scale,
        "machine": report.machine(),
        "model_lines": report.model_lines(),
        "rates": rated,
        "load": loaded,
        "disk_bytes_per_article": round(load.size(path) / scale),
    }
    said("queries: alone, then with eight readers and a writer")
    found["queries"] = apart(queries.measure, url, corpus)
    said("the dashboard: first page, one viewer, idle viewers, crowds in front of one process and of two")
    found["dashboard"] = served.dashboard(url, corpus, folder / "served")
    if scale > SMALL:
        small = WORK / str(SMALL)
        said(f"the dashboard at {SMALL:,} articles")
        little, _ = archive(SMALL, small, keep=False)
        found["dashboard_10k"] = served.dashboard(
            f"sqlite:///{small / 'record.db'}", little, small / "served", crowds={}
        )
    if count := int(os.environ.get("MILLIONS") or 10):
        said(f"{count} million articles, made as a snapshot")
        found["millions"] = apart(millions.measure, count, corpus.until)
    if int(os.environ.get("BASELINE") or 1):
        found["baseline"] = usual(url, corpus, folder)
    found["minutes"] = round((time.monotonic() - start) / 60, 1)
    found = json.loads(json.dumps(found, default=dataclasses.asdict))
    RESULTS.mkdir(exist_ok=True)
    name = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-{scale}"
    name.with_suffix(".json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    table = report.markdown(found)
    name.with_suffix(".md").write_text(table, encoding="utf-8")
    print(table)


def archive(scale: int, folder: Path, *, keep: bool) -> tuple[Corpus, dict[str, Any]]:
    """The archive of this scale in a record of its own, and how it was loaded."""
    about = folder / "record.json"
    if keep and about.exists():
        known = json.loads(about.read_text())
        return Corpus(scale, date.fromisoformat(known.pop("until"))), known
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    corpus = Corpus(scale, datetime.now(UTC).date())
    said(f"{scale:,} articles into a record")
    loaded = apart(load.store, f"sqlite:///{folder / 'record.db'}", corpus)
    known = {"rate": round(loaded.rate), "articles": loaded.articles, "seconds": round(loaded.seconds, 1)}
    about.write_text(json.dumps({**known, "until": corpus.until.isoformat()}))
    return corpus, known


def usual(url: str, corpus: Corpus, folder: Path) -> dict[str, Any] | None:
    """What people build today; nothing where the memory does not hold it."""
    needed = corpus.scale * 12_000  # the texts, a filtered copy of them, and the frames
    if psutil.virtual_memory().available < needed:
        said(f"no baseline: its frames need {needed / 1024**3:.0f} GiB")
        return None
    frames = folder / "frames"
    frames.mkdir(exist_ok=True)
    said("what people build today: frames, queries, its page")
    apart(baseline.prepare, url, frames)
    found: dict[str, Any] = apart(baseline.measure, frames, corpus, 5 if corpus.scale > 100_000 else 20)
    found["scoring"] = round(apart(baseline.scoring, corpus, 200), 1)
    found["served"] = served.usual(frames, corpus)
    shutil.rmtree(frames)
    return found


def said(what: str) -> None:
    """Tells the person what goes on."""
    print(f"{datetime.now():%H:%M:%S} {what}", file=sys.stderr, flush=True)  # noqa: DTZ005


if __name__ == "__main__":
    main()
