"""The one table of the sidebar: keys in the URL, widgets, defaults, labels.

Sidebar, reset, chips and links are made from it. A filter's name on the command line and in exports, and its SQL, stand
with `Filters` (ingest/store/read/filters.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from dashboard.view import ALL, AUTOMATIC, CUSTOM, PERIODS, Measure
from ingest.bins import Bin
from ingest.models import TextKind
from ingest.store.read.filters import BY_FIELD, Filter

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

#: The article that is open on the Articles page.
ARTICLE = "article"

#: How the kinds of text are called on the page, and so in the URL.
TEXT_KINDS: dict[TextKind, str] = {"full": "full text", "summary": "summary", "title": "title only"}

#: How the measures are called on the page, and so in the URL.
MEASURES: dict[Measure, str] = {"share": "share", "count": "number"}


@dataclass(frozen=True, slots=True)
class Control:
    """A filter's widget, which is bound to the URL by its key."""

    key: str
    field: str  #: of Filters, or of View; of the period, `since` and `until` are set
    label: str
    kind: Literal["search", "words", "period", "several", "range", "one", "segments", "switch"]
    default: Any  #: the widget's value at first and after a reset
    #: The values by the labels that widget and URL show, or the name of the attribute of `Choices` that has them.
    options: Mapping[str, Any] | str = ""
    placeholder: str = ""
    help: str | None = None
    step: float = 0.05  #: of a range
    plural: str = ""  #: of what is chosen, where it is not the key

    @property
    def narrows(self) -> bool:
        """Whether what is chosen is shown as a chip that takes it away."""
        counts_otherwise = self.kind == "switch" and not self.filter.where
        return self.kind in ("search", "words", "several", "range", "switch") and not counts_otherwise

    @property
    def filter(self) -> Filter:
        """The row of the filter that it sets. Raises KeyError for what sets none: the period, the bin, the measure."""
        return BY_FIELD[self.field]


#: In the order of the sidebar.
CONTROLS: Final[tuple[Control, ...]] = (
    Control(SEARCH, "search", "Search", "search", ""),
    Control(
        PERIOD, "period", "Period", "period", AUTOMATIC, {label: label for label in (AUTOMATIC, *PERIODS, ALL, CUSTOM)},
        help="Automatic: the last 30 days if articles fall into them, else all there is. Days are UTC; today is not "
        "over and is drawn dashed.",
    ),
    Control(FIGURES, "figures", "Figures", "several", [], "figures", "the most named"),
    Control(
        SOURCES, "sources", "Sources", "several", [], "source_ids", "all",
        help="Where nothing is chosen, all count; the demo only as long as there is nothing else.",
    ),
    Control(TOPICS, "topics", "Topics", "several", [], "topics", "all"),
    Control(
        TONE, "tone", "Article tone", "range", BY_FIELD["tone"].ends,
        help="Mean of the scores of an article's sentences, −1 to 1. Articles that are not scored have none.",
    ),
    Control(
        LANGUAGES, "languages", "Languages", "several", [], "languages", "all", plural="languages",
        help="Only English is scored; other languages are matched by their own names and counted.",
    ),
    Control(
        TEXTS, "texts", "Texts", "several", [], {label: kind for kind, label in TEXT_KINDS.items()}, "all",
        help="Longer texts name more people: compare full texts with full texts.",
    ),
    Control(BIN, "bin", "Bin", "one", AUTOMATIC, {name: name for name in (AUTOMATIC, *get_args(Bin))}),
    Control(MEASURE, "measure", "Count", "segments", "share", {label: value for value, label in MEASURES.items()}),
    Control(
        OFFICES, "offices", "Count offices", "switch", False,
        help="“The Trump administration” then counts as naming Trump.",
    ),
    Control(
        ONCE, "copies", "Count copies once", "switch", False,
        help="Of a text that many printed, only the copy that arrived first counts: what was decided, not what was "
        "seen.",
    ),
)  # fmt: skip

#: Every parameter that describes a view but for LINES and AS_OF.
ALL_KEYS = (*(control.key for control in CONTROLS), DATES)
