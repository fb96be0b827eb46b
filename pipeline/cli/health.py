"""`ceasefire health`: which feeds are unwell."""

from dataclasses import asdict

import click

from pipeline import cycle
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import (
    DONE,
    DONE_WITH_FAILURES,
    exit_with,
    feeds_option,
    json_option,
    typed,
    with_app,
)
from pipeline.clock import utc_now
from pipeline.health import FAILING_AFTER
from pipeline.steps.health import WORDS, HealthReport, check_health


@click.command()
@feeds_option
@json_option
@with_app
def health(app: App, as_json: bool) -> None:
    """Find feeds that fall silent, fail, or change in volume against their own last 28 days.

    The operator (operator_mail) is mailed once for each change, and once when all is well again; `watch` looks every
    hour by itself. The exit code is 1 while something is unwell.

    \b
    Example:
      ceasefire health --json
    """
    app.feeds  # noqa: B018  reading the list also writes the feeds' rows
    report = check_health(app, utc_now)
    problems = [*report.problems, *(cycle.send(app, utc_now).problems if report.mailed else ())]
    if as_json:
        for finding in (*report.unwell, *report.recovered):
            show.print_json(asdict(finding))
    else:
        _show(report)
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    exit_with(DONE_WITH_FAILURES if report.unwell or problems else DONE)


def _show(report: HealthReport) -> None:
    console = show.console()
    unwell = sum(finding.outlet != "this monitor" for finding in report.unwell)
    console.print(f"{show.plural(report.watched, 'feed')}, {unwell} of them unwell; {report.tally}")
    if report.tally.failed and not unwell:
        console.print(
            f"a feed is unwell once {FAILING_AFTER} polls in a row failed; {typed('feeds list', feeds=True)} says what is wrong"
        )
    if report.unwell:
        table = show.table("what", "since (UTC)", "how it is", wide="how it is")
        for finding in report.unwell:
            how = f"{WORDS[finding.state]}: {finding.detail}"
            show.row(table, finding.subject, show.short_time(finding.since), how)
        console.print(table)
    for finding in report.recovered:
        console.print(f"{finding.subject} is well again", markup=False)
    if report.mailed:
        console.print("the operator was mailed")
