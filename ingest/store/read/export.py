"""Articles, mentions and attention as rows that say what they were made from: filters, revision, watch-list, scorer."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal, TextIO

from sqlalchemy import Connection

from ingest import bins
from ingest.bins import Bin
from ingest.store import watched
from ingest.store.read import articles as stored
from ingest.store.read import reprints, sources
from ingest.store.read.attention import by_day
from ingest.store.read.filters import Filters
from ingest.store.record import current_revision
from ingest.text.escape import csv_cell

Format = Literal["csv", "jsonl"]
What = Literal["articles", "mentions", "attention"]
Row = dict[str, Any]

_ARTICLES = "article title source published published_from language author link text_kind tone figures topics cap story"
_MENTIONS = (
    "mention figure kind tone label confidence tone_rule tone_encoder because sentence start end article title source "
    "published link"
)
_ATTENTION = "figure articles all share"
#: Mentions read at once.
_PART = 500
_PROVENANCE = "revision watchlist scorer filters"


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
    pairs: list[tuple[str, str]] = [
        (name, ", ".join(values))
        for name, values in (
            ("figures", filters.figures),
            ("sources", tuple(names[id_] for id_ in filters.sources)),
            ("topics", filters.topics),
            ("languages", filters.languages),
            ("texts", filters.texts),
        )
        if values
    ]
    pairs += [(name, day.isoformat()) for name, day in (("from", filters.since), ("to", filters.until)) if day]
    if filters.tone:
        pairs.append(("tone", f"{filters.tone[0]:+.2f} to {filters.tone[1]:+.2f}"))
    if filters.search.strip():
        pairs.append(("search", filters.search.strip()))
    if filters.offices:
        pairs.append(("offices", "counted"))
    if filters.copies == "once":
        pairs.append(("copies", "counted once"))
    return "; ".join(f"{name}={value}" for name, value in pairs)


def _pinned(connection: Connection, filters: Filters) -> tuple[Filters, Row]:
    """The filters as of one revision, so that what is committed meanwhile changes nothing; and their provenance."""
    made_from = provenance(connection, filters)
    return replace(filters, as_of=made_from["revision"]), made_from


def articles(connection: Connection, filters: Filters) -> Iterator[Row]:
    """One row an article, newest first. Raises SearchError at the first row, as all of these."""
    pinned, made_from = _pinned(connection, filters)
    # The codebook's major topics, so that counts line up with other research.
    codes = {topic.id: topic.cap for topic in watched.watchlist(connection, pinned.as_of).topics}
    for found in stored.every_headline(connection, pinned):
        ids = [headline.id for headline in found]
        named = stored.named(connection, ids, pinned.as_of)
        topics = stored.topics_of(connection, ids, pinned.as_of)
        stories = reprints.stories_of(connection, ids, pinned.as_of)
        for headline in found:
            yield {
                "article": headline.uid,
                "title": headline.title,
                "source": headline.source,
                "published": headline.published_at.isoformat(),
                "published_from": headline.published_from,
                "language": headline.language,
                "author": headline.author,
                "link": headline.link,
                "text_kind": headline.text_kind,
                "tone": headline.tone,
                "figures": " ".join(sorted(named.get(headline.id, ()))),
                "topics": " ".join(sorted(topics.get(headline.id, ()))),
                "cap": " ".join(
                    map(str, sorted({codes[topic] for topic in topics.get(headline.id, ()) if topic in codes}))
                ),
                "story": stories[headline.id],
                **made_from,
            }


def mentions(connection: Connection, filters: Filters, ids: Sequence[int] | None = None) -> Iterator[Row]:
    """One row a mention, with its sentence; offices and ambiguous ones say so in `kind`. With `ids`, these alone."""
    pinned, made_from = _pinned(connection, filters)
    parts = stored.mention_ids(connection, pinned) if ids is None else _parts(ids)
    for part in parts:
        yield from _evidence(stored.evidence(connection, part), made_from)


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + _PART] for at in range(0, len(ids), _PART))


def _evidence(found: Iterable[stored.Evidence], made_from: Row) -> Iterator[Row]:
    """Evidence as rows: the sentences a number counts."""
    for item in found:
        yield {
            "mention": item.id,
            "figure": item.mention.figure,
            "kind": item.mention.kind,
            "tone": item.mention.tone,
            "label": item.mention.label,
            "confidence": item.mention.confidence,
            "tone_rule": item.mention.tone_rule,
            "tone_encoder": item.mention.tone_encoder,
            "because": " ".join(f"{cue.word} {cue.weight:+.2f}" for cue in item.mention.because),
            "sentence": item.sentence,
            "start": item.start,
            "end": item.end,
            "article": item.article.uid,
            "title": item.article.title,
            "source": item.article.source,
            "published": item.article.published_at.isoformat(),
            "link": item.article.link,
            **made_from,
        }


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
            named, of = naming.get(figure, {}).get(start, 0), everything.get(start, 0)
            yield {
                unit: start.isoformat(),
                "figure": figure,
                "articles": named,
                "all": of,
                "share": round(named / of, 4) if of else None,
                **made_from,
            }


def columns(what: What, unit: Bin) -> list[str]:
    """The names of the columns, there even when no row is."""
    own = {"articles": _ARTICLES, "mentions": _MENTIONS, "attention": f"{unit} {_ATTENTION}"}[what]
    return f"{own} {_PROVENANCE}".split()


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
