"""The seed folder."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.errors import ParseError, SourceError
from ingest.sources import folder

LATER = timedelta(seconds=10)


def _now(file: folder.SeedFile) -> datetime:
    return datetime.fromtimestamp(file.mtime_ns / 1e9, UTC) + LATER


def _drop(root: Path, name: str, words: str = "A title\n\nA body.") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, encoding="utf-8")
    return path


def test_article_files_are_found_at_every_depth_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/c.HTML", "a/b/d.htm"):
        _drop(tmp_path, name)
    assert [file.name for file in folder.scan(tmp_path).files] == ["a/b/d.htm", "a/c.HTML", "a/z.md", "b.txt"]


def test_what_is_no_article_is_left_out(tmp_path: Path) -> None:
    for name in (
        "README.md",
        "ReadMe.txt",
        ".hidden.txt",
        ".git/x.txt",
        "x.txt.partial",
        "feeds.opml",
        "x.pdf",
        "none",
    ):
        _drop(tmp_path, name)
    (tmp_path / "folder.txt").mkdir()
    assert folder.scan(tmp_path) == folder.scan(tmp_path / "nowhere") == folder.Listing()


def test_bad_input_65_links_out_of_the_folder_are_refused_and_links_inside_are_read(tmp_path: Path) -> None:
    root = tmp_path / "seeds"
    inside, outside = _drop(root, "inside.txt"), _drop(tmp_path, "secret.txt")
    (root / "in.txt").symlink_to(inside)
    (root / "out.txt").symlink_to(outside)
    (root / "nowhere.txt").symlink_to(tmp_path / "nothing.txt")
    (root / "loop").symlink_to(root)
    (root / "up").symlink_to(tmp_path)
    found = folder.scan(root)
    assert [file.name for file in found.files] == ["in.txt", "inside.txt"]
    assert found.left_out == {
        "out.txt": "This link leads out of the seed folder. Put the article itself there.",
        "nowhere.txt": "This link leads to nothing. Delete it.",
    }


def test_no_entry_ends_the_scan_and_people_hear_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "seeds"
    _drop(root, "good.txt")
    (root / "self.txt").symlink_to(root / "self.txt")
    (root / "there.txt").symlink_to(root / "back.txt")
    (root / "back.txt").symlink_to(root / "there.txt")
    (root / os.fsdecode(b"caf\xe9.txt")).symlink_to(root / os.fsdecode(b"caf\xe9.txt"))
    deep = root
    for _ in range(120):
        deep = deep / "aaaaaaaaaaaaaaaaaaaaaa"
    deep.mkdir(parents=True)
    found = folder.scan(root)
    assert [file.name for file in found.files] == ["good.txt"]
    assert sorted(found.left_out) == ["back.txt", "caf\N{REPLACEMENT CHARACTER}.txt", "self.txt", "there.txt"]
    assert all("symbolic links" in why for why in found.left_out.values())

    whole = os.scandir

    def locked(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return whole(path)

    (root / "locked").mkdir()
    monkeypatch.setattr(os, "scandir", locked)
    found = folder.scan(root)
    assert "Permission denied" in found.left_out["locked"]
    assert len(found.files) == 1


def test_a_seed_folder_that_is_a_link_to_itself_is_said(tmp_path: Path) -> None:
    (tmp_path / "seeds").symlink_to(tmp_path / "seeds")
    assert list(folder.scan(tmp_path / "seeds").left_out) == ["seeds"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_bad_input_70_a_fifo_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert folder.scan(tmp_path).files == ()
    assert "no regular file" in folder.scan(tmp_path).left_out["pipe.txt"]
    # Even when it takes a file's place between scan and read; a blocking open would hang here for ever.
    _drop(tmp_path, "x.txt")
    (file,) = folder.scan(tmp_path).files
    (tmp_path / "x.txt").unlink()
    os.mkfifo(tmp_path / "x.txt")
    with pytest.raises(SourceError):
        folder.read(file, now=_now(file))
    with pytest.raises(SourceError, match="no regular file"):
        folder._bytes(file)


def test_an_article_is_read_with_its_path_as_identity(tmp_path: Path) -> None:
    _drop(tmp_path, "outlet/2024-03-05 talks.txt")
    (file,) = folder.scan(tmp_path).files
    entry = folder.read(file, now=_now(file))
    assert (entry.source, entry.keys) == ("outlet/2024-03-05 talks.txt", ("path:outlet/2024-03-05 talks.txt",))
    assert (entry.title, entry.body) == ("A title", "A body.")
    assert (entry.published, entry.published_from) == (datetime(2024, 3, 5, tzinfo=UTC), "file name")


def test_bad_input_66_a_file_that_is_still_being_written_waits(tmp_path: Path) -> None:
    path = _drop(tmp_path, "x.txt")
    (file,) = folder.scan(tmp_path).files
    at = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)
    assert not folder.stable(file, at + timedelta(seconds=0.2))
    assert not folder.stable(file, at - timedelta(seconds=5))
    assert folder.stable(file, at + timedelta(seconds=1))
    # A file from another machine, whose clock is an hour ahead, needn't wait for an hour.
    assert folder.stable(file, at - timedelta(hours=1))
    path.write_text("A title\n\nA longer body.", encoding="utf-8")
    assert not folder.stable(file, at + LATER)
    with pytest.raises(SourceError, match="still being written"):
        folder.read(file, now=at + LATER)


def test_bad_input_68_a_file_that_vanished_is_said(tmp_path: Path) -> None:
    path = _drop(tmp_path, "x.txt")
    (file,) = folder.scan(tmp_path).files
    path.unlink()
    with pytest.raises(SourceError, match="gone"):
        folder.read(file, now=_now(file))


def test_a_file_larger_than_any_article_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big.txt").open("wb") as big:
        big.truncate(folder.MAX_BYTES + 1)
    (file,) = folder.scan(tmp_path).files
    with pytest.raises(SourceError, match="larger than 5 MB"):
        folder.read(file, now=_now(file))


def test_bad_input_67_a_binary_file_is_no_article(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"MZ\x00\x01" * 100)
    (file,) = folder.scan(tmp_path).files
    with pytest.raises(ParseError, match="binary"):
        folder.read(file, now=_now(file))


def test_bad_input_67_letters_in_two_encodings_are_flagged_and_one_old_encoding_is_read(tmp_path: Path) -> None:
    (tmp_path / "mixed.txt").write_bytes("Café\n\n".encode() + "Über".encode("latin-1"))
    (tmp_path / "old.txt").write_bytes("Café “Über”".encode("windows-1252"))
    (tmp_path / "none.txt").write_bytes(b"Caf\x81 and\x9d more")
    mixed, none, old = folder.scan(tmp_path).files
    for file in (mixed, none):
        with pytest.raises(ParseError, match="neither all UTF-8"):
            folder.read(file, now=_now(file))
    assert folder.read(old, now=_now(old)).title == "Café “Über”"


def test_bad_input_68_a_folder_or_file_that_vanishes_while_it_is_scanned_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _drop(tmp_path, "a.txt")
    _drop(tmp_path, "b.txt")
    _drop(tmp_path, "below/c.txt")
    look = folder._seed_file

    def late(entry: os.DirEntry[str], root: Path) -> folder.SeedFile:
        (tmp_path / "a.txt").unlink(missing_ok=True)
        shutil.rmtree(tmp_path / "below", ignore_errors=True)
        return look(entry, root)

    monkeypatch.setattr(folder, "_seed_file", late)
    assert folder.scan(tmp_path).left_out == {}
    assert [file.name for file in folder.scan(tmp_path).files] == ["b.txt"]
