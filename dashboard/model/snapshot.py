"""A copy of the record's narrow facts as of a revision: immutable frames, which any thread may read without a lock.

`namings` sums up what one article says of one figure: it has half the rows of `mentions`, and counting articles needs
no distinct count. Every row belongs to an analysis, which is one version of an article; `rev_from` and `rev_to` of its
row in `articles` say when it held. Figures, topics and languages are numbers, which `Words` tells. Tones are whole
numbers of 1/TONE_STEPS.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, reduce

import polars as pl
import pyarrow as pa
from polars import col
from sqlalchemy import Engine

from dashboard.model.cache import Cache
from dashboard.model.facts import Facts

# For frames of this size the other engine, which Polars would choose, takes a third more time.
pl.Config.set_engine_affinity("in-memory")

#: `rev_to` of what is still in force.
OPEN = 2**31 - 1

#: With more rows than this that are not in order, all are sorted anew: it takes .1 s at a million articles.
_MOST_ADDED = 50_000

#: Sums by day of a million articles, from forty sources in three years, take 5 MB.
_DAY_SUMS_BYTES = 80 * 1024 * 1024

#: Which mentions count: p_… counts persons, a_… offices too.
KINDS: Mapping[str, pl.Expr] = {"p": col("kind") == 0, "a": col("kind") < 2}

_NAMING_SUMS = [f"{kinds}_{name}" for kinds in KINDS for name in ("mentions", "n", "sum", "neg", "pos")]
_ARTICLE_SUMS = [f"{kinds}_{name}" for kinds in KINDS for name in ("mentions", "n", "net")]
#: Columns that mostly fit a smaller type than theirs.
_NARROW = {"source", *_NAMING_SUMS, *_ARTICLE_SUMS}
_ID, _SMALL, _SUM = pl.Int32(), pl.Int16(), pl.Int64()

#: The columns of each table. n is how many mentions are scored, net positive minus negative; an article is `alone` if
#: no other one has its story, and a naming `single` if its article names no other figure.
SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    "articles": {
        "analysis": _ID, "id": _ID, "content": _ID, "source": _ID, "day": pl.Date(), "published": pl.Datetime("us"),
        "language": _SMALL, "text_kind": _SMALL, "tone": _SMALL, "story": _ID, "rev": _ID, "rev_from": _ID,
        "rev_to": _ID, "alone": pl.Boolean(), **dict.fromkeys(_ARTICLE_SUMS, _SUM),
    },
    "namings": {
        "analysis": _ID, "figure": _SMALL, "day": pl.Date(), "single": pl.Boolean(),
        **dict.fromkeys(_NAMING_SUMS, _SUM),
    },
    "mentions": {
        "id": _ID, "analysis": _ID, "figure": _SMALL, "kind": _SMALL, "sentence": _ID, "tone": _SMALL, "label": _SMALL,
    },
    "topics": {"analysis": _ID, "topic": _SMALL},
}  # fmt: skip
#: In what order rows stand, so that a period is found by bisection.
_ORDER = {"articles": ("day", "id"), "namings": ("day", "analysis"), "mentions": ("analysis", "id"), "topics": ()}


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table: `ordered` ones, and those `added` since in the order of their arrival."""

    ordered: pl.DataFrame
    added: pl.DataFrame

    def all(self) -> pl.DataFrame:
        """Both."""
        # The smallest type that holds its numbers is enough for a column, and what is added may need a larger one.
        return pl.concat([self.ordered, self.added], how="vertical_relaxed") if len(self.added) else self.ordered

    def between(self, since: date, until: date) -> pl.DataFrame:
        """The rows of a period, both days included."""
        # Not by Polars, where each search is a query of its own.
        days = self.ordered["day"]
        first, last = bisect_left(days, since), bisect_right(days, until)
        within = self.ordered.slice(first, max(0, last - first))
        added = self.added.filter(col("day").is_between(since, until)) if len(self.added) else self.added
        return Rows(within, added).all()

    def plus(self, more: pl.DataFrame) -> Rows:
        """With more rows."""
        # In one piece, or a year of commits would be thousands of pieces.
        return replace(self, added=pl.concat([self.added, more], how="vertical_relaxed", rechunk=True))

    def with_columns(self, *columns: pl.Expr) -> Rows:
        """With other values in some columns."""
        return Rows(self.ordered.with_columns(*columns), self.added.with_columns(*columns))

    def in_order(self, *columns: str) -> Rows:
        """The same rows, all of them ordered."""
        if not len(self.added):
            return self
        rows = self.all()
        rows = rows.sort(columns) if columns else rows.rechunk()
        narrow = [rows[name].shrink_dtype() for name in _NARROW & set(rows.columns)]
        return Rows(rows.with_columns(narrow), rows.clear())


