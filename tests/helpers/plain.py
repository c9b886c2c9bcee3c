"""Every answer of the dashboard's queries, worked out in plain Python from lists of articles, one after the other."""

from __future__ import annotations

import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dashboard.numbers import statistics
from dashboard.view import View
from ingest.models import LABELS, TEXT_KINDS
from tests.helpers.histories import History
from tests.helpers.newsroom import Named, Piece, base, hit, named

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Asked:
    """A view, and what a page asks about it besides."""

    view: View
    now: datetime
    figure: str  #: whose panels are open
    bin: int | None  #: the place of the bin that somebody chose; None: the whole period
    label: str | None
    scored: bool
    positive: bool
    limit: int
    seed: int
    since: int  #: the revision of a link

    @property
    def start(self) -> date | None:
        """The first day of the chosen bin."""
        found = starts(self.view)
        return None if self.bin is None or not found else found[self.bin % len(found)]


def starts(view: View) -> list[date]:
    """The first days of all bins of a view, day by day."""
    days = [view.since + timedelta(days=n) for n in range((view.until - view.since).days + 1)]
    return sorted({start(day, view.bin) for day in days})


def start(day: date, unit: str) -> date:
    """The first day of the bin of a day: the last one at or before it on which a bin begins."""
    begins = {
        "day": lambda day: True,
        "week": lambda day: day.isoweekday() == 1,
        "month": lambda day: day.day == 1,
        "quarter": lambda day: day.day == 1 and day.month in (1, 4, 7, 10),
        "year": lambda day: (day.month, day.day) == (1, 1),
    }[unit]
    while not begins(day):
        day -= timedelta(days=1)
    return day


def answers(history: History, asked: Asked, newest: int) -> dict[str, Any]:
    """What a snapshot whose newest revision is `newest` answers, by the names of the queries."""
    view = asked.view
    revision = newest if view.filters.as_of is None else min(view.filters.as_of, newest)
    versions = history.current(revision)
    pieces = [version.piece() for version in versions]
    after = [each.source for each in history.current(newest) if each.rev > asked.since]
    everything, mentions = base(pieces, view), named(pieces, view)
    ranked, sentences = ranking(mentions), {said.id: said.sentence for v in versions for said in v.told.mentions}
    ours = [mention for mention in mentions if mention.figure == asked.figure]
    chosen = [m for m in ours if asked.start is None or start(m.day, view.bin) == asked.start]
    if asked.label or asked.scored:
        chosen = [m for m in scored(chosen) if asked.label in (None, m.label)]
    chosen.sort(key=lambda m: (-m.day.toordinal(), -m.article, sentences[m.id], m.id))
    return {
        "total": len(everything),
        "texts": {kind: n for kind in TEXT_KINDS if (n := sum(piece.text_kind == kind for piece in everything))},
        "ranking": ranked,
        "most named": [figure for figure, _ in ranked[: asked.limit]],
        "attention": list(attention(everything, mentions, view)),
        "tone": list(tones(mentions, view)),
        "mix": [(at, *mix(m for m in ours if start(m.day, view.bin) == at)) for at in starts(view)],
        "voice": voice(mentions, view),
        "companions": companions(mentions, asked.figure)[: asked.limit],
        "by source": by_source(everything, ours),
        "counted": [
            m.id for m in sorted(chosen, key=lambda m: (-m.day.toordinal(), -m.article, sentences[m.id], m.id))
        ],
        "extremes": extremes(ours, asked),
        "kpi": kpi(pieces, view, None),
        "kpi before": before(pieces, asked),
        "extent": extent(pieces, view.sources),
        "articles between": sum(p.source in view.sources and view.since <= p.day <= view.until for p in pieces),
        "articles after": sum(source in view.sources for source in after),
        "languages": [word for word, _ in ordered(Counter(piece.language for piece in pieces))],
        "held": held(pieces),
        "per day": per_day(pieces, view),
        "sample": sample(history, pieces, asked),
    }


def ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent first, those that are equally frequent by their names."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def ranking(mentions: Sequence[Named]) -> list[tuple[str, int]]:
    """Figures with their articles; of those named in as many, the one with more mentions first."""
    articles = Counter(figure for figure, _ in {(m.figure, m.article) for m in mentions})
    often = Counter(m.figure for m in mentions)
    return sorted(articles.items(), key=lambda item: (-item[1], -often[item[0]], item[0]))


