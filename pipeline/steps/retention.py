"""Delete what has had its time, by the ages in the settings; or only say what would go.

The database comes first, batch by batch, under the lock of deciding where alerts could be concerned; the index follows
with the tombstones that are left. It can be stopped at any moment and repeated.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from pipeline.db import retention as rows
from pipeline.db.engine import Database
from pipeline.db.locks import DECIDE, exclusive
from pipeline.db.retention import CutOffs
from pipeline.errors import IndexNotSetError, ServiceError, SettingsError
from pipeline.settings import Settings
from pipeline.steps.index import index_waiting

if TYPE_CHECKING:
    from pipeline.app import App

log = logging.getLogger(__name__)

LEAST_DAYS = {
    "keep_articles_days": (7, "stories stay open for 72 hours, and late reports must find them"),
    "keep_versions_days": (2, "the versions of a day are counted"),
    "keep_messages_days": (7, "a message is tried for four days"),
    "keep_log_days": (35, "a feed's health is judged against its last 28 days"),
}
"""Ages below which something that still runs would miss what was deleted, and why."""


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What went, or would go (`applied` tells which): rows by kind, and, once applied, the index's months that are empty. `kept`: old enough but still needed, by why.
    `before`: the cut-off of each policy, UTC; None: for ever."""

    applied: bool
    counts: dict[str, int]
    kept: dict[str, int]
    before: dict[str, datetime | None] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def cut_offs(settings: Settings, now: datetime) -> CutOffs:
    """What the settings mean at this moment. Raises SettingsError for an age below what running needs."""
    for name, (least, why) in LEAST_DAYS.items():
        days = getattr(settings, name)
        if 0 < days < least:
            raise SettingsError(
                f"setting {name!r} is {days}: at least {least} days (or 0: for ever), because {why}"
            )

    def before(days: int) -> datetime | None:
        return now - timedelta(days=days) if days else None

    return CutOffs(
        before(settings.keep_articles_days),
        before(settings.keep_versions_days),
        before(settings.keep_messages_days),
        before(settings.keep_log_days),
    )


def apply_retention(
    app: "App",
    now: Callable[[], datetime],
    *,
    apply: bool,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> RetentionReport:
    """Say what has had its time; with `apply` delete it, and take it out of the index.

    Raises SettingsError for a policy that cannot be, LockLostError where another process decides for too long.
    """
    moment = now()
    policy = cut_offs(app.settings, moment)
    with app.database.read() as connection:
        counts, kept = _plan(connection, policy)
    before = {
        "articles": policy.articles, "versions": policy.versions, "messages": policy.messages, "log": policy.log,
    }  # fmt: skip
    if not apply:
        return RetentionReport(False, counts, kept, before)
    work = _Work(app.database, policy, moment, sum(counts.values()), stopped, progress)
    counts = work.run()
    months, problems = _take_out_of_index(app, now, policy.articles, stopped)
    if policy.articles is not None:
        counts["index_months"] = months
    return RetentionReport(True, counts, kept, before, problems)


def _plan(connection: Connection, policy: CutOffs) -> tuple[dict[str, int], dict[str, int]]:
    counts: dict[str, int] = {}
    kept: dict[str, int] = {}
    if policy.articles is not None:
        counts["articles"] = rows.old_articles(connection, policy.articles)
        counts["stories"] = rows.old_stories(connection, policy.articles)
        kept |= rows.kept_articles(connection, policy.articles)
    if policy.versions is not None:
        counts["versions"] = rows.old_versions(connection, policy.versions)
    if policy.messages is not None:
        counts["messages"] = rows.old_messages(connection, policy.messages)
        counts["digests"] = rows.old_digests(connection, policy.messages)
        kept |= rows.kept_messages(connection, policy.messages)
    if policy.log is not None:
        counts |= rows.old_log(connection, policy.log)
    return counts, kept


class _Work:
    """One run of deletions, each batch a transaction of its own."""

    def __init__(
        self,
        database: Database,
        policy: CutOffs,
        now: datetime,
        total: int,
        stopped: Callable[[], bool],
        progress: Callable[[int, int], None],
    ) -> None:
        self.database = database
        self.policy = policy
        self.now = now
        self.total = total
        self.stopped = stopped
        self.progress = progress
        self.counts: dict[str, int] = {}

    def run(self) -> dict[str, int]:
        """Everything that the policy names; returns rows by kind."""
        articles, versions, messages, logs = (
            self.policy.articles, self.policy.versions, self.policy.messages, self.policy.log,
        )  # fmt: skip
        if articles is not None:
            self.counts["stories"] = 0
            self._repeat("articles", lambda connection: self._stories(connection, articles), decides=True)
        if versions is not None:
            self._repeat("versions", lambda connection: rows.delete_versions(connection, versions))
        if messages is not None:
            self._repeat(
                "messages", lambda connection: rows.delete_messages(connection, messages), decides=True
            )
            self._repeat(
                "digests", lambda connection: rows.delete_digests(connection, messages), decides=True
            )
        if logs is not None:
            for name in rows.LOGS:
                self._repeat(name, lambda connection, name=name: rows.delete_log(connection, logs, name))  # type: ignore[misc]
        return self.counts

    def _stories(self, connection: Connection, before: datetime) -> int:
        removed, stories = rows.delete_articles(connection, before, self.now)
        self.counts["stories"] += stories
        return removed

    def _repeat(self, name: str, batch: Callable[[Connection], int], *, decides: bool = False) -> None:
        self.counts[name] = 0
        while not self.stopped():
            done = self._under_lock(batch) if decides else self._once(batch)
            if not done:
                return
            self.counts[name] += done
            self.progress(sum(self.counts.values()), self.total)

    def _once(self, batch: Callable[[Connection], int]) -> int:
        with self.database.write() as connection:
            return batch(connection)

    def _under_lock(self, batch: Callable[[Connection], int]) -> int:
        with (
            exclusive(self.database, DECIDE, f"retention {os.getpid()}") as lock,
            self.database.write() as connection,
        ):
            done = batch(connection)
            lock.check(connection)
        return done


def _take_out_of_index(
    app: "App", now: Callable[[], datetime], before: datetime | None, stopped: Callable[[], bool]
) -> tuple[int, tuple[str, ...]]:
    """The index follows: first the tombstones, then the months in which nothing else is left; their number, and what
    could not be done yet."""
    try:
        index_waiting(app.database, app.index, now, stopped=stopped)
        return (len(app.index.drop_months(before)) if before is not None and not stopped() else 0), ()
    except IndexNotSetError:
        return 0, ()
    except ServiceError as error:
        log.error("deleted, but still in the index; the next cycle takes it out: %s", error)
        return 0, (str(error),)
