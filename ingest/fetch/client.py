"""Fetches bytes over HTTP: from public addresses only, within a deadline and up to a size."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

import httpcore2
import httpx2

from ingest.errors import FetchError
from ingest.fetch import rhythm
from ingest.fetch.guard import Guard, Network
from ingest.fetch.unpack import Unpacker
from ingest.models import utcnow
from ingest.settings import Settings
from ingest.text import plain, urls

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
#: Until the first byte, and between any two.
READ_SECONDS = 20.0
#: The time-outs above limit silence only; the deadline ends a body that arrives slowly.
DEADLINE_SECONDS = 60.0
#: Of the unpacked body; the largest feeds of real sites have 2 MB.
MAX_BYTES = 10_000_000
MAX_REDIRECTS = 5

FEEDS = "application/atom+xml, application/rss+xml, application/feed+json, text/xml;q=.9, */*;q=.5"
PAGES = "text/html, application/xhtml+xml;q=.9"

_PERMANENT = frozenset((301, 308))
_REDIRECTS = _PERMANENT | {302, 303, 307}
_ADVICE = {
    401: "it wants a password. Only public feeds can be read.",
    403: "the site refuses programs like this one. Ask its publisher, or set DISCOURSE_CONTACT to say who you are.",
    404: "there is nothing at this address any more. Check it on the site.",
    410: "it was removed for good. Take it off the list of feeds, or try it again by hand.",
    429: "we ask too often. It is left alone for a while.",
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
    moved_to: str | None = None  #: where the permanent redirects led that came before any other
    fresh: timedelta | None = None  #: how long it stays up to date by its cache headers


class Fetcher:
    """An HTTP client for feeds and pages, for any number of threads.

    The guard decides which addresses it may connect to. `proxy` is the address of an HTTP proxy that connects in its
    place; then the guard sees host names only, and the proxy must guard the rest. The limits are for tests.
    """

    def __init__(
        self,
        user_agent: str,
        *,
        guard: Guard | None = None,
        proxy: str = "",
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.user_agent = user_agent
        self._guard = guard or Guard()
        self._proxy = httpx2.Proxy(proxy) if proxy else None
        self._timeout = httpx2.Timeout(read_seconds, connect=connect_seconds)
        self._deadline = deadline_seconds
        self._max_bytes = max_bytes
        # Made once: reading the certificates takes longer than some fetches.
        self._tls = httpx2.create_ssl_context()

    @classmethod
    def by(cls, settings: Settings) -> Fetcher:
        """A fetcher made by the settings."""
        if (names := ignored_proxies()) and not settings.proxy:
            log.warning("%s is set but not used: fetches go out directly. To use it, set DISCOURSE_PROXY.", names[0])
        return cls(settings.user_agent_header, guard=Guard(settings.allowed_hosts), proxy=settings.proxy)

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = FEEDS,
        max_bytes: int | None = None,
        check: Callable[[str], None] = lambda url: None,
    ) -> Response:
        """The bytes at an address, at most MAX_REDIRECTS hops away.

        `etag` and `last_modified` are those of the bytes that the caller has: the status is 304 if they are up to date.
        `check` is called before each hop and may raise a FetchError. Raises FetchError with a sentence for people; its
        `status` is set if the server answered.
        """
        start = time.monotonic()
        end = start + self._deadline
        headers = {"User-Agent": self.user_agent, "Accept": accept, "Accept-Encoding": "gzip, deflate"}
        for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified)):
            if value and _is_header(value):
                headers[name] = value
        # Each fetch has a client and a connection of its own, so that no cookie or deadline is shared.
        transport = _Transport(self._guard, end, self._tls, self._proxy)
        try:
            with httpx2.Client(transport=transport, timeout=self._timeout, headers=headers, trust_env=False) as client:
                return self._follow(client, url, start, max_bytes or self._max_bytes, check)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError) as error:
            if time.monotonic() >= end:
                raise FetchError(_too_slow(self._deadline)) from error
            raise FetchError(_reason(error)) from error

    def _follow(
        self, client: httpx2.Client, url: str, start: float, most: int, check: Callable[[str], None]
    ) -> Response:
        address = urls.web_address(url)
        if address is None:
            raise FetchError(f"{plain.line(url, 200)} is no web address (http or https). Correct it.")
        moved_to, permanent = None, True
        for _ in range(MAX_REDIRECTS + 1):
            if self._proxy:
                self._guard.check_name(httpx2.URL(address).host)
            check(address)
            with client.stream("GET", address) as response:
                if response.status_code not in _REDIRECTS:
                    return self._response(response, address, moved_to, start, most)
                # The body of a redirect is not read: it is not needed, and could be a bomb.
                url = response.headers.get("location", "")
            hop, address = address, urls.web_address(url, address)
            if address is None:
                raise FetchError(
                    f"{hop} leads to {plain.line(url, 200) or 'nowhere'}, which is no web address (http or https). "
                    "Look up the feed's own address."
                )
            permanent = permanent and response.status_code in _PERMANENT
            moved_to = address if permanent else moved_to
        raise FetchError(f"The address leads on more than {MAX_REDIRECTS} times. Look up the feed's own address.")

    def _response(
        self, response: httpx2.Response, address: str, moved_to: str | None, start: float, most: int
    ) -> Response:
        status, now = response.status_code, utcnow()
        if status != 304 and not 200 <= status < 300:
            wait = rhythm.retry_after(response.headers.get("retry-after"), now) if status in (429, 503) else None
            raise FetchError(_status_reason(status), status, wait)
        body = b"" if status == 304 else self._body(response, most, start + self._deadline)
        return Response(
            status=status,
            url=address,
            body=body,
            etag=_header(response, "etag"),
            last_modified=_header(response, "last-modified"),
            content_type=_header(response, "content-type"),
            ms=round((time.monotonic() - start) * 1000),
            moved_to=moved_to,
            fresh=rhythm.cache_lifetime(response.headers, now),
        )

    def _body(self, response: httpx2.Response, most: int, end: float) -> bytes:
        # Unpacked here because the client accepts a truncated gzip and any stack of encodings.
        unpack = Unpacker(response.headers.get("content-encoding", ""))
        body, received = bytearray(), 0
        for chunk in response.iter_raw():
            received += len(chunk)
            body += unpack.feed(chunk, most - len(body) + 1)
            if len(body) > most or received > most:
                large = f"The answer is larger than {most / 1e6:g} MB, which is more than we read. Check the address."
                raise FetchError(large, response.status_code)
            if time.monotonic() >= end:
                raise FetchError(_too_slow(self._deadline), response.status_code)
        if received and not unpack.finished:
            raise FetchError("The packed answer breaks off in the middle. It is tried again.", response.status_code)
        return bytes(body)


class _Transport(httpx2.HTTPTransport):
    """Connects one fetch through the guard. httpx2 has no other way to set a network backend."""

    def __init__(self, guard: Guard, end: float, tls: ssl.SSLContext, proxy: httpx2.Proxy | None) -> None:
        if proxy is None:
            network = Network(guard, end)
            self._pool = httpcore2.ConnectionPool(tls, max_keepalive_connections=0, network_backend=network)
            return
        url = proxy.url
        self._pool = httpcore2.HTTPProxy(
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"),
            proxy_auth=proxy.raw_auth,
            ssl_context=tls,
            max_keepalive_connections=0,
            network_backend=Network(Guard([url.host]), end),
        )


def ignored_proxies() -> list[str]:
    """The environment variables that name a proxy; they are not used, only the setting is."""
    names = ("http_proxy", "https_proxy", "all_proxy")
    return sorted(name for name in os.environ if name.lower() in names and os.environ[name])


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
        return f"The server can't be reached ({plain.line(str(error), 120) or 'no connection'}). It is tried again."
    if isinstance(error, httpx2.ProtocolError | httpx2.NetworkError):
        return f"The connection broke off ({plain.line(str(error), 120) or 'no reason given'}). It is tried again."
    return f"The address can't be fetched ({plain.line(str(error), 120) or type(error).__name__}). Check it."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status_reason(status: int) -> str:
    fault = "the server has a fault. It is tried again." if status >= 500 else "the server refuses. Check the address."
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    return f"{name}: {_ADVICE.get(status, fault)}"


def _too_slow(seconds: float) -> str:
    return f"The answer was not complete after {seconds:g} seconds. It is tried again."


def _header(response: httpx2.Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value if value and _is_header(value) else None


def _is_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and len(value) <= 500
