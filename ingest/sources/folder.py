"""The seed folder: article files that people put there."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingest.errors import SourceError
from ingest.formats.article import READERS, article_file
from ingest.models import Entry

#: An article of 5 MB would take minutes to analyse; the longest books are shorter.
MAX_BYTES = 5_000_000
#: A file that changed more recently than this may still be written.
SETTLED_SECONDS = 0.5
#: A time further ahead than this is not a write since `now` but another machine's clock.
CLOCK_AHEAD_SECONDS = 60.0
#: What systems raise over names and links that they can't follow; a loop of links is a RuntimeError in older Pythons.
_ODD = (OSError, RuntimeError, ValueError)
_NO_FILE = "This is no regular file. Put the article itself there."


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A file that may hold an article, as it was when the folder was looked at."""

    path: Path  #: absolute
    name: str  #: relative to the folder, with `/`: the article's identity
    mtime_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in the folder."""

    files: tuple[SeedFile, ...] = ()  #: sorted by name
    #: name -> why an entry that looks like an article is not one
    left_out: Mapping[str, str] = field(default_factory=dict)


def scan(folder: Path) -> Listing:
    """The article files under the folder; none where there is no folder. No entry of any kind makes it fail.

    Left out: README files, names that begin with a dot and everything under such folders; and with a complaint symbolic
    links that lead out of the folder or nowhere, what is no regular file, and folders that can't be read.
    """
    files: list[SeedFile] = []
    left_out: dict[str, str] = {}
    try:
        root = folder.resolve()
    except _ODD as error:
        return Listing(left_out={folder.name: f"The seed folder can't be found: {_reason(error)}."})
    waiting = [root]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                found = [entry for entry in entries if not entry.name.startswith(".")]
        except FileNotFoundError:
            continue
        except _ODD as error:
            left_out[_name(here, root)] = f"The folder can't be read: {_reason(error)}. Check its permissions."
            continue
        for entry in found:
            try:
                # A link to a folder is never followed: inside of the root it would only list everything twice.
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif _is_article(entry.name):
                    files.append(_seed_file(entry, root))
            except SourceError as error:
                left_out[_name(Path(entry.path), root)] = str(error)
            except FileNotFoundError:
                if entry.is_symlink():
                    left_out[_name(Path(entry.path), root)] = "This link leads to nothing. Delete it."
            except _ODD as error:
                left_out[_name(Path(entry.path), root)] = f"It can't be looked at: {_reason(error)}. Delete it."
    return Listing(tuple(sorted(files, key=lambda file: file.name)), left_out)


def stable(file: SeedFile, now: datetime) -> bool:
    """Whether the file is as it was when scanned and has not been written to for half a second."""
    try:
        found = file.path.stat()
    except OSError:
        return False
    age = now.timestamp() - found.st_mtime
    # A file from a machine whose clock is ahead must not wait until that time.
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
        # Non-blocking, and its type is checked again: since the scan a FIFO may have been put there.
        handle = os.open(file.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as opened:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SourceError(_NO_FILE)
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"The file can't be read ({error.strerror}). Check its permissions.") from error


def _is_article(name: str) -> bool:
    stem, suffix = os.path.splitext(name.lower())
    return suffix in READERS and not stem.startswith("readme")


def _seed_file(entry: os.DirEntry[str], root: Path) -> SeedFile:
    path, found = Path(entry.path), entry.stat()
    if entry.is_symlink() and not path.resolve(strict=True).is_relative_to(root):
        raise SourceError("This link leads out of the seed folder. Put the article itself there.")
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(_NO_FILE)
    return SeedFile(path, _name(path, root), found.st_mtime_ns, found.st_size)


def _name(path: Path, root: Path) -> str:
    # Names that are no UTF-8 can't be stored; é has two spellings, and a copy from a Mac is no move.
    name = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
    return unicodedata.normalize("NFC", name)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
