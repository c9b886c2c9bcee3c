"""The rhythm that a feed finds by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ingest.fetch import rhythm
from ingest.fetch.rhythm import Rhythm
from ingest.models import Attempt, FeedState, utcnow

DAY = timedelta(days=1)


def rhythm_after(looks: int, every: int) -> timedelta:
    """The rhythm of a feed of which each nth look brings something new."""
    state = FeedState(1, "http://news.test/rss", "News")
    for look in range(1, looks + 1):
        attempt = Attempt("ok" if look % every == 0 else "unchanged", utcnow())
        found = rhythm.pause(Rhythm(), state, attempt, int(look % every == 0), lambda: 0.0)
        state = replace(state, interval=found.interval)
    return found.length


def test_a_feed_that_changes_is_asked_more_often_and_a_quiet_one_less() -> None:
    assert rhythm_after(10, every=1) == rhythm_after(200, every=2) == timedelta(minutes=5)
    assert rhythm_after(40, every=1_000) == rhythm_after(399, every=20) == DAY
    assert timedelta(minutes=4) < rhythm_after(4, every=4) < timedelta(minutes=20), "about in balance"
