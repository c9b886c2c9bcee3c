"""The commands that look and store nothing: `python -m ingest parse` and `score`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ingest import settings
from ingest.analyser import Analyser, Method
from ingest.cli.console import as_json, complain, messages, prepared
from ingest.errors import IngestError, SourceError
from ingest.fetch.client import Fetcher
from ingest.formats.article import READERS, article_file
from ingest.models import Article, Entry, utcnow
from ingest.sources import sandbox

app = typer.Typer()


@app.command(epilog="Example: python -m ingest parse feed.xml https://example.org/rss --json")
def parse(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Feed or article files, or URLs.")],
    json_: Annotated[bool, typer.Option("--json", help="One JSON line an entry.")] = False,
) -> None:
    """Shows what would be read from feeds and articles; nothing is stored."""
    with messages():
        _show(parsed(sources, Fetcher.by(settings.load()), now=utcnow()), json_)


@app.command(epilog="Example: python -m ingest score article.txt --json")
def score(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Article files.")],
    json_: Annotated[bool, typer.Option("--json", help="One JSON line a file.")] = False,
) -> None:
    """Shows sentences, mentions and tone of articles; nothing is stored."""
    with prepared() as active:
        _show(scored(files, Method.by(active).analyser(), now=utcnow()), json_)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An entry of a source, or why the source can't be read."""

    source: str
    entry: Entry | None
    error: str | None = None

    def in_words(self) -> str:
        """A line for people; empty where it can't be read."""
        if self.entry is None:
            return ""
        date = self.entry.published.astimezone(UTC).isoformat() if self.entry.published else "no date"
        return f"{date:25}  {self.entry.title}  <{self.entry.link or 'no link'}>"

    def as_dict(self) -> dict[str, Any]:
        """All that is known of it; None where it can't be read."""
        names = ("title", "link", "guid", "author", "published", "published_from", "summary")
        facts = {name: getattr(self.entry, name, None) for name in names}
        ok = {"source": self.source, "ok": self.error is None, "error": self.error}
        return ok | facts | {"text": self.entry and self.entry.body}


def parsed(sources: Sequence[str], fetcher: Fetcher, *, now: datetime) -> Iterator[Parsed]:
    """One row an entry of each file or URL; one row with its error for a source that can't be read."""
    for source in sources:
        try:
            entries = _entries(source, fetcher, now)
        except IngestError as error:
            yield Parsed(source, None, str(error))
        else:
            yield from (Parsed(source, entry) for entry in entries)


def _show(rows: Iterable[Parsed | Scored], json_: bool) -> None:
    """Prints all rows; ends with exit code 1 if one has an error."""
    failed = False
    for row in rows:
        if json_:
            print(as_json(row))
        elif row.error is None:
            print(row.in_words())
        if row.error is not None:
            failed = True
            complain(f"{row.source}: {row.error}")
    if failed:
        raise typer.Exit(1)


def _entries(source: str, fetcher: Fetcher, now: datetime) -> list[Entry]:
    if source.lower().startswith(("http://", "https://")):
        answer = fetcher.get(source)
        return list(sandbox.feed(answer.body, source=answer.url, now=now, content_type=answer.content_type).entries)
    path = Path(source)
    if path.suffix.lower() in READERS:
        return [_entry(path, now)]
    return list(sandbox.feed(_read(path)[0], source=source, now=now).entries)


def _entry(path: Path, now: datetime) -> Entry:
    body, modified = _read(path)
    return sandbox.run("file", article_file, body, path=path.name, modified=modified, now=now)


def _read(path: Path) -> tuple[bytes, datetime]:
    """A file's bytes, and when it was written. Raises SourceError."""
    try:
        return path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise SourceError(str(error.strerror)) from error


@dataclass(frozen=True, slots=True)
class Scored:
    """A file with its analysis, or why it can't be read."""

    source: str
    article: Article | None
    error: str | None = None

    def in_words(self) -> str:
        """Some lines for people; empty where it can't be read."""
        return in_words(self.article) if self.article else ""

    def as_dict(self) -> dict[str, Any]:
        """Its text, sentences and mentions."""
        if self.article is None:
            return {"source": self.source, "ok": False, "error": self.error}
        entry, found = self.article.entry, self.article.analysis
        names = ("figure", "start", "end", "kind", "tone", "label", "confidence", "tone_rule", "because")
        facts = {"source": self.source, "ok": True, "title": entry.title, "text": self.article.text}
        facts |= {"published": entry.published, "published_from": entry.published_from}
        facts |= {name: getattr(found, name) for name in ("language", "tone", "sentences")}
        facts["mentions"] = [{name: getattr(mention, name) for name in names} for mention in found.mentions]
        return facts | {"topics": [hit.topic for hit in found.topics]}


def scored(files: Iterable[Path], analyser: Analyser, *, now: datetime) -> Iterator[Scored]:
    """One row a file."""
    for path in files:
        try:
            entry = _entry(path, now)
        except IngestError as error:
            yield Scored(str(path), None, str(error))
        else:
            yield Scored(str(path), analyser.article(entry, now))


def in_words(article: Article) -> str:
    """A scored article for people."""
    found = article.analysis
    tone = "not scored" if found.tone is None else f"tone {found.tone:+.2f}"
    lines = [f"{article.entry.title}  ({found.language}, {tone}, {len(found.sentences)} sentences)"]
    for mention in found.mentions:
        words = article.text[mention.start : mention.end]
        toward = "not scored" if mention.tone is None else f"{mention.label} {mention.tone:+.2f}"
        lines.append(f"  {mention.figure:<24} {mention.kind:<9} {toward:<16} {words}")
    return "\n".join(lines)
