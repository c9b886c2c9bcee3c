"""A small archive in many scripts, and its searches worked out in plain Python over whole words, without any index."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from sqlalchemy import Engine

from ingest.analyser import Analyser
from ingest.models import Article, Entry, Source
from ingest.store import record
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring
from ingest.text import tokens
from tests.helpers.desk import utc

OUTLETS = {
    name: Source(kind="feed", key=f"http://{number}.test/feed", name=name, group="World")
    for number, name in enumerate(("West Post", "East Post", "조선일보", "Le Café"))
}

WORDS = (
    "carbon border borders levy U.S. us troops tariff summit O'Neill café cafe Straße harbour 10:30 C++ 2.5 the "
    "미사일 북한이 北朝鮮 首脳会談 金 हिन्दी Москва AND or carbon-border Quill Marsh"
).split()
NAMES = ("Ada Quill", "Ben Marsh")
AUTHORS = ("Jo Smith", "SMITH, Ann", "金正恩", None)


@dataclass(frozen=True)
class Piece:
    """An article of the archive."""

    title: str
    body: str
    author: str | None
    outlet: str
    language: str = "en"

    @cached_property
    def whole(self) -> tuple[str, str]:
        """Title and body as words parted by blanks, runs of Chinese, Japanese or Korean left whole."""
        return _words(self.title), _words(self.body)

    def names(self, name: str) -> bool:
        """Whether it names somebody in full."""
        return f" {_words(name).strip()} " in f"{self.whole[0]}\n{self.whole[1]}"


def _words(text: str) -> str:
    return f" {' '.join(tokens.runs(text))} "


def pieces() -> list[Piece]:
    """The same sixty articles every time, and three that are more than a PostgreSQL vector holds."""
    luck = random.Random(7)
    made = [
        Piece(
            " ".join(luck.choices(WORDS, k=luck.randint(2, 5))),
            ". ".join(
                " ".join(luck.choices((*WORDS, *NAMES), k=luck.randint(3, 8))) for _ in range(luck.randint(1, 4))
            ),
            luck.choice(AUTHORS),
            luck.choice(list(OUTLETS)),
            luck.choice(("en", "en", "de", "ko")),
        )
        for _ in range(60)
    ]
    filling = "word " * 200 + " ".join(f"n{number}" for number in range(16_500))
    catalogue = " ".join(f"item{number:06}" for number in range(75_000))
    return [
        *made,
        Piece("Far down", f"Levy here. {filling} harbour needle haystack. Needle, then haystack", None, "West Post"),
        Piece("Often said", "the levy. " * 300 + "the pin of the summit", "Jo Smith", "East Post", "de"),
        Piece("A catalogue", f"{catalogue} needle haystack", None, "Le Café"),
    ]


def store(engine: Engine, analyser: Analyser, published: Sequence[Piece], *, first: int = 1) -> None:
    """Publishes them in one commit; the number of each, from `first`, is its identity."""
    with record.writing(engine) as connection:
        commit = Commit(connection, utc(2026, 3, 2), "an archive")
        scoring = Scoring(commit.watchlist(analyser.watchlist), analyser.scorer)
        for number, piece in enumerate(published, first):
            outlet = OUTLETS[piece.outlet]
            commit.article(commit.source(outlet), outlet, _article(analyser, number, piece), scoring=scoring)


def _article(analyser: Analyser, number: int, piece: Piece) -> Article:
    entry = Entry(
        source="a feed", title=piece.title, body=piece.body, keys=(f"guid:{number}",), text_kind="full",
        author=piece.author, language=piece.language, guid=str(number), published=utc(2026, 1, 1 + number % 28),
        published_from="feed",
    )  # fmt: skip
    # The long ones are about the index: scoring them takes seconds and says nothing here.
    scored = analyser.article(entry if len(piece.body) < 20_000 else replace(entry, body=piece.body[-200:]))
    scored = replace(scored, analysis=replace(scored.analysis, language=piece.language))
    return replace(scored, entry=entry, text=f"{piece.title}\n\n{piece.body}")


@dataclass(frozen=True)
class Query:
    """What somebody types, and which articles are meant by it."""

    typed: str
    fits: Callable[[Piece], bool] = field(compare=False)


def _run_fits(run: str, wanted: str, at: int, count: int, *, prefix: bool) -> bool:
    """Whether a word of a text is what a phrase has at this place."""
    first, last = at == 0, at == count - 1
    if tokens.unspaced(wanted):
        if not tokens.unspaced(run):
            return False
        if first and last:
            return wanted in run
        return run.endswith(wanted) if first else run.startswith(wanted) if last else run == wanted
    return run.startswith(wanted) if prefix and last else run == wanted


def holds(text: str, typed: str, *, prefix: bool = False) -> bool:
    """Whether words that stand side by side are in a text of `Piece.whole`, word by word."""
    wanted = tokens.runs(typed)
    if not any(tokens.unspaced(word) for word in wanted):
        return f" {' '.join(wanted)}{'' if prefix else ' '}" in text
    runs = text.split() if any(tokens.unspaced(sign) for sign in set(text)) else []
    return any(
        all(_run_fits(runs[at + n], word, n, len(wanted), prefix=prefix) for n, word in enumerate(wanted))
        for at in range(len(runs) - len(wanted) + 1)
    )


def words(typed: str, *, prefix: bool = False, title: bool = False) -> Query:
    """Words or a phrase, anywhere or in the title."""
    shown = f'"{typed}{"*" if prefix else ""}"' if " " in typed or ":" in typed else typed + ("*" if prefix else "")
    if title:
        return Query(f"title:{shown}", lambda piece: holds(piece.whole[0], typed, prefix=prefix))
    return Query(shown, lambda piece: any(holds(part, typed, prefix=prefix) for part in piece.whole))


def both(left: Query, right: Query, operator: str = " AND ") -> Query:
    return Query(f"({left.typed}{operator}{right.typed})", lambda piece: left.fits(piece) and right.fits(piece))


def either(left: Query, right: Query) -> Query:
    return Query(f"({left.typed} OR {right.typed})", lambda piece: left.fits(piece) or right.fits(piece))


def no(query: Query) -> Query:
    return Query(f"NOT {query.typed}", lambda piece: not query.fits(piece))


def leaf(luck: random.Random) -> Query:
    """A search of one thing."""
    kind = luck.randrange(12)
    if kind < 4:
        return words(luck.choice(WORDS).replace("AND", "and"), title=kind == 3)
    if kind == 4:
        return words(" ".join(luck.choices(WORDS, k=luck.randint(2, 3))), title=luck.random() < 0.3)
    if kind == 5:
        return words(
            luck.choice(("bor", "t", "stra", "o'n", "u", "caf", "carbon b", "м", "미", "朝", "हि")), prefix=True
        )
    if kind == 6:
        outlet = luck.choice((*OUTLETS, "post", "조선"))
        return Query(f'source:"{outlet}"', lambda piece: outlet.casefold() in piece.outlet.casefold())
    if kind == 7:
        name = luck.choice(NAMES)
        return Query(f'figure:"{name.upper()}"', lambda piece: piece.names(name))
    if kind == 8:
        return Query("topic:trade", lambda piece: any(" tariff " in part for part in piece.whole))
    if kind == 9:
        name = luck.choice(("smith", "JO SMITH", "金", "正恩", "ann"))
        return Query(f'author:"{name}"', lambda piece: holds(_words(piece.author or ""), name))
    if kind == 10:
        code = luck.choice(("en", "de", "ko", "fr"))
        return Query(f"lang:{code}", lambda piece: piece.language == code)
    return words(
        luck.choice(("needle haystack", "the pin", "levy the levy", "needle", "북한", "会談", "n16000", "far"))
    )


def queries(count: int) -> Iterator[Query]:
    """The same searches every time: all kinds of leaves under AND, OR and NOT, three deep."""
    luck = random.Random(11)

    def tree(depth: int) -> Query:
        kind = luck.randrange(4) if depth else 0
        if kind == 0:
            return leaf(luck)
        if kind == 1:
            return both(tree(depth - 1), tree(depth - 1), luck.choice((" AND ", " ")))
        return either(tree(depth - 1), tree(depth - 1)) if kind == 2 else no(tree(depth - 1))

    for number in range(count):
        yield tree(number % 4)
