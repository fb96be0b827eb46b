"""`ceasefire import`: an archive, taken in as history."""

from dataclasses import asdict
from pathlib import Path

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, exit_with, feeds_option, json_option, with_app
from pipeline.cli.progress import bar
from pipeline.clock import utc_now
from pipeline.steps.importing import import_archive

SHOWN = 20


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@feeds_option
@json_option
@with_app
def import_(app: App, path: Path, as_json: bool) -> None:
    """Take an archive in as history: JSON lines, feed documents, or a folder of either. Sends nothing.

    A line is {"id" or "url", "outlet", "published", "title", "text"[, "lang"]}, or one that `ceasefire export` wrote.
    A document belongs to the listed feed that it, or its folder, is named after, or whose outlet its title names.
    What cannot be read costs itself: it is named with its line, and the exit code is 1. Interrupted, call it again.

    \b
    Example:
      ceasefire import archive.jsonl.gz
    """
    with bar("taking in") as progress:
        report = import_archive(app, path, utc_now, progress=progress)
    if as_json:
        show.print_json(asdict(report))
    else:
        click.echo(
            f"{report.entries:,} read: {report.new:,} new, {report.known:,} known already, {report.bad:,} not readable; "
            f"{report.tagged:,} tagged, {report.indexed:,} indexed"
        )
    for failure in report.failures[:SHOWN]:
        click.echo(f"error: {show.clean(failure, 300)}", err=True)
    if report.bad > SHOWN:
        click.echo(f"and {report.bad - SHOWN:,} more; --json names the first thousand", err=True)
    for problem in report.problems:
        click.echo(f"problem: {problem}", err=True)
    exit_with(DONE_WITH_FAILURES if report.bad or report.problems else DONE)
