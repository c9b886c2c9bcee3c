"""The commands for the list of feeds: `python -m ingest feeds …`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine

from ingest.cli.console import as_json, fail, opened, people, prepared, say
from ingest.cli.record import standing
from ingest.errors import ConfigFileError, IngestError, ParseError
from ingest.fetch.client import Fetcher
from ingest.formats import discover
from ingest.formats.discover import Link
from ingest.models import Source, utcnow
from ingest.run import lock, loop
from ingest.settings import Settings
from ingest.sources import feedlist, opml, sandbox
from ingest.store import record
from ingest.store.plan import requests
from ingest.store.read import sources
from ingest.text import urls

app = typer.Typer(
    no_args_is_help=True,
    help="The list of feeds: add, remove, check, import, export.",
    epilog="Example: python -m ingest feeds add https://www.bbc.com/news --group 'World press'",
)

#: How long a command waits for the running worker's answer.
_PATIENCE_SECONDS = 90
_CHECKS_AT_ONCE = 8

Wanted = Annotated[str, typer.Argument(metavar="NAME|URL", help="A feed's name or address.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON line a feed.")]


@app.command("list", epilog="Example: python -m ingest feeds list --json")
def list_(json_: Json = False) -> None:
    """The feeds on the list and how each of them stands."""
    with opened() as (active, engine):
        known = {each.row.key: each for each in standing(active, engine).sources}
        table = Table("feed", "group", "stands", "last success (UTC)", "address")
        for feed in opml.read(active.feeds):
            it = known.get(feed.key)
            stands, row = (it.verdict or "not asked", it.row) if it else ("not asked", None)
            if json_:
                said = {"name": feed.name, "group": feed.group, "url": feed.key, "home": feed.home}
                said |= {"language": feed.language, "full_text": feed.full_text, "verdict": stands}
                heard = row and row.last_success_at
                print(as_json(said | {"last_success": heard, "last_error": row and row.last_error}))
            else:
                table.add_row(*map(escape, (feed.name, feed.group, stands, it.success if it else "never", feed.key)))
        if not json_:
            people.print(table)


@app.command(epilog="Example: python -m ingest feeds add https://www.theguardian.com/world --group 'World press'")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="A feed's address, or a page that names its feeds.")],
    name: Annotated[str, typer.Option(help="What to call it. Default: as it calls itself.")] = "",
    group: Annotated[str, typer.Option(help="The group it belongs to.")] = "",
    take: Annotated[int, typer.Option(min=1, help="Which, where a page names several; the first, if not said.")] = 1,
    all_: Annotated[bool, typer.Option("--all", help="All that a page names.")] = False,
) -> None:
    """Puts a feed on the list. Of a web page, the feeds that it names are found."""
    with prepared() as active:
        fetcher = Fetcher.by(active)
        found = _found(url, fetcher)
        if len(found) > 1:
            say(f"{url} names {len(found)} feeds:")
            for number, each in enumerate(found, 1):
                say(f"  {number}  {each.key}  {each.name}")
            if take > len(found):
                raise typer.BadParameter(f"--take {take}: there are {len(found)}")
        chosen = found if all_ else found[take - 1 : take]
        feeds = [replace(each, name=name or each.name, group=group) for each in chosen]
        added, known = feedlist.add(active.feeds, feeds)
        for each in added:
            say(f"added {each.name} <{each.key}>")
        for each in known:
            say(f"<{each.key}> is on the list already.")
        if len(found) > len(chosen):
            people.print("Another one: --take NUMBER. All of them: --all.")
        if not added:
            raise typer.Exit(1)


def _found(address: str, fetcher: Fetcher) -> list[Source]:
    """The feeds at an address: it is one, it names some, or its site keeps one where sites usually do."""
    url = urls.web_address(address) or urls.web_address(f"https://{address}")
    if url is None:
        fail(f"{address} is no web address.")
    answer = fetcher.get(url)
    try:
        return [_feed(answer.body, url, answer.url, answer.content_type)]
    except ParseError as error:
        named = sandbox.run("page", discover.links, answer.body, answer.url)
        say(f"{url}: {error}")
    people.print(
        f"It names {len(named)} feed{'s'[: len(named) - 1]}."
        if named
        else "It names no feed; looking where sites keep them …"
    )
    found: dict[str, Source] = {}
    for link in named or discover.common(answer.url):
        try:
            feed = _linked(link, answer.url, fetcher)
        except IngestError as error:
            if named:
                say(f"  {link.url}: {error}")
            continue
        found.setdefault(urls.canonical(feed.key), feed)
        if not named:
            break
    if not found:
        fail(f"no feed at {address} and none that it leads to. Look for a feed's address on the site.")
    return list(found.values())


def _linked(link: Link, home: str, fetcher: Fetcher) -> Source:
    answer = fetcher.get(link.url)
    feed = _feed(answer.body, link.url, answer.url, answer.content_type)
    return replace(feed, name=link.title if feed.name == feed.key else feed.name, home=home)


def _feed(body: bytes, url: str, source: str, content_type: str | None) -> Source:
    """The feed that these bytes are. Raises ParseError."""
    sandbox.feed(body, source=source, now=utcnow(), content_type=content_type)
    return Source(kind="feed", key=url, name=sandbox.run("feed", discover.title, body) or url)


@app.command(epilog="Example: python -m ingest feeds remove 'The Guardian - World'")
def remove(wanted: Wanted) -> None:
    """Takes a feed off the list; its articles stay."""
    with prepared() as active:
        removed = feedlist.remove(active.feeds, wanted)
        if not removed:
            fail(f"{wanted}: no feed of this name or address is on the list {active.feeds}.")
        for address in removed:
            say(f"removed <{address}>; its articles stay.")


@app.command(epilog="Example: python -m ingest feeds check 'The Guardian - World'")
def check(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|URL]…", help="Which; all, if none is named.")
    ] = None,
    json_: Json = False,
) -> None:
    """Fetches feeds and says what they hold; nothing is stored."""
    with prepared() as active:
        fetcher, failed = Fetcher.by(active), 0
        with ThreadPoolExecutor(_CHECKS_AT_ONCE) as pool:
            for row in pool.map(lambda feed: _checked(feed, fetcher), _chosen(active, wanted)):
                failed += not row.ok
                if json_:
                    print(as_json(row))
                elif row.ok:
                    newest = f"newest {row.newest:%Y-%m-%d %H:%M}" if row.newest else "none with a date"
                    print(f"ok     {row.name}  {row.entries} entries, {newest}, {row.ms} ms")
                else:
                    print(f"fails  {row.name}  {row.error}")
        if failed:
            raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a feed holds now, or why it can't be had."""

    name: str
    url: str
    ok: bool = False
    entries: int = 0
    newest: datetime | None = None
    ms: int | None = None
    error: str | None = None


