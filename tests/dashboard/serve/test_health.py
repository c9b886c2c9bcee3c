"""What monitors are told: /healthz and /metrics, from the record alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import Engine, insert, update

from dashboard.model.follower import Follower
from dashboard.serve import health, prometheus
from dashboard.serve.prometheus import Metric
from ingest.models import utcnow
from ingest.store import record, schema
from ingest.store.plan import complaints
from ingest.store.upkeep.vitals import Tally
from tests.helpers.desk import Desk, item, rss
from tests.helpers.room import Room

#: A sample line of Prometheus' text format.
_SAMPLE = re.compile(
    r'(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? '
    r"(?P<value>-?[\d.]+(?:e[+-]?\d+)?)"
)


def samples(text: str) -> dict[str, float]:
    """The samples of a document, each checked against the format and its declared type."""
    kinds: dict[str, str] = {}
    found: dict[str, float] = {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("#"):
            _, word, name, rest = line.split(" ", 3)
            assert word in ("HELP", "TYPE")
            if word == "TYPE":
                assert name not in kinds, "declared twice"
                kinds[name] = rest
            continue
        hit = _SAMPLE.fullmatch(line)
        assert hit, line
        family = re.sub("_(?:sum|count)$", "", hit["name"]) if hit["name"] not in kinds else hit["name"]
        assert family in kinds, line
        assert (kinds[family] == "counter") == hit["name"].endswith("_total"), line
        key = hit["name"] + (f"{{{hit['labels']}}}" if hit["labels"] else "")
        assert key not in found, "said twice"
        found[key] = float(hit["value"])
    return found


@pytest.fixture
def feeds(desk: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A feed that is heard and one that fails, each asked a few times; the second has waited for five minutes."""
    now = utcnow()
    monkeypatch.setattr(health, "_VERDICT_SECONDS", 10**9)
    health._standing.cache_clear()
    with record.writing(engine) as connection:
        ids = []
        for name, state, next_at in (('The "Daily"\nPost', "ok", 60), ("Weekly \\ Times", "failing", -300)):
            values = {"kind": "feed", "key": f"http://{state}.test/", "name": name, "listed": True, "added_at": now}
            values |= {"state": state, "next_at": now + timedelta(seconds=next_at), "last_error": "It is away."}
            values |= {"last_success_at": now} if state == "ok" else {}
            ids.append(connection.execute(insert(schema.source).values(**values)).inserted_primary_key[0])
        for id_, outcome, parse_ms in ((ids[0], "ok", 20), (ids[0], "unchanged", None), (ids[1], "error", None)):
            connection.execute(
                insert(schema.fetch).values(
                    source_id=id_, at=now, outcome=outcome, bytes=1000, ms=100, parse_ms=parse_ms, added=2, edited=1
                )
            )
    return ids


def test_figures_for_prometheus_are_what_the_record_says(feeds: list[int], engine: Engine) -> None:
    found = samples(health.metrics())
    assert found["discourse_record_up"] == 1
    assert found["discourse_worker_up"] == 0
    assert [found[f'discourse_fetches_total{{outcome="{each}"}}'] for each in ("ok", "unchanged", "error")] == [1, 1, 1]
    assert (found["discourse_fetch_seconds_sum"], found["discourse_fetch_seconds_count"]) == (0.3, 3)
    assert (found["discourse_parse_seconds_sum"], found["discourse_parse_seconds_count"]) == (0.02, 1)
    assert (found["discourse_articles_added_total"], found["discourse_articles_edited_total"]) == (6, 3)
    assert found["discourse_queue_feeds"] == 1
    assert 300 <= found["discourse_queue_age_seconds"] < 330
    assert found['discourse_sources{verdict="failing"}'] == 1
    assert (
        f'discourse_source_last_success_timestamp_seconds{{source="The \\"Daily\\"\\nPost",id="{feeds[0]}"}}' in found
    )


def test_each_attempt_is_counted_once_and_another_record_begins_anew(feeds: list[int], engine: Engine) -> None:
    tally = Tally()
    with engine.connect() as connection:
        first = tally.read(connection)
        assert tally.read(connection) == first
    with record.writing(engine) as connection:
        connection.execute(
            insert(schema.fetch).values(source_id=feeds[0], at=utcnow(), outcome="ok", bytes=1, ms=1, added=0, edited=0)
        )
    with engine.connect() as connection:
        assert tally.read(connection).outcomes == {"ok": 2, "unchanged": 1, "error": 1}
        assert first.outcomes == {"ok": 1, "unchanged": 1, "error": 1}, "what was told stays as it was"
    with record.writing(engine) as connection:
        connection.execute(schema.fetch.delete().where(schema.fetch.c.source_id == feeds[0]))
        connection.execute(update(schema.fetch).values(id=1))
    with engine.connect() as connection:
        assert tally.read(connection).outcomes == {"error": 1}


def test_health_names_the_feeds_that_are_not_as_usual_and_broken_lists(feeds: list[int], engine: Engine) -> None:
    with record.writing(engine) as connection:
        complaints.note(connection, complaints.FEEDS, "feeds.opml, line 3: this is no OPML.", now=utcnow())
    status, found = health.health()
    assert (status, found["ok"], found["worker"]) == (200, True, False)
    assert found["feeds"] == {"failing": 1, "not asked": 1}
    assert [(each["name"], each["verdict"], each["last_error"]) for each in found["not_normal"]] == [
        ("Weekly \\ Times", "failing", "It is away.")
    ]
    assert found["faults"] == ["list of feeds: feeds.opml, line 3: this is no OPML."]
    with record.writing(engine) as connection:
        complaints.note(connection, complaints.FEEDS, None, now=utcnow())
    assert health.health()[1]["faults"] == []


def test_a_look_at_the_seed_folder_is_no_source_heard_from(room: Room, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/dead").respond_with_data("", status=503)
    room.follow(httpserver.url_for("/dead"))
    room.clock.now -= timedelta(hours=2)
    model = Follower(room.engine)

    def heard() -> tuple[datetime | None, float | None]:
        model.catch_up()
        return model.heard, health.health()[1]["newest_fetch_age_seconds"]

    room.fetch()
    room.scan()
    assert heard() == (None, None), "every feed fails, and the folder is empty"
    room.desk.drop("a.txt", "Talks open\n\nWords.", age=10_000)
    room.scan()
    assert heard() == (None, None), "nor is a file, which lies there"
    room.clock.now += timedelta(hours=1)
    httpserver.clear()
    httpserver.expect_request("/dead").respond_with_data(rss(item(1)))
    assert room.fetch()["Feed 1"].added == 1
    assert heard()[0] == room.clock.now
    assert heard()[1] == pytest.approx(3_600, abs=60)


def test_a_record_that_can_not_be_used_is_said_to_be_down(desk: Desk) -> None:
    (desk.data / "discourse.db").write_text("no database, and longer than a header would be" * 40, encoding="utf-8")
    assert samples(health.metrics()) == {"discourse_record_up": 0}
    assert health.health()[0] == 503


def test_no_name_breaks_out_of_its_line() -> None:
    nasty = 'a"} 1\nevil{x="\\'
    text = prometheus.text([Metric("discourse_x", "gauge", "Two\nlines \\.", (({"source": nasty}, 1.5),))])
    assert text.splitlines()[0] == "# HELP discourse_x Two\\nlines \\\\."
    assert samples(text) == {'discourse_x{source="a\\"} 1\\nevil{x=\\"\\\\"}': 1.5}
