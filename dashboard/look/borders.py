"""Escapes third-party text where it is drawn: one function for each kind of border.

Headlines, names and outlets come from outside, and so do search words in a link. Plotly reads its texts as HTML,
Streamlit reads nearly all texts as Markdown (remote images and links included), a spreadsheet reads formulas.
"""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

from ingest.text.escape import csv_cell

__all__ = ["address", "csv_cell", "html", "markdown", "piece", "plain", "plotly_text"]

#: C0 and C1 controls, white space, and marks that change the direction of all text after them.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+")

#: `$` would start a formula where MathJax is loaded, `%` a placeholder in a template.
_PLOTLY = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "%": "&#37;", '"': "&#34;"})

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")

#: Streamlit rewrites text in the browser *after* Markdown has removed the backslashes: bare links and e-mail addresses,
#: emoji and icon names (`:tada:`), arrows and dashes. Only a character in between prevents it.
_REWRITTEN = re.compile(r"(:(?=\S)|@(?=\S)|www(?=\.)|[<>=~-](?=[<>=~-]))", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # has no width and allows no line break


def plain(text: object) -> str:
    """The text on one line, without control characters: for places that read no markup (`alt`, table cells)."""
    return _INVISIBLE.sub(" ", str(text)).strip()


def plotly_text(text: object, limit: int = 60) -> str:
    """The text escaped so that Plotly shows it literally, cut to `limit` characters."""
    shown = plain(text)
    if len(shown) > limit:
        shown = shown[: limit - 1].rstrip() + "…"
    return shown.translate(_PLOTLY)


def markdown(text: object) -> str:
    """The text escaped so that Streamlit's Markdown shows it literally: no links, images, colours or headings."""
    return _PUNCTUATION.sub(r"\\\1", _REWRITTEN.sub(rf"\1{_WORD_JOINER}", plain(text)))


def piece(text: str) -> str:
    """Like `markdown`, for a piece of a longer text: spaces at its ends stay."""
    shown = markdown(text)
    if not shown:
        return " " if text else ""
    return f"{' ' * text[:1].isspace()}{shown}{' ' * text[-1:].isspace()}"


def address(url: str) -> str:
    """An http(s) address as the target of a Markdown link, which it can't end early; empty for any other address."""
    return quote(url, safe=":/?#[]@!$&*+,;=%~-._") if url.startswith(("http://", "https://")) else ""


def html(text: object) -> str:
    """The text escaped for HTML; line breaks stay."""
    return escape(str(text), quote=True)
