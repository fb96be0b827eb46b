"""`ceasefire export`: everything that is stored, or what a query finds of it, as JSON lines."""

from itertools import islice

import click

from pipeline import search as searching
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import with_app
from pipeline.clock import utc_now
from pipeline.db import documents

BATCH = 500


@click.command()
@click.argument("query", required=False)
@click.option("--zone", default="UTC", show_default=True, help="Time zone of days in the query.")
@click.option("--json", is_flag=True, expose_value=False, help="JSON lines: the only form there is.")
@with_app
def export(app: App, query: str | None, zone: str) -> None:
    """Write every article with all its stored fields and labels, one JSON object a line, in order of id.

    With QUERY only those that it finds, however many, published last first.

    \b
    Examples:
      ceasefire export --json > articles.jsonl
      ceasefire export 'issue:prisoners published:2025' > prisoners.jsonl
    """
    if query is not None:
        found = searching.ids_found(app, query, now=utc_now(), zone=zone)
        while ids := list(islice(found, BATCH)):
            with app.database.read() as connection:
                lines = {line["id"]: line for line in documents.lines(connection, ids)}
            for article in ids:
                if article in lines:
                    show.print_json(lines[article])
        return
    last = ""
    while True:
        with app.database.read() as connection:
            batch = documents.archive(connection, last, BATCH)
        if not batch:
            return
        for line in batch:
            show.print_json(line)
        last = batch[-1]["id"]
