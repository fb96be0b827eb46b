"""The sample run: what the product does, shown on any machine."""

import tempfile
from pathlib import Path

import click

from pipeline.alerts.starters import SHIPPED, read_alerts
from pipeline.app import App
from pipeline.cli import show
from pipeline.sample import ALERTS, START, SimulatedClock, play, sample_app
from pipeline.steps.alerts import alert_desk

READER = "analyst@example.org"


def show_sample(app: App) -> None:
    """Run the job on the sample feeds in a throw-away database, and show what came of it."""
    from pipeline.cli.run import show_news, show_next_commands

    console = show.console()
    console.print(
        "\nNo feed could be reached from here, so here is the same job on the sample feeds in examples/:\n"
        "18 March 2025, told by six invented outlets, on a simulated clock and in a throw-away database.\n",
        style="bold",
    )
    folder = Path(tempfile.mkdtemp(prefix="ceasefire-sample-"))
    clock = SimulatedClock(START)
    with sample_app(folder, app.settings) as sample:
        desk = alert_desk(sample)
        for alert in (
            *read_alerts(SHIPPED, START, recipients=(READER,)),
            *read_alerts(ALERTS, START, recipients=(READER,)),
        ):
            desk.add(alert, START)
        reports = play(sample, folder, clock)
        feeds = show.plural(len(sample.feeds), "feed")
        new = sum(report.counts["new"] for report in reports)
        console.print(f"{feeds} polled {len(reports)} times, {show.plural(new, 'new article')}")
        show_news(sample, START)
        mails = sorted((folder / "mail").glob("*.eml"), key=lambda mail: mail.stat().st_mtime_ns)
        if mails:
            click.echo(f"\n{show.plural(len(mails), 'mail')} written, the first: {mails[0]}")
    here = f"--db sqlite:///{folder / 'sample.db'}"
    show_next_commands(
        f"ceasefire search 'development:rejected OR development:accepted' {here}",
        f"ceasefire brief --since 2025-03-18 --until 2025-03-19 {here}",
        f"ceasefire serve {here} --feeds {folder / 'feeds.toml'}",
    )
