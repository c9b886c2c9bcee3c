"""What travels between the layers: frozen, typed, every time aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

SourceKind = Literal["feed", "folder", "archive"]
TextKind = Literal["full", "summary", "title"]
#: Whether the pages of a feed's articles are fetched: where the feed gives no whole text, always, never.
FullText = Literal["auto", "always", "never"]
Kind = Literal["person", "office", "ambiguous"]
Label = Literal["negative", "neutral", "positive"]

#: How we know when an article was published, best first.
PublishedFrom = Literal[
    "front matter", "feed", "archive", "feed, no zone", "feed update", "update, no zone", "file name", "page",
    "file time", "fetch time",
]  # fmt: skip

#: The compound score at which VADER's author calls a text positive or negative.
NEUTRAL_BELOW = 0.05

#: Times in a row that a permanent redirect has to be seen before we believe it.
MOVED_AFTER = 3

DEMO_GROUP = "Demo"


def utcnow() -> datetime:
    """The time now, aware and in UTC; the one clock that tests replace."""
    return datetime.now(UTC)


def label_of(tone: float) -> Label:
    """`negative`, `neutral` or `positive` for a tone of −1 … 1 (cut-offs: Hutto & Gilbert 2014)."""
    if tone >= NEUTRAL_BELOW:
        return "positive"
    return "negative" if tone <= -NEUTRAL_BELOW else "neutral"


@dataclass(frozen=True, slots=True)
class Source:
    """Where articles come from: a feed, an outlet in the seed folder, an archive."""

    kind: SourceKind
    key: str  #: unique: a feed's address, `folder:` and the outlet's name
    name: str
    group: str = ""
    home: str | None = None  #: http(s) address of the outlet for people
    language: str | None = None  #: two letters; articles may differ
    full_text: FullText = "auto"


@dataclass(frozen=True, slots=True)
class Entry:
    """One article as a source gave it: plain text, dates checked, nothing analysed."""

    source: str  #: what was read: a feed's address or a path
    title: str
    body: str  #: plain text, paragraphs parted by a blank line
    keys: tuple[str, ...]  #: identity within its source, strongest first: `guid:…`, `url:…`, `path:…`
    text_kind: TextKind
    link: str | None = None  #: http(s) only
    guid: str | None = None
    author: str | None = None
    published: datetime | None = None
    published_from: PublishedFrom | None = None
    feed_at: datetime | None = None  #: the date that a feed gives, even where nothing can have been published then
    language: str | None = None  #: as declared; the analysis decides where nothing is declared
    summary: str = ""
    outlet: str | None = None  #: front matter's `source`
    group: str | None = None  #: front matter's `group`
    stored: bool = False  #: the words are the record's: they are analysed as they are, and not stored again


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an article; sentence 0 is the title."""

    start: int  #: offsets in the article's text, in characters
    end: int
    tone: float | None  #: VADER compound, −1 … 1; None where the language is not scored


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that moved a tone, and by how much."""

    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class Mention:
    """One place in an article where a watched figure is named."""

    figure: str
    sentence: int  #: index of the sentence in the article, from 0
    start: int  #: offsets in the article's text, in characters
    end: int
    kind: Kind  #: person, office, or ambiguous (two people share the name here)
    tone_rule: float | None = None  #: −1 … 1 toward the figure by the rule; None when not scored
    tone_encoder: float | None = None  #: … by the encoder; None when it was not asked
    label: Label | None = None  #: of the encoder where it was asked, else of the rule
    confidence: float | None = None  #: how likely that label is right, 0 … 1
    because: tuple[Cue, ...] = ()  #: the words that moved the rule's tone, strongest first

    @property
    def tone(self) -> float | None:
        """The tone that counts: the encoder's where there is one."""
        return self.tone_rule if self.tone_encoder is None else self.tone_encoder


@dataclass(frozen=True, slots=True)
class Analysis:
    """One scoring of one article."""

    language: str
    tone: float | None  #: mean VADER compound of the sentences; None where not scored
    sentences: tuple[Sentence, ...]
    mentions: tuple[Mention, ...]
    topics: tuple[TopicHit, ...]
    words: int


@dataclass(frozen=True, slots=True)
class TopicHit:
    """A topic found in an article, with the words that say so."""

    topic: str
    hits: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """An entry with its analysis, ready to be stored."""

    entry: Entry
    text: str  #: title, blank line, body: what every offset counts in
    analysis: Analysis
    #: Title's and body's tokens for the full-text index, parted by blanks; None: whoever stores it makes them.
    tokens: tuple[str, str] | None = None
    packed: bytes | None = None  #: the body as a SQLite record keeps it; None: whoever stores it packs it
    signature: bytes | None = None  #: what `stories.signature` makes of the body; None: whoever stores it makes it


@dataclass(frozen=True, slots=True)
class FeedState:
    """What must be remembered of a feed between two fetches."""

    source_id: int
    url: str
    name: str
    etag: str | None = None
    last_modified: str | None = None
    failures: int = 0
    language: str | None = None
    interval: timedelta | None = None  #: the rhythm it has shown; None before its first answer
    asked: timedelta | None = None  #: the rhythm its publisher asks for
    whole_at: datetime | None = None  #: its last whole answer
    moved_to: str | None = None  #: where a permanent redirect led the last time …
    moved_seen: int = 0  #: … and how many times in a row it did
    full_text: FullText = "auto"

    @property
    def adopted(self) -> str | None:
        """Where it has moved for good."""
        return self.moved_to if self.moved_seen >= MOVED_AFTER else None

    @property
    def address(self) -> str:
        """Where it is asked; its identity stays the address by which it was listed."""
        return self.adopted or self.url


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one attempt on a source."""

    outcome: Literal["ok", "unchanged", "error"]
    at: datetime
    status: int | None = None
    size: int = 0  #: bytes received
    ms: int = 0
    parse_ms: int | None = None  #: from the bytes to the entries
    reason: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None  #: the address to which permanent redirects led
    retry_after: timedelta | None = None  #: how long the server asks us to stay away
    gone: bool = False  #: the feed was removed for good
    asked: timedelta | None = None  #: the rhythm its publisher asks for, in the feed
    fresh: timedelta | None = None  #: … and in the cache headers
    entries: tuple[Entry, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass over a source did; `faults` are sentences for people."""

    added: int = 0
    edited: int = 0
    faults: tuple[str, ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.added + other.added, self.edited + other.edited, self.faults + other.faults)
