"""Column types of the record: the same values in and out on every database, kept as each of them keeps them best."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

#: A sentence: from where to where in the text, and its tone.
Span = Sequence[int | float | None]

#: What is shorter is not worth the work.
_PACKED_FROM = 500


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite alone would hand it back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Text that every database takes, keeps whole, and sorts alike.

    PostgreSQL refuses NUL and neither takes half a surrogate pair: they go, in what is stored and in what is asked.
    There it is `text` without a length (SQLite keeps to none either), in the order of code points as on SQLite.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation="C"))
        length = self.impl_instance.length  # type: ignore[attr-defined]
        return dialect.type_descriptor(String(length) if length else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _storable(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        # Neither driver wants more: without this, each value passes through three functions.
        return _storable


def _storable(value: str | None) -> str | None:
    if value is None or (value.isascii() and "\0" not in value):
        return value
    return storable(value)


def storable(value: str) -> str:
    """Text without what no database takes."""
    if "\0" in value:
        value = value.replace("\0", "")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        value = value.encode(errors="ignore").decode()
    return value


def packed(value: str) -> bytes | None:
    """Long text as `LongText` keeps it in SQLite; None where packing is no gain."""
    if len(value) < _PACKED_FROM:
        return None
    return zlib.compress(storable(value).encode(), 1)  # the higher levels take longer for two percent


class Packed(str):
    """Long text that was packed before: what its column gets where it wants bytes."""

    packed: bytes

    def __new__(cls, value: str, packed: bytes) -> Packed:
        text = super().__new__(cls, value)
        text.packed = packed
        return text


class LongText(TypeDecorator[str]):
    """Plain text that may be long. SQLite gets it packed, which halves a record; PostgreSQL packs by itself.

    In SQLite's column stand bytes (zlib) and, where that is no gain, text. It is fetched, never looked into there.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if dialect.name != "sqlite":
            return storable(value)
        if isinstance(value, Packed):
            return value.packed
        return packed(value) or storable(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return zlib.decompress(value).decode() if isinstance(value, bytes) else value


# Left alone, a table would be made with VARCHAR.
@compiles(PlainText, "postgresql")
@compiles(LongText, "postgresql")
def _text(_type: TypeEngine[str], _compiler: object, **_: object) -> str:
    return 'TEXT COLLATE "C"'


class Spans(TypeDecorator[list[Span]]):
    """Sentences as [[start, end, tone], …], kept as text: the gap before each, its length, its tone in ten-thousandths.

    A third of what JSON takes. Tones have four digits, so nothing is lost; `-` stands for none.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Span] | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        last = 0
        kept: list[str] = []
        for start, end, tone in value:
            assert start is not None
            assert end is not None
            kept.append(f"{start - last} {end - start} {'-' if tone is None else round(tone * 10_000)}")
            last = int(end)
        return " ".join(kept)

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[Span] | None:
        if value is None:
            return None
        given = value.split()
        last = 0
        found: list[Span] = []
        for gap, length, tone in zip(given[::3], given[1::3], given[2::3], strict=True):
            start = last + int(gap)
            last = start + int(length)
            found.append([start, last, None if tone == "-" else int(tone) / 10_000])
        return found
