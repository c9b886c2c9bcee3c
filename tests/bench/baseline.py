"""What people build today, on the same data: a pandas frame, masks and groupby, `str.contains`, vaderSentiment, px.

Not made slow: columns are categories, the texts Arrow strings, the frames are read once from Parquet and shared by all
viewers, everything is vectorised, names are in a table of mentions already. The functions here are what its page calls
(`baseline_app.py`).
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine, text

from ingest.store import record
from ingest.store.types import LongText
from tests.bench.corpus import Corpus
from tests.bench.queries import Latency, latency
from tests.bench.vocabulary import COMMON, PHRASE, RARE

_ARTICLES = """
SELECT c.article_id AS article, c.day AS day, c.published_at AS published, s.name AS source, c.language AS language,
       c.title AS title, t.body AS body, a.tone AS tone
FROM content c JOIN content_text t ON t.content_id = c.id JOIN article r ON r.id = c.article_id
JOIN source s ON s.id = r.source_id JOIN analysis a ON a.content_id = c.id AND a.rev_to IS NULL
WHERE c.rev_to IS NULL ORDER BY c.article_id
"""
_MENTIONS = """
SELECT m.article_id AS article, m.figure AS figure, m.day AS day, s.name AS source, m.tone_rule AS tone
FROM mention m JOIN analysis a ON a.id = m.analysis_id AND a.rev_to IS NULL JOIN source s ON s.id = m.source_id
WHERE m.kind = 'person'
"""
_TYPES = {
    "article": pa.int64(), "day": pa.string(), "published": pa.string(), "source": pa.string(),
    "language": pa.string(), "title": pa.string(), "body": pa.large_string(), "tone": pa.float64(),
    "figure": pa.string(),
}  # fmt: skip


@dataclass(frozen=True)
class Frames:
    """The tables of such an app."""

    articles: pd.DataFrame
    words: pd.DataFrame  #: title and body of each article, apart: no filter copies them
    mentions: pd.DataFrame


@dataclass(frozen=True)
class Choice:
    """What its sidebar says."""

    since: date
    until: date
    sources: Sequence[str]
    figures: Sequence[str]
    search: str = ""


def prepare(url: str, folder: Path) -> None:
    """Writes the record's articles and mentions as Parquet, as an export or a scraper would leave them."""
    engine = record.open_engine(url)
    _write(engine, _ARTICLES, ["article", "day", "published", "source", "language", "title", "body", "tone"],
           folder / "articles.parquet")  # fmt: skip
    _write(engine, _MENTIONS, ["article", "figure", "day", "source", "tone"], folder / "mentions.parquet")
    engine.dispose()


def _write(engine: Engine, sql: str, columns: Sequence[str], path: Path) -> None:
    schema = pa.schema([(name, _TYPES[name]) for name in columns])
    typed = text(sql).columns(body=LongText) if "body" in columns else text(sql)
    with engine.connect() as connection, pq.ParquetWriter(path, schema) as out:
        rows = connection.execution_options(stream_results=True).execute(typed)
        for part in rows.partitions(20_000):
            arrays = [
                pa.array(column, field.type) for column, field in zip(zip(*part, strict=True), schema, strict=True)
            ]
            out.write_table(pa.Table.from_arrays(arrays, schema=schema))


def load(folder: Path) -> Frames:
    """The frames, in memory."""
    articles = pd.read_parquet(folder / "articles.parquet", dtype_backend="pyarrow")
    mentions = pd.read_parquet(folder / "mentions.parquet")
    for frame in (articles, mentions):
        frame["day"] = pd.to_datetime(frame["day"].astype(str))
        frame["week"] = frame["day"] - pd.to_timedelta(frame["day"].dt.weekday, unit="D")
        frame["source"] = frame["source"].astype("category")
    articles["tone"] = articles["tone"].astype("float64")
    articles["published"] = pd.to_datetime(articles["published"].astype(str), format="ISO8601")
    articles["language"] = articles["language"].astype("category")
    mentions["figure"] = mentions["figure"].astype("category")
    return Frames(articles.drop(columns=["title", "body"]), articles[["title", "body"]], mentions)