def attention(everything: Sequence[Piece], mentions: Sequence[Named], view: View) -> Iterable[Row]:
    """Figure by figure, bin by bin: articles, all, share and its interval, whether the bin is not over."""
    for line in view.lines:
        for at in starts(view):
            there = [piece for piece in everything if start(piece.day, view.bin) == at]
            naming = len({m.article for m in mentions if m.figure == line and start(m.day, view.bin) == at})
            share = naming / len(there) if there else None
            limits = wilson(share, len({piece.story for piece in there}))
            yield at, line, line.upper(), naming, len(there), share, *limits, start(view.today, view.bin) == at


def wilson(share: float | None, n: int) -> tuple[float | None, float | None]:
    """As docs/methods.md writes it."""
    if share is None:
        return None, None
    z = 1.959963984540054
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = ((share + z**2 / (2 * n) + side * half) / (1 + z**2 / n) for side in (-1, 1))
    return max(0.0, low), min(1.0, high)


def scored(mentions: Iterable[Named]) -> list[Named]:
    """Those with a tone."""
    return [mention for mention in mentions if mention.tone is not None]


def mix(mentions: Iterable[Named]) -> Row:
    """Scored mentions by label, and all of them."""
    labels = Counter(mention.label for mention in scored(mentions))
    return *(labels[label] for label in LABELS), labels.total()


def interval(mentions: Iterable[Named], *, net: bool = False) -> Row:
    """n, stories, mean and its interval, story by story as docs/methods.md writes it."""
    stories: dict[int, list[float]] = defaultdict(list)
    for mention in scored(mentions):
        tone = (mention.label == "positive") - (mention.label == "negative") if net else mention.tone
        stories[mention.story].append(float(tone or 0))
    k, n = len(stories), sum(map(len, stories.values()))
    if k < 5:
        return n, k, None, None, None
    mean = math.fsum(tone for tones in stories.values() for tone in tones) / n
    spread = math.fsum((math.fsum(tones) - mean * len(tones)) ** 2 for tones in stories.values())
    half = statistics.student(k - 1) * math.sqrt(k / (k - 1)) * math.sqrt(spread) / n
    return n, k, mean, max(-1.0, mean - half), min(1.0, mean + half)


def tones(mentions: Sequence[Named], view: View) -> Iterable[Row]:
    """Figure by figure, bin by bin: the mean, its interval, the labels, whether the bin is not over."""
    for line in view.lines:
        for at in starts(view):
            here = [m for m in mentions if m.figure == line and start(m.day, view.bin) == at]
            partial = start(view.today, view.bin) == at
            yield at, line, line.upper(), *interval(here), *mix(here)[:3], partial


def voice(mentions: Sequence[Named], view: View) -> list[Row]:
    """Figures in view: mentions, and their part of the mentions of all of them."""
    counts = {line: sum(m.figure == line for m in mentions) for line in view.lines}
    all_ = sum(counts.values())
    rows = sorted(counts.items(), key=lambda item: -item[1])
    return [(line, line.upper(), count, count / all_ if all_ else None) for line, count in rows]


def companions(mentions: Sequence[Named], figure: str) -> list[Row]:
    """Figures that are named where this one is, with the number of articles."""
    with_it = {m.article for m in mentions if m.figure == figure}
    there = {(m.figure, m.article) for m in mentions if m.article in with_it and m.figure != figure}
    return [(other, other.upper(), count) for other, count in ordered(Counter(other for other, _ in there))]


def by_source(everything: Sequence[Piece], ours: Sequence[Named]) -> list[Row]:
    """Sources that name a figure: articles, all, share, and the mean tone with its interval."""
    counts = Counter(source for source, _ in {(m.source, m.article) for m in ours})
    rows = []
    for source, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        all_ = sum(piece.source == source for piece in everything)
        rows.append((str(source), count, all_, count / all_, *interval(m for m in ours if m.source == source)))
    return rows


def extremes(ours: Sequence[Named], asked: Asked) -> list[int]:
    """The strongest mentions of one side, one of each story."""
    side = 1 if asked.positive else -1
    strong = [m for m in scored(ours) if side * (m.tone or 0) >= 0.05]
    strong.sort(key=lambda m: (-side * (m.tone or 0), -m.day.toordinal(), m.id))
    first: dict[int, int] = {}
    for mention in strong:
        first.setdefault(mention.story, mention.id)
    return list(first.values())[: asked.limit]


