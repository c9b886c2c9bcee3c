"""Reads article files: text, Markdown and saved web pages, with or without front matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import PurePosixPath

from ingest.errors import ParseError
from ingest.formats import front_matter, items, web_page
from ingest.formats.content import Content, decoded
from ingest.models import Entry, PublishedFrom
from ingest.text import dates, markup, plain, urls

_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+(.*)$", re.MULTILINE)
# Each ends at its line's end or the next sign of its kind, so that no text takes quadratic time.
_MARK_PATTERNS = (
    (re.compile(r"^[ \t]{0,3}(?:```.*|~~~.*|[-=*_]{3,}[ \t]*)$", re.MULTILINE), ""),  # fences, rules, underlines
    (re.compile(r"^[ \t]{0,3}>[ \t]?", re.MULTILINE), ""),  # quotations
    (re.compile(r"!\[([^\[\]\n]*)\]\([^()\n]*\)"), r"\1"),  # pictures
    (re.compile(r"\[([^\[\]\n]+)\]\((?:[^()\n]|\([^()\n]*\))*\)"), r"\1"),  # links
    (re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)([^\n]{0,500}?\S)\1"), r"\2"),  # strong
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])"), r"\1"),  # emphasis
    (re.compile(r"(?<!\w)_(?=[^\s_])([^_\n]*[^\s_])_(?!\w)"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
)


def article_file(body: bytes, *, path: str, modified: datetime, now: datetime) -> Entry:
    """The entry in a file of a type in READERS; `path` is relative to the seed folder, with `/`.

    The date comes from the front matter, else the file's name, else the page, else `modified`. Raises ParseError
    for files that are empty, binary or begin with front matter that is no YAML.
    """
    page = READERS[PurePosixPath(path).suffix.lower()](body, now)
    if not page.title and not page.body:
        raise ParseError("The file holds no text. Write an article into it, or delete it.")
    front = page.front
    published, published_from = _published(page, path=path, modified=modified, now=now)
    return Entry(
        source=path,
        title=items.titled(page.title, page.body),
        body=page.body,
        keys=(f"path:{path}",),
        text_kind="full",
        link=urls.web_address(front_matter.line(front, "url")) or page.link,
        author=front_matter.line(front, "author") or page.author,
        published=published,
        published_from=published_from,
        language=items.language(front_matter.line(front, "language")) or page.language,
        outlet=front_matter.line(front, "source"),
        group=front_matter.line(front, "group"),
    )


def _from_text(body: bytes, _: datetime) -> Content:
    return _with_title(*front_matter.read(decoded(body)))


def _from_markdown(body: bytes, _: datetime) -> Content:
    front, rest = front_matter.read(decoded(body))
    return _with_title(front, _without_marks(rest))


def _with_title(front: dict[str, str | date], rest: str) -> Content:
    rest = plain.clean(rest)
    title = front_matter.line(front, "title")
    if title:
        return Content(plain.line(title), rest, front)
    first, _, body = rest.partition("\n")
    # A first line too long for a title is a paragraph, and stays whole.
    return Content(plain.line(first), body.strip() if len(first) <= plain.TITLE_LIMIT else rest, front)


def _without_marks(words: str) -> str:
    words = _HEADING.sub(_heading, words)
    for pattern, kept in _MARK_PATTERNS:
        words = pattern.sub(kept, words)
    return words


def _heading(found: re.Match[str]) -> str:
    # `## Outlook ##` loses the signs at its end; `## About C#` must not.
    words, _, last = found[1].rstrip().rpartition(" ")
    return words if last and not last.strip("#") else found[1]


def _from_html(body: bytes, now: datetime) -> Content:
    words = decoded(body)
    trafilatura = web_page.trafilatura()
    try:
        found = trafilatura.bare_extraction(
            words,
            with_metadata=True,
            include_comments=False,
            # Without the extensive search a date is one that the page states, not one from its text.
            date_extraction_params={"extensive_search": False, "original_date": True, "max_date": f"{now:%Y-%m-%d}"},
        )
    # Third-party code on third-party input may raise anything: the page is then read by `markup` alone.
    except Exception:
        found = None
    declared = re.search(r"<html[^>]*?\slang\s*=\s*[\"']?([\w-]+)", words[:10_000], re.IGNORECASE)
    language = items.language(declared[1]) if declared else None
    if found is None or not found.text:
        heading = re.search(r"<title[^<>]{0,200}>([^<]*)</title", words[:100_000], re.IGNORECASE)
        title = plain.line(markup.to_text(heading[1])) if heading else ""
        return Content(title, markup.to_text(words), language=language)
    return Content(
        plain.line(found.title or ""),
        _paragraphs(found.text),
        author=plain.line(found.author or "", 200) or None,
        published=found.date,
        language=language,
        link=urls.web_address(found.url),
    )


def _paragraphs(words: str) -> str:
    """The text with a blank line between paragraphs, where trafilatura has one newline; lists stay together."""
    parts: list[str] = []
    for line in words.split("\n"):
        joined = parts and line.startswith("- ") and parts[-1].startswith("- ")
        parts.extend(("\n" if joined else "\n\n", line) if parts else (line,))
    return plain.clean("".join(parts))


def _published(page: Content, *, path: str, modified: datetime, now: datetime) -> tuple[datetime | None, PublishedFrom]:
    stated = page.front.get("published")
    moment = dates.from_text(stated, now=now) if isinstance(stated, str | None) else dates.from_date(stated, now=now)
    if moment:
        return moment, "front matter"
    named = dates.from_file_name(PurePosixPath(path).name)
    if named and (moment := dates.plausible(named, now)):
        return moment, "file name"
    if moment := dates.from_text(page.published, now=now):
        return moment, "page"
    return dates.plausible(modified, now), "file time"


#: The reader of each type of file, by the end of its name.
READERS: Mapping[str, Callable[[bytes, datetime], Content]] = {
    ".txt": _from_text,
    ".md": _from_markdown,
    ".html": _from_html,
    ".htm": _from_html,
}
