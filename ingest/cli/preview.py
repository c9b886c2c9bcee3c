"""The commands that look and store nothing: `python -m ingest parse` and `score`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from ingest import settings
from ingest.analyser import Analyser, Method
from ingest.cli.console import as_json, messages, people
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
        failed = 0
        for row in parsed(sources, Fetcher.by(settings.load()), now=utcnow()):
            failed += row.error is not None
            if json_:
                print(as_json(row))
            elif row.entry:
                date = row.entry.published.astimezone(UTC).isoformat() if row.entry.published else "no date"
                print(f"{date:25}  {row.entry.title}  <{row.entry.link or 'no link'}>")
            if row.error is not None:
                people.print(f"[bold]error:[/] {escape(row.source)}: {escape(row.error)}", highlight=False)
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
            failed += row.error is not None
            if json_:
                print(as_json(row))
            elif row.article:
                print(in_words(row.article))
            if row.error is not None:
                people.print(f"[bold]error:[/] {escape(row.source)}: {escape(row.error)}", highlight=False)
        if failed:
            raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An entry of a source, or why the source can't be read."""

    source: str
    entry: Entry | None
    error: str | None = None

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
        return [sandbox.run("file", article_file, body, path=path.name, modified=modified, now=now)]
    return list(sandbox.feed(body, source=source, now=now).entries)


@dataclass(frozen=True, slots=True)
class Scored:
    """A file with its analysis, or why it can't be read."""

    source: str
    article: Article | None
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Its text, sentences and mentions."""
        if self.article is None:
            return {"source": self.source, "ok": False, "error": self.error}
        entry, found = self.article.entry, self.article.analysis
        names = ("figure", "start", "end", "kind", "tone", "label", "confidence", "tone_rule", "because")
        return {
            "source": self.source,
            "ok": True,
            "title": entry.title,
            "published": entry.published,
            "published_from": entry.published_from,
            "language": found.language,
            "tone": found.tone,
            "sentences": found.sentences,
            "mentions": [{name: getattr(mention, name) for name in names} for mention in found.mentions],
            "topics": [hit.topic for hit in found.topics],
            "text": self.article.text,
        }


def scored(files: Iterable[Path], analyser: Analyser, *, now: datetime) -> Iterator[Scored]:
    """One row a file."""
    for path in files:
        try:
            body = path.read_bytes()
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            entry = sandbox.run("file", article_file, body, path=path.name, modified=modified, now=now)
        except OSError as error:
            yield Scored(str(path), None, str(error.strerror))
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
