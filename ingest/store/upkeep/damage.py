"""Looks for damage: what the database itself finds, and what must be true of every record."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, or_, select, table
from sqlalchemy import column as named
from sqlalchemy.exc import DatabaseError

from ingest.errors import RecordError
from ingest.store import engines, schema

_c, _a = schema.content.c, schema.analysis.c


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at, and what is wrong; no faults when all is well."""

    looked_at: str
    faults: tuple[str, ...]


#: A start waits no longer than this: a record of a gigabyte is read within it, of a larger one a part.
GLANCE_SECONDS = 2.0


def glance(engine: Engine, seconds: float = GLANCE_SECONDS) -> None:
    """Looks whether the file is in pieces, as far as it gets in so many seconds. Raises RecordError when it is.

    A server looks after its own files.
    """
    if engines.is_postgresql(engine):
        return
    over = threading.Event()
    try:
        with engine.connect() as connection:
            file: Any = connection.connection.dbapi_connection  # sqlite3's own

            def end() -> None:
                over.set()
                file.interrupt()

            timer = threading.Timer(seconds, end)
            timer.start()
            try:
                faults = [str(row) for row in connection.exec_driver_sql("PRAGMA quick_check(3)").scalars()]
            finally:
                timer.cancel()
                timer.join()  # it must not interrupt what comes next
    except DatabaseError as error:
        if over.is_set():
            return  # whole as far as it was read
        faults = [engines.reason(error)]
    if faults != ["ok"]:
        raise RecordError(
            f"The record {engines.name(engine.url)} is damaged: {'; '.join(faults)}. "
            "docs/operate.md, 'Restoring the record', says what to do."
        )


def examine(engine: Engine) -> Examined:
    """Reads the whole record; minutes for a large one."""
    looked_at = _POSTGRESQL if engines.is_postgresql(engine) else _SQLITE
    try:
        with engine.connect() as connection:
            faults = _server(connection) if engines.is_postgresql(connection) else _file(connection)
            # Of a file in pieces nothing more can be told.
            faults = faults or _rules(connection)
    except DatabaseError as error:
        if error.connection_invalidated:
            raise  # the server went away: that says nothing of the record
        faults = [engines.reason(error)]
    return Examined(looked_at, tuple(faults))


_RULES = (
    "every version of an article has its words, its place in the full-text index and its analysis; no revision lacks"
)
_SQLITE = f"SQLite's own check of the file and its references; {_RULES}"
_POSTGRESQL = (
    f"every row was read, with the server's own checksums where it keeps them; {_RULES}. The server's indexes were "
    "not compared with its tables: pg_amcheck does that"
)


def _file(connection: Connection) -> list[str]:
    rows = [str(row) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars()]
    if rows != ["ok"]:
        return rows
    orphans = connection.exec_driver_sql("SELECT * FROM pragma_foreign_key_check LIMIT 20").all()
    return [f"row {row[1]} of {row[0]} belongs to a row of {row[2]} that is not there" for row in orphans]


def _server(connection: Connection) -> list[str]:
    for made in (*schema.metadata.sorted_tables, table("content_index")):
        # As text, so that words kept outside their row are fetched too.
        connection.exec_driver_sql(f'SELECT sum(octet_length(r::text)) FROM "{made.name}" r').scalar()
    return []


def _rules(connection: Connection) -> list[str]:
    postgresql = engines.is_postgresql(connection)
    indexed = table("content_index", named("content_id")) if postgresql else table("content_index_docsize", named("id"))
    in_index = next(iter(indexed.c))
    text = schema.content_text.c
    questions: dict[str, Select[int]] = {
        "versions of articles lack their words": select(func.count())
        .select_from(schema.content.outerjoin(schema.content_text, text.content_id == _c.id))
        .where(text.content_id.is_(None)),
        "versions of articles lack their place in the full-text index": select(func.count())
        .select_from(schema.content.outerjoin(indexed, in_index == _c.id))
        .where(in_index.is_(None)),
        "current articles lack their analysis": select(func.count())
        .select_from(schema.content.outerjoin(schema.analysis, (_a.content_id == _c.id) & _a.rev_to.is_(None)))
        .where(_c.rev_to.is_(None), _a.id.is_(None)),
        "current analyses are of words that are not": select(func.count())
        .select_from(schema.analysis.join(schema.content, _a.content_id == _c.id))
        .where(_a.rev_to.is_(None), or_(_c.rev_to.is_not(None), _c.article_id != _a.article_id)),
        "analyses lack their sentences": select(func.count())
        .select_from(
            schema.analysis.outerjoin(schema.analysis_sentences, schema.analysis_sentences.c.analysis_id == _a.id)
        )
        .where(schema.analysis_sentences.c.analysis_id.is_(None)),
        "versions of articles end before they begin": select(func.count()).where(_c.rev_to < _c.rev_from),
        "analyses end before they begin": select(func.count()).where(_a.rev_to < _a.rev_from),
        "revisions are missing": select(
            func.coalesce(func.max(schema.revision.c.number), 0) - func.count()
        ).select_from(schema.revision),
    }
    found = {what: int(connection.execute(question).scalar_one()) for what, question in questions.items()}
    return [f"{count} {what}" for what, count in found.items() if count]
