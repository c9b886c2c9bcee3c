"""Articles, mentions and attention as rows that say what they were made from: filters, revision, watch-list, scorer."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal, TextIO

from sqlalchemy import Connection

from ingest import bins
from ingest.bins import Bin
from ingest.store import rows, watched
from ingest.store.read import articles as stored
from ingest.store.read import reprints, sources
from ingest.store.read.attention import by_day
from ingest.store.read.filters import FILTERS, Filters
from ingest.store.record import current_revision
from ingest.text.escape import csv_cell

Format = Literal["csv", "jsonl"]
What = Literal["articles", "mentions", "attention"]
Row = dict[str, Any]

#: Mentions read at once.
_PART = 500
_PROVENANCE = ("revision", "watchlist", "scorer", "filters")


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a row of the articles is made from."""

    article: stored.Headline
    figures: Sequence[str]
    topics: Sequence[str]
    cap: Sequence[int]  #: the codebook's major topics, so that counts line up with other research
    story: str


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a row of attention is made from."""

    start: date
    figure: str
    articles: int
    all: int


#: The columns of each export in their order: the name, and its value from what a row is made from.
ARTICLES: Final[Mapping[str, Callable[[_Listed], object]]] = {
    "article": lambda row: row.article.uid,
    "title": lambda row: row.article.title,
    "source": lambda row: row.article.source,
    "published": lambda row: row.article.published_at.isoformat(),
    "published_from": lambda row: row.article.published_from,
    "language": lambda row: row.article.language,
    "author": lambda row: row.article.author,
    "link": lambda row: row.article.link,
    "text_kind": lambda row: row.article.text_kind,
    "tone": lambda row: row.article.tone,
    "figures": lambda row: " ".join(sorted(row.figures)),
    "topics": lambda row: " ".join(sorted(row.topics)),
    "cap": lambda row: " ".join(map(str, row.cap)),
    "story": lambda row: row.story,
}
MENTIONS: Final[Mapping[str, Callable[[stored.Evidence], object]]] = {
    "mention": lambda row: row.id,
    "figure": lambda row: row.mention.figure,
    "kind": lambda row: row.mention.kind,
    "tone": lambda row: row.mention.tone,
    "label": lambda row: row.mention.label,
    "confidence": lambda row: row.mention.confidence,
    "tone_rule": lambda row: row.mention.tone_rule,
    "tone_encoder": lambda row: row.mention.tone_encoder,
    "because": lambda row: " ".join(f"{cue.word} {cue.weight:+.2f}" for cue in row.mention.because),
    "sentence": lambda row: row.sentence,
    "start": lambda row: row.start,
    "end": lambda row: row.end,
    "article": lambda row: row.article.uid,
    "title": lambda row: row.article.title,
    "source": lambda row: row.article.source,
    "published": lambda row: row.article.published_at.isoformat(),
    "link": lambda row: row.article.link,
}
#: Before them stands the first day of the row's bin, called as the bin is: day, week …
ATTENTION: Final[Mapping[str, Callable[[_Counted], object]]] = {
    "figure": lambda row: row.figure,
    "articles": lambda row: row.articles,
    "all": lambda row: row.all,
    "share": lambda row: round(row.articles / row.all, 4) if row.all else None,
}


def provenance(connection: Connection, filters: Filters) -> Row:
    """What every exported row carries, so that a number can be made again."""
    as_of = filters.as_of
    return {
        "revision": current_revision(connection) if as_of is None else as_of,
        "watchlist": watched.watchlist(connection, as_of).hash[:12],
        "scorer": watched.scorer(connection, as_of),
        "filters": in_words(filters, sources.names(connection)),
    }


def in_words(filters: Filters, names: Mapping[int, str]) -> str:
    """The filters as `name=value` pairs; empty when there are none. The revision has a column of its own."""
    return "; ".join(filter(None, (each.in_words(filters, names) for each in FILTERS)))


def _pinned(connection: Connection, filters: Filters) -> tuple[Filters, Row]:
    """The filters as of one revision, so that what is committed meanwhile changes nothing; and their provenance."""
    made_from = provenance(connection, filters)
    return replace(filters, as_of=made_from["revision"]), made_from


def articles(connection: Connection, filters: Filters) -> Iterator[Row]:
    """One row an article, newest first. Raises SearchError at the first row, as all of these."""
    pinned, made_from = _pinned(connection, filters)
    codes = {topic.id: topic.cap for topic in watched.watchlist(connection, pinned.as_of).topics}
    for found in stored.every_headline(connection, pinned):
        ids = [headline.id for headline in found]
        named = stored.named(connection, ids, pinned.as_of)
        topics = stored.topics_of(connection, ids, pinned.as_of)
        stories = reprints.stories_of(connection, ids, pinned.as_of)
        for headline in found:
            found_topics = topics.get(headline.id, ())
            cap = sorted({codes[topic] for topic in found_topics if topic in codes})
            row = _Listed(headline, named.get(headline.id, ()), found_topics, cap, stories[headline.id])
            yield _row(ARTICLES, row) | made_from


def mentions(connection: Connection, filters: Filters, ids: Sequence[int] | None = None) -> Iterator[Row]:
    """One row a mention, with its sentence; offices and ambiguous ones say so in `kind`. With `ids`, these alone."""
    pinned, made_from = _pinned(connection, filters)
    parts = stored.mention_ids(connection, pinned) if ids is None else rows.parts(ids, _PART)
    for part in parts:
        yield from (_row(MENTIONS, evidence) | made_from for evidence in stored.evidence(connection, part))


def _row(columns: Mapping[str, Callable[[Any], object]], of: object) -> Row:
    return {name: value(of) for name, value in columns.items()}


def attention(connection: Connection, filters: Filters, unit: Bin) -> Iterator[Row]:
    """One row a figure and bin: articles that name it, all articles, and the share (empty where there were none)."""
    filters, made_from = _pinned(connection, filters)
    everything: dict[date, int] = {}
    naming: dict[str, dict[date, int]] = {}
    for count in by_day(connection, filters):
        start = bins.start_of(count.day, unit)
        counts = everything if count.figure is None else naming.setdefault(count.figure, {})
        counts[start] = counts.get(start, 0) + count.articles
    if not everything:
        return
    days = bins.between(filters.since or min(everything), filters.until or max(everything), unit)
    for figure in filters.figures or sorted(naming):
        for start in days:
            counted = _Counted(start, figure, naming.get(figure, {}).get(start, 0), everything.get(start, 0))
            yield {unit: start.isoformat()} | _row(ATTENTION, counted) | made_from


def columns(what: What, unit: Bin) -> list[str]:
    """The names of the columns, there even when no row is."""
    own = {"articles": [*ARTICLES], "mentions": [*MENTIONS], "attention": [unit, *ATTENTION]}[what]
    return [*own, *_PROVENANCE]


def lines(rows: Iterable[Row], format_: Format, header: Sequence[str]) -> Iterator[str]:
    """The rows as text, a line at a time; CSV begins with its header, and its cells are defused for spreadsheets."""
    if format_ == "jsonl":
        yield from (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return
    table = csv.DictWriter(_Echo(), header, lineterminator="\n")
    yield table.writeheader()  # what `_Echo` gives back
    for row in rows:
        yield table.writerow({name: csv_cell(value) for name, value in row.items()})


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def write(rows: Iterable[Row], to: TextIO, format_: Format, header: Sequence[str]) -> int:
    """Writes the rows as they come and says how many there were."""
    written = -1 if format_ == "csv" else 0  # the header is no row
    for line in lines(rows, format_, header):
        to.write(line)
        written += 1
    return written
