"""The command line of app.py: one server process, or several on one port under a supervisor."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import sys
import threading
from _thread import interrupt_main
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import click
import streamlit as st
import uvicorn
from streamlit import config
from streamlit.web import bootstrap
from streamlit.web.cli import configurator_options
from streamlit.web.server.starlette import starlette_server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from ingest import settings
from ingest.errors import IngestError
from ingest.settings import PROJECT

log = logging.getLogger("uvicorn.error")  # the one that Streamlit prints

#: Seconds that a download may go on after the server was asked to end.
_STOP_SECONDS = 10

Options = Mapping[str, Any]


@click.command()
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Server processes on one port.")
@configurator_options
@click.pass_obj
def main(app: st.App, /, workers: int, **options: Any) -> None:
    """Serves the dashboard. The other options are Streamlit's.

    Example: python app.py --workers 2 --server.port 8600
    """
    given = {name.replace("_", "."): value for name, value in options.items() if value not in (None, ())}
    if workers == 1:
        app.run(config=given)
    else:
        _serve(workers, given)


def _serve(workers: int, options: Options) -> None:
    try:
        settings.load()  # once for all: each process would say it, and be started again
    except IngestError as error:
        sys.exit(f"\nerror: {error}\n")
    _configure(options)
    # Streamlit makes a random one in each process; what one signs the others must accept.
    options = {**options, "server.cookieSecret": config.get_option("server.cookieSecret")}
    server = uvicorn.Config(
        partial(_application, options), factory=True, workers=workers,
        host=config.get_option("server.address"), port=config.get_option("server.port"),
        timeout_graceful_shutdown=_STOP_SECONDS, log_config=None,
        **starlette_server._get_uvicorn_config_kwargs(),
    )  # fmt: skip
    with server.bind_socket() as taken:
        if sys.platform == "linux":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # from now on our processes may join us there
        _Supervisor(server, [taken]).run()


class _Process(Process):
    def target(self, sockets: list[socket.socket] | None = None) -> None:
        super().target([_beside(each) for each in sockets or []])


def _beside(taken: socket.socket) -> socket.socket:
    """On Linux this process's own socket on the same port: the system spreads viewers evenly over such sockets.

    Of two processes that wait at one socket the same one is often quicker: 18 of 20 viewers came to it.
    """
    if sys.platform != "linux":
        return taken
    own = socket.socket(taken.family, taken.type)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        own.setsockopt(socket.SOL_SOCKET, option, 1)
    own.bind(taken.getsockname())
    return own


class _Supervisor(Multiprocess):
    def init_processes(self) -> None:
        self.processes = [_Process(self.config, self.sockets) for _ in range(self.processes_num)]
        for process in self.processes:
            process.start()

    def keep_subprocess_alive(self) -> None:
        """Starts another process for each that ended.

        Uvicorn also asks each process whether it answers, and waits long for one that is killed just then or busy.
        """
        for at, process in enumerate(self.processes):
            if process.process.is_alive():
                continue
            process.kill()  # which closes what joined us to it
            process.process.join()
            if process.exitcode == STARTUP_FAILURE:  # it would fail in the same way again
                self.should_exit.set()
                return
            log.warning("server process %s ended (exit code %s); starting another one", process.pid, process.exitcode)
            self.processes[at] = _Process(self.config, self.sockets)
            self.processes[at].start()

    def handle_hup(self) -> None:
        """Ends all when the terminal is closed, as one process ends. Uvicorn would start them again."""
        self.should_exit.set()


def _configure(options: Options) -> None:
    config._main_script_path = str(PROJECT / "app.py")  # so that .streamlit/ is found from any folder
    bootstrap.load_config_options(dict(options))


def _application(options: Options) -> st.App:
    """The application, in a process of the supervisor's."""
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
    _configure(options)
    for name in ("uvicorn.access", "uvicorn.error"):  # a line for each request and each viewer
        logging.getLogger(name).setLevel(logging.WARNING)
    # A spawned process has run app.py as its main module; importing it would make a second one.
    return cast(st.App, sys.modules["__main__"].app)


def _end_with_parent() -> None:
    """Ends this process as SIGTERM does when the supervisor is gone, killed for example."""
    if parent := multiprocessing.parent_process():
        parent.join()
        interrupt_main(signal.SIGTERM)
