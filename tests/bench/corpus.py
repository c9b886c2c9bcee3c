"""A made-up archive: three years of forty outlets, with figures, topics, moods, reprints and other languages.

Every article comes with its analysis, made from what the generator knows (where it put whom, which words it drew), so
that a million can be stored without being analysed. The same seed, scale and last day give the same archive, piece by
piece: a chunk can be made in any process.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Final

import numpy as np

from ingest.models import Analysis, Article, Entry, Kind, Mention, Sentence, Source, TopicHit, label_of
from ingest.settings import PROJECT
from ingest.text import plain
from ingest.watchlist import figures, topics
from ingest.watchlist.figures import Figure
from ingest.watchlist.topics import Topic
from tests.bench import vocabulary
from tests.bench.vocabulary import COMMON, PHRASE, RARE, Sentences, joined

DAYS: Final = 3 * 365
CHUNK: Final = 1_000
SEED: Final = 3

#: How often nobody, one, two … figures are named in an article; with 2.35 mentions each that is 2.7 an article.
_NAMED = list(accumulate((0.40, 0.27, 0.16, 0.08, 0.04, 0.025, 0.015, 0.01)))
_AGAIN = 0.635  #: how likely one more mention of the same figure is
REPRINTED: Final = 0.15
_LANGUAGES = {"ko": 3, "de": 1, "fr": 1, "ja": 1, "zh": 1, "ru": 1}  #: outlets that do not write English
_OUTLETS = 40
WEEK: Final = (1.0, 1.05, 1.05, 1.0, 0.95, 0.55, 0.5)
_RARE_ARTICLES = 50
_SENTENCES = 200_000
_LENGTHS = {"ko": 2.2, "ja": 2.6, "zh": 2.7, "ru": 2.7}  #: logarithm of the usual number of sentences, where not 3.16


@dataclass(frozen=True, slots=True)
class Made:
    """One article of the archive."""

    number: int
    outlet: int  #: its position in `Corpus.outlets`
    original: int | None  #: the number of the article that this one reprints
    article: Article


@dataclass(frozen=True, slots=True)
class _Put:
    """Words that are put into a sentence on purpose, and what the analysis says of them."""

    words: str
    skip: int = 0  #: characters before the name: "the Trump administration"
    length: int = 0
    figure: str = ""
    kind: Kind = "person"
    topic: str = ""


@dataclass(frozen=True)
class Corpus:
    """The archive of so many articles, the last of them on the day before `until`."""

    scale: int
    until: date
    seed: int = SEED

    @cached_property
    def figures(self) -> list[Figure]:
        return figures.load(PROJECT / "seeds" / "figures.toml")

    @cached_property
    def topics(self) -> list[Topic]:
        return topics.load(PROJECT / "seeds" / "topics.toml")

    @property
    def since(self) -> date:
        return self.until - timedelta(days=DAYS)

    @property
    def chunks(self) -> int:
        return -(-self.scale // CHUNK)

    @cached_property
    def outlets(self) -> tuple[Source, ...]:
        """The outlets; the first publish most, the last ones in other languages."""
        others = [code for code, count in _LANGUAGES.items() for _ in range(count)]
        codes = ["en"] * (_OUTLETS - len(others)) + others
        names = [word.title() for word, valence in zip(*self._english, strict=True) if not valence]
        return tuple(
            Source(
                kind="archive",
                key=f"archive:bench-{number}",
                name=f"{names[200 + number]} {('Post', 'Times', 'Herald', 'Daily')[number % 4]}",
                group="World" if code == "en" else "Other languages",
                language=code,
            )
            for number, code in enumerate(codes)
        )

    @cached_property
    def _english(self) -> tuple[list[str], np.ndarray]:
        return vocabulary.words("en", 60_000, self.seed)

    @cached_property
    def _sentences(self) -> dict[str, Sentences]:
        english = vocabulary.sentences("en", _SENTENCES, self._english, self.seed)
        others = {
            code: vocabulary.sentences(code, _SENTENCES // 10, vocabulary.words(code, 9_000, self.seed), self.seed)
            for code in _LANGUAGES
        }
        return {"en": english, **others}

    @cached_property
    def outlet_shares(self) -> list[float]:
        shares = 1 / (np.arange(_OUTLETS) + 4) ** 0.8
        shares[-sum(_LANGUAGES.values()) :] *= 1.2
        return np.cumsum(shares / shares.sum()).tolist()

    @cached_property
    def _days(self) -> np.ndarray:
        """How much of the archive is out by the end of each day: weekdays are full, and it grows over the years."""
        first = self.since.weekday()
        weights = np.array([WEEK[(first + day) % 7] * (0.85 + 0.3 * day / DAYS) for day in range(DAYS)])
        return np.concatenate([[0], np.cumsum(weights) / weights.sum()])

    @cached_property
    def _waves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each figure how often it is named at all, and the length and phase of its ups and downs, in days."""
        luck = np.random.default_rng([self.seed, 1])
        count = len(self.figures)
        ranks = np.concatenate([[0], 1 + luck.permutation(count - 1)])  # the file's first figure is named most
        return 1 / (ranks + 1.5) ** 0.95, luck.uniform(20, 300, count), luck.uniform(0, 2 * np.pi, count)

    def figure_shares(self, days: int) -> np.ndarray:
        """Of each day, a row, how likely it is that this figure or one before it is named."""
        often, period, phase = self._waves
        weights = often * (1 + 0.8 * np.sin(2 * np.pi * np.arange(days)[:, None] / period + phase))
        return np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)

    @cached_property
    def _figure_shares(self) -> list[list[float]]:
        return self.figure_shares(DAYS + 3).tolist()

    def published(self, numbers: np.ndarray) -> list[datetime]:
        """When articles came out, in their order."""
        at = np.interp((numbers + 0.5) / self.scale, self._days, np.arange(DAYS + 1))
        start = datetime.combine(self.since, datetime.min.time(), UTC)
        return [start + timedelta(seconds=int(day * 86_400)) for day in at]

    def chunk(self, number: int) -> list[Made]:
        """One piece of the archive, by time."""
        numbers = np.arange(number * CHUNK, min(self.scale, (number + 1) * CHUNK))
        luck = Random(f"{self.seed} {self.scale} {number}")
        found: list[Made] = []
        originals: list[Made] = []
        for at, when in zip(numbers.tolist(), self.published(numbers), strict=True):
            if originals and luck.random() < REPRINTED:
                found.append(self._reprint(luck, originals, at, when))
                continue
            outlet = bisect(self.outlet_shares, luck.random())
            found.append(Made(at, outlet, None, self._article(luck, at, outlet, when)))
            originals.append(found[-1])
        return found

    def _reprint(self, luck: Random, originals: Sequence[Made], number: int, when: datetime) -> Made:
        """The same words in another outlet; half of all reprints are of one article in forty, sold by an agency."""
        recent = originals[-400:]
        first = luck.choice(recent[::40] if luck.random() < 0.5 else recent)
        language = self.outlets[first.outlet].language
        same = [at for at, outlet in enumerate(self.outlets) if outlet.language == language and at != first.outlet]
        outlet = luck.choice(same or [first.outlet])
        entry = replace(first.article.entry, published=when, **_identity(number, outlet))
        return Made(number, outlet, first.number, replace(first.article, entry=entry))

    def _article(self, luck: Random, number: int, outlet: int, when: datetime) -> Article:
        language = self.outlets[outlet].language or "en"
        pool = self._sentences[language]
        # About 4,000 bytes with the headline; where a letter takes two or three bytes there are fewer sentences.
        count = int(min(90, max(5, luck.lognormvariate(_LENGTHS.get(language, 3.16), 0.4))))
        drawn = [int(luck.random() * len(pool.texts)) for _ in range(count + 1)]
        texts = [pool.texts[at] for at in drawn]
        tones = [pool.tones[at] for at in drawn]
        texts[0] = joined(pool.words[drawn[0]][:12], pool.space)
        said: dict[int, Sequence[str]] = {}
        placed: dict[int, dict[int, _Put]] = {}
        for nth, put in enumerate(self._puts(luck, language, when)):
            # The first stands in the headline every third time; all others anywhere but at a sentence's start.
            at = 0 if nth == 0 and luck.random() < 0.35 else luck.randint(1, count)
            words = said.setdefault(at, pool.words[drawn[at]][: None if at else 12])
            placed.setdefault(at, {})[luck.randrange(1, len(words))] = put
        mentions: list[tuple[int, int, _Put]] = []  # sentence, start in it
        hits: dict[str, list[str]] = {}
        for nth, puts in sorted(placed.items()):
            words = said[nth] = list(said[nth])
            for position, put in sorted(puts.items()):
                words[position] = put.words
                if put.topic:
                    hits.setdefault(put.topic, []).append(put.words.lower())
                elif put.figure:
                    before = len(pool.space.join(words[:position])) + len(pool.space)
                    mentions.append((nth, before + put.skip, put))
            texts[nth] = joined(words, pool.space) + (pool.stop if nth else "")
        spans: list[Sentence] = []
        pieces: list[str] = []
        at = 0
        for nth, text_ in enumerate(texts):
            spans.append(Sentence(at, at + len(text_), tones[nth]))
            gap = "\n\n" if nth % 4 == 0 else " "
            pieces += (text_, gap)
            at += len(text_) + len(gap)
        title, body = texts[0], "".join(pieces[2:-1])
        scored = [tone for tone in tones if tone is not None]
        english = self._english[0]
        entry = Entry(
            source="bench",
            title=title,
            body=body,
            text_kind="full",
            published=when,
            published_from="feed",
            language=language,
            author=f"{english[300 + number % 211].title()} {english[600 + number % 97].title()}",
            **_identity(number, outlet),
        )
        analysis = Analysis(
            language=language,
            tone=round(sum(scored) / len(scored), 4) if scored else None,
            sentences=tuple(spans),
            mentions=tuple(_mention(nth, spans[nth], begin, put) for nth, begin, put in mentions),
            topics=tuple(TopicHit(topic, len(found), tuple(dict.fromkeys(found))) for topic, found in hits.items()),
            words=sum(map(len, (pool.words[at] for at in drawn))),
        )
        return Article(entry, plain.compose(title, body), analysis)

    def _puts(self, luck: Random, language: str, when: datetime) -> list[_Put]:
        """Who and what is put into an article."""
        shares = self._figure_shares[(when.date() - self.since).days]
        named = {bisect(shares, luck.random()) for _ in range(bisect(_NAMED, luck.random()))}
        puts = [put for at in sorted(named) for put in _named(luck, self.figures[min(at, len(shares) - 1)], language)]
        if language == "en":
            for _ in range(luck.randrange(4)):
                # The first topics of the file are the frequent ones.
                topic = self.topics[int(len(self.topics) * luck.random() ** 1.5)]
                puts += [_Put(luck.choice(topic.keywords).removesuffix("*"), topic=topic.id)] * luck.randint(1, 4)
        for words, likely in ((RARE, _RARE_ARTICLES / self.scale), (COMMON, 0.15), (PHRASE, 0.02)):
            if luck.random() < likely:
                puts.append(_Put(words))
        return puts


