"""Only a few runs of the script go on at once, and nobody waits for ever."""

from __future__ import annotations

import threading

import pytest

from dashboard.state import process


def test_a_run_waits_for_its_turn_and_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_RUN_SLOTS", threading.BoundedSemaphore(1))
    on, ended = threading.Event(), []

    def run() -> None:
        on.set()
        with process.run_slot():
            ended.append("second")

    with process.run_slot():
        second = threading.Thread(target=run)
        second.start()
        on.wait()
        second.join(0.2)
        ended.append("first")
    second.join()
    assert ended == ["first", "second"]


def test_whoever_has_waited_long_goes_on_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_RUN_SLOTS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(process, "_SLOT_SECONDS", 0.05)
    with process.run_slot(), process.run_slot():
        pass
    assert process._RUN_SLOTS.acquire(blocking=False)  # nothing was given back twice, or not at all


def test_a_run_that_fails_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_RUN_SLOTS", threading.BoundedSemaphore(1))
    with pytest.raises(ZeroDivisionError), process.run_slot():
        raise ZeroDivisionError
    assert process._RUN_SLOTS.acquire(blocking=False)
