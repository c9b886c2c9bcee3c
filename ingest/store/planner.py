"""Keeps SQLite, which has no statistics of our tables, from using an index that would be slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from ingest.store import schema

#: With more rows than this, walking down from the newest article meets them sooner than sorting them all.
_MANY = 20_000


class NoIndex(UnaryExpression[Any]):
    """A column that SQLite may compare but not look rows up by; to PostgreSQL, the column itself."""

    inherit_cache = True


@compiles(NoIndex, "postgresql")
def _plain(element: NoIndex, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.element, **options))


def no_index(column: ColumnElement[Any]) -> NoIndex:
    """`+column`, which SQLite's planner reads as: not by an index."""
    return NoIndex(column, operator=custom_op("+"), type_=column.type)


def many(connection: Connection, rows: Select[Any]) -> bool:
    """Whether there are so many of these rows that an index on them would be slow."""
    some = rows.limit(_MANY + 1).subquery()
    return bool(connection.execute(select(func.count()).select_from(some)).scalar_one() > _MANY)


def named_often(connection: Connection, figures: Sequence[Any]) -> bool:
    """Whether figures are mentioned so often that an index on their mentions would be slow."""
    mention = schema.mention.c
    return many(connection, select(mention.figure).where(mention.figure.in_(figures)))
