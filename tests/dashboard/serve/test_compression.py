"""Compression: each static file once, and nothing for those who did not ask or asked for a part."""

from __future__ import annotations

import asyncio
import gzip
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Scope
from streamlit import config, file_util

from dashboard.serve.compression import Compression

SCRIPT = b"function plot() { return 'a chart'; }\n" * 500
PICTURE = bytes(range(256)) * 40
#: What Streamlit answers where there is no file. Random, so that it takes memory when it is compressed, too.
WHOLE_PAGE = random.Random(1).randbytes(20_000).hex()


class Shelf(StaticFiles):
    """Static files that count what is asked of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)
        self.asked: list[str] = []

    async def get_response(self, path: str, scope: Scope) -> Response:
        self.asked.append(path)
        return await super().get_response(path, scope)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "static"
    folder.mkdir()
    for name, content in (("plot.js", SCRIPT), ("icon.png", PICTURE), ("tiny.css", b"a{}")):
        (folder / name).write_bytes(content)
    return Shelf(folder)


@pytest.fixture
def client(shelf: Shelf, tmp_path: Path) -> Iterator[TestClient]:
    site = Starlette(
        routes=[
            Mount("/static", shelf),
            Route("/json", lambda _: JSONResponse({"rows": ["figure"] * 500})),
            Route("/short", lambda _: PlainTextResponse("ok")),
            Route("/stream", lambda _: StreamingResponse(iter([b"line\n"] * 1_000), media_type="text/plain")),
            Route("/{path:path}", lambda _: HTMLResponse(WHOLE_PAGE)),
        ],
        middleware=[Middleware(Compression, folder=tmp_path)],
    )
    with TestClient(site) as opened:
        yield opened


def raw(client: TestClient, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and the bytes as they travelled."""
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", path, headers={"accept-encoding": "gzip, deflate, br"} | asked) as answer:
        return answer.status_code, dict(answer.headers), b"".join(answer.iter_raw())


def test_a_script_is_compressed_once_and_kept(client: TestClient, shelf: Shelf) -> None:
    first = raw(client, "/static/plot.js")
    second = raw(client, "/static/plot.js")
    assert first == second
    assert shelf.asked == ["plot.js"]
    status, headers, body = first
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(body) < len(SCRIPT) / 5
    assert gzip.decompress(body) == SCRIPT
    assert "accept-encoding" in headers["vary"].lower()
    # The words are the same, the bytes are not: a strong tag would promise too much.
    assert headers["etag"].startswith('W/"')
    assert "last-modified" in headers


def test_those_who_take_no_gzip_get_the_file_as_it_is(client: TestClient, shelf: Shelf) -> None:
    raw(client, "/static/plot.js")
    status, headers, body = raw(client, "/static/plot.js", accept_encoding="identity")
    assert (status, body) == (200, SCRIPT)
    assert "content-encoding" not in headers
    assert headers["etag"].startswith('"')
    assert shelf.asked == ["plot.js", "plot.js"]


def test_a_part_is_a_part_of_the_file_as_it_is(client: TestClient) -> None:
    raw(client, "/static/plot.js")
    status, headers, body = raw(client, "/static/plot.js", range="bytes=0-9")
    assert (status, body) == (206, SCRIPT[:10])
    assert headers["content-range"] == f"bytes 0-9/{len(SCRIPT)}"
    assert "content-encoding" not in headers


def test_nothing_changed_is_said_to_everybody_who_asks(client: TestClient) -> None:
    tag = raw(client, "/static/plot.js")[1]["etag"]
    since = raw(client, "/static/plot.js")[1]["last-modified"]
    for encoding in ("gzip", "identity"):
        for condition in ({"if_none_match": tag}, {"if_none_match": f'"other", {tag}'}, {"if_modified_since": since}):
            status, headers, body = raw(client, "/static/plot.js", accept_encoding=encoding, **condition)
            assert (status, body) == (304, b"")
            assert headers["etag"].removeprefix("W/") == tag.removeprefix("W/")
            assert "content-encoding" not in headers
    status, _, body = raw(client, "/static/plot.js", if_none_match='"older"')
    assert status == 200
    assert gzip.decompress(body) == SCRIPT


