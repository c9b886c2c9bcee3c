"""What is read of an article's file, whatever its type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ingest.errors import ParseError


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file, before its front matter, name and time are applied."""

    title: str
    body: str
    front: dict[str, str | date] = field(default_factory=dict)
    author: str | None = None
    published: str | None = None
    language: str | None = None
    link: str | None = None


def decoded(body: bytes) -> str:
    """The text of a file, with `\\n` at the end of its lines. Raises ParseError for what is no text."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return _lines(body.decode("utf-16"))
        except UnicodeDecodeError as error:
            raise ParseError("The file begins as UTF-16 text but isn't. Save it as UTF-8.") from error
    if b"\x00" in body:
        raise ParseError("This is no text but a binary file. Save the article as plain text (UTF-8).")
    try:
        return _lines(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        # Nearly every byte is a character in windows-1252, so look for those that no text has.
        odd = sum(byte < 0x20 and byte not in b"\t\n\r\f" for byte in body)
        if odd > len(body) / 100:
            raise ParseError("This is no text but a binary file. Save the article as plain text (UTF-8).") from None
    # Letters of UTF-8 beside bytes that are not: either decoding would spoil some of the words.
    mixed = not body.decode("utf-8", "ignore").isascii()
    try:
        return _lines(body.decode("ascii" if mixed else "windows-1252"))
    except UnicodeDecodeError as error:
        raise ParseError("The file's letters are neither all UTF-8 nor all Windows-1252. Save it as UTF-8.") from error


def _lines(words: str) -> str:
    return words.replace("\r\n", "\n").replace("\r", "\n")
