"""One cycle, and cycle after cycle: the only module that knows all the steps and their order.

    ingest (fetch, parse, extract, record) ─► tag ─► group ─► index ─► announce (match, decide) ─► send

Each step works from its own queue in the database, so a cycle that is killed anywhere is taken up by the next one.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.app import App
from pipeline.clock import Clock, utc_now
from pipeline.db import cycles as cycle_rows
from pipeline.db import feeds as feed_rows
from pipeline.errors import IndexNotSetError, ServiceError
from pipeline.steps.announce import announce_waiting
from pipeline.steps.chores import Chores
from pipeline.steps.digests import send_digests
from pipeline.steps.feed_health import show_feed_health
from pipeline.steps.group import group_tagged
from pipeline.steps.index import index_waiting
from pipeline.steps.ingest import IngestSettings, ingest_due
from pipeline.steps.send import SendReport, send_waiting
from pipeline.steps.tag import tag_untagged
from pipeline.types import CycleReport, FeedReport

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 60.0
"""`watch` looks at its queues at least this often: a feed added by another process is not left waiting."""


def holder_name() -> str:
    """Who holds a lease: host and process, for people who read the database."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def run_cycle(
    app: App,
    *,
    now: Clock = utc_now,
    stop: asyncio.Event | None = None,
    progress: Callable[[FeedReport], None] = lambda _report: None,
) -> CycleReport:
    """Poll what is due and bring everything that waits through all the steps; returns what was done.

    A step that needs a service out of reach (index, mail server) is named in `problems`, its queue stays, and the
    steps that can work do. Raises DatabaseUnavailableError: without the record nothing can be taken in.
    """
    started = now()
    with app.database.write() as connection:
        number = cycle_rows.begin(connection, started)
    feeds = await ingest_due(
        app.database,
        app.feeds,
        ingest_settings(app),
        now=now,
        holder=holder_name(),
        stop=stop,
        progress=progress,
    )
    report = await asyncio.to_thread(process, app, now, stop)
    unshown = await asyncio.to_thread(show_feeds, app, now)
    report = replace(
        report,
        problems=tuple(dict.fromkeys((*report.problems, *unshown))),
        started=started,
        feeds=tuple(feeds),
        counts={
            "feeds": len(feeds),
            "failed": sum(feed.result == "failed" for feed in feeds),
            "new": sum(feed.new for feed in feeds),
            "changed": sum(feed.changed for feed in feeds),
            **report.counts,
        },
    )
    with app.database.write() as connection:
        cycle_rows.finish(connection, number, report)
    return report


def ingest_settings(app: App) -> IngestSettings:
    """What of the settings the ingest step needs."""
    return IngestSettings(
        fetch=app.settings.fetch_settings(),
        horizon=timedelta(hours=app.settings.horizon_h),
        versions_per_day=app.settings.versions_per_day,
    )


def process(app: App, now: Clock, stop: asyncio.Event | None = None) -> CycleReport:
    """Everything after the network: tag, group, index, announce, make the digests that are due, and send what waits."""
    stopped = stop.is_set if stop is not None else lambda: False
    problems: list[str] = []
    outages: list[str] = []
    counts: dict[str, int] = {}
    started = now()
    try:
        tagged = tag_untagged(app.database, app.tagger, now, stopped=stopped)
        counts |= {"tagged": tagged.tagged, "set_aside": tagged.set_aside}
    except ServiceError as error:
        log.error("not everything could be tagged, the queue stays: %s", error)
        problems.append(str(error))
        outages.append(str(error))
    grouped = group_tagged(app.database, now, window=app.window, stopped=stopped)
    counts |= {"grouped": grouped.grouped, "stories": grouped.new_stories, "copies": grouped.copies}
    try:
        counts["indexed"] = index_waiting(app.database, app.index, now, stopped=stopped).indexed
        announced = announce_waiting(app, now, stopped=stopped)
        digests = send_digests(app, now, stopped=stopped)
        counts |= {"messages": announced.messages, "digests": digests.digests}
        problems += [*announced.problems, *digests.problems]
    except (ServiceError, IndexNotSetError) as error:
        log.error("a step could not be done, its queue stays: %s", error)
        problems.append(str(error))
        outages += [str(error)] if isinstance(error, ServiceError) else []
    sent = send(app, now, stopped=stopped)
    counts |= {"sent": sent.sent, "retried": sent.retried}
    problems += sent.problems
    outages += sent.problems
    return CycleReport(started, now(), counts=counts, problems=tuple(problems), outages=tuple(outages))


def show_feeds(app: App, now: Clock) -> tuple[str, ...]:
    """Show how the feeds are doing beside the index, for Kibana; returns what went wrong, which the next cycle mends."""
    try:
        show_feed_health(app.database, app.index, app.feeds, now())
    except (ServiceError, IndexNotSetError) as error:
        log.error("the feeds' health could not be shown: %s", error)
        return (str(error),)
    return ()


def send(app: App, now: Clock, *, stopped: Callable[[], bool] = lambda: False) -> SendReport:
    """Send what waits in the outbox, under this process's name."""
    return send_waiting(app, now, stopped=stopped, holder=holder_name())


async def watch(
    app: App,
    *,
    stop: asyncio.Event,
    now: Clock = utc_now,
    progress: Callable[[FeedReport], None] = lambda _report: None,
    after_cycle: Callable[[CycleReport], None] = lambda _report: None,
) -> None:
    """Cycle after cycle as feeds fall due, until `stop` is set; it then ends within seconds, with nothing half done.

    A database that is briefly out of reach is waited for: what was taken in is safe, and the outage passes. Between
    cycles it looks after the feeds and deletes what has had its time (`pipeline.steps.chores`).
    """
    pause_s = 0.0
    chores = Chores(app, now())
    while not stop.is_set():
        try:
            after_cycle(await run_cycle(app, now=now, stop=stop, progress=progress))
            await asyncio.to_thread(chores.run, now, stop.is_set)
            pause_s = _pause_s(app, now())
        except ServiceError as error:
            pause_s = min(max(pause_s * 2, 5.0), LONGEST_PAUSE_S)
            log.error("the cycle could not run, next try in %.0f s: %s", pause_s, error)
        try:
            await asyncio.wait_for(stop.wait(), pause_s)
        except TimeoutError:
            continue


def _pause_s(app: App, now: datetime) -> float:
    with app.database.read() as connection:
        due = feed_rows.next_due(connection)
    if due is None:
        return 1.0
    return min(max((due - now).total_seconds(), 1.0), LONGEST_PAUSE_S)
