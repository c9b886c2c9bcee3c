"""The versions of an article, and how the reader shows what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from streamlit.testing.v1 import AppTest

from dashboard.reader import edits
from ingest.analyser import Analyser
from ingest.models import Entry
from ingest.run.pipeline import Pipeline
from ingest.store import record, schema
from ingest.store.read import history
from ingest.store.read.history import Version
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring
from tests.helpers.desk import utc
from tests.helpers.newsroom import OUTLETS, Press, entry

SEEN = datetime(2026, 3, 5, 10, tzinfo=UTC)


def _version(body: str, title: str = "Talks end", **other: object) -> Version:
    made = Version(SEEN, title, body, "Ada", "http://news.test/1", SEEN)
    return replace(made, **other)  # type: ignore[arg-type]


def _stored(engine: Engine, article_id: int = 1, as_of: int | None = None) -> list[Version]:
    with engine.connect() as connection:
        return history.versions(connection, article_id, as_of)


def test_bad_input_56_an_edited_item_is_a_new_version_and_the_old_one_is_kept(
    engine: Engine, analyser: Analyser
) -> None:
    press = Press(engine, analyser)
    outlet = OUTLETS[0].key
    for body in ("The ferry sank.", "The ferry sank off Oban.", "The ferry sank off Oban. Nobody was hurt."):
        press.publish(outlet, entry(1, "Ferry sinks", body, utc(2026, 3, 5)))
    assert [version.body for version in _stored(engine)] == [
        "The ferry sank.",
        "The ferry sank off Oban.",
        "The ferry sank off Oban. Nobody was hurt.",
    ]
    with engine.connect() as connection:
        second = connection.execute(select(schema.content.c.rev_from).order_by(schema.content.c.id).offset(1)).scalar()
    assert len(_stored(engine, as_of=second)) == 2


def test_a_summary_that_gave_way_to_its_page_is_no_edit(engine: Engine, analyser: Analyser) -> None:
    press = Press(engine, analyser)
    given_ = entry(1, "Ferry sinks", "A ferry sank.", utc(2026, 3, 5))
    press.publish(OUTLETS[0].key, given_)
    whole = analyser.article(replace(given_, body="A ferry sank. Its crew of nine swam ashore."), utc(2026, 3, 6))
    with record.writing(engine) as connection:
        commit = Commit(connection, utc(2026, 3, 6), "page")
        scoring = Scoring(commit.watchlist(analyser.watchlist), "test")
        content_id = connection.execute(select(schema.content.c.id)).scalar_one()
        assert commit.complete(1, content_id, whole, scoring=scoring, page_at=None)
    (version,) = _stored(engine)
    assert version.body == "A ferry sank. Its crew of nine swam ashore."


def test_the_date_that_a_feed_gives_is_kept_even_where_it_can_not_be(engine: Engine, analyser: Analyser) -> None:
    pipeline: Pipeline = Press(engine, analyser).pipeline
    odd = Entry(
        source="f", title="Soon", body="Words.", keys=("guid:9",), text_kind="summary", feed_at=utc(2099, 1, 1)
    )  # fmt: skip
    pipeline.store([(OUTLETS[0], 0, analyser.article(odd))], "test")
    with engine.connect() as connection:
        row = connection.execute(select(schema.content)).one()
    assert row.feed_at == utc(2099, 1, 1)
    assert (row.published_from, row.published_at == row.fetched_at) == ("fetch time", True)


# -- what changed -----------------------------------------------------------------------------------------------------


def test_a_rewritten_sentence_shows_the_words_that_went_and_came() -> None:
    (block,) = edits.blocks(_version("It rained all day. He left."), _version("It rained all night. He left."), "en")
    assert "It rained all" in block
    assert "<del" in block
    assert ">day.</del>" in block
    assert ">night.</ins>" in block
    assert "He left" not in block


def test_sentences_put_in_and_taken_out_stand_alone() -> None:
    before, after = _version("One came. Two went."), _version("One came. Somebody else entirely stayed here.")
    taken, put = edits.blocks(before, after, "en")
    assert ">Two went.</del>" in taken
    assert ">Somebody else entirely stayed here.</ins>" in put


def test_a_new_title_author_address_and_date_are_named() -> None:
    before = _version("Same.")
    after = _version("Same.", "Talks go on", author=None, link="http://news.test/2", published_at=SEEN + timedelta(1))
    lines = edits.details(before, after)
    assert [line.partition(":")[0] for line in lines] == ["Author", "Address", "Date"]
    assert "none" in lines[0]
    assert len(edits.blocks(before, after, "en")) == 1


@settings(deadline=None)
@given(st.text("<>&'\"ab. \n", max_size=80), st.text("<>&'\"ab. \n", max_size=80))
def test_whatever_an_article_says_the_difference_is_only_text(one: str, other: str) -> None:
    for block in edits.blocks(_version(one), _version(other), "en"):
        bare = block
        for tag in ("del", "ins"):
            style = edits._OLD if tag == "del" else edits._NEW
            label = "taken out" if tag == "del" else "put in"
            bare = bare.replace(f'<{tag} style="{style}" title="{label}">', "").replace(f"</{tag}>", "")
        assert "<" not in bare
        assert unescape(bare).replace("<", "").strip()[:1] != "<"


def _page() -> None:
    from datetime import UTC, datetime

    from dashboard.reader import edits
    from ingest.store.read.history import Version

    at = datetime(2026, 3, 5, 10, tzinfo=UTC)
    made = [
        Version(at.replace(hour=hour), "Talks", body, None, None, at)
        for hour, body in ((10, "One."), (11, "One. Two <b>came</b>."), (12, "One. Three."))
    ]
    edits.draw(made, "en")
    edits.draw(made[:1], "en")


def test_the_edits_of_an_article_are_drawn_newest_first() -> None:
    at = AppTest.from_function(_page).run()
    assert not at.exception
    assert [box.label for box in at.expander] == ["What changed in 2 edits"]
    assert not at.html  # compared when somebody looks
    at.session_state["edits"] = True
    at.run()
    assert [str(text.value) for text in at.markdown] == ["**5 Mar 2026 12:00 UTC**", "**5 Mar 2026 11:00 UTC**"]
    assert "&lt;b&gt;came&lt;/b&gt;" in at.html[-1].value
