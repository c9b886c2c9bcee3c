"""How fast articles get in with their analysis, beside the analysis alone: both on two processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ingest.analyser import Analyser
from ingest.models import Entry
from ingest.settings import PROJECT
from tests.bench import load
from tests.bench.corpus import CHUNK, Corpus

_BATCH = 64


def measure(corpus: Corpus, articles: int, folder: Path) -> dict[str, Any]:
    """Articles a second: analysed and forgotten; and through `python -m ingest backfill` into a record of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "archive.jsonl"
    written = write(corpus, articles, file)
    alone = analysed(file)
    url = f"sqlite:///{folder / 'backfill.db'}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DISCOURSE_")}
    environment |= {
        "DISCOURSE_DATABASE_URL": url, "DISCOURSE_DATA_DIR": str(folder), "DISCOURSE_SEEDS_DIR": str(folder / "seeds"),
        "DISCOURSE_TONE": "rule",  # as in the analysis alone
    }  # fmt: skip
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "ingest", "backfill", str(file)],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    if run.returncode:
        raise RuntimeError(f"backfill ended with {run.returncode}: {run.stderr[-2_000:]}")
    return {
        "articles": written,
        "analysis_alone": round(written / alone, 1),
        "load_with_analysis": round(written / seconds, 1),
    }


def write(corpus: Corpus, articles: int, file: Path) -> int:
    """So many articles of the whole span of an archive as JSON Lines; answers how many those are."""
    pieces = -(-articles // CHUNK)
    done = 0
    with file.open("w", encoding="utf-8") as out:
        for nth in range(pieces):
            for made in corpus.chunk(nth * corpus.chunks // pieces)[: articles - done]:
                entry = made.article.entry
                row = {
                    "id": f"article-{made.number}", "title": entry.title, "text": entry.body, "url": entry.link,
                    "published": entry.published.isoformat() if entry.published else None, "author": entry.author,
                    "source": corpus.outlets[made.outlet].name, "language": entry.language,
                }  # fmt: skip
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                done += 1
    return done


def analysed(file: Path) -> float:
    """Seconds that two processes take to analyse a file, its lines parsed by them; nothing comes back."""
    lines = file.read_text(encoding="utf-8").splitlines()
    start = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(_analyse, [lines[at : at + _BATCH] for at in range(0, len(lines), _BATCH)]))
    return time.perf_counter() - start


@cache
def _analyser() -> Analyser:
    return Analyser(load.watchlist())


def _analyse(lines: Sequence[str]) -> None:
    for line in lines:
        row = json.loads(line)
        _analyser().article(
            Entry(
                source="bench",
                title=row["title"],
                body=row["text"],
                keys=(row["id"],),
                text_kind="full",
                published=datetime.fromisoformat(row["published"]),
                language=row["language"],
            )
        )
