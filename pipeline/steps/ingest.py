"""Poll the feeds that are due: fetch, parse, extract, record. The network never sees a transaction.

A feed's validators commit together with the last of its articles, so that a crash in between costs a second fetch and
never an article.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pipeline.db import articles as article_rows
from pipeline.db import feeds as feed_rows
from pipeline.db import tags
from pipeline.db.articles import Arrival, Recorded
from pipeline.db.dialect import chunks
from pipeline.db.engine import Database
from pipeline.db.feeds import FeedState
from pipeline.errors import ParseError
from pipeline.extract.build import extract_feed
from pipeline.fetch.client import open_client
from pipeline.fetch.fetcher import Fetcher, FetchRequest
from pipeline.fetch.pacing import LocalPacer, registered_domain
from pipeline.fetch.policy import (
    effective_failure,
    learned_interval_s,
    next_poll,
    start_interval_s,
    wants_full_fetch,
)
from pipeline.fetch.settings import FetchSettings
from pipeline.parse import parse_feed
from pipeline.types import Article, Feed, FeedReport, FetchOutcome, ParsedFeed, Validators

log = logging.getLogger(__name__)

ARTICLES_PER_TRANSACTION = 200
"""Keeps a write transaction under 100 ms: a document of 2,000 entries takes ten."""

LEASE = timedelta(minutes=20)
"""How long a claimed feed is ours: longer than the slowest cycle of paced domains; a dead process's feeds come back."""

TRIES_AGAINST_ANOTHER = 3
"""Two processes may take one article in at the same moment (PostgreSQL); the second finds it known when it tries again."""


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """What of the settings this step needs."""

    fetch: FetchSettings
    horizon: timedelta
    versions_per_day: int = 10


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

    With `only`, no others than these are polled: the part of a cycle that one of several processes does.

    `feeds` by name are the listed ones, already synced into the database. When `stop` is set, polls under way are
    cancelled, and their feeds are given back untouched.
    """
    with database.write() as connection:
        claimed = feed_rows.claim_due(connection, now(), holder, LEASE, limit=len(feeds) + 1, only=only)
        gates = feed_rows.domain_gates(connection, now())
    states = {state.name: state for state in claimed if state.name in feeds}
    reports: list[FeedReport] = []
    requests = [
        FetchRequest(_addressed(feeds[name], state), _validators(state, settings))
        for name, state in states.items()
    ]
    pacer = LocalPacer(settings.fetch)
    for name, until in gates.items():
        pacer.hold(name, (until - now()).total_seconds())
    open_names = {state.name for state in claimed}
    rng = rng or random.Random()
    try:
        async with open_client(settings.fetch) as client:
            fetcher = Fetcher(client, settings.fetch, now=now, pacer=pacer)
            async for outcome in _until(fetcher.fetch_all(requests), stop):
                feed, state = feeds[outcome.feed], states[outcome.feed]
                report = take_in(database, feed, state, outcome, settings, rng=rng)
                open_names.discard(outcome.feed)
                reports.append(report)
                progress(report)
    finally:
        if open_names:
            with database.write() as connection:
                feed_rows.release(connection, open_names, holder)
    return reports


def _addressed(feed: Feed, state: FeedState) -> Feed:
    """The feed at the address that a long-standing permanent redirect gave, else as listed."""
    if state.moved_to is None or state.moved_since is None or state.last_success is None:
        return feed
    held = state.last_success - state.moved_since
    return replace(feed, url=state.moved_to) if held >= REDIRECT_HELD_FOR else feed


REDIRECT_HELD_FOR = timedelta(days=7)
"""A permanent redirect is believed once it has held this long: sites under repair send wrong ones for a day."""


def _validators(state: FeedState, settings: IngestSettings) -> Validators:
    return Validators() if wants_full_fetch(state.polls + 1, settings.fetch) else state.validators


async def _until(
    outcomes: AsyncGenerator[FetchOutcome, None], stop: asyncio.Event | None
) -> AsyncIterator[FetchOutcome]:
    """The outcomes, until `stop` is set; what is under way then is cancelled."""
    stopping = asyncio.ensure_future((stop or asyncio.Event()).wait())
    try:
        while True:
            coming = asyncio.ensure_future(anext(outcomes, None))
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
                return
            outcome = coming.result()
            if outcome is None:
                return
            yield outcome
    finally:
        stopping.cancel()
        await outcomes.aclose()


@dataclass(frozen=True, slots=True)
class Reading:
    """A poll's outcome with what could be read out of it. An unreadable document has become a failed outcome."""

    outcome: FetchOutcome
    parsed: ParsedFeed | None = None
    articles: tuple[Article, ...] = ()
    faults: tuple[str, ...] = ()


