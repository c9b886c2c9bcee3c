"""Which index leads on SQLite, which counts nothing of our tables and takes any that fits for a good one."""

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


class Unled(UnaryExpression[Any]):
    """A column that SQLite may compare but not look rows up by; to PostgreSQL, the column itself."""

    inherit_cache = True


@compiles(Unled, "postgresql")
def _plain(element: Unled, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.element, **options))


def unled(column: ColumnElement[Any]) -> Unled:
    """`+column`, which SQLite's planner reads as: not by an index."""
    return Unled(column, operator=custom_op("+"), type_=column.type)


def many(connection: Connection, rows: Select[Any]) -> bool:
    """Whether there are so many of these rows that they should not lead."""
    some = rows.limit(_MANY + 1).subquery()
    return bool(connection.execute(select(func.count()).select_from(some)).scalar_one() > _MANY)


def named_often(connection: Connection, figures: Sequence[Any]) -> bool:
    """Whether figures are mentioned so often that their mentions should not lead."""
    mention = schema.mention.c
    return many(connection, select(mention.figure).where(mention.figure.in_(figures)))
