"""Dates: right, or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest import dates

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
