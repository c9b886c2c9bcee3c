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
class CheckResult:
    """What was looked at, and what is wrong; no faults when all is well."""

    looked_at: str
    faults: tuple[str, ...]


#: What a start waits at most: enough to read a gigabyte.
QUICK_CHECK_SECONDS = 2.0


def quick_check(engine: Engine, seconds: float = QUICK_CHECK_SECONDS) -> None:
    """Checks the file for as long as `seconds`. Raises RecordError if it is damaged. A server checks its own files."""
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


def full_check(engine: Engine) -> CheckResult:
    """Reads the whole record, which takes minutes for a large one."""
    looked_at = _POSTGRESQL if engines.is_postgresql(engine) else _SQLITE
    try:
        with engine.connect() as connection:
            faults = _server(connection) if engines.is_postgresql(connection) else _file(connection)
            # A damaged file can't be asked more.
            faults = faults or _rules(connection)
    except DatabaseError as error:
        if error.connection_invalidated:
            raise  # the server went away: that says nothing of the record
        faults = [engines.reason(error)]
    return CheckResult(looked_at, tuple(faults))


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
    text, spans, count = schema.content_text.c, schema.analysis_sentences.c, select(func.count())
    worded = schema.content.outerjoin(schema.content_text, text.content_id == _c.id)
    found_in_index = schema.content.outerjoin(indexed, in_index == _c.id)
    analysed = schema.content.outerjoin(schema.analysis, (_a.content_id == _c.id) & _a.rev_to.is_(None))
    of_words = schema.analysis.join(schema.content, _a.content_id == _c.id)
    split = schema.analysis.outerjoin(schema.analysis_sentences, spans.analysis_id == _a.id)
    other_words = or_(_c.rev_to.is_not(None), _c.article_id != _a.article_id)
    missing = func.coalesce(func.max(schema.revision.c.number), 0) - func.count()
    questions: dict[str, Select[int]] = {
        "versions of articles lack their words": count.select_from(worded).where(text.content_id.is_(None)),
        "versions of articles lack their place in the full-text index": count.select_from(found_in_index).where(
            in_index.is_(None)
        ),
        "current articles lack their analysis": count.select_from(analysed).where(_c.rev_to.is_(None), _a.id.is_(None)),
        "current analyses are of words that are not": count.select_from(of_words).where(
            _a.rev_to.is_(None), other_words
        ),
        "analyses lack their sentences": count.select_from(split).where(spans.analysis_id.is_(None)),
        "versions of articles end before they begin": count.where(_c.rev_to < _c.rev_from),
        "analyses end before they begin": count.where(_a.rev_to < _a.rev_from),
        "revisions are missing": select(missing).select_from(schema.revision),
    }
    found = {what: int(connection.execute(question).scalar_one()) for what, question in questions.items()}
    return [f"{number} {what}" for what, number in found.items() if number]
