"""The analysis of one article: language → sentences → mentions → tone → topics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from ingest.models import Analysis, Article, Entry, Kind, Mention, Sentence, StoredAnalysis, utcnow
from ingest.settings import Settings
from ingest.text import language, plain, sentences
from ingest.tone import Scorer, Target, Toward, scorers, sentiment
from ingest.tone.rule import Rule
from ingest.watchlist import names, topics
from ingest.watchlist.lists import Watchlist
from ingest.watchlist.matcher import Matcher

#: Version of how sentences are split and figures found. Raise it with every change of those rules: older analyses are
#: then made again, so that a record has one kind of numbers. Scorers of tone have names of their own.
_RULES = "3"
#: … and of which mentions the encoder is asked for. It does not count without an encoder.
_ASKED = "1"
#: Versions whose answers a re-score may take over: their offsets count in the words as the record holds them. Before 3
#: some did not. Whoever raises one of the two above adds the version that was in force.
_SAME_PLACES = ("3", f"{_RULES}.{_ASKED}")


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
        parts = (_RULES, self._rule.name) if encoder is None else (f"{_RULES}.{_ASKED}", self._rule.name, encoder.name)
        #: What made the numbers, as stored in the record with each analysis.
        self.scorer = "/".join((sentiment.SCORER, *parts))

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
                mentions=tuple(self._toned(found, whole, spans, entry.stored) if scored else found),
                topics=self._topics.find(whole, words),
                words=len(whole.split()),
            ),
        )

    def _toned(
        self, found: Sequence[Mention], whole: str, spans: Sequence[tuple[int, int]], stored: StoredAnalysis | None
    ) -> list[Mention]:
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
            known = _answers(stored, self._encoder.name)
            answers = {
                named: known.get(_place(mention, spans)) or self._encoder.toward([_target(mention, whole, spans)])[0]
                for named, mention in _asked_for(found[place] for place in places).items()
            }
            for place in places:
                toward = answers[_named(found[place])]
                toned[place] = replace(
                    toned[place], tone_encoder=toward.tone, label=toward.label, confidence=toward.confidence
                )
        return toned


class _Named(NamedTuple):
    """Somebody named in a sentence, once or more."""

    sentence: int
    figure: str
    kind: Kind


class _Place(NamedTuple):
    """What an answer depends on, in one and the same text."""

    sentence: tuple[int, int]
    mention: tuple[int, int]
    figure: str
    kind: Kind


def _asked_for(mentions: Iterable[Mention]) -> dict[_Named, Mention]:
    """The mentions for which the encoder is asked: in each sentence the first of each figure and kind.

    The others get its answer. Asked for each, the encoder often contradicts itself, and is right no more often
    (docs/methods.md).
    """
    first: dict[_Named, Mention] = {}
    for mention in mentions:
        first.setdefault(_named(mention), mention)
    return first


def _answers(stored: StoredAnalysis | None, model: str) -> dict[_Place, Toward]:
    """What the encoder has answered for these words; nothing if the record holds no answer of this model."""
    if stored is None or stored.scorer.split("/")[1::2] not in [[version, model] for version in _SAME_PLACES]:
        return {}
    spans = [(sentence.start, sentence.end) for sentence in stored.analysis.sentences]
    return {
        _place(mention, spans): Toward(mention.tone_encoder, mention.label, mention.confidence)
        for mention in _asked_for(stored.analysis.mentions).values()
        if mention.tone_encoder is not None and mention.label is not None and mention.confidence is not None
    }


def _named(mention: Mention) -> _Named:
    return _Named(mention.sentence, mention.figure, mention.kind)


def _place(mention: Mention, spans: Sequence[tuple[int, int]]) -> _Place:
    return _Place(spans[mention.sentence], (mention.start, mention.end), mention.figure, mention.kind)


def _target(mention: Mention, whole: str, spans: Sequence[tuple[int, int]]) -> Target:
    start, end = spans[mention.sentence]
    # A name may end after its sentence if the full stop belongs to both ("Donald Trump Jr.").
    return Target(whole[start:end], mention.start - start, min(mention.end, end) - start, mention.kind)
