"""Replaces a feed's DOCTYPE by one of our own, so that its entities are known and harmless."""

from __future__ import annotations

import re
from html.entities import html5

from ingest.errors import ParseError

_ELEMENT = re.compile(r"<[\w:]")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[(.*?)\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+(?:%\s+)?([^\s>%&;]+)\s+(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_USED = re.compile(r"&([A-Za-z_][A-Za-z0-9_.-]*);")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_NESTED = re.compile(r"&(?!#|(?:amp|lt|gt|quot|apos);)")
#: Characters in all entities together; feeds that declare any have a few.
_LONGEST = 5_000
_PREDEFINED = frozenset(("amp", "lt", "gt", "quot", "apos"))


def refuse_bomb(text: str) -> None:
    """Raises ParseError for entities that contain entities, or are long: they expand to a huge document."""
    values = [one or other for _, one, other in _ENTITY.findall(text)] if "<!ENTITY" in text[:200_000].upper() else []
    if any(map(_NESTED.search, values)) or sum(map(len, values)) > _LONGEST:
        raise ParseError("The feed declares entities that multiply, as attacks do. Tell its publisher; it is not read.")


def replaced(text: str) -> tuple[str, str, dict[str, str]]:
    """The document with our DOCTYPE, the version its own stands for (`rss091n` or ``), and entity → meaning.

    Every entity that the document uses is declared: as the document declares it, else as HTML does (`&nbsp;`), else as
    its own letters. Nothing outside the document is referred to.
    """
    first = _ELEMENT.search(text)
    head, rest = (text[: first.start()], text[first.start() :]) if first else (text, "")
    found = _DOCTYPE.search(head)
    version = "rss091n" if found and "netscape" in found[0].lower() else ""
    declared = {name: one or other for name, one, other in _ENTITY.findall(found[1])} if found and found[1] else {}
    used = set(_USED.findall(rest)) - _PREDEFINED
    if not used:
        return rest, version, {}
    meaning = {name: _meaning(name, declared) for name in sorted(used)}
    lines = "".join(f'<!ENTITY {name} "{_literal(value)}">' for name, value in meaning.items())
    return f"<!DOCTYPE feed [{lines}]>{rest}", version, meaning


def _meaning(name: str, declared: dict[str, str]) -> str:
    if name in declared and _NAME.fullmatch(name):
        value = _REFERENCE.sub(_character, declared[name])
        for entity, char in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
            value = value.replace(f"&{entity};", char)
        return value
    return html5.get(f"{name};", f"&{name};")


def _character(found: re.Match[str]) -> str:
    code = int(found[1] or found[2], 16 if found[1] else 10)
    return chr(code) if 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""


def _literal(value: str) -> str:
    """The value escaped so that it is nothing but text after a parser has read it twice."""
    return "".join(char if char.isalnum() and char.isascii() else f"&#38;#{ord(char)};" for char in value)