def take_in(
    database: Database,
    feed: Feed,
    state: FeedState,
    outcome: FetchOutcome,
    settings: IngestSettings,
    *,
    rng: random.Random,
) -> FeedReport:
    """Record one poll's outcome whole: its articles, then, with the last of them, what the poll came to."""
    reading = read(feed, outcome)
    recorded = _record(database, feed, state, reading, settings, rng)
    return FeedReport(
        feed=feed.name,
        outlet=feed.outlet,
        result=reading.outcome.result,
        detail=reading.outcome.detail,
        entries=len(reading.parsed.entries) if reading.parsed else 0,
        new=len(recorded.new),
        changed=len(recorded.changed),
        known=recorded.known,
        set_aside=len(reading.faults),
        elapsed_s=outcome.elapsed_s,
    )


def read(feed: Feed, outcome: FetchOutcome) -> Reading:
    """Parse and extract what came, if anything. Pure but for the log."""
    if outcome.raw is None:
        return Reading(outcome)
    try:
        parsed = parse_feed(outcome.raw)
        extracted = extract_feed(parsed, feed, outcome.finished)
    except ParseError as error:
        return Reading(_not_a_feed(outcome, str(error)))
    except Exception as error:
        log.exception("the document of feed %s could not be read", feed.name)
        return Reading(
            _not_a_feed(outcome, f"a fault of ours, {type(error).__name__}: {error}; please report it")
        )
    if extracted.set_aside and not extracted.articles:
        fault = f"none of its {len(parsed.entries)} entries can be read; {extracted.set_aside[0]}"
        outcome = _not_a_feed(outcome, fault)
    return Reading(outcome, parsed, extracted.articles, extracted.set_aside)


def _not_a_feed(outcome: FetchOutcome, detail: str) -> FetchOutcome:
    return replace(outcome, result="failed", failure="not-a-feed", detail=detail, raw=None)


def _record(
    database: Database,
    feed: Feed,
    state: FeedState,
    reading: Reading,
    settings: IngestSettings,
    rng: random.Random,
) -> Recorded:
    """Write the articles, a few hundred a transaction; the last one also holds the feed's own row."""
    outcome = reading.outcome
    arrival = Arrival(
        now=outcome.finished,
        horizon=settings.horizon,
        first_fetch=state.first_success is None,
        last_success=state.last_success,
        versions_per_day=settings.versions_per_day,
    )
    parts: list[Sequence[Article]] = list(chunks(reading.articles, ARTICLES_PER_TRANSACTION)) or [()]
    total = Recorded()
    for part in parts[:-1]:
        total.add(_against_another(database, partial(_take, feed, part, arrival)))

    def last(connection: Connection) -> Recorded:
        done = article_rows.record(connection, feed, parts[-1], arrival)
        _finish(connection, feed, state, reading, len(total.new) + len(done.new), settings, rng.random())
        return done

    total.add(_against_another(database, last))
    return total


def _take(feed: Feed, part: Sequence[Article], arrival: Arrival, connection: Connection) -> Recorded:
    return article_rows.record(connection, feed, part, arrival)


def _against_another(database: Database, work: Callable[[Connection], Recorded]) -> Recorded:
    """Run `work` in a write transaction, again where another process took the same article in at the same moment."""
    for _ in range(TRIES_AGAINST_ANOTHER - 1):
        try:
            with database.write() as connection:
                return work(connection)
        except IntegrityError as error:
            log.info("another process took in the same article, trying again: %s", error.orig)
    with database.write() as connection:
        return work(connection)


def _finish(
    connection: Connection,
    feed: Feed,
    state: FeedState,
    reading: Reading,
    new: int,
    settings: IngestSettings,
    jitter: float,
) -> None:
    """Write the feed's row: what the poll came to, and when to ask again; close its domain where it asked for that."""
    outcome = reading.outcome
    interval_s: float = state.interval_s or start_interval_s(feed.kind, settings.fetch)
    if outcome.result != "failed" and state.first_success is not None:
        interval_s = learned_interval_s(interval_s, new, feed.kind, settings.fetch)
    failures = state.failures + 1 if outcome.result == "failed" else 0
    due = next_poll(
        outcome,
        settings.fetch,
        interval_s=interval_s,
        failures=failures,
        jitter=jitter,
        ttl_min=reading.parsed.ttl_min if reading.parsed else state.ttl_min,
    )
    feed_rows.finish_poll(
        connection, outcome, next_due=due.due, parsed=reading.parsed, new=new, interval_s=round(interval_s)
    )
    throttled = failures and effective_failure(outcome, failures, settings.fetch) == "throttled"
    if throttled and due.due is not None:
        feed_rows.close_domain(connection, registered_domain(feed.url), due.due, outcome.detail)
    for fault in reading.faults:
        tags.set_aside(connection, "extract", f"{feed.name}: {fault}"[:500], fault, outcome.finished)
