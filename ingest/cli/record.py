"""The commands of the record: `python -m ingest status`, `export`, `withdraw`, `copy`, `check`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine

from ingest import settings
from ingest.bins import Bin
from ingest.cli.console import as_json, fail, opened, people, progress
from ingest.cli.options import filters, source_ids, understood, with_filters
from ingest.models import utcnow
from ingest.run import lock
from ingest.settings import Settings
from ingest.store import record
from ingest.store.plan import complaints
from ingest.store.plan.complaints import Complaint
from ingest.store.read import articles, export, verdicts
from ingest.store.read import sources as stored
from ingest.store.read.export import Format, What
from ingest.store.read.sources import SourceRow
from ingest.store.read.verdicts import Judged, Verdict
from ingest.store.upkeep import damage, move, vitals
from ingest.store.write.commit import Commit

app = typer.Typer()


@app.command(epilog="Example: python -m ingest status --json")
def status(json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Sources, last success, last error, counts, current revision."""
    with opened() as (active, engine):
        found = standing(active, engine)
        if json_:
            print(as_json(found))
            return
        people.print(
            f"revision {found.revision} · {found.articles} articles · {found.mentions} mentions · "
            f"worker {'running' if found.worker else 'not running'}"
        )
        for fault in found.faults:
            people.print(f"[bold]{fault.what}:[/] {escape(fault.message)} The old list goes on.", highlight=False)
        table = Table("source", "group", "stands", "articles", "last success (UTC)", "last error")
        for row in found.sources:
            each = row.row
            stands, count = row.verdict or row.state, str(each.articles)
            table.add_row(*map(escape, (each.name, each.group, stands, count, row.success, each.last_error or "")))
        people.print(table)


@app.command(
    "export", epilog="Example: python -m ingest export attention --figure 'Kim Jong Un' --bin month -o kim.csv"
)
@with_filters
def export_(
    what: Annotated[What, typer.Argument(help="What a row is.")],
    format_: Annotated[Format, typer.Option("--format", help="csv, or jsonl: one JSON object a line.")] = "csv",
    as_of: Annotated[int | None, typer.Option(min=0, help="As things stood at this revision. Default: now.")] = None,
    bin_: Annotated[Bin, typer.Option("--bin", help="How long a row of attention is.")] = "week",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write instead of stdout.")] = None,
    *,
    given: Mapping[str, Any],
) -> None:
    """Writes articles, mentions or attention, with the same filters as the dashboard."""
    with opened() as (_, engine), engine.connect() as connection:
        chosen = filters(connection, given, as_of)
        if what == "attention":
            rows = export.attention(connection, chosen, bin_)
        else:
            rows = (export.articles if what == "articles" else export.mentions)(connection, chosen)
        header = export.columns(what, bin_)
        try:
            if output is None:
                written = export.write(rows, sys.stdout, format_, header)
            else:
                with output.open("w", encoding="utf-8", newline="") as file:
                    written = export.write(rows, file, format_, header)
        except OSError as error:
            fail(f"{output or 'standard output'}: {error.strerror}")
    people.print(f"{written} rows.")


