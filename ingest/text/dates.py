"""Reads dates as feeds, files and pages write them: aware and in UTC, or None; never guessed."""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_Clock = tuple[int, int, int]  # hour, minute, second

#: Nothing on the web was published before the web.
FIRST_YEAR = 1990
#: Clocks and zones are wrong by hours; an article dated further ahead would stay on top for a long time.
AHEAD = timedelta(days=2)

# Longer strings are sentences; dateparser would search them for minutes.
_LONGEST = 80

# Names that feeds use, with hours from UTC. An ambiguous one has the meaning that most newsrooms use: IST is India, CST
# Chicago, BST London.
_ZONES = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "IST": 5.5, "PKT": 5, "WIB": 7, "ICT": 7, "SGT": 8, "HKT": 8, "PHT":
    8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "WAT": 1, "CAT": 2, "SAST": 2, "EAT": 3, "NST": -3.5, "NDT": -2.5, "BRT": -3, "ART": -3, "AST": -4, "ADT": -3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT":
    -8, "HST": -10,
}  # fmt: skip
#: Names that mean summer time in summer.
_PLACES = {"ET": "America/New_York", "PT": "America/Los_Angeles"}
_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|"
        "oct october|nov november|dec december".split("|"),
        start=1,
    )
    for name in names.split()
}
_TIME = re.compile(
    r"(?:(?<=[\s,])|(?<=[0-9]T)|(?<=[0-9]t)|(?<=[0-9]:))(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?(?!\d)"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?(?![A-Za-z]))?"
    r"(?:\s*(?P<zone>[A-Z][a-z]+/[A-Z][A-Za-z_]+|(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d{2})?(?![\d-])|(?i:utc|gmt|z)(?![A-Za-z])|[A-Z]{2,5}(?![A-Za-z])))?"
)
#: ISO 8601 without separators, or without minutes; `2004-01-01T19Z`.
_COMPACT = re.compile(
    r"(\d{4})(-?)(\d{2})\2(\d{2})(?:T?(\d{2})(\d{2})(\d{2})|T(\d{2})(\d{2})?)(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?"
)
_YEAR_DAY = re.compile(r"(\d{4})-(\d{3})|(\d{4})-W(\d{2})-(\d)")
#: `−` and the dashes used for it; without this an offset would be lost.
_MINUS = str.maketrans("−‐‑‒–", "-----")
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[.,]*\s+(?=\d)", re.IGNORECASE)
#: East Asian dates have AM or PM before the hour.
_HALF_FIRST = re.compile(r"(?:(오전|上午|午前)|(?:오후|下午|午後))\s*(\d{1,2}:\d{2}(?::\d{2})?)")
_EAST = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_UNIX = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{12,13})")
_DAY = re.compile(
    r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})|(?P<y2>\d{4})(?P<m2>\d{2})(?P<d2>\d{2})"
)
_DAY_MONTH = re.compile(
    r"(?:[A-Za-z]{2,9}[.,]*\s+)?(\d{1,2})(?:st|nd|rd|th)?[\s.-]*([A-Za-z]{3,9})[\s.,-]*(\d{4}|\d{2})"
)
_MONTH_DAY = re.compile(r"(?:[A-Za-z]{3,9}[.,]*\s+)?([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_NUMBERS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
_FILE_NAME = re.compile(r"(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)")

_LANGUAGES = "de fr es it pt nl pl ru uk tr sv da nb fi cs hu el ro ja zh ko ar id".split()
_STRICT = {"STRICT_PARSING": True, "REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"]}
# dateparser keeps its loaded languages in module state.
_ONE_AT_A_TIME = threading.Lock()


def from_text(text: str | None, *, now: datetime) -> datetime | None:
    """The moment that `text` states, aware and in UTC; None if it states none or one that is not plausible.

    Reads ISO 8601, the dates of e-mail, `2016/6/29 15:07:41`, Unix time, `March 5, 2024` and the month names of some
    twenty languages. A date without a zone is in UTC. A date whose day and month could be swapped (`3/4/2024`), a day
    that does not exist and an unknown zone give None.
    """
    moment = stated(text)
    return plausible(moment, now) if moment else None


def stated(text: str | None) -> datetime | None:
    """Like `from_text`, but also gives moments at which nothing can have been published."""
    words = _words(text)
    return _read(words)[0] if words else None


def zoned(text: str | None) -> bool:
    """Whether a date states its time zone: by an offset, a name, or as Unix time, which needs none."""
    words = _words(text)
    return bool(words) and _read(words)[1]


def _words(text: str | None) -> str:
    words = " ".join((text or "").split())
    return words if len(words) <= _LONGEST else ""


def from_file_name(name: str) -> datetime | None:
    """Midnight UTC of the date that a file's name begins with: `2024-03-05 …`, `20240305…`, `2024_03_05…`."""
    found = _FILE_NAME.match(name)
    moment = _moment(int(found[1]), int(found[3]), int(found[4])) if found else None
    return moment if moment and moment.year >= FIRST_YEAR else None


def from_date(value: date, *, now: datetime) -> datetime | None:
    """The moment of a date, midnight UTC of one without a time, if it is `plausible`; else None."""
    return plausible(value if isinstance(value, datetime) else datetime.combine(value, time()), now)


