"""When feeds are asked again: kept in the record, over restarts, moves, refusals and clocks that jump."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ingest.fetch.rhythm import Rhythm
from ingest.models import Outcome, utcnow
from tests.helpers.desk import item, on_sqlite, rss
from tests.helpers.room import PAUSE, Room

pytestmark = on_sqlite

DAY = timedelta(days=1)


def plays(httpserver: HTTPServer, path: str, *answers: Response) -> list[Request]:
    """Answers the requests to a path with one after the other, the last one again and again; gives the requests."""
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    httpserver.expect_request(path).respond_with_handler(answer)
    return asked


def looks(room: Room, times: int) -> Iterator[dict[str, Outcome]]:
    """Looks again and again, each time when the feed's time has come."""
    for _ in range(times):
        yield room.fetch()
        room.clock.now = room.row().next_at


def leads_to(url: str, status: int) -> Response:
    return Response(status=status, headers={"Location": url})


def test_bad_input_02_a_feed_that_never_says_anything_but_304_is_asked_for_everything(
    room: Room, httpserver: HTTPServer
) -> None:
    def answer(request: Request) -> Response:
        # A cache in front of the site that has lost its way: whatever was asked with a tag is unchanged.
        if request.headers.get("If-None-Match"):
            return Response(status=304)
        return Response(rss(item(len(whole) + 1)), headers={"ETag": '"one"', "X-N": str(whole.append(1))})

    whole: list[int] = []
    httpserver.expect_request("/rss").respond_with_handler(answer)
    room.follow(httpserver.url_for("/rss"))
    days = 7
    while room.clock.now < utcnow() + days * DAY:
        room.fetch()
        room.clock.now += timedelta(hours=6)
    assert 3 <= len(whole) <= 5, "now and then, not always"
    assert len(room.titles()) == len(whole)


@pytest.mark.parametrize("status", [301, 308])
def test_bad_input_03_a_permanent_move_is_adopted_when_it_repeats(
    room: Room, httpserver: HTTPServer, status: int
) -> None:
    old = plays(httpserver, "/old", leads_to("/new", status))
    new = plays(httpserver, "/new", Response(rss(item(1))), Response(rss(item(1), item(2))))
    room.follow(httpserver.url_for("/old"))
    for found in looks(room, 5):
        assert "Feed 1" in found
    assert (len(old), len(new)) == (3, 5), "believed after the third time"
    row = room.row()
    assert (row.key, row.moved_to) == (httpserver.url_for("/old"), httpserver.url_for("/new"))
    assert room.titles() == ["Item 1", "Item 2"]
    assert room.count("source") == 1, "it stays the same source"
    room.follow(httpserver.url_for("/old"))
    assert room.row().listed, "the list of feeds may stay as it is"


def test_a_move_that_turns_out_wrong_is_taken_back(room: Room, httpserver: HTTPServer) -> None:
    whole = Response(rss(item(1)))
    old = plays(httpserver, "/old", *[leads_to("/new", 301)] * 3, whole)
    plays(httpserver, "/new", *[whole] * 3, Response(status=410))
    room.follow(httpserver.url_for("/old"))
    for _ in looks(room, 5):
        pass
    assert len(old) == 4, "the address in the list is asked again"
    row = room.row()
    assert (row.state, row.retired_at, row.moved_seen, row.moved_to) == ("ok", None, 0, None)


@pytest.mark.parametrize("status", [302, 303, 307])
def test_bad_input_04_a_temporary_redirect_is_never_adopted(room: Room, httpserver: HTTPServer, status: int) -> None:
    old = plays(httpserver, "/old", leads_to("/hop", status))
    plays(httpserver, "/hop", leads_to("/new", 301))
    new = plays(httpserver, "/new", Response(rss(item(1))))
    room.follow(httpserver.url_for("/old"))
    for _ in looks(room, 5):
        pass
    assert (len(old), len(new)) == (5, 5)
    assert room.row().moved_to is None


def test_bad_input_07_a_feed_that_is_gone_retires(room: Room, httpserver: HTTPServer) -> None:
    asked = plays(httpserver, "/rss", Response(rss(item(1))), Response(status=410), Response(rss(item(1), item(2))))
    room.follow(httpserver.url_for("/rss"))
    room.fetch()
    room.clock.now += PAUSE
    assert "410 Gone" in room.fetch()["Feed 1"].faults[0]
    row = room.row()
    assert (row.state, row.retired_at, row.next_at) == ("gone", room.clock.now, None)
    room.clock.now += 400 * DAY
    room.restart()
    room.follow(httpserver.url_for("/rss"))
    assert room.fetch() == {}
    assert len(asked) == 2
    assert room.titles() == ["Item 1"], "what it gave is kept"


def test_bad_input_08_a_404_is_asked_less_and_less_but_for_ever(room: Room, httpserver: HTTPServer) -> None:
    plays(httpserver, "/rss", *[Response(status=404)] * 30, Response(rss(item(1))))
    room.follow(httpserver.url_for("/rss"))
    start = room.clock.now
    for found in looks(room, 31):
        assert "Feed 1" in found
    assert timedelta(days=20) < room.clock.now - start < timedelta(days=31)
    assert (room.row().state, room.row().failures) == ("ok", 0)


@pytest.mark.parametrize("status", [429, 503])
def test_bad_input_09_a_wait_in_seconds_is_kept(room: Room, httpserver: HTTPServer, status: int) -> None:
    plays(httpserver, "/rss", Response(status=status, headers={"Retry-After": "7200"}))
    room.follow(httpserver.url_for("/rss"))
    room.fetch()
    assert room.row().next_at == room.clock.now + timedelta(hours=2)