def articles_of(frames: Frames, choice: Choice) -> pd.DataFrame:
    """The articles of the sources and the period."""
    frame = frames.articles
    days = frame["day"].between(pd.Timestamp(choice.since), pd.Timestamp(choice.until))
    return frame[days & frame["source"].isin(choice.sources)]


def mentions_of(frames: Frames, choice: Choice) -> pd.DataFrame:
    """The mentions of the sources and the period, in articles that hold the words."""
    frame = frames.mentions
    days = frame["day"].between(pd.Timestamp(choice.since), pd.Timestamp(choice.until))
    found = frame[days & frame["source"].isin(choice.sources)]
    if choice.search:
        articles = articles_of(frames, choice)
        words = frames.words.loc[articles.index]
        hits = words["body"].str.contains(choice.search, case=False, regex=False)
        hits |= words["title"].str.contains(choice.search, case=False, regex=False)
        found = found[found["article"].isin(articles.loc[hits, "article"])]
    return found


def attention(frames: Frames, choice: Choice) -> pd.DataFrame:
    """Share of the articles of each week that name each figure."""
    everything = articles_of(frames, choice).groupby("week").size()
    found = mentions_of(frames, choice)
    found = found[found["figure"].isin(choice.figures)].drop_duplicates(["article", "figure"])
    counts = found.groupby(["week", "figure"], observed=True).size().rename("articles").reset_index()
    counts["share"] = counts["articles"] / counts["week"].map(everything)
    return counts


def tone(frames: Frames, choice: Choice) -> pd.DataFrame:
    """Mean tone of each week and figure with the usual interval (1.96 standard errors, copies counted as they come)."""
    found = mentions_of(frames, choice)
    found = found[found["figure"].isin(choice.figures)]
    means = found.groupby(["week", "figure"], observed=True)["tone"].agg(["mean", "sem", "size"]).reset_index()
    means["low"], means["high"] = means["mean"] - 1.96 * means["sem"], means["mean"] + 1.96 * means["sem"]
    return means


def mix(frames: Frames, choice: Choice) -> pd.DataFrame:
    """Negative, neutral and positive mentions of one figure by week."""
    found = mentions_of(frames, choice)
    found = found[found["figure"] == choice.figures[0]]
    labels = pd.cut(found["tone"], [-1.01, -0.05, 0.05, 1.01], labels=["negative", "neutral", "positive"])
    return found.groupby([found["week"], labels], observed=True).size().rename("n").reset_index()


def voice(frames: Frames, choice: Choice) -> pd.DataFrame:
    """Mentions of each figure, as a share of theirs together."""
    found = mentions_of(frames, choice)
    counts = found.loc[found["figure"].isin(choice.figures), "figure"].value_counts()
    return (counts[counts > 0] / counts.sum()).rename("share").reset_index()


def companions(frames: Frames, choice: Choice) -> pd.DataFrame:
    """Who is named in the same articles."""
    found = mentions_of(frames, choice).drop_duplicates(["article", "figure"])
    together = found[found["article"].isin(found.loc[found["figure"] == choice.figures[0], "article"])]
    counts = together.loc[together["figure"] != choice.figures[0], "figure"].value_counts().head(10)
    return counts.rename("articles").reset_index()


def by_source(frames: Frames, choice: Choice) -> pd.DataFrame:
    """Of each source the share of articles that name the figure, and the mean tone."""
    everything = articles_of(frames, choice).groupby("source", observed=True).size()
    found = mentions_of(frames, choice)
    found = found[found["figure"] == choice.figures[0]]
    grouped = found.groupby("source", observed=True).agg(articles=("article", "nunique"), tone=("tone", "mean"))
    grouped["share"] = grouped["articles"] / everything
    return grouped.reset_index()


