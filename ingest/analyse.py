"""The analysis of one article: language → sentences → mentions → tone → topics."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from ingest import figures, language, sentences, sentiment, text, topics
from ingest.figures import Figure
from ingest.matcher import Matcher
from ingest.models import Analysis, Article, Entry, Mention, Sentence, utcnow
from ingest.store.writer import Snapshot
from ingest.tone import Target
from ingest.tone.rule import Rule
from ingest.topics import Topic

#: How sentences are cut, figures found and tone given. Raise the number with every change of those rules: what an older
#: version has analysed is analysed again, or one record would hold two kinds of numbers.
SCORER = f"{sentiment.SCORER}/sentence/1"


@dataclass(frozen=True)
class Watchlist:
    """Figures and topics as they stand in the user's files."""

    figures: tuple[Figure, ...]
    topics: tuple[Topic, ...]

    @classmethod
    def load(cls, figures_file: Path, topics_file: Path) -> Watchlist:
        """Raises ConfigFileError when one of the files can't be used."""
        return cls(tuple(figures.load(figures_file)), tuple(topics.load(topics_file)))

    def snapshot(self) -> Snapshot:
        """What the record keeps; its hash changes with anything that could change an analysis."""
        facts = [[figure.as_dict() for figure in self.figures], [asdict(topic) for topic in self.topics]]
        hash_ = hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        return Snapshot(hash_, facts[0], [topic.as_dict() for topic in self.topics])


class Analyser:
    """Analyses articles with one watch-list; made once, used for many."""

    def __init__(self, watchlist: Watchlist) -> None:
        self.snapshot = watchlist.snapshot()
        self._figures = Matcher(watchlist.figures)
        self._topics = topics.Matcher(list(watchlist.topics))

    def article(self, entry: Entry, now: datetime | None = None) -> Article:
        """The entry with its analysis; every offset counts in the article's `text`."""
        whole = text.compose(entry.title, entry.body)
        day = (entry.published or now or utcnow()).date()
        code = language.detect(f"{entry.title}\n{entry.body}", entry.language)
        spans = sentences.split(whole, entry.title, code)
        scored = code in language.SCORED
        tones = [sentiment.compound(whole[start:end]) if scored else None for start, end in spans]
        found = self._figures.find(whole, spans, day=day, language=code)
        return Article(
            entry=entry,
            text=whole,
            analysis=Analysis(
                language=code,
                tone=sentiment.mean([value for value in tones if value is not None]) if scored else None,
                sentences=tuple(Sentence(start, end, value) for (start, end), value in zip(spans, tones, strict=True)),
                mentions=tuple(_scored(mention, whole, spans, tones) for mention in found),
                topics=self._topics.find(whole),
                words=len(whole.split()),
            ),
        )


def _scored(mention: Mention, whole: str, spans: list[tuple[int, int]], tones: list[float | None]) -> Mention:
    value = tones[mention.sentence]
    if value is None or mention.kind == "ambiguous":
        return mention
    start, end = spans[mention.sentence]
    # A name at the very end may reach past its sentence where a full stop belongs to both ("Donald Trump Jr.").
    stop = min(mention.end, end)
    target = Target(whole[start:end], mention.start - start, stop - start, mention.kind)
    (toward,) = Rule().toward([target])
    return replace(mention, tone=toward.tone, label=toward.label, because=toward.because)
