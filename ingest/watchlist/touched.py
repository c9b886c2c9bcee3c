"""Which articles an edit of the watch-list can change: those that may name a changed figure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ingest.watchlist.names import fold, tokens

#: The keys of a figure that decide where it is found; its group in the picker does not.
_DECIDE = ("strong", "weak", "famous", "not_", "offices", "names", "roles", "woman")

Lists = tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]


class ListChange:
    """The difference between two watch-lists, each given as its figures and its topics."""

    def __init__(self, before: Lists, after: Lists) -> None:
        old, new = ({figure["id"]: _deciding(figure) for figure in lists[0]} for lists in (before, after))
        self.figures = frozenset(id_ for id_ in old.keys() | new.keys() if old.get(id_) != new.get(id_))
        # Topics are looked for in every text: a pass over it costs less than telling whether one may have changed.
        self.everything = [dict(topic) for topic in before[1]] != [dict(topic) for topic in after[1]]
        written = {
            name
            for versions in (old, new)
            for id_ in self.figures & versions.keys()
            for name in _names(json.loads(versions[id_]))
        }
        words = {tuple(sorted({token.folded for token in tokens(name)})) for name in written}
        # Shorter names first: one whose words are all part of another's is found whenever that one is.
        self._names = sorted(words, key=lambda name: (len(name), name))
        self._plain = sorted(name for name in written if not name.isascii())

    def affects(self, title: str, body: str, mentioned: Collection[str]) -> bool:
        """Whether the new list may give another analysis of an article with these words and mentions."""
        if self.everything or not self.figures.isdisjoint(mentioned):
            return True
        if not self.figures:
            return False
        text = f"{title}\n{body}"
        folded = fold(text)
        if any(all(word in folded for word in name) for name in self._names):
            return True
        return any(name in text for name in self._plain)


def _deciding(figure: Mapping[str, Any]) -> str:
    return json.dumps({key: figure.get(key) for key in _DECIDE}, sort_keys=True, ensure_ascii=False)


def _names(figure: Mapping[str, Any]) -> Iterator[str]:
    for key in ("strong", "weak", "not_", "offices"):
        yield from figure[key] or ()
    for _, given in figure["names"] or ():
        yield from given
    for role in figure["roles"] or ():
        yield from role["phrases"]
