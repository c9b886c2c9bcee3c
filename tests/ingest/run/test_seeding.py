"""Seed files that are built to stop their reader: each becomes a complaint, and everything else goes on."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import datetime, timedelta

import psutil
import pytest
from sqlalchemy import Engine

from ingest.analyser import Analyser
from ingest.models import Article, Attempt, Entry, Source
from ingest.run import seeding
from ingest.run.pipeline import Outcome
from ingest.sources import sandbox
from ingest.store.plan import trials
from ingest.watchlist.lists import Watchlist
from tests.helpers.desk import Desk, on_sqlite, until
from tests.helpers.room import Room

#: So many names keep any machine busy for longer than these tests wait.
MANY_NAMES = "Ada Quill " * 450_000


class Deadly(Analyser):
    """An analyser that one word kills, with the process that it is in."""

    def article(self, entry: Entry, now: datetime | None = None) -> Article:
        if "arsenic" in entry.body:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().article(entry, now)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' readers, which all of them share, wait for less long."""
    monkeypatch.setattr(sandbox._files, "_seconds", 1.5)
    monkeypatch.setattr(seeding, "_LATE_SECONDS", 0.5)


def deadly(room: Room) -> Analyser:
    return Deadly(Watchlist.load(room.desk.data / "figures.toml", room.desk.data / "topics.toml"))


def nested_aliases(levels: int) -> str:
    """Some hundred bytes that stand for ten to the power of `levels` words."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"published: *a{levels - 1}"])


def merge_bomb(levels: int) -> str:
    return "\n".join(["b0: &b0 {x: y}", *(f"b{n}: &b{n} {{<<: [*b{n - 1}, *b{n - 1}]}}" for n in range(1, levels))])


def said(room: Room) -> str:
    """What people see of the seed folder's faults."""
    return room.source("Seed folder").last_error or ""


@on_sqlite
@pytest.mark.usefixtures("impatient")
def test_files_that_are_built_to_stop_their_reader_are_named_while_the_others_are_read(room: Room) -> None:
    for name, front in {
        "aliases": nested_aliases(8),
        "merges": merge_bomb(24),
        "keys": "\n".join(f"k{n}: v" for n in range(350_000)),
        "number": f"title: 0x{'9' * 20_000}",
    }.items():
        room.desk.drop(f"{name}.md", f"---\n{front}\n---\nTalks\n\nWords.")
    room.desk.drop("names.txt", MANY_NAMES)
    for name in ("a", "n", "z"):
        room.desk.drop(f"{name}.txt", f"Title {name}\n\nAda Quill spoke.")
    outcome = room.scan()
    assert room.titles() == ["Title a", "Title n", "Title z"]
    faults = dict(fault.split(": ", 1) for fault in outcome.faults)
    assert sorted(faults) == ["aliases.md", "keys.md", "merges.md", "names.txt", "number.md"]
    assert "& and * are not read here" in faults["aliases.md"]
    assert "& and * are not read here" in faults["merges.md"]
    assert "longer than 64 kB" in faults["keys.md"]
    assert "a number of 20002 signs" in faults["number.md"]
    assert "Reading this file was stopped after 1.5 seconds" in faults["names.txt"]
    assert "it is read again when it changes" in faults["names.txt"]
    assert all(f"{name}: {fault}" in said(room) for name, fault in faults.items())


@on_sqlite
def test_a_file_that_killed_its_reader_is_not_tried_again_until_it_changes(room: Room) -> None:
    room.restart(deadly(room))
    room.desk.drop("a.txt", "Talks\n\nAda Quill took arsenic.")
    room.desk.drop("b.txt", "Talks end\n\nAda Quill spoke.")
    fault = (
        "a.txt: The process that reads files died over this one (-9). "
        "Mend it, or take it out of the folder: it is read again when it changes."
    )
    assert room.scan() == Outcome(added=1, faults=(fault,))
    room.restart(Analyser(Watchlist.load(room.desk.data / "figures.toml", room.desk.data / "topics.toml")))
    assert room.scan().added == 0, "it would be read now, but nobody tries"
    assert said(room) == fault
    room.desk.drop("a.txt", "Talks\n\nAda Quill took arsenic!", age=30)
    assert room.scan() == Outcome(added=1)
    assert said(room) == ""
    with room.engine.connect() as connection:
        assert trials.stored(connection) == {}


