"""Decodes the bytes of a feed: by what they are, then by what is declared; says where it had to guess."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
#: `<` and a first letter in encodings that are not a superset of ASCII (XML 1.0, appendix F).
_SHAPES = (
    (re.compile(rb"\0\0\0<"), "utf-32-be"),
    (re.compile(rb"<\0\0\0"), "utf-32-le"),
    (re.compile(rb"(?:\0\s)*\0<\0[?!a-zA-Z]"), "utf-16-be"),
    (re.compile(rb"(?:\s\0)*<\0[?!a-zA-Z]\0"), "utf-16-le"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),
)
#: Texts with these labels use the larger character set, as browsers assume (WHATWG Encoding). Latin-1 stays Latin-1:
#: feedparser turns its control characters into windows-1252.
_ACTUAL = {
    "ascii": "iso8859-1", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949",
    "iso8859-9": "cp1254", "tis-620": "cp874", "iso8859-11": "cp874", "big5": "big5hkscs",
}  # fmt: skip
_WIDE = ("utf-32-be", "utf-32-le", "utf-16-be", "utf-16-le")
#: UTF-7 can hide markup from a check; the others are not encodings of text.
_REFUSED = frozenset(("utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"))
_DECLARED = re.compile(r"\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']\s*([\w.:-]+)")
#: In a Content-Type header.
IN_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
#: Bytes that no text in UTF-8 or an 8-bit encoding contains: escapes of ISO-2022, and UTF-16 without a mark.
_ODD = re.compile(rb"[\x00\x1b]")


def decoded(body: bytes, content_type: str | None = None) -> tuple[str, str | None]:
    """The text, and a sentence for people if some characters had to be guessed.

    Tried in this order: a byte order mark, UTF-8, the document's own declaration, the header's. Bytes that fit none
    are read as windows-1252 one by one: `café` in Latin-1 that is declared as UTF-8 becomes café.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), None
    if not _ODD.search(body):
        try:
            return body.decode(), None
        except UnicodeDecodeError:
            pass
    shape = next((name for pattern, name in _SHAPES if pattern.match(body)), None)
    first = body[:400].decode(shape or "latin-1", "replace")
    header = IN_HEADER.search(content_type or "")
    declared = _DECLARED.match(first)
    stated = [found[1] for found in (declared, header) if found]
    for name in filter(None, (*map(_known, stated), shape)):
        # It is not UTF-8, as tried above, and the shape tells UTF-16 and UTF-32 whatever is declared.
        if (name.startswith("utf-") and name != shape) or (shape in _WIDE and name != shape):
            continue
        try:
            return body.decode(name), None
        except UnicodeDecodeError:
            continue
    if shape:
        return body.decode(shape, "replace"), "Some characters are damaged."
    said = f"declared as {stated[0]}" if stated else "not declared"
    text = body.decode("utf-8", "windows-1252-bytes")
    return text, f"The encoding ({said}) is not what the bytes are: some letters may be wrong."


def _known(label: str) -> str | None:
    try:
        found = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    if found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
        return None
    return _ACTUAL.get(found.name, found.name)


def _one_by_one(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("windows-1252", "ignore"), error.end


codecs.register_error("windows-1252-bytes", _one_by_one)
