"""Looks up the values of a search's fields: sources, figures, topics and languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain

from sqlalchemy import Connection, select

from ingest.errors import SearchError
from ingest.store import schema
from ingest.store.search.query import FieldValue
from ingest.store.watched import watchlist
from ingest.text import tokens
from ingest.watchlist.figures import Figure

#: For each name: its words, the name to show, and the id of what it names.
_Names = Sequence[tuple[str, str, int | str]]

_WHAT = {"source": "source", "figure": "figure on the watch-list", "topic": "topic on the list"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """Looks up names as of a revision."""

    connection: Connection
    as_of: int | None

    def ids(self, value: FieldValue) -> tuple[int | str, ...]:
        """The ids of what has exactly this name, else of what has these words in its name; a language is its own id.

        Raises SearchError if there is none.
        """
        words = _words(value.value)
        if value.field == "lang":
            if len(words) != 2 or value.prefix:
                message = f"lang: takes the two letters of a language, like lang:en; “{value.value}” is not."
                raise SearchError(message, value.start, value.end)
            return (words,)
        known = self._known(value.field)
        exact = () if value.prefix else _ids(id_ for name, _, id_ in known if name == words)
        found = exact or _ids(id_ for name, _, id_ in known if _contains(name, words, prefix=value.prefix))
        if not found:
            raise SearchError(_not_found(value, words, known), value.start, value.end)
        return found

    def _known(self, field: str) -> _Names:
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


def _contains(name: str, words: str, *, prefix: bool) -> bool:
    # In scripts without spaces a part of a word is enough, as in texts.
    end = "" if prefix or tokens.unspaced(words[-1]) else " "
    start = "" if tokens.unspaced(words[0]) else " "
    return f"{start}{words}{end}" in f" {name} "


def _not_found(value: FieldValue, words: str, known: _Names) -> str:
    if not known:
        return f"There is no {_WHAT[value.field]} yet."
    names = {each: name for each, name, _ in known}
    close = [names[each] for each in get_close_matches(words, names, 5, 0.6)]
    # Also a mistyped word of a longer name.
    parts = {part: name for each, name in names.items() for part in each.split()}
    close += [parts[part] for part in get_close_matches(words, parts, 5, 0.75)]
    meant = list(dict.fromkeys(close))[:3]
    advice = f"Did you mean {' or '.join(meant)}?" if meant else f"There are: {_some(names.values())}."
    return f"“{value.value}” is no {_WHAT[value.field]}. {advice}"


def _some(names: Iterable[str]) -> str:
    different = sorted(set(names))
    return ", ".join(different[:5]) + (" …" if len(different) > 5 else "")
