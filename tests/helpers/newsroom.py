"""A made-up press: three outlets, three figures, three months; and its numbers worked out in plain Python."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, select, update

from dashboard.model.snapshot import Snapshot
from dashboard.view import View
from ingest.analyser import Analyser
from ingest.models import Attempt, Entry, FeedState, Outcome, Source
from ingest.run.pipeline import Pipeline
from ingest.store import record, schema
from ingest.store.read.filters import Filters
from ingest.text import tokens
from ingest.watchlist.lists import Watchlist
from tests.helpers.desk import TOPICS, utc

#: Two people called Quill: once both have been named in full, "Quill" alone is ambiguous.
FIGURES = """
[[figure]]
id = "ada-quill"
name = "Ada Quill"
strong = ["Ada Quill"]
weak = ["Quill"]
offices = ["Quill administration"]
names.de = ["Ada Quill"]

[[figure]]
id = "cora-quill"
name = "Cora Quill"
strong = ["Cora Quill"]
weak = ["Quill"]

[[figure]]
id = "ben-marsh"
name = "Ben Marsh"
strong = ["Ben Marsh"]
weak = ["Marsh"]
names.de = ["Ben Marsh"]
"""
NAMES = {"ada-quill": "Ada Quill", "cora-quill": "Cora Quill", "ben-marsh": "Ben Marsh"}
WEST, EAST, NORTH = "http://west.test/feed", "http://east.test/feed", "http://north.test/feed"
OUTLETS = (
    Source(kind="feed", key=WEST, name="West Post", group="World"),
    Source(kind="feed", key=EAST, name="East Times", group="World"),
    Source(kind="feed", key=NORTH, name="North Herald", group="World"),
)
TODAY = date(2026, 11, 22)
NOW = utc(2026, 11, 22, 15, 30)
#: A week in which the whole press was on strike: its shares have no denominator.
STRIKE = (date(2026, 10, 5), date(2026, 10, 11))

_SAID = (
    "{} won praise for a wonderful and generous agreement.",
    "{} was blamed for a terrible failure and a bitter disaster.",
    "{} spoke to reporters on Monday.",
    "A court found that {} had lied about the corrupt deal.",
    "Crowds cheered {} with great joy.",
)
_FILLING = (
    "Tariffs on steel were discussed over lunch.",
    "The summit opened in the old harbour town.",
    "It rained.",
    "The Quill administration defended its awful plan.",
    "Officials welcomed an excellent harvest.",
)
_GERMAN = (
    "{} sprach am Montag in der alten Hafenstadt über die Ernte und den Regen, der seit Wochen auf sich warten lässt."
)


def entry(number: int, title: str, body: str, published: datetime, *, link: str | None = None) -> Entry:
    """An article as a feed gives it; the same number is the same article."""
    return Entry(
        source="a feed",
        title=title,
        body=body,
        keys=(f"guid:{number}",),
        text_kind="summary" if number % 3 == 0 else "full",
        link=link or f"http://news.test/{number}",
        guid=str(number),
        published=published,
        published_from="feed",
    )


class Press:
    """The outlets and a pipeline that takes in what they publish."""

    def __init__(self, engine: Engine, analyser: Analyser) -> None:
        self.engine = engine
        self.pipeline = Pipeline(engine, analyser, clock=lambda: NOW)
        self.pipeline.sync_feeds(OUTLETS)
        with engine.connect() as connection:
            self.ids = {row.key: row.id for row in connection.execute(select(schema.source)) if row.kind == "feed"}

    def publish(self, outlet: str, *entries: Entry) -> Outcome:
        """What an outlet's feed brings; known words again change nothing."""
        state = FeedState(source_id=self.ids[outlet], url=outlet, name=_OUTLET_NAMES[outlet])
        return self.pipeline.feed(state, Attempt("ok", NOW, entries=entries))

    def fail(self, outlet: str, reason: str) -> None:
        """An attempt on an outlet that brings nothing but a reason."""
        state = FeedState(source_id=self.ids[outlet], url=outlet, name=_OUTLET_NAMES[outlet])
        self.pipeline.feed(state, Attempt("error", NOW, reason=reason))


_OUTLET_NAMES = {source.key: source.name for source in OUTLETS}


def analyser(folder: Path, figures: str = FIGURES) -> Analyser:
    """An analyser with these figures and the desk's topics; `folder` takes the two files."""
    (folder / "figures.toml").write_text(figures, encoding="utf-8")
    (folder / "topics.toml").write_text(TOPICS, encoding="utf-8")
    return Analyser(Watchlist.load(folder / "figures.toml", folder / "topics.toml"))


def season(seed: int = 7, articles: int = 260) -> Iterator[tuple[str, Entry]]:
    """Outlet and article, about three months of them, always the same."""
    luck = random.Random(seed)
    for number in range(articles):
        when = utc(2026, 11, 22, 23) - timedelta(days=luck.randrange(96), hours=luck.randrange(24))
        if STRIKE[0] <= when.date() <= STRIKE[1]:
            continue
        outlet = luck.choice((WEST, WEST, EAST, NORTH))
        names = luck.sample(sorted(NAMES.values()), luck.choice((0, 1, 1, 2, 3)))
        if luck.random() < 0.12:
            lines = [_GERMAN.format(name) for name in names or ["Der Bürgermeister"]]
        else:
            lines = [luck.choice(_SAID).format(name) for name in names for _ in range(luck.randint(1, 3))]
            lines += luck.sample(_FILLING, luck.randint(1, 3))
            if len(names) > 1:
                lines += ["It rained.", "Nobody was there.", "Then Quill left."]
        yield outlet, entry(number, f"Report {number} from the town", " ".join(lines), when)


