"""Work in processes of their own, so that their memory is gone afterwards and their CPU is theirs alone."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

Found = TypeVar("Found")


def apart(work: Callable[..., Found], *args: Any) -> Found:
    """What `work` gives, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


class People:
    """The process of the viewers. It has imported what they need before anything is measured."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def do(self, work: Callable[..., Coroutine[Any, Any, Found]], *args: Any, **named: Any) -> tuple[Found, float]:
        """What a coroutine function gives there, and the seconds of CPU that the process took for it."""
        return self._pool.submit(_run, work, args, named).result()


@contextmanager
def people() -> Iterator[People]:
    """Starts the process of the viewers."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(_import).result()
        yield People(pool)


def _import() -> None:
    import tests.bench.viewers  # noqa: F401

    gc.freeze()  # no collection looks at the imported modules again


def _run(
    work: Callable[..., Coroutine[Any, Any, Found]], args: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Found, float]:
    before = time.process_time()
    found = asyncio.run(work(*args, **named))
    return found, time.process_time() - before
