"""HTTP: real answers from a server on loopback."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ingest.errors import FetchError
from ingest.fetch.client import Fetcher
from ingest.fetch.guard import Guard

FEED = b"<rss version='2.0'><channel/></rss>" * 50


@pytest.fixture
def fetcher() -> Fetcher:
    ours = Guard(["localhost", "127.0.0.1"])
    return Fetcher("Test/1", guard=ours, connect_seconds=2, read_seconds=1, deadline_seconds=2, max_bytes=100_000)


def test_the_bytes_come_with_what_a_later_fetch_needs(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    headers = {"ETag": '"1"', "Last-Modified": "Tue, 05 Mar 2024 10:00:00 GMT", "Content-Type": "application/rss+xml"}
    httpserver.expect_oneshot_request("/feed", headers={"User-Agent": "Test/1"}).respond_with_data(
        FEED, headers=headers
    )
    found = fetcher.get(httpserver.url_for("/feed"))
    assert (found.status, found.body, found.url) == (200, FEED, httpserver.url_for("/feed"))
    assert (found.etag, found.last_modified) == ('"1"', "Tue, 05 Mar 2024 10:00:00 GMT")
    assert found.content_type == "application/rss+xml"
    assert 0 <= found.ms < 2000


def test_an_unchanged_feed_sends_no_body(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    asked = {"If-None-Match": '"1"', "If-Modified-Since": "Tue, 05 Mar 2024 10:00:00 GMT"}
    httpserver.expect_oneshot_request("/feed", headers=asked).respond_with_data(status=304)
    found = fetcher.get(httpserver.url_for("/feed"), etag='"1"', last_modified="Tue, 05 Mar 2024 10:00:00 GMT")
    assert (found.status, found.body) == (304, b"")


def test_a_remembered_etag_can_not_smuggle_a_header(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/feed").respond_with_handler(
        lambda request: Response(str("If-None-Match" in request.headers))
    )
    assert fetcher.get(httpserver.url_for("/feed"), etag='"1"\r\nX-Evil: 1').body == b"False"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "404 Not Found: there is nothing"),
        (410, "410 Gone: it was removed"),
        (429, "429 Too Many Requests: we ask too often"),
        (500, "500 Internal Server Error: the server has a fault"),
        (503, "503 Service Unavailable"),
        (403, "403 Forbidden"),
        (418, "418"),
        (599, "599: the server has a fault"),
    ],
)
def test_a_refusal_says_what_to_do(httpserver: HTTPServer, fetcher: Fetcher, status: int, said: str) -> None:
    httpserver.expect_request("/feed").respond_with_data("no", status=status)
    with pytest.raises(FetchError, match=said) as caught:
        fetcher.get(httpserver.url_for("/feed"))
    assert caught.value.status == status


def test_redirects_are_followed_to_the_feed(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    for hop in range(5):
        httpserver.expect_request(f"/{hop}").respond_with_data(status=302, headers={"Location": f"/{hop + 1}"})
    httpserver.expect_request("/5").respond_with_data(FEED)
    assert fetcher.get(httpserver.url_for("/0")).url == httpserver.url_for("/5")


def test_bad_input_05_a_redirect_loop_ends(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/loop").respond_with_data(status=301, headers={"Location": "/loop"})
    with pytest.raises(FetchError, match="more than 5 times"):
        fetcher.get(httpserver.url_for("/loop"))
    assert len(httpserver.log) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "javascript:x", "http://u:p@127.0.0.1/", ""]
)
def test_bad_input_06_a_redirect_off_the_web_is_refused(
    httpserver: HTTPServer, fetcher: Fetcher, location: str
) -> None:
    httpserver.expect_request("/feed").respond_with_response(Response(status=302, headers={"Location": location}))
    with pytest.raises(FetchError, match=r"leads to|more than 5"):
        fetcher.get(httpserver.url_for("/feed"))


def test_what_is_no_address_is_not_fetched(fetcher: Fetcher) -> None:
    for address in ("file:///etc/passwd", "nonsense", "http://exa mple.org/", "http://[x/"):
        with pytest.raises(FetchError, match="no web address"):
            fetcher.get(address)


def test_bad_input_12_a_body_that_drips_meets_the_deadline(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    def drip(_: Request) -> Response:
        return Response(b"." for _ in iter(lambda: time.sleep(0.1), 1) if time.monotonic() < end)

    end = time.monotonic() + 6
    httpserver.expect_request("/slow").respond_with_handler(drip)
    start = time.monotonic()
    with pytest.raises(FetchError, match="not complete after 2 seconds"):
        fetcher.get(httpserver.url_for("/slow"))
    assert time.monotonic() - start < 3.5


def _answer(*pieces: bytes, pause: float = 0.0) -> str:
    """A server that sends raw bytes to its one visitor, and its address."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server, server.accept()[0] as visitor:
            visitor.recv(65_536)
            try:
                for piece in pieces:
                    visitor.sendall(piece)
                    time.sleep(pause)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{server.getsockname()[1]}/feed"


