"""Health and metrics for monitors: is it up, is it fresh, how are the feeds. Nearly all is read from the record."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from dashboard.serve import prometheus
from dashboard.serve.prometheus import Metric
from ingest import settings
from ingest.errors import IngestError
from ingest.models import utcnow
from ingest.run import lock
from ingest.store import engines, record
from ingest.store.plan import complaints
from ingest.store.read import sources, verdicts
from ingest.store.read.sources import SourceRow
from ingest.store.read.verdicts import Verdict
from ingest.store.upkeep import vitals
from ingest.store.upkeep.vitals import Tally

#: Verdicts are cached for this many seconds: monitors ask every few.
_VERDICT_SECONDS = 30
#: At most this many feeds are listed in `/healthz`.
_NAMED = 100

_HEAD = record.head()
_engines: dict[str, tuple[Engine, Tally]] = {}
_opening = threading.Lock()


def _open(url: str) -> tuple[Engine, Tally]:
    """The engine for all monitors, opened again if the record is no longer of the version that we know."""
    with _opening:
        if (known := _engines.get(url)) is not None:
            try:
                with known[0].connect() as connection:
                    version = record.version(connection)
            except DatabaseError:
                version = None
            if version == _HEAD:
                return known
            # Replaced, damaged or migrated: opening it again says which, and closes the old file.
            _engines.pop(url)[0].dispose()
        _engines[url] = record.open_engine(url), Tally()
        return _engines[url]


Standing = tuple[tuple[SourceRow, Verdict], ...]


@lru_cache(maxsize=1)
def _standing(engine: Engine, slot: int) -> Standing:
    """Every listed feed with its verdict."""
    with engine.connect() as connection:
        rows = [row for row in sources.listing(connection, {}) if row.kind == "feed" and row.listed]
        days = verdicts.of(connection, rows, today=utcnow().date())
    return tuple((row, verdicts.current_verdict(days.get(row.id, ()), row.state)) for row in rows)


def _now(engine: Engine) -> Standing:
    return _standing(engine, int(time.monotonic()) // _VERDICT_SECONDS)


def health() -> tuple[int, dict[str, Any]]:
    """Status and body of `/healthz`: 200 with revision, newest fetch, worker, feeds, faults; 503 without a record."""
    try:
        active = settings.load()
        engine, _ = _open(active.database)
        with engine.connect() as connection:
            newest = sources.newest_fetch(connection)
            revision = record.current_revision(connection)
            faults = complaints.current(connection)
        standing = _now(engine)
    except IngestError as error:
        return 503, {"ok": False, "error": str(error)}
    except DatabaseError as error:
        return 503, {"ok": False, "error": engines.reason(error)}
    age = (datetime.now(UTC) - newest).total_seconds() if newest else None
    odd = [each for each in standing if each[1] in ("failing", "silent", "gone", "quiet")]
    odd.sort(key=lambda each: (verdicts.VERDICTS.index(each[1]), each[0].name))
    return 200, {
        "ok": True,
        "revision": revision,
        "newest_fetch_age_seconds": None if age is None else round(age, 1),
        "worker": lock.alive(active),
        "feeds": dict(Counter(verdict for _, verdict in standing)),
        "not_normal": [
            {
                "name": row.name,
                "verdict": verdict,
                "last_success": row.last_success_at and row.last_success_at.isoformat(),
                "last_error": row.last_error,
            }
            for row, verdict in odd[:_NAMED]
        ],
        "faults": [f"{each.what}: {each.message}" for each in faults],
    }


def metrics() -> str:
    """The body of `/metrics`; only `discourse_record_up 0` if the record can't be used."""
    up = "Whether the record can be used."
    try:
        active = settings.load()
        engine, tally = _open(active.database)
        with engine.connect() as connection:
            found = [*_fetches(connection, tally), *_waiting(connection), *_revisions(connection)]
        found += _sources(_now(engine))
        found.append(_gauge("discourse_worker_up", "Whether a loop follows the sources.", lock.alive(active)))
    except (IngestError, DatabaseError):
        return prometheus.text([_gauge("discourse_record_up", up, 0)])
    return prometheus.text([_gauge("discourse_record_up", up, 1), *found])


