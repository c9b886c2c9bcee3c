"""gzip for all that the server sends. A static file is compressed once, not once a request: Plotly's has 4.7 MB."""

from __future__ import annotations

import gzip
from asyncio import to_thread

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Compressed static files kept in memory; Streamlit's own come to some 4 MB.
_MOST_BYTES = 64_000_000
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg")


class Compression:
    """ASGI middleware: sends static files from a cache of compressed bytes, and compresses everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._others = GZipMiddleware(app, minimum_size=1_000, compresslevel=5)
        self._cached: dict[str, tuple[Message, bytes]] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        static = scope["type"] == "http" and scope["method"] == "GET" and "/static/" in scope["path"]
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
            if scope["path"] not in self._cached and self._bytes + len(body) <= _MOST_BYTES:
                self._bytes += len(body)
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
