"""Changes the user's list of feeds, whole or not at all. Groups, comments and unknown attributes stay as they are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from lxml import etree  # type: ignore[import-untyped]

from ingest.errors import ConfigFileError
from ingest.models import Source
from ingest.sources import opml
from ingest.text import urls

_PATIENCE_SECONDS = 10


def add(path: Path, feeds: Iterable[Source]) -> tuple[list[Source], list[Source]]:
    """Adds feeds to the list, each to its group; returns those added and those that were in it already."""
    added: list[Source] = []
    known: list[Source] = []

    def change(tree: Any) -> bool:
        seen = {urls.canonical(address) for _, address in opml.outlines(tree)}
        body = _child(tree, "body")
        for feed in feeds:
            key = urls.canonical(feed.key)
            (known if key in seen else added).append(feed)
            if key not in seen:
                seen.add(key)
                _append(_group(body, feed.group), opml.element(feed))
        return bool(added)

    _edit(path, change)
    return added, known


def remove(path: Path, wanted: str) -> list[str]:
    """Removes all feeds of this name or address; returns their addresses. Their articles stay."""
    removed: list[str] = []

    def change(tree: Any) -> bool:
        for outline, address in list(opml.outlines(tree)):
            if matches(wanted, opml.attribute(outline, "text") or opml.attribute(outline, "title"), address):
                removed.append(address)
                _cut(outline)
        return bool(removed)

    _edit(path, change)
    return removed


def matches(wanted: str, name: str, address: str) -> bool:
    """Whether `wanted` is the feed's name (in any case) or its address."""
    return wanted.casefold() == name.casefold() or urls.canonical(wanted) == urls.canonical(address)


def _edit(path: Path, change: Callable[[Any], bool]) -> None:
    """Reads, changes and replaces the file, one process at a time."""
    path = path.resolve()  # a link stays one
    try:
        with FileLock(path.parent / f".{path.name}.lock", timeout=_PATIENCE_SECONDS):
            tree = opml.root(opml.load(path), str(path))
            if change(tree):
                _replace(path, tree)
    except Timeout:
        raise ConfigFileError(f"{path} is being changed by somebody else. Try again in a moment.") from None
    except OSError as error:
        raise ConfigFileError(f"{path} can't be written ({error.strerror}).") from error


def _replace(path: Path, tree: Any) -> None:
    body = etree.tostring(tree.getroottree(), encoding="UTF-8", xml_declaration=True) + b"\n"
    opml.root(body, str(path))  # never replaces the list by one that can't be read
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, partial)
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def _child(tree: Any, name: str) -> Any:
    found = next((each for each in tree.iterchildren("{*}" + name)), None)
    return etree.SubElement(tree, name) if found is None else found


def _group(body: Any, name: str) -> Any:
    """The outline of that group, made if there is none; the body itself for feeds without one."""
    if not name:
        return body
    for outline in body.iter("{*}outline"):
        if not opml.attribute(outline, "xmlUrl") and opml.attribute(outline, "text").casefold() == name.casefold():
            return outline
    made = etree.Element("outline", text=name)
    _append(body, made)
    return made


def _append(parent: Any, child: Any) -> None:
    """As the last of its siblings, on a line of its own, as far in as they are."""
    depth = sum(1 for _ in parent.iterancestors()) + 1
    if len(parent):
        child.tail = parent[-1].tail or "\n" + "  " * (depth - 1)
        before = parent[-2].tail if len(parent) > 1 else parent.text
        parent[-1].tail = before if before and not before.strip() else "\n" + "  " * depth
    else:
        parent.text = "\n" + "  " * depth
        child.tail = "\n" + "  " * (depth - 1)
    parent.append(child)


def _cut(outline: Any) -> None:
    """Removes an element, and keeps the text after it."""
    parent, before = outline.getparent(), outline.getprevious()
    tail = outline.tail or ""
    if tail.strip():
        if before is None:
            parent.text = (parent.text or "") + tail
        else:
            before.tail = (before.tail or "") + tail
    elif outline.getnext() is None and before is not None:
        before.tail = tail
    elif outline.getnext() is None:
        parent.text = tail
    parent.remove(outline)
