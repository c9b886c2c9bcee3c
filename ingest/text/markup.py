"""Plain text from the HTML inside feeds."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from lxml import etree  # type: ignore[import-untyped]

from ingest.text import plain

_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_SPACES = re.compile(r"\s+")

#: Elements whose content is not for reading.
_HIDDEN = frozenset("script style svg template noscript iframe object canvas audio video math head".split())
_PARAGRAPH = frozenset(
    "p div h1 h2 h3 h4 h5 h6 blockquote pre ul ol dl table figure figcaption section article header footer aside main "
    "nav form fieldset hr address details summary center".split()
)
_LINE = frozenset("br li tr dt dd caption option".split())
_CELL = frozenset(("td", "th"))


class _Collector:
    """The parser's target: collects words without building a tree, so that depth costs nothing."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.hidden = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _HIDDEN:
            self.hidden += 1
        self._break(tag)

    def end(self, tag: str) -> None:
        if tag in _HIDDEN:
            self.hidden -= 1
        # Only paragraphs and cells break at their end as well: `br` and `li` make one line feed.
        if tag not in _LINE:
            self._break(tag)

    def data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(_SPACES.sub(" ", data))

    def close(self) -> str:
        return "".join(self.parts)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPH:
            self.parts.append("\n\n")
        elif tag in _LINE:
            self.parts.append("\n")
        elif tag in _CELL:
            self.parts.append(" ")


def to_text(fragment: str) -> str:
    """The words of an HTML fragment, with a blank line between paragraphs; never raises, takes linear time.

    Scripts, styles, drawings and the like are left out, entities are decoded. Text without markup keeps its lines.
    """
    if not _MARKUP.search(fragment):
        return plain.clean(html.unescape(fragment) if "&" in fragment else fragment)
    parser = etree.HTMLParser(target=_Collector(), encoding="utf-8")
    try:
        # Control characters would make libxml2 stop silently.
        parser.feed(plain.clean(fragment).encode())
        words: str = parser.close()
    except etree.LxmlError:
        words = html.unescape(re.sub("<[^<>]*>", " ", fragment))
    return plain.clean(words)
