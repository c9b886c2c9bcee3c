"""Which articles an edit of the watch-list can change: those that may name a changed figure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import chain

from ingest.watchlist.figures import Figure
from ingest.watchlist.lists import Watchlist
from ingest.watchlist.names import fold, tokens


class ListChange:
    """The difference between two watch-lists."""

    def __init__(self, before: Watchlist, after: Watchlist) -> None:
        old, new = ({figure.id: _deciding(figure) for figure in watchlist.figures} for watchlist in (before, after))
        self.figures = frozenset(id_ for id_ in old.keys() | new.keys() if old.get(id_) != new.get(id_))
        # Topics are looked for in every text: a pass over it costs less than telling whether one may have changed.
        self.everything = [topic.as_dict() for topic in before.topics] != [topic.as_dict() for topic in after.topics]
        written = {
            name for versions in (old, new) for id_ in self.figures & versions.keys() for name in _names(versions[id_])
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


def _deciding(figure: Figure) -> Figure:
    """What of a figure decides who is found in a text: its heading in the picker, say, does not."""
    return replace(figure, name="", group="", wikidata=None)


def _names(figure: Figure) -> Iterator[str]:
    yield from chain(figure.strong, figure.weak, figure.not_, figure.offices)
    yield from chain.from_iterable(names for _, names in figure.names)
    yield from chain.from_iterable(role.phrases for role in figure.roles)