def _none(table: str) -> Rows:
    empty = pl.DataFrame(schema=dict(SCHEMAS[table]))
    return Rows(empty, empty)


@dataclass(frozen=True)
class Words:
    """The figures, topics and languages of the facts, numbered in the order of their arrival."""

    known: tuple[str, ...] = ()

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        return {word: number for number, word in enumerate(self.known)}

    def plus(self, words: Iterable[str]) -> Words:
        """With those of these that are new."""
        new = [word for word in dict.fromkeys(words) if word not in self.numbers]
        return Words((*self.known, *new)) if new else self


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The facts of a record as of `revision`. It never changes: a commit makes the next one."""

    engine: Engine  #: the record
    older: Callable[[int], Snapshot] = field(repr=False)  #: a snapshot with all that held at a revision or later
    revision: int = 0  #: all revisions up to this one are in
    at: datetime | None = None  #: when it was made
    back_to: int = 0  #: versions that were closed at this revision or before may be missing
    words: Words = Words()
    tables: Mapping[str, Rows] = field(default_factory=lambda: {name: _none(name) for name in SCHEMAS})
    cache: Cache = field(default_factory=Cache)  #: answers, of this one and those made from it
    #: Sums of all articles (sums.of_all).
    day_sums: Cache = field(default_factory=lambda: Cache(_DAY_SUMS_BYTES, most=1))

    @property
    def articles(self) -> Rows:
        return self.tables["articles"]

    @property
    def namings(self) -> Rows:
        return self.tables["namings"]

    @property
    def mentions(self) -> Rows:
        return self.tables["mentions"]

    @property
    def topics(self) -> Rows:
        return self.tables["topics"]

    def revision_of(self, as_of: int | None) -> int:
        """The revision that answers are true for: the one asked for, or the newest."""
        return self.revision if as_of is None else min(as_of, self.revision)

    def word(self, number: int) -> str:
        """The figure, topic or language that a number stands for."""
        return self.words.known[number]

    def number(self, word: str) -> int:
        """The number of a word; −1 for one that no article has."""
        return self.words.numbers.get(word, -1)

    def reaching(self, revision: int) -> Snapshot:
        """This snapshot, or one with more versions if some that held at that revision are missing here."""
        return self if revision >= self.back_to else self.older(revision)

    def plus(self, facts: Facts, closing: Sequence[tuple[int, int]], revision: int, at: datetime | None) -> Snapshot:
        """The next snapshot, as of a later revision.

        `facts` were opened since; the versions in `closing` (analysis, rev_to) are in force no longer.
        """
        made = replace(self, revision=revision, at=at)
        if closing:
            ids, ends = zip(*closing, strict=True)
            closed = col("analysis").replace_strict(ids, ends, default=col("rev_to"), return_dtype=_ID)
            articles = made.articles.with_columns(closed.alias("rev_to"))
            made = replace(made, tables={**made.tables, "articles": articles})
        return made.with_facts(facts)

    def with_facts(self, facts: Facts) -> Snapshot:
        """With more versions of articles, their mentions and their topics."""
        if not len(facts.article):
            return self
        words, frames = self.words, dict[str, pl.DataFrame]()
        for name, table in (("articles", facts.article), ("mentions", facts.mention), ("topics", facts.topic)):
            words, frames[name] = _numbered(table, words)
        for name in ("mentions", "topics"):  # what was read may hold those of other versions too
            frames[name] = frames[name].join(frames["articles"], on="analysis", how="semi")
        frames["namings"] = _namings(frames["mentions"], frames["articles"])
        frames["articles"] = _with_sums(frames["articles"], frames["namings"])
        tables = {name: rows.plus(frames[name].select(*SCHEMAS[name])) for name, rows in self.tables.items()}
        tables["articles"] = _not_alone(tables["articles"], frames["articles"]["story"])
        made = replace(self, words=words, tables=tables)
        return made.in_order() if len(made.articles.added) > _MOST_ADDED else made

    def in_order(self) -> Snapshot:
        """The same facts with all rows in order."""
        return replace(self, tables={name: rows.in_order(*_ORDER[name]) for name, rows in self.tables.items()})

    def without_closed(self) -> Snapshot:
        """The current versions alone, in order."""
        articles = self.articles.all().filter(col("rev_to") == OPEN)
        rows = {name: rows.all().join(articles, on="analysis", how="semi") for name, rows in self.tables.items()}
        tables = {name: Rows(frame.clear(), frame) for name, frame in rows.items()}
        return replace(self, back_to=self.revision, tables=tables).in_order()


def _numbered(table: pa.Table, words: Words) -> tuple[Words, pl.DataFrame]:
    """The table as a frame, with its words replaced by their numbers; and the words with those that are new."""
    for place, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            parts = table.column(place).chunks
            words = reduce(lambda known, part: known.plus(part.dictionary.to_pylist()), parts, words)
            numbers = [
                pa.array([words.numbers[word] for word in part.dictionary.to_pylist()], pa.int16()).take(part.indices)
                for part in parts
            ]
            table = table.set_column(place, column.name, pa.chunked_array(numbers, pa.int16()))
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return words, frame


def _namings(mentions: pl.DataFrame, articles: pl.DataFrame) -> pl.DataFrame:
    """A row for each analysis and figure."""
    scored = col("tone").is_not_null()
    sums = [
        column.sum().cast(pl.Int64).alias(f"{kinds}_{name}")
        for kinds, counted in KINDS.items()
        for name, column in {
            "mentions": counted, "n": counted & scored, "sum": col("tone").filter(counted),
            "neg": counted & scored & (col("label") < 0), "pos": counted & scored & (col("label") > 0),
        }.items()
    ]  # fmt: skip
    summed = mentions.lazy().filter(col("kind") < 2).group_by("analysis", "figure").agg(sums)
    days = articles.lazy().select("analysis", day=col("published").dt.date())
    single = (pl.len().over("analysis") == 1).alias("single")
    return summed.join(days, on="analysis").with_columns(single).select(*SCHEMAS["namings"]).collect()


def _with_sums(articles: pl.DataFrame, namings: pl.DataFrame) -> pl.DataFrame:
    sums = [
        column.sum().alias(f"{kinds}_{name}")
        for kinds in KINDS
        for name, column in (
            ("mentions", col(f"{kinds}_mentions")),
            ("n", col(f"{kinds}_n")),
            ("net", col(f"{kinds}_pos") - col(f"{kinds}_neg")),
        )
    ]
    return (
        articles.lazy()
        .with_columns(day=col("published").dt.date(), rev_to=col("rev_to").fill_null(OPEN), alone=pl.lit(value=True))
        .join(namings.lazy().group_by("analysis").agg(sums), on="analysis", how="left")
        .with_columns(col(_ARTICLE_SUMS).fill_null(0))
        .collect()
    )


def _not_alone(articles: Rows, stories: pl.Series) -> Rows:
    """The articles, with those marked that share one of these stories with another one, at whatever time."""
    # Versions of one article may have one story: no two of them hold at once.
    having = articles.all().lazy().filter(col("story").is_in(stories.implode())).select("story", "id").unique()
    shared = having.group_by("story").len().filter(col("len") > 1).collect()["story"]
    if not len(shared):
        return articles
    return articles.with_columns((col("alone") & ~col("story").is_in(shared.implode())).alias("alone"))