@dataclass(frozen=True)
class Piece:
    """An article as it stands in the record."""

    id: int
    source: int
    published: datetime
    day: date
    language: str
    text_kind: str
    tone: float | None
    story: int
    words: frozenset[str]
    topics: set[str] = field(default_factory=set)
    mentions: list[Named] = field(default_factory=list)


@dataclass(frozen=True)
class Named:
    """A mention as it stands in the record."""

    id: int
    article: int
    story: int
    source: int
    day: date
    figure: str
    kind: str
    tone: float | None
    label: str | None


def pieces(engine: Engine) -> list[Piece]:
    """All current articles, read whole and put together here."""
    found: dict[int, Piece] = {}
    of_analysis: dict[int, Piece] = {}
    with engine.connect() as connection:
        everything = {
            table.name: connection.execute(select(table)).all()
            for table in (schema.article, schema.content, schema.content_text, schema.analysis, schema.mention)
        }
        topics = connection.execute(select(schema.analysis_topic)).all()
    sources = {row.id: row.source_id for row in everything["article"]}
    bodies = {row.content_id: row.body for row in everything["content_text"]}
    analyses = {row.content_id: row for row in everything["analysis"] if row.rev_to is None}
    for row in everything["content"]:
        if row.rev_to is None:
            scored = analyses[row.id]
            found[row.article_id] = of_analysis[scored.id] = Piece(
                row.article_id, sources[row.article_id], row.published_at, row.day, row.language, row.text_kind,
                scored.tone, scored.story_id, frozenset(tokens.words(f"{row.title}\n{bodies[row.id]}")),
            )  # fmt: skip
    for row in topics:
        if row.analysis_id in of_analysis:
            of_analysis[row.analysis_id].topics.add(row.topic)
    for row in everything["mention"]:
        if piece := of_analysis.get(row.analysis_id):
            piece.mentions.append(
                Named(
                    row.id, piece.id, piece.story, piece.source, piece.day, row.figure, row.kind, row.tone_rule,
                    row.label,
                )
            )  # fmt: skip
    return list(found.values())


def reprints(engine: Engine, copies: int = 4) -> None:
    """Makes every so many articles that stand together copies of one story, as the clustering will."""
    with record.writing(engine) as connection:
        table = schema.analysis.c
        rows = connection.execute(select(table.id, table.story_id).order_by(table.id)).all()
        for at, row in enumerate(rows):
            if at % 3 == 0:  # a third of the stories, so that most stand alone
                ids = [other.id for other in rows[at : at + copies]]
                connection.execute(update(schema.analysis).where(table.id.in_(ids)).values(story_id=row.story_id))


@dataclass(frozen=True)
class Newsroom:
    """A season in the record, its read model, and the same articles as plain objects."""

    engine: Engine
    model: Snapshot
    pieces: list[Piece]
    sources: dict[str, int]

    def view(self, **changes: object) -> View:
        """The last 60 days of all outlets by week; `changes` go to the filters or the view."""
        filters = Filters(sources=tuple(self.sources.values()), since=TODAY - timedelta(days=59), until=TODAY)
        ours = {name: changes.pop(name) for name in list(changes) if name in Filters.__dataclass_fields__}
        made = View(
            filters=replace(filters, **ours), bin="week", measure="share", today=TODAY, lines=tuple(sorted(NAMES))
        )  # type: ignore[arg-type]
        return replace(made, **changes)  # type: ignore[arg-type]


def base(pieces: Sequence[Piece], view: View) -> list[Piece]:
    """The denominator: sources, languages, texts and period."""
    filters = view.filters
    found = [
        piece
        for piece in pieces
        if piece.source in filters.sources
        and view.since <= piece.day <= view.until
        and (not filters.languages or piece.language in filters.languages)
        and (not filters.texts or piece.text_kind in filters.texts)
    ]
    if filters.copies == "all":
        return found
    first: dict[int, int] = {}
    for piece in found:
        first[piece.story] = min(piece.id, first.get(piece.story, piece.id))
    return [piece for piece in found if piece.id == first[piece.story]]


def hit(pieces: Sequence[Piece], view: View) -> list[Piece]:
    """The numerator, figures aside: search, topics and tone narrow it."""
    filters = view.filters
    wanted = set(tokens.words(filters.search))
    return [
        piece
        for piece in base(pieces, view)
        if (not filters.topics or piece.topics & set(filters.topics))
        and (filters.tone is None or (piece.tone is not None and filters.tone[0] <= piece.tone <= filters.tone[1]))
        and (not filters.search.strip() or (wanted and wanted <= piece.words))
    ]


def named(pieces: Sequence[Piece], view: View) -> list[Named]:
    """The mentions that count: persons, offices where they are wanted, ambiguous ones never."""
    kinds = {"person", "office"} if view.filters.offices else {"person"}
    return [mention for piece in hit(pieces, view) for mention in piece.mentions if mention.kind in kinds]


def bin_of(day: date, unit: str) -> date:
    """The first day of a bin, by pandas."""
    letter = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}[unit]
    return pd.Timestamp(day).to_period(letter).start_time.date()
