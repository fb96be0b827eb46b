"""Take an archive in as history: it can be searched, belongs to stories, and appears in no message.

A thousand articles are taken in and worked through (tagged, grouped, indexed, matched) before the next thousand, so
that live news waits for seconds and never behind a whole archive. What is known stays as it is: a run that was killed
is repeated, and goes on behind what is there.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from pipeline.archive import Archive, Found, Unreadable
from pipeline.db import articles as article_rows
from pipeline.db.articles import Arrival, Recorded
from pipeline.db.engine import Database
from pipeline.errors import IndexNotSetError, ServiceError, SettingsError
from pipeline.steps.announce import announce_waiting
from pipeline.steps.group import group_tagged
from pipeline.steps.index import index_waiting
from pipeline.steps.tag import tag_untagged
from pipeline.types import Article, Feed

if TYPE_CHECKING:
    from pipeline.app import App

log = logging.getLogger(__name__)

TRANSACTION = 200
"""Articles written at once: a write transaction stays under 100 ms."""
BEFORE_WORK = 1000
"""New articles taken in before they are worked through: half a minute of tagging on two cores."""
FAILURES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import came to. `bad` counts lines, entries and files that were no articles; `failures` names the first
    thousand. `problems`: what could not be done yet; its queue stays for the next cycle."""

    entries: int = 0
    new: int = 0
    known: int = 0
    bad: int = 0
    tagged: int = 0
    indexed: int = 0
    failures: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def import_archive(
    app: "App",
    path: Path,
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportReport:
    """Take in what `path` holds (`pipeline.archive`); `progress` is told bytes read and bytes in all. Sends nothing.

    Raises SettingsError where `path` is not there, and for a source list that is wrong.
    """
    archive = Archive(path, _listed(app))
    run = _Run(app, now, stopped)
    found = archive.read(now)
    while not stopped() and (part := list(islice(found, TRANSACTION))):
        run.take(part)
        progress(archive.done_bytes, archive.total_bytes)
    run.work_through()
    return run.report()


class _Run:
    """The counts of one import, and what waits to be worked through."""

    def __init__(self, app: "App", now: Callable[[], datetime], stopped: Callable[[], bool]) -> None:
        self.app = app
        self.now = now
        self.stopped = stopped
        self.entries = self.new = self.known = self.bad = self.tagged = self.indexed = 0
        self.waiting = 0
        self.failures: list[str] = []
        self.problems: dict[str, None] = {}

    def take(self, part: Sequence[Found | Unreadable]) -> None:
        """Record a few hundred entries; work through what has come in once it is enough."""
        self.entries += len(part)
        bad = [str(item) for item in part if isinstance(item, Unreadable)]
        self.bad += len(bad)
        self.failures += bad[: FAILURES_KEPT - len(self.failures)]
        arrival = Arrival(self.now(), timedelta(hours=self.app.settings.horizon_h), given="import")
        for feed, articles in _by_feed(item for item in part if isinstance(item, Found)):
            recorded = _record(self.app.database, feed, articles, arrival)
            self.new += len(recorded.new)
            self.known += recorded.known
            self.waiting += len(recorded.new)
        if self.waiting >= BEFORE_WORK:
            self.work_through()

    def work_through(self) -> None:
        """Tag, group, index and match what waits; a service out of reach leaves its queue to the next cycle."""
        app, now, stopped = self.app, self.now, self.stopped
        self.waiting = 0
        self.tagged += tag_untagged(app.database, app.tagger, now, stopped=stopped).tagged
        group_tagged(app.database, now, window=app.window, stopped=stopped)
        try:
            self.indexed += index_waiting(app.database, app.index, now, stopped=stopped).indexed
            announce_waiting(app, now, stopped=stopped)
        except (ServiceError, IndexNotSetError) as error:
            log.error("taken in, but not indexed yet: %s", error)
            self.problems[str(error)] = None

    def report(self) -> ImportReport:
        """What has been done so far."""
        return ImportReport(
            self.entries, self.new, self.known, self.bad, self.tagged, self.indexed, tuple(self.failures),
            tuple(self.problems),
        )  # fmt: skip


def _listed(app: "App") -> dict[str, Feed]:
    """The source list, whose outlets the archive's entries may be of; empty where there is none at all."""
    try:
        app.settings.resolved_feeds()
    except SettingsError:
        return {}
    return dict(app.feeds)


def _by_feed(found: Iterable[Found]) -> Iterator[tuple[Feed, list[Article]]]:
    """What each feed says; an id that comes again (another day's report at the same address) in a later part."""
    parts: dict[Feed, list[list[Article]]] = {}
    for item in found:
        own = parts.setdefault(item.feed, [[]])
        place = next((part for part in own if all(item.article.id != other.id for other in part)), None)
        if place is None:
            own.append([item.article])
        else:
            place.append(item.article)
    for feed, lists in parts.items():
        yield from ((feed, articles) for articles in lists if articles)


def _record(database: Database, feed: Feed, articles: Sequence[Article], arrival: Arrival) -> Recorded:
    """Write them; once more where another process took the same article in at that moment (PostgreSQL)."""
    try:
        with database.write() as connection:
            return article_rows.record(connection, feed, articles, arrival)
    except IntegrityError as error:
        log.info("another process took in the same article, trying again: %s", error.orig)
    with database.write() as connection:
        return article_rows.record(connection, feed, articles, arrival)
