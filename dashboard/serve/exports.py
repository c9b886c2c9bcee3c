"""`/export/<file>?<a view>`: the rows behind a panel as a file, which is made while it is sent and so takes no memory.

All that a file is made of stands in its address: whichever process is asked, it gives the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from sqlalchemy.exc import DatabaseError, TimeoutError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ingest.errors import IngestError
from ingest.store import engines

_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
_RETRY_SECONDS = 5


class Refused(IngestError):
    """A download that can't be given, with the status that says so, and the seconds after which to ask again."""

    def __init__(self, message: str, status: int, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


async def send(request: Request) -> Response:
    """The file, or in words why there is none: 404 for an unknown one, 400 for an address that can't be meant."""
    file = request.path_params["file"]
    try:
        parts = await asyncio.to_thread(_read, file, request.url.query)
    except Refused as error:
        return _said(str(error), error.status, error.retry_after)
    except IngestError as error:
        return _said(str(error), 400)
    except DatabaseError as error:
        return _said(f"The record can't be read: {engines.reason(error)}", 503, _RETRY_SECONDS)
    except TimeoutError:  # of the pool of connections
        return _said("The record is busy: no connection was free. Try again in a moment.", 503, _RETRY_SECONDS)
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(parts, media_type=_TYPES[file.rpartition(".")[2]], headers=headers)


def _read(file: str, query: str) -> Iterator[bytes]:
    from dashboard.serve import panels  # imported here, or the server would wait for pandas before it listens

    return panels.read(file, query)


def _said(message: str, status: int, retry_after: int | None = None) -> Response:
    headers = {"X-Content-Type-Options": "nosniff"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return PlainTextResponse(message, status, headers=headers)


route = Route("/export/{file}", send)
