"""`ceasefire db`: the record of truth as a whole: its schema, a copy, a backup."""

from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import CommandGroup, json_option, with_app
from pipeline.cli.progress import bar
from pipeline.db import backup as backups
from pipeline.db import copying, migrate, room
from pipeline.db.engine import open_database
from pipeline.errors import IndexNotSetError, SettingsError


@click.group(cls=CommandGroup)
def db() -> None:
    """Upgrade, copy, back up and shrink the database."""


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


@db.command("copy")
@click.argument("urls", metavar="[FROM] TO", nargs=-1, required=True)
@json_option
@with_app
def copy(app: App, urls: tuple[str, ...], as_json: bool) -> None:
    """Copy everything into the empty database TO, of either kind, with all ids, and prove the copy.

    FROM is the database of the settings (or --db) unless it is named. Stop `watch` (or the schedule) before, and start
    it with the new --db after: both would send. What was announced is copied too, so nothing is sent again. The index
    is made anew by the next cycle, or at once by `ceasefire reindex`.

    \b
    Example:
      ceasefire db copy postgresql://ceasefire@localhost/ceasefire
    """
    if len(urls) > 2:
        raise SettingsError("name one database to copy into, or two: from which, and into which")
    source = _named(app, urls[0]) if len(urls) == 2 else app
    into = open_database(urls[-1])
    try:
        with bar("copying") as progress:
            report = copying.copy_database(source.database, into, progress=progress)
        where = into.describe()
    finally:
        into.close()
        source.close()
    if as_json:
        tables = {name: asdict(table) for name, table in report.tables.items()}
        show.print_json({"target": where, "rows": report.rows, "tables": tables})
        return
    table = show.table("table", "rows", "checksum, equal in both", wide="checksum, equal in both")
    for name, found in report.tables.items():
        if found.rows:
            show.row(table, name, f"{found.rows:,}", found.checksum[:16])
    show.console().print(table)
    click.echo(f"{show.plural(report.rows, 'row')} copied to {where}")


def _named(app: App, url: str) -> App:
    """An app over a database that must be there already: a misspelt path must not become an empty database."""
    path = open_database(url).path
    if path is not None and not path.exists():
        raise SettingsError(f"{path} is not there")
    return App(replace(app.settings, database_url=url))


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@with_app
def backup(app: App, file: Path, as_json: bool) -> None:
    """Write a consistent copy of the database to FILE while programs go on working on it.

    SQLite: FILE is a database that opens as it is. PostgreSQL: FILE is what pg_dump writes. docs/operating.md says how
    to bring either back.

    \b
    Example:
      ceasefire db backup ceasefire-2026-11-30.db
    """
    with bar("backing up") as progress:
        report = backups.backup_database(app.database, file, progress=progress)
    if as_json:
        show.print_json({**asdict(report), "file": str(report.file)})
        return
    click.echo(f"{report.file}: {report.size_bytes / 2**20:,.1f} MB")
    click.echo(f"to bring it back: {report.restore}")


@db.command("vacuum")
@json_option
@with_app
def vacuum(app: App, as_json: bool) -> None:
    """Give the room that deleted rows left in SQLite files back to the disk.

    Only after much was deleted: what comes in fills the room anyway. Database and index are written anew, which needs
    twice their size on their disk and takes about as long as two copies of them; who reads goes on, who writes waits, so stop
    `watch` before. PostgreSQL and Elasticsearch look after their room themselves.

    \b
    Example:
      ceasefire db vacuum
    """
    files = _sqlite_files(app)
    if not files and not as_json:
        click.echo("nothing to do: PostgreSQL and Elasticsearch fill and give back their room themselves")
    for file in files:
        with bar(f"writing {file.name} anew"):
            before, after = room.give_back(file)
        if as_json:
            show.print_json({"file": str(file), "before": asdict(before), "after": asdict(after)})
        else:
            click.echo(
                f"{file}: {before.size_bytes / 2**20:,.1f} MB before, {after.size_bytes / 2**20:,.1f} MB now"
            )


def _sqlite_files(app: App) -> list[Path]:
    """The files of the database and of its index, as far as they are SQLite's."""
    found = [app.database.path]
    with suppress(IndexNotSetError):
        index = app.settings.resolved_index_url()
        found += [open_database(index).path] if index.startswith("sqlite:") else []
    return list(dict.fromkeys(path.resolve() for path in found if path is not None and path.exists()))
