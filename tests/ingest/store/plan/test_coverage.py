"""The ledger of days, and what it says of a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, insert

from ingest.store import record, schema
from ingest.store.plan import coverage
from ingest.store.plan.coverage import Day
from ingest.store.read import verdicts
from tests.helpers.desk import utc

MONDAY = date(2026, 6, 1)
DOWN, OFF = -1, None  # instead of a number of articles: asked in vain, not asked


def days(counts: Iterable[int | None], start: date = MONDAY) -> list[Day]:
    """The ledger of a source that brought so many articles day after day."""
    found = []
    for n, count in enumerate(counts):
        if count is not OFF:
            found.append(Day(start + timedelta(days=n), 10, 0 if count == DOWN else 9, max(count, 0)))
    return found


def judge(counts: Sequence[int | None], *, over: int = 0) -> list[str]:
    """The verdicts of all these days; all are over, and `over` more."""
    until = MONDAY + timedelta(days=len(counts) - 1)
    today = until + timedelta(days=1 + over)
    return [each.verdict for each in verdicts.judged(days(counts), until=until, today=today)]


def test_an_attempt_is_counted_on_its_day_in_utc(engine: Engine) -> None:
    with record.writing(engine) as connection:
        feed = connection.execute(
            insert(schema.source)
            .values(kind="feed", key="http://a.test/", name="A", listed=True, added_at=utc(2026, 6, 1))
            .returning(schema.source.c.id)
        ).scalar_one()
        coverage.note(connection, feed, utc(2026, 6, 1, 23, 59), True, 3)
        coverage.note(connection, feed, utc(2026, 6, 1, 10), False, 0)
        coverage.note(connection, feed, utc(2026, 6, 2), True, 1)
    with engine.connect() as connection:
        assert coverage.ledger(connection) == {feed: [Day(MONDAY, 2, 1, 3), Day(date(2026, 6, 2), 1, 1, 1)]}
        assert coverage.ledger(connection, since=date(2026, 6, 2), sources=[feed]) == {
            feed: [Day(date(2026, 6, 2), 1, 1, 1)]
        }
        assert coverage.ledger(connection, sources=[]) == {}


def test_a_feed_is_new_until_ten_days_are_known() -> None:
    assert judge([40] + [8] * 13) == ["new"] * 11 + ["normal"] * 3  # the first day's backlog is no rhythm


def test_a_dead_feed_is_failing_also_on_the_days_on_which_it_was_left_alone() -> None:
    assert judge([8] * 14 + [DOWN, OFF, OFF, DOWN, 8])[14:] == ["failing"] * 4 + ["normal"]
    assert judge([8] * 14 + [DOWN, OFF, 8])[14:] == ["failing", "not asked", "normal"]


def test_days_without_our_own_program_are_no_fault_of_the_source() -> None:
    assert judge([8] * 14 + [OFF] * 3 + [24, 8])[14:] == ["not asked"] * 3 + ["normal"] * 2


def test_far_fewer_articles_than_usual_are_quiet() -> None:
    assert judge([9] * 21 + [2, 3, 9])[21:] == ["quiet", "normal", "normal"]
    assert judge([4] * 21 + [1])[21:] == ["normal"]  # below six a day a third is chance


def test_nothing_where_something_was_due_is_silent() -> None:
    assert judge([9] * 21 + [0])[21:] == ["silent"]
    assert judge([2] * 21 + [0, 0])[21:] == ["normal"] * 2
    assert judge([2] * 21 + [0, 0, 0])[21:] == ["silent"] * 3, "once it is long enough all of it is"


def test_a_silence_stays_one_however_long_it_lasts() -> None:
    assert set(judge([9] * 60 + [0] * 200)[60:]) == {"silent"}


def test_a_feed_that_was_abandoned_before_it_was_listed_is_found_out() -> None:
    verdict = judge([40] + [0] * 80)
    assert verdict[:11] == ["new"] * 11
    assert verdict[-1] == "silent"
    assert "silent" not in judge([40] + [0] * 50)


def test_weekends_without_news_are_the_rhythm_of_an_office() -> None:
    office = [6, 6, 6, 6, 6, 0, 0] * 8
    assert set(judge(office)[14:]) == {"normal"}
    assert judge([*office, 0])[-3:] == ["silent"] * 3, "a Monday without, and the weekend before it"


def test_a_letter_once_a_week_is_not_silent_in_between() -> None:
    weekly = [1, 0, 0, 0, 0, 0, 0] * 10
    assert set(judge(weekly)[14:]) == {"normal"}
    assert set(judge(weekly + [0] * 7 * 6)[-7:]) == {"silent"}


def test_one_flood_does_not_make_the_days_after_it_quiet() -> None:
    assert set(judge([7] * 28 + [400] + [7] * 28)[28:]) == {"normal"}


def test_the_first_answers_after_a_pause_are_no_rhythm() -> None:
    assert set(judge(([7] * 6 + [OFF] * 3 + [28]) * 6)[16:]) == {"normal", "not asked"}


def test_a_day_that_is_not_over_is_not_judged_by_what_it_lacks() -> None:
    assert judge([9] * 21 + [1], over=-1)[-1] == "normal"
    assert judge([9] * 21 + [0], over=-1)[-1] == "normal"
    assert judge([9] * 21 + [0, 0], over=-1)[-2:] == ["silent"] * 2
    assert judge([9] * 21 + [DOWN], over=-1)[-1] == "failing"


def test_a_feed_that_said_goodbye_is_gone_from_that_day_on() -> None:
    until = MONDAY + timedelta(days=22)
    found = verdicts.judged(
        days([9] * 20 + [DOWN]), until=until, today=until + timedelta(days=1), gone_at=utc(2026, 6, 21, 9)
    )
    assert [each.verdict for each in found[19:]] == ["normal", "gone", "gone", "gone"]


@pytest.mark.parametrize(
    ("counts", "state", "stands"),
    [
        ([9] * 20 + [DOWN], "failing", "failing"),
        ([9] * 20, "gone", "gone"),
        ([9] * 20 + [0], "ok", "silent"),
        ([9] * 20, "ok", "normal"),
        ([9], "ok", "new"),
        ([], "new", "not asked"),
    ],
)
def test_a_source_stands_as_its_last_attempt_and_day_say(counts: list[int], state: str, stands: str) -> None:
    until = MONDAY + timedelta(days=max(len(counts) - 1, 0))
    found = verdicts.judged(days(counts), until=until, today=until + timedelta(days=1))
    assert verdicts.current_verdict(found, state) == stands
