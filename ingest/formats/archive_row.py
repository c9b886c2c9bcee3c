"""Finds the columns of an archive that hold title, text, date …, and turns its rows into entries."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ingest.errors import ParseError, SettingError
from ingest.formats import items
from ingest.models import Entry, Source
from ingest.text import dates, markup, plain, urls

#: The fields of an article, each with the column names by which it is found without `--map`, the likeliest first.
FIELDS: dict[str, tuple[str, ...]] = {
    "title": ("title", "headline", "heading"),
    "body": ("body", "text", "content", "articlebody", "fulltext", "maintext"),
    "published": ("published", "publishedat", "date", "pubdate", "publishdate", "publicationdate", "datepublished"),
    "link": ("link", "url", "canonicalurl", "href"),
    "author": ("author", "authors", "byline"),
    "outlet": ("outlet", "source", "publisher", "publication", "newspaper"),
    "language": ("language", "lang"),
    "guid": ("guid", "id", "uuid"),
    "group": ("group",),
}

#: The group of archives whose records name none.
GROUP = "Archive"
#: A longer text is not an article, and would take minutes to analyse.
MAX_CHARACTERS = 5_000_000

# The number of a row identifies an article within its file only: the next file begins at 1 again.
_ROW_NUMBER = re.compile(r"\d{1,9}(?:\.0)?")
_AUTHOR_LIMIT, _GUID_LIMIT = 200, 1000


@dataclass(frozen=True, slots=True)
class Columns:
    """Field → column; `guessed` has the fields that were found by the column's name."""

    of: Mapping[str, str]
    guessed: frozenset[str]


class UnusableRow(ParseError):
    """The row can't become an article; the message says why."""


def parsed(mapping: str | None) -> dict[str, str]:
    """`title=headline,body=text` as field → column. Raises SettingError if it can't be read so."""
    found: dict[str, str] = {}
    for part in mapping.split(",") if mapping else ():
        field, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column or field not in FIELDS:
            advice = f"Write FIELD=COLUMN, with FIELD one of {', '.join(FIELDS)}."
            raise SettingError(f"--map {part.strip()}: not understood. {advice}")
        if field in found:
            raise SettingError(f"--map: {field} is given twice.")
        found[field] = column
    return found


def chosen(given: Mapping[str, str], columns: Sequence[str], *, source: str | None) -> Columns:
    """The column of each field, as `given` or found by its name. Raises SettingError if a needed one is missing."""
    present = "Columns: " + (", ".join(columns) or "none") + "."
    for field, column in given.items():
        if column not in columns:
            raise SettingError(f"--map {field}={column}: there is no such column. {present}")
    columns_by_name: dict[str, str] = {}
    for column in columns:
        columns_by_name.setdefault(_plain(column), column)
    of = dict(given)
    for field, names in FIELDS.items():
        known = (columns_by_name[name] for name in names if name in columns_by_name)
        free = next((column for column in known if column not in given.values()), None)
        if field not in of and free is not None:
            of[field] = free
    if source and "outlet" not in given:
        of.pop("outlet", None)  # --source is meant for all rows
    if "title" not in of and "body" not in of:
        raise SettingError(f"Neither title nor body is known by its name: say --map title=…,body=…. {present}")
    if "published" not in of:
        raise SettingError(f"The date is not known by its column's name: say --map published=…. {present}")
    if "outlet" not in of and not source:
        raise SettingError(f"Whose articles are these? Say --source NAME or --map outlet=…. {present}")
    return Columns(of, frozenset(of) - frozenset(given))


def entry(
    values: Mapping[str, Any], columns: Columns, *, place: str, source: str | None, now: datetime
) -> tuple[Source, Entry]:
    """A row as an entry, with its outlet. Raises UnusableRow, saying what is wrong with it."""
    found = {field: _at(values, column) for field, column in columns.of.items()}
    title = plain.line(markup.to_text(_words("title", found.get("title"))))
    given = _words("body", found.get("body"))
    if len(given) > MAX_CHARACTERS:
        raise UnusableRow(f"body: longer than {MAX_CHARACTERS:,} characters")
    body = markup.to_text(given)
    if not title and not body:
        raise UnusableRow("neither title nor body")
    title = items.titled(title, body)
    published = _published(found.get("published"), now)
    link = urls.web_address(_words("link", found.get("link")))
    guid = plain.line(_words("guid", found.get("guid")), _GUID_LIMIT) or None
    if guid and "guid" in columns.guessed and _ROW_NUMBER.fullmatch(guid):
        guid = None
    keys = [f"guid:{guid}"] if guid else []
    keys += [f"url:{urls.canonical(link)}"] if link else []
    if not keys:
        whole = f"{plain.compose(title, body)}\x1f{published.isoformat()}"
        keys = ["hash:" + hashlib.sha256(whole.encode()).hexdigest()[:16]]
    name = plain.line(_words("outlet", found.get("outlet")), 120) or plain.line(source or "", 120)
    if not name:
        raise UnusableRow("no outlet")
    group = plain.line(_words("group", found.get("group")), 80) or GROUP
    return Source(kind="archive", key=f"archive:{group}/{name}", name=name, group=group), Entry(
        source=place,
        title=title,
        body=body,
        keys=tuple(keys),
        text_kind="full" if body else "title",
        link=link,
        guid=guid,
        author=plain.line(markup.to_text(_words("author", found.get("author"))), _AUTHOR_LIMIT) or None,
        published=published,
        published_from="archive",
        language=items.language(_words("language", found.get("language"))),
    )


def _plain(column: str) -> str:
    return re.sub(r"[\W_]+", "", column).lower()


def _at(values: Mapping[str, Any], column: str) -> Any:
    if column in values:
        return values[column]
    # `headline.main` of {"headline": {"main": …}}
    outer, _, inner = column.partition(".")
    within = values.get(outer)
    return within.get(inner) if inner and isinstance(within, Mapping) else None


def _words(field: str, value: Any) -> str:
    """A value as text; "" for none. Raises UnusableRow for a value that is not text, number or list of texts."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value)) if value == int(value) else str(value)
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    raise UnusableRow(f"{field}: no text but {type(value).__name__}")


def _published(value: Any, now: datetime) -> datetime:
    if isinstance(value, date):
        moment = dates.from_date(value, now=now)
    else:
        stated = _words("published", value)
        if not stated.strip():
            raise UnusableRow("no date")
        moment = dates.from_text(stated, now=now)
    if moment is None:
        raise UnusableRow(
            f"published: {plain.line(str(value), 60)!r} is no date, or none an article can have "
            f"({dates.FIRST_YEAR} to today; day and month must be told apart)"
        )
    return moment
