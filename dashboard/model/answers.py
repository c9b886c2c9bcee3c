"""Answers kept for everybody: fifty viewers of one view ask once, and together they hold so many bytes."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import pandas as pd

Answer = TypeVar("Answer")

#: All answers of one process together. A chart's frame takes some 10 KB.
_BYTES = 32 * 1024 * 1024


class Answers:
    """The most recent answers by their question. Who asks what somebody else is asking waits for that answer."""

    def __init__(self, most: int = _BYTES) -> None:
        self.bytes = 0  #: held now
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Future[Any], int]] = OrderedDict()

    def of(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer that is kept, or what `ask` gives; a frame as a copy that its taker may change."""
        with self._lock:
            kept = self._kept.get(question)
            if kept is not None:
                self._kept.move_to_end(question)
            else:
                future: Future[Any] = Future()
                self._kept[question] = (future, 0)
        if kept is not None:
            return cast(Answer, _own(kept[0].result()))
        try:
            answer = ask()
        except BaseException as error:
            with self._lock:
                if self._mine(question, future):
                    del self._kept[question]
            future.set_exception(error)
            raise
        future.set_result(answer)
        self._keep(question, future, _size(answer))
        return cast(Answer, _own(answer))

    def _keep(self, question: Hashable, future: Future[Any], size: int) -> None:
        with self._lock:
            if not self._mine(question, future):
                return
            if size > self._most // 4:  # for one of its size, everybody else's would go
                del self._kept[question]
                return
            self._kept[question] = (future, size)
            self.bytes += size
            while self._kept and self.bytes > self._most:
                _, (_, freed) = self._kept.popitem(last=False)
                self.bytes -= freed

    def _mine(self, question: Hashable, future: Future[Any]) -> bool:
        # What was thrown out while it was asked for may have been asked for again.
        kept = self._kept.get(question)
        return kept is not None and kept[0] is future

    def __len__(self) -> int:
        return len(self._kept)


def _own(answer: Any) -> Any:
    # Copy on write: what the taker changes is his, and nothing is copied before.
    return answer.copy(deep=False) if isinstance(answer, pd.DataFrame) else answer


def _size(answer: Any) -> int:
    """About how many bytes an answer takes, the question included."""
    if isinstance(answer, pd.DataFrame):
        return 2_000 + 40 * answer.size  # its own reckoning takes longer than some of the questions
    if hasattr(answer, "nbytes"):  # an Arrow table
        return 2_000 + int(answer.nbytes)
    if isinstance(answer, (list, tuple)):
        return 2_000 + len(answer) * (64 + sum(sys.getsizeof(value) for value in answer[:8]) // max(1, len(answer[:8])))
    return 4_000
