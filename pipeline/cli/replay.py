"""`ceasefire replay`: entries of the past through the whole pipeline, on a simulated clock."""

import shlex
import tempfile
from datetime import datetime
from pathlib import Path

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, exit_with, json_option, with_app
from pipeline.db.engine import open_database
from pipeline.errors import SettingsError
from pipeline.replay import ReplayReport, feeds_by_outlet, read_entries, replay_app
from pipeline.replay import replay as run_replay


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--feeds",
    "feeds_path",
    metavar="FILE",
    type=click.Path(exists=True, path_type=Path),
    help="Source list that gives the outlets their owner and side.",
)
@click.option(
    "--alerts",
    "alerts",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Alerts besides the starters; may be repeated.",
)
@click.option(
    "--mail-folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the mails go (default: mail/ beside the new database).",
)
@click.option(
    "--speed", type=click.Choice(["max"]), default="max", help="As fast as the machine can: the only speed."
)
@json_option
@with_app
def replay(
    app: App,
    file: Path,
    feeds_path: Path | None,
    alerts: tuple[Path, ...],
    mail_folder: Path | None,
    speed: str,
    as_json: bool,
) -> None:
    """Run the entries of FILE (JSON lines, .gz or not) through the pipeline in a new database, and report.

    The database is a temporary file, or the new SQLite file that --db names. A line is {"id", "outlet", "url", "published", "title", "text"[, "lang"]}. The starter alerts are on; every mail
    becomes an .eml file. An outlet that --feeds does not list is its own feed and owner, third-party.

    \b
    Example:
      ceasefire replay stream.jsonl.gz --alerts examples/kakhovka_alert.toml
    """  # fmt: skip
    database = _new_database()
    with replay_app(database.parent, app.settings, mail_folder, database.name) as replayed:
        report = run_replay(
            replayed,
            read_entries(file),
            feeds=feeds_by_outlet(feeds_path) if feeds_path is not None else None,
            alerts=alerts,
            progress=_say if show.is_terminal() else _quiet,
        )
    if as_json:
        show.print_json(_as_json(report))
    else:
        _show(report, database, mail_folder or database.parent / "mail")
    exit_with(DONE_WITH_FAILURES if report.problems or report.set_aside else DONE)


def _new_database() -> Path:
    """The file of --db, else one in a folder of its own. Only the option counts: the settings name the database at work."""
    given = click.get_current_context().params
    if given.get("index"):
        raise SettingsError("a replay keeps its index in its own database: leave --index out")
    if not given.get("db"):
        return Path(tempfile.mkdtemp(prefix="ceasefire-replay-")) / "replay.db"
    path = open_database(given["db"]).path
    if path is None or path.exists():
        raise SettingsError(f"a replay needs a new SQLite file: --db sqlite:///PATH, not {given['db']!r}")
    return path


def _say(moment: datetime, done: int) -> None:
    click.echo(
        f"\r{show.short_time(moment)} UTC, {show.plural(done, 'entry', 'entries')}   ", err=True, nl=False
    )


def _quiet(_moment: datetime, _done: int) -> None:
    """Nobody watches."""


def _as_json(report: ReplayReport) -> dict[str, object]:
    return {
        "entries": report.entries,
        "set_aside": report.set_aside,
        "articles": report.articles,
        "copies": report.copies,
        "stories": report.stories,
        "threads": report.threads,
        "cycles": report.cycles,
        "begin": report.begin,
        "end": report.end,
        "seconds": round(report.seconds, 1),
        "entries_per_second": round(report.per_second, 1),
        "messages_by_day": report.mails_by_day,
        "latency_minutes": {"median": report.latency(0.5), "p95": report.latency(0.95)},
        "problems": report.problems,
    }


def _show(report: ReplayReport, database: Path, mails: Path) -> None:
    console = show.console()
    console.print(
        f"{show.plural(report.entries, 'entry', 'entries')} from {show.short_time(report.begin)} to "
        f"{show.short_time(report.end)} UTC in {report.seconds:.0f} s ({report.per_second:.0f} a second): "
        f"{show.plural(report.articles, 'article')}, {report.copies} of them copies, "
        f"{show.plural(report.stories, 'story', 'stories')}, {show.plural(report.threads, 'thread')}",
        markup=False,
    )
    table = show.table("day", "alert", "messages", wide="alert")
    for day, counts in report.mails_by_day.items():
        for name, count in sorted(counts.items()):
            show.row(table, day, name, count)
    console.print(table)
    median, most = report.latency(0.5), report.latency(0.95)
    if median is not None and most is not None:
        console.print(f"Simulated latency: median {median:.0f} min, 95 of 100 within {most:.0f} min")
    for problem in report.problems:
        console.print(f"problem: {problem}", markup=False)
    url = shlex.quote(f"sqlite:///{database}")
    click.echo(
        f"Mails: {mails}\n`ceasefire search --db {url}` searches it, `ceasefire serve --db {url}` shows it"
    )
