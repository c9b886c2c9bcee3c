"""The watch-list's file: what an entry becomes, and how each mistake is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingest.errors import ConfigFileError
from ingest.watchlist import figures
from ingest.watchlist.figures import Role

JANE = """
[[figure]]
id = "jane-doe"
name = "Jane Doe"
strong = ["Jane Doe"]
"""


def _load(tmp_path: Path, words: str) -> list[figures.Figure]:
    path = tmp_path / "figures.toml"
    path.write_text(words, encoding="utf-8")
    return figures.load(path)


def test_a_full_entry_is_read(tmp_path: Path) -> None:
    (figure,) = _load(
        tmp_path,
        JANE
        + """weak = ["Doe"]
famous = true
not = ["John Doe"]
offices = ["Doe government"]
names.ko = ["제인 도"]
names.de = ["Jane Doe"]
wikidata = "Q1"
group = "Ruritania"
[[figure.role]]
title = "Minister"
of = "Ruritania"
from = 2025-03-01
to = 2026-03-01
phrases = ["Ruritanian minister"]
""",
    )
    assert (figure.id, figure.name, figure.group, figure.wikidata) == ("jane-doe", "Jane Doe", "Ruritania", "Q1")
    assert (figure.strong, figure.weak, figure.famous) == (("Jane Doe",), ("Doe",), True)
    assert (figure.not_, figure.offices) == (("John Doe",), ("Doe government",))
    assert figure.names == (("de", ("Jane Doe",)), ("ko", ("제인 도",)))
    (role,) = figure.roles
    assert role == Role("Minister", "Ruritania", date(2025, 3, 1), date(2026, 3, 1), ("Ruritanian minister",))
    assert figure.as_dict()["roles"][0]["until"] == "2026-03-01"


def test_an_entry_needs_little(tmp_path: Path) -> None:
    (figure,) = _load(tmp_path, JANE)
    assert (figure.weak, figure.famous, figure.roles, figure.group) == ((), False, (), "")


def test_a_role_lasts_from_its_first_day_to_its_successors() -> None:
    role = Role("Minister", since=date(2025, 3, 1), until=date(2026, 3, 1))
    days = [date(2025, 2, 28), date(2025, 3, 1), date(2026, 2, 28), date(2026, 3, 1)]
    assert [role.held_on(day) for day in days] == [False, True, True, False]
    assert Role("Minister").held_on(date(1900, 1, 1))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('nickname = ["Jay"]', "unknown key 'nickname'. Known are: famous, group"),
        ('weak = "Doe"', "'weak' must be a list of texts"),
        ("famous = true", "'famous' says that the weak names are safe alone, but there are none"),
        ('famous = "yes"', "'famous' must be true or false"),
        ('names = ["제인"]', "'names' must be a table"),
        ('names.ko = "제인"', r"'names\.ko' must be a list of texts"),
        ('names.ko = [" "]', r"'names\.ko' must be a list of texts"),
        ('names.korean = ["제인"]', r"'names\.korean': give the language as two small letters"),
        ("wikidata = 22686", "'wikidata' is needed and must be a text"),
        ('role = "Minister"', "'role' must be a list of tables"),
        ("[[figure.role]]\nfrom = 2025-03-01", r"role 1: 'title' is needed"),
        ('[[figure.role]]\ntitle = "Minister"\nsince = 2025-03-01', "role 1: unknown key 'since'"),
        ('[[figure.role]]\ntitle = "Minister"\nfrom = "2025-03-01"', "role 1: 'from' must be a date without quotes"),
        (
            '[[figure.role]]\ntitle = "Minister"\nfrom = 2025-03-01\nto = 2025-03-01',
            r"role 1: it ends \(2025-03-01\) before it begins \(2025-03-01\)",
        ),
        ('[[figure.role]]\ntitle = "Minister"\nphrases = "the minister"', "role 1: 'phrases' must be a list"),
    ],
)
def test_a_mistake_is_named_with_file_entry_and_key(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(ConfigFileError, match=complaint) as caught:
        _load(tmp_path, f"{JANE}{line}\n")
    first = JANE.count("\n") + 1
    lines = [*range(first, first + line.count("\n") + 1), 2]
    assert any(f"{tmp_path / 'figures.toml'}, line {n}: figure 1 (jane-doe)" in str(caught.value) for n in lines)


@pytest.mark.parametrize("left_out", ["id", "name", "strong"])
def test_what_is_needed_can_not_be_left_out(tmp_path: Path, left_out: str) -> None:
    kept = "\n".join(line for line in JANE.splitlines() if not line.startswith(left_out))
    with pytest.raises(ConfigFileError, match=f"'{left_out}' (is needed|needs at least one)"):
        _load(tmp_path, kept)


def test_two_entries_can_not_have_one_id(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match=r"figure 2 \(jane-doe\): the id 'jane-doe' is taken"):
        _load(tmp_path, JANE + JANE)


def test_two_figures_can_not_share_a_strong_name(tmp_path: Path) -> None:
    twin = JANE.replace('"jane-doe"', '"jane-doe-ii"').replace('["Jane Doe"]', '["Jane DOE"]')
    with pytest.raises(ConfigFileError, match=r"figure 2 \(jane-doe-ii\): 'strong' has \"Jane DOE\", .* jane-doe"):
        _load(tmp_path, JANE + twin)


def test_two_figures_can_share_a_surname(tmp_path: Path) -> None:
    sister = JANE.replace("jane-doe", "ann-doe").replace("Jane", "Ann") + 'weak = ["Doe"]\n'
    assert [figure.weak for figure in _load(tmp_path, f'{JANE}weak = ["Doe"]\n{sister}')] == [("Doe",), ("Doe",)]


def test_the_line_is_the_keys_own_however_the_file_is_written(tmp_path: Path) -> None:
    tricky = (
        '# [[figure]]\n[[figure]]\nid = "ann-doe"\nname = "[[figure]]"\n'
        'strong = [\n  "Ann Doe", # ]\n  "weak = []",\n]\n'
        '[[figure.role]]\ntitle = "Minister"\nfrom = 2025-03-01\n[[figure.role]]\ntitle = "Judge"\nfrom = 2025-03-01\n'
        "to = 2024-03-01\n"
    )
    with pytest.raises(ConfigFileError, match=r"line 15: figure 1 \(ann-doe\), role 2: it ends"):
        _load(tmp_path, tricky)
    with pytest.raises(
        ConfigFileError, match=r"line 18: figure 2 \(bob-doe\): unknown key 'names\.klingon'|line 19: .*klingon"
    ):
        _load(
            tmp_path,
            tricky.replace("to = 2024", "to = 2026")
            + '[[figure]]\nid = "bob-doe"\nname = "Bob"\nnames.klingon = ["B"]\nstrong = ["Bob Doe"]\n',
        )


def test_a_day_that_there_is_not_names_line_and_entry(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match=r"line 7.*in the entry 'jane-doe'"):
        _load(tmp_path, f'{JANE}[[figure.role]]\nfrom = 2025-02-30\ntitle = "Minister"\n')


@pytest.mark.parametrize("key", ["weak", "not", "offices"])
def test_a_strong_name_is_nobody_elses_look_alike_or_surname(tmp_path: Path, key: str) -> None:
    other = JANE.replace("jane-doe", "ann-roe").replace("Jane Doe", "Ann Roe") + f'{key} = ["jane-doe"]\n'
    with pytest.raises(
        ConfigFileError, match=rf"line 11: figure 2 \(ann-roe\): '{key}' has \"jane-doe\", .* of jane-doe"
    ):
        _load(tmp_path, JANE + other)
