"""The analysis of one article: language → sentences → mentions → tone → topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ingest.models import Analysis, Article, Entry, Mention, Sentence, utcnow
from ingest.settings import Settings
from ingest.text import language, plain, sentences
from ingest.tone import Scorer, Target, scorers, sentiment
from ingest.tone.rule import Rule
from ingest.watchlist import names, topics
from ingest.watchlist.lists import Watchlist
from ingest.watchlist.matcher import Matcher

#: Version of how sentences are split and figures found. Raise it with every change of those rules: older analyses are
#: then made again, so that a record has one kind of numbers. Scorers of tone have names of their own.
_RULES = 3


@dataclass(frozen=True)
class Method:
    """All that an analysis depends on besides the article; small enough to be sent to workers."""

    watchlist: Watchlist
    tone: str = "rule"  #: the scorer of tone: rule, encoder or the folder of a model

    @classmethod
    def by(cls, settings: Settings) -> Method:
        """The method that the settings name. Raises ConfigFileError if a list can't be used."""
        return cls(Watchlist.load(settings.figures, settings.topics), settings.tone)

    def analyser(self) -> Analyser:
        """An analyser for this method. Raises ScorerError if the scorer can't be loaded."""
        return Analyser(self.watchlist, None if self.tone == "rule" else scorers.by_name(self.tone))


class Analyser:
    """Analyses articles with one watch-list; made once, used for many.

    With an `encoder` the tone that counts is the encoder's, and the rule's is kept beside it.
    """

    def __init__(self, watchlist: Watchlist, encoder: Scorer | None = None) -> None:
        self.watchlist = watchlist
        self._figures = Matcher(watchlist.figures)
        self._topics = topics.Matcher(list(watchlist.topics))
        self._rule = Rule()
        self._encoder = encoder
        #: What made the numbers, as stored in the record with each analysis.
        self.scorer = "/".join((sentiment.SCORER, str(_RULES), self._rule.name, *([encoder.name] if encoder else [])))

    def __reduce__(self) -> tuple[type[Analyser], tuple[Watchlist, Scorer | None]]:
        """An analyser travels as what it was made from."""
        return type(self), (self.watchlist, self._encoder)

    def article(self, entry: Entry, now: datetime | None = None) -> Article:
        """The entry with its analysis; all offsets are in the article's `text`."""
        whole = (plain.joined if entry.stored else plain.compose)(entry.title, entry.body)
        day = (entry.published or now or utcnow()).date()
        code = language.detect(f"{entry.title}\n{entry.body}", entry.language)
        spans = sentences.split(whole, entry.title, code)
        scored = code in language.SCORED
        tones = [sentiment.compound(whole[start:end]) if scored else None for start, end in spans]
        words = list(names.tokens(whole))
        found = self._figures.find(whole, spans, day=day, language=code, tokens=words)
        return Article(
            entry=entry,
            text=whole,
            analysis=Analysis(
                language=code,
                tone=sentiment.mean([value for value in tones if value is not None]) if scored else None,
                sentences=tuple(Sentence(start, end, value) for (start, end), value in zip(spans, tones, strict=True)),
                mentions=tuple(self._toned(found, whole, spans) if scored else found),
                topics=self._topics.find(whole, words),
                words=len(whole.split()),
            ),
        )

    def _toned(self, found: Sequence[Mention], whole: str, spans: Sequence[tuple[int, int]]) -> list[Mention]:
        """The mentions with their tones; an ambiguous one has none, because it is not clear whom it means."""
        places = [place for place, mention in enumerate(found) if mention.kind != "ambiguous"]
        targets = [_target(found[place], whole, spans) for place in places]
        toned = list(found)
        for place, by_rule in zip(places, self._rule.toward(targets), strict=True):
            toned[place] = replace(
                found[place],
                tone_rule=by_rule.tone,
                label=by_rule.label,
                confidence=by_rule.confidence,
                because=by_rule.because,
            )
        if self._encoder:
            for place, toward in zip(places, self._encoder.toward(targets), strict=True):
                toned[place] = replace(
                    toned[place], tone_encoder=toward.tone, label=toward.label, confidence=toward.confidence
                )
        return toned


def _target(mention: Mention, whole: str, spans: Sequence[tuple[int, int]]) -> Target:
    start, end = spans[mention.sentence]
    # A name may end after its sentence if the full stop belongs to both ("Donald Trump Jr.").
    return Target(whole[start:end], mention.start - start, min(mention.end, end) - start, mention.kind)
