"""`ceasefire mail`: does mail work?"""

import click

from pipeline import cycle
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import CommandGroup, typed, with_app
from pipeline.clock import utc_now
from pipeline.db import outbox
from pipeline.errors import NotFoundError
from pipeline.steps.test_mail import send_test


@click.group(cls=CommandGroup)
def mail() -> None:
    """Try the mail server, and release messages that wait."""


@mail.command()
@click.argument("address")
@with_app
def test(app: App, address: str) -> None:
    """Send a test message to ADDRESS (or an https:// webhook) the way alerts are sent, and say where it went.

    \b
    Example:
      ceasefire mail test you@example.org
    """
    click.echo(f"test message to {address}: {send_test(app, address, utc_now())}")


@mail.command()
@click.argument("number", type=int, required=False)
@with_app
def release(app: App, number: int | None) -> None:
    """Let messages that are held or set aside be tried again: all, or the one NUMBER that `ceasefire status` shows.

    \b
    Example:
      ceasefire mail release 17
    """
    now = utc_now()
    with app.database.write() as connection:
        released = outbox.release_held(connection, now, number)
        if number is not None and not released:
            raise NotFoundError(
                f"no message {number} is held or set aside; {typed('status')} shows those that are"
            )
    report = cycle.send(app, utc_now)
    click.echo(f"{show.plural(released, 'message')} released, {report.sent} sent")
    for problem in report.problems:
        click.echo(f"problem: {problem}", err=True)
