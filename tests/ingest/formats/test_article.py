"""Article files of the seed folder."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from ingest.errors import ParseError
from ingest.formats.article import article_file
from ingest.models import Entry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WRITTEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PARAGRAPH = "The council met again on Tuesday and could not agree on the budget for the coming year, it was said."
OTHER = "Its speaker hopes that the next meeting, which is planned for the end of the month, will bring a decision."
LONG_LINE = f"{PARAGRAPH} {OTHER} " * 5 + "So it goes on."


def _read(body: str | bytes, path: str = "talks.txt") -> Entry:
    return article_file(body.encode() if isinstance(body, str) else body, path=path, modified=WRITTEN, now=NOW)


def test_the_first_line_is_the_title_and_paragraphs_stay() -> None:
    entry = _read("\n\nTalks end\r\n\r\nFirst  paragraph.\n\n\n\nAt a glance\n\n  • one\n  • two\n", "north/talks.txt")
    assert (entry.title, entry.body) == ("Talks end", "First paragraph.\n\nAt a glance\n\n• one\n• two")
    assert (entry.source, entry.keys, entry.text_kind) == ("north/talks.txt", ("path:north/talks.txt",), "full")
    assert (entry.published, entry.published_from) == (WRITTEN, "file time")
    assert (entry.link, entry.author, entry.outlet, entry.group) == (None, None, None, None)


def test_front_matter_says_what_the_text_can_not() -> None:
    entry = _read(
        "---\ntitle: 'Talks: the end'\npublished: 2024-03-05 10:00:00 EST\nsource: The Daily\nurl: https://daily.example/7\n"
        "author: Ada\nlanguage: en-GB\ngroup: Demo\nmood: sour\n---\nFirst line of the body.\n\nSecond.",
        "2020-01-01 talks.txt",
    )
    assert (entry.title, entry.body) == ("Talks: the end", "First line of the body.\n\nSecond.")
    assert (entry.published, entry.published_from) == (datetime(2024, 3, 5, 15, tzinfo=UTC), "front matter")
    assert (entry.outlet, entry.group, entry.author, entry.language) == ("The Daily", "Demo", "Ada", "en")
    assert entry.link == "https://daily.example/7"


@pytest.mark.parametrize("stated", ["2024-03-05", "2024-03-05T00:00:00Z", "2024-03-05 01:00:00+01:00", "March 5, 2024"])
def test_front_matter_dates_may_be_written_in_many_ways(stated: str) -> None:
    entry = _read(f"---\npublished: {stated}\n---\nTalks")
    assert (entry.published, entry.published_from) == (datetime(2024, 3, 5, tzinfo=UTC), "front matter")


def test_dates_come_from_the_best_source_that_has_a_possible_one() -> None:
    assert _read("Talks", "2024-03-05 talks.txt").published_from == "file name"
    assert _read("---\npublished: 2099-01-01\n---\nTalks", "2024-03-05.txt").published_from == "file name"
    assert _read("---\npublished: soon\n---\nTalks", "2099-03-05.txt").published_from == "file time"


def test_a_bad_address_in_front_matter_is_no_link() -> None:
    assert _read("---\nurl: javascript:alert(1)\n---\nTalks").link is None


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("---\ntitle: a\nauthor: [b\n---\nTalks", "Line 4"),
        ("---\ntitle: a: b\n---\nTalks", "Line 2"),
        ("---\ntitle: a\nTalks", "Line 1"),
        ("---\npublished: 2024-13-45\n---\nTalks", "Line 1"),
        ("---\n- a: b\n---\nTalks", "Line 1"),
        ("---\na: !!python/object:os.system x\n---\nTalks", "Line 2"),
    ],
)
def test_front_matter_that_is_no_yaml_names_the_line(body: str, line: str) -> None:
    with pytest.raises(ParseError, match=line):
        _read(body)


def test_front_matter_values_stand_as_they_are_written_and_lists_are_passed_over() -> None:
    entry = _read(
        "---\ntitle: 1.10\nauthor: yes\nsource: ~\ntags: [a, {b: c}]\n? [x]\n: y\nurl: https://daily.example/7\n---\nTalks"
    )
    assert (entry.title, entry.author, entry.outlet) == ("1.10", "yes", None)
    assert entry.link == "https://daily.example/7"


@pytest.mark.parametrize(
    "front",
    [
        "a: &a [x, x]\ntitle: *a",
        "b: &b {x: y}\nc:\n  <<: *b",
        "<<: {title: x}",
        f"title: {'9' * 20_000}",
        f"title: 0x{'9' * 20_000}",
        f"title: {'1:' * 20_000}1",
        f"a: {'[' * 30_000}",
        "\n".join(f"k{n}: v" for n in range(350_000)),
    ],
)
def test_front_matter_that_grows_is_refused_at_once(front: str) -> None:
    start = time.process_time()
    with pytest.raises(ParseError, match=r"^Line \d: the front matter is"):
        _read(f"---\n{front}\n---\nTalks")
    assert time.process_time() - start < 5


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    assert _read("---\n\nTalks end\n\n---\n\nMore.").body.endswith("More.")


def test_markdown_loses_its_marks_and_keeps_its_words() -> None:
    entry = _read(
        "# Talks *end*\n\nThe **council** met [again](https://x.example/a_(b)) — see `minutes`.\n\n"
        "## Outlook ##\n\n### C#\n\n- one\n- two\n\n"
        "> A quote with snake_case_name and 2 * 3 * 4.\n\n![A picture](p.png)\n\n***\n\nEnd.",
        "talks.md",
    )
    assert entry.title == "Talks end"
    assert entry.body == (
        "The council met again — see minutes.\n\nOutlook\n\nC#\n\n- one\n- two\n\n"
        "A quote with snake_case_name and 2 * 3 * 4.\n\nA picture\n\nEnd."
    )


def test_a_first_line_too_long_for_a_title_stays_in_the_text() -> None:
    entry = _read(LONG_LINE)
    assert entry.title.endswith("…")
    assert entry.body == LONG_LINE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_usual_encodings_are_read(encoding: str) -> None:
    assert _read("Café “talks” – end".encode(encoding)).title == "Café “talks” – end"


@pytest.mark.parametrize("body", [b"\x7fELF\x00\x00", b"\xff\xfe\x00", bytes(range(1, 256)) * 4, b"PK\x03\x04\x00"])
def test_binary_files_are_no_articles(body: bytes) -> None:
    with pytest.raises(ParseError, match=r"binary|UTF-16"):
        _read(body)


@pytest.mark.parametrize(
    ("body", "path"), [("", "a.txt"), (" \n\n", "a.md"), ("---\n---\n", "a.txt"), ("<html></html>", "a.html")]
)
def test_an_empty_file_is_said_to_be_empty(body: str, path: str) -> None:
    with pytest.raises(ParseError, match="no text"):
        _read(body, path)


def test_a_saved_page_is_read_with_its_metadata() -> None:
    entry = _read(
        f"""<!DOCTYPE html><html lang="en-US"><head><title>Talks end | The Daily</title>
        <meta property="og:title" content="Talks end"><meta name="author" content="Ada Byron">
        <meta property="article:published_time" content="2024-03-05T10:00:00Z">
        <link rel="canonical" href="https://daily.example/7"></head><body><nav><a href="/">Home</a></nav>
        <article><h1>Talks end</h1><p>{PARAGRAPH}</p><p>{OTHER}</p><script>track()</script></article>
        <footer>All rights reserved</footer></body></html>""",
        "talks.html",
    )
    assert (entry.title, entry.author, entry.language) == ("Talks end", "Ada Byron", "en")
    assert (entry.published, entry.published_from) == (datetime(2024, 3, 5, tzinfo=UTC), "page")
    assert entry.link == "https://daily.example/7"
    assert f"{PARAGRAPH}\n\n{OTHER}" in entry.body
    assert "track" not in entry.body


def test_a_page_that_states_no_date_has_the_files() -> None:
    entry = _read(f"<html><body><p>{PARAGRAPH}</p><p>It was 12 March 2019. {PARAGRAPH}</p></body></html>", "talks.htm")
    assert (entry.published, entry.published_from) == (WRITTEN, "file time")


def test_a_page_too_short_for_the_extractor_is_read_plainly() -> None:
    entry = _read("<title>Talks</title><p>They ended.", "talks.html")
    assert entry.title == "Talks"
    assert "They ended." in entry.body


def test_hostile_markdown_is_read_in_linear_time() -> None:
    start = time.process_time()
    for signs in ("__a ", "![", "[a](", "**a ", "*a ", "_a ", "`", "# ", "#" + " " * 50):
        _read("Talks\n\n# " + signs * 50_000, "talks.md")
    assert time.process_time() - start < 15
