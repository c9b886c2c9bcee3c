"""Files that people edit: a mistake is answered with file, entry and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.errors import ConfigFileError
from ingest.watchlist import tomlfile


@pytest.fixture
def write(tmp_path: Path):
    def write(words: str, name: str = "things.toml") -> Path:
        path = tmp_path / name
        path.write_text(words, encoding="utf-8")
        return path

    return write


def test_entries_come_in_the_files_order(write) -> None:
    path = write('[[thing]]\nid = "b-2"\n[[thing]]\nid = "a"\n')
    assert [entry.slug("id") for entry in tomlfile.entries(path, "thing")] == ["b-2", "a"]


def test_an_empty_file_has_no_entries(write) -> None:
    assert tomlfile.entries(write("# nothing yet\n"), "thing") == []


def test_a_mark_that_notepad_leaves_is_no_trouble(write) -> None:
    assert len(tomlfile.entries(write('\ufeff[[thing]]\nid = "a"\n'), "thing")) == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ('[[thing]]\nid = "a\n', "not valid TOML: .*line 2"),
        ('[[thing]]\nid = "a"\nid = "b"\n', "not valid TOML"),
        ('[[thnig]]\nid = "a"\n', r"unknown table 'thnig'. Every entry begins with \[\[thing\]\]"),
        ('[thing]\nid = "a"\n', r"every entry begins with \[\[thing\]\]"),
        ('name = "a"\n', "unknown table 'name'"),
        ('[[thing]]\nname = "A"\n', r"thing 1 \(no id\): 'id' is needed"),
        ('[[thing]]\nid = "A b"\n', r"thing 1 \(A b\): 'id' is \"A b\"; use small letters"),
        ('[[thing]]\nid = "a-"\n', "'id' is \"a-\""),
        ("[[thing]]\nid = 7\n", "'id' is needed and must be a text"),
        ('[[thing]]\nid = "a"\n[[thing]]\nid = "a"\n', r"thing 2 \(a\): the id 'a' is taken"),
    ],
)
def test_a_mistake_is_named_with_its_place(write, words: str, complaint: str) -> None:
    path = write(words)
    with pytest.raises(ConfigFileError, match=complaint) as caught:
        tomlfile.entries(path, "thing")
    assert str(path) in str(caught.value)


def test_a_missing_file_says_how_to_get_it_back(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match=r"things\.toml: .*Restore it, or delete it"):
        tomlfile.entries(tmp_path / "things.toml", "thing")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "things.toml"
    path.write_bytes('[[thing]]\nid = "a"\nname = "Müller"\n'.encode("latin-1"))
    with pytest.raises(ConfigFileError, match="not valid TOML"):
        tomlfile.entries(path, "thing")


@pytest.mark.parametrize(
    ("value", "read", "complaint"),
    [
        ("[1]", lambda t: t.texts("key"), "'key' must be a list of texts"),
        ('"one"', lambda t: t.texts("key"), "'key' must be a list of texts"),
        ('["one", " "]', lambda t: t.texts("key"), "'key' must be a list of texts"),
        ("[]", lambda t: t.texts("key", required=True), "'key' needs at least one text"),
        ('"yes"', lambda t: t.flag("key"), "'key' must be true or false"),
        ("1.5", lambda t: t.number("key"), "'key' is needed and must be a whole number"),
        ("true", lambda t: t.number("key"), "'key' is needed and must be a whole number"),
        ('"2025-01-21"', lambda t: t.day("key"), "'key' must be a date without quotes"),
        ("2025-01-21T10:00:00", lambda t: t.day("key"), "'key' must be a date without quotes"),
        ('"  "', lambda t: t.text("key"), "'key' is needed and must be a text"),
        ("3", lambda t: t.optional_text("key"), "'key' is needed and must be a text"),
        ('"x"', lambda t: t.table("key"), "'key' must be a table"),
        ('["x"]', lambda t: t.tables("key"), "'key' must be a list of tables"),
        ('"x"', lambda t: t.refuse_unknown({"id", "kye"}), "unknown key 'key'. Known are: id, kye"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(write, value: str, read, complaint: str) -> None:
    path = write(f'[[thing]]\nid = "a"\nkey = {value}\n')
    (entry,) = tomlfile.entries(path, "thing")
    with pytest.raises(ConfigFileError, match=complaint) as caught:
        read(entry)
    assert f"{path}, line 3: thing 1 (a): " in str(caught.value)


def test_what_is_left_out_has_its_plain_value(write) -> None:
    (entry,) = tomlfile.entries(write('[[thing]]\nid = "a"\n'), "thing")
    assert entry.texts("key") == []
    assert entry.flag("key") is False
    assert entry.day("key") is None
    assert entry.optional_text("key") is None
    assert entry.table("key") == {}
    assert entry.tables("key") == []
