"""The values of a search's fields: which sources, figures, topics and languages they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain

from sqlalchemy import Connection, select

from ingest.errors import SearchError
from ingest.store import schema
from ingest.store.search.query import Named
from ingest.store.watched import watchlist
from ingest.text import tokens
from ingest.watchlist.figures import Figure

#: A name as its words, and what it is the name of.
_Known = Sequence[tuple[str, str, int | str]]  # words, the name as it is shown, id

_WHAT = {"source": "source", "figure": "figure on the watch-list", "topic": "topic on the list"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """Looks names up as they stand at a revision."""

    connection: Connection
    as_of: int | None

    def ids(self, named: Named) -> tuple[int | str, ...]:
        """The ids that a field's value names; a language stands for itself.

        Who is called exactly so, else who has these words in the name. Raises SearchError when nobody has.
        """
        value = _words(named.value)
        if named.field == "lang":
            if len(value) != 2 or named.prefix:
                message = f"lang: takes the two letters of a language, like lang:en; “{named.value}” is not."
                raise SearchError(message, named.start, named.end)
            return (value,)
        known = self._known(named.field)
        exact = () if named.prefix else _ids(id_ for words, _, id_ in known if words == value)
        found = exact or _ids(id_ for words, _, id_ in known if _holds(words, value, prefix=named.prefix))
        if not found:
            raise SearchError(_nobody(named, value, known), named.start, named.end)
        return found

    def _known(self, field: str) -> _Known:
        if field == "source":
            rows = self.connection.execute(
                select(schema.source.c.id, schema.source.c.name).order_by(schema.source.c.id)
            )
            return [(_words(row.name), row.name, row.id) for row in rows]
        listed = watchlist(self.connection, self.as_of)
        found: list[tuple[str, str, int | str]] = []
        for entry in listed.figures if field == "figure" else listed.topics:
            names = [entry.id, entry.name]
            if isinstance(entry, Figure):
                names += (*entry.strong, *entry.weak, *chain(*dict(entry.names).values()))
            found += [(_words(name), entry.name, entry.id) for name in names]
        return found


def _words(name: str) -> str:
    return " ".join(tokens.runs(name))


def _ids(found: Iterable[int | str]) -> tuple[int | str, ...]:
    return tuple(dict.fromkeys(found))


def _holds(words: str, value: str, *, prefix: bool) -> bool:
    # Scripts that part no words are looked into, as in texts.
    end = "" if prefix or tokens.unspaced(value[-1]) else " "
    start = "" if tokens.unspaced(value[0]) else " "
    return f"{start}{value}{end}" in f" {words} "


def _nobody(named: Named, value: str, known: _Known) -> str:
    if not known:
        return f"There is no {_WHAT[named.field]} yet."
    names = {words: name for words, name, _ in known}
    close = [names[words] for words in get_close_matches(value, names, 5, 0.6)]
    # A word of a longer name, mistyped.
    parts = {part: name for words, name in names.items() for part in words.split()}
    close += [parts[part] for part in get_close_matches(value, parts, 5, 0.75)]
    meant = list(dict.fromkeys(close))[:3]
    advice = f"Did you mean {' or '.join(meant)}?" if meant else f"There are: {_some(names.values())}."
    return f"“{named.value}” is no {_WHAT[named.field]}. {advice}"


def _some(names: Iterable[str]) -> str:
    different = sorted(set(names))
    return ", ".join(different[:5]) + (" …" if len(different) > 5 else "")
