"""`ceasefire retag`: the archive through a new model or taxonomy."""

from dataclasses import asdict

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, exit_with, json_option, typed, with_app
from pipeline.cli.progress import bar
from pipeline.clock import utc_now
from pipeline.periods import parse_moment
from pipeline.steps.retag import RetagReport, RetagScope, retag_archive


@click.command()
@click.option("--since", metavar="WHEN", help="Only what was first seen since: 30d, 2026-11-20.")
@click.option("--until", metavar="WHEN", help="Only what was first seen before.")
@click.option(
    "--only",
    "labels",
    metavar="LABELS",
    help="Only articles that carry one of these now, also uncertainly: development:rejected,issue:prisoners.",
)
@json_option
@with_app
def retag(app: App, since: str | None, until: str | None, labels: str | None, as_json: bool) -> None:
    """Tag anew what another model or taxonomy tagged, the newest first; stories and index follow. No alert fires.

    Corrections stay on top. Killed or interrupted, it goes on where it stopped when it is called again.

    \b
    Example:
      ceasefire retag --since 30d
    """
    now = utc_now()
    scope = RetagScope(
        parse_moment(since, now) if since else None,
        parse_moment(until, now) if until else None,
        tuple(label.strip() for label in (labels or "").split(",") if label.strip()),
    )
    with bar("tagging anew") as progress:
        report = retag_archive(app, utc_now, scope, progress=progress)
    if as_json:
        show.print_json(asdict(report))
    else:
        _show(report)
    exit_with(DONE_WITH_FAILURES if report.set_aside or report.problems else DONE)


def _show(report: RetagReport) -> None:
    if not report.total:
        click.echo("nothing to do: every article in scope is tagged by this model and taxonomy")
        return
    click.echo(
        f"{report.retagged:,} of {show.plural(report.total, 'article')} that another model had tagged are tagged anew; "
        f"{report.grouped:,} grouped, {report.indexed:,} indexed"
    )
    if report.overtaken:
        click.echo(f"{report.overtaken:,} changed meanwhile; the next cycle tags them")
    if report.set_aside:
        click.echo(f"{report.set_aside:,} failed and keep their tags; {typed('status')} says why", err=True)
    for problem in report.problems:
        click.echo(f"problem: {problem}", err=True)
