"""What viewers click: query strings of the dashboard, each a view that nobody has asked for before."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from tests.bench.corpus import Corpus
from tests.bench.viewers import Click
from tests.bench.vocabulary import COMMON, RARE

#: The page of each kind of click, and how often a viewer does it.
MIX = {"filter": 0.7, "figures": 0.15, "search": 0.1, "sources": 0.05}


def filters(corpus: Corpus, seed: int) -> Iterator[Click]:
    """The first page with other filters at every click: period, sources, figures."""
    luck = random.Random(seed)
    while True:
        yield Click("", _query(corpus, luck))


def mixed(corpus: Corpus, seed: int) -> Iterator[Click]:
    """All pages, most often the first with another filter."""
    luck = random.Random(seed)
    while True:
        kind = luck.choices(list(MIX), list(MIX.values()))[0]
        if kind == "figures":
            name = luck.choice(corpus.figures[:30]).name
            yield Click("figures", f"{_query(corpus, luck, figures=False)}&{urlencode({'figure': name})}")
        elif kind == "search":
            word = "".join(luck.choice((letter, letter.upper())) for letter in luck.choice((RARE, COMMON)))
            yield Click("articles", f"{_query(corpus, luck)}&{urlencode({'q': word})}")
        else:
            yield Click("sources" if kind == "sources" else "", _query(corpus, luck))


def usual(corpus: Corpus, seed: int) -> Iterator[Click]:
    """`filters` for the page of `baseline_app.py`, whose figures go by their ids and whose period is two dates."""
    luck = random.Random(seed)
    while True:
        yield Click("", _query(corpus, luck, ids=True))


def _query(corpus: Corpus, luck: random.Random, *, figures: bool = True, ids: bool = False) -> str:
    until = corpus.until - timedelta(days=luck.randrange(1, 200))
    since = until - timedelta(days=luck.choice((30, 90, 365, 800)) + luck.randrange(20))
    outlets = [outlet.name for outlet in corpus.outlets]
    chosen = luck.sample(corpus.figures[:30], luck.randint(1, 5)) if figures and luck.random() < 0.5 else []
    pairs = [] if ids else [("period", "Custom")]
    pairs += [("dates", day.isoformat()) for day in (max(since, corpus.since), until)]
    pairs += [("figures", figure.id if ids else figure.name) for figure in chosen]
    if luck.random() < 0.5:
        pairs += [("sources", name) for name in luck.sample(outlets, luck.randint(5, len(outlets) - 1))]
    return urlencode(pairs)