def test_an_answer_to_a_condition_is_not_kept_for_others(client: TestClient) -> None:
    tag = raw(client, "/static/plot.js", accept_encoding="identity")[1]["etag"]
    assert raw(client, "/static/plot.js", if_none_match=tag)[0] == 304
    status, _, body = raw(client, "/static/plot.js")
    assert status == 200
    assert gzip.decompress(body) == SCRIPT


def test_a_missing_file_is_missing_each_time(client: TestClient, shelf: Shelf) -> None:
    for _ in range(2):
        status, headers, body = raw(client, "/static/gone.js")
        assert status == 404
        assert body == b"Not Found"
        assert "content-encoding" not in headers
    assert shelf.asked == ["gone.js", "gone.js"]


def test_what_is_small_or_compressed_already_stays_as_it_is(client: TestClient) -> None:
    for path, wanted in (("/static/icon.png", PICTURE), ("/static/tiny.css", b"a{}")):
        status, headers, body = raw(client, path)
        assert (status, body) == (200, wanted)
        assert "content-encoding" not in headers


def test_a_head_or_post_is_not_answered_from_what_is_kept(client: TestClient, shelf: Shelf) -> None:
    raw(client, "/static/plot.js")
    assert client.head("/static/plot.js").status_code == 200
    assert client.post("/static/plot.js").status_code == 405
    assert len(shelf.asked) == 3


def test_everything_else_is_compressed_as_it_is_sent(client: TestClient) -> None:
    for path in ("/json", "/stream"):
        status, headers, body = raw(client, path)
        assert status == 200
        assert headers["content-encoding"] == "gzip"
        assert len(gzip.decompress(body)) >= 4_000
        assert "content-encoding" not in raw(client, path, accept_encoding="identity")[1]
    assert "content-encoding" not in raw(client, "/short")[1]


def test_nothing_is_kept_for_paths_that_somebody_made_up(tmp_path: Path, client: TestClient, shelf: Shelf) -> None:
    async def ask(site: ASGIApp, path: str) -> None:
        async def receive() -> Message:
            raise AssertionError("a GET has no body")

        async def send(message: Message) -> None:
            pass

        headers = [(b"accept-encoding", b"gzip")]
        await site({"type": "http", "method": "GET", "path": path, "headers": headers}, receive, send)

    async def ask_for_all() -> None:
        site = Compression(HTMLResponse(WHOLE_PAGE), folder=tmp_path)
        await ask(site, "/x/static/first")
        tracemalloc.start()
        for number in range(500):
            for path in (f"/{number}/static/plot.js", f"/static/{number}.js", f"/static/../{number}/static/plot.js"):
                await ask(site, path)
        assert tracemalloc.get_traced_memory()[0] < 1_000_000, "they come to thirty million bytes"

    try:
        asyncio.run(ask_for_all())
    finally:
        tracemalloc.stop()

    # Nor is it taken for the file that its end names.
    raw(client, "/static/plot.js")
    status, _, body = raw(client, "/x/static/plot.js")
    assert (status, gzip.decompress(body)) == (200, WHOLE_PAGE.encode())


def test_streamlits_own_files_are_known_wherever_the_dashboard_is_served() -> None:
    files = {
        f"/{path.relative_to(file_util.get_static_dir()).as_posix()}"
        for path in Path(file_util.get_static_dir()).rglob("*.js")
    }
    assert files
    assert files <= Compression(HTMLResponse())._static
    config.set_option("server.baseUrlPath", "/watch/", "a test")
    try:
        assert {f"/watch{path}" for path in files} <= Compression(HTMLResponse())._static
    finally:
        config.set_option("server.baseUrlPath", "", "a test")