@pytest.mark.parametrize(
    ("says", "waits"),
    [
        (lambda: format_datetime(utcnow() + timedelta(hours=5), usegmt=True), timedelta(hours=5)),
        (lambda: str(88 * 3600), DAY),
        (lambda: format_datetime(utcnow() + timedelta(days=90), usegmt=True), DAY),
        (lambda: format_datetime(utcnow() - timedelta(days=90), usegmt=True), 2 * PAUSE),
        (lambda: "soon", 2 * PAUSE),
        (lambda: "-5", 2 * PAUSE),
    ],
    ids=["a date", "88 hours", "a date in three months", "a date gone by", "nonsense", "less than nothing"],
)
def test_bad_input_10_a_wait_until_a_date_is_kept_for_a_day_at_most(
    room: Room, httpserver: HTTPServer, says: Callable[[], str], waits: timedelta
) -> None:
    plays(httpserver, "/rss", Response(status=429, headers={"Retry-After": says()}))
    room.follow(httpserver.url_for("/rss"))
    room.fetch()
    assert abs(room.row().next_at - room.clock.now - waits) < timedelta(seconds=5)


@pytest.mark.parametrize("status", [500, 503])
def test_bad_input_11_what_failed_together_comes_back_apart(room: Room, httpserver: HTTPServer, status: int) -> None:
    plays(httpserver, "/rss", Response(status=status))
    drawn = iter((0.0, 0.5, 1.0))
    room.pipeline._rng = lambda: next(drawn)
    room.follow(*(httpserver.url_for("/rss") + f"?{n}" for n in range(3)))
    room.fetch()
    waits = [room.row(f"Feed {n}").next_at - room.clock.now for n in (1, 2, 3)]
    assert sorted(waits) == [2 * PAUSE * factor for factor in (1, 1.125, 1.25)]


def test_bad_input_76_a_clock_that_jumps_back_does_not_silence_the_feeds(room: Room, httpserver: HTTPServer) -> None:
    asked = plays(httpserver, "/rss", Response(rss(item(1))))
    room.follow(httpserver.url_for("/rss"))
    right = room.clock.now
    room.clock.now += 3 * 365 * DAY
    room.fetch()
    room.clock.now = right
    assert "Feed 1" in room.fetch(), "what was planned by a wrong clock is void"
    assert room.row().next_at == right + PAUSE
    room.clock.now += PAUSE / 2
    assert room.fetch() == {}
    room.clock.now -= timedelta(minutes=2)
    assert room.fetch() == {}, "a time server that corrects a little is no jump"
    assert len(asked) == 2


# -- the rhythm of each feed


def test_a_rhythm_that_somebody_has_set_is_kept(room: Room, httpserver: HTTPServer) -> None:
    plays(httpserver, "/rss", Response(rss(item(1))))
    room.follow(httpserver.url_for("/rss"))
    for _ in looks(room, 4):
        assert room.row().next_at == room.clock.now + PAUSE


@pytest.mark.parametrize(
    ("channel", "headers", "waits"),
    [
        ("<ttl>120</ttl>", {}, timedelta(hours=2)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", {}, timedelta(hours=6)),
        ("<sy:updatePeriod> weekly </sy:updatePeriod>", {}, DAY),
        ("<ttl>120</ttl>", {"Cache-Control": "public, max-age=10800"}, timedelta(hours=3)),
        ("", {"Cache-Control": "max-age=10800", "Age": "3600"}, timedelta(hours=2)),
        ("", {"Cache-Control": "max-age=999999999"}, DAY),
        ("", {"Cache-Control": "no-cache, max-age=10800"}, PAUSE),
        ("", {"Expires": format_datetime(utcnow() + timedelta(days=9), usegmt=True)}, DAY),
        ("", {"Expires": "Thu, 01 Jan 2015 04:00:00 GMT"}, PAUSE),
        ("", {"Expires": "0"}, PAUSE),
        ("<ttl>1</ttl>", {"Cache-Control": "max-age=60"}, PAUSE),
        ("<ttl>soon</ttl><sy:updatePeriod>often</sy:updatePeriod>", {"Cache-Control": "max-age=x"}, PAUSE),
    ],
)
def test_what_a_publisher_wishes_is_done(
    room: Room, httpserver: HTTPServer, channel: str, headers: dict[str, str], waits: timedelta
) -> None:
    body = rss(item(1)).replace("<title>News</title>", f"<title>News</title>{channel}")
    plays(httpserver, "/rss", Response(body.replace("<rss", "<rss xmlns:sy='urn:sy'"), headers=headers))
    room.follow(httpserver.url_for("/rss"))
    room.fetch()
    assert room.row().next_at == room.clock.now + waits


def test_the_wish_in_a_feed_holds_while_it_is_unchanged(room: Room, httpserver: HTTPServer) -> None:
    body = rss(item(1)).replace("<title>News</title>", "<title>News</title><ttl>120</ttl>")
    plays(httpserver, "/rss", Response(body, headers={"ETag": '"1"'}), Response(status=304))
    room.follow(httpserver.url_for("/rss"))
    for _ in looks(room, 3):
        assert room.row().next_at == room.clock.now + timedelta(hours=2)


def test_a_feed_of_which_nothing_old_is_left_is_asked_sooner_whatever_it_wishes(
    room: Room, httpserver: HTTPServer
) -> None:
    room.pipeline._pace = Rhythm()
    pages = [rss(*(item(100 * look + n) for n in range(10))) for look in range(2)]
    plays(httpserver, "/rss", *(Response(page, headers={"Cache-Control": "max-age=86400"}) for page in pages))
    room.follow(httpserver.url_for("/rss"))
    assert [room.row().next_at - room.clock.now for _ in looks(room, 2)] == [DAY, timedelta(minutes=5)]
