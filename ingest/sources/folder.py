"""The seed folder: article files that people drop."""

from __future__ import annotations

import logging
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.errors import SourceError
from ingest.formats.article import SUFFIXES, article_file
from ingest.models import Entry

log = logging.getLogger(__name__)

#: An article of 5 MB would take minutes to analyse; the longest books are shorter.
MAX_BYTES = 5_000_000
#: A file that changed more recently than this may still be written.
SETTLED_SECONDS = 0.5
#: A time further ahead than this is no write since `now` was taken but another machine's clock.
CLOCK_AHEAD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A file that may hold an article, as it was when the folder was looked at."""

    path: Path  #: absolute
    name: str  #: relative to the folder, with `/`: the article's identity
    mtime_ns: int
    size: int


def scan(folder: Path) -> list[SeedFile]:
    """The article files under the folder, sorted by name; empty where there is no folder.

    Left out: README files, names that begin with a dot and everything under such folders, symbolic links that lead
    out of the folder or to a folder, and whatever is no regular file.
    """
    root = folder.resolve()
    return sorted(_files(root, root), key=lambda file: file.name)


def stable(file: SeedFile, now: datetime) -> bool:
    """Whether the file is as it was when scanned, and nobody has written to it for half a second."""
    try:
        found = file.path.stat()
    except OSError:
        return False
    age = now.timestamp() - found.st_mtime
    # A file from a machine whose clock is ahead must not wait for that time to come.
    settled = age >= SETTLED_SECONDS or age < -CLOCK_AHEAD_SECONDS
    return settled and (found.st_mtime_ns, found.st_size) == (file.mtime_ns, file.size)


def read(file: SeedFile, *, now: datetime) -> Entry:
    """The article in a file.

    Raises SourceError when the file is gone, unreadable, too large or still being written, ParseError when it holds
    no article.
    """
    if file.size > MAX_BYTES:
        raise SourceError(f"The file is larger than {MAX_BYTES / 1e6:g} MB: that is no article. Split it.")
    if not stable(file, now):
        raise SourceError("The file is still being written, or gone. It is read when it has settled.")
    body = _bytes(file)
    if len(body) != file.size or not stable(file, now):
        raise SourceError("The file changed while it was read. It is read again when it has settled.")
    modified = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)
    return article_file(body, path=file.name, modified=modified, now=now)


def _bytes(file: SeedFile) -> bytes:
    try:
        # Non-blocking, and looked at again: between scan and now somebody may have put a FIFO there.
        handle = os.open(file.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as opened:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SourceError("This is no regular file. Put the article itself there.")
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"The file can't be read ({error.strerror}). Check its permissions.") from error


def _files(folder: Path, root: Path) -> Iterator[SeedFile]:
    try:
        with os.scandir(folder) as listing:
            found = list(listing)
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("%s can't be read (%s)", folder, error.strerror)
        return
    for item in found:
        if item.name.startswith("."):
            continue
        try:
            # A link to a folder is never followed: inside of the root it would only list everything twice.
            if item.is_dir(follow_symlinks=False):
                yield from _files(Path(item.path), root)
            elif _is_article(item.name) and (file := _seed_file(item, root)):
                yield file
        except OSError as error:
            # Deleted since it was listed, or a link to nowhere.
            log.info("%s is left out (%s)", item.path, error.strerror)


def _is_article(name: str) -> bool:
    stem, suffix = os.path.splitext(name.lower())
    return suffix in SUFFIXES and not stem.startswith("readme")


def _seed_file(item: os.DirEntry[str], root: Path) -> SeedFile | None:
    path = Path(item.path)
    if item.is_symlink() and not path.resolve(strict=True).is_relative_to(root):
        log.warning("%s leads out of the seed folder and is left out", path)
        return None
    found = item.stat()
    if not stat.S_ISREG(found.st_mode):
        return None
    # Names that are no UTF-8 can't be stored; é has two spellings, and a copy from a Mac is no move.
    name = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
    return SeedFile(path, unicodedata.normalize("NFC", name), found.st_mtime_ns, found.st_size)
