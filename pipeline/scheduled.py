"""A cycle in pieces, for a scheduler that runs each in a process of its own (dags/ingest.py):

    plan ─► take_in, a shard each, side by side ─► publish

What one piece tells the next is names and counts, and may be lost: each works from what the database says is due, so
that a piece which is repeated, doubled or killed does no harm. The other DAGs call one step each, between
`production_app` and its end.
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

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
from pipeline.steps.health import check_health
from pipeline.steps.importing import import_archive
from pipeline.steps.ingest import ingest_due
from pipeline.steps.retag import RetagScope, retag_archive
from pipeline.steps.retention import apply_retention
from pipeline.types import FeedReport

log = logging.getLogger(__name__)

AIRFLOW_LOGS_KEPT = timedelta(days=30)

LISTED = 20
"""Items of a list (bad lines, say) that a task hands to Airflow's database; the log has them all."""

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

    settings = cycle.ingest_settings(app)
    alone = replace(
        settings, fetch=replace(settings.fetch, readers=1)
    )  # shards are what runs side by side here
    reports = asyncio.run(
        ingest_due(
            app.database, app.feeds, alone, now=now, holder=holder, only=shard["feeds"], progress=note
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
    if planned is not None:  # else the source list may be one that cannot be read
        cycle.show_feeds(app, now)
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


def retag(app: App, now: Clock, since: str | None, until: str | None, only: Sequence[str]) -> dict[str, Any]:
    """Tag anew what another model tagged, of articles first seen on these days (ISO, UTC, both included; None: no bound).

    Raises SettingsError for a scope that can hold nothing, ServiceError while the index is out of reach.
    """
    _step_aside()
    last = _day(until)
    scope = RetagScope(_day(since), last and last + timedelta(days=1), tuple(only))
    return _come_to(retag_archive(app, now, scope, progress=_logged("articles")))


def take_in_history(app: App, now: Clock, path: str) -> dict[str, Any]:
    """Take an archive in as history.

    Raises SettingsError where it is not there, ServiceError while the index is out of reach.
    """
    _step_aside()
    return _come_to(import_archive(app, Path(path), now, progress=_logged("bytes")))


def retain(app: App, now: Clock, *, apply: bool) -> dict[str, Any]:
    """Delete what is old enough, or (`apply` false) count it. Raises ServiceError while the index is out of reach."""
    log.info("this run %s", "deletes" if apply else "only counts what would go")
    return _come_to(apply_retention(app, now, apply=apply, progress=_logged("rows")))


def look_after_feeds(app: App, now: Clock) -> dict[str, Any]:
    """Look at every feed's health, and send the operator's mail about what changed.

    Raises ServiceError while the mail server is out of reach; the mail waits in the outbox.
    """
    report = check_health(app, now)
    for problem in report.problems:
        log.warning("%s", problem)
    sent = cycle.send(app, now)
    if sent.problems:
        raise ServiceError("; ".join(sent.problems))
    return {
        "watched": report.watched,
        "unwell": [f"{finding.subject}: {finding.state}" for finding in report.unwell],
        "recovered": [finding.subject for finding in report.recovered],
        "mailed": report.mailed,
    }


class _Report(Protocol):
    """What the steps on archives have in common; `problems` are services that were out of reach."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def problems(self) -> tuple[str, ...]: ...


def _come_to(report: _Report) -> dict[str, Any]:
    """A report as small plain data, its lists cut short; it stands whole in the log. Raises ServiceError for an outage."""
    log.info("%s", report)
    if report.problems:
        raise ServiceError("; ".join(report.problems))
    plain: dict[str, Any] = json.loads(json.dumps(asdict(report), default=str))
    return {key: value[:LISTED] if isinstance(value, list) else value for key, value in plain.items()}


def _logged(what: str) -> Callable[[int, int], None]:
    """A `progress` that writes a line for every tenth done."""
    tenths = 0

    def note(done: int, total: int) -> None:
        nonlocal tenths
        if total and done * 10 // total > tenths:
            tenths = done * 10 // total
            log.info("%d of %d %s", done, total, what)

    return note


def _day(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise SettingsError(f"{text!r} is not a day; write it as 2026-11-30") from error


def _step_aside() -> None:
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


def airflow_logs_hint(folder: str, now: datetime) -> str:
    """How much of Airflow's own logs is old, and the commands, for its host, that remove it: tasks may not."""
    before = now - AIRFLOW_LOGS_KEPT
    files = [path.stat() for path in Path(folder).rglob("*") if path.is_file()]
    old = [file.st_size for file in files if file.st_mtime < before.timestamp()]
    hint = (
        f"{len(old):,} of {len(files):,} log files ({sum(old) / 1e6:,.0f} MB) are older than {before:%d %b %Y}. On the "
        f"host: find {folder} -type f -mtime +{AIRFLOW_LOGS_KEPT.days} -delete; and for runs in Airflow's database: "
        f"airflow db clean --clean-before-timestamp {before:%Y-%m-%d} --skip-archive --yes"
    )
    log.info("%s", hint)
    return hint
