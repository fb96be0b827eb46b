"""`ceasefire run` and `watch`: one cycle, or cycle after cycle."""

import asyncio
import contextlib
import logging
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pipeline import cycle
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import (
    DONE,
    DONE_WITH_FAILURES,
    exit_with,
    feeds_option,
    given_options,
    json_option,
    typed,
    with_app,
)
from pipeline.clock import utc_now
from pipeline.db import alerts as alert_rows
from pipeline.db import cycles as cycle_rows
from pipeline.db import overview
from pipeline.errors import IndexNotSetError
from pipeline.fetch.policy import WHY
from pipeline.steps.alerts import alert_desk
from pipeline.steps.desk import desk_of
from pipeline.types import CycleReport, FeedReport

log = logging.getLogger(__name__)

ALIKE = 4
"""From so many feeds on that say the same, one line says it for all."""

LATEST = 12
"""Developments shown after a cycle: one screen."""

PREVIEW_DAYS = 7
"""What a starter alert would have sent is counted over a week."""


@click.command()
@feeds_option
@json_option
@click.option(
    "--or-sample", is_flag=True, help="Where no feed can be reached, show the same job on the sample feeds."
)
@with_app
def run(app: App, as_json: bool, or_sample: bool) -> None:
    """Run one cycle over the feeds that are due, and show what came of it.

    \b
    Example:
      ceasefire run --feeds feeds.toml
    """
    _install_starters(app)
    report = asyncio.run(_one_cycle(app))
    sample_follows = or_sample and not as_json and _nothing_answers(app, report)
    if as_json:
        show.print_json(
            {"started": report.started, "finished": report.finished, **cycle_rows.as_json(report)}
        )
    else:
        show_report(app, report, last=not sample_follows)
    if sample_follows:
        from pipeline.cli.sample import show_sample

        show_sample(app)
        exit_with(DONE_WITH_FAILURES)
    exit_with(DONE_WITH_FAILURES if report.problems or report.counts["failed"] else DONE)


def _nothing_answers(app: App, report: CycleReport) -> bool:
    """Whether every feed that was asked failed; where none is due yet, whether none ever brought anything."""
    if report.feeds:
        return all(feed.result == "failed" for feed in report.feeds)
    with app.database.read() as connection:
        return overview.newest_seen(connection) is None


def _install_starters(app: App) -> None:
    with contextlib.suppress(IndexNotSetError):  # no index, no alerts; the cycle's report says so
        alert_desk(app).install_starters(utc_now())


async def _one_cycle(app: App) -> CycleReport:
    with progress_of_feeds(len(app.feeds)) as step:
        async with stop_on_signals() as stop:
            return await cycle.run_cycle(app, stop=stop, progress=step)


@click.command()
@feeds_option
@with_app
def watch(app: App) -> None:
    """Run cycle after cycle as feeds fall due. Ctrl-C or SIGTERM ends it cleanly within seconds.

    \b
    Example:
      ceasefire watch --feeds feeds.toml
    """
    _install_starters(app)
    console = show.console()

    def say(report: CycleReport) -> None:
        counts = report.counts
        if not counts["feeds"] and not counts.get("tagged") and not counts.get("sent"):
            return
        console.print(
            f"{report.finished:%Y-%m-%d %H:%M:%S} UTC  {show.plural(counts['feeds'], 'feed')}, "
            f"{counts['failed']} failed, {counts['new']} new, {counts.get('tagged', 0)} tagged, "
            f"{counts.get('messages', 0)} alerts, {counts.get('sent', 0)} sent"
        )
        for problem in report.problems:
            console.print(f"  problem: {problem}", markup=False)

    async def forever() -> None:
        async with stop_on_signals() as stop:
            console.print(f"watching {show.plural(len(app.feeds), 'feed')}; Ctrl-C ends it")
            await cycle.watch(app, stop=stop, after_cycle=say)
            console.print("stopped; nothing is half done")

    asyncio.run(forever())


@asynccontextmanager
async def stop_on_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set; a second signal ends the program at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    caught: list[signal.Signals] = []

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            loop.remove_signal_handler(number)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(
            NotImplementedError, RuntimeError, ValueError
        ):  # not in a thread, not on Windows
            loop.add_signal_handler(number, on_signal, number)
            caught.append(number)
    try:
        yield stop
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