def _mention(nth: int, sentence: Sentence, begin: int, put: _Put) -> Mention:
    tone = None if put.kind == "ambiguous" else sentence.tone
    start = sentence.start + begin
    label = None if tone is None else label_of(tone)
    return Mention(put.figure, nth, start, start + put.length, put.kind, tone_rule=tone, label=label)


def _named(luck: Random, figure: Figure, language: str) -> list[_Put]:
    """The mentions of a figure in one article: in full first, then mostly by surname; the office now and then."""
    count = 1
    while luck.random() < _AGAIN:
        count += 1
    if language != "en":
        names = dict(figure.names).get(language, ())
        return [_put(figure, names[0])] * count if names else []
    puts = [_put(figure, figure.strong[0])]
    for _ in range(count - 1):
        if figure.offices and luck.random() < 0.2:
            office = figure.offices[0]
            puts.append(_Put(f"the {office}", 4, len(office), figure.id, "office"))
        elif figure.weak and luck.random() < 0.8:
            puts.append(_put(figure, figure.weak[0], "ambiguous" if luck.random() < 0.01 else "person"))
        else:
            puts.append(_put(figure, figure.strong[0]))
    return puts


def _put(figure: Figure, name: str, kind: Kind = "person") -> _Put:
    return _Put(name, length=len(name), figure=figure.id, kind=kind)


def _identity(number: int, outlet: int) -> dict[str, object]:
    link = f"https://outlet{outlet}.test/news/{number}"
    return {"keys": (f"guid:{number}", f"url:{link}"), "guid": str(number), "link": link}
