"""A cycle in pieces, for a scheduler that runs each in a process of its own (dags/ingest.py):

    plan ─► take_in, a shard each, side by side ─► publish

What one piece tells the next is names and counts, and may be lost: each works from what the database says is due, so
that a piece which is repeated, doubled or killed does no harm. The other DAGs call one step each, between
`production_app` and its end.
"""

import asyncio
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline import cycle
from pipeline.app import App
from pipeline.clock import Clock
from pipeline.db import cycles as cycle_rows
from pipeline.db import feeds as feed_rows
from pipeline.errors import RunIncompleteError, ServiceError, SettingsError
from pipeline.notify.content import Plain
from pipeline.settings import settings_from_process
from pipeline.shards import deal
from pipeline.steps.digests import send_digests
from pipeline.steps.direct import send_directly
from pipeline.steps.ingest import ingest_due
from pipeline.types import FeedReport

log = logging.getLogger(__name__)

ARCHIVE_NICENESS = 10
"""Work on an archive leaves the processor to live news where both want it."""


@contextmanager
def production_app() -> Iterator[App]:
    """An `App` of this process's own settings, for one task.

    Raises SettingsError where database or index is not named: the defaults of a laptop would give each machine that runs
    tasks an empty database of its own.
    """
    settings = settings_from_process()
    if not settings.database_url:
        raise SettingsError(
            "no database is set: set CEASEFIRE_DATABASE_URL (postgresql://user:password@host/name) in the environment "
            "of the process that runs tasks (with LocalExecutor: the scheduler)"
        )
    settings.resolved_index_url()
    app = App(settings)
    try:
        yield app
    finally:
        app.close()


def plan(app: App, now: Clock, shards: int) -> list[dict[str, Any]]:
    """What is due, as at most `shards` shards: {"title", "feeds": [names]}, each registered domain whole in one.

    Raises FeedListError, with the line, for a source list that is wrong; the database then keeps the last good one.
    """
    listed = app.feeds
    with app.database.read() as connection:
        due = feed_rows.due(connection, now())
    dealt = deal({name: url for name, url in due.items() if name in listed}, shards)
    log.info(
        "%d of %d feeds are due, in %d shards",
        sum(len(each.feeds) for each in dealt),
        len(listed),
        len(dealt),
    )
    return [asdict(shard) for shard in dealt]


def take_in(app: App, shard: Mapping[str, Any], now: Clock, *, holder: str) -> dict[str, Any]:
    """Fetch, parse and record those feeds of a shard that are still due; returns its title and counts.

    `holder` is the same for every try at one shard of one run: a try that died leaves its leases to the next.
    """

    def note(report: FeedReport) -> None:
        log.info("%s: %s, %d new %s", report.feed, report.result, report.new, report.detail)

    reports = asyncio.run(
        ingest_due(
            app.database, app.feeds, cycle.ingest_settings(app), now=now, holder=holder, only=shard["feeds"], progress=note
        )
    )  # fmt: skip
    return {
        "title": shard["title"],
        "feeds": len(reports),
        "failed": sum(report.result == "failed" for report in reports),
        "new": sum(report.new for report in reports),
        "changed": sum(report.changed for report in reports),
    }


def publish(
    app: App,
    now: Clock,
    started: datetime,
    planned: Sequence[Mapping[str, Any]] | None,
    taken_in: Sequence[Mapping[str, Any]],
) -> dict[str, int]:
    """Tag, group, index, announce and send all that waits, whoever took it in; note the cycle; return what was done.

    `planned` is what `plan` returned (None: it failed), `taken_in` what came back of it. Everything is worked through
    before anything is complained of. Raises ServiceError while a service is out of reach (a later try may find it
    back), RunIncompleteError where shards, or the plan itself, ended without a result.
    """
    report = cycle.process(app, now)
    kinds = ("feeds", "failed", "new", "changed")
    counts = {**{kind: sum(shard[kind] for shard in taken_in) for kind in kinds}, **report.counts}
    with app.database.write() as connection:
        number = cycle_rows.begin(connection, started)
        cycle_rows.finish(connection, number, replace(report, started=started, counts=counts))
    for problem in report.problems:
        log.error("%s", problem)
    if report.outages:
        raise ServiceError("; ".join(report.outages))
    if planned is None:
        raise RunIncompleteError("no feed was asked: the task `plan` failed, and its log says why")
    back = {shard["title"] for shard in taken_in}
    lost = [str(shard["title"]) for shard in planned if shard["title"] not in back]
    if lost:
        raise RunIncompleteError(
            f"{len(lost)} of {len(planned)} shards failed in every try ({'; '.join(lost)}): their feeds stay due, and "
            "what the others brought is published; the logs of the task `fetch` say why"
        )
    return counts


def send_due_digests(app: App, now: Clock) -> dict[str, int]:
    """Make the digests that are due and send what waits; returns counts.

    Raises ServiceError while index or mail server is out of reach; what could be done without them is done.
    """
    try:
        made = send_digests(app, now)
    finally:
        sent = cycle.send(app, now)
    for problem in made.problems:
        log.error("%s", problem)
    if sent.problems:
        raise ServiceError("; ".join(sent.problems))
    return {"digests": made.digests, "empty": made.empty, "sent": sent.sent}


def step_aside() -> None:
    """Lower this process's priority for the rest of its life: what follows is work on an archive."""
    os.nice(max(0, ARCHIVE_NICENESS - os.nice(0)))


def mail_operator(subject: str, paragraphs: Sequence[str], now: datetime, name: str) -> bool:
    """Mail the operator at once; False where nobody is named (CEASEFIRE_OPERATOR_MAIL). Needs no database.

    Raises MailError or SettingsError where it cannot be sent.
    """
    settings = settings_from_process()
    if not settings.operator_mail:
        return False
    app = App(settings)
    where = send_directly(app, settings.operator_mail, Plain(subject, tuple(paragraphs)), now, name)
    log.info("mail to the operator %s", where)
    return True


def log_files(folder: Path, older_than: datetime) -> tuple[int, int]:
    """How many files below `folder` were last written before that, and their bytes."""
    sizes = [
        stat.st_size
        for stat in (path.stat() for path in folder.rglob("*") if path.is_file())
        if stat.st_mtime < older_than.timestamp()
    ]
    return len(sizes), sum(sizes)
