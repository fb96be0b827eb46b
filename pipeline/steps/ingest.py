"""Poll the feeds that are due: fetch, parse, extract, record. The network never sees a transaction.

    claim ─► fetch (paced for each domain) ─► read (parse, extract) ─► record (a few feeds a transaction) ─► pages

A feed's validators commit together with the last of its articles, so that a crash in between costs a second fetch and
never an article.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pipeline.db import articles as article_rows
from pipeline.db import domains, tags
from pipeline.db import feeds as feed_rows
from pipeline.db.articles import Arrival, Coming, Recorded
from pipeline.db.dialect import chunks
from pipeline.db.engine import Database
from pipeline.db.feeds import FinishedPoll, PollResult
from pipeline.fetch.client import open_client
from pipeline.fetch.fetcher import Fetcher, FetchRequest
from pipeline.fetch.pacing import LocalPacer, registered_domain
from pipeline.fetch.policy import (
    Move,
    counted_hours,
    effective_failure,
    learned_interval_s,
    moved,
    next_poll,
    start_interval_s,
    wants_full_fetch,
)
from pipeline.fetch.settings import FetchSettings
from pipeline.marks import packed, unpacked
from pipeline.steps.claims import Claim, Claims
from pipeline.steps.pages import read_pages
from pipeline.steps.reading import Readers, Reading
from pipeline.types import Article, Feed, FeedReport, Validators

log = logging.getLogger(__name__)

T = TypeVar("T")

ARTICLES_PER_TRANSACTION = 200
"""Keeps a write transaction under 100 ms: a document of 2,000 entries takes ten."""

FEEDS_PER_TRANSACTION = 32
"""The same for feeds that bring little: each costs a commit otherwise, which is a wait for the disk."""

TOGETHER_FROM = 8
"""Finished polls that must wait before several share a transaction: while there are fewer, each is committed at once."""

UNDER_WAY_PER_PLACE = 16
"""Feeds claimed at once for each place of `concurrency`: those that wait for their domain's turn need no place."""

TRIES_AGAINST_ANOTHER = 3
"""Two processes may take one article in at the same moment (PostgreSQL); the second finds it known when it tries again."""

COVERED_FROM_ENTRIES = 5
"""A document of fewer entries may be within another one by chance."""

ELSEWHERE_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """What of the settings this step needs."""

    fetch: FetchSettings
    horizon: timedelta
    versions_per_day: int = 10


@dataclass(frozen=True, slots=True)
class _Done:
    """One feed's poll, read and ready to be recorded."""

    claim: Claim
    reading: Reading
    whole: bool


async def ingest_due(
    database: Database,
    feeds: Mapping[str, Feed],
    settings: IngestSettings,
    *,
    now: Callable[[], datetime],
    holder: str,
    only: Collection[str] | None = None,
    stop: asyncio.Event | None = None,
    progress: Callable[[FeedReport], None] = lambda _report: None,
    rng: random.Random | None = None,
) -> list[FeedReport]:
    """Poll every feed that is due, and record what came; returns one report a feed, in the order of finishing.

    With `only`, no others than these are polled: the part of a cycle that one of several processes does. Processes that
    poll at the same time share the work: no feed is polled twice, and no domain asked by two at once.

    `feeds` by name are the listed ones, already synced into the database. When `stop` is set, polls under way are
    cancelled, and their feeds are given back untouched. At the end the pages of articles are read, for so long as their
    budget lasts.
    """
    pacer = LocalPacer(settings.fetch)
    claims = Claims(database, feeds, settings.fetch, pacer, now=now, holder=holder, only=only)
    recorder = Recorder(database, settings, rng or random.Random())
    reports: list[FeedReport] = []
    stop = stop or asyncio.Event()
    try:
        async with open_client(settings.fetch) as client, Readers(settings.fetch.readers) as readers:
            fetcher = Fetcher(client, settings.fetch, now=now, pacer=pacer)
            polls = _Polls(claims, fetcher, readers, settings.fetch)
            try:
                while batch := await polls.finished(stop):
                    asked = [done for done in batch if done.reading.outcome.result != "skipped"]
                    made = await asyncio.to_thread(recorder.record, asked)
                    for done in asked:
                        claims.done(done.claim.state.name)
                    skipped = [done for done in batch if done.reading.outcome.result == "skipped"]
                    if skipped:
                        claims.skip(done.claim.state.name for done in skipped)
                    for report in [*made, *map(_skipped, skipped)]:
                        reports.append(report)
                        progress(report)
            finally:
                await polls.cancel()
    finally:
        claims.close()
    if not stop.is_set():
        await read_pages(
            database,
            settings.fetch,
            now=now,
            holder=holder,
            again=[name for name, feed in feeds.items() if feed.full_text],
            versions_per_day=settings.versions_per_day,
            stop=stop,
        )
    return reports


