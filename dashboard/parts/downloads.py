"""Downloads of any number of rows: the file is made while it is sent, so it takes no memory.

Streamlit's own download button holds a whole file in memory; it is used for data that the page has anyway.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal
from weakref import WeakValueDictionary

import streamlit as st
from sqlalchemy import Connection, Engine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ingest.errors import SearchError
from ingest.store.read import export

#: Rows sent at once.
_ROWS = 500


@dataclass(eq=False)
class Download:
    """The file behind a link on one viewer's page."""

    engine: Engine
    rows: Callable[[Connection], Iterable[export.Row]]
    header: Sequence[str]

    def parts(self) -> Iterator[bytes]:
        """The CSV in parts. Raises SearchError before the first rows."""
        yield "\ufeff".encode()  # without this mark Excel shows é as Ã©
        with self.engine.connect() as connection:
            lines = export.lines(self.rows(connection), "csv", self.header)
            while part := "".join(islice(lines, _ROWS)):
                yield part.encode()


#: Downloads by the token in their address. Only the viewer's session holds one, so they end together.
_offered: WeakValueDictionary[str, Download] = WeakValueDictionary()


def link(name: str, download: Download, *, key: str, type_: Literal["secondary", "tertiary"] = "secondary") -> None:
    """A button that downloads the rows as the CSV file `name`; its address is the same in every run of the page."""
    token, _ = st.session_state.get(f"download-{key}") or (secrets.token_urlsafe(16), None)
    st.session_state[f"download-{key}"] = token, download
    _offered[token] = download
    st.link_button("CSV", f"download/{token}/{name}", icon=":material/download:", type=type_)


async def send(request: Request) -> Response:
    """Answers the request for a download: the file, 404 if it has ended, 400 for a search that fails."""
    download = _offered.get(request.path_params["token"])
    if download is None:
        return PlainTextResponse("This download has ended. Reload the page that led here and click again.", 404)
    parts = download.parts()
    try:
        head = await asyncio.to_thread(lambda: [*islice(parts, 2)])
    except SearchError as error:
        return PlainTextResponse(str(error), 400)
    attached = {"Content-Disposition": f'attachment; filename="{request.path_params["name"]}"'}
    return StreamingResponse(chain(head, parts), media_type="text/csv; charset=utf-8", headers=attached)


route = Route("/download/{token}/{name}", send)