def test_bad_input_12_headers_that_drip_meet_the_deadline(fetcher: Fetcher) -> None:
    start = time.monotonic()
    with pytest.raises(FetchError, match="not complete after 2 seconds"):
        fetcher.get(_answer(b"HTTP/1.1 200 OK\r\n", *(b"X-A: %d\r\n" % i for i in range(60)), pause=0.1))
    assert time.monotonic() - start < 3.5


def test_bad_input_13_a_silent_server_times_out(fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="silent"):
        fetcher.get(_answer(b"", pause=3))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
        b"not http at all\r\n\r\n",
        b"",
    ],
)
def test_bad_input_18_a_connection_that_breaks_off_is_an_error(fetcher: Fetcher, answer: bytes) -> None:
    with pytest.raises(FetchError, match="broke off"):
        fetcher.get(_answer(answer))


def test_bad_input_14_a_body_without_end_is_cut_at_the_limit(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    sent = 0

    def endless(_: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            nonlocal sent
            while sent < 1_000_000_000:
                sent += 100_000
                yield b"x" * 100_000

        return Response(pieces())

    httpserver.expect_request("/huge").respond_with_handler(endless)
    with pytest.raises(FetchError, match=r"larger than 0\.1 MB"):
        fetcher.get(httpserver.url_for("/huge"))
    assert sent < 100_000_000, "we hung up"


def test_bad_input_15_a_gzip_bomb_is_cut_while_it_unfolds(httpserver: HTTPServer) -> None:
    bomb = gzip.compress(b"x" * 200_000_000)
    httpserver.expect_request("/bomb").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    ours = Fetcher("Test/1", guard=Guard(["localhost"]), max_bytes=2_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match="larger than 2 MB"):
            ours.get(httpserver.url_for("/bomb"))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 30_000_000


def test_a_body_at_the_limit_is_whole_and_one_beyond_it_is_cut(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/big").respond_with_data(b"x" * 100_001)
    httpserver.expect_request("/fits").respond_with_data(b"x" * 100_000)
    with pytest.raises(FetchError, match=r"larger than 0\.1 MB"):
        fetcher.get(httpserver.url_for("/big"))
    assert len(fetcher.get(httpserver.url_for("/fits")).body) == 100_000


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(FEED)),
        ("gzip", gzip.compress(FEED[:700]) + gzip.compress(FEED[700:])),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED)[2:-4]),
        ("identity", FEED),
    ],
    ids=["gzip", "gzip in two parts", "deflate", "bare deflate", "identity"],
)
def test_packed_bodies_are_unpacked(httpserver: HTTPServer, fetcher: Fetcher, encoding: str, packed: bytes) -> None:
    httpserver.expect_request("/feed").respond_with_data(packed, headers={"Content-Encoding": encoding})
    assert fetcher.get(httpserver.url_for("/feed")).body == FEED


@pytest.mark.parametrize(
    ("encoding", "packed", "said"),
    [
        ("gzip", gzip.compress(b"x" * 50_000_000), "larger than"),
        ("gzip", gzip.compress(FEED)[:-20], "breaks off"),
        ("gzip", FEED, "damaged"),
        ("gzip", gzip.compress(FEED) + b"\x1f\x8bnonsense", "damaged"),
        ("deflate", FEED, "damaged"),
        ("gzip, gzip", gzip.compress(gzip.compress(FEED)), "did not ask for"),
        ("br", FEED, "did not ask for"),
    ],
    ids=["bomb", "cut", "not gzip", "more after the end", "not deflate", "packed twice", "brotli"],
)
def test_bad_input_16_and_17_bombs_stacks_and_damaged_bodies_are_refused(
    httpserver: HTTPServer, fetcher: Fetcher, encoding: str, packed: bytes, said: str
) -> None:
    httpserver.expect_request("/feed").respond_with_data(packed, headers={"Content-Encoding": encoding})
    with pytest.raises(FetchError, match=said):
        fetcher.get(httpserver.url_for("/feed"))


def test_bad_input_16_a_bomb_in_a_redirect_is_never_read(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    bomb = Response(gzip.compress(b"x" * 50_000_000), 302, {"Location": "/feed", "Content-Encoding": "gzip"})
    httpserver.expect_request("/moved").respond_with_response(bomb)
    httpserver.expect_request("/feed").respond_with_data(FEED)
    assert fetcher.get(httpserver.url_for("/moved")).body == FEED


def test_bad_input_20_a_name_that_does_not_resolve_is_said(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(FetchError, match="does not resolve"):
        fetcher.get("http://no-such-host.invalid/feed")


def test_a_closed_port_is_said(fetcher: Fetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchError, match="can't be reached"):
        fetcher.get(f"http://127.0.0.1:{port}/")


def test_cookies_are_not_carried_from_feed_to_feed(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/one").respond_with_data(FEED, headers={"Set-Cookie": "who=me; Path=/"})
    httpserver.expect_request("/two").respond_with_handler(lambda request: Response(str(len(request.cookies))))
    fetcher.get(httpserver.url_for("/one"))
    assert fetcher.get(httpserver.url_for("/two")).body == b"0"
