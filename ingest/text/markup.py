"""Plain text from the HTML inside feeds."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from lxml import etree  # type: ignore[import-untyped]

from ingest.text import plain

_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_SPACES = re.compile(r"\s+")

#: What these hold is not for reading.
_SILENT = frozenset("script style svg template noscript iframe object canvas audio video math head".split())
_PARAGRAPH = frozenset(
    "p div h1 h2 h3 h4 h5 h6 blockquote pre ul ol dl table figure figcaption section article header footer aside main "
    "nav form fieldset hr address details summary center".split()
)
_LINE = frozenset("br li tr dt dd caption option".split())
_CELL = frozenset(("td", "th"))


class _Words:
    """A parser's target: no tree is built, so that depth costs nothing."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.silent = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _SILENT:
            self.silent += 1
        self._break(tag)

    def end(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent -= 1
        # A break is one line feed, and `br` and `li` end right where they begin.
        if tag not in _LINE:
            self._break(tag)

    def data(self, data: str) -> None:
        if not self.silent:
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
    """The words of an HTML fragment, paragraphs parted by a blank line; never raises, in linear time.

    Scripts, styles, drawings and their like are left out, entities are decoded. Text without markup keeps its lines.
    """
    if not _MARKUP.search(fragment):
        return plain.clean(html.unescape(fragment) if "&" in fragment else fragment)
    parser = etree.HTMLParser(target=_Words(), encoding="utf-8")
    try:
        # Control characters would end libxml2's reading in silence.
        parser.feed(plain.clean(fragment).encode())
        words: str = parser.close()
    except etree.LxmlError:
        words = html.unescape(re.sub("<[^<>]*>", " ", fragment))
    return plain.clean(words)
