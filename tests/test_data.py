"""Only a few runs of the script go on at once, and nobody waits for ever."""

from __future__ import annotations

import threading

import pytest

from dashboard import data


def test_a_run_waits_for_its_turn_and_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_TURNS", threading.BoundedSemaphore(1))
    on, ended = threading.Event(), []

    def run() -> None:
        on.set()
        with data.turn():
            ended.append("second")

    with data.turn():
        second = threading.Thread(target=run)
        second.start()
        on.wait()
        second.join(0.2)
        ended.append("first")
    second.join()
    assert ended == ["first", "second"]


def test_whoever_has_waited_long_goes_on_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_TURNS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(data, "_PATIENCE", 0.05)
    with data.turn(), data.turn():
        pass
    assert data._TURNS.acquire(blocking=False)  # nothing was given back twice, or not at all


def test_a_run_that_fails_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_TURNS", threading.BoundedSemaphore(1))
    with pytest.raises(ZeroDivisionError), data.turn():
        raise ZeroDivisionError
    assert data._TURNS.acquire(blocking=False)
