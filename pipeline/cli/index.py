"""`ceasefire reindex` and `index`: the derived index, made again or compared with the record."""

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pipeline import reindex as reindexing
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, CommandGroup, exit_with, json_option, with_app


@click.command()
@with_app
def reindex(app: App) -> None:
    """Build the search index anew from the database, beside the one in use, and switch over at once.

    Searches and cycles go on meanwhile. An interrupted run is taken up where it stopped.

    \b
    Example:
      ceasefire reindex
    """
    batches = reindexing.rebuild(app.database, app.index)
    total = next(batches)
    columns = (TextColumn("indexing"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not show.is_terminal()
    ) as bar:
        task = bar.add_task("", total=total)
        for done in batches:
            bar.update(task, completed=done)
    click.echo(f"{show.plural(total, 'article')} indexed; the new index is in use")


@click.group(cls=CommandGroup)
def index() -> None:
    """The search index."""


@index.command()
@click.option("--repair", is_flag=True, help="Queue what differs, so that the next cycle mends it.")
@json_option
@with_app
def check(app: App, repair: bool, as_json: bool) -> None:
    """Compare index and database: articles that are missing, behind, or should be gone. Exit code 1 if any.

    \b
    Example:
      ceasefire index check --repair
    """
    found = reindexing.check(app.database, app.index, repair=repair)
    if as_json:
        show.print_json(
            {
                "articles": found.articles,
                "missing": found.missing,
                "behind": found.behind,
                "stray": found.stray,
            }
        )
    else:
        click.echo(
            f"{show.plural(found.articles, 'article')} in the database; in the index {len(found.missing)} missing, "
            f"{len(found.behind)} behind, {len(found.stray)} that should be gone"
            + ("; queued for the next cycle" if repair and found.differs else "")
        )
    exit_with(DONE_WITH_FAILURES if found.differs else DONE)
