"""The documents say what the program does: settings, commands, parameters of links, paths, links between pages."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.main import get_command

from dashboard import keys
from dashboard.app_pages import PARAMETERS
from ingest import __version__
from ingest.__main__ import app
from ingest.settings import PROJECT, Settings
from ingest.store.search.lexemes import FIELDS

USE, OPERATE = "docs/use.md", "docs/operate.md"
#: Documents that are about the present; the changelog also names what was.
PRESENT = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "NOTICE.md", USE, OPERATE)
PRESENT += ("docs/architecture.md", "docs/methods.md")
#: Folders that are made by a start.
MADE = {"data/", ".venv/", ".venv/bin/"}


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


@cache
def tokens(name: str) -> list[Token]:
    """Everything in a document, what stands inside paragraphs and tables too."""
    parsed = MarkdownIt("commonmark").enable("table").parse(read(name))
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


def documents() -> list[str]:
    """All Markdown that ships; what users drop into the seed folder does not."""
    found = [path for where in ("*.md", "docs/*.md", "seeds/README.md") for path in PROJECT.glob(where)]
    found += [path for folder in ("ingest", "dashboard", "tests") for path in (PROJECT / folder).rglob("*.md")]
    return sorted(path.relative_to(PROJECT).as_posix() for path in found)


def section(name: str, heading: str) -> str:
    """The text below a heading, up to the next one of its rank."""
    _, found, rest = read(name).partition(f"\n## {heading}\n")
    assert found, f"{name} has no section {heading}"
    return rest.partition("\n## ")[0]


# -- README


def test_the_readme_can_be_read_in_two_minutes() -> None:
    assert len(read("README.md").splitlines()) <= 120
    for name in PRESENT:
        assert name == "README.md" or f"]({name}" in read("README.md"), name


# -- settings


def test_every_setting_stands_in_the_table_once_with_its_default() -> None:
    rows = re.findall(r"^\| `(DISCOURSE_\w+)` \| ([^|]*?) ?\| ([^|]+) \|$", section(OPERATE, "Settings"), re.MULTILINE)
    fields = Settings.model_fields
    assert [name for name, _, _ in rows] == [f"DISCOURSE_{name.upper()}" for name in fields]
    for name, default, meaning in rows:
        expected = fields[name.removeprefix("DISCOURSE_").lower()].default
        written = "" if expected in ("", None) else f"`{expected}`".replace(__version__, "<version>")
        assert default == written, name
        assert meaning.strip()


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {f"DISCOURSE_{name.upper()}" for name in Settings.model_fields}
    for name in documents():
        assert set(re.findall(r"\bDISCOURSE_[A-Z_]+", read(name))) <= known, name


# -- commands


def commands() -> dict[str, click.Command]:
    """Every command by its words: `feeds add`."""

    def below(group: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
        if not hasattr(group, "commands"):
            yield " ".join(words), group
            return
        for name, inner in group.commands.items():
            yield from below(inner, (*words, name))

    return dict(below(get_command(app), ()))


def written(name: str) -> Iterator[tuple[str, bool]]:
    """What a document has after `python -m ingest`, and whether it is an example that can be pasted."""
    for token in tokens(name):
        if token.type not in ("fence", "code_inline"):
            continue
        for line in token.content.splitlines():
            found = re.match(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?python -m ingest\b(.*)", line.strip())
            if found:
                yield found[1].strip(), token.type == "fence"


def understood(line: str) -> str:
    """The command of an example that the command line would take, options and all."""
    words = shlex.split(line, comments=True)
    known = commands()
    name = next((" ".join(words[:length]) for length in (2, 1) if " ".join(words[:length]) in known), None)
    assert name is not None, f"no such command: {line}"
    rest = words[len(name.split()) :]
    known[name].make_context(name, rest).close()
    return name


def test_every_command_has_an_example_in_the_manual() -> None:
    shown = {understood(line) for name in (USE, OPERATE) for line, example in written(name) if example}
    assert sorted(set(commands()) - shown) == []


@pytest.mark.parametrize("name", documents())
def test_every_command_in_a_document_exists(name: str) -> None:
    known = commands()
    groups = {command.split()[0] for command in known if " " in command}
    for line, example in written(name):
        if example:
            understood(line)
            continue
        # In a sentence a command may be cut short: `python -m ingest export --search …`.
        words = [word for word in line.split() if word != "…"]
        named = [word for word in words if not word.startswith("-")]
        if not named:
            assert words in ([], ["--help"]), line
            continue
        command = next((c for c in (" ".join(named[:2]), named[0]) if c in known), None)
        assert command is not None or named in [[group] for group in groups], f"no such command: {line}"
        if command is not None:
            options = {option for parameter in known[command].params for option in parameter.opts}
            assert {word for word in words if word.startswith("-")} <= options | {"--help"}, line


def test_every_command_stands_in_the_table_of_commands() -> None:
    rows = re.findall(r"^\| `([a-z]+)", section(USE, "The command line"), re.MULTILINE)
    assert sorted(rows) == sorted({command.split()[0] for command in commands()})


# -- links of views, and searches


def test_every_parameter_of_a_link_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section(USE, "What a link holds"), re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted((*keys.ALL_KEYS, keys.LINES, keys.AS_OF, *PARAMETERS))


def test_every_field_of_a_search_is_explained() -> None:
    for field in FIELDS:
        assert f"`{field}:" in section(USE, "Searching"), field


# -- paths and links


def anchors(name: str) -> set[str]:
    """What a link into a document can name: its headings, as GitHub spells them."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", read(name), flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", documents())