@contextmanager
def progress_of_feeds(total: int) -> Iterator[Callable[[FeedReport], None]]:
    """A bar on a terminal, a log line a feed elsewhere."""
    if not show.is_terminal():
        yield _log_feed
        return
    columns = (TextColumn("fetching"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)

        def step(report: FeedReport) -> None:
            bar.update(task, advance=1, description=show.clean(report.outlet, 30))

        yield step


def _log_feed(report: FeedReport) -> None:
    log.info("%s: %s, %d new", report.feed, report.result, report.new)


def show_report(app: App, report: CycleReport, *, last: bool = True) -> None:
    """Everything that a person wants to know after a cycle, the news last so that it stays on the screen.

    Starter alerts and what to try next close the screen: they wait where this is not the `last` word.
    """
    console = show.console()
    _show_feeds(report.feeds)
    new, counts = report.counts["new"], report.counts
    console.print(
        f"\n{show.plural(new, 'new article')}, {counts['changed']} changed, {counts.get('tagged', 0)} tagged, "
        f"{counts.get('copies', 0)} copies, in {(report.finished - report.started).total_seconds():.1f} s"
    )
    for problem in report.problems:
        console.print(f"problem: {problem}", style="bold red", markup=False)
    show_news(app, report.started)
    if last:
        _show_starters(app, report)
        show_next_commands()


def show_news(app: App, since: datetime) -> None:
    """Labels by facet of what came since, the latest developments, and the alerts that fired."""
    console = show.console()
    with app.database.read() as connection:
        labels = overview.label_counts(connection, since)
        latest = overview.latest_developments(connection, LATEST)
        fired = overview.messages_since(connection, since)
    if labels:
        console.print("\n", show.counts_by_facet(labels), sep="")
    if latest:
        console.print("\n", show.documents_table(latest, desk_of(app).words, "Latest developments"), sep="")
    if fired:
        table = show.table("alert", "said", "to", title="Alerts that fired", wide="said")
        for item in fired:
            show.row(table, item.alert, item.subject, ", ".join(item.recipients))
        console.print("\n", table, sep="")


def _show_feeds(feeds: Sequence[FeedReport]) -> None:
    console = show.console()
    if not feeds:
        click.echo(f"no feed is due yet; {typed('status')} says when the next one is")
        return
    table = show.table("feed", "result", "entries", "new", "changed", "what happened", wide="what happened")
    alike: dict[str, list[FeedReport]] = {}
    for feed in sorted(feeds, key=lambda item: (item.result, item.feed)):
        alike.setdefault(_in_common(feed) or feed.feed, []).append(feed)
    summed = {words: group for words, group in alike.items() if len(group) >= ALIKE}
    for feed in (feed for words, group in alike.items() if words not in summed for feed in group):
        show.row(
            table, feed.feed, feed.result, feed.entries or "", feed.new or "", feed.changed or "", feed.detail
        )
    if table.row_count:
        console.print(table)
    for words, group in summed.items():
        first = f"; the first: {group[0].feed} ({group[0].detail})" if group[0].failure else ""
        console.print(show.clean(f"{len(group)} feeds {words}{first}"), markup=False)
    if summed:
        click.echo(f"{typed('feeds list', feeds=True)} shows each of them")


def _in_common(feed: FeedReport) -> str:
    """What many feeds may have to say, said of all of them; "" where a feed has something of its own to say."""
    if feed.failure is not None:
        return f"failed, each because {WHY[feed.failure]}"
    if feed.new or feed.changed or feed.detail:
        return ""
    return "have nothing new"


def _show_starters(app: App, report: CycleReport) -> None:
    """The starter alerts that nobody has taken up yet, each with what it would have sent from what is there."""
    with app.database.read() as connection:
        starters = [alert for alert in alert_rows.list_all(connection) if alert.starter and alert.paused]
    if not starters:
        return
    desk = alert_desk(app)
    table = show.table(
        "starter alert", "would have sent", "query", title="\nStarter alerts, paused", wide="query"
    )
    for alert in starters:
        mails = desk.test(alert, PREVIEW_DAYS, report.finished).messages
        show.row(table, alert.name, f"{show.plural(mails, 'mail')} in {PREVIEW_DAYS} days", alert.query)
    show.console().print(table)


def show_next_commands(*first: str) -> None:
    """What to try next: the commands in `first` (default: a search, the briefing and the page), then those of every day.

    Where the shell would not find `ceasefire`, the line that makes it do so comes before all. The database, index and
    settings that this command was given by option go along.
    """
    activate = Path(sys.prefix) / "bin" / "activate"
    lines = [f". {activate}"] if shutil.which("ceasefire") is None and activate.exists() else []
    here, with_feeds = given_options(), given_options(feeds=True)
    lines += first or (
        f"ceasefire search 'development:rejected OR development:accepted' --since 7d{here}",
        f"ceasefire brief{here}",
    )
    daily = [
        (f"alert list{here}", "then: alert resume NAME, or alert add"),
        (f"feeds check{with_feeds}", "which feeds answer, and what is wrong with the others"),
        (f"watch{with_feeds}", "keeps going"),
    ]
    if not first:
        daily.insert(0, (f"serve{with_feeds}", "the same in a browser"))
    width = max(len(command) for command, _ in daily)
    lines += [f"ceasefire {command:{width}}  # {why}" for command, why in daily]
    show.console().print("\nNext:")
    for line in lines:
        click.echo(f"  {line}")  # whole, so that it can be copied
