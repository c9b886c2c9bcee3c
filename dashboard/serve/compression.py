"""gzip for all that the server sends. Streamlit's files are compressed once, not once a request: Plotly has 4.7 MB."""

from __future__ import annotations

import gzip
from asyncio import to_thread
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, file_util

_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg")


class Compression:
    """ASGI middleware: sends static files from a cache of compressed bytes, and compresses everything else.

    Static are the paths of files that are in `folder` at the start (Streamlit's own unless named), and no others: to
    any other path Streamlit answers with its page, and whoever made up paths could fill the memory.
    """

    def __init__(self, app: ASGIApp, folder: Path | None = None) -> None:
        self._app = app
        self._others = GZipMiddleware(app, minimum_size=1_000, compresslevel=5)
        self._cached: dict[str, tuple[Message, bytes]] = {}
        folder = folder or Path(file_util.get_static_dir())
        base = "/" + config.get_option("server.baseUrlPath").strip("/")
        self._static = {
            f"{base.rstrip('/')}/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*") if path.is_file()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        static = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in self._static
        accepted = static and "gzip" in Headers(scope=scope).get("accept-encoding", "")
        if not accepted or Headers(scope=scope).get("range"):
            await (self._app if static else self._others)(scope, receive, send)
            return
        # A request whether the file has changed goes to the application, because only that answers 304.
        conditional = any(name.startswith(b"if-") for name, _ in scope["headers"])
        if not conditional and (reply := self._cached.get(scope["path"])):
            await _reply(reply, send)
            return
        collector = _Collector()
        await self._app(scope, receive, collector)
        start, body = collector.start, bytes(collector.body)
        headers = MutableHeaders(raw=list(start["headers"]))
        if start["status"] == 200 and headers.get("content-type", "").startswith(_COMPRESSIBLE) and len(body) > 1_000:
            body = await to_thread(gzip.compress, body, 6)
            headers["content-encoding"] = "gzip"
            headers["content-length"] = str(len(body))
            headers.add_vary_header("accept-encoding")
            if "etag" in headers:
                headers["etag"] = f"W/{headers['etag'].removeprefix('W/')}"
            start = {**start, "headers": headers.raw}
            self._cached[scope["path"]] = (start, body)
        await _reply((start, body), send)


class _Collector:
    """Collects what the application sends."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


async def _reply(reply: tuple[Message, bytes], send: Send) -> None:
    start, body = reply
    await send(start)
    await send({"type": "http.response.body", "body": body})
