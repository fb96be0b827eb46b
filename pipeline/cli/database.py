"""`ceasefire db`: the schema of the record of truth."""

import click

from pipeline.app import App
from pipeline.cli.options import with_app
from pipeline.db import migrate
from pipeline.db.engine import open_database


@click.group()
def db() -> None:
    """The database."""


@db.command()
@with_app
def upgrade(app: App) -> None:
    """Bring the database's schema to this program's version; safe to run twice and at once.

    \b
    Example:
      ceasefire db upgrade --db postgresql://ceasefire@localhost/ceasefire
    """
    database = open_database(app.settings.resolved_database_url())
    try:
        before, after = migrate.upgrade(database)
    finally:
        database.close()
    if before == after:
        click.echo(f"{database.describe()}: schema {after} already")
    else:
        click.echo(f"{database.describe()}: schema {before or 'empty'} -> {after}")