@on_sqlite
def test_a_file_that_is_being_read_whenever_everything_ends_is_given_up(room: Room, desk: Desk, engine: Engine) -> None:
    desk.drop("m.txt", MANY_NAMES)
    desk.drop("z.txt", "Talks\n\nAda Quill spoke.")

    def begun(tries: int) -> bool:
        with engine.connect() as connection:
            held = trials.stored(connection)
        return "m.txt" in held and held["m.txt"].tries == tries

    for tries in (1, 2, 3):
        child = desk.start("once", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda tries=tries: begun(tries), 40)  # type: ignore[misc]
        child.kill()
        child.wait(10)
    outcome = room.scan()
    assert outcome.added <= 1
    assert "m.txt: The ingest ended 3 times while this file was read." in said(room)
    assert room.titles() == ["Talks"]
    room.restart()
    assert room.scan().faults == outcome.faults


@on_sqlite
def test_a_long_text_of_a_feed_that_kills_its_reader_is_no_end_for_the_loop(room: Room) -> None:
    room.restart(deadly(room))
    room.pipeline.sync_feeds([Source(kind="feed", key="http://news.test/", name="News")])
    (state,) = room.pipeline.due()
    entries = tuple(
        Entry(source=state.url, title=f"Talks {n}", body=body, keys=(f"guid:{n}",), text_kind="full")
        for n, body in enumerate(("Some arsenic. " * 5_000, "Words. " * 10_000, "Ada Quill spoke."))
    )
    outcome = room.pipeline.feed(state, Attempt("ok", room.clock.now, entries=entries))
    assert outcome.added == 2
    (fault,) = outcome.faults
    assert fault.startswith("Talks 0: The process that reads articles died over this one (-9). It is left out.")


@on_sqlite
def test_a_text_that_is_nothing_but_a_name_is_no_article(room: Room) -> None:
    room.desk.drop("a.txt", "Ada Quill " * 25_000)
    (fault,) = room.scan().faults
    assert "The text names figures 25050 times: that is no article." in fault


@on_sqlite
def test_what_was_read_with_an_older_watch_list_is_read_again(room: Room) -> None:
    room.desk.drop("a.txt", "Talks\n\nAda Quill spoke.")
    room.seeds.scan()
    until(lambda: not room.seeds._results.empty())
    room.pipeline.analyser = Analyser(Watchlist((), ()))
    assert room.seeds.read() == Outcome(added=1)
    assert room.pipeline.rescore() == 0


@on_sqlite
def test_a_file_that_takes_long_does_not_hold_up_what_is_dropped_after_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox._files, "_seconds", 60)
    monkeypatch.setattr(seeding, "_LATE_SECONDS", 0.5)
    room.desk.drop("m.txt", MANY_NAMES)
    room.seeds.scan()
    room.clock.now += timedelta(seconds=10)
    room.desk.drop("a.txt", "Talks\n\nAda Quill spoke.")
    room.seeds.scan()

    def stored() -> bool:
        room.seeds.collect()
        return room.titles() == ["Talks"]

    until(stored, 90)
    assert "m.txt" in room.seeds._under_way
    readers = [each for each in psutil.Process().children() if "ingest.sources.sandbox" in each.cmdline()]
    max(readers, key=lambda each: each.cpu_times().user).kill()  # the one that has been busy all the time
    room.scan()
    assert "m.txt: The process that reads files died" in said(room)
