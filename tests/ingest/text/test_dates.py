"""Dates: right, or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.text import dates

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-03-05T14:30:00Z", "2024-03-05T14:30:00"),
        ("2024-03-05T14:30:00.123+02:00", "2024-03-05T12:30:00"),
        ("2024-03-05 14:30", "2024-03-05T14:30:00"),
        ("2024-03-05", "2024-03-05T00:00:00"),
        ("20240305", "2024-03-05T00:00:00"),
        ("20240305T143000Z", "2024-03-05T14:30:00"),
        ("2024-03-05T24:00:00Z", "2024-03-06T00:00:00"),
        ("2016/6/29 15:07:41", "2016-06-29T15:07:41"),
        ("Thu, 05 Feb 2026 17:10:20 +0000", "2026-02-05T17:10:20"),
        ("Thu, 05 Feb 2026 17:10:20 -0530", "2026-02-05T22:40:20"),
        ("Thu, 05 Feb 26 17:10 GMT", "2026-02-05T17:10:00"),
        ("Tue, 05 Mar 2024 10:00:00 +0000 (UTC)", "2024-03-05T10:00:00"),
        ("Tue, 05 Mar 2024 10:00:00 GMT+0200", "2024-03-05T08:00:00"),
        ("Tue Mar  5 14:30:00 2024", "2024-03-05T14:30:00"),
        ("1709632800", "2024-03-05T10:00:00"),
        ("1709632800000", "2024-03-05T10:00:00"),
        ("March 5, 2024", "2024-03-05T00:00:00"),
        ("Wednesday, March 6th, 2024 3:07 pm", "2024-03-06T15:07:00"),
        ("4 May 2017 19:40:17", "2017-05-04T19:40:17"),
        ("05.03.2024", "2024-03-05T00:00:00"),
        ("13/04/2024", "2024-04-13T00:00:00"),
        ("04/13/2024", "2024-04-13T00:00:00"),
        ("5. März 2024", "2024-03-05T00:00:00"),
        ("Di, 05 Mrz 2024 10:00:00 +0100", "2024-03-05T09:00:00"),
        ("mardi 5 mars 2024 à 14:30", "2024-03-05T14:30:00"),
        ("5 de marzo de 2024", "2024-03-05T00:00:00"),
        ("2024年3月5日", "2024-03-05T00:00:00"),
    ],
)
def test_a_stated_date_is_read(text: str, iso: str) -> None:
    assert dates.from_text(text, now=NOW) == datetime.fromisoformat(iso + "+00:00")


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("CEST", 2), ("CET", 1), ("EST", -5), ("EDT", -4), ("PST", -8), ("IST", 5.5), ("JST", 9), ("UT", 0)],
)
def test_zone_names_mean_their_offset(zone: str, hours: float) -> None:
    found = dates.from_text(f"Tue, 05 Mar 2024 10:00:00 {zone}", now=NOW)
    assert found == datetime(2024, 3, 5, 10, tzinfo=UTC) - timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "Fri, 30 Feb 2024 10:00:00 GMT",
        "30 février 2024",
        "31. Juni 2024",
        "2024-13-01",
        "1699-01-01",
        "-001-01-01",
        "9999-01-01",
        "2099-01-01T00:00:00Z",
        "99999999999",
        "03/04/2024",
        "Tue, 05 Mar 2024 25:00:00 GMT",
        "Tue, 05 Mar 2024 10:00:00 XYZT",
        "2024-03-05T10:00:00+99:00",
        "12 Dec 2023 13:30 PM",
        "yesterday",
        "March 2024",
        "5 March",
        "no date at all",
        "x" * 10_000,
        "",
        None,
    ],
)
def test_no_date_is_ever_invented(text: str | None) -> None:
    assert dates.from_text(text, now=NOW) is None


def test_a_date_may_be_two_days_ahead_and_no_more() -> None:
    assert dates.from_text("2026-11-24", now=NOW)
    assert dates.from_text("2026-11-25", now=NOW) is None


def test_a_file_name_dates_its_article_only_at_its_beginning() -> None:
    day = datetime(2024, 3, 5, tzinfo=UTC)
    assert dates.from_file_name("2024-03-05 talks.txt") == day
    assert dates.from_file_name("20240305-talks.txt") == day
    assert dates.from_file_name("2024_03_05.txt") == day
    for name in (
        "talks 2024-03-05.txt",
        "2024-02-30.txt",
        "202403051.txt",
        "2024-0305.txt",
        "17760704.txt",
        "talks.txt",
    ):
        assert dates.from_file_name(name) is None, name


def test_a_plausible_moment_is_given_in_utc() -> None:
    assert dates.plausible(datetime(2024, 3, 5), NOW) == datetime(2024, 3, 5, tzinfo=UTC)  # noqa: DTZ001
    assert dates.plausible(datetime(1970, 1, 1, tzinfo=UTC), NOW) is None
    assert dates.plausible(NOW + timedelta(days=3), NOW) is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2003-335", "2003-12-01T00:00:00"),
        ("2003-W52-3", "2003-12-24T00:00:00"),
        ("20040101T194821+0100", "2004-01-01T18:48:21"),
        ("2004-01-01T19Z", "2004-01-01T19:00:00"),
        ("2024-03-05T10:00:00−05:00", "2024-03-05T15:00:00"),
        ("Fri, 2006/09/15 08:19:53 EDT", "2006-09-15T12:19:53"),
        ("2004년 05월 25일 오후 11:23:17", "2004-05-25T23:23:17"),
        ("Tue, 05 Mar 2024 10:00:00 Europe/Berlin", "2024-03-05T09:00:00"),
        ("July 5, 2024, 10:00 a.m. ET", "2024-07-05T14:00:00"),
        ("Tue, 05 Mar 2024 10:00:00 +0000 GMT", "2024-03-05T10:00:00"),
    ],
)
def test_a_date_in_a_rare_form_is_read(text: str, iso: str) -> None:
    assert dates.from_text(text, now=NOW) == datetime.fromisoformat(iso + "+00:00")


@pytest.mark.parametrize(
    "text", ["1699-07-04", "-001-01-01", "9999-12-31", "2024-13-01", "Fri, 30 Feb 2024 10:00:00 GMT"]
)
def test_bad_input_44_a_year_month_or_day_that_can_not_be_is_none(text: str) -> None:
    assert dates.from_text(text, now=NOW) is None


def test_bad_input_45_a_date_far_ahead_is_none_but_remembered() -> None:
    assert dates.from_text("2099-01-01T00:00:00Z", now=NOW) is None
    assert dates.stated("2099-01-01T00:00:00Z") == datetime(2099, 1, 1, tzinfo=UTC)


def test_bad_input_46_a_date_with_slashes_begins_with_its_year() -> None:
    assert dates.from_text("2016/6/29 15:07:41", now=NOW) == datetime(2016, 6, 29, 15, 7, 41, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "hours"), [("CEST", 2), ("EST", -5), ("IST", 5.5)])
def test_bad_input_47_names_of_zones_have_their_offset(zone: str, hours: float) -> None:
    found = dates.from_text(f"Wed, 05 Jun 2024 10:00:00 {zone}", now=NOW)
    assert found == datetime(2024, 6, 5, 10, tzinfo=UTC) - timedelta(hours=hours)


def test_bad_input_48_without_a_zone_it_is_utc_and_known_to_be_a_guess() -> None:
    assert dates.from_text("2024-03-05 14:30", now=NOW) == datetime(2024, 3, 5, 14, 30, tzinfo=UTC)
    assert not dates.zoned("2024-03-05 14:30")
    assert not dates.zoned("2024-03-05")
    for text in ("2024-03-05T14:30Z", "Tue, 05 Mar 2024 10:00:00 EST", "2024-03-05 14:30 +0000", "1709632800"):
        assert dates.zoned(text), text


def test_bad_input_49_unix_time_is_read() -> None:
    for text in ("1709632800", "1709632800000", "1709632800.5"):
        assert dates.from_text(text, now=NOW) == datetime(2024, 3, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("5. März 2024", datetime(2024, 3, 5, tzinfo=UTC)),
        ("mardi 5 mars 2024", datetime(2024, 3, 5, tzinfo=UTC)),
        ("March 5, 2024", datetime(2024, 3, 5, tzinfo=UTC)),
        ("4 May 2017 19:40:17", datetime(2017, 5, 4, 19, 40, 17, tzinfo=UTC)),
        ("31. Februar 2024", None),
        ("5. Brumaire 2024", None),
    ],
)
def test_bad_input_50_other_languages_and_orders_are_read_or_none(text: str, day: datetime | None) -> None:
    assert dates.from_text(text, now=NOW) == day


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 22)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FORMS = st.sampled_from(
    (
        "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %z", "%d %B %Y %H:%M:%S %z",
        "%B %d, %Y %I:%M:%S %p %z", "%A, %d-%b-%y %H:%M:%S %z", "%Y/%m/%d %H:%M:%S %z", "%Y%m%dT%H%M%S%z",
    )
)  # fmt: skip


@settings(deadline=None)
@given(MOMENTS, OFFSETS, FORMS)
def test_every_moment_in_every_form_and_zone_comes_back(moment: datetime, offset: timezone, form: str) -> None:
    text = moment.replace(tzinfo=offset).strftime(form)
    expected = dates.plausible(moment.replace(tzinfo=offset), NOW)
    assert dates.from_text(text, now=NOW) == expected
    assert dates.zoned(text)


@settings(deadline=None)
@given(st.integers(1, 31), st.integers(1, 12), st.integers(1990, 2026), st.sampled_from("-/."))
def test_a_day_the_calendar_lacks_is_never_moved_to_one_it_has(day: int, month: int, year: int, sign: str) -> None:
    found = dates.from_text(f"{year}{sign}{month:02}{sign}{day:02}", now=NOW)
    try:
        expected = dates.plausible(datetime(year, month, day, tzinfo=UTC), NOW)
    except ValueError:
        expected = None
    assert found == expected


@settings(deadline=None)
@given(st.text(max_size=90) | st.text("0123456789-/:.,TZ+ JanMarDecGMTEST", max_size=40))
def test_whatever_is_written_there_the_date_is_in_its_numbers_or_there_is_none(text: str) -> None:
    found = dates.from_text(text, now=NOW)
    assert found is None or (found.tzinfo is UTC and dates.plausible(found, NOW) == found)
    if found and not any(char.isdecimal() for char in text):
        pytest.fail(f"{text!r} has no number, and became {found}")
