"""Only a few runs of the script go on at once, and nobody waits for ever."""

from __future__ import annotations

import threading

import pytest

from dashboard.state import process


def test_a_run_waits_for_its_turn_and_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_TURNS", threading.BoundedSemaphore(1))
    on, ended = threading.Event(), []

    def run() -> None:
        on.set()
        with process.turn():
            ended.append("second")

    with process.turn():
        second = threading.Thread(target=run)
        second.start()
        on.wait()
        second.join(0.2)
        ended.append("first")
    second.join()
    assert ended == ["first", "second"]


def test_whoever_has_waited_long_goes_on_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_TURNS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(process, "_PATIENCE", 0.05)
    with process.turn(), process.turn():
        pass
    assert process._TURNS.acquire(blocking=False)  # nothing was given back twice, or not at all


def test_a_run_that_fails_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_TURNS", threading.BoundedSemaphore(1))
    with pytest.raises(ZeroDivisionError), process.turn():
        raise ZeroDivisionError
    assert process._TURNS.acquire(blocking=False)
