"""The floor plan: how many modules a folder holds, how long one is, that no name means two things, where SQL stands.

In which direction folders use each other is import-linter's (pyproject.toml).
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from ingest.settings import PROJECT

MODULES, LINES = 12, 320

#: Names that stand in two folders, with the reason; another one needs a better name.
SHARED_NAMES = {
    "articles": "what the record answers; the page of that name",
    "figures": "the file's entries; the commands of that name; the page of that name",
    "charts": "a package, and its module that holds them all",
    "loop": "the loop; the commands that run it",
    "record": "the record; the commands on it",
    "search": "a package, and its module that answers",
    "sources": "where bytes come from; what the record answers; the page of that name",
    "tone": "a package; a group of commands is called as one types it",
}
#: What builds or sends a statement to the record; the read model reads the record for its facts.
SQL = {"select", "insert", "update", "delete", "text", "func", "exec_driver_sql"}
WITH_SQL = ("ingest/store", "dashboard/model")
#: Modules that are longer, with the reason.
LONG: dict[str, str] = {"ingest/store/schema.py": "every table, in one place"}


def modules() -> list[Path]:
    """Every module and package of ours, from the project's folder."""
    found = [path for package in ("ingest", "dashboard") for path in (PROJECT / package).rglob("*.py")]
    return sorted(path.relative_to(PROJECT) for path in found if "migrations" not in path.parts)


def test_a_folder_can_be_taken_in_at_a_glance() -> None:
    held: dict[Path, list[str]] = defaultdict(list)
    for path in modules():
        if path.name not in ("__init__.py", "__main__.py"):
            held[path.parent].append(path.stem)
    assert {str(folder): names for folder, names in held.items() if len(names) > MODULES} == {}


def test_no_name_means_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        if path.name not in ("__init__.py", "__main__.py"):
            places[path.stem].append(str(path.parent))
        elif path.name == "__init__.py" and len(path.parts) > 2:
            places[path.parent.name].append(str(path.parent.parent))
    twice = {name: folders for name, folders in places.items() if len(folders) > 1}
    assert {name: folders for name, folders in twice.items() if name not in SHARED_NAMES} == {}
    assert set(SHARED_NAMES) - set(twice) == set(), "listed, but there is only one"


def test_a_module_can_be_read_in_one_sitting() -> None:
    lengths = {path.as_posix(): len((PROJECT / path).read_text(encoding="utf-8").splitlines()) for path in modules()}
    long = {path: length for path, length in lengths.items() if length > LINES}
    assert {path: length for path, length in long.items() if path not in LONG} == {}
    assert set(LONG) - set(long) == set(), "listed, but short enough"


def test_every_folder_says_what_it_is_for() -> None:
    for path in modules():
        if path.name == "__init__.py":
            assert (PROJECT / path).read_text(encoding="utf-8").startswith('"""'), path


def test_sql_stands_in_the_store_and_in_the_read_model_only() -> None:
    found: dict[str, set[str]] = {}
    for path in modules():
        if path.is_relative_to(WITH_SQL[0]) or path.is_relative_to(WITH_SQL[1]):
            continue
        used: set[str] = set()
        for node in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                used |= SQL & {name.name for name in node.names}
            elif isinstance(node, ast.Import) and any(name.name.startswith("sqlalchemy") for name in node.names):
                used.add("import sqlalchemy")
            elif isinstance(node, ast.Attribute):
                used |= SQL & {node.attr} & {"exec_driver_sql"}
        if used:
            found[path.as_posix()] = used
    assert found == {}
