"""The common part of all feed formats: raw items, and how they become entries."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.models import Entry, PublishedFrom, TextKind
from ingest.text import dates, markup, plain, urls

#: More items than this are an archive or an attack: the largest feeds of news sites hold a few hundred.
MOST_ITEMS = 2000
#: A shorter text is a teaser, whatever element it is in …
FULL_TEXT = 600
#: … the article is at least this many times as long as its summary …
FULL_TEXT_RATIO = 1.5
#: … and a summary of this length is the article, put into the wrong element.
NO_SUMMARY = 2000
#: An item without a title is listed by its first words, at most this many characters.
FIRST_WORDS = 80
_AUTHOR_LIMIT = 200
_GUID_LIMIT = 1000

_LANGUAGE = re.compile(r"([A-Za-z]{2})(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Item:
    """One item as its feed has it, with HTML and dates not yet read."""

    title: str = ""
    content: str = ""  #: HTML of the article
    summary: str = ""  #: HTML of its summary
    link: str | None = None
    guid: str | None = None
    author: str | None = None
    published: str | None = None
    updated: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed as its format's module has read it."""

    items: Sequence[Item]
    home: str | None = None  #: the feed's link to its site: the base of relative links
    notes: tuple[str, ...] = ()  #: what is wrong with it, as sentences for people


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as entries."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()  #: what is wrong with it, as sentences for people


def read(raw: RawFeed, *, source: str, now: datetime) -> Feed:
    """The items that have any text as entries, in the feed's order; only the newest MOST_ITEMS.

    Relative links are resolved against the feed's link to its site, and that against `source`.
    """
    items, notes = raw.items, raw.notes
    if len(items) > MOST_ITEMS:
        notes += (f"The feed lists {len(items):,} items: only the newest {MOST_ITEMS:,} are read.",)
        items = _newest(items, now)
    entries = tuple(_entries(items, source, raw.home, now))
    return Feed(entries, notes + _impossible(items, entries))


def _entries(items: Sequence[Item], source: str, home: str | None, now: datetime) -> list[Entry]:
    base = urls.site(home, source) or source
    links = [urls.web_address(item.link, base) for item in items]
    titles = [plain.line(markup.to_text(item.title)) for item in items]
    addresses = [urls.canonical(link) if link else None for link in links]
    guids = [plain.line(item.guid or "", _GUID_LIMIT) or None for item in items]
    # The addresses of the feed and its front page identify no article, even if only one item is listed.
    itself = {urls.canonical(address) for address in (base, source)}
    shared_guids = _shared(guids, titles, addresses)
    shared_guids |= {guid for guid in guids if guid and urls.canonical(guid) in itself}
    shared_addresses = _shared(addresses, titles, guids) | itself
    found = []
    for item, link, title, address, guid in zip(items, links, titles, addresses, guids, strict=True):
        keys = [f"guid:{guid}"] if guid and guid not in shared_guids else []
        keys += [f"url:{address}"] if address and address not in shared_addresses else []
        found.append(_entry(item, source=source, title=title, link=link, guid=guid, keys=keys, now=now))
    return [entry for entry in found if entry]


def language(declared: str | None) -> str | None:
    """The two lower-case letters of a declared language (`en-GB`); None for three-letter codes and nonsense."""
    found = _LANGUAGE.match((declared or "").strip())
    return found[1].lower() if found else None


def titled(title: str, body: str) -> str:
    """The title, or the first words of the body if there is none."""
    return title or plain.line(body[: 10 * FIRST_WORDS].partition("\n")[0], FIRST_WORDS)


def _entry(
    item: Item, *, source: str, title: str, link: str | None, guid: str | None, keys: list[str], now: datetime
) -> Entry | None:
    content = markup.to_text(item.content)
    # feedparser fills a missing summary with the content; reading it twice would double the time.
    summary = "" if item.summary == item.content else markup.to_text(item.summary)
    body, kind = _body(content, summary)
    title = titled(title, body)
    if not title:
        return None
    if not keys:
        keys = ["hash:" + hashlib.sha256(plain.compose(title, body).encode()).hexdigest()[:16]]
    dated = _dated(item, now)
    return Entry(
        source=source,
        title=title,
        body=body,
        keys=tuple(keys),
        text_kind=kind,
        link=link,
        guid=guid,
        author=plain.line(markup.to_text(item.author), _AUTHOR_LIMIT) or None if item.author else None,
        published=dated.published,
        published_from=dated.published_from,
        feed_at=dated.stated,
        language=language(item.language),
        summary=summary if summary != body else "",
    )


def _body(content: str, summary: str) -> tuple[str, TextKind]:
    # A summary that is escaped twice contains its markup and looks longer than it is.
    longer = content if FULL_TEXT_RATIO * len(content) >= len(summary) else summary
    if not longer:
        return "", "title"
    # Beside a summary of the same length, "content" is only the same teaser again.
    full = longer is content and len(content) >= max(FULL_TEXT, FULL_TEXT_RATIO * len(summary))
    return longer, "full" if full or len(longer) >= NO_SUMMARY else "summary"


@dataclass(frozen=True, slots=True)
class _Dates:
    """When an item was published, how we know, and the date in the feed even if it is not plausible."""

    published: datetime | None = None
    published_from: PublishedFrom | None = None
    stated: datetime | None = None


def _dated(item: Item, now: datetime) -> _Dates:
    if moment := dates.from_text(item.published, now=now):
        return _Dates(moment, "feed" if dates.zoned(item.published) else "feed, no zone", moment)
    stated = dates.stated(item.published)
    if moment := dates.from_text(item.updated, now=now):
        return _Dates(moment, "feed update" if dates.zoned(item.updated) else "update, no zone", stated or moment)
    return _Dates(stated=stated or dates.stated(item.updated))


def _impossible(items: Sequence[Item], entries: Sequence[Entry]) -> tuple[str, ...]:
    """A sentence about the dates that are not plausible, if there are any."""
    if all(entry.published for entry in entries):
        return ()
    odd = [words for item in items if (words := item.published or item.updated) and not dates.stated(words)]
    odd += [entry.feed_at.date().isoformat() for entry in entries if entry.feed_at and not entry.published]
    if not odd:
        return ()
    return (f"{len(odd)} dates can't be (such as {plain.line(odd[0], 40)}): their articles get the time they came.",)


def _newest(items: Sequence[Item], now: datetime) -> list[Item]:
    never = datetime.min.replace(tzinfo=UTC)
    moments = [_dated(item, now).published or never for item in items]
    # The sort is stable: without dates the feed's order decides, which is newest first.
    kept = sorted(range(len(items)), key=lambda index: moments[index], reverse=True)[:MOST_ITEMS]
    return [items[index] for index in sorted(kept)]


def _shared(keys: Iterable[str | None], titles: Iterable[str], others: Iterable[str | None]) -> frozenset[str]:
    """Keys that several articles have: their titles differ, and no other key says that they are one."""
    seen: defaultdict[str, tuple[set[str], set[str | None]]] = defaultdict(lambda: (set(), set()))
    for key, title, other in zip(keys, titles, others, strict=True):
        if key:
            seen[key][0].add(title)
            seen[key][1].add(other)
    return frozenset(key for key, (names, rest) in seen.items() if len(names) > 1 and (len(rest) > 1 or rest == {None}))
