"""From feeds and files to the record: one fault never stops the rest."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import insert, select, update
from werkzeug import Request, Response

from ingest.analyser import Analyser
from ingest.models import Article, Attempt, Entry, FeedState, Outcome, Source
from ingest.run.seeding import SeedFolder
from ingest.store import record, schema
from ingest.store.read import articles, sources
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring
from ingest.watchlist.lists import Watchlist
from tests.helpers.desk import FIGURES, item, rss, utc
from tests.helpers.room import PAUSE, Room, pipeline

#: A commit of a hundred articles takes seconds; of ten it shows the same.
BATCH = 10


class Clumsy(Analyser):
    """An analyser with a bug: it falls over one word."""

    def article(self, entry: Entry, now: datetime | None = None) -> Article:
        if "banana" in entry.body:
            raise ZeroDivisionError("a slip")
        return super().article(entry, now)


@pytest.fixture(autouse=True)
def _small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.run.pipeline.BATCH", BATCH)
    monkeypatch.setattr("ingest.run.seeding._TOGETHER", (BATCH, 1, 1))
    monkeypatch.setattr("ingest.run.seeding.BATCH", BATCH)
    monkeypatch.setattr("ingest.run.rescore.BATCH", BATCH)


# -- feeds


def test_the_items_of_a_feed_become_articles(room: Room, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1), item(2)))
    room.follow(httpserver.url_for("/rss"))
    assert room.fetch() == {"Feed 1": Outcome(added=2)}
    assert room.titles() == ["Item 1", "Item 2"]
    row = room.source("Feed 1")
    assert (row.state, row.failures, row.articles, row.last_error) == ("ok", 0, 2, None)
    assert row.last_success_at == room.clock.now
    assert row.next_at == room.clock.now + PAUSE


def test_a_feed_is_left_alone_until_its_time_has_come_even_over_a_restart(room: Room, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1)))
    room.follow(httpserver.url_for("/rss"))
    room.fetch()
    room.restart()
    room.follow(httpserver.url_for("/rss"))
    assert room.fetch() == {}
    room.clock.now += PAUSE
    assert list(room.fetch()) == ["Feed 1"]


def test_bad_input_01_a_304_is_success_and_takes_no_revision(room: Room, httpserver: HTTPServer) -> None:
    asked: list[str | None] = []

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("If-None-Match"))
        if asked[-1] == '"v1"':
            return Response(status=304)
        return Response(rss(item(1)), headers={"ETag": '"v1"'})

    httpserver.expect_request("/rss").respond_with_handler(answer)
    room.follow(httpserver.url_for("/rss"))
    for _ in range(3):
        room.fetch()
        room.clock.now += PAUSE
    assert asked == [None, '"v1"', '"v1"']
    assert room.count("revision") == 1
    assert room.source("Feed 1").state == "ok"
    assert room.count("fetch") == 3


def test_a_failing_feed_is_recorded_and_asked_less_often_while_others_go_on(room: Room, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/bad").respond_with_data("no", status=500)
    httpserver.expect_request("/page").respond_with_data("<!doctype html><html><body>Log in</body></html>")
    httpserver.expect_request("/good").respond_with_data(rss(item(1)))
    room.follow(*map(httpserver.url_for, ("/bad", "/page", "/good")))
    first = room.fetch()
    assert first["Feed 3"] == Outcome(added=1)
    assert first["Feed 1"].faults[0].startswith("Feed 1: 500 Internal Server Error")
    pauses = []
    for _ in range(10):
        row = room.source("Feed 1")
        assert row.next_at is not None
        pauses.append(row.next_at - room.clock.now)
        room.clock.now = row.next_at
        room.fetch()
    assert pauses[:3] == [2 * PAUSE, 4 * PAUSE, 8 * PAUSE]
    assert pauses[-1] == timedelta(days=1), "never given up"
    row = room.source("Feed 1")
    assert (row.state, row.failures, row.last_success_at) == ("failing", 11, None)
    assert "500" in (row.last_error or "")
    assert "web page, not a feed" in (room.source("Feed 2").last_error or "")
    assert room.source("Feed 3").state == "ok"


def test_a_feed_that_recovers_is_fine_again(room: Room, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/rss").respond_with_data("", status=503)
    httpserver.expect_oneshot_request("/rss").respond_with_data(rss(item(1)))
    room.follow(httpserver.url_for("/rss"))
    room.fetch()
    room.clock.now += 2 * PAUSE
    assert room.fetch() == {"Feed 1": Outcome(added=1)}
    row = room.source("Feed 1")
    assert (row.state, row.failures, row.last_error, row.next_at) == ("ok", 0, None, room.clock.now + PAUSE)


def test_bad_input_17_a_broken_answer_keeps_the_old_etag_and_the_old_articles(
    room: Room, httpserver: HTTPServer
) -> None:
    answers = [
        Response(rss(item(1)), headers={"ETag": '"whole"'}),
        Response(
            gzip.compress(rss(item(1), item(2)).encode())[:-20], headers={"ETag": '"cut"', "Content-Encoding": "gzip"}
        ),
        Response("", headers={"ETag": '"empty"'}),
        Response(status=304),
    ]
    asked: list[str | None] = []

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("If-None-Match"))
        return answers[len(asked) - 1]

    httpserver.expect_request("/rss").respond_with_handler(answer)
    room.follow(httpserver.url_for("/rss"))
    for _ in range(4):
        room.fetch()
        room.clock.now += 4 * PAUSE
    assert asked == [None, '"whole"', '"whole"', '"whole"']
    assert room.titles() == ["Item 1"]


def test_a_feed_that_leaves_the_list_keeps_its_articles_and_may_come_back(room: Room, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data(rss(item(1)))
    room.follow(httpserver.url_for("/rss"))
    room.fetch()
    room.follow()
    room.clock.now += PAUSE
    assert room.fetch() == {}
    assert not room.source("Feed 1").listed
    assert room.titles() == ["Item 1"]
    room.follow(httpserver.url_for("/rss"))
    assert room.fetch() == {"Feed 1": Outcome()}


def test_an_item_that_breaks_the_analysis_never_stops_the_rest(room: Room, httpserver: HTTPServer) -> None:
    items = [item(n, body="A banana." if n % 7 == 0 else "") for n in range(1, 2 * BATCH + 20)]
    httpserver.expect_request("/rss").respond_with_data(rss(*items))
    lists = Watchlist.load(room.desk.data / "figures.toml", room.desk.data / "topics.toml")
    room.restart(Clumsy(lists))
    room.follow(httpserver.url_for("/rss"))
    outcome = room.fetch()["Feed 1"]
    bad = len(items) // 7
    assert (outcome.added, len(outcome.faults)) == (len(items) - bad, bad)
    assert "the analysis failed (ZeroDivisionError: a slip)" in outcome.faults[0]
    room.restart(Analyser(lists))
    room.clock.now += PAUSE
    assert room.fetch() == {"Feed 1": Outcome(added=bad)}, "once the bug is mended they are read"


def test_two_versions_of_one_item_in_a_feed_do_not_edit_each_other(room: Room, httpserver: HTTPServer) -> None:
    twice = rss(item(1, "Talks", "The new words."), item(1, "Talks", "The old words."))
    httpserver.expect_request("/feed").respond_with_data(twice)
    room.follow(httpserver.url_for("/feed"))
    for _ in range(3):
        room.fetch()
        room.clock.now += timedelta(hours=1)
    assert room.count("content") == room.count("revision") == 1


def test_the_language_a_feed_declares_is_that_of_its_short_items(room: Room) -> None:
    room.pipeline.sync_feeds([Source(kind="feed", key="http://zeitung.test/", name="Zeitung", language="de")])
    state = room.pipeline.due()[0]
    entry = Entry(source=state.url, title="Rat tagt", body="", keys=("guid:1",), text_kind="title")
    room.pipeline.feed(state, Attempt("ok", room.clock.now, entries=(entry,)))
    with room.engine.connect() as connection:
        assert connection.execute(select(schema.content.c.language)).scalar_one() == "de"


def test_bad_input_43_what_nobody_dated_gets_the_time_it_came_and_says_so(room: Room) -> None:
    room.pipeline.sync_feeds([Source(kind="feed", key="http://news.test/", name="News")])
    state = room.pipeline.due()[0]
    entry = Entry(source=state.url, title="Undated", body="", keys=("guid:1",), text_kind="title")
    room.pipeline.feed(state, Attempt("ok", room.clock.now, entries=(entry,)))
    with room.engine.connect() as connection:
        row = connection.execute(select(schema.content)).one()
    assert (row.published_at, row.published_from, row.day) == (room.clock.now, "fetch time", room.clock.now.date())


# -- the seed folder


def test_bad_input_69_files_are_read_once_and_again_when_they_change(room: Room) -> None:
    room.desk.drop("a.txt", "Talks open\n\nAda Quill spoke.")
    assert room.scan() == Outcome(added=1)
    assert room.scan() == Outcome()
    room.desk.drop("a.txt", "Talks open\n\nAda Quill spoke again.", age=30)
    assert room.scan() == Outcome(edited=1)


def test_a_new_time_alone_is_nothing(room: Room) -> None:
    room.desk.drop("a.txt", "Talks open\n\nWords.")
    room.scan()
    os.utime(room.desk.seeds / "a.txt", (1_700_000_000, 1_700_000_000))
    assert room.scan() == Outcome()
    assert room.count("content") == 1


def test_a_restart_reads_everything_and_changes_nothing(room: Room) -> None:
    for number in range(5):
        room.desk.drop(f"{number}.txt", f"Title {number}\n\nWords.")
    room.scan()
    room.restart()
    assert room.scan() == Outcome()
    assert room.count("revision") == 1


def test_a_deleted_file_keeps_its_article(room: Room) -> None:
    path = room.desk.drop("a.txt", "Talks open\n\nWords.")
    room.scan()
    path.unlink()
    room.scan()
    room.restart()
    room.scan()
    assert room.titles() == ["Talks open"]


def test_a_file_that_moves_keeps_its_article(room: Room) -> None:
    path = room.desk.drop("a.txt", "Talks open\n\nWords.")
    room.scan()
    (room.desk.seeds / "old").mkdir()
    path.rename(room.desk.seeds / "old" / "a.txt")
    assert room.scan() == Outcome()
    room.desk.drop("a.txt", "Something else\n\nNew words.")
    assert room.scan() == Outcome(added=1)
    assert room.count("article") == 2


def test_a_copy_of_which_one_is_edited_stays_two_articles_over_restarts(room: Room) -> None:
    room.desk.drop("a.txt", "Talks open\n\nWords.")
    room.desk.drop("b.txt", "Talks open\n\nWords.")
    assert room.scan() == Outcome(added=1)
    room.desk.drop("a.txt", "Talks end\n\nWords.", age=30)
    assert room.scan() == Outcome(added=1)
    for _ in range(3):
        room.restart()
        assert room.scan() == Outcome()
    assert room.titles() == ["Talks end", "Talks open"]


def test_a_file_still_being_written_waits_for_the_next_pass(room: Room) -> None:
    room.desk.drop("a.txt", "Talks", age=0)
    assert room.scan() == Outcome()
    room.clock.now += timedelta(seconds=5)
    assert room.scan() == Outcome(added=1)


def test_front_matter_names_the_outlet_and_its_group(room: Room) -> None:
    room.desk.drop("a.md", "---\ntitle: Talks\nsource: The Post\ngroup: Dailies\n---\nWords.")
    room.desk.drop("b.md", "Elsewhere\n\nWords.")
    room.scan()
    post, rest = room.source("The Post"), room.source("Seed folder")
    assert (post.group, post.articles, post.kind) == ("Dailies", 1, "folder")
    assert rest.articles == 1


def _spelled(room: Room, *names: str) -> None:
    for number, name in enumerate(names):
        room.desk.drop(f"{number}.md", f'---\nsource: "{name}"\n---\nTitle {number}\n\nWords of {number}.')
    room.scan()


def _outlets(room: Room) -> list[tuple[str, int]]:
    with room.engine.connect() as connection:
        rows = sources.listing(connection)
    return sorted((row.name, row.articles) for row in rows if row.kind == "folder" and row.name != "Seed folder")


def test_outlets_that_differ_in_case_or_white_space_are_one_and_the_first_spelling_shows(room: Room) -> None:
    _spelled(room, "ÖSTER Post", "Öster  Post", "Öster\u00a0post", "Öster", " oster post")
    assert _outlets(room) == [("oster post", 1), ("ÖSTER Post", 3), ("Öster", 1)]
    room.desk.drop("0.md", '---\nsource: "öster post"\n---\nTitle 0\n\nWords of 0, and more.', age=30)
    assert room.scan() == Outcome(edited=1), "another spelling moves no article"
    assert ("ÖSTER Post", 3) in _outlets(room)


def test_a_record_that_made_two_outlets_of_two_spellings_keeps_both(room: Room) -> None:
    with record.writing(room.engine) as connection:
        for name in ("FOX", "fox"):
            facts = {"kind": "folder", "key": f"folder:Seed folder/{name}", "name": name, "group": "Seed folder"}
            connection.execute(insert(schema.source).values(**facts, listed=True, added_at=room.clock.now))
    _spelled(room, "FOX", "fox", "Fox")
    assert _outlets(room) == [("FOX", 2), ("fox", 1)]


def test_a_bad_file_is_named_and_never_stops_the_rest(room: Room) -> None:
    for number in range(BATCH + 5):
        room.desk.drop(f"{number:03}.txt", f"Title {number}\n\nWords.")
    (room.desk.seeds / "005.txt").write_bytes(b"\x00\x01\x02" * 100)
    os.utime(room.desk.seeds / "005.txt", (1_700_000_000, 1_700_000_000))
    room.desk.drop("006.txt", "---\ntitle: [\n---\nWords.")
    outcome = room.scan()
    assert outcome.added == BATCH + 3
    assert [fault.partition(":")[0] for fault in outcome.faults] == ["005.txt", "006.txt"]
    row = room.source("Seed folder")
    assert row.state == "failing"
    assert "005.txt: This is no text but a binary file." in (row.last_error or "")
    assert "006.txt: Line 3: the front matter is no valid YAML" in (row.last_error or "")


def test_a_bad_file_stays_named_until_it_is_mended(room: Room) -> None:
    room.desk.drop("bad.txt", "")
    assert len(room.scan().faults) == 1
    room.desk.drop("good.txt", "Talks\n\nWords.")
    assert room.scan() == Outcome(added=1), "an old fault is no news …"
    assert "bad.txt" in (room.source("Seed folder").last_error or ""), "… but still there"
    room.desk.drop("bad.txt", "Mended\n\nWords.", age=30)
    assert room.scan() == Outcome(added=1)
    assert (room.source("Seed folder").state, room.source("Seed folder").last_error) == ("ok", None)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_bad_file_that_is_deleted_is_forgotten(room: Room, restarted: bool) -> None:
    bad = room.desk.drop("bad.txt", "")
    room.scan()
    bad.unlink()
    if restarted:
        room.restart()
    room.scan()
    assert (room.source("Seed folder").state, room.source("Seed folder").last_error) == ("ok", None)


def test_a_pass_that_finds_nothing_new_writes_nothing(room: Room) -> None:
    room.desk.drop("a.txt", "Talks\n\nWords.")
    room.desk.drop("bad.txt", "")
    room.scan()
    before = room.count("fetch")
    for _ in range(3):
        room.scan()
    assert room.count("fetch") == before


def test_a_file_that_breaks_the_analysis_is_named(room: Room) -> None:
    room.desk.drop("a.txt", "Fruit\n\nA banana.")
    room.desk.drop("b.txt", "Talks\n\nWords.")
    room.restart(Clumsy(Watchlist.load(room.desk.data / "figures.toml", room.desk.data / "topics.toml")))
    outcome = room.scan()
    assert outcome.added == 1
    assert outcome.faults[0].startswith("a.txt: the analysis failed (ZeroDivisionError: a slip)")


def test_progress_is_told_in_files(room: Room) -> None:
    for number in range(BATCH + 1):
        room.desk.drop(f"{number}.txt", f"Title {number}\n\nWords.")
    told: list[tuple[int, int]] = []
    SeedFolder(room.pipeline, room.desk.seeds).read(progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (BATCH + 1, BATCH + 1)


# -- the watch-list


def _figures(room: Room, revision: int | None = None) -> set[str]:
    analysis, mention = schema.analysis.c, schema.mention.c
    at = (
        analysis.rev_to.is_(None)
        if revision is None
        else (analysis.rev_from <= revision) & (analysis.rev_to.is_(None) | (analysis.rev_to > revision))
    )
    with room.engine.connect() as connection:
        found = select(mention.figure).join(schema.analysis, analysis.id == mention.analysis_id).where(at)
        return set(connection.execute(found).scalars())


def _new_list(room: Room, kind: type[Analyser] = Analyser) -> None:
    path = room.desk.data / "figures.toml"
    path.write_text(FIGURES.replace("ben-marsh", "benedict-marsh"), encoding="utf-8")
    room.pipeline.analyser = kind(Watchlist.load(path, room.desk.data / "topics.toml"))


def test_an_edited_watch_list_scores_everything_again_and_keeps_the_old_scores(room: Room) -> None:
    for number in range(BATCH + 5):
        room.desk.drop(f"{number}.txt", f"Title {number}\n\nBen Marsh spoke.")
    room.scan()
    before = room.count("revision")
    assert room.pipeline.rescore() == 0
    _new_list(room)
    assert room.pipeline.rescore() == BATCH + 5
    assert _figures(room) == {"benedict-marsh"}
    assert _figures(room, before) == {"ben-marsh"}
    assert room.pipeline.rescore() == 0
    assert room.count("content") == BATCH + 5, "the words did not change"


def test_scoring_again_goes_on_where_it_was_stopped(room: Room) -> None:
    for number in range(BATCH + 5):
        room.desk.drop(f"{number}.txt", f"Title {number}\n\nBen Marsh spoke.")
    room.scan()
    _new_list(room)
    answers = iter([False, True])
    assert room.pipeline.rescore(stop=lambda: next(answers)) == BATCH
    assert room.pipeline.rescore() == 5


def test_an_article_that_breaks_the_new_scoring_keeps_its_old_one(room: Room) -> None:
    room.desk.drop("a.txt", "Fruit\n\nBen Marsh ate a banana.")
    room.desk.drop("b.txt", "Talks\n\nAda Quill met Ben Marsh.")
    room.scan()
    _new_list(room, Clumsy)
    assert room.pipeline.rescore() == 1
    assert _figures(room) == {"ada-quill", "ben-marsh", "benedict-marsh"}


def _shown(room: Room) -> list[str]:
    """The words that the evidence marks as a name, of every mention that stands."""
    with room.engine.connect() as connection:
        analysis, mention = schema.analysis.c, schema.mention.c
        joined = select(mention.id).join(schema.analysis, analysis.id == mention.analysis_id)
        ids = connection.execute(joined.where(analysis.rev_to.is_(None)).order_by(mention.id)).scalars().all()
        return [each.sentence[each.start : each.end] for each in articles.evidence(connection, ids)]


def test_a_body_that_repeats_its_title_shows_the_same_names_after_a_new_scoring(room: Room) -> None:
    room.desk.drop("a.md", "---\ntitle: Harbour row\n---\nHarbour row\n\nHarbour row\n\nBen Marsh spoke. Marsh left.")
    room.scan()
    assert _shown(room) == ["Ben Marsh", "Marsh"]
    _new_list(room)
    assert room.pipeline.rescore() == 1
    assert _figures(room) == {"benedict-marsh"}
    assert _shown(room) == ["Ben Marsh", "Marsh"]


def test_stored_words_that_still_repeat_their_title_are_scored_as_they_stand(room: Room) -> None:
    room.desk.drop("a.md", "---\ntitle: Harbour row\n---\nBen Marsh spoke. Marsh left.")
    room.scan()
    # As versions before this one stored them: of two repeated titles they took off one.
    body = "Harbour row\n\nBen Marsh spoke. Marsh left."
    with record.writing(room.engine) as connection:
        connection.execute(update(schema.content_text).values(body=body))
    _new_list(room)
    assert room.pipeline.rescore() == 1
    assert _shown(room) == ["Ben Marsh", "Marsh"]


def test_withdrawn_articles_are_not_scored_again(room: Room) -> None:
    room.desk.drop("a.txt", "Talks\n\nBen Marsh spoke.")
    room.scan()
    with record.writing(room.engine) as connection:
        Commit(connection, utc(2026, 3, 3), "withdraw").withdraw([1])
    _new_list(room)
    assert room.pipeline.rescore() == 0


def test_an_article_edited_while_it_is_scored_again_is_left_to_the_next_pass(room: Room) -> None:
    room.desk.drop("a.txt", "Talks\n\nBen Marsh spoke.")
    room.scan()

    class Slow(Analyser):
        """Another process edits the article while this one scores it."""

        edited = False

        def article(self, entry: Entry, now: datetime | None = None) -> Article:
            if not Slow.edited:
                Slow.edited = True
                room.desk.drop("a.txt", "Talks\n\nNobody spoke, and there was no end of it.", age=30)
                SeedFolder(pipeline(room.engine, old, room.clock), room.desk.seeds).read()
            return super().article(entry, now)

    old = room.pipeline.analyser
    _new_list(room, Slow)
    room.pipeline.rescore()
    assert _figures(room) == set(), "no mention of the old words stands in the new ones"


def test_a_states_failures_come_from_the_record(room: Room, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss").respond_with_data("", status=404)
    room.follow(httpserver.url_for("/rss"))
    room.fetch()
    room.clock.now += 2 * PAUSE
    room.restart()
    address = httpserver.url_for("/rss")
    assert room.pipeline.due() == [FeedState(source_id=1, url=address, name="Feed 1", failures=1, interval=PAUSE)]


def test_an_empty_or_missing_folder_is_no_fault(room: Room, tmp_path: Path) -> None:
    assert room.scan() == SeedFolder(room.pipeline, tmp_path / "nowhere").read() == Outcome()


def test_what_an_older_version_has_analysed_is_analysed_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.desk.drop("a.txt", "Title\n\nBen Marsh spoke.")
    room.scan()
    assert room.pipeline.rescore() == 0
    monkeypatch.setattr(room.pipeline.analyser, "scorer", "newer rules")
    assert room.pipeline.rescore() == 1
    assert room.pipeline.rescore() == 0, "once is enough"


def test_an_article_that_the_record_refuses_does_not_stop_its_neighbours(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Commit._add

    def refusing(self: Commit, new: Sequence[Any], scoring: Scoring) -> Sequence[int]:
        ids = whole(self, new, scoring)
        if any(each.article.entry.title == "Bad" for each in new):
            raise ValueError("refused")
        return ids

    monkeypatch.setattr(Commit, "_add", refusing)
    for title in ("Bad", "Fair", "Good"):
        room.desk.drop(f"{title}.txt", f"{title}\n\nBen Marsh spoke.")
    outcome = room.scan()
    assert outcome.added == 2
    assert any("refused" in fault for fault in outcome.faults)
    assert room.count("content") == 2, "nothing is left of the one that failed"


def test_a_file_that_names_an_outlet_of_the_demo_leaves_the_demo_a_demo(room: Room) -> None:
    room.desk.drop("a.md", "---\nsource: Demo Wire\ngroup: Demo\n---\nOne\n\nBen Marsh spoke.")
    room.desk.drop("b.md", "---\nsource: Demo Wire\n---\nTwo\n\nBen Marsh spoke.")
    room.scan()
    with room.pipeline.engine.connect() as connection:
        rows = [(row.name, row.group, row.articles) for row in sources.listing(connection) if row.name == "Demo Wire"]
    assert sorted(rows) == [("Demo Wire", "Demo", 1), ("Demo Wire", "Seed folder", 1)]
