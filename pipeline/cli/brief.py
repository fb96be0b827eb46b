"""`ceasefire brief`: the morning briefing of any period."""

import click

from pipeline.app import App
from pipeline.cli.options import with_app
from pipeline.clock import utc_now
from pipeline.errors import SettingsError
from pipeline.notify import render
from pipeline.notify.render import sender_from
from pipeline.periods import parse_moment
from pipeline.steps.briefing import briefing

KINDS = {"text": "txt", "html": "html", "md": "md"}


@click.command()
@click.option(
    "--since", default="yesterday 18:00", show_default=True, metavar="WHEN", help="Start: 24h, 2026-11-20, …"
)
@click.option("--until", default="now", show_default=True, metavar="WHEN", help="End.")
@click.option("--format", "kind", type=click.Choice(list(KINDS)), default="text", show_default=True)
@click.option(
    "--zone", default="UTC", show_default=True, help="The reader's time zone, for example Europe/Kyiv."
)
@with_app
def brief(app: App, since: str, until: str, kind: str, zone: str) -> None:
    """What happened since yesterday evening: developments first, by issue, each with outlet, time and sentence.

    At its end stands how well the period was watched: hours, gaps, and feeds that fail.

    \b
    Examples:
      ceasefire brief --zone Europe/Kyiv
      ceasefire brief --since 7d --format md > week.md
    """
    now = utc_now()
    start = parse_moment(since, now, zone)
    end = now if until == "now" else parse_moment(until, now, zone)
    if start >= end:
        raise SettingsError(
            f"--since ({start:%d %b %Y %H:%M} UTC) must lie before --until ({end:%d %b %Y %H:%M} UTC)"
        )
    settings = app.settings
    sender = sender_from(settings.mail_from, settings.public_url, settings.secret_key)
    click.echo(render.brief(briefing(app, start, end, zone), KINDS[kind], sender).rstrip())