class _Polls:
    """Polls under way, and those that have finished. Claims more as there is room."""

    def __init__(self, claims: Claims, fetcher: Fetcher, readers: Readers, settings: FetchSettings) -> None:
        self._claims = claims
        self._fetcher = fetcher
        self._readers = readers
        self._settings = settings
        self._most = settings.concurrency * UNDER_WAY_PER_PLACE
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: asyncio.Queue[_Done | Exception] = asyncio.Queue()
        self._claimed_all = False
        self._waited_s = 0.0

    async def finished(self, stop: asyncio.Event) -> list[_Done]:
        """The next polls that are done, some at once where many wait; empty where there are no more, or on `stop`."""
        while not stop.is_set():
            self._claims.renew()
            if not self._claimed_all and len(self._tasks) + self._results.qsize() <= self._most // 2:
                self._start()
            if self._tasks or not self._results.empty():
                first = await _first(self._results.get(), stop, self._settings.domain_lease_s / 4)
                if first is not None:
                    return self._batch(first)
            elif not await self._more_elsewhere(stop):
                return []
        return []

    def _start(self) -> None:
        claimed = self._claims.next(self._most // 2)
        self._claimed_all = len(claimed) < self._most // 2
        for claim in claimed:
            task = asyncio.create_task(self._poll(claim))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _poll(self, claim: Claim) -> None:
        state = claim.state
        whole = wants_full_fetch(state.polls + 1, self._settings) or state.covered_by is not None
        whole = whole or state.first_success is None
        validators = Validators() if whole else state.validators
        try:
            outcome = await self._fetcher.fetch(FetchRequest(claim.feed, validators))
            known = frozenset[bytes]() if whole else unpacked(state.known_entries)
            reading = await self._readers.read(claim.feed, outcome, known)
            self._results.put_nowait(_Done(claim, reading, whole))
        except Exception as error:  # noqa: BLE001  raised again by whoever takes the result
            self._results.put_nowait(error)

    async def _more_elsewhere(self, stop: asyncio.Event) -> bool:
        """Wait a little where feeds are left whose domain another process asks; whether there may be more to do."""
        if self._claimed_all and (
            self._waited_s >= self._settings.domain_wait_s or not self._claims.elsewhere()
        ):
            return False
        if self._claimed_all:
            self._waited_s += ELSEWHERE_PAUSE_S
            await _first(asyncio.sleep(ELSEWHERE_PAUSE_S), stop)
        self._claimed_all = False
        return True

    def _batch(self, first: "_Done | Exception") -> list[_Done]:
        waiting = [first]
        if self._results.qsize() >= TOGETHER_FROM:
            while not self._results.empty() and len(waiting) < FEEDS_PER_TRANSACTION:
                waiting.append(self._results.get_nowait())
        done: list[_Done] = []
        for one in waiting:
            if isinstance(one, Exception):
                raise one
            done.append(one)
        return done

    async def cancel(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _first(
    coming: Coroutine[Any, Any, T], stop: asyncio.Event, longest_s: float | None = None
) -> T | None:
    """What `coming` gives, or None where `stop` is set or `longest_s` has gone by before."""
    task = asyncio.ensure_future(coming)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, timeout=longest_s, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        stopping.cancel()


def _skipped(done: _Done) -> FeedReport:
    feed, outcome = done.claim.feed, done.reading.outcome
    return FeedReport(feed=feed.name, outlet=feed.outlet, result="skipped", detail=outcome.detail)


class Recorder:
    """Writes what polls came to."""

    def __init__(self, database: Database, settings: IngestSettings, rng: random.Random) -> None:
        self._database = database
        self._settings = settings
        self._rng = rng

    def record(self, batch: Sequence[_Done]) -> list[FeedReport]:
        """Record each poll whole: its articles, and, with the last of them, what the poll came to."""
        small = [done for done in batch if len(done.reading.articles) <= ARTICLES_PER_TRANSACTION]
        reports: dict[str, FeedReport] = {}
        for together in _sized(small):
            made = self._against_another(partial(self._write_all, together))
            reports |= {done.claim.feed.name: report for done, report in zip(together, made, strict=True)}
        for done in batch:
            if done.claim.feed.name not in reports:
                reports[done.claim.feed.name] = self._large(done)
        return [reports[done.claim.feed.name] for done in batch]

    def _large(self, done: _Done) -> FeedReport:
        total = Recorded()
        parts = list(chunks(done.reading.articles, ARTICLES_PER_TRANSACTION))
        for part in parts[:-1]:
            total.add(self._against_another(partial(self._take, done, part)))
        return self._against_another(partial(self._finish_with, done, parts[-1], total))

    def _take(self, done: _Done, part: Sequence[Article], connection: Connection) -> Recorded:
        return article_rows.record(connection, done.claim.feed, part, self._arrival(done))

    def _write_all(self, together: Sequence[_Done], connection: Connection) -> list[FeedReport]:
        coming = [Coming(done.claim.feed, done.reading.articles, self._arrival(done)) for done in together]
        return self._finish_all(
            connection, list(zip(together, article_rows.record_all(connection, coming), strict=True))
        )

    def _finish_with(
        self, done: _Done, part: Sequence[Article], before: Recorded, connection: Connection
    ) -> FeedReport:
        """The last articles of a document, and its feed's row."""
        recorded = Recorded()
        recorded.add(before)
        recorded.add(self._take(done, part, connection))
        return self._finish_all(connection, [(done, recorded)])[0]

    def _finish_all(
        self, connection: Connection, polls: Sequence[tuple[_Done, Recorded]]
    ) -> list[FeedReport]:
        """The feeds' rows, after their articles."""
        feed_rows.finish_polls(
            connection, [self._finished(connection, done, len(recorded.new)) for done, recorded in polls]
        )
        return [self._report(done, recorded) for done, recorded in polls]

    def _report(self, done: _Done, recorded: Recorded) -> FeedReport:
        reading, feed = done.reading, done.claim.feed
        return FeedReport(
            feed=feed.name,
            outlet=feed.outlet,
            result=reading.outcome.result,
            detail=reading.outcome.detail,
            entries=reading.entries,
            new=len(recorded.new),
            changed=len(recorded.changed),
            known=reading.entries - len(recorded.new) - len(recorded.changed) - len(reading.faults),
            set_aside=len(reading.faults),
            elapsed_s=reading.outcome.elapsed_s,
            failure=reading.outcome.failure,
        )

    def _arrival(self, done: _Done) -> Arrival:
        return Arrival(
            now=done.reading.outcome.finished,
            horizon=self._settings.horizon,
            first_fetch=done.claim.state.first_success is None,
            last_success=done.claim.state.last_success,
            versions_per_day=self._settings.versions_per_day,
        )

    def _against_another(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a write transaction, again where another process took the same article in at the same moment."""
        for _ in range(TRIES_AGAINST_ANOTHER - 1):
            try:
                with self._database.write() as connection:
                    return work(connection)
            except IntegrityError as error:
                log.info("another process took in the same article, trying again: %s", error.orig)
        with self._database.write() as connection:
            return work(connection)

    def _finished(self, connection: Connection, done: _Done, new: int) -> FinishedPoll:
        """What the poll came to, and when to ask again; closes its domain where it asked for that."""
        reading, outcome, state = done.reading, done.reading.outcome, done.claim.state
        feed, fetch = done.claim.feed, self._settings.fetch
        failed = outcome.result == "failed"
        interval_s: float = state.interval_s or start_interval_s(feed.kind, fetch)
        hours: tuple[int, ...] = state.hours
        if not failed and state.first_success is not None:
            interval_s = learned_interval_s(interval_s, new, feed.kind, fetch)
            hours = tuple(counted_hours(hours, outcome.finished, new))
        failures = state.failures + 1 if failed else 0
        if failed and failures == fetch.warn_after_failures:
            log.warning("feed %s failed %d times in a row: %s", feed.name, failures, outcome.detail)
        covered_by, checks = self._covered(connection, done, new)
        due = next_poll(
            outcome,
            fetch,
            interval_s=interval_s,
            failures=failures,
            jitter=self._rng.random(),
            ttl_min=reading.parsed.ttl_min if reading.parsed else state.ttl_min,
            kind=feed.kind,
            hours=hours,
            covered=covered_by is not None,
        )
        move = Move(state.moved_to, state.moved_since)
        result = PollResult(
            next_due=due.due,
            interval_s=round(interval_s),
            new=new,
            entries=reading.entries,
            move=move if failed else moved(move, outcome, feed.url),
            hours=hours,
            # Entries that were set aside are tried again, and with them the whole document.
            known_entries=packed(reading.parsed.marks) if reading.parsed and not reading.faults else None,
            covered_by=covered_by,
            covered_checks=checks,
        )
        if failed and effective_failure(outcome, failures, fetch) == "throttled" and due.due is not None:
            domains.close(connection, registered_domain(feed.url), due.due, outcome.detail)
        for fault in reading.faults:
            tags.set_aside(connection, "extract", f"{feed.name}: {fault}"[:500], fault, outcome.finished)
        return FinishedPoll(outcome, result, reading.parsed)

    def _covered(self, connection: Connection, done: _Done, new: int) -> tuple[str | None, int]:
        """Which other feed carries all of this document, and on how many whole readings in a row one did.

        None does where it brought anything `new`: nobody had told of that before.
        """
        state, articles = done.claim.state, done.reading.articles
        if not done.whole or done.reading.parsed is None:
            return state.covered_by, state.covered_checks
        if new or len(articles) < COVERED_FROM_ENTRIES or not state.domain:
            return None, 0
        other = feed_rows.covering(connection, state, [article.keys[0] for article in articles])
        if other is None:
            return None, 0
        checks = state.covered_checks + 1
        return (other if checks >= self._settings.fetch.covered_checks else None), checks


def _sized(batch: Sequence[_Done]) -> list[list[_Done]]:
    """Parts of at most ARTICLES_PER_TRANSACTION articles each."""
    parts: list[list[_Done]] = []
    room = 0
    for done in batch:
        count = len(done.reading.articles)
        if not parts or count > room:
            parts.append([])
            room = ARTICLES_PER_TRANSACTION
        parts[-1].append(done)
        room -= count
    return parts
