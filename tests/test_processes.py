"""Several server processes on one port: they share what they must, and one of them may die at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.bench.viewers import Click, Seen, Viewer
from tests.helpers.desk import Desk, until
from tests.helpers.server import START, Server, connected, serving, with_worker


def ingests(desk: Desk) -> list[psutil.Process]:
    """This desk's ingest workers, whoever started them."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "--with-parent" in process.cmdline() and process.environ().get("DISCOURSE_DATA_DIR") == str(desk.data):
                found.append(process)
    return found


def answering(server: Server) -> set[str]:
    """The process that answers a question, as it names itself."""
    return set(re.findall(r'discourse_read_model_revision\{process="(\d+)"\}', server.get("/metrics")[1].decode()))


def test_two_processes_answer_with_one_ingest_which_outlives_the_process_that_has_it(desk: Desk) -> None:
    with with_worker(desk, workers=2) as server:
        seen: set[str] = set()
        until(lambda: seen.update(answering(server)) or len(seen) == 2, START)
        assert seen == {str(process.pid) for process in serving(server.process.pid)}
        (before,) = ingests(desk)
        holder = before.parent()
        assert holder is not None
        assert str(holder.pid) in seen
        holder.kill()
        until(lambda: any(process.parent() not in (None, holder) for process in ingests(desk)), 20)
        until(lambda: len(serving(server.process.pid)) == 2, 20)
        until(lambda: len(ingests(desk)) == 1, 20)
        until(lambda: bool(server.health().get("worker")), START)
        desk.drop("a.txt", "Talks open\n\nAda Quill met Ben Marsh.", age=0)
        until(lambda: server.health().get("revision") == 1, 20)

        family = server.family()
        os.killpg(server.process.pid, signal.SIGINT)  # as Ctrl-C in a terminal does
        server.process.wait(20)
        assert psutil.wait_procs(family, 5)[1] == []
        assert "already follows" not in server.said(), "they take turns without a word"
        assert "Traceback" not in server.said()


class Watched(Viewer):
    """Notes every search that it is shown."""

    def __init__(self, port: int, seen: Seen) -> None:
        super().__init__(port, seen)
        self.shown: Counter[str] = Counter()

    def _take(self, message: ForwardMsg) -> None:
        self.shown.update(re.findall(r"person\dstep\d", str(message)))
        super()._take(message)


@pytest.mark.slow
def test_when_one_of_two_processes_is_killed_ten_viewers_go_on_each_with_a_view_of_their_own(desk: Desk) -> None:
    for number in range(20):
        desk.drop(f"{number}.txt", f"Talks {number}\n\nAda Quill met Ben Marsh.")
    with with_worker(desk, workers=2) as server:
        until(lambda: server.health().get("revision") == 1, START)
        seen = asyncio.run(_ten_click_while_one_dies(server))
        assert seen.errors == []
        assert seen.reconnected > 0, "nobody was there"
        assert "Traceback" not in server.said()
        # The one that started them all is killed as well: nobody goes on without it.
        family = server.family()
        server.process.kill()
        assert psutil.wait_procs(family, 20)[1] == []


async def _ten_click_while_one_dies(server: Server) -> Seen:
    seen = Seen()
    pages = ("", "figures", "articles", "sources")
    killed = asyncio.Event()

    async def person(number: int) -> None:
        async with Watched(server.port, seen) as viewer:
            for step in range(8):
                if step == 4:
                    clicked.release()
                    await killed.wait()
                search = f"person{number}step{step}"
                await viewer.click(Click(pages[(number + step) % 4], f"q={search}"))
                while search not in viewer.shown:  # a click may have been answered by the page before it
                    await asyncio.sleep(0.05)
            assert {each.partition("step")[0] for each in viewer.shown} == {f"person{number}"}

    async def killer() -> None:
        for _ in range(10):
            await clicked.acquire()
        victim = max(serving(server.process.pid), key=lambda process: connected(process, server.port))
        killed.set()  # they click while it dies
        victim.kill()

    clicked = asyncio.Semaphore(0)
    async with asyncio.timeout(START * 2), asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(person(number))
        group.create_task(killer())
    return seen


def test_no_viewer_can_throw_away_what_all_share(desk: Desk) -> None:
    desk.drop("a.txt", "Talks open\n\nAda Quill met Ben Marsh.")
    server = Server(desk)
    try:
        server.wait()
        until(lambda: server.health().get("revision") == 1, START)
        process = psutil.Process(server.process.pid)
        before, after = asyncio.run(_clears(server, process))
        # A run of the script more or less, a connection that waits for the next one. Twelve models would be far more.
        assert after[0] <= before[0] + 5, "threads"
        assert after[1] <= before[1] + 5, "open connections to the record"
    finally:
        server.close()


async def _clears(server: Server, process: psutil.Process) -> tuple[tuple[int, int], tuple[int, int]]:
    """Threads and open files of the record before and after a viewer's twelve clearings of the cache."""

    def counted() -> tuple[int, int]:
        files = [Path(file.path).name for file in process.open_files()]
        return process.num_threads(), files.count("discourse.db")

    async with Viewer(server.port, Seen()) as viewer:
        await viewer.click(Click("", ""))
        await viewer.click(Click("figures", ""))
        before = counted()
        for _ in range(12):
            await viewer.send(BackMsg(clear_cache=True))
            await viewer.click(Click("", ""))
        return before, counted()
