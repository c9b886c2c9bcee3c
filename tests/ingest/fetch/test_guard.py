"""The guard in the transport: which addresses are connected to, and that they are those that were checked."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Response

from ingest import settings
from ingest.errors import FetchError, Forbidden
from ingest.fetch import guard
from ingest.fetch.client import Fetcher
from ingest.fetch.guard import Guard
from tests.helpers.desk import Desk, free_port

FEED = b"<rss version='2.0'><channel/></rss>"


class Names:
    """A resolver of our own: what each name resolves to, one answer after the other."""

    def __init__(self, **answers: list[str]) -> None:
        self.asked: list[str] = []
        self._answers = {name.replace("_", "."): list(found) for name, found in answers.items()}

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        found = self._answers[host]
        address = found.pop(0) if len(found) > 1 else found[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in address.split()]


def fetcher(ours: Guard) -> Fetcher:
    return Fetcher("Test/1", guard=ours, connect_seconds=2, read_seconds=2, deadline_seconds=3)


@pytest.mark.parametrize(
    "address",
    "10.0.0.1 172.16.0.1 192.168.1.1 127.0.0.1 0.0.0.0 100.64.0.1 169.254.169.254 192.0.2.1 198.18.0.1 224.0.0.1 "
    "255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe "
    "64:ff9b:1::a00:1 2002:7f00:1:: 2001::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%1 fec0::1 ff02::1 2001:db8::1".split(),
)
def test_bad_input_21_private_addresses_are_refused(address: str) -> None:
    assert not guard.public(address)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Forbidden, match=r"private network|no host but a number"):
        Guard().check_name(host)
    with pytest.raises(Forbidden, match="private network"):
        Guard(resolve=Names(news_test=[address])).addresses("news.test", 80)


@pytest.mark.parametrize("address", "93.184.215.14 1.1.1.1 2606:4700::1111 64:ff9b::101:101 ::ffff:1.1.1.1".split())
def test_addresses_of_the_open_internet_are_not(address: str) -> None:
    assert guard.public(address)
    assert Guard(resolve=Names(news_test=[address])).addresses("news.test", 80) == [address]


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1", "017700000001", "127.0.0.1.", "LOCALHOST"]
)
def test_bad_input_22_other_spellings_of_this_machine_are_refused(httpserver: HTTPServer, host: str) -> None:
    httpserver.expect_request("/feed").respond_with_data(FEED)
    with pytest.raises(FetchError, match=r"private network|no host but a number|Invalid IPv4 address"):
        fetcher(Guard()).get(f"http://{host}:{httpserver.port}/feed")
    with pytest.raises(FetchError, match=r"private network|no host but a number|Invalid IPv4 address"):
        fetcher(Guard(["news.test"])).get(f"http://{host}:{httpserver.port}/feed")
    assert not httpserver.log


def test_bad_input_21_loopback_is_refused_by_default_and_allowed_by_name(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/feed").respond_with_data(FEED)
    address = f"http://127.0.0.1:{httpserver.port}/feed"
    with pytest.raises(Forbidden, match="name it in DISCOURSE_ALLOW_HOSTS"):
        Fetcher("Test/1").get(address)
    assert not httpserver.log, "nobody was connected to"
    assert fetcher(Guard(["127.0.0.1"])).get(address).body == FEED
    names = Names(intranet_test=["127.0.0.1"], other_test=["127.0.0.1"])
    ours = fetcher(Guard(["Intranet.test"], names))
    assert ours.get(f"http://intranet.test:{httpserver.port}/feed").body == FEED
    with pytest.raises(Forbidden, match=r"other\.test is in a private network"):
        ours.get(f"http://other.test:{httpserver.port}/feed")


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:{}/secret", "http://[::ffff:127.0.0.1]:{}/", "http://0x7f.1:{}/"]
)
def test_bad_input_06_a_redirect_into_the_private_network_is_refused(httpserver: HTTPServer, location: str) -> None:
    led = location.format(httpserver.port)
    httpserver.expect_request("/feed").respond_with_response(Response(status=302, headers={"Location": led}))
    ours = fetcher(Guard(["news.test"], Names(news_test=["127.0.0.1"])))
    with pytest.raises(Forbidden):
        ours.get(f"http://news.test:{httpserver.port}/feed")
    assert [request.path for request, _ in httpserver.log] == ["/feed"]


def test_bad_input_23_the_address_that_was_checked_is_the_one_connected_to(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/feed").respond_with_data(FEED)
    # Public when it is checked, this machine when it is asked again.
    names = Names(rebind_test=["93.184.215.14", "127.0.0.1"])
    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(FetchError, match="can't be reached"):
        fetcher(Guard(resolve=names)).get(f"http://rebind.test:{httpserver.port}/feed")
    assert connected == [("93.184.215.14", httpserver.port)]
    assert names.asked == ["rebind.test"], "resolved once"
    with pytest.raises(Forbidden):
        fetcher(Guard(resolve=names)).get(f"http://rebind.test:{httpserver.port}/feed")
    assert not httpserver.log


def test_bad_input_23_a_name_with_one_private_address_among_others_is_refused() -> None:
    names = Names(mixed_test=["93.184.215.14 127.0.0.1"])
    with pytest.raises(Forbidden):
        Guard(resolve=names).addresses("mixed.test", 80)


def test_of_many_addresses_the_first_that_answers_is_taken(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/feed").respond_with_data(FEED)
    names = Names(two_test=["127.0.0.2 127.0.0.1"])
    assert fetcher(Guard(["two.test"], names)).get(f"http://two.test:{httpserver.port}/feed").body == FEED


# -- certificates


@contextmanager
def _https(certificate: trustme.LeafCert) -> Iterator[int]:
    """A server that answers with a feed over TLS; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = HTTPServer(host="127.0.0.1", port=0, ssl_context=context)
    server.expect_request("/feed").respond_with_data(FEED)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("issue", "said"),
    [
        (lambda ca, past: ca.issue_cert("news.test"), None),
        (lambda ca, past: ca.issue_cert("news.test", not_before=past, not_after=past + timedelta(1)), "expired"),
        (lambda ca, past: ca.issue_cert("other.test"), "[Hh]ostname mismatch"),
        (lambda ca, past: trustme.CA().issue_cert("news.test"), "self-signed|unable to get"),
    ],
    ids=["valid", "expired", "another name's", "of nobody we know"],
)
def test_bad_input_19_a_bad_certificate_is_an_error(
    issue: Callable[[trustme.CA, datetime], trustme.LeafCert],
    said: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    ours = fetcher(Guard(["news.test"], Names(news_test=["127.0.0.1"])))
    with _https(issue(authority, datetime(2020, 1, 1, tzinfo=UTC))) as port:
        if said is None:
            assert ours.get(f"https://news.test:{port}/feed").body == FEED
            return
        with pytest.raises(FetchError, match=f"certificate is not valid .*({said})"):
            ours.get(f"https://news.test:{port}/feed")


# -- proxies


@contextmanager
def _proxy() -> Iterator[tuple[str, list[str]]]:
    """An HTTP proxy that answers everything itself; its address, and what it was asked for."""
    asked: list[str] = []
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def serve() -> None:
            while True:
                try:
                    visitor = server.accept()[0]
                except OSError:
                    return
                with visitor:
                    asked.append(visitor.recv(65_536).split(b"\r\n")[0].decode())
                    visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(FEED), FEED))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_proxy_of_the_environment_is_not_used_and_that_is_said(
    desk: Desk, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/feed").respond_with_data(FEED)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("http_proxy", raising=False)
    assert Fetcher.by(settings.load()).get(httpserver.url_for("/feed")).body == FEED
    assert "HTTP_PROXY is set but not used" in caplog.text


def test_a_proxy_that_is_set_is_used_but_not_for_addresses_of_this_network(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with _proxy() as (address, asked):
        monkeypatch.setenv("DISCOURSE_PROXY", address)
        monkeypatch.setenv("DISCOURSE_ALLOW_HOSTS", "")
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        ours = Fetcher.by(settings.load())
        assert ours.get("http://news.test/feed").body == FEED
        assert asked == ["GET http://news.test/feed HTTP/1.1"]
        for host in ("127.0.0.1", "localhost", "169.254.169.254", "0x7f.1"):
            with pytest.raises(Forbidden):
                ours.get(f"http://{host}/feed")
        assert len(asked) == 1
    assert "not used" not in caplog.text


def test_we_say_who_we_are_and_how_to_reach_us(
    desk: Desk, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCOURSE_CONTACT", "https://desk.example/about-our-reader")
    httpserver.expect_request(
        "/feed", headers={"User-Agent": "tests/1 (+https://desk.example/about-our-reader)"}
    ).respond_with_data(FEED)
    assert Fetcher.by(settings.load()).get(httpserver.url_for("/feed")).body == FEED
