"""The commands that look and store nothing: `python -m ingest parse` and `score`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ingest import settings
from ingest.analyser import Analyser, Method
from ingest.cli.console import Row, as_json, messages, people
from ingest.errors import IngestError, SourceError
from ingest.fetch.client import Fetcher
from ingest.formats.article import READERS, article_file
from ingest.models import Entry, utcnow
from ingest.sources import sandbox

app = typer.Typer()


@app.command(epilog="Example: python -m ingest parse feed.xml https://example.org/rss --json")
def parse(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Feed or article files, or URLs.")],
    json_: Annotated[bool, typer.Option("--json", help="One JSON line an entry.")] = False,
) -> None:
    """Shows what would be read from feeds and articles; nothing is stored."""
    with messages():
        failed = 0
        for row in parsed(sources, Fetcher.by(settings.load()), now=utcnow()):
            failed += not row["ok"]
            if json_:
                print(as_json(row))
            elif row["ok"]:
                print(f"{row['published'] or 'no date':25}  {row['title']}  <{row['link'] or 'no link'}>")
            if not row["ok"]:
                people.print(f"[bold]error:[/] {escape(row['source'])}: {escape(row['error'])}", highlight=False)
        if failed:
            raise typer.Exit(1)


@app.command(epilog="Example: python -m ingest score article.txt --json")
def score(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Article files.")],
    json_: Annotated[bool, typer.Option("--json", help="One JSON line a file.")] = False,
) -> None:
    """Shows sentences, mentions and tone of articles; nothing is stored."""
    with messages():
        active = settings.load()
        active.prepare()
        failed = 0
        for row in scored(files, Method.by(active).analyser(), now=utcnow()):
            if not row["ok"]:
                failed += 1
                people.print(f"[bold]error:[/] {escape(row['source'])}: {escape(row['error'])}", highlight=False)
                if json_:
                    print(as_json(row))
            elif json_:
                print(as_json(row))
            else:
                print(in_words(row))
        if failed:
            raise typer.Exit(1)


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
    if path.suffix.lower() in READERS:
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
