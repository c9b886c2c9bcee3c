"""Decides when to ask a feed again, by its publisher's request, how often it changes and how long it has failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ingest.models import Attempt, FeedState

SHORTEST = timedelta(minutes=5)
#: Every feed is asked once a day, even if it is quiet or its server asks for a longer pause.
LONGEST = timedelta(days=1)
#: A feed that has been "unchanged" for this long is asked for everything: some servers never answer anything else.
WHOLE_AGAIN = timedelta(days=2)
#: Corrections by a time server are smaller; a larger difference means that the clock was set wrong.
_CLOCK_SLACK = timedelta(minutes=5)

# The interval is multiplied by these; it stays the same if about every fourth look brings something new.
_FASTER, _SLOWER = 0.7, 1.15
#: If all items of a feed with fewer than these are new, none need have been missed.
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
    """How often feeds are asked: every `base` at first, or always if `fixed` (a person has set it)."""

    base: timedelta = timedelta(minutes=10)
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """How long to wait before asking a feed again, and its interval from now on."""

    length: timedelta
    interval: timedelta


def pause(rhythm: Rhythm, state: FeedState, attempt: Attempt, changed: int, rng: Callable[[], float]) -> Pause:
    """When to ask again after an attempt that brought `changed` new or edited articles; `rng` returns 0 … 1.

    A feed that fails is asked less and less often, but at least once a day.
    """
    interval = state.interval or rhythm.base
    if attempt.outcome == "error":
        longest = max(LONGEST, rhythm.base)
        wait = min(rhythm.base * 2 ** min(state.failures + 1, 16), longest)
        # Up to a quarter later, so that feeds that failed together are not asked again together.
        wait = min(wait * (1 + rng() / 4), longest)
        return Pause(max(wait, min(attempt.retry_after or timedelta(), LONGEST)), interval)
    requested = [length for length in (attempt.asked or state.asked, attempt.fresh) if length]
    if rhythm.fixed:
        interval = rhythm.base
    else:
        interval = _bounded(interval * (_FASTER if changed else _SLOWER))
        if state.whole_at is not None and changed >= len(attempt.entries) >= _WINDOW:
            # All items were new, so some may have been missed: that outweighs the publisher's request.
            interval, requested = _bounded(interval / 4), []
    wait = max(interval, min(max(requested, default=timedelta()), LONGEST))
    return Pause(wait * (1 + rng() / 10), interval)


def _bounded(interval: timedelta) -> timedelta:
    return max(SHORTEST, min(interval, LONGEST))


def clock_was_ahead(now: datetime) -> datetime:
    """A stored time after this was written while the clock was ahead, and what it planned is ignored."""
    return now + _CLOCK_SLACK


# -- what publishers request -------------------------------------------------------------------------------------------


def publisher_interval(body: bytes) -> timedelta | None:
    """The interval that an RSS feed asks for: the longer of `ttl` and `sy:updatePeriod`; None if it has neither."""
    first = _ITEM.search(body)
    head = body[: first.start()] if first else body[:65_536]
    found = []
    if ttl := _TTL.search(head):
        found.append(timedelta(minutes=int(ttl[1])))
    if (period := _PERIOD.search(head)) and (seconds := _PERIODS.get(period[1].decode().lower())):
        times = _FREQUENCY.search(head)
        found.append(timedelta(seconds=seconds / max(1, int(times[1]) if times else 1)))
    return max(found, default=None)


def cache_lifetime(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long an answer stays up to date by its cache headers (RFC 9111); None if they don't say."""
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
    """The pause that a Retry-After header asks for, in seconds or until a date, at most a day; None without one."""
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
