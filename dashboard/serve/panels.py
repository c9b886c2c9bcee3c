"""What can be downloaded: each panel's rows as a function of the page that an address describes. A row a panel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import Final

import pandas as pd
from sqlalchemy import Connection, Engine

from dashboard import keys
from dashboard.app_pages import audit, figures, sources
from dashboard.controls import address, pin
from dashboard.controls.address import AddressError, Given
from dashboard.labelling import agreement
from dashboard.look import palette
from dashboard.model.follower import Follower
from dashboard.numbers import queries
from dashboard.parts import evidence
from dashboard.serve.exports import Refused
from dashboard.state import choices, process
from dashboard.state.page import Page, Pin
from dashboard.view import AUTOMATIC
from ingest.store import record
from ingest.store.read import export
from ingest.store.read.export import Format
from ingest.tone import labelled

#: Rows sent at once.
_ROWS = 500
#: How long a revision that the record has and this process has not read yet is waited for.
_PATIENCE_SECONDS = 3.0
#: After how many seconds a browser may ask again while the record is being loaded.
_RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a panel, which are read while they are sent."""

    header: Sequence[str]
    rows: Callable[[Connection], Iterable[export.Row]]

    def parts(self, engine: Engine, format_: Format = "csv") -> Iterator[bytes]:
        """The file in parts. Raises SearchError at the first."""
        mark = "\ufeff" * (format_ == "csv")  # without this mark Excel shows é as Ã©
        with engine.connect() as connection:
            lines = chain([mark], export.lines(self.rows(connection), format_, self.header))
            while part := "".join(islice(lines, _ROWS)):
                yield part.encode()


def _articles(page: Page, _: Given) -> Table:
    filters = page.view.filters
    return Table(export.columns("articles", page.view.bin), lambda connection: export.articles(connection, filters))


def _evidence(page: Page, given: Given) -> Table:
    text = _last(given, evidence.OPEN)
    point = evidence.read(text, page)
    if point is None:
        raise AddressError(
            f"{evidence.OPEN}={text[:80]} is no point of a chart in this view. Open one on the page and download there."
        )
    ids, filters = evidence.counted(page, point), page.view.filters
    return Table(export.columns("mentions", page.view.bin), partial(export.mentions, filters=filters, ids=ids))


def _of_frame(make: Callable[[Page, Given], pd.DataFrame]) -> Callable[[Page, Given], Table]:
    """A panel whose rows are those of a frame, with what they were made from."""

    def table(page: Page, given: Given) -> Table:
        data = make(page, given)
        with page.model.engine.connect() as connection:
            made_from = export.provenance(connection, page.view.filters) | {"revision": page.pin.revision}
        found = data.astype(object).where(data.notna(), None).to_dict("records")  # empty cells rather than "nan"
        rows = ({str(name): value for name, value in row.items()} | made_from for row in found)
        return Table(list(dict.fromkeys([*map(str, data.columns), *made_from])), lambda _: rows)

    return table


def _of_one(make: Callable[[Page, str], pd.DataFrame]) -> Callable[[Page, Given], Table]:
    """A panel about one figure: the first in view, as on the Figures page."""

    def frame(page: Page, _: Given) -> pd.DataFrame:
        figure = next((id_ for id_ in (*page.view.lines, *page.names) if id_ in page.names), None)
        if figure is None:
            raise AddressError("The watch-list names no figure that this panel could be about.")
        return make(replace(page, view=page.view.of(figure)), figure)

    return _of_frame(frame)


def _of_labels(make: Callable[..., pd.DataFrame], **how: str) -> Callable[[Page, Given], Table]:
    """A panel about the labels of people: those of the sample that the address names, or all."""

    def frame(page: Page, given: Given) -> pd.DataFrame:
        return make(page, agreement.judged_of(audit.given(page, _last(given, audit.SAMPLE))), **how)

    return _of_frame(frame)


def _calendar(page: Page, given: Given) -> pd.DataFrame:
    lengths = {str(days): days for days in sources.LENGTHS.values()}
    written = _last(given, sources.LENGTH) or next(iter(lengths))
    if written not in lengths:
        raise AddressError(f"{sources.LENGTH}={written[:20]} can't be read. Give {' or '.join(lengths)}.")
    return sources.calendar_data(page, lengths[written], every=_last(given, sources.EVERY) == "true")


