"""`ceasefire export`: everything that is stored, as JSON lines."""

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import with_app
from pipeline.db import documents

BATCH = 500


@click.command()
@click.option("--json", is_flag=True, expose_value=False, help="JSON lines: the only form there is.")
@with_app
def export(app: App) -> None:
    """Write every article with all its stored fields and labels, one JSON object a line, in order of id.

    \b
    Example:
      ceasefire export --json > articles.jsonl
    """
    last = ""
    while True:
        with app.database.read() as connection:
            batch = documents.archive(connection, last, BATCH)
        if not batch:
            return
        for line in batch:
            show.print_json(line)
        last = batch[-1]["id"]
