"""The URL's parameters, which are the keys of the filters' widgets."""

from __future__ import annotations

from dashboard.view import Measure
from ingest.models import TextKind

SEARCH = "q"
PERIOD = "period"
DATES = "dates"
FIGURES = "figures"
SOURCES = "sources"
TOPICS = "topics"
TONE = "tone"
LANGUAGES = "language"
TEXTS = "text"
BIN = "bin"
MEASURE = "count"
OFFICES = "offices"
ONCE = "once"

#: The figures drawn where a link says so and nobody chose any: unlike FIGURES they narrow nothing. No widget's.
LINES = "lines"

#: The revision whose numbers are shown. No widget's.
AS_OF = "asof"

ALL_KEYS = (SEARCH, PERIOD, DATES, FIGURES, SOURCES, TOPICS, TONE, LANGUAGES, TEXTS, BIN, MEASURE, OFFICES, ONCE)

ANY_TONE = (-1.0, 1.0)

#: How the kinds of text are called on the page, and so in the URL.
TEXT_KINDS: dict[TextKind, str] = {"full": "full text", "summary": "summary", "title": "title only"}

#: How the measures are called on the page, and so in the URL.
MEASURES: dict[Measure, str] = {"share": "share", "count": "number"}