def _labelled(page: Page, given: Given) -> Table:
    rows = agreement.labelled_rows(audit.given(page, _last(given, audit.SAMPLE)))
    return Table([], lambda _: map(labelled.filled, rows))


#: Each file that can be downloaded. A panel of a page (`parts/panel.py`) is looked up here by its key.
PANELS: Final[Mapping[str, Callable[[Page, Given], Table]]] = {
    "articles.csv": _articles,
    "evidence.csv": _evidence,
    "attention.csv": _of_frame(lambda page, _: queries.attention(page.model, page.view, page.names)),
    "tone.csv": _of_frame(lambda page, _: queries.tone(page.model, page.view, page.names)),
    "voice.csv": _of_frame(lambda page, _: queries.voice(page.model, page.view, page.names)),
    "mix.csv": _of_one(lambda page, figure: queries.mix(page.model, page.view, figure)),
    "companions.csv": _of_one(lambda page, figure: queries.companions(page.model, page.view, figure, page.names)),
    "by-source.csv": _of_one(
        lambda page, figure: queries.by_source(page.model, page.view, figure, page.choices.source_names)
    ),
    "calendar.csv": _of_frame(_calendar),
    "per-day.csv": _of_frame(lambda page, _: sources.per_day_data(page)),
    "audit-scorers.csv": _of_labels(agreement.scorers_data),
    "audit-errors.csv": _of_labels(agreement.errors_data),
    "audit-coders.csv": _of_labels(agreement.coders_data),
    "audit-by-figure.csv": _of_labels(agreement.groups_data, by="by-figure"),
    "audit-by-outlet.csv": _of_labels(agreement.groups_data, by="by-outlet"),
    "labelled.jsonl": _labelled,
}


def read(file: str, query: str) -> Iterator[bytes]:
    """The file in parts, made while they are taken. Raises IngestError before the first rows: none comes after them."""
    if file not in PANELS:
        raise Refused(f"There is no {file[:40]!r} to download. There are: {', '.join(PANELS)}.", 404)
    page, given = page_of(query)
    parts = PANELS[file](page, given).parts(page.model.engine, "jsonl" if file.endswith(".jsonl") else "csv")
    return chain([*islice(parts, 1)], parts)


def page_of(query: str) -> tuple[Page, Given]:
    """The page that a query string describes, and all its parameters."""
    given = address.parameters(query)
    follower = _follower()
    at = _pin(follower, _last(given, keys.AS_OF))
    model = follower.snapshot
    offered = choices.of(model, at.revision, at.now if at.fixed else None)
    view = address.read(given, offered, model, at.now.date(), at.revision)
    if figure := offered.figures.get(_last(given, figures.FIGURE)):
        view = view.of(figure)
    period = _last(given, keys.PERIOD) or AUTOMATIC
    return Page(model, view, offered, palette.of(None), at, period), given


def _follower() -> Follower:
    state = process.shared()
    if state.follower is None or not state.ready.is_set():
        raise Refused(state.fault or "The record is being loaded. Try again in a moment.", 503, _RETRY_SECONDS)
    return state.follower


def _pin(follower: Follower, asked: str) -> Pin:
    """The revision that is asked for. It may be the newest that another process has shown a moment ago."""
    last = time.monotonic() + _PATIENCE_SECONDS
    while (found := pin.at(follower.snapshot, asked)).unknown:
        with follower.engine.connect() as connection:
            if record.made(connection, pin.number_of(asked)) is None:
                newest = f"1 to {found.revision}" if found.revision else "none yet"
                raise Refused(f"Revision {asked[:20]} is not in this record. Its revisions: {newest}.", 404)
        if time.monotonic() > last:
            raise Refused(f"Revision {asked[:20]} is being read. Try again in a moment.", 503, _RETRY_SECONDS)
        time.sleep(0.1)
    return found


def _last(given: Given, key: str) -> str:
    return next(reversed(given.get(key, ())), "")
