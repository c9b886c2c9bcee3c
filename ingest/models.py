"""The types that are passed between layers: frozen, with every time aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

SourceKind = Literal["feed", "folder", "archive"]
TextKind = Literal["full", "summary", "title"]
#: Whether the pages of a feed's articles are fetched: if the feed gives no whole text, always, never.
FullText = Literal["auto", "always", "never"]
Kind = Literal["person", "office", "ambiguous"]
Label = Literal["negative", "neutral", "positive"]

#: The same in the order in which they are listed, numbered and drawn.
TEXT_KINDS: Final[tuple[TextKind, ...]] = get_args(TextKind)
LABELS: Final[tuple[Label, ...]] = get_args(Label)

#: How we know when an article was published, best first.
PublishedFrom = Literal[
    "front matter", "feed", "archive", "feed, no zone", "feed update", "update, no zone", "file name", "page",
    "file time", "fetch time",
]  # fmt: skip

#: The compound score at which VADER's author calls a text positive or negative.
NEUTRAL_BELOW = 0.05

#: Times in a row after which a permanent redirect counts.
MOVED_AFTER = 3

DEMO_GROUP = "Demo"


def utcnow() -> datetime:
    """The time now, aware and in UTC; tests replace this clock."""
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
    body: str  #: plain text, with a blank line between paragraphs
    keys: tuple[str, ...]  #: identity within its source, strongest first: `guid:…`, `url:…`, `path:…`
    text_kind: TextKind
    link: str | None = None  #: http(s) only
    guid: str | None = None
    author: str | None = None
    published: datetime | None = None
    published_from: PublishedFrom | None = None
    feed_at: datetime | None = None  #: the date in the feed, even if it is not plausible
    language: str | None = None  #: as declared; without it the analysis decides
    summary: str = ""
    outlet: str | None = None  #: front matter's `source`
    group: str | None = None  #: front matter's `group`
    #: The record's analysis, if the words are the record's: they are analysed as they are, and not stored again.
    stored: StoredAnalysis | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an article; sentence 0 is the title."""

    start: int  #: offsets in the article's text, in characters
    end: int
    tone: float | None  #: VADER compound, −1 … 1; None if the language is not scored


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
    kind: Kind  #: person, office, or ambiguous (two figures share the name here)
    tone_rule: float | None = None  #: −1 … 1 toward the figure by the rule; None when not scored
    tone_encoder: float | None = None  #: … by the encoder; None if it was not used
    label: Label | None = None  #: of the encoder if it was used, else of the rule
    confidence: float | None = None  #: how likely that label is right, 0 … 1
    because: tuple[Cue, ...] = ()  #: the words that moved the rule's tone, strongest first

    @property
    def tone(self) -> float | None:
        """The tone that counts: the encoder's if there is one, else the rule's."""
        return self.tone_rule if self.tone_encoder is None else self.tone_encoder


@dataclass(frozen=True, slots=True)
class Analysis:
    """The analysis of one article."""

    language: str
    tone: float | None  #: mean VADER compound of the sentences; None if not scored
    sentences: tuple[Sentence, ...]
    mentions: tuple[Mention, ...]
    topics: tuple[TopicHit, ...]
    words: int


@dataclass(frozen=True, slots=True)
class StoredAnalysis:
    """An analysis in the record, and what made it."""

    scorer: str  #: `Analyser.scorer` of then
    analysis: Analysis


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
    text: str  #: title, blank line, body: all offsets are in this text
    analysis: Analysis
    # The next three are made when the article is stored if they are None.
    tokens: tuple[str, str] | None = None  #: title's and body's for the full-text index, separated by blanks
    packed: bytes | None = None  #: the body as a SQLite record stores it
    signature: bytes | None = None  #: `signatures.signature` of the body


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is stored of a feed from one fetch to the next."""

    source_id: int
    url: str
    name: str
    etag: str | None = None
    last_modified: str | None = None
    failures: int = 0
    language: str | None = None
    interval: timedelta | None = None  #: learnt from how often it changes; None before its first answer
    asked: timedelta | None = None  #: the interval its publisher asks for
    whole_at: datetime | None = None  #: its last answer with content (not "unchanged")
    moved_to: str | None = None  #: where a permanent redirect led the last time …
    moved_seen: int = 0  #: … and how many times in a row it did
    full_text: FullText = "auto"

    @property
    def adopted(self) -> str | None:
        """The address to which it has moved permanently; None if it has not."""
        return self.moved_to if self.moved_seen >= MOVED_AFTER else None

    @property
    def address(self) -> str:
        """The address to fetch; its identity stays the address by which it was listed."""
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
    retry_after: timedelta | None = None  #: the pause that the server asks for
    gone: bool = False  #: whether the feed was removed permanently
    asked: timedelta | None = None  #: the interval its publisher asks for, in the feed
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