def newest(frames: Frames, choice: Choice) -> pd.DataFrame:
    """The newest articles that name one of the figures."""
    articles = articles_of(frames, choice)
    named = frames.mentions.loc[frames.mentions["figure"].isin(choice.figures), "article"]
    found = articles[articles["article"].isin(named)].nlargest(8, "published")
    return found[["day", "source", "tone"]].join(frames.words["title"])


def key_figures(frames: Frames, choice: Choice) -> tuple[int, int, float, int, int, float]:
    """Articles, mentions and mean tone of the period and of the one before."""
    found: list[Any] = []
    span = choice.until - choice.since + timedelta(days=1)
    for part in (choice, Choice(choice.since - span, choice.until - span, choice.sources, choice.figures)):
        mentions = mentions_of(frames, part)
        found += [len(articles_of(frames, part)), len(mentions), mentions["tone"].mean()]
    return tuple(found)  # type: ignore[return-value]


class Choices:
    """Choices as `queries.Views` makes them."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self._luck = random.Random(seed)
        self._corpus = corpus
        self._sources = [outlet.name for outlet in corpus.outlets]
        self._figures = [figure.id for figure in corpus.figures]

    def make(self, *, days: int | None = None, lines: int = 5, search: str = "") -> Choice:
        luck, until = self._luck, self._corpus.until - timedelta(days=self._luck.randrange(1, 60))
        sources = luck.sample(self._sources, len(self._sources) - luck.randrange(0, 6))
        since = until - timedelta(days=(days or luck.randrange(330, 1_000)) - luck.randrange(0, 6))
        return Choice(
            max(since, self._corpus.since), until, sources,
            (self._figures[0], *luck.sample(self._figures[1:30], lines - 1)), search,
        )  # fmt: skip


def measure(folder: Path, corpus: Corpus, calls: int) -> dict[str, Any]:
    """Times of the questions that `queries.alone` asks; run it in a process of its own, for the memory's sake."""
    before = psutil.Process().memory_info().rss
    start = time.perf_counter()
    frames = load(folder)
    seconds = time.perf_counter() - start
    gc.collect()
    memory = psutil.Process().memory_info().rss - before
    asked: dict[str, tuple[dict[str, Any], Callable[[Frames, Choice], object]]] = {
        "attention, week × 5 figures": ({}, attention),
        "tone with intervals, 8 figures": ({"lines": 8}, tone),
        "mix of one figure": ({}, mix),
        "share of voice": ({"lines": 8}, voice),
        "companions, 90 days": ({"days": 90}, companions),
        "by source": ({}, by_source),
        "newest headlines": ({}, newest),
        "key figures, with the period before": ({"days": 365}, key_figures),
        "search → trend, rare word": ({"search": RARE}, attention),
        "search → trend, word in 15 %": ({"search": COMMON}, attention),
        "search → trend, phrase in 2 %": ({"search": PHRASE}, attention),
    }
    found: dict[str, Latency] = {}
    for number, (name, (wanted, ask)) in enumerate(asked.items()):
        choices = Choices(corpus, number)
        taken = []
        # A search through all texts takes it up to sixteen seconds at a million articles.
        for _ in range(max(2, calls // 2) if "search" in wanted else calls):
            choice = choices.make(**wanted)
            start = time.perf_counter()
            ask(frames, choice)
            taken.append(time.perf_counter() - start)
        found[name] = latency(taken)
    return {"load_seconds": round(seconds, 2), "load_bytes": memory, "alone": found}


def scoring(corpus: Corpus, articles: int) -> float:
    """Articles a second that vaderSentiment scores as whole texts on one core, as such apps do."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    texts = [made.article.text for made in corpus.chunk(0)][:articles]
    start = time.perf_counter()
    for each in texts:
        analyzer.polarity_scores(each)
    return len(texts) / (time.perf_counter() - start)
