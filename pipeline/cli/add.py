"""`ceasefire add`: one article by hand."""

import asyncio

import click

from pipeline import cycle
from pipeline.app import App
from pipeline.by_hand import add_page
from pipeline.cli import show
from pipeline.cli.options import feeds_option, with_app
from pipeline.clock import utc_now
from pipeline.db import documents
from pipeline.steps.desk import desk_of


@click.command()
@click.argument("url")
@feeds_option
@with_app
def add(app: App, url: str) -> None:
    """Fetch the article at URL, tag it and make it searchable; alerts see it as they see a feed's article.

    \b
    Example:
      ceasefire add https://example.org/news/truce-talks
    """
    article, recorded = asyncio.run(add_page(app, url, utc_now()))
    cycle.process(app, utc_now)
    with app.database.read() as connection:
        found = documents.by_ids(connection, [*recorded.new, *recorded.changed] or [article.id])
    show.console().print(show.documents_table(found, desk_of(app).words))
    click.echo(
        f"{'new' if recorded.new else 'changed' if recorded.changed else 'known already'}: {article.url}"
    )
