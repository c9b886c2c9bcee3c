"""When to ask a feed again: what its publisher wishes, how often it changes, how long it has failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ingest.models import Attempt, FeedState

SHORTEST = timedelta(minutes=5)
#: However long a server asks us to stay away, and however quiet a feed is: once a day we look.
LONGEST = timedelta(days=1)
#: A feed that answers "unchanged" for this long is asked for everything: some servers never say anything else.
WHOLE_AGAIN = timedelta(days=2)
#: A jump of the clock beyond this is one; the small corrections of a time server are not.
_CLOCK_SLACK = timedelta(minutes=5)

# Where about every fourth look brings something new, these two are in balance.
_FASTER, _SLOWER = 0.7, 1.15
#: A feed of fewer items may be replaced as a whole without anything having been missed.
_WINDOW = 5

_PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_ITEM = re.compile(rb"<(?:item|entry)[\s>]")
_TTL = re.compile(rb"<ttl>\s*([0-9]{1,6})\s*</ttl>", re.IGNORECASE)
_PERIOD = re.compile(rb"<sy:updatePeriod>\s*([a-z]+)\s*</", re.IGNORECASE)
_FREQUENCY = re.compile(rb"<sy:updateFrequency>\s*([0-9]{1,4})\s*</", re.IGNORECASE)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)
_NEVER_FRESH = re.compile(r"(?:^|[\s,])no-(?:cache|store)", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often feeds are looked at: `base` at first, or always when `fixed` (because a person has set it)."""

    base: timedelta = timedelta(minutes=10)
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """How long to leave a feed alone, and the rhythm to go on with."""

    length: timedelta
    interval: timedelta


def pause(rhythm: Rhythm, state: FeedState, attempt: Attempt, changed: int, luck: Callable[[], float]) -> Pause:
    """When to ask again after an attempt that brought `changed` new or edited articles; `luck` answers 0 … 1.

    A feed that fails is asked less and less often, a day apart at most, but never given up.
    """
    interval = state.interval or rhythm.base
    if attempt.outcome == "error":
        longest = max(LONGEST, rhythm.base)
        wait = min(rhythm.base * 2 ** min(state.failures + 1, 16), longest)
        # Up to a quarter later: what failed together must not come back together.
        wait = min(wait * (1 + luck() / 4), longest)
        return Pause(max(wait, min(attempt.retry_after or timedelta(), LONGEST)), interval)
    wishes = [wish for wish in (attempt.asked or state.asked, attempt.fresh) if wish]
    if rhythm.fixed:
        interval = rhythm.base
    else:
        interval = _bounded(interval * (_FASTER if changed else _SLOWER))
        if _overrun(state, attempt, changed):
            # All of it was new, so something may have been missed: that outweighs what the publisher wishes.
            interval, wishes = _bounded(interval / 4), []
    wait = max(interval, min(max(wishes, default=timedelta()), LONGEST))
    return Pause(wait * (1 + luck() / 10), interval)


def _overrun(state: FeedState, attempt: Attempt, changed: int) -> bool:
    return state.whole_at is not None and changed >= len(attempt.entries) >= _WINDOW


def _bounded(interval: timedelta) -> timedelta:
    return max(SHORTEST, min(interval, LONGEST))


def future(now: datetime) -> datetime:
    """An attempt after this moment was made by a clock that has been put back since: what it planned is void."""
    return now + _CLOCK_SLACK


# -- what publishers say ----------------------------------------------------------------------------------------------


def stated(body: bytes) -> timedelta | None:
    """How often an RSS feed says it should be asked: the longer of `ttl` and `sy:updatePeriod`; None for no word."""
    first = _ITEM.search(body)
    head = body[: first.start()] if first else body[:65_536]
    found = []
    if ttl := _TTL.search(head):
        found.append(timedelta(minutes=int(ttl[1])))
    if (period := _PERIOD.search(head)) and (seconds := _PERIODS.get(period[1].decode().lower())):
        times = _FREQUENCY.search(head)
        found.append(timedelta(seconds=seconds / max(1, int(times[1]) if times else 1)))
    return max(found, default=None)


def fresh(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the cache headers of an answer (RFC 9111) say that it stays the newest; None for no word."""
    control = headers.get("cache-control") or ""
    if _NEVER_FRESH.search(control):
        return None
    if found := _MAX_AGE.search(control):
        age = headers.get("age") or ""
        left = int(found[1]) - (int(age) if _SECONDS.fullmatch(age) else 0)
    elif (end := _date(headers.get("expires"))) is not None:
        left = int((end - (_date(headers.get("date")) or now)).total_seconds())
    else:
        return None
    return timedelta(seconds=left) if left > 0 else None


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a server asks us to stay away, in seconds or until a date, a day at most; None for no word."""
    value = (value or "").strip()
    if _SECONDS.fullmatch(value):
        return min(timedelta(seconds=int(value)), LONGEST)
    until = _date(value)
    return None if until is None else max(timedelta(), min(until - now, LONGEST))


def _date(value: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
