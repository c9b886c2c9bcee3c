"""A websocket as a browser opens it, taken apart with little work: two hundred of them share the server's cores.

The `websockets` package does the handshake (offering compression, as browsers do), answers pings, closes, and inflates.
Only whole uncompressed messages, which is what Streamlit sends, are cut out here: its own asyncio client spends more
than twice as long on them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

_LIMIT = 64 * 1024 * 1024
#: First byte of a frame that is a whole binary message, neither compressed nor one of several pieces.
_WHOLE = 0x80 | Opcode.BINARY
#: What the system hands over is copied out at once, so that all connections of the loop can share this.
_INCOMING = memoryview(bytearray(256 * 1024))


class Stream(asyncio.BufferedProtocol):
    """One connection. `take` gets each message, `lost` is called when it ends once it was open, but for `close`."""

    def __init__(
        self, address: str, subprotocols: Sequence[str], take: Callable[[bytes], None], lost: Callable[[], None]
    ) -> None:
        self.received = 0  #: bytes on the wire, with the handshake and what frames a message
        self._take, self._lost = take, lost
        self._rest = b""
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._protocol = ClientProtocol(
            parse_uri(address),
            extensions=[ClientPerMessageDeflateFactory()],
            subprotocols=[Subprotocol(name) for name in subprotocols],
            max_size=_LIMIT,
        )

    async def open(self) -> None:
        """Connects; a server that refuses is an `OSError` or a `websockets` exception."""
        uri = self._protocol.uri
        await asyncio.get_running_loop().create_connection(lambda: self, uri.host, uri.port)
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        await self._opened

    @property
    def compressed(self) -> bool:
        """Whether the server took up the offer to compress."""
        return bool(self._protocol.extensions)

    def send(self, message: bytes) -> None:
        """Sends a message; on a connection that has ended this is an `InvalidState` of `websockets`."""
        self._protocol.send_binary(message)
        self._flush()

    def close(self) -> None:
        """Says goodbye and closes."""
        self._lost = lambda: None
        if self._transport and not self._transport.is_closing():
            self._protocol.send_close(1000)
            self._flush()
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(error or ConnectionResetError("the server closed instead of answering"))
        elif not self._opened.exception():
            self._protocol.receive_eof()
            self._lost()

    def get_buffer(self, _: int) -> memoryview:
        return _INCOMING

    def buffer_updated(self, count: int) -> None:
        self.received += count
        data = self._rest + _INCOMING[:count] if self._rest else bytes(_INCOMING[:count])
        if not self._opened.done():
            self._rest = b""
            self._hand_over(data)
            return
        at = 0
        while (cut := _frame(data, at)) is not None:
            begin, end = cut
            if data[at] == _WHOLE:
                self._take(data[begin:end])
            else:
                self._hand_over(data[at:end])
            at = end
        self._rest = data[at:]

    def _hand_over(self, data: bytes) -> None:
        """Leaves to the package what is not a whole uncompressed message: the handshake, pings, compressed messages."""
        self._protocol.receive_data(data)
        self._flush()
        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                if error := self._protocol.handshake_exc:
                    self._opened.set_exception(error)
                else:
                    self._opened.set_result(None)
            elif event.opcode is Opcode.CONT or not event.fin:
                raise NotImplementedError("the server sends a message in pieces")
            elif event.opcode is Opcode.BINARY:
                self._take(bytes(event.data))

    def _flush(self) -> None:
        assert self._transport
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)


def _frame(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at this place begins and ends; None while it is not all there."""
    if len(data) - at < 2:
        return None
    size, begin = data[at + 1], at + 2  # a server masks nothing, so this byte is the size alone
    if size > 125:
        begin += 2 if size == 126 else 8
        size = int.from_bytes(data[at + 2 : begin])
    end = begin + size
    return (begin, end) if end <= len(data) else None
