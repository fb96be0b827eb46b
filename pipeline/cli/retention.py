"""`ceasefire retention`: what has had its time."""

from dataclasses import asdict

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, exit_with, json_option, typed, with_app
from pipeline.cli.progress import bar
from pipeline.clock import utc_now
from pipeline.db.room import room_of
from pipeline.steps.retention import RetentionReport, apply_retention

POLICY_OF = {
    "articles": "articles", "stories": "articles", "versions": "versions", "messages": "messages",
    "digests": "messages", "polls": "log", "cycles": "log", "set_aside": "log", "mutes": "log", "robots": "log",
    "domains": "log", "domain_leases": "log", "index_months": "articles",
}  # fmt: skip


@click.command()
@click.option("--apply", is_flag=True, help="Delete it. Without this, nothing is changed.")
@json_option
@with_app
def retention(app: App, apply: bool, as_json: bool) -> None:
    """Show what the settings say has had its time; with --apply delete it.

    What an alert has announced stays announced; a deleted article that comes back is known and silent. What a digest, a
    follower or an analyst's correction still needs is kept and counted. Ages: keep_articles_days and the like
    (docs/settings.md).

    \b
    Example:
      ceasefire retention --apply
    """
    with bar("deleting" if apply else "counting") as progress:
        report = apply_retention(app, utc_now, apply=apply, progress=progress)
    room = room_of(app.database.path) if app.database.path is not None else None
    if as_json:
        show.print_json({**asdict(report), "file": None if room is None else asdict(room)})
    else:
        _show(report)
        if report.applied and room is not None and room.worth_giving_back:
            click.echo(
                f"{room.free_bytes / 2**20:,.0f} of the file's {room.size_bytes / 2**20:,.0f} MB are empty: what comes in "
                f"fills them, or {typed('db vacuum')} gives them back to the disk"
            )
    exit_with(DONE_WITH_FAILURES if report.problems else DONE)


def _show(report: RetentionReport) -> None:
    done = "deleted" if report.applied else "would go"
    table = show.table("what", done, "older than (UTC)", wide="what")
    for name, count in report.counts.items():
        before = report.before[POLICY_OF[name]]
        words = name.replace("_", " ") + (
            " (emptied; their ids keep their meaning)" if name == "stories" else ""
        )
        show.row(table, words, f"{count:,}", f"{before:%d %b %Y %H:%M}" if before else "")
    console = show.console()
    console.print(table)
    for name, before in report.before.items():
        if before is None:
            console.print(f"{name}: kept for ever (keep_{name}_days = 0)")
    for why, count in report.kept.items():
        kind, _, reason = why.partition("_")
        console.print(f"kept all the same: {count:,} {kind} {reason.replace('_', ' ')}")
    for problem in report.problems:
        click.echo(f"problem: {problem}", err=True)
    if not report.applied and any(report.counts.values()):
        click.echo(f"Nothing was changed; {typed('retention --apply')} deletes it.")
