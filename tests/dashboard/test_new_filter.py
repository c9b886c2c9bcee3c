"""A new filter is a field and a row with its SQL, in two files: three of them are made in a copy of the project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ingest.settings import PROJECT

#: What somebody would write: file, the line that it stands behind, the new lines.
WRITTEN = (
    (
        "ingest/store/read/filters.py",
        '    search: str = ""\n',
        '    byline: str = ""\n    letters: tuple[float, float] | None = None\n    undersigned: bool = False\n',
    ),
    (
        "ingest/store/read/filters.py",
        "FILTERS: Final[tuple[Filter, ...]] = (\n",
        """
    Filter("byline", "words", "--byline", "Who wrote it.", where=lambda value, content, _: content.author == value),
    Filter(
        "letters", "range", "--letters", "Letters of the title.", ends=(0.0, 300.0), form=".0f", base=True,
        where=lambda value, content, _: content.title.op("LIKE")("_" * int(value[0]) + "%")
        & ~content.title.op("LIKE")("_" * (int(value[1]) + 1) + "%"),
    ),
    Filter(
        "undersigned", "flag", "--undersigned", "Only what has an author.", told="only",
        where=lambda _, content, __: content.author.is_not(None),
    ),
""",
    ),
    (
        "dashboard/keys.py",
        "CONTROLS: Final[tuple[Control, ...]] = (\n",
        """
    Control("byline", "byline", "Author", "words", ""),
    Control("letters", "letters", "Letters of the title", "range", (0.0, 300.0), step=5.0),
    Control("undersigned", "undersigned", "Only signed", "switch", False),
""",
    ),
)

#: Everything that a filter is to be, tried in the copy.
TRIED = """
import json, sys
from pathlib import Path

from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from dashboard.state import process
from ingest import settings
from ingest.__main__ import app
from ingest.analyser import Analyser
from ingest.run.pipeline import Pipeline
from ingest.run.seeding import SeedFolder
from ingest.store import record
from ingest.watchlist.lists import Watchlist

assert settings.PROJECT == Path.cwd(), "it is the copy that is tried"
active = settings.load()
active.prepare()
watched = Watchlist.load(settings.PROJECT / "seeds/figures.toml", settings.PROJECT / "seeds/topics.toml")
assert not SeedFolder(Pipeline(record.open_engine(active.database), Analyser(watched)), active.seeds).read().faults

def articles(at):
    return next(text.value for text in at.markdown if " source" in str(text.value)).split(" · ")[0]

def page(**given):
    at = AppTest.from_file(Path("dashboard/main.py"), default_timeout=60)
    at.query_params.update(given)
    at.run()
    assert not at.exception, at.exception
    return at

assert articles(page()) == "**4 articles**"
assert articles(page(byline="North")) == "**2 articles**"
assert articles(page(letters=["0", "15"])) == "**2 articles**"
assert articles(page(undersigned="true")) == "**3 articles**"
at = page(byline="North", letters=["0", "15"], undersigned="true")
assert articles(at) == "**1 article**"

chips = {button.key: button.label for button in at.button if str(button.key).startswith("chip-")}
assert chips == {
    "chip-byline": "byline North", "chip-letters": "letters 0 to 15", "chip-undersigned": "Only signed"
}, chips
at.session_state["copy-link"] = True
link = at.run().code[0].value
assert "byline=North&letters=0&letters=15&undersigned=true" in link, link
next(button for button in at.sidebar.button if button.label == "Reset").click().run()
assert articles(at) == "**4 articles**"

asked = ["export", "articles", "--format", "jsonl", "--byline", "North", "--letters", "0", "15", "--undersigned"]
told = CliRunner().invoke(app, asked)
(row,) = map(json.loads, filter(lambda line: line.startswith("{"), told.output.splitlines()))
assert row["title"] == "Quill speaks", row
assert row["filters"] == "byline=North; letters=0 to 15; undersigned=only", row
assert "takes the lowest first" in CliRunner().invoke(app, [*asked[:-4], "--letters", "9", "2"]).output
attention = CliRunner().invoke(app, ["export", "attention", "--figure", "joe-biden", "--format", "jsonl", *asked[4:]])
row = json.loads(next(line for line in attention.output.splitlines() if line.startswith("{")))
assert (row["articles"], row["all"]) == (1, 2), "the length of the title narrows what shares are of, the author not"
"""

ARTICLES = {
    "one.md": ("Quill speaks", "North"),
    "two.md": ("Quill speaks again at length", "North"),
    "three.md": ("Rain comes", "South"),
    "four.md": ("No more is known of the harbour", ""),
}


def test_a_new_filter_is_a_widget_a_chip_an_option_and_in_links_and_exports(tmp_path: Path) -> None:
    copy = tmp_path / "project"
    for folder in ("ingest", "dashboard", "seeds", ".streamlit"):
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "*.onnx", "demo"))
    for name, line, new in WRITTEN:
        text = (copy / name).read_text(encoding="utf-8")
        assert text.count(line) == 1, f"{name} has changed: say here where a filter is written now"
        (copy / name).write_text(text.replace(line, line + new), encoding="utf-8")
    seeds = tmp_path / "drop"
    seeds.mkdir()
    for name, (title, author) in ARTICLES.items():
        signed = f"author: {author}\n" if author else ""
        front = f"---\ntitle: {title}\ndate: 2026-11-20\n{signed}---\n"
        (seeds / name).write_text(f"{front}Joe Biden spoke about the weather in {name}.\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DISCOURSE_")} | {
        "DISCOURSE_DATA_DIR": str(tmp_path / "data"),
        "DISCOURSE_SEEDS_DIR": str(seeds),
        "DISCOURSE_TONE": "rule",
        "DISCOURSE_WORKER": "external",
    }
    done = subprocess.run(
        [sys.executable, "-c", TRIED], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr.partition("nanobind")[0][-3000:]
