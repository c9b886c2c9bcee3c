"""Reads article files: text, Markdown and saved web pages, with or without front matter."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

import yaml

from ingest.errors import ParseError
from ingest.formats import items
from ingest.models import Entry, PublishedFrom
from ingest.text import dates, markup, plain, urls

#: What `article_file` reads, by the file's name.
SUFFIXES = frozenset((".txt", ".md", ".html", ".htm"))

_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(.*?)(?:^---|^\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_OPENING = re.compile(r"\s*---[ \t]*\n\w[\w -]*:")
#: More than that is no front matter; a number of more signs is none that anybody writes.
_LONGEST_FRONT, _LONGEST_NUMBER = 64_000, 100
_TAG = "tag:yaml.org,2002:"
_RESOLVER: Any = yaml.resolver.Resolver()
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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


@dataclass(frozen=True, slots=True)
class _Page:
    """The content of a file, before its front matter, name and time are applied."""

    title: str
    body: str
    front: dict[str, str | date] = field(default_factory=dict)
    author: str | None = None
    published: str | None = None
    language: str | None = None
    link: str | None = None


def article_file(body: bytes, *, path: str, modified: datetime, now: datetime) -> Entry:
    """The entry in a .txt, .md or .html file; `path` is relative to the seed folder, with `/`.

    The date comes from the front matter, else the file's name, else the page, else `modified`. Raises ParseError
    for files that are empty, binary or begin with front matter that is no YAML.
    """
    words = _decoded(body)
    suffix = PurePosixPath(path).suffix.lower()
    page = _from_html(words, now) if suffix in (".html", ".htm") else _from_text(words, markdown=suffix == ".md")
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
        link=urls.web_address(_line(front, "url")) or page.link,
        author=_line(front, "author") or page.author,
        published=published,
        published_from=published_from,
        language=items.language(_line(front, "language")) or page.language,
        outlet=_line(front, "source"),
        group=_line(front, "group"),
    )


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return _lines(body.decode("utf-16"))
        except UnicodeDecodeError as error:
            raise ParseError("The file begins as UTF-16 text but isn't. Save it as UTF-8.") from error
    if b"\x00" in body:
        raise ParseError("This is no text but a binary file. Save the article as plain text (UTF-8).")
    try:
        return _lines(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        # Nearly every byte is a character in windows-1252, so look for those that no text has.
        odd = sum(byte < 0x20 and byte not in b"\t\n\r\f" for byte in body)
        if odd > len(body) / 100:
            raise ParseError("This is no text but a binary file. Save the article as plain text (UTF-8).") from None
    # Letters of UTF-8 beside bytes that are not: either decoding would spoil some of the words.
    mixed = not body.decode("utf-8", "ignore").isascii()
    try:
        return _lines(body.decode("ascii" if mixed else "windows-1252"))
    except UnicodeDecodeError as error:
        raise ParseError("The file's letters are neither all UTF-8 nor all Windows-1252. Save it as UTF-8.") from error


def _lines(words: str) -> str:
    return words.replace("\r\n", "\n").replace("\r", "\n")


def _from_text(words: str, *, markdown: bool) -> _Page:
    front, rest = _front_matter(words)
    if markdown:
        rest = _without_marks(rest)
    rest = plain.clean(rest)
    title = _line(front, "title")
    if title:
        return _Page(plain.line(title), rest, front)
    first, _, body = rest.partition("\n")
    # A first line too long for a title is a paragraph, and stays whole.
    return _Page(plain.line(first), body.strip() if len(first) <= plain.TITLE_LIMIT else rest, front)


def _front_matter(words: str) -> tuple[dict[str, str | date], str]:
    found = _FRONT_MATTER.match(words)
    if not found:
        if _OPENING.match(words):
            raise ParseError("Line 1: the front matter begins with `---` but a second `---` is missing.")
        return {}, words
    if len(found[1]) > _LONGEST_FRONT:
        raise ParseError(f"Line 1: the front matter is longer than {_LONGEST_FRONT // 1000} kB. Shorten it.")
    try:
        front = _scalars(found[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        before = words.count("\n", 0, found.start(1))
        line = before + (mark.line if mark else 0) + 1
        problem = plain.line(getattr(error, "problem", None) or "not YAML", 120)
        raise ParseError(f"Line {line}: the front matter is no valid YAML ({problem}). Correct that line.") from error
    # An impossible date, which the YAML reader lets through as it is.
    except ValueError as error:
        raise ParseError(f"Line 1: the front matter is no valid YAML ({plain.line(str(error), 120)}).") from error
    if front is None:
        if ":" in found[1]:
            raise ParseError("Line 1: the front matter is no valid YAML (expected lines like `title: …`).")
        # Two rules around a line of text are decoration.
        return {}, words
    return front, words[found.end() :]


def _scalars(words: str) -> dict[str, str | date] | None:
    """The plain values of a YAML mapping by their keys; lists and mappings in it are passed over. None: it is none.

    Nothing is built but these, and nothing stands for anything else, so that small files stay small. Raises YAMLError
    and ValueError.
    """
    front: dict[str, str | date] = {}
    depth, key, mapping = 0, None, True
    event: Any
    for event in yaml.parse(words, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="& and * are not read here", problem_mark=event.start_mark)
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.CollectionStartEvent):
            mapping &= bool(depth) or isinstance(event, yaml.MappingStartEvent)
            depth += 1
        elif isinstance(event, yaml.ScalarEvent) and not depth:
            mapping = not event.value
        if depth == 1 and isinstance(event, yaml.ScalarEvent | yaml.CollectionEndEvent):
            value = _scalar(event) if isinstance(event, yaml.ScalarEvent) else None
            if key is None:
                key = event.value if isinstance(event, yaml.ScalarEvent) else ""
            else:
                if value is not None:
                    front[key] = value
                key = None
    return front if mapping else None


def _scalar(event: Any) -> str | date | None:
    """The value as it is written; a date as what it stands for, nothing as None."""
    written = None if event.tag == "!" else event.tag
    tag = str(written or _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit))
    kind = tag.removeprefix(_TAG)
    problem = ""
    if kind == "merge":
        problem = "<< is not read here"
    elif kind in ("int", "float") and len(event.value) > _LONGEST_NUMBER:
        problem = f"a number of {len(event.value)} signs"
    elif kind not in ("str", "int", "float", "bool", "null", "timestamp"):
        problem = f"{tag} is not read here"
    if problem:
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
    if kind == "timestamp":
        made: date = yaml.SafeLoader("").construct_yaml_timestamp(yaml.ScalarNode(tag, event.value))
        return made
    return None if kind == "null" else str(event.value)


def _without_marks(words: str) -> str:
    words = _HEADING.sub(_heading, words)
    for pattern, kept in _MARK_PATTERNS:
        words = pattern.sub(kept, words)
    return words


def _heading(found: re.Match[str]) -> str:
    # `## Outlook ##` loses the signs at its end; `## About C#` must not.
    words, _, last = found[1].rstrip().rpartition(" ")
    return words if last and not last.strip("#") else found[1]


def _from_html(words: str, now: datetime) -> _Page:
    # Imported here: it takes half a second, and a feed's worker may never meet a saved page. Its downloader, which we
    # don't use, warns that it can't do SOCKS.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import trafilatura

    found: Any
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
        body = markup.to_text(words)
        return _Page(plain.line(markup.to_text(heading[1])) if heading else "", body, language=language)
    return _Page(
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


def _published(page: _Page, *, path: str, modified: datetime, now: datetime) -> tuple[datetime | None, PublishedFrom]:
    stated = page.front.get("published")
    if isinstance(stated, datetime):
        moment = dates.plausible(stated, now)
    elif isinstance(stated, date):
        moment = dates.plausible(datetime(stated.year, stated.month, stated.day, tzinfo=UTC), now)
    else:
        moment = dates.from_text(stated, now=now)
    if moment:
        return moment, "front matter"
    named = dates.from_file_name(PurePosixPath(path).name)
    if named and (moment := dates.plausible(named, now)):
        return moment, "file name"
    if moment := dates.from_text(page.published, now=now):
        return moment, "page"
    return dates.plausible(modified, now), "file time"


def _line(front: dict[str, str | date], key: str) -> str | None:
    value = front.get(key)
    return plain.line(value) or None if isinstance(value, str) else None
