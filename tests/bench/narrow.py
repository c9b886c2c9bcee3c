"""Narrow facts of many millions of articles as arrays, without words: ten years of forty outlets, a year at a time.

The distributions are those of `corpus.py` (outlets, weekdays, growth, waves of attention, languages, reprints), but
more figures are named in an article: 3.2 instead of 1.3. The same seed and numbers give the same facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ingest.models import TEXT_KINDS
from tests.bench.corpus import REPRINTED, SEED, WEEK, Corpus

YEARS: Final = 10
#: Of all articles: those that name nobody, and how likely each further figure is in the others: 3.2 an article.
_NOBODY, _ANOTHER, _MOST = 0.2, 0.78, 15
_AGAIN, _PERSONS = 0.635, 0.85  #: how likely one more mention is, and that it names the person, not the office
_TEXT_KINDS = {"full": 0.8, "summary": 0.15, "title": 0.05}
_NEGATIVE, _POSITIVE = 0.28, 0.24
_RECENT, _SOLD = 340, 40  #: originals that may be reprinted, and how many there are for each that an agency sells
_DAY_US = 86_400_000_000

Numbers = NDArray[np.integer | np.floating]


@dataclass(frozen=True, slots=True)
class Articles:
    """A column an attribute, a row an article, in the order of time."""

    id: Numbers  #: from 1
    source: Numbers  #: from 1
    day: Numbers  #: days since 1970
    published: Numbers  #: microseconds since 1970
    language: Numbers  #: place in `languages`
    text_kind: Numbers  #: place in `TEXT_KINDS`
    tone: Numbers  #: −1 … 1 with four digits; NaN where the language is not scored
    story: Numbers  #: id of the first article with these words


@dataclass(frozen=True, slots=True)
class Namings:
    """A row for each article and figure named in it, in the order of articles; p_… of persons, a_… with offices."""

    article: Numbers
    figure: Numbers  #: place in `Corpus.figures`
    p_mentions: Numbers
    p_n: Numbers  #: scored mentions
    p_neg: Numbers
    p_pos: Numbers
    p_sum: Numbers  #: of the tones of scored mentions, four digits
    a_mentions: Numbers
    a_n: Numbers
    a_neg: Numbers
    a_pos: Numbers
    a_sum: Numbers


def languages(corpus: Corpus) -> list[str]:
    """The languages of the outlets, English first."""
    return list(dict.fromkeys(outlet.language or "en" for outlet in corpus.outlets))


def years(corpus: Corpus, articles: int) -> Iterator[tuple[Articles, Namings]]:
    """So many articles in ten pieces by time, the last ending on the day before `corpus.until`."""
    days = YEARS * 365
    first = corpus.until - timedelta(days=days)
    weights = np.array([WEEK[(first.weekday() + day) % 7] * (0.85 + 0.3 * day / days) for day in range(days)])
    out = np.concatenate([[0], np.cumsum(weights) / weights.sum()])  # how much is out by the end of each day
    bounds = np.round(out[::365] * articles).astype(np.int64)
    for year in range(YEARS):
        luck = np.random.default_rng([SEED, articles, year])
        numbers = np.arange(bounds[year], bounds[year + 1])
        at = np.interp((numbers + 0.5) / articles, out, np.arange(days + 1))
        made = _articles(corpus, luck, numbers, at, (first - date(1970, 1, 1)).days)
        yield made, _namings(corpus, luck, made, at.astype(np.int64))


def _articles(corpus: Corpus, luck: np.random.Generator, numbers: Numbers, at: Numbers, first: int) -> Articles:
    count = len(numbers)
    of_outlet = np.array([languages(corpus).index(outlet.language or "en") for outlet in corpus.outlets], np.int16)
    outlet = np.searchsorted(corpus.outlet_shares, luck.random(count)).astype(np.int16)
    language = of_outlet[outlet]
    tone = np.round(np.clip(luck.normal(0.05, 0.3, count), -1, 1), 4)
    tone[language != 0] = np.nan
    kinds = [TEXT_KINDS.index(kind) for kind in _TEXT_KINDS]  # type: ignore[arg-type]
    ids = (numbers + 1).astype(np.int32)
    story = ids.copy()
    reprint = luck.random(count) < REPRINTED
    reprint[:1] = False
    originals = ids[~reprint]
    # The place among the originals of one that came out shortly before; half of them were sold by an agency.
    before = np.cumsum(~reprint)[reprint] - 1
    place = np.maximum(0, before - luck.integers(0, _RECENT, len(before)))
    place = np.where(luck.random(len(place)) < 0.5, place // _SOLD * _SOLD, place)
    story[reprint] = originals[place]
    return Articles(
        id=ids,
        source=outlet + np.int16(1),
        day=(first + at.astype(np.int64)).astype(np.int32),
        published=((first + at) * _DAY_US).astype(np.int64),
        language=language,
        text_kind=luck.choice(np.array(kinds, np.int16), count, p=list(_TEXT_KINDS.values())),
        tone=tone,
        story=story,
    )


def _namings(corpus: Corpus, luck: np.random.Generator, articles: Articles, days: Numbers) -> Namings:
    """Who is named, by the waves of attention of the day, and how."""
    figures = len(corpus.figures)
    named = np.minimum(luck.geometric(1 - _ANOTHER, len(days)), _MOST)
    named[luck.random(len(named)) < _NOBODY] = 0
    row = np.repeat(np.arange(len(days), dtype=np.int64), named)
    shares = corpus.figure_shares(int(days[-1]) + 1)
    begin = int(days[0])
    # One search in all days at once: each day's shares lie between its number and the next one.
    flat = (shares[begin:] + np.arange(len(shares) - begin)[:, None]).ravel()
    drawn = np.searchsorted(flat, (days[row] - begin) + luck.random(len(row)) * (1 - 1e-9))
    figure = np.minimum(drawn % figures, figures - 1)
    row, figure = np.divmod(np.unique(row * figures + figure), figures)
    mentions = np.minimum(luck.geometric(1 - _AGAIN, len(row)), 60).astype(np.int16)
    persons = luck.binomial(mentions, _PERSONS).astype(np.int16)
    english = articles.language[row] == 0
    columns: dict[str, Numbers] = {}
    sums: list[Numbers] = []
    for kind, count in (("p", persons), ("o", mentions - persons)):
        n = np.where(english, count, 0).astype(np.int16)
        neg = luck.binomial(n, _NEGATIVE).astype(np.int16)
        pos = luck.binomial(n - neg, _POSITIVE / (1 - _NEGATIVE)).astype(np.int16)
        total = np.round((pos - neg) * 0.4 + np.sqrt(n) * luck.normal(0, 0.05, len(n)), 4)
        columns |= {f"{kind}_mentions": count, f"{kind}_n": n, f"{kind}_neg": neg, f"{kind}_pos": pos}
        sums.append(total)
    both = {f"a_{name}": columns[f"p_{name}"] + columns.pop(f"o_{name}") for name in ("mentions", "n", "neg", "pos")}
    return Namings(
        article=articles.id[row],
        figure=figure.astype(np.int16),
        p_sum=sums[0],
        a_sum=np.round(sums[0] + sums[1], 4),
        **columns,
        **both,
    )


def nbytes(table: Articles | Namings) -> int:
    """Bytes of its columns."""
    return sum(getattr(table, field.name).nbytes for field in fields(table))