@app.command(epilog="Example: python -m ingest withdraw --path 'old/*' --yes")
def withdraw(
    source: Annotated[str | None, typer.Option(help="All articles of this source.")] = None,
    path: Annotated[str | None, typer.Option(help="Seed files at this path; * and ? stand for anything.")] = None,
    search: Annotated[str | None, typer.Option(help="Articles that this finds, as in the search field.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Closes articles: they leave every view and number from now on, their history stays. Options narrow each other."""
    if source is None and path is None and search is None:
        raise typer.BadParameter("say which: --source, --path or --search")
    with opened() as (_, engine):
        with engine.connect() as connection:
            sources = source_ids(connection, None if source is None else [source])
            understood(connection, search or "")
            found = articles.withdrawable(connection, sources=sources, path=path, search=search)
        if not found:
            fail("no article fits.")
        for title in list(found.values())[:10]:
            people.print(f"  {escape(title)}", highlight=False)
        if len(found) > 10:
            people.print(f"  … and {len(found) - 10} more")
        if not yes and not typer.confirm(f"Withdraw {len(found)} article(s)?", err=True):
            raise typer.Exit(1)
        with record.writing(engine) as connection:
            closed = Commit(connection, utcnow(), "withdraw").withdraw(found)
        people.print(f"{closed} withdrawn.")


@app.command("copy", epilog="Example: python -m ingest copy --to postgresql+psycopg://user:password@host/discourse")
def copy_(to: Annotated[str, typer.Option("--to", metavar="URL", help="An empty database.")]) -> None:
    """Moves the record to another database; interrupted and started again, it goes on. Stop the worker before."""
    with opened() as (active, engine):
        url = settings.database_url(to)
        if lock.alive(active):
            fail("an ingest is running: stop it, and start it again with the new DISCOURSE_DATABASE_URL.")
        with progress() as tell:
            copied = move.run(engine, url, tell)
        before = f" ({copied.rows - copied.fresh} of them by an earlier run)" if copied.fresh < copied.rows else ""
        people.print(
            f"{copied.rows} rows of {copied.tables} tables{before} and the full-text index are in the new record, "
            f"equal in number and checksum: {copied.seconds:.1f} s, {copied.fresh / copied.seconds:.0f} rows/s.\n"
            "Now set DISCOURSE_DATABASE_URL to it for dashboard and worker. The old record is as it was.",
            highlight=False,
        )


@app.command(epilog="Example: python -m ingest check")
def check() -> None:
    """Looks for damage in the record, and says what it looked at."""
    with opened() as (_, engine):
        examined = damage.examine(engine)
        if examined.faults:
            faults = "; ".join(examined.faults)
            fail(f"the record is damaged: {faults}. docs/operate.md, 'Restoring the record', says what to do.")
        people.print(f"The record is whole. Looked at: {examined.looked_at}.", highlight=False)


#: Days of the ledger that `status` tells of each feed.
STATUS_DAYS = 14


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """A source, with its last days where it is a feed."""

    row: SourceRow
    days: list[Judged] | None

    @property
    def verdict(self) -> Verdict | None:
        """How a listed feed stands."""
        return verdicts.standing(self.days, self.row.state) if self.days is not None and self.row.listed else None

    @property
    def state(self) -> str:
        """What became of the last attempt."""
        return self.row.state if self.row.listed else "no longer listed"

    @property
    def success(self) -> str:
        """When it was heard last, for people."""
        return f"{self.row.last_success_at:%Y-%m-%d %H:%M}" if self.row.last_success_at else "never"

    def as_dict(self) -> dict[str, Any]:
        """What `status --json` tells of it."""
        row = self.row
        return {
            "name": row.name,
            "kind": row.kind,
            "key": row.key,
            "group": row.group,
            "state": self.state,
            "verdict": self.verdict,
            "articles": row.articles,
            "failures": row.failures,
            "last_attempt": row.last_attempt_at,
            "last_success": row.last_success_at,
            "last_error": row.last_error,
            "next_attempt": row.next_at,
            "days": self.days and self.days[-STATUS_DAYS:],
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """Sources with their last days, counts, the newest revision, what is wrong, and whether the loop runs."""

    revision: int
    articles: int
    mentions: int
    worker: bool
    newest_fetch: datetime | None
    faults: list[Complaint]
    sources: list[SourceStanding]


def standing(active: Settings, engine: Engine) -> Standing:
    """How record and loop stand now."""
    with engine.connect() as connection:
        rows = stored.listing(connection)
        judged = verdicts.of(connection, rows, today=utcnow().date())
        return Standing(
            record.current_revision(connection),
            *vitals.current(connection),
            worker=lock.alive(active),
            newest_fetch=stored.newest_fetch(connection),
            faults=complaints.current(connection),
            sources=[SourceStanding(row, judged.get(row.id)) for row in rows],
        )
