"""`ceasefire add`: one article by hand."""

import asyncio
import sys

import click

from pipeline import cycle
from pipeline.app import App
from pipeline.by_hand import add_page, add_text
from pipeline.cli import show
from pipeline.cli.options import feeds_option, with_app
from pipeline.clock import utc_now
from pipeline.db import documents
from pipeline.steps.desk import desk_of


@click.command()
@click.argument("what", metavar="URL|TEXT")
@click.option("--title", default="", help="Of a TEXT (default: its first sentence).")
@click.option("--url", default="", help="Where a TEXT was found; its site says whose it is.")
@feeds_option
@with_app
def add(app: App, what: str, title: str, url: str) -> None:
    """File a find: fetch the article at URL, or take TEXT as it is (`-` reads standard input).

    It is tagged and made searchable; alerts see it as they see a feed's article.

    \b
    Examples:
      ceasefire add https://example.org/news/truce-talks
      ceasefire add "Kyiv accepts the truce at sea, the ministry says." --url https://t.me/ministry/123
    """
    if what.lower().startswith(("http://", "https://")) and len(what.split()) == 1:
        if title or url:
            raise click.UsageError("--title and --url belong to a TEXT; a page says them itself")
        article, recorded = asyncio.run(add_page(app, what, utc_now()))
    else:
        text = sys.stdin.read() if what == "-" else what
        article, recorded = add_text(app, text, utc_now(), title=title, url=url)
    cycle.process(app, utc_now)
    with app.database.read() as connection:
        found = documents.by_ids(connection, [*recorded.new, *recorded.changed] or [article.id])
    show.console().print(show.documents_table(found, desk_of(app).words))
    click.echo(
        f"{'new' if recorded.new else 'changed' if recorded.changed else 'known already'}: {article.url or article.title}"
    )
