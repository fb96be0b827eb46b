"""`ceasefire mail`: does mail work?"""

import click

from pipeline import cycle
from pipeline.app import App
from pipeline.cli.options import with_app
from pipeline.steps.test_mail import send_test


@click.group()
def mail() -> None:
    """Mail."""


@mail.command()
@click.argument("address")
@with_app
def test(app: App, address: str) -> None:
    """Send a test message to ADDRESS (or an https:// webhook) the way alerts are sent, and say where it went.

    \b
    Example:
      ceasefire mail test you@example.org
    """
    click.echo(f"test message to {address}: {send_test(app, address, cycle.utc_now())}")
