"""Events from outside that wake the loop or end it: a change in the seed folder, the end of the parent process."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import watchfiles

log = logging.getLogger(__name__)


def watch_folder(root: Path, changed: threading.Event, stop: threading.Event) -> None:
    """Sets `changed` whenever something may have changed below a folder, until `stop`. Some changes are missed."""
    while not stop.is_set():
        try:
            inode, fresh = root.stat().st_ino, True
            for events in watchfiles.watch(
                root, stop_event=stop, debounce=400, step=50, rust_timeout=2_000, yield_on_timeout=True,
                raise_interrupt=False, ignore_permission_denied=True,
            ):  # fmt: skip
                if events or fresh:
                    # The first time also without events: changes before we listened sent none.
                    fresh = False
                    changed.set()
                    # A file that was just written is read only when it has not changed for a moment.
                    stop.wait(0.6)
                    changed.set()
                if root.stat().st_ino != inode:
                    break  # the folder was replaced: watch the new one
        except (OSError, RuntimeError) as error:
            log.debug("no events from %s: %s", root, error)
            stop.wait(5)
        changed.set()


def end_with_parent(stop: threading.Event) -> None:
    """Sets `stop` when standard input closes, as it does when the parent dies in whatever way."""

    def listen() -> None:
        while os.read(0, 1024):
            pass
        stop.set()

    threading.Thread(target=listen, daemon=True, name="parent").start()
