"""Unpacks the body of an HTTP answer: one encoding, never more bytes than asked for."""

from __future__ import annotations

import zlib

from ingest.errors import FetchError
from ingest.text import plain

_DAMAGED = "The packed answer is damaged. It is tried again."


class Unpacker:
    """Undoes one Content-Encoding, piece by piece. Raises FetchError for unknown and stacked encodings."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise FetchError(f"The answer is packed in a way that we did not ask for ({plain.line(encoding, 60)}).")
        self._bits = zlib.MAX_WBITS | 16 if "gzip" in name else zlib.MAX_WBITS
        self._packed = zlib.decompressobj(self._bits) if name not in ("", "identity") else None
        self._first = True

    @property
    def finished(self) -> bool:
        """Whether the packed data is complete; always true for plain data."""
        return self._packed is None or self._packed.eof

    def feed(self, chunk: bytes, most: int) -> bytes:
        """The content of a piece, at most `most` bytes; the rest of the piece is lost. Raises FetchError."""
        if self._packed is None:
            return chunk
        try:
            return self._unpacked(chunk, most)
        except zlib.error:
            # Many servers that say `deflate` leave out its header.
            if not self._first or self._bits != zlib.MAX_WBITS:
                raise FetchError(_DAMAGED) from None
        self._packed = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._unpacked(chunk, most)
        except zlib.error:
            raise FetchError(_DAMAGED) from None

    def _unpacked(self, chunk: bytes, most: int) -> bytes:
        packed = self._packed
        if packed is None or self.finished:
            return b""
        out = packed.decompress(chunk, most)
        # Several packed files in a row count as one.
        while packed.unused_data[:2] == b"\x1f\x8b" and len(out) < most:
            rest, packed = packed.unused_data, zlib.decompressobj(self._bits)
            out += packed.decompress(rest, most - len(out))
        self._packed, self._first = packed, False
        return out