def plausible(moment: datetime, now: datetime) -> datetime | None:
    """The moment in UTC if an article can be from then: 1990 to two days after `now`; else None. Naive means UTC."""
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    return moment if moment.year >= FIRST_YEAR and moment <= now + AHEAD else None


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[datetime | None, bool]:
    """The moment, and whether its zone is stated."""
    text = _HALF_FIRST.sub(lambda found: f"{found[2]} {'AM' if found[1] else 'PM'}", text.translate(_MINUS))
    if found := _COMPACT.fullmatch(text):
        return _compact(found), bool(found["zone"])
    if found := _UNIX.fullmatch(text):
        return datetime.fromtimestamp(int(found[1]) if found[1] else int(found[2]) / 1000, UTC), True
    if found := _YEAR_DAY.fullmatch(text):
        return _year_day(*(int(part) if part else 0 for part in found.groups())), False
    clock: _Clock = (0, 0, 0)
    zone: tzinfo | None = None
    rest = text
    if found := _TIME.search(text):
        hour = int(found["h"])
        if found["half"]:
            if not 1 <= hour <= 12:
                return None, False
            hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
        zone = _zone(found["zone"])
        if found["zone"] and zone is None:
            return None, False
        clock = (hour, int(found["m"]), int(found["s"] or 0))
        # Zone names in brackets, or after an offset, only repeat it.
        after = re.sub(r"\([^)]*\)|\[[^\]]*\]|^\s*(?:GMT|UTC)$", "", text[found.end() :])
        rest = text[: found.start()] + " " + after
    rest = re.sub(r"(?:\s(?:at|um|à|a las|Uhr))+$|[Tt]$", "", rest.strip(" ,:")).strip(" ,")
    parts = _day(_WEEKDAY.sub("", rest, count=1))
    moment = _moment(*parts, clock, zone or UTC) if parts else _other(rest, clock, zone or UTC)
    return moment, zone is not None


def _compact(found: re.Match[str]) -> datetime | None:
    clock = int(found[5] or found[8]), int(found[6] or found[9] or 0), int(found[7] or 0)
    zone = _zone(found["zone"] or "Z")
    return _moment(int(found[1]), int(found[3]), int(found[4]), clock, zone) if zone else None


def _year_day(year: int, day: int, week_year: int, week: int, weekday: int) -> datetime | None:
    try:
        if week_year:
            return datetime.fromisocalendar(week_year, week, weekday).replace(tzinfo=UTC)
        moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day - 1)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year == year else None


def _day(text: str) -> tuple[int, int, int] | None:
    if found := _DAY.fullmatch(text):
        if found["y"]:
            return int(found["y"]), int(found["m"]), int(found["d"])
        return int(found["y2"]), int(found["m2"]), int(found["d2"])
    if found := _EAST.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if (found := _DAY_MONTH.fullmatch(text)) and (month := _MONTHS.get(found[2].lower())):
        year = int(found[3])
        # E-mail's two-digit years, as RFC 2822 reads them.
        return year + (0 if year > 99 else 2000 if year < 50 else 1900), month, int(found[1])
    if (found := _MONTH_DAY.fullmatch(text)) and (month := _MONTHS.get(found[1].lower())):
        return int(found[3]), month, int(found[2])
    if found := _NUMBERS.fullmatch(text):
        first, second = int(found[1]), int(found[3])
        # With full stops the day comes first everywhere; with slashes it depends on the country.
        if found[2] == "." or first > 12 or first == second:
            return int(found[4]), second, first
        if second > 12:
            return int(found[4]), first, second
    return None


def _other(text: str, clock: _Clock, zone: tzinfo) -> datetime | None:
    """A date in another language, by dateparser; checked, because dateparser fills gaps and skips words."""
    numbers = [int(number) for number in re.findall(r"\d{1,4}", text)]
    if not any(char.isalpha() for char in text) or not any(number >= FIRST_YEAR for number in numbers):
        return None
    # Imported here: the import takes a third of a second, and few feeds need it.
    import dateparser

    with _ONE_AT_A_TIME:
        try:
            found: datetime | None = dateparser.parse(text, languages=_LANGUAGES, settings=_STRICT)
        except (ValueError, OverflowError, TypeError, RecursionError):
            return None
    if found is None or found.year not in numbers or found.day not in numbers:
        return None
    if clock == (0, 0, 0):
        clock = (found.hour, found.minute, found.second)
    return _moment(found.year, found.month, found.day, clock, zone)


def _moment(year: int, month: int, day: int, clock: _Clock = (0, 0, 0), zone: tzinfo = UTC) -> datetime | None:
    hour, minute, second = clock
    # ISO 8601 allows midnight at a day's end, and leap seconds happen.
    late = timedelta(days=1) if clock == (24, 0, 0) else timedelta()
    hour, second = (0 if late else hour), (59 if second == 60 else second)
    try:
        return (datetime(year, month, day, hour, minute, second, tzinfo=zone) + late).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> tzinfo | None:
    """The zone of a name or an offset; None if it is unknown or missing."""
    if not text:
        return None
    if "/" in text or text in _PLACES:
        try:
            return ZoneInfo(_PLACES.get(text, text))
        except (OSError, ValueError, KeyError):
            return None
    if found := re.search(r"([+-])(\d{1,2}):?(\d{2})?$", text):
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(-offset if found[1] == "-" else offset) if offset <= timedelta(hours=14) else None
    hours = _ZONES.get(text.strip().upper())
    return None if hours is None else timezone(timedelta(hours=hours))
