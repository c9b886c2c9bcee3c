"""The command line: `python -m ingest …`."""

from __future__ import annotations

import typer

from ingest.cli import bulk, feeds, figures, loop, preview, record, tone

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="From seed folder and feeds to the record that the dashboard draws.",
    epilog="Example: python -m ingest once",
)
for group in (loop, preview, record, bulk):
    app.add_typer(group.app)
app.add_typer(feeds.app, name="feeds")
app.add_typer(figures.app, name="figures")
app.add_typer(tone.app, name="tone")

if __name__ == "__main__":
    app()
