"""The commands for the watch-list: `python -m ingest figures …`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ingest.cli.console import as_json, people, prepared, say
from ingest.models import utcnow
from ingest.text import language, plain, sentences
from ingest.watchlist import figurelist, figures
from ingest.watchlist.matcher import Matcher

app = typer.Typer(
    no_args_is_help=True,
    help="The watch-list: list, add, test.",
    epilog="Example: python -m ingest figures test 'Susan Rice met Secretary of State Rubio.'",
)

Json = Annotated[bool, typer.Option("--json", help="One JSON line each.")]


@app.command("list", epilog="Example: python -m ingest figures list --json")
def list_(json_: Json = False) -> None:
    """The figures on the list, and the office that each has today."""
    with prepared() as active:
        today = utcnow().date()
        table = Table("figure", "group", "id", "surname", "office")
        for figure in figures.load(active.figures):
            held = [
                f"{role.title}, {role.of}" if role.of else role.title for role in figure.roles if role.held_on(today)
            ]
            surname = ("safe alone" if figure.famous else "needs the full name") if figure.weak else "does not count"
            if json_:
                row = {"id": figure.id, "name": figure.name, "group": figure.group, "famous": figure.famous}
                print(as_json(row | {"strong": figure.strong, "weak": figure.weak, "offices": held}))
            else:
                table.add_row(*map(escape, (figure.name, figure.group, figure.id, surname, "; ".join(held))))
        if not json_:
            people.print(table)


@app.command(
    epilog="Example: python -m ingest figures add 'Jane Doe' --alias 'Jane Q. Doe' --weak Doe --group Ruritania"
)
def add(
    name: Annotated[str, typer.Argument(help="The full name: always this person.")],
    alias: Annotated[
        list[str] | None, typer.Option(help="Another name that is always this person; may be repeated.")
    ] = None,
    weak: Annotated[
        list[str] | None, typer.Option(help="A name that counts once a full one has occurred; may be repeated.")
    ] = None,
    famous: Annotated[bool, typer.Option("--famous", help="The weak names are safe alone.")] = False,
    not_: Annotated[list[str] | None, typer.Option("--not", help="A look-alike to swallow; may be repeated.")] = None,
    group: Annotated[str, typer.Option(help="The heading in the picker.")] = "",
    wikidata: Annotated[str, typer.Option(help="The item's number.")] = "",
) -> None:
    """Writes a figure into your list; one that clashes is refused. The running worker takes it up by itself."""
    with prepared() as active:
        words = figurelist.entry(
            name, alias=alias or (), weak=weak or (), famous=famous, not_=not_ or (), group=group, wikidata=wikidata
        )
        added = figurelist.add(active.figures, words)
        say(f"{added.name} is on the list, as {added.id}: {active.figures}")


@app.command(
    "test",
    epilog="Example: python -m ingest figures test 'Kim Kardashian met Kim Jong Un. Kim smiled.' --day 2018-06-12",
)
def explain(
    words: Annotated[str, typer.Argument(metavar="TEXT", help="What an article could say.")],
    title: Annotated[str, typer.Option(help="Its headline.")] = "",
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its day. Default: today.")] = None,
    language_: Annotated[str, typer.Option("--language", help="Two letters. Default: found out.")] = "",
    json_: Json = False,
) -> None:
    """Shows who is found in a text, and which rule fired at each name, also where it does not count."""
    with prepared() as active:
        matcher = Matcher(figures.load(active.figures))
        whole = plain.compose(title, words) if title else words
        code = language_ or language.detect(f"{title}\n{words}", None)
        said: list[tuple[int, int, tuple[str, ...], str]] = []
        found = matcher.find(
            whole,
            sentences.split(whole, title, code),
            day=(day or utcnow()).date(),
            language=code,
            explain=lambda start, end, who, what: said.append((start, end, tuple(who), what)),
        )
        for start, end, who, what in sorted(said):
            name = whole[start:end]
            if json_:
                print(as_json({"text": name, "start": start, "end": end, "figures": who, "rule": what}))
            else:
                print(f"{name}  →  {', '.join(who)}: {what}")
        if not json_:
            counted = len({(mention.start, mention.figure) for mention in found if mention.kind != "ambiguous"})
            say(f"{counted} mentions that count, in a text taken for language {code}.")