def _gauge(name: str, help_: str, value: float, **labels: str) -> Metric:
    return Metric(name, "gauge", help_, ((labels, float(value)),))


def _counter(name: str, help_: str, value: float) -> Metric:
    return Metric(name, "counter", help_, (({}, float(value)),))


def _fetches(connection: Connection, tally: Tally) -> list[Metric]:
    all_ = tally.read(connection)
    by_outcome = tuple(({"outcome": name}, float(all_.outcomes.get(name, 0))) for name in ("ok", "unchanged", "error"))
    took, parsed = (all_.ms / 1000, sum(all_.outcomes.values())), (all_.parse_ms / 1000, all_.parsed)
    parsing = "How long it took from an answer's bytes to its entries."
    return [
        Metric("discourse_fetches_total", "counter", "Attempts on sources, by what came of them.", by_outcome),
        Metric("discourse_fetch_seconds", "summary", "How long attempts took.", total=took),
        Metric("discourse_parse_seconds", "summary", parsing, total=parsed),
        _counter("discourse_fetched_bytes_total", "Bytes that sources sent, unpacked.", all_.bytes),
        _counter("discourse_articles_added_total", "New articles that fetches brought.", all_.added),
        _counter("discourse_articles_edited_total", "Edited articles that fetches brought.", all_.edited),
    ]


def _waiting(connection: Connection) -> list[Metric]:
    found = vitals.queue(connection, utcnow())
    return [
        _gauge("discourse_queue_feeds", "Feeds whose time has come.", found.feeds),
        _gauge("discourse_queue_age_seconds", "How long the longest of them has waited.", found.age_seconds),
        _gauge("discourse_queue_pages", "Pages of articles whose time has come.", found.pages),
        _gauge("discourse_requests_open", "Retries that were asked for and are not answered.", found.requests),
    ]


def _revisions(connection: Connection) -> list[Metric]:
    newest = record.current_revision(connection)
    found = [_gauge("discourse_revision", "The record's newest revision.", newest)]
    from dashboard.numbers import holdings  # imported here, or the server would wait for pandas before it listens
    from dashboard.state import process

    state = process.started()
    if state is None or state.follower is None or not state.ready.is_set():
        return found
    loaded = state.follower.revision
    since = vitals.first_after(connection, loaded)
    lag = (utcnow() - since).total_seconds() if since else 0.0
    answering = {"process": str(os.getpid())}  # each server process has a read model of its own
    articles = sum(articles for articles, _ in holdings.by_source(state.follower.snapshot).values())
    return [
        *found,
        _gauge("discourse_articles", "Current articles.", articles),
        _gauge("discourse_read_model_revision", "The newest revision that this process shows.", loaded, **answering),
        _gauge("discourse_read_model_lag_revisions", "Revisions it lacks.", max(0, newest - loaded), **answering),
        _gauge("discourse_read_model_lag_seconds", "Age of the first of them.", max(0.0, lag), **answering),
    ]


def _sources(standing: Standing) -> list[Metric]:
    counts = Counter(verdict for _, verdict in standing)
    seen = [(row, row.last_success_at) for row, _ in standing if row.last_success_at]
    heard = tuple(({"source": row.name, "id": str(row.id)}, at.timestamp()) for row, at in seen)
    by_verdict = tuple(({"verdict": verdict}, float(counts[verdict])) for verdict in verdicts.VERDICTS)
    return [
        Metric("discourse_sources", "gauge", "Feeds on the list, by how they stand.", by_verdict),
        Metric("discourse_source_last_success_timestamp_seconds", "gauge", "When a feed was last heard.", heard),
    ]
