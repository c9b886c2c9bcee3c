"""Reads the sources: their state, what each holds, and which ones count when none are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, and_, func, or_, select

from ingest.errors import FetchError
from ingest.models import DEMO_GROUP
from ingest.store import schema
from ingest.store.asof import live

_c, _art, _src, _f = schema.content.c, schema.article.c, schema.source.c, schema.fetch.c


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source with its state and what the record holds of it."""

    id: int
    kind: str
    key: str
    name: str
    group: str
    home: str | None
    language: str | None
    listed: bool
    unlisted_at: datetime | None
    state: str
    failures: int
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    next_at: datetime | None
    retired_at: datetime | None
    articles: int
    newest: datetime | None


#: How many current articles a source has, and the date of the newest; by its id.
ArticleCounts = Mapping[int, tuple[int, datetime | None]]


def listing(
    connection: Connection, counts: ArticleCounts | None = None, *, at: datetime | None = None
) -> list[SourceRow]:
    """All sources, by group and name, with their article counts; with `at`, those of that moment, in their state then.

    Articles are counted here, which takes two seconds a million articles, unless the caller knows it (`counts`).
    Names and groups are always today's.
    """
    counts = _counted(connection) if counts is None else counts
    rows = connection.execute(select(schema.source).order_by(_src.group, _src.name)).mappings().all()
    then = {} if at is None else _then(connection, at)
    stored = [name for name in SourceRow.__dataclass_fields__ if name not in ("articles", "newest")]
    found = []
    for row in rows:
        if at is not None and row["added_at"] > at and row["id"] not in counts:
            continue
        articles, newest = counts.get(row["id"], (0, None))
        values = {name: row[name] for name in stored} | then.get(row["id"], {})
        if at is not None and values["unlisted_at"] and values["unlisted_at"] > at:
            values |= {"listed": True, "unlisted_at": None}
        found.append(SourceRow(**values, articles=articles, newest=newest))
    return found


def _then(connection: Connection, at: datetime) -> dict[int, dict[str, Any]]:
    """The state of each source after the attempts up to a moment; by its id."""
    mine = and_(_f.source_id == _src.id, _f.at <= at)
    newest = (_f.at.desc(), _f.id.desc())
    last = _of_each(select(_f.id).where(mine).order_by(*newest).limit(1))
    good = _of_each(select(_f.at).where(mine, _f.outcome != "error").order_by(*newest).limit(1))
    bad = _of_each(select(func.count()).where(mine, _f.outcome == "error", or_(good.is_(None), _f.at > good)))
    rows = connection.execute(
        select(_src.id, _f.at, _f.outcome, _f.status, _f.reason, good.label("good"), bad.label("bad")).outerjoin(
            schema.fetch, _f.id == last
        )
    )
    found = {}
    for row in rows:
        gone = row.outcome == "error" and FetchError("", row.status).gone
        state = "gone" if gone else {None: "new", "error": "failing"}.get(row.outcome, "ok")
        found[row.id] = {
            "state": state,
            "failures": row.bad,
            "last_attempt_at": row.at,
            "last_success_at": row.good,
            "last_error": row.reason,
            "retired_at": row.at if gone else None,
        }
    return found


def _of_each(question: Select[Any]) -> ScalarSelect[Any]:
    return question.correlate(schema.source).scalar_subquery()


def _counted(connection: Connection) -> ArticleCounts:
    rows = connection.execute(
        select(_art.source_id, func.count(), func.max(_c.published_at))
        .join(schema.content, (_c.article_id == _art.id) & _c.rev_to.is_(None))
        .group_by(_art.source_id)
    )
    return {source: (articles, newest) for source, articles, newest in rows}


def names(connection: Connection) -> dict[int, str]:
    """The name of each source, by its id."""
    return {row.id: row.name for row in connection.execute(select(_src.id, _src.name))}


def newest_fetch(connection: Connection) -> datetime | None:
    """When a feed last gave a usable answer. Files and archives do not count."""
    return connection.execute(select(func.max(_src.last_success_at)).where(_src.kind == "feed")).scalar()


def automatic(connection: Connection, as_of: int | None = None) -> list[int]:
    """The ids of the sources that count where none are chosen, now or as of a revision; see `not_the_demo`."""
    groups = {row.id: row.group for row in connection.execute(select(_src.id, _src.group))}
    real = [id_ for id_, group in groups.items() if group != DEMO_GROUP]
    something = select(_art.id).join(schema.content, (_c.article_id == _art.id) & live(_c, as_of))
    found = real and connection.execute(something.where(_art.source_id.in_(real)).limit(1)).first()
    return not_the_demo(groups, found=bool(found))


def not_the_demo(groups: Mapping[int, str], *, found: bool) -> list[int]:
    """Of these sources (id -> group) all but the demo; the demo alone unless articles of others were `found`."""
    demo = [id_ for id_, group in groups.items() if group == DEMO_GROUP]
    return [id_ for id_ in groups if id_ not in demo] if found or not demo else demo
