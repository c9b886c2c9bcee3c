"""Archives of articles in one file: JSON Lines, CSV or Parquet, plain or packed with gzip or Zstandard."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import SourceError

#: A longer record is no article; nothing longer is held in memory.
MAX_BYTES = 5_000_000
#: Records that are read to learn which columns a file without a header has.
_FIRST_RECORDS = 200
#: Rows of a Parquet file that are in memory at once.
_BATCH_ROWS = 500

#: Replaces, in a row, a line that was too long to be read.
_TOO_LONG = "\0too long"

#: What the libraries raise for damaged or truncated data.
_DAMAGE = (EOFError, OSError, zlib.error, pa.ArrowException)

Format = Literal["JSON Lines", "CSV", "Parquet"]


@dataclass(frozen=True, slots=True)
class Record:
    """One record as its file holds it, or why it can't be read."""

    number: int  #: line or row in the file, from 1
    values: Mapping[str, Any]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """An open file, before its first record."""

    kind: Format
    columns: tuple[str, ...]  #: names that records have; `a.b` for b within a
    records: Iterator[Record]  #: raises SourceError where the file breaks off
    done: Callable[[], float]  #: how much of the file has been read, 0 to 1


@contextmanager
def opened(path: Path, *, skip: int = 0) -> Iterator[Archive]:
    """A file's records from number `skip` + 1 on, one at a time, whatever the file's size.

    The file's first bytes say what it is, not its name. Raises SourceError when it can't be read or is none of these.
    """
    try:
        with path.open("rb") as raw:
            size = max(1, path.stat().st_size)
            start = raw.read(4)
            raw.seek(0)
            if start == b"PAR1":
                yield _parquet(raw, skip)
            else:
                # What unpacks the file closes it at its end.
                yield _lines_of(_unpacked(raw, start), lambda: 1.0 if raw.closed else raw.tell() / size, skip)
    except _DAMAGE as error:
        raise SourceError(f"The file can't be read ({_reason(error)}).") from error


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


def _unpacked(raw: BinaryIO, start: bytes) -> BinaryIO:
    if start.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if start == b"\x28\xb5\x2f\xfd":
        stream = pa.CompressedInputStream(raw, "zstd")
        # A piece in which the stream breaks off is lost, so pieces are small.
        return cast(BinaryIO, io.BufferedReader(_Pieces(lambda size: stream.read(min(size, 1 << 14))), 1 << 20))
    if start.startswith((b"PK\x03\x04", b"BZh", b"\xfd7zX")):
        raise SourceError("The file is packed in a way that is not read here. Unpack it, or pack it with gzip or zstd.")
    return raw


class _Pieces(io.RawIOBase):
    """A stream of what `read` returns, at most the given number of bytes at a time; nothing at the end."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._next = read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._next(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _lines_of(stream: BinaryIO, done: Callable[[], float], skip: int) -> Archive:
    buffered: Any = stream if hasattr(stream, "peek") else io.BufferedReader(cast(io.RawIOBase, stream))
    start: bytes = buffered.peek(1 << 12)
    encoding = "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    if start.startswith(b"PAR1"):
        raise SourceError("This is a packed Parquet file. Unpack it first: Parquet packs its columns itself.")
    if encoding == "utf-16":
        buffered = _as_utf8(buffered)
    elif b"\0" in start:
        raise SourceError("This is neither JSON Lines nor CSV nor Parquet but another binary file.")
    words = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if not words:
        raise SourceError("The file is empty.")
    if words.startswith(b"["):
        raise SourceError("This is one JSON list. Make JSON Lines of it, one record a line: jq -c '.[]' FILE")
    if words.startswith(b"{"):
        return _with_columns("JSON Lines", _json(_lines(buffered), skip), done, skip)
    return _csv(buffered, done, skip)


def _as_utf8(stream: Any) -> Any:
    """UTF-16 as UTF-8: spreadsheets save "Unicode text" as UTF-16."""
    decoder = codecs.getincrementaldecoder("utf-16")("replace")

    def recoded(size: int) -> bytes:
        data = b""
        # A byte of UTF-16 becomes at most 1.5 of UTF-8.
        while not data and (read := stream.read(size // 2)):
            data = decoder.decode(read).encode("utf-8", "replace")
        return data

    return io.BufferedReader(_Pieces(recoded))


def _lines(stream: Any) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number; None for one that is too long. Raises SourceError where the file breaks off."""
    number = 0
    while True:
        try:
            line: bytes = stream.readline(MAX_BYTES + 1)
            whole = len(line) <= MAX_BYTES
            while not whole and line and not line.endswith(b"\n"):
                line = stream.readline(1 << 20)
        except _DAMAGE as error:
            raise SourceError(f"The file breaks off after line {number} ({_reason(error)}).") from error
        if not line and whole:
            return
        number += 1
        yield number, line if whole else None


