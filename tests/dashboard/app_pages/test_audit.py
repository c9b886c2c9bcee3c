"""The Audit and Methods pages, run as Streamlit runs them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from streamlit.testing.v1 import AppTest

from dashboard.app_pages import audit
from ingest.store import record, schema
from ingest.store.read import labels
from tests.dashboard.app_pages.test_pages import HOSTILE, Open, model, raw_markup, shown, texts
from tests.dashboard.app_pages.test_pages import open_page as open_page
from tests.helpers import newsroom as press
from tests.helpers.desk import on_sqlite
from tests.helpers.newsroom import NORTH, NOW, WEST, Press, entry

pytestmark = on_sqlite

WAS = ("Ada Quill won warm praise.", "Ada Quill was blamed for a terrible disaster.", "Ada Quill arrived.")
ALL_DAYS = {"period": "All"}


@pytest.fixture
def outlets(engine: Engine, tmp_path: Path) -> Press:
    """Twelve articles of two outlets; every second of them names Ben Marsh as well."""
    made = Press(engine, press.analyser(tmp_path))
    for outlet in (WEST, NORTH):
        entries = []
        for number in range(6):
            key = number + (100 if outlet == NORTH else 0)
            body = f"It rained on day {key}. {WAS[number % 3]} {'Then Ben Marsh left.' if number % 2 else ''}"
            entries.append(entry(key, f"Report {key}", body, NOW - timedelta(days=number)))
        made.publish(outlet, *entries)
    return made


def opened(open_page: Open, engine: Engine, by: str = "Ada", size: int = 50, **parameters: str) -> AppTest:
    """The page with a sample, and somebody who labels."""
    with engine.connect() as connection:
        revision = record.current_revision(connection)
    at = open_page("audit", sample=f"1-{size}", asof=str(revision), **ALL_DAYS, **parameters)
    return at.text_input(key="audit-name").set_value(by).run() if by else at


def press_key(at: AppTest, name: str) -> AppTest:
    """Clicks one of the buttons under the sentence."""
    (button,) = [each for each in at.button if re.match(rf"audit-{name}-\d+", each.key or "")]
    return button.click().run()


def card(at: AppTest) -> str:
    """The sentence to be labelled, as HTML."""
    (found,) = at.html
    return str(found.value)


def stored(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        asked = select(schema.label.c.by, schema.label.c.label).order_by(schema.label.c.id)
        return [(row.by, row.label) for row in connection.execute(asked)]


def test_a_sample_is_drawn_labelled_and_gone_on_with(open_page: Open, outlets: Press) -> None:
    at = open_page("audit", **ALL_DAYS)
    assert "18 scored mentions of 2 figures in 2 outlets" in shown(at)
    at.button(key="audit-start").click().run()
    assert _address(at) == ("1-100", str(_revision(outlets.engine)))
    assert "Who are you?" in shown(at)
    assert not at.html
    at.text_input(key="audit-name").set_value("  Ada\n").run()
    first = card(at)
    assert "<mark" in first
    for name in ("negative", "neutral", "skip", "unsure", "positive"):
        before = card(at)
        press_key(at, name)
        assert card(at) != before
    assert stored(outlets.engine) == [("Ada", each) for each in ("negative", "neutral", "unsure", "positive")]
    assert "4 of 18 labelled by Ada · 1 skipped" in _progress(at)
    # Another session, the same person however he writes himself: he goes on where he stopped.
    again = opened(open_page, outlets.engine, "ADA", size=100)
    assert "4 of 18 labelled by Ada" in _progress(again)
    assert "Ada" in shown(again)
    assert card(again) not in (first,)
    # Somebody else begins at the beginning, with the same mention.
    assert card(opened(open_page, outlets.engine, "Ben", size=100)) == first


def test_a_coder_corrects_himself_and_comes_to_an_end(open_page: Open, outlets: Press) -> None:
    at = opened(open_page, outlets.engine, size=3)
    first = card(at)
    press_key(at, "positive")
    press_key(at, "skip")  # comes again, after the third
    press_key(at, "back")
    assert card(at) == first
    assert "You said positive" in shown(at)
    press_key(at, "negative")
    press_key(at, "neutral")
    press_key(at, "unsure")
    assert "All labelled" in at.success[0].value
    assert [label for _, label in stored(outlets.engine)] == ["positive", "negative", "neutral", "unsure"]
    at.button(key="audit-more").click().run()
    assert _address(at)[0] == "1-18"
    assert "3 of 18 labelled by Ada" in _progress(at)


def test_no_score_can_be_seen_before_the_label_is_given(open_page: Open, outlets: Press) -> None:
    """The page is the same to the byte whatever the scores are: they are in no text, tooltip, key, order or address."""
    seen = []
    for turn in range(2):
        at = opened(open_page, outlets.engine, size=18)
        pages = []
        for _ in range(4):
            pages.append(_everything(at))
            press_key(at, "neutral")
        seen.append(pages)
        if not turn:
            with record.writing(outlets.engine) as connection:
                mention, analysis = schema.mention, schema.analysis
                turned = {"tone_rule": -mention.c.tone_rule - 0.01, "tone_encoder": 0.77, "confidence": 0.91}
                connection.execute(update(mention).values(turned | {"label": "positive"}))
                connection.execute(update(analysis).values(tone=-0.66))
                connection.execute(schema.label.delete())
            _load_anew()
    assert seen[0] == seen[1]


def test_results_are_measured_shown_and_exported(open_page: Open, outlets: Press) -> None:
    # What the rule says of the three sentences is what people say, but for one coder's last words.
    with outlets.engine.connect() as connection:
        ids = connection.execute(select(schema.mention.c.id).where(schema.mention.c.kind == "person")).scalars().all()
        passages = [each for id_ in ids if (each := labels.passage(connection, id_))]
        scored = {each.place: each for each in passages}
    right = {"won": "positive", "blamed": "negative"}
    with record.writing(outlets.engine) as connection:
        for by in ("Ada", "[x](http://evil.test)"):
            for place, passage in scored.items():
                said = next((label for word, label in right.items() if word in passage.sentence), "neutral")
                labels.add(connection, place, passage.article_id, said, by=by, now=NOW)  # type: ignore[arg-type]
        labels.add(connection, passages[0].place, passages[0].article_id, "unsure", by="Ada", now=NOW)
    at = opened(open_page, outlets.engine, size=100)
    at.segmented_control(key="audit-as").set_value("Results").run()
    said = shown(at)
    n = 2 * len(scored) - 1
    assert f"{n} labels of {len(scored)} mentions · by 2 coders" in said
    assert "1 unsure, not counted" in said
    assert f"| rule | {n} | 100 % (100 to 100 %) | 1.00 (1.00 to 1.00) | 1.00 |".replace(" %", "\u00a0%") in said
    assert f"n = {len(scored) - 1}, too few" in said
    assert r"\[x\]\(http" in said
    assert [text for text in texts(at) if raw_markup(text)] == []
    tables = [set(table.value.columns) for table in at.dataframe]
    assert tables == [{"name", "labels", "rule"}] * 2
    assert "too few" in at.dataframe[0].value["rule"].tolist() or n > 40
    at.segmented_control(key="audit-of").set_value("All labels").run()
    assert f"{n} labels" in shown(at)
    found = shown(open_page("methods"))
    assert f"your own labels (Audit) | {n} |" in found


def test_a_sample_that_nobody_labelled_has_no_results(open_page: Open, outlets: Press) -> None:
    at = opened(open_page, outlets.engine, by="")
    at.segmented_control(key="audit-as").set_value("Results").run()
    assert "Nobody has labelled anything here yet" in shown(at)


def test_a_sample_that_is_none_is_offered_anew(open_page: Open, outlets: Press) -> None:
    at = open_page("audit", sample="1-5;DROP", asof="1", **ALL_DAYS)
    assert at.button(key="audit-start")
    assert not at.exception
    for words in ("", "1", "1-0", "-1-5", "x-y", "1-99999", "9999999-10", "１-２", "1-5\n"):
        assert audit._written(words) is None, words
    assert audit._written("0-50") == (0, 50)
    assert audit._written("7-9999") == (7, 2_000)


def test_nothing_to_label_says_why(open_page: Open, outlets: Press) -> None:
    assert "No scored mention passes the filters" in shown(open_page("audit", q="zeppelin", **ALL_DAYS))
    assert "you know beforehand" in shown(open_page("audit", tone=["-0.50", "1.00"], **ALL_DAYS))


def test_an_empty_record_says_what_to_do(open_page: Open, engine: Engine) -> None:
    assert "Nothing has arrived yet." in shown(open_page("audit"))
    assert "Nothing has been scored yet." in shown(open_page("methods"))


def test_hostile_sentences_are_text(open_page: Open, engine: Engine, tmp_path: Path) -> None:
    outlets = Press(engine, press.analyser(tmp_path, FIGURE))
    # Enough English to be scored, and no two of it alike, or they were copies of one story.
    english = "On day {0} the committee of {0} said that {0} would speak to the {0} reporters of the paper later. "
    bodies = [
        f"{english.format(number * 7) * 40}\n\nThen {words[:3_000]} Ada Quill, {words[:3_000]}"
        for number, words in enumerate(HOSTILE)
    ]
    entries = [entry(number, f"Report {number}", body, NOW) for number, body in enumerate(bodies)]
    outlets.publish(WEST, *entries)
    at = opened(open_page, engine, '<img src="x">**[Ada](http://evil.test)**')
    for _ in entries:
        read = card(at)
        assert not re.search(r"<(script|img|a)\b", read)
        assert len(read) < 6_000
        assert [text for text in texts(at) if raw_markup(text)] == []
        press_key(at, "negative")
    at.segmented_control(key="audit-as").set_value("Results").run()
    assert not at.exception
    assert [text for text in texts(at) if raw_markup(text)] == []
    for table in at.dataframe:
        assert not [cell for cell in table.value["name"] if str(cell).startswith(("=", "+", "@"))]


FIGURE = """
[[figure]]
id = "ada-quill"
name = "=SUM(A1) <b>[Ada](http://evil.test)</b>"
strong = ["Ada Quill"]
"""


# -- methods ----------------------------------------------------------------------------------------------------------


def test_methods_explain_what_is_in_force(open_page: Open, outlets: Press) -> None:
    at = open_page("methods", **ALL_DAYS)
    said = shown(at)
    with outlets.engine.connect() as connection:
        scorer = connection.execute(select(schema.analysis.c.scorer).limit(1)).scalar_one()
    assert scorer.split("/")[0].replace("-", r"\-").split(".")[0] in said
    assert "3 figures, 2 topics" in said
    assert {each.value for each in at.subheader} >= {
        "What is counted",
        "Who is meant",
        "In what tone",
        "How far to trust the tone",
    }
    assert "the Audit page takes ten minutes" in said


# -- helpers ----------------------------------------------------------------------------------------------------------


def _revision(engine: Engine) -> int:
    with engine.connect() as connection:
        return record.current_revision(connection)


def _address(at: AppTest) -> tuple[str, str]:
    """Sample and revision as the URL has them."""
    found = {name: value[0] if isinstance(value, list) else value for name, value in at.query_params.items()}
    return found["sample"], found["asof"]


def _progress(at: AppTest) -> str:
    return "".join(str(element.proto.text) for element in at.get("progress"))


def _everything(at: AppTest) -> str:
    """All that is sent to the browser, and the address."""
    assert not at.exception
    sent: list[str] = []

    def walk(node: Any) -> None:
        sent.append(str(getattr(node, "proto", "")))
        for child in getattr(node, "children", {}).values():
            walk(child)

    walk(at._tree)
    assert len("".join(sent)) > 5_000
    return "\n".join([*sent, repr(at.query_params)])


def _load_anew() -> None:
    """The read model as it is after a start: scores that were changed behind its back are in it."""
    loaded = model()
    loaded.snapshot = type(loaded)(loaded.engine).snapshot
    loaded.catch_up()
