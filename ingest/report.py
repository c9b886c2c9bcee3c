"""What the command line shows of sources, articles and the record: plain rows, ready for JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from ingest import verdicts, watch
from ingest.analyser import Analyser
from ingest.errors import IngestError, SourceError
from ingest.fetch.client import Fetcher
from ingest.formats.article import SUFFIXES, article_file
from ingest.models import Entry, Source, utcnow
from ingest.settings import Settings
from ingest.sources import sandbox
from ingest.store import complaints, record, schema, sources
from ingest.store.sources import SourceRow
from ingest.verdicts import Judged

Row = dict[str, Any]


def as_json(row: Row) -> str:
    """One line; times as ISO 8601 in UTC."""
    return json.dumps(row, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def parsed(sources: Sequence[str], fetcher: Fetcher, *, now: datetime) -> Iterator[Row]:
    """One row an entry of each file or URL; one row with `ok: false` for a source that can't be read."""
    for source in sources:
        try:
            entries = _entries(source, fetcher, now)
        except IngestError as error:
            yield _parsed(source, None, str(error))
        else:
            for entry in entries:
                yield _parsed(source, entry, None)


def _parsed(source: str, entry: Entry | None, error: str | None) -> Row:
    return {
        "source": source,
        "ok": error is None,
        "error": error,
        "title": entry.title if entry else None,
        "link": entry.link if entry else None,
        "guid": entry.guid if entry else None,
        "author": entry.author if entry else None,
        "published": entry.published.astimezone(UTC).isoformat() if entry and entry.published else None,
        "published_from": entry.published_from if entry else None,
        "summary": entry.summary if entry else None,
        "text": entry.body if entry else None,
    }


def _entries(source: str, fetcher: Fetcher, now: datetime) -> list[Entry]:
    if source.lower().startswith(("http://", "https://")):
        answer = fetcher.get(source)
        return list(sandbox.feed(answer.body, source=answer.url, now=now, content_type=answer.content_type).entries)
    path = Path(source)
    try:
        body = path.read_bytes()
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise SourceError(f"{error.strerror}") from error
    if path.suffix.lower() in SUFFIXES:
        return [article_file(body, path=path.name, modified=modified, now=now)]
    return list(sandbox.feed(body, source=source, now=now).entries)


def scored(files: Iterable[Path], analyser: Analyser, *, now: datetime) -> Iterator[Row]:
    """One row a file: its text, sentences and mentions; `ok: false` and the reason for a file that can't be read."""
    for path in files:
        try:
            body = path.read_bytes()
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            entry = article_file(body, path=path.name, modified=modified, now=now)
        except OSError as error:
            yield {"source": str(path), "ok": False, "error": str(error.strerror)}
        except IngestError as error:
            yield {"source": str(path), "ok": False, "error": str(error)}
        else:
            article = analyser.article(entry, now)
            yield {
                "source": str(path),
                "ok": True,
                "title": entry.title,
                "published": entry.published,
                "published_from": entry.published_from,
                "language": article.analysis.language,
                "tone": article.analysis.tone,
                "sentences": [asdict(sentence) for sentence in article.analysis.sentences],
                "mentions": [
                    {
                        "figure": mention.figure,
                        "start": mention.start,
                        "end": mention.end,
                        "kind": mention.kind,
                        "tone": mention.tone,
                        "label": mention.label,
                        "confidence": mention.confidence,
                        "tone_rule": mention.tone_rule,
                        "because": [asdict(cue) for cue in mention.because],
                    }
                    for mention in article.analysis.mentions
                ],
                "topics": [hit.topic for hit in article.analysis.topics],
                "text": article.text,
            }


def in_words(row: Row) -> str:
    """A scored article for people."""
    tone = "not scored" if row["tone"] is None else f"tone {row['tone']:+.2f}"
    lines = [f"{row['title']}  ({row['language']}, {tone}, {len(row['sentences'])} sentences)"]
    for mention in row["mentions"]:
        words = row["text"][mention["start"] : mention["end"]]
        toward = "not scored" if mention["tone"] is None else f"{mention['label']} {mention['tone']:+.2f}"
        lines.append(f"  {mention['figure']:<24} {mention['kind']:<9} {toward:<16} {words}")
    return "\n".join(lines)


def checked(feed: Source, fetcher: Fetcher) -> Row:
    """What a feed holds now, or why it can't be had; nothing is stored."""
    row: Row = {"name": feed.name, "url": feed.key, "ok": False, "entries": 0, "newest": None, "ms": None}
    try:
        answer = fetcher.get(feed.key)
        row["ms"] = answer.ms
        entries = sandbox.feed(answer.body, source=feed.key, now=utcnow(), content_type=answer.content_type).entries
    except IngestError as error:
        return row | {"error": str(error)}
    newest = max((entry.published for entry in entries if entry.published), default=None)
    return row | {"ok": True, "error": None, "entries": len(entries), "newest": newest}


#: Days of the ledger that `status` tells of each feed.
STATUS_DAYS = 14


def status(active: Settings, engine: Engine, *, days: int = STATUS_DAYS) -> Row:
    """Sources with their last days, counts, the newest revision, what is wrong, and whether the loop runs."""
    with engine.connect() as connection:
        current = schema.analysis.c.rev_to.is_(None)
        mentions = select(func.count()).select_from(
            schema.mention.join(schema.analysis, schema.analysis.c.id == schema.mention.c.analysis_id)
        )
        rows = sources.listing(connection)
        judged = verdicts.of(connection, rows, today=utcnow().date())
        return {
            "revision": record.current_revision(connection),
            "articles": connection.execute(select(func.count()).where(current)).scalar_one(),
            "mentions": connection.execute(mentions.where(current)).scalar_one(),
            "worker": watch.alive(active),
            "newest_fetch": sources.newest_fetch(connection),
            "faults": [asdict(each) for each in complaints.current(connection)],
            "sources": [_source(row, judged.get(row.id), days) for row in rows],
        }


def _source(row: SourceRow, judged: list[Judged] | None, days: int) -> Row:
    """A source; its verdict and its last days for a feed, None for anything else."""
    return {
        "name": row.name,
        "kind": row.kind,
        "key": row.key,
        "group": row.group,
        "state": row.state if row.listed else "no longer listed",
        "verdict": verdicts.standing(judged, row.state) if judged is not None and row.listed else None,
        "articles": row.articles,
        "failures": row.failures,
        "last_attempt": row.last_attempt_at and row.last_attempt_at.isoformat(),
        "last_success": row.last_success_at and row.last_success_at.isoformat(),
        "last_error": row.last_error,
        "next_attempt": row.next_at and row.next_at.isoformat(),
        "days": None if judged is None else [asdict(each) for each in judged[-days:]],
    }