def test_every_link_between_documents_leads_somewhere(name: str) -> None:
    for token in tokens(name):
        target = token.attrs.get("href") or token.attrs.get("src")
        if not isinstance(target, str) or re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (PROJECT / name).parent / path if path else PROJECT / name
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.resolve().relative_to(PROJECT).as_posix()), target


@pytest.mark.parametrize("name", PRESENT)
def test_every_module_and_folder_that_a_document_names_exists(name: str) -> None:
    """Written from the project's folder, or from that of its package; * stands for anything, CAPITALS for a name."""
    named = {token.content for token in tokens(name) if token.type == "code_inline"}
    for path in sorted(named - MADE):
        if re.fullmatch(r"[a-z0-9_.*][a-z0-9_./*-]*(?:\.py|/)", path):
            assert any(any((PROJECT / package).glob(path)) for package in (".", "ingest", "dashboard", "tests")), path


def test_what_to_do_about_damage_stands_where_the_messages_send_people() -> None:
    assert "`python -m ingest check`" in section(OPERATE, "Restoring the record")
    assert "(docs/operate.md#restoring-the-record)" in read("README.md")


# -- the version and the wheel


def test_the_version_stands_once() -> None:
    others = {"CHANGELOG.md", "ingest/tone/model/README.md"}  # what was, and another project's version
    files = [PROJECT / name for name in ("pyproject.toml", "app.py", *documents()) if name not in others]
    files += [path for package in ("ingest", "dashboard") for path in (PROJECT / package).rglob("*.py")]
    version = re.compile(rf"(?<![\d.=]){re.escape(__version__)}(?![\d.])")  # ==0.1.0 is another project's
    found = [path for path in files if version.search(path.read_text(encoding="utf-8"))]
    assert found == [PROJECT / "ingest" / "__init__.py"]


def test_a_wheel_holds_whatever_lies_in_the_packages() -> None:
    tool = tomllib.loads(read("pyproject.toml"))["tool"]["setuptools"]
    assert tool["py-modules"] == ["app"]
    assert tool["packages"]["find"]["include"] == ["ingest", "ingest.*", "dashboard", "dashboard.*"]
    kinds = {kind.removeprefix("*") for kind in tool["package-data"]["*"]} | {".py", ".pyc"}
    for package in ("ingest", "dashboard"):
        for path in (PROJECT / package).rglob("*"):
            assert path.is_dir() or path.suffix in kinds, f"{path}: name its kind in pyproject.toml, package-data"