def _json(lines: Iterator[tuple[int, bytes | None]], skip: int) -> Iterator[Record]:
    for number, line in lines:
        if number <= skip or (line is not None and not line.strip()):
            continue
        if line is None:
            yield Record(number, {}, f"longer than {MAX_BYTES / 1e6:g} MB")
            continue
        try:
            found = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError as error:
            yield Record(number, {}, f"no UTF-8 text (byte {error.start + 1})")
        except (ValueError, RecursionError) as error:
            yield Record(number, {}, f"no valid JSON ({error})")
        else:
            wrong = None if isinstance(found, dict) else f"no JSON object but {type(found).__name__}"
            yield Record(number, {} if wrong else found, wrong)


def _with_columns(kind: Format, records: Iterator[Record], done: Callable[[], float], skip: int) -> Archive:
    """An archive whose columns are those that its first records have."""
    first: list[Record] = []
    broken: SourceError | None = None
    try:
        first.extend(islice(records, _FIRST_RECORDS))
    except SourceError as error:
        broken = error
    names: dict[str, None] = {}
    for record in first:
        for name, value in record.values.items():
            names[name] = None
            if isinstance(value, dict):
                names |= dict.fromkeys(f"{name}.{inner}" for inner in value)

    def rest() -> Iterator[Record]:
        if broken:
            raise broken
        yield from records

    return Archive(kind, tuple(names), chain(first, rest()), done)


def _csv(stream: Any, done: Callable[[], float], skip: int) -> Archive:
    csv.field_size_limit(MAX_BYTES)
    lines = _lines(stream)
    # An undecodable byte stays visible as half a surrogate pair: only the record that holds it is refused.
    texts = (_TOO_LONG if line is None else line.decode("utf-8", "surrogateescape") for _, line in lines)
    first = next(texts, "").removeprefix("\ufeff")
    delimiter = max(",;\t|", key=first.count)
    rows = csv.reader(chain((first,), texts), delimiter=delimiter)
    try:
        columns = tuple(name.strip() for name in next(rows, []))
    except csv.Error as error:
        raise SourceError(f"Line 1: no valid CSV ({error}). Save it with line ends of Unix or Windows.") from error
    if len(set(columns)) < len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise SourceError(f"Line 1: two columns have the same name ({', '.join(map(repr, twice))}). Rename one.")
    return Archive("CSV", columns, _rows(rows, columns, skip), done)


def _rows(rows: Any, columns: tuple[str, ...], skip: int) -> Iterator[Record]:
    """Numbered by the line on which a row begins; skipped are those that begin on one of the first `skip` lines."""
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(number, {}, f"no valid CSV ({error})")
            continue
        if number <= skip or not row:
            continue
        if any(_TOO_LONG in value for value in row):
            yield Record(number, {}, f"longer than {MAX_BYTES / 1e6:g} MB")
        elif len(row) != len(columns):
            yield Record(number, {}, f"{len(row)} values under {len(columns)} columns")
        elif any("\ud800" <= sign <= "\udfff" for value in row if not value.isascii() for sign in value):
            yield Record(number, {}, "no UTF-8 text")
        else:
            yield Record(number, dict(zip(columns, row, strict=True)))


def _parquet(raw: BinaryIO, skip: int) -> Archive:
    try:
        file = pq.ParquetFile(raw, pre_buffer=False)
    except pa.ArrowException as error:
        raise SourceError(f"The Parquet file is damaged or incomplete ({_reason(error)}).") from error
    total = max(1, file.metadata.num_rows)
    read = 0

    def records() -> Iterator[Record]:
        nonlocal read
        try:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                if read + batch.num_rows <= skip:
                    read += batch.num_rows
                    continue
                columns = {name: _values(batch.column(name)) for name in batch.schema.names}
                for at in range(batch.num_rows):
                    read += 1
                    if read > skip:
                        yield _row(read, {name: column[at] for name, column in columns.items()})
        except _DAMAGE as error:
            raise SourceError(f"The file breaks off after row {read} ({_reason(error)}).") from error

    return Archive("Parquet", tuple(file.schema_arrow.names), records(), lambda: read / total)


def _row(number: int, values: dict[str, Any]) -> Record:
    bad = [f"{name}: can't be read ({value})" for name, value in values.items() if isinstance(value, Exception)]
    return Record(number, {}, bad[0]) if bad else Record(number, values)


def _values(column: Any) -> list[Any]:
    """Python values; None for one that Python can't hold (text that is no UTF-8, a time in nanoseconds)."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    try:
        return list(column.to_pylist())
    except (UnicodeDecodeError, ValueError, OverflowError):
        return [_value(each) for each in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (UnicodeDecodeError, ValueError, OverflowError) as error:
        return error