def _checked(feed: Source, fetcher: Fetcher) -> Checked:
    row = Checked(feed.name, feed.key)
    try:
        answer = fetcher.get(feed.key)
        row = replace(row, ms=answer.ms)
        entries = sandbox.feed(answer.body, source=feed.key, now=utcnow(), content_type=answer.content_type).entries
    except IngestError as error:
        return replace(row, error=str(error))
    newest = max((entry.published for entry in entries if entry.published), default=None)
    return replace(row, ok=True, entries=len(entries), newest=newest)


def _chosen(active: Settings, wanted: list[str] | None) -> list[Source]:
    feeds = opml.read(active.feeds)
    if not wanted:
        return feeds
    found = []
    for name in wanted:
        mine = [feed for feed in feeds if feedlist.matches(name, feed.name, feed.key)]
        if not mine and (url := urls.web_address(name)):
            mine = [Source(kind="feed", key=url, name=url)]
        if not mine:
            fail(f"{name}: no feed of this name or address is on the list {active.feeds}.")
        found += mine
    return found


@app.command("import", epilog="Example: python -m ingest feeds import subscriptions.opml")
def import_(file: Annotated[Path, typer.Argument(metavar="FILE", help="OPML, as feed readers export it.")]) -> None:
    """Puts all feeds of another list on ours; what can't be taken is listed with its reason."""
    with prepared() as active:
        listing = opml.salvage(opml.load(file), str(file))
        added, known = feedlist.add(active.feeds, listing.feeds) if listing.feeds else ([], [])
        for each in listing.left_out:
            say(f"left out: {each}")
        for feed in known:
            say(f"on the list already: {feed.key}")
        say(f"{len(added)} added, {len(known)} on the list already, {len(listing.left_out)} left out.")
        if not listing.feeds:
            fail(f"{file} names no feed that can be read.")


@app.command(epilog="Example: python -m ingest feeds export -o feeds.opml")
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write instead of stdout.")] = None,
) -> None:
    """Writes the list as OPML, for other feed readers."""
    with prepared() as active:
        feeds = opml.read(active.feeds)
        document = opml.write(feeds)
        if output is None:
            print(document.decode(), end="")
            return
        try:
            output.write_bytes(document)
        except OSError as error:
            fail(f"{output}: {error.strerror}")
        say(f"{len(feeds)} feeds written to {output}.")


@app.command(epilog="Example: python -m ingest feeds retry 'The Guardian - World'")
def retry(wanted: Wanted) -> None:
    """Fetches a feed now, whatever its schedule says; one that was gone gets another chance."""
    with opened() as (active, engine):
        with engine.connect() as connection:
            rows = [row for row in sources.listing(connection, {}) if row.kind == "feed" and row.listed]
        chosen = [row for row in rows if feedlist.matches(wanted, row.name, row.key)]
        if not chosen:
            raise ConfigFileError(f"{wanted}: no feed of this name or address is followed. See: feeds list")
        names = {row.id: row.name for row in chosen}
        with record.writing(engine) as connection:
            asked = requests.ask(connection, list(names), by="command line", now=utcnow())
        if lock.alive(active):
            people.print("The running worker was asked; waiting for its answer …")
            answers = _answers(engine, list(asked.values()))
        else:
            loop.Worker.open(active, engine).retry()
            answers = _answers(engine, list(asked.values()), patience=0)
        for answer in answers:
            said = answer.message or "No answer yet: the worker will still see to it."
            say(f"{names[answer.source_id]}: {said}")
        if any(answer.state != "done" for answer in answers):
            raise typer.Exit(1)


def _answers(engine: Engine, ids: list[int], patience: float = _PATIENCE_SECONDS) -> list[requests.Retry]:
    """The requests once none of them is open, or after `patience` seconds."""
    until = time.monotonic() + patience
    while True:
        with engine.connect() as connection:
            found = [requests.one(connection, id_) for id_ in ids]
        if not any(each.open for each in found) or time.monotonic() >= until:
            return found
        time.sleep(0.3)
