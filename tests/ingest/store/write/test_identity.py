"""Which article is it? What feeds call theirs, and what may never be taken for one another."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from ingest.analyser import Analyser
from ingest.formats import items
from ingest.formats.items import Item, RawFeed
from ingest.models import Entry
from ingest.store import record, schema
from ingest.text import urls
from tests.helpers.desk import utc
from tests.helpers.newsroom import OUTLETS, Press, entry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = "https://daily.example/feed.xml"

GUIDS = st.sampled_from([None, "1", "2", "https://daily.example/?p=1", "same", " "])
LINKS = st.sampled_from(
    [None, "/1", "/2", "https://www.daily.example/1/?utm_source=x", "http://m.daily.example/1", "/", "javascript:x()"]
)
TITLES = st.sampled_from(["One", "Two", "Three"])
ITEMS = st.lists(st.builds(Item, title=TITLES, guid=GUIDS, link=LINKS), max_size=6)


def _entries(*listed: Item) -> tuple[Entry, ...]:
    return items.read(RawFeed(listed, "https://daily.example/"), source=SOURCE, now=NOW).entries


def _keys(**parts: str) -> tuple[str, ...]:
    (entry,) = _entries(Item(title="Talks", **parts))  # type: ignore[arg-type]
    return entry.keys


@settings(deadline=None)
@given(ITEMS)
def test_every_item_has_a_name_and_the_same_one_when_it_is_read_again(listed: list[Item]) -> None:
    first, second = _entries(*listed), _entries(*listed)
    assert [entry.keys for entry in first] == [entry.keys for entry in second]
    assert len(first) == len(listed)
    for each in first:
        assert each.keys
        assert len(set(each.keys)) == len(each.keys)
        assert all(key.startswith(("guid:", "url:", "hash:")) for key in each.keys)


@settings(deadline=None)
@given(ITEMS)
def test_items_that_share_a_name_are_one_article(listed: list[Item]) -> None:
    found = _entries(*listed)
    for one in found:
        for other in found:
            if set(one.keys) & set(other.keys) and one.title != other.title:
                # Two titles under one name: only where both names, or the only one, say that it was edited.
                assert one.guid == other.guid or urls.canonical(one.link or "") == urls.canonical(other.link or "")


@settings(deadline=None)
@given(
    st.permutations([Item(title="One", guid="1", link="/1"), Item(title="Two", guid="2", link="/2"), Item(title="3")])
)
def test_the_order_of_a_feed_does_not_change_who_is_who(listed: list[Item]) -> None:
    assert {entry.title: entry.keys for entry in _entries(*listed)} == {
        "One": ("guid:1", "url:https://daily.example/1"),
        "Two": ("guid:2", "url:https://daily.example/2"),
        "3": _keys_of_three(),
    }


def _keys_of_three() -> tuple[str, ...]:
    (entry,) = _entries(Item(title="3"))
    return entry.keys


def test_bad_input_52_53_one_page_under_many_addresses_keeps_one_name() -> None:
    names = {
        key
        for link in (
            "https://daily.example/1",
            "http://www.daily.example/1/",
            "https://m.daily.example/1?utm_source=rss",
        )
        for key in _keys(guid=f"changed-{link}", link=link)
        if key.startswith("url:")
    }
    assert names == {"url:https://daily.example/1"}


def test_the_feed_itself_and_its_front_page_name_no_article() -> None:
    for address in ("https://daily.example/", "http://www.daily.example", SOURCE):
        (key,) = _keys(guid=address, link=address)
        assert key.startswith("hash:"), address


def test_a_record_of_before_knows_its_articles_by_their_addresses_as_they_are_written_now(
    engine: Engine, analyser: Analyser
) -> None:
    press, keys = Press(engine, analyser), schema.article_key
    for n in (1, 2, 3):
        press.publish(OUTLETS[0].key, entry(n, f"Title {n}", f"Body {n}.", utc(2026, 3, n)))
    before = {1: "url:https://www.news.test/1", 2: "url:https://m.news.test/2", 3: "url:https://news.test/2"}
    migration = importlib.import_module("ingest.store.migrations.versions.0002_open_web")
    with record.writing(engine) as connection:
        for article_id, key in before.items():
            connection.execute(update(keys).where(keys.c.article_id == article_id).values(key=key))
        with Operations.context(MigrationContext.configure(connection)):
            migration._respell()
        found = {row.key: row.article_id for row in connection.execute(select(keys))}
    assert found == {"url:https://news.test/1": 1, "url:https://news.test/2": 3}
