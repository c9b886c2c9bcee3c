"""A bounded cache that all viewers of one process share."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import pandas as pd
import polars as pl

Value = TypeVar("Value")

#: A chart's frame takes some 10 KB, 190,000 rows of what articles say of figures 5 MB.
_BYTES = 64 * 1024 * 1024


class Cache:
    """The most recently used values, of at most `max_bytes` together.

    Waits if another thread is already computing the same value: fifty viewers of one view compute it once.
    """

    def __init__(self, max_bytes: int = _BYTES, *, most: float = 0.25) -> None:
        """A value that takes more than the `most` part of it is not kept: it would drive out too many others."""
        self.bytes = 0  #: held now
        self._max_bytes, self._most = max_bytes, max_bytes * most
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, tuple[Future[Any], int]] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The cached value, or what `compute` returns; a frame as a copy that the caller may change."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            else:
                future: Future[Any] = Future()
                self._entries[key] = (future, 0)
        if entry is not None:
            return cast(Value, _copy(entry[0].result()))
        try:
            value = compute()
        except BaseException as error:
            with self._lock:
                if self._holds(key, future):
                    del self._entries[key]
            future.set_exception(error)
            raise
        future.set_result(value)
        self._keep(key, future, _size(value))
        return cast(Value, _copy(value))

    def _keep(self, key: Hashable, future: Future[Any], size: int) -> None:
        with self._lock:
            if not self._holds(key, future):
                return
            if size > self._most:
                del self._entries[key]
                return
            self._entries[key] = (future, size)
            self.bytes += size
            while self._entries and self.bytes > self._max_bytes:
                _, (_, freed) = self._entries.popitem(last=False)
                self.bytes -= freed

    def _holds(self, key: Hashable, future: Future[Any]) -> bool:
        # The entry may have been dropped, and the key asked for again, while the value was being computed.
        entry = self._entries.get(key)
        return entry is not None and entry[0] is future

    def __len__(self) -> int:
        return len(self._entries)


def _copy(value: Any) -> Any:
    # Copy on write: the caller's changes stay with the caller, and nothing is copied before.
    return value.copy(deep=False) if isinstance(value, pd.DataFrame) else value


def _size(value: Any) -> int:
    """About how many bytes a value takes, its key included."""
    if isinstance(value, pd.DataFrame):
        return 2_000 + 40 * value.size  # pandas' own count takes longer than some queries
    if isinstance(value, pl.DataFrame):
        return 2_000 + int(value.estimated_size())
    if hasattr(value, "nbytes"):
        return 2_000 + int(value.nbytes)
    if isinstance(value, (list, tuple)):
        return 2_000 + len(value) * (64 + sum(sys.getsizeof(each) for each in value[:8]) // max(1, len(value[:8])))
    return 4_000