def before(pieces: Sequence[Piece], asked: Asked) -> Row:
    """The key figures of the period of equal length before; of a period that is not over, of the same part."""
    view, days = asked.view, asked.view.days
    filters = view.filters
    earlier = replace(filters, since=view.since - timedelta(days=days), until=view.until - timedelta(days=days))
    ends = None
    if view.since <= view.today <= view.until:
        ends = asked.now.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(days=days)
    return kpi(pieces, replace(view, filters=earlier), ends, most=False)


def kpi(pieces: Sequence[Piece], view: View, ends: datetime | None, *, most: bool = True) -> Row:
    """The fields of a Kpi, without the revision."""
    there = [piece for piece in pieces if ends is None or piece.published <= ends]
    figures, everything = view.filters.figures, base(there, view)
    mentions = [m for m in named(there, view) if not figures or m.figure in figures]
    articles = [p for p in hit(there, view) if not figures or p.id in {m.article for m in mentions}]
    _, stories, mean, low, high = interval(mentions, net=True)
    # Of those named in as many articles the first by name.
    named_most = ordered(Counter(figure for figure, _ in {(m.figure, m.article) for m in mentions})) if most else []
    by_bin = [[m for m in mentions if start(m.day, view.bin) == at] for at in starts(view)]
    net = [(negative, positive, n) for negative, _, positive, n in map(mix, by_bin)]
    return (
        len(articles), len(mentions), mean, None if mean is None else max(mean - low, high - mean), stories,
        *(named_most[0] if named_most else (None, 0)), len(everything), len({piece.source for piece in everything}),
        tuple(sum(start(piece.day, view.bin) == at for piece in articles) for at in starts(view)),
        tuple(map(len, by_bin)), tuple((positive - negative) / n if n else None for negative, positive, n in net),
    )  # fmt: skip


def extent(pieces: Sequence[Piece], sources: Sequence[int]) -> tuple[date, date] | None:
    """The first and the last day of these sources."""
    days = [piece.day for piece in pieces if piece.source in sources]
    return (min(days), max(days)) if days else None


def held(pieces: Sequence[Piece]) -> dict[int, tuple[int, datetime]]:
    """Articles of each source, and the time of its newest."""
    times: dict[int, list[datetime]] = defaultdict(list)
    for piece in pieces:
        times[piece.source].append(piece.published)
    return {source: (len(of), max(of)) for source, of in times.items()}


def per_day(pieces: Sequence[Piece], view: View) -> dict[int, dict[date, int]]:
    """Articles of each source and day."""
    found: dict[int, dict[date, int]] = {}
    for piece in pieces:
        if piece.source in view.sources and view.since <= piece.day <= view.until:
            days = found.setdefault(piece.source, {})
            days[piece.day] = days.get(piece.day, 0) + 1
    return found


# -- the sample


def sample(history: History, pieces: Sequence[Piece], asked: Asked) -> Row:
    """The mentions drawn for the audit, in their order; of how many, of how many figures and outlets."""
    view = replace(asked.view, filters=replace(asked.view.filters, copies="once"))
    figures = view.filters.figures
    pool = [m for m in scored(named(pieces, view)) if not figures or m.figure in figures]
    places = {said.id: (v.content, said.sentence) for v in history.versions for said in v.told.mentions}
    nth: Counter[Row] = Counter()
    strata: dict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
    for mention in sorted(pool, key=lambda m: m.id):
        content, sentence = places[mention.id]
        figure = zlib.crc32(mention.figure.encode())
        place = (content, figure, sentence)
        strata[figure, mention.source].append((chance(asked.seed, *place, nth[place]), mention.id))
        nth[place] += 1
    drawn = []
    for stratum, numbers in strata.items():
        for rank, (number, id_) in enumerate(sorted(numbers)):
            drawn.append(((rank + chance(asked.seed, *stratum)) / len(numbers), number, id_))
    ids = tuple(id_ for *_, id_ in sorted(drawn))[: asked.limit]
    return ids, len(pool), len({m.figure for m in pool}), len({m.source for m in pool})


def chance(seed: int, *numbers: int) -> float:
    """A number from 0 to 1, by splitmix64 as its authors publish it."""
    state, whole = seed, 2**64
    for number in numbers:
        state = ((state ^ number) + 0x9E3779B97F4A7C15) % whole
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % whole
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB % whole
        state ^= state >> 31
    return (state >> 11) / 2**53
