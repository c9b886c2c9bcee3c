"""Plain text: cleaned, and laid out in one way so that every offset means the same everywhere."""

from __future__ import annotations

import re
import unicodedata

#: Longer titles are mistakes, and would fill a list of headlines.
TITLE_LIMIT = 500

# Characters that XML and PostgreSQL refuse, soft hyphens that split a name, direction overrides that can disguise one.
_CONTROL = re.compile(
    "[\xad\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")


def clean(text: str) -> str:
    """Text without control characters, with one kind of newline and no runs of spaces; paragraphs stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if all(line.isprintable() for line in lines) and "  " not in text:
        # Nearly every text, in a third of the time: it has no control characters and no runs of blanks.
        text = "\n".join(line.strip() for line in lines)
        text = text if text.isascii() else unicodedata.normalize("NFC", text)
        return _BLANK_LINES.sub("\n\n", text).strip()
    # Controls go first: one between a letter and its accent would keep the two from being composed.
    text = unicodedata.normalize("NFC", _CONTROL.sub("", text))
    lines = [_SPACES.sub(" ", line).strip() for line in text.split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def line(text: str, limit: int = TITLE_LIMIT) -> str:
    """Text as one line of at most `limit` characters, with an ellipsis if it was cut."""
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def compose(title: str, body: str) -> str:
    """The text of a new article: title, blank line, body. A body loses the title that it repeats, however often."""
    at = 0
    # "Trump" is not repeated by a body that begins with "Trumpet"; "Talks" not by "Talks end": a line must end.
    while title and body.startswith(title, at) and body[at + len(title) : at + len(title) + 1] in ("", "\n"):
        at += len(title)
        while body.startswith("\n", at):
            at += 1
    return joined(title, body[at:])


def joined(title: str, body: str) -> str:
    """The text of a stored article, as it is: offsets in the record count in this."""
    return f"{title}\n\n{body}" if body else title


def body_of(text: str, title: str) -> str:
    """The body in a text made by `compose` or `joined`."""
    return text[len(title) :].removeprefix("\n\n")
