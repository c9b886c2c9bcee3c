"""`python -m ingest figures …`: who is on the list, who is added, and why somebody is found in a text."""

from __future__ import annotations

import shlex

import pytest
from click.testing import Result
from typer.main import get_command

from ingest.__main__ import app
from ingest.watchlist import figures
from tests.helpers.desk import FIGURES, Desk
from tests.ingest.cli.test_cli import lines, run, said, wide

pytestmark = pytest.mark.usefixtures("quiet_logging", "desk", "wide")
__all__ = ["wide"]


def command(*arguments: object) -> Result:
    return run("figures", *arguments)


@pytest.mark.parametrize("name", ["list", "add", "test"])
def test_the_help_of_every_command_ends_in_an_example_that_can_be_pasted(name: str) -> None:
    result = command(name, "--help")
    words = shlex.split(" ".join(result.stdout.split()).rpartition("Example: ")[2])
    assert words[:5] == ["python", "-m", "ingest", "figures", name]
    assert name in get_command(app).commands["figures"].commands  # type: ignore[attr-defined]


def test_a_figure_is_added_below_what_stands_there(desk: Desk) -> None:
    path = desk.data / "figures.toml"
    path.write_text("# mine\n" + FIGURES + "# the end", encoding="utf-8")
    result = command("add", "Jane Döe", "--alias", "J. Q. Döe", "--weak", "Döe", "--famous", "--not", "Döe Street")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Jane Döe is on the list, as jane-doe" in said(result)
    words = path.read_text(encoding="utf-8")
    assert words.startswith("# mine\n" + FIGURES + "# the end\n\n[[figure]]\n")
    added = figures.load(path)[-1]
    assert (added.strong, added.weak, added.famous) == (("Jane Döe", "J. Q. Döe"), ("Döe",), True)
    assert added.not_ == ("Döe Street",)
    assert [row["id"] for row in lines(command("list", "--json"))] == ["ada-quill", "ben-marsh", "jane-doe"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("Ada Quill",), "the id 'ada-quill' is taken by the entry of line 2"),
        (("Ada B. Quill", "--alias", "Ada Quill"), 'has "Ada Quill", which is a strong name of ada-quill already'),
        (("Cora Quill", "--weak", "Ada Quill"), "'weak' has \"Ada Quill\", which is a strong name of ada-quill"),
        (("Cora Quill", "--famous"), "there are none"),
        (("김",), "'id' is"),
    ],
)
def test_one_that_clashes_is_refused_and_nothing_is_written(desk: Desk, arguments: tuple[str, ...], says: str) -> None:
    path = desk.data / "figures.toml"
    before = path.read_bytes()
    result = command("add", *arguments)
    assert result.exit_code == 1
    assert says in said(result)
    assert "partial" not in said(result)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.glob(".figures.toml.*.partial")] == []


def test_a_text_is_explained_name_by_name(desk: Desk) -> None:
    text = "Ada Quill met Cora Quill. The Quill administration and Ben Marsh Jr. were silent. Mr. Marsh left."
    rules = [
        (row["text"], row["figures"], row["rule"].partition(":")[0]) for row in lines(command("test", text, "--json"))
    ]
    assert rules == [
        ("Ada Quill", ["ada-quill"], "counted as person"),
        ("Cora Quill", ["ada-quill"], "not counted"),
        ("Quill administration", ["ada-quill"], "counted as office"),
        ("Ben Marsh Jr", ["ben-marsh"], "not counted"),
        ("Marsh", ["ben-marsh"], "not counted"),
    ]
    people = command("test", "Marsh left.", "--title", "Ben Marsh goes", "--day", "2026-03-01", "--language", "en")
    assert "Marsh  →  ben-marsh: counted as person: licensed by a full name" in people.stdout
    assert "2 mentions that count" in said(people)
