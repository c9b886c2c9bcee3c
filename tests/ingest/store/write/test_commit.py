"""Identity and history: which article is it, and what happened to its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from sqlalchemy import Engine, func, or_, select

from ingest.analyser import Analyser
from ingest.models import Entry, Source
from ingest.store import record, schema
from ingest.store.write.commit import Commit, Written
from ingest.store.write.versions import Scoring
from tests.helpers.desk import Desk, utc

FEED = Source(kind="feed", key="http://news.test/rss", name="News")
FOLDER = Source(kind="folder", key="folder:", name="Seed folder")
NOON = utc(2026, 3, 2, 12)
TEXT = (
    "Ada Quill was happy when the grain ships left the harbour on Monday, three weeks after the ministers of nine "
    "states had agreed on a lane through the mines that the winter storms had torn from their chains."
)


def entry(title: str = "Talks open", body: str = "Ada Quill was happy.", **other: object) -> Entry:
    keys = other.pop("keys", ("guid:1", "url:news.test/1"))
    return Entry(source="s", title=title, body=body, keys=keys, text_kind="full", language="en", **other)  # type: ignore[arg-type]


def file(path: str, body: str = "Ada Quill was happy.", **other: object) -> Entry:
    stated = {"published": NOON, "published_from": "file time", **other}
    return entry(body=body, keys=(f"path:{path}",), **stated)


@dataclass
class Archivist:
    """Stores entries, one commit each, and looks the result up."""

    engine: Engine
    analyser: Analyser
    now: datetime = NOON

    def store(self, given: Entry, source: Source = FEED, present: tuple[str, ...] = ()) -> Written:
        with record.writing(self.engine) as connection:
            commit = Commit(connection, self.now, "a test")
            scoring = Scoring(commit.watchlist(self.analyser.watchlist), self.analyser.scorer)
            article = self.analyser.article(given, self.now)
            paths = frozenset(f"path:{path}" for path in present)
            commit.article(commit.source(source), source, article, scoring=scoring, present=paths)
        return commit.written

    def drop(self, given: Entry, *present: str, source: Source = FOLDER) -> Written:
        return self.store(given, source, present)

    def withdraw(self, *ids: int) -> int:
        with record.writing(self.engine) as connection:
            return Commit(connection, self.now, "withdraw").withdraw(ids)

    def bodies(self, revision: int | None = None) -> list[str]:
        """The words of all articles as they stand, or stood at a revision."""
        content, text = schema.content.c, schema.content_text.c
        at = (
            content.rev_to.is_(None)
            if revision is None
            else (content.rev_from <= revision) & or_(content.rev_to.is_(None), content.rev_to > revision)
        )
        return self._all(select(text.body).join(schema.content, content.id == text.content_id).where(at))

    def titles(self) -> list[str]:
        content = schema.content.c
        return self._all(select(content.title).where(content.rev_to.is_(None)))

    def count(self, table: str) -> int:
        return int(self._all(select(func.count()).select_from(schema.metadata.tables[table]))[0])

    def current(self, column: str) -> list[object]:
        content = schema.content.c
        return self._all(select(content[column]).where(content.rev_to.is_(None)))

    def _all(self, statement: object) -> list:  # type: ignore[type-arg]
        with self.engine.connect() as connection:
            return list(connection.execute(statement).scalars())  # type: ignore[call-overload]


@pytest.fixture
def archive(engine: Engine, analyser: Analyser) -> Archivist:
    return Archivist(engine, analyser)


# -- new, same, edited --------------------------------------------------------------------------------------------


def test_a_new_article_takes_the_first_revision_with_everything_that_belongs_to_it(archive: Archivist) -> None:
    assert archive.store(entry()) == Written(added=1, edited=0, revision=1)
    tables = ("article", "content", "content_text", "analysis", "analysis_sentences", "mention", "story", "watchlist")
    assert [archive.count(table) for table in tables] == [1] * len(tables)


def test_the_same_article_again_changes_nothing_and_takes_no_revision(archive: Archivist) -> None:
    archive.store(entry())
    archive.now = utc(2026, 3, 3)
    assert archive.store(entry()) == Written(0, 0, None)
    assert archive.count("revision") == archive.count("content") == 1


def test_an_edited_article_keeps_its_history(archive: Archivist) -> None:
    archive.store(entry(body="The old words."))
    assert archive.store(entry(body="The new words.")) == Written(added=0, edited=1, revision=2)
    assert archive.count("article") == 1
    assert archive.bodies() == archive.bodies(2) == ["The new words."]
    assert archive.bodies(1) == ["The old words."]
    assert archive.bodies(0) == []


def test_an_edit_taken_back_is_a_third_version(archive: Archivist) -> None:
    for body in ("One.", "Two.", "One."):
        archive.store(entry(body=body))
    assert [archive.bodies(revision) for revision in (1, 2, 3)] == [["One."], ["Two."], ["One."]]
    assert archive.count("content") == 3


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Talks end"},
        {"author": "B. Writer"},
        {"link": "http://news.test/elsewhere"},
        {"published": utc(2026, 3, 1), "published_from": "feed"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_edit_of_anything_a_reader_sees_is_a_new_version(archive: Archivist, change: dict[str, object]) -> None:
    archive.store(entry())
    assert archive.store(entry(**change)).edited == 1


def test_a_later_fetch_alone_is_no_edit(archive: Archivist) -> None:
    archive.store(entry(published=NOON, published_from="fetch time"))
    assert archive.store(entry(published=utc(2026, 3, 5), published_from="fetch time")).revision is None


def test_a_story_outlives_the_edits_of_its_article(archive: Archivist) -> None:
    archive.store(entry(body="One."))
    archive.store(entry(body="Two."))
    assert archive.count("story") == 1
    assert len(set(archive._all(select(schema.analysis.c.story_id)))) == 1


# -- which article is it ------------------------------------------------------------------------------------------


def test_bad_input_52_a_changed_guid_at_the_same_address_is_the_same_article(archive: Archivist) -> None:
    archive.store(entry())
    assert archive.store(entry(keys=("guid:2", "url:news.test/1"))).revision is None
    assert archive.store(entry(body="Edited.", keys=("guid:2",))).edited == 1, "the new guid is remembered"
    assert archive.count("article") == 1


def test_a_changed_address_under_the_same_guid_is_the_same_article(archive: Archivist) -> None:
    archive.store(entry())
    archive.store(entry(keys=("guid:1", "url:news.test/moved"), link="http://news.test/moved"))
    assert archive.count("article") == 1


def test_a_feeds_guid_decides_before_its_address(archive: Archivist) -> None:
    archive.store(entry("One", keys=("guid:1", "url:a")))
    archive.store(entry("Two", keys=("guid:2", "url:b")))
    archive.store(entry("Two, edited", keys=("guid:2", "url:a")))
    assert sorted(archive.titles()) == ["One", "Two, edited"]


def test_bad_input_55_one_text_in_three_feeds_is_three_articles(archive: Archivist) -> None:
    for name in ("a", "b", "c"):
        body = f"By {name.upper()}\n\n{TEXT}"
        archive.store(entry(f"Of {name}", body), replace(FEED, key=f"http://{name}.test/rss"))
    assert archive.count("article") == 3
    assert archive.count("story") == 1, "and one story"


def test_two_records_give_one_article_the_same_id(archive: Archivist, desk: Desk, analyser: Analyser) -> None:
    other = Archivist(record.open_engine(f"sqlite:///{desk.root}/other.db"), analyser, utc(2027, 1, 1))
    other.store(entry("Before", keys=("guid:0",)))
    for records in (archive, other):
        records.store(entry())
        records.drop(file("a.txt"))
    ours, theirs = (set(records._all(select(schema.article.c.uid))) for records in (archive, other))
    assert len(ours) == 2
    assert ours < theirs
    other.engine.dispose()


# -- the seed folder ----------------------------------------------------------------------------------------------


def test_a_file_that_moved_is_the_same_article(archive: Archivist) -> None:
    archive.drop(file("a.txt"), "a.txt")
    assert archive.drop(file("b/a.txt"), "b/a.txt").revision is None
    assert archive.drop(file("b/a.txt", "Edited."), "b/a.txt").edited == 1
    assert archive.count("article") == 1


def test_a_new_file_at_the_place_of_one_that_moved_is_a_new_article(archive: Archivist) -> None:
    archive.drop(file("a.txt", "First."), "a.txt")
    archive.drop(file("b.txt", "First."), "b.txt")
    archive.drop(file("a.txt", "Second."), "a.txt", "b.txt")
    assert sorted(archive.bodies()) == ["First.", "Second."]
    assert archive.count("article") == 2


def test_a_copied_file_of_which_one_is_edited_becomes_two_articles_and_stays_so(archive: Archivist) -> None:
    both = ("a.txt", "b.txt")
    for path in both:
        archive.drop(file(path, "Words."), *both)
    assert archive.count("article") == 1
    archive.drop(file("b.txt", "Edited."), *both)
    revision = archive.count("revision")
    for _ in range(3):
        for path, body in (("a.txt", "Words."), ("b.txt", "Edited.")):
            assert archive.drop(file(path, body), *both).revision is None
    assert archive.count("revision") == revision
    assert sorted(archive.bodies()) == ["Edited.", "Words."]


def test_the_original_of_a_copy_may_be_edited_as_well(archive: Archivist) -> None:
    both = ("a.txt", "b.txt")
    for path in both:
        archive.drop(file(path, "Words."), *both)
    for _ in range(3):
        archive.drop(file("a.txt", "Edited."), *both)
        archive.drop(file("b.txt", "Words."), *both)
    assert sorted(archive.bodies()) == ["Edited.", "Words."]
    assert archive.count("content") == 2


def test_a_file_that_names_another_outlet_leaves_the_old_one(archive: Archivist) -> None:
    times, post = (replace(FOLDER, key=f"folder:{name}", name=name) for name in ("Times", "Post"))
    archive.drop(file("a.txt", outlet="Times"), "a.txt", source=times)
    for _ in range(2):
        archive.drop(file("a.txt", outlet="Post"), "a.txt", source=post)
    assert archive.count("article") == 2
    assert len(archive.bodies()) == 1
    assert archive.bodies(1) == archive.bodies(2) == ["Ada Quill was happy."], "history stays"


def test_a_copy_that_names_another_outlet_leaves_the_original_alone(archive: Archivist) -> None:
    times, post = (replace(FOLDER, key=f"folder:{name}", name=name) for name in ("Times", "Post"))
    both = ("a.txt", "b.txt")
    for path in both:
        archive.drop(file(path, outlet="Times"), *both, source=times)
    archive.drop(file("b.txt", outlet="Post"), *both, source=post)
    archive.drop(file("a.txt", outlet="Times"), *both, source=times)
    assert len(archive.bodies()) == 2


def test_an_edit_does_not_move_a_file_in_time(archive: Archivist) -> None:
    archive.drop(file("a.txt"), "a.txt")
    archive.drop(file("a.txt", "Edited.", published=utc(2026, 6, 1)), "a.txt")
    assert archive.current("published_at") == [NOON]
    assert archive.current("published_from") == ["file time"]


def test_an_edit_that_states_a_date_does(archive: Archivist) -> None:
    archive.drop(file("a.txt"), "a.txt")
    archive.drop(file("a.txt", published=utc(2026, 1, 1), published_from="front matter"), "a.txt")
    assert archive.current("published_at") == [utc(2026, 1, 1)]
    assert archive.current("day") == [utc(2026, 1, 1).date()]


# -- withdrawn ----------------------------------------------------------------------------------------------------


def test_withdrawing_closes_an_article_and_keeps_its_history(archive: Archivist) -> None:
    archive.store(entry())
    assert archive.withdraw(1) == 1
    assert archive.bodies() == []
    assert archive.bodies(1) == ["Ada Quill was happy."]
    assert archive.withdraw(1) == 0
    assert archive.count("revision") == 2, "withdrawing twice is withdrawing once"


@pytest.mark.parametrize("body", ["Ada Quill was happy.", "Edited."])
def test_what_was_withdrawn_stays_withdrawn_when_its_feed_comes_again(archive: Archivist, body: str) -> None:
    archive.store(entry())
    archive.withdraw(1)
    assert archive.store(entry(body=body)).revision is None
    assert archive.bodies() == []


def test_a_withdrawn_file_stays_withdrawn_where_it_lies_and_when_it_moves(archive: Archivist) -> None:
    archive.drop(file("a.txt"), "a.txt")
    archive.withdraw(1)
    for path in ("a.txt", "b.txt"):
        assert archive.drop(file(path), path).revision is None
    assert archive.bodies() == []


def test_a_withdrawn_file_that_somebody_edits_is_back(archive: Archivist) -> None:
    archive.drop(file("a.txt"), "a.txt")
    archive.withdraw(1)
    archive.drop(file("a.txt", "Corrected."), "a.txt")
    assert archive.bodies() == ["Corrected."]
    assert archive.count("article") == 1


# -- sources and watch-lists --------------------------------------------------------------------------------------


def test_a_source_is_known_by_its_key_and_takes_a_new_name(engine: Engine) -> None:
    with record.writing(engine) as connection:
        commit = Commit(connection, NOON, "feeds")
        assert commit.source(FEED) == commit.source(replace(FEED, name="The News", group="World"))
        row = connection.execute(select(schema.source)).one()
    assert (row.name, row.group, row.listed) == ("The News", "World", True)
    assert commit.written.revision is None, "a source is no fact of its own"


def test_one_watch_list_is_kept_once(archive: Archivist) -> None:
    archive.store(entry())
    archive.store(entry(keys=("guid:2",)))
    assert archive.count("watchlist") == 1


def _mentions(archive: Archivist) -> list[str]:
    mention, analysis = schema.mention.c, schema.analysis.c
    return archive._all(
        select(mention.figure)
        .join(schema.analysis, analysis.id == mention.analysis_id)
        .where(analysis.rev_to.is_(None))
    )


@pytest.mark.parametrize("change", [lambda body: body, lambda body: body + " More."], ids=["same words", "edited"])
def test_the_mentions_that_count_are_those_of_the_newest_words(
    archive: Archivist, change: Callable[[str], str]
) -> None:
    archive.store(entry(body="Ada Quill met Ben Marsh."))
    archive.store(entry(body=change("Ada Quill met Ben Marsh.")))
    assert sorted(_mentions(archive)) == ["ada-quill", "ben-marsh"]
