"""A made-up press that prints each other's texts: originals, copies edited as papers do, and what only looks alike."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests.bench import vocabulary

#: What every paper says: no text is a copy for it.
STOCK = (
    "according to a statement released by the ministry late on Monday",
    "who spoke on condition of anonymity because they were not authorised to speak to the press",
    "did not immediately respond to a request for comment from this newspaper",
    "in what analysts described as the most serious test of the alliance in more than a decade",
    "the two sides are expected to meet again in the coming weeks to discuss the details",
    "has been under growing pressure at home and abroad to bring the fighting to an end",
    "told reporters at a joint news conference after the talks had ended without an agreement",
    "the vote is widely seen as a referendum on the government's handling of the economy",
)
#: What stands under every article of an outlet.
FOOTERS = (
    "Subscribe to our newsletter and never miss a story. Every morning we send the five reports you should have read, "
    "with a comment by our editors, straight to your inbox. You can unsubscribe at any time. By signing up you agree "
    "to our terms of use and to our privacy policy.",
    "This material may not be published, broadcast, rewritten or redistributed without permission. All rights "
    "reserved. For corrections write to the standards desk. Reporting from our correspondents in nine countries is "
    "supported by readers like you. Please consider a donation today.",
    "Read more of our coverage of the region in the weekend edition. Follow us for live updates, pictures and video. "
    "Our journalists are independent, and we may earn a commission when you buy through links on this site.",
)


@cache
def _words() -> list[str]:
    return vocabulary.words("en", 8_000, 5)[0]


@cache
def _weights() -> list[float]:
    total, sums = 0.0, []
    for rank in range(len(_words())):
        total += 1 / (rank + 2.7)
        sums.append(total)
    return sums


def sentence(luck: random.Random, length: int | None = None) -> str:
    """A sentence of made-up words, drawn as often as words of a language are."""
    drawn = luck.choices(_words(), cum_weights=_weights(), k=length or luck.randint(8, 30))
    if luck.random() < 0.15:
        drawn.insert(luck.randrange(len(drawn)), luck.choice(STOCK))
    said = " ".join(drawn)
    return said[0].upper() + said[1:] + "."


def paragraphs(luck: random.Random, words: int) -> list[str]:
    """A text of about so many words."""
    found: list[str] = []
    while sum(len(each.split()) for each in found) < words:
        said = [sentence(luck) for _ in range(luck.randint(1, 3))]
        found.append(f"“{' '.join(said)}” they said." if luck.random() < 0.2 else " ".join(said))
    return found


Edit = Callable[[random.Random, list[str]], list[str]]


def _byline(luck: random.Random, text: list[str]) -> list[str]:
    return ["By Ida Stone, Harbour Town", f"HARBOUR TOWN (Wire) — {text[0]}", *text[1:]]


def _cut(luck: random.Random, text: list[str]) -> list[str]:
    return text[: max(2, round(len(text) * luck.uniform(0.5, 0.9)))]


def _inserted(luck: random.Random, text: list[str]) -> list[str]:
    at = luck.randint(0, len(text))
    return [*text[:at], *paragraphs(luck, luck.randint(25, 60)), *text[at:]]


def _reworded(luck: random.Random, text: list[str]) -> list[str]:
    """One word in ten exchanged, left out or put in."""

    def edited(word: str) -> list[str]:
        if luck.random() >= 0.1:
            return [word]
        new = luck.choice(_words())
        return luck.choice(([new], [], [word, new]))

    return [" ".join(part for word in each.split() for part in edited(word)) for each in text]


def _straightened(luck: random.Random, text: list[str]) -> list[str]:
    return [each.replace("“", '"').replace("”", '"').replace("’", "'").replace(" — ", " - ") for each in text]


def _merged(luck: random.Random, text: list[str]) -> list[str]:
    return [" ".join(text[at : at + 3]) for at in range(0, len(text), 3)]


def _footed(luck: random.Random, text: list[str]) -> list[str]:
    return [*text, luck.choice(FOOTERS)]


def _all(luck: random.Random, text: list[str]) -> list[str]:
    text = text[: max(2, round(len(text) * 0.85))]
    return _footed(luck, _byline(luck, _merged(luck, _straightened(luck, text))))


EDITS: dict[str, Edit] = {
    "byline": _byline,
    "cut tail": _cut,
    "paragraph put in": _inserted,
    "one word in ten edited": _reworded,
    "quotes straightened": _straightened,
    "paragraphs merged": _merged,
    "another footer": _footed,
    "byline, cut, merged, footer": _all,
}


@dataclass(frozen=True)
class Pair:
    """Two bodies, and what the second one is to the first."""

    kind: str
    one: str
    other: str
    one_outlet: bool = False


def copies(seed: int, texts: int, words: tuple[int, int] = (120, 700)) -> list[Pair]:
    """Of each of so many texts a copy of every kind."""
    luck = random.Random(seed)
    found = []
    for _ in range(texts):
        text = paragraphs(luck, luck.randint(*words))
        found += [Pair(kind, "\n\n".join(text), "\n\n".join(edit(luck, text))) for kind, edit in EDITS.items()]
    return found


def others(seed: int, texts: int, words: tuple[int, int] = (80, 500)) -> list[Pair]:
    """Pairs that share an event, with its quotes, or an outlet, with its footer, and are two texts."""
    luck = random.Random(seed)
    found = []
    for number in range(texts):
        one, other = (paragraphs(luck, luck.randint(*words)) for _ in range(2))
        quote = [sentence(luck, 14), sentence(luck, 12)]
        found.append(Pair("one event", "\n\n".join([*one[:1], *quote, *one[1:]]), "\n\n".join([*other, *quote])))
        footer = FOOTERS[number % len(FOOTERS)]
        short, brief = (paragraphs(luck, luck.randint(35, 60)) for _ in range(2))
        found.append(Pair("one footer", "\n\n".join([*one, footer]), "\n\n".join([*other, footer])))
        found.append(Pair("briefs, one footer", "\n\n".join([*short, footer]), "\n\n".join([*brief, footer])))
        found.append(
            Pair("briefs, one footer, one outlet", "\n\n".join([*short, footer]), "\n\n".join([*brief, footer]), True)
        )
        head = ["Live updates: follow our reporters through the day as the count goes on in every district."]
        found.append(Pair("one head", "\n\n".join([*head, *short]), "\n\n".join([*head, *brief])))
    return found
