"""Keeps fetches from private networks: connects to public addresses only, and to exactly those it has checked."""

from __future__ import annotations

import ipaddress
import math
import re
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpcore2

from ingest.errors import Forbidden
from ingest.text import plain

#: `socket.getaddrinfo`, or a resolver for tests.
Resolve = Callable[..., list[Any]]

#: The only part of IPv6 that is assigned for use on the open internet.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
#: IPv6 addresses whose last 32 bits are the IPv4 address they lead to (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# `2130706433`, `0x7f.1`, `0177.0.0.1`: the C library takes them for addresses; no site has such a name.
_NUMBER = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)\.?", re.IGNORECASE)


class Guard:
    """Decides which addresses may be connected to: all public ones, and the hosts in `allow` (a setting)."""

    def __init__(self, allow: Collection[str] = (), resolve: Resolve = socket.getaddrinfo) -> None:
        self._allow = frozenset(_plain(host) for host in allow)
        self._resolve = resolve

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host. Raises Forbidden if any of them is private, socket.gaierror if there is none.

        One private address is enough: a name that resolves to the open web and to this network is a trap.
        """
        self.check_name(host)
        found = self._resolve(_plain(host), port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if _plain(host) not in self._allow:
            for address in addresses:
                _refuse_private(host, address)
        return addresses

    def check_name(self, host: str) -> None:
        """Raises Forbidden for a host that is private, as far as that can be told without resolving it."""
        name = _plain(host)
        if name in self._allow:
            return
        if _is_address(name):
            _refuse_private(host, name)
        elif _NUMBER.fullmatch(name):
            raise Forbidden(f"{plain.line(host, 80)} is no host but a number. Correct the address.")
        elif name == "localhost" or name.endswith(".localhost"):
            _refuse_private(host, "127.0.0.1")


def _refuse_private(host: str, address: str) -> None:
    if not public(address):
        raise Forbidden(
            f"{plain.line(host, 80)} is in a private network ({plain.line(address, 60)}), where nothing is fetched. "
            "If it is yours, name it in DISCOURSE_ALLOW_HOSTS."
        )


def public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False  # an IPv6 address with a zone is link-local
    if isinstance(found, ipaddress.IPv6Address):
        # If it leads to an IPv4 address, that one counts.
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if not inner and found not in _GLOBAL_UNICAST:
            return False
        found = inner or found
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _plain(host: str) -> str:
    return host.strip().strip("[]").rstrip(".").lower()


class Network(httpcore2.NetworkBackend):
    """The network of one request: guarded, and closed at `end` (time.monotonic), however slowly bytes arrive."""

    def __init__(self, guard: Guard, end: float) -> None:
        self._guard = guard
        self._end = end

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        with _translated_errors(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            return _Stream(self._connected(self._guard.addresses(host, port), port, timeout), self._end)

    def _connected(self, addresses: Sequence[str], port: int, timeout: float | None) -> socket.socket:
        stop = min(self._end, time.monotonic() + (timeout or math.inf))
        for others, address in zip(reversed(range(len(addresses))), addresses, strict=True):
            # The first address must not use up all the time: it may be IPv6 on a machine without IPv6.
            share = (stop - time.monotonic()) / (others + 1)
            if share <= 0:
                break
            try:
                # The address and not the name: a hostile name server could give another answer the second time.
                opened = socket.create_connection((address, port), share)
            except OSError:
                if not others:
                    raise
            else:
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return opened
        raise TimeoutError("no time is left")


class _Stream(httpcore2.NetworkStream):
    """A connection whose reads and writes end at `end` at the latest."""

    def __init__(self, opened: socket.socket, end: float) -> None:
        self._socket = opened
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _translated_errors(httpcore2.ReadTimeout, httpcore2.ReadError):
            self._limit(timeout)
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _translated_errors(httpcore2.WriteTimeout, httpcore2.WriteError):
            self._limit(timeout)
            self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        with _translated_errors(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            try:
                self._limit(timeout)
                return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._end)
            except BaseException:
                self.close()
                raise

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        return self._socket if info == "socket" else None

    def _limit(self, timeout: float | None) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("no time is left")
        self._socket.settimeout(left if timeout is None else min(timeout, left))


@contextmanager
def _translated_errors(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    """Raises errors of sockets as those of the HTTP library."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except (OSError, UnicodeError) as error:
        raise broken(str(error)) from error
