"""Bytes over HTTP: on a deadline, up to a size, http(s) on every hop."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

import httpx2

from ingest import text, urls
from ingest.errors import FetchError
from ingest.unpack import Unpacker

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
#: Time-outs count silence only; a body that drips is ended by the deadline.
DEADLINE_SECONDS = 60.0
#: The largest feeds of real sites hold 2 MB; what is counted is the unpacked size.
MAX_BYTES = 10_000_000
MAX_REDIRECTS = 5

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_ADVICE = {
    401: "it wants a password. Only public feeds can be read.",
    403: "the site refuses programs like this one. Ask its publisher, or set DISCOURSE_USER_AGENT to name yourself.",
    404: "there is nothing at this address any more. Check it on the site.",
    410: "the feed was removed for good. Take it off the list of feeds.",
    429: "we ask too often. Raise DISCOURSE_POLL_SECONDS.",
}


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with status 2xx, or 304 and no body."""

    status: int
    url: str  #: where the bytes came from, after redirects
    body: bytes = field(repr=False)
    etag: str | None
    last_modified: str | None
    content_type: str | None
    ms: int  #: all hops together


class Fetcher:
    """An HTTP client for feeds; close it, or use it as a context manager. One thread at a time.

    `transport` takes the place of the network (for a guard, for tests); the limits are for tests.
    """

    def __init__(
        self,
        user_agent: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._deadline = deadline_seconds
        self._max_bytes = max_bytes
        self._client = httpx2.Client(
            headers={
                "User-Agent": user_agent,
                "Accept": "application/atom+xml, application/rss+xml, application/feed+json, text/xml;q=.9, */*;q=.5",
                "Accept-Encoding": "gzip, deflate",
            },
            timeout=httpx2.Timeout(read_seconds, connect=connect_seconds),
            # A connection of its own for each request: the deadline ends it by closing its socket.
            limits=httpx2.Limits(max_keepalive_connections=0),
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        """The bytes at an address, at most MAX_REDIRECTS hops away.

        `etag` and `last_modified` are those of the bytes that we have: the answer is 304 while they are the newest.
        Raises FetchError with a sentence for people; its `status` is set where the server answered.
        """
        start = time.monotonic()
        headers = {}
        for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified)):
            if value and _is_header(value):
                headers[name] = value
        # No cookie outlives a feed: what one site sets is no business of the next fetch.
        self._client.cookies.clear()
        with _Alarm(start + self._deadline) as alarm:
            try:
                return self._follow(url, headers, alarm, start)
            except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError) as error:
                if alarm.late:
                    raise FetchError(_too_slow(self._deadline)) from error
                raise FetchError(_reason(error)) from error

    def _follow(self, url: str, headers: Mapping[str, str], alarm: _Alarm, start: float) -> Response:
        address = urls.web_address(url)
        if address is None:
            raise FetchError(f"{text.line(url, 200)} is no web address (http or https). Correct it.")
        for _ in range(MAX_REDIRECTS + 1):
            with self._client.stream("GET", address, headers=headers, extensions={"trace": alarm.watch}) as response:
                if response.status_code not in _REDIRECTS:
                    return self._response(response, address, alarm, start)
                # The body of a redirect is never read: nobody needs it, and it could be a bomb.
                url = response.headers.get("location", "")
            hop, address = address, urls.web_address(url, address)
            if address is None:
                raise FetchError(
                    f"{hop} leads to {text.line(url, 200) or 'nowhere'}, which is no web address (http or https). "
                    "Look up the feed's own address."
                )
        raise FetchError(f"The address leads on more than {MAX_REDIRECTS} times. Look up the feed's own address.")

    def _response(self, response: httpx2.Response, address: str, alarm: _Alarm, start: float) -> Response:
        status = response.status_code
        if status != 304 and not 200 <= status < 300:
            raise FetchError(_status_reason(status), status)
        body = b"" if status == 304 else self._body(response, alarm)
        return Response(
            status=status,
            url=address,
            body=body,
            etag=_header(response, "etag"),
            last_modified=_header(response, "last-modified"),
            content_type=_header(response, "content-type"),
            ms=round((time.monotonic() - start) * 1000),
        )

    def _body(self, response: httpx2.Response, alarm: _Alarm) -> bytes:
        # Unpacked here and not by the client, which takes a truncated gzip for whole and any stack of encodings.
        unpack = Unpacker(response.headers.get("content-encoding", ""))
        body, received = bytearray(), 0
        for chunk in response.iter_raw():
            received += len(chunk)
            body += unpack.feed(chunk, self._max_bytes - len(body) + 1)
            if len(body) > self._max_bytes or received > self._max_bytes:
                raise FetchError(
                    f"The answer is larger than {self._max_bytes / 1e6:g} MB: no feed is. Check the address.",
                    response.status_code,
                )
            if alarm.late:
                break
        # A body without a length just ends when the alarm closes the connection.
        if alarm.late:
            raise FetchError(_too_slow(self._deadline), response.status_code)
        if received and not unpack.finished:
            raise FetchError("The packed answer breaks off in the middle. It is tried again.", response.status_code)
        return bytes(body)


class _Alarm:
    """Closes the connection in use when the time is over: a time-out never ends headers that drip."""

    def __init__(self, end: float) -> None:
        self._end = end
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(max(0.0, end - time.monotonic()), self._ring)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @property
    def late(self) -> bool:
        return time.monotonic() >= self._end

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """The client's trace: tells which socket it has just opened."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.late:
                self._ring()

    def _ring(self) -> None:
        if self._socket is not None:
            # The plain socket's own method: TLS would wait for an answer to its farewell.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return "The server's name does not resolve. Check the address, and whether this machine is online."
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The server's certificate is not valid ({cause.verify_message}). Its owner must renew it."
    if isinstance(error, httpx2.ConnectTimeout):
        return "The server can't be reached (time-out). It is tried again."
    if isinstance(error, httpx2.TimeoutException):
        return "The server is silent (time-out). It is tried again."
    if isinstance(error, httpx2.ConnectError):
        return f"The server can't be reached ({text.line(str(error), 120) or 'no connection'}). It is tried again."
    if isinstance(error, httpx2.ProtocolError | httpx2.NetworkError):
        return f"The connection broke off ({text.line(str(error), 120) or 'no reason given'}). It is tried again."
    return f"The address can't be fetched ({text.line(str(error), 120) or type(error).__name__}). Check it."


def _causes(error: BaseException | None) -> Any:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status_reason(status: int) -> str:
    advice = _ADVICE.get(status)
    if advice is None:
        advice = (
            "the server has a fault. It is tried again." if status >= 500 else "the server refuses. Check the address."
        )
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    return f"{name}: {advice}"


def _too_slow(seconds: float) -> str:
    return f"The answer was not complete after {seconds:g} seconds. It is tried again."


def _header(response: httpx2.Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value if value and _is_header(value) else None


def _is_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and len(value) <= 500
