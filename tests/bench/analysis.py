"""How fast articles are analysed, beside bare vaderSentiment: `python -m tests.bench.analysis [profile]`.

One core, CPU seconds, one run: sentence scores against the package's (equal ones), the whole analysis without the
encoder against the package's scores of the same sentences, a thousand figures against those that ship, and texts that
nobody writes. The texts are the demo's and made-up ones. `profile` says what the time goes into instead.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from ingest.analyser import Analyser
from ingest.models import Entry
from ingest.settings import PROJECT
from ingest.sources import folder
from ingest.text import language, plain, sentences, signatures
from ingest.tone import Target, rule, sentiment
from ingest.watchlist import figures, topics
from ingest.watchlist.figures import Figure
from ingest.watchlist.lists import Watchlist
from tests.bench.corpus import Corpus

_UNTIL = date(2026, 6, 1)
_MADE = 150
_ROUNDS = 3
_NOW = datetime(2026, 6, 1, tzinfo=UTC)

Work = Callable[[], object]


def entries() -> list[Entry]:
    """The demo's articles, and as many made-up ones in English as fit."""
    seeds = PROJECT / "seeds"
    demo = [folder.read(file, now=_NOW) for file in folder.scan(seeds).files if file.name.startswith("demo/")]
    made = (each.article.entry for each in Corpus(1_000, _UNTIL).chunk(0))
    return demo + [entry for entry in made if entry.language == "en"][:_MADE]


def seconds(work: Work) -> float:
    """CPU seconds that it takes once, nothing remembered of any sentence."""
    sentiment.forget()
    rule.forget()
    start = time.process_time()
    work()
    return time.process_time() - start


def fastest(**works: Work) -> dict[str, float]:
    """The fewest CPU seconds of each; they take turns, so that another program slows all of them down."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(_ROUNDS):
        for name, work in works.items():
            taken[name].append(seconds(work))
    return {name: min(times) for name, times in taken.items()}


def analyser(listed: list[Figure]) -> Analyser:
    return Analyser(Watchlist(tuple(listed), tuple(topics.load(PROJECT / "seeds" / "topics.toml"))))


def thousand(listed: list[Figure]) -> list[Figure]:
    """The figures that ship, and made-up ones with names, surnames and offices like theirs, up to a thousand."""
    made = []
    for number in range(1_000 - len(listed)):
        first, last = _name(number * 7 + 1), _name(number * 13 + 5)
        named = Figure(f"made-{number}", f"{first} {last}", strong=(f"{first} {last}",), weak=(last,))
        made.append(replace(named, offices=(f"{last} administration", f"{last} government")))
    return listed + made


def _name(number: int) -> str:
    parts = "ba do ri mu ke la ven sor tis hal".split()
    return "".join(parts[(number // 10**place) % 10] for place in range(4)).title()


def spans(entry: Entry) -> list[str]:
    """The sentences of an article."""
    whole = plain.compose(entry.title, entry.body)
    return [whole[start:end] for start, end in sentences.split(whole, entry.title, "en")]


def hostile() -> dict[str, str]:
    """Texts that nobody writes, and that must not take a process down."""
    return {
        "1 MB of text": "Donald Trump praised the talks, but Joe Biden called them a terrible failure. " * 13_000,
        "1 MB, not ASCII": "“Trump’s talks — a failure,” said Biden’s élite envoy, “and no peace.” " * 14_000,
        "100,000 emoji": "😀" * 100_000,
        "a sentence of 50,000 words": "Trump and the good bad envoy of " * 7_200,
        "200,000 quotation marks": '“Trump” "x" ' * 50_000,
        "200,000 names": "Trump " * 200_000,
    }


def main(arguments: list[str]) -> None:
    found = entries()
    listed = figures.load(PROJECT / "seeds" / "figures.toml")
    package, ours, more = SentimentIntensityAnalyzer(), analyser(listed), analyser(thousand(listed))
    articles = [spans(entry) for entry in found]
    flat = [sentence for article in articles for sentence in article]
    targets = [_target(sentence) for sentence in flat if " " in sentence]

    def analysed(with_: Analyser) -> None:
        for entry in found:
            signatures.signature(with_.article(entry, _NOW).entry.body)

    language.detect("Its model is loaded before the clock runs, as in a process that has analysed one article.")
    analysed(ours)
    if arguments == ["profile"]:
        profile = cProfile.Profile()
        sentiment.forget()
        profile.runcall(analysed, ours)
        pstats.Stats(profile).sort_stats("tottime").print_stats(28)
        return
    assert all(sentiment.compound(each) == package.polarity_scores(each)["compound"] for each in flat)
    took = fastest(
        vader=lambda: [package.polarity_scores(sentence) for sentence in flat],
        scores=lambda: [sentiment.compound(sentence) for sentence in flat],
        analysis=lambda: analysed(ours),
        thousand=lambda: analysed(more),
    )
    scorer = rule.Rule()
    scorer.toward(targets)
    took["rule"] = seconds(lambda: [scorer.toward([target] * 4) for target in targets]) / (4 * len(targets))
    print(f"{len(found)} articles, {len(flat)} sentences, {sum(map(len, flat)) / 1e6:.2f} MB; CPU, best of {_ROUNDS}")
    print(f"sentence scores        {took['vader'] / took['scores']:6.2f} × vaderSentiment, equal     (budget 2.2)")
    print(f"whole analysis, rule   {took['vader'] / took['analysis']:6.2f} × bare vaderSentiment     (budget .33)")
    print(f"                       {len(found) / took['analysis']:6.0f} articles/s")
    slower = took["thousand"] / took["analysis"]
    print(f"1000 figures           {slower:6.2f} × the time of {len(listed)} (budget 1.3)")
    print(f"rule                   {1 / took['rule']:6.0f} targets/s, four in a sentence")
    for name, given in hostile().items():
        whole = Entry("x", "", given, ("path:x",), "full", language="en")
        scored = seconds(lambda given=given: sentiment.compound(given))
        toward = seconds(lambda given=given: scorer.toward([_target(given)]))
        analysed_in = seconds(lambda whole=whole: ours.article(whole, _NOW))
        print(
            f"{name:26} scored {scored:5.2f} s, toward a name {toward:5.2f} s, analysed {analysed_in:5.2f} s (budget 3)"
        )


def _target(sentence: str) -> Target:
    """A place in the middle of a sentence, at a word."""
    start = sentence.rfind(" ", 0, len(sentence) // 2 + 1) + 1
    return Target(sentence, start, min(start + 5, len(sentence)))


if __name__ == "__main__":
    main(sys.argv[1:])
