"""Rows that say what they were made from."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest import bins
from ingest.analyser import Analyser
from ingest.errors import SearchError
from ingest.run.pipeline import Pipeline
from ingest.run.seeding import SeedFolder
from ingest.store.read import export, sources
from ingest.store.read.filters import Filters
from ingest.text.escape import csv_cell
from tests.helpers.desk import Desk


def _article(title: str, body: str, published: str, **front: str) -> str:
    lines = [f"title: '{title}'", f"published: {published}", "language: en"]
    lines += [f"{key}: {value}" for key, value in front.items()]
    return "---\n" + "\n".join(lines) + f"\n---\n{body}\n"


@pytest.fixture
def filled(desk: Desk, engine: Engine, analyser: Analyser) -> Engine:
    """Five articles of three outlets over three weeks, one of them a demo."""
    for name, words in {
        "a.md": _article("Tariffs rise", "Ada Quill was happy. Ben Marsh was sad.", "2026-03-02", source="Post"),
        "b.md": _article("Summit opens", "The Quill administration failed badly.", "2026-03-03", source="Post"),
        "c.md": _article("=HYPERLINK(1)", "Ada Quill said nothing.", "2026-03-12", source="Courier", author="'+1'"),
        "d.md": _article("Quiet day", "Nobody said anything.", "2026-03-20", source="Courier", language="de"),
        "e.md": _article("Old summit", "Ada Quill won.", "2020-01-01", source="Demo Wire", group="Demo"),
    }.items():
        desk.drop(name, words)
    assert SeedFolder(Pipeline(engine, analyser), desk.seeds).read().faults == ()
    return engine


def _rows(engine: Engine, what: str, *arguments: Any, **filters: Any) -> list[export.Row]:
    with engine.connect() as connection:
        return list(getattr(export, what)(connection, Filters(**filters), *arguments))


def _titles(engine: Engine, **filters: Any) -> list[str]:
    return [row["title"] for row in _rows(engine, "articles", **filters)]


def _id(engine: Engine, name: str) -> int:
    with engine.connect() as connection:
        return next(row.id for row in sources.listing(connection) if row.name == name)


def test_articles_come_newest_first_and_the_demo_stays_out(filled: Engine) -> None:
    assert _titles(filled) == ["Quiet day", "=HYPERLINK(1)", "Summit opens", "Tariffs rise"]


def test_the_demo_is_there_when_it_is_chosen(filled: Engine) -> None:
    assert _titles(filled, sources=(_id(filled, "Demo Wire"),)) == ["Old summit"]


def test_the_demo_is_all_there_is_while_there_is_nothing_else(desk: Desk, engine: Engine, analyser: Analyser) -> None:
    desk.drop("e.md", _article("Old summit", "Ada Quill won.", "2020-01-01", source="Demo Wire", group="Demo"))
    SeedFolder(Pipeline(engine, analyser), desk.seeds).read()
    assert _titles(engine) == ["Old summit"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"figures": ("ada-quill",)}, ["=HYPERLINK(1)", "Tariffs rise"]),
        ({"figures": ("ada-quill",), "offices": True}, ["=HYPERLINK(1)", "Summit opens", "Tariffs rise"]),
        ({"figures": ("ben-marsh",)}, ["Tariffs rise"]),
        ({"topics": ("trade",)}, ["Tariffs rise"]),
        ({"topics": ("trade", "summits")}, ["Summit opens", "Tariffs rise"]),
        ({"languages": ("de",)}, ["Quiet day"]),
        ({"since": date(2026, 3, 3), "until": date(2026, 3, 12)}, ["=HYPERLINK(1)", "Summit opens"]),
        ({"tone": (-1.0, -0.1)}, ["Summit opens"]),
        ({"search": "badly administration"}, ["Summit opens"]),
        ({"figures": ("ada-quill",), "search": "happy", "topics": ("summits",)}, []),
    ],
    ids=str,
)
def test_filters_narrow_together(filled: Engine, filters: dict[str, Any], found: list[str]) -> None:
    assert _titles(filled, **filters) == found


def test_a_search_without_a_word_is_no_search_for_everything(filled: Engine) -> None:
    with pytest.raises(SearchError, match="no word"):
        _titles(filled, search="…")


def test_as_of_a_revision_everything_is_as_it_was(desk: Desk, filled: Engine, analyser: Analyser) -> None:
    kinds = (("articles",), ("mentions",), ("attention", "month"))
    before = [_rows(filled, *kind) for kind in kinds]
    desk.drop("a.md", _article("Tariffs fall", "Ben Marsh was glad.", "2026-03-02", source="Post"), age=30)
    desk.drop("f.md", _article("Tariffs again", "Ada Quill won.", "2026-03-02", source="Gazette"), age=30)
    SeedFolder(Pipeline(filled, analyser), desk.seeds).read()
    assert _titles(filled, search="tariffs rise") == []
    assert [row["title"] for row in _rows(filled, "articles", search="rise OR again", as_of=1)] == ["Tariffs rise"]
    for kind, then in zip(kinds, before, strict=True):
        now, again = _rows(filled, *kind), _rows(filled, *kind, as_of=1)
        assert {row["revision"] for row in now} != {1}
        assert again == then != now


def test_what_is_committed_while_an_export_is_read_changes_nothing_in_it(
    desk: Desk, filled: Engine, analyser: Analyser
) -> None:
    with filled.connect() as connection:
        rows = export.articles(connection, Filters())
        first = next(rows)
        desk.drop("g.md", _article("Tariffs again", "Ada Quill won.", "2026-03-01", source="Post"))
        SeedFolder(Pipeline(filled, analyser), desk.seeds).read()
        rest = list(rows)
    assert [row["title"] for row in (first, *rest)] == ["Quiet day", "=HYPERLINK(1)", "Summit opens", "Tariffs rise"]
    assert {row["revision"] for row in rest} == {1}


def test_an_article_says_what_it_holds_and_what_it_was_made_from(filled: Engine) -> None:
    row = _rows(filled, "articles", search="tariffs")[0]
    assert (row["source"], row["published"], row["published_from"]) == (
        "Post",
        "2026-03-02T00:00:00+00:00",
        "front matter",
    )
    assert (row["figures"], row["topics"], row["language"]) == ("ada-quill ben-marsh", "trade", "en")
    assert row["cap"] == "18", "the codebook's major topics, for who counts beside other research"
    assert "cap" in export.columns("articles", "week")
    assert (row["revision"], row["filters"]) == (1, "search=tariffs")
    assert len(row["watchlist"]) == 12
    assert row["scorer"].startswith("vader")


def test_every_filter_is_written_down(filled: Engine) -> None:
    everything = Filters(
        figures=("ada-quill",),
        sources=(7,),
        topics=("trade",),
        languages=("en",),
        since=date(2026, 1, 1),
        until=date(2026, 2, 1),
        tone=(-0.5, 1),
        search=" a b ",
        offices=True,
    )
    assert export.in_words(everything, {7: "Post"}) == (
        "figures=ada-quill; sources=Post; topics=trade; languages=en; from=2026-01-01; to=2026-02-01; "
        "tone=-0.50 to +1.00; search=a b; offices=counted"
    )
    assert export.in_words(Filters(), {}) == ""


def test_a_mention_comes_with_its_sentence_and_where_the_name_stands_in_it(filled: Engine) -> None:
    rows = _rows(filled, "mentions", sources=(_id(filled, "Post"),))
    found = {(row["figure"], row["kind"], row["sentence"][row["start"] : row["end"]]) for row in rows}
    assert found == {
        ("ada-quill", "person", "Ada Quill"),
        ("ben-marsh", "person", "Ben Marsh"),
        ("ada-quill", "office", "Quill administration"),
    }
    by_figure = {row["figure"]: row for row in rows if row["kind"] == "person"}
    assert by_figure["ada-quill"]["sentence"] == "Ada Quill was happy."
    assert by_figure["ada-quill"]["label"] == "positive"
    assert by_figure["ben-marsh"]["label"] == "negative"


def test_attention_gives_numerator_denominator_and_share_of_every_bin(filled: Engine) -> None:
    rows = _rows(filled, "attention", "week", figures=("ada-quill",))
    assert [(row["week"], row["articles"], row["all"], row["share"]) for row in rows] == [
        ("2026-03-02", 1, 2, 0.5),
        ("2026-03-09", 1, 1, 1.0),
        ("2026-03-16", 0, 1, 0.0),
    ]
    assert sum(row["articles"] for row in _rows(filled, "attention", "month", figures=("ada-quill",))) == 2


def test_offices_count_when_asked(filled: Engine) -> None:
    rows = _rows(filled, "attention", "month", figures=("ada-quill",), offices=True)
    assert [(row["month"], row["articles"], row["all"]) for row in rows] == [("2026-03-01", 3, 4)]


def test_what_narrows_leaves_the_denominator_alone(filled: Engine) -> None:
    rows = _rows(filled, "attention", "month", topics=("trade",))
    assert {row["figure"]: (row["articles"], row["all"]) for row in rows} == {"ada-quill": (1, 4), "ben-marsh": (1, 4)}


def test_days_without_any_article_have_no_share(filled: Engine) -> None:
    rows = _rows(filled, "attention", "day", figures=("ada-quill",), since=date(2026, 3, 2), until=date(2026, 3, 4))
    assert [(row["articles"], row["all"], row["share"]) for row in rows] == [(1, 1, 1.0), (0, 1, 0.0), (0, 0, None)]


def test_csv_defuses_formulas_and_jsonl_keeps_the_words(filled: Engine) -> None:
    rows = _rows(filled, "articles", languages=("en",))
    table, lines = io.StringIO(), io.StringIO()
    header = export.columns("articles", "week")
    assert export.write(rows, table, "csv", header) == export.write(rows, lines, "jsonl", header) == 3
    found = list(csv.DictReader(io.StringIO(table.getvalue())))
    assert [row["title"] for row in found] == ["'=HYPERLINK(1)", "Summit opens", "Tariffs rise"]
    assert found[0]["author"] == "'+1"
    negative = next(row["tone"] for row in found if row["title"] == "Summit opens")
    assert float(negative) < 0, "a number stays a number"
    assert json.loads(lines.getvalue().splitlines()[0])["title"] == "=HYPERLINK(1)"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    assert csv_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["a=1", "Ada Quill", "", None, -0.5, 3])
def test_what_is_no_formula_stays_as_it_is(cell: object) -> None:
    assert csv_cell(cell) == cell


def test_nothing_found_is_a_table_without_rows() -> None:
    table = io.StringIO()
    assert export.write([], table, "csv", export.columns("attention", "month")) == 0
    assert table.getvalue().startswith("month,figure,articles,all,share,revision,")


def test_the_columns_promised_are_those_of_the_rows(filled: Engine) -> None:
    assert list(_rows(filled, "articles")[0]) == export.columns("articles", "day")
    assert list(_rows(filled, "mentions")[0]) == export.columns("mentions", "day")
    assert list(_rows(filled, "attention", "day")[0]) == export.columns("attention", "day")


# -- bins


@pytest.mark.parametrize(
    ("unit", "starts"),
    [
        ("day", ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]),
        ("week", ["2026-02-23", "2026-03-02"]),
        ("month", ["2026-02-01", "2026-03-01"]),
        ("quarter", ["2026-01-01"]),
        ("year", ["2026-01-01"]),
    ],
)
def test_bins_cover_a_period_from_its_first_to_its_last_day(unit: bins.Bin, starts: list[str]) -> None:
    found = bins.between(date(2026, 2, 27), date(2026, 3, 2), unit)
    assert [start.isoformat() for start in found] == starts
    assert all(bins.start_of(start, unit) == start for start in found)
    assert found[1:] == [bins.after(start, unit) for start in found[:-1]]


@pytest.mark.parametrize(
    ("days", "articles", "unit"),
    [
        (1, 5, "day"),
        (70, 1_000, "day"),
        (71, 1_000, "week"),
        (3_650, 100_000, "quarter"),
        (70, 60, "week"),
        (3, 1, "day"),
    ],
)
def test_the_automatic_bin_follows_length_and_number_of_articles(days: int, articles: int, unit: str) -> None:
    first = date(2026, 1, 1)
    assert bins.automatic(first, date.fromordinal(first.toordinal() + days - 1), articles) == unit
