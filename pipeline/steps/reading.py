"""Documents to articles (parse, extract): in this process while few wait, in several once many do.

Reading is all processor time, and the only part of taking news in that is worth more than one core. It touches neither
network nor database, so that a process that dies in a hostile document costs that document only.
"""

import asyncio
import logging
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import current_process, get_all_start_methods, get_context
from types import TracebackType
from typing import Self

from pipeline.errors import ParseError
from pipeline.extract.build import extract_feed
from pipeline.parse import parse_feed
from pipeline.types import Article, Feed, FetchOutcome, ParsedFeed

log = logging.getLogger(__name__)

APART_FROM = 24
"""Documents that must wait before other processes are started: starting them takes as long as reading so many."""


LIGHT_BYTES = 256 * 1024
"""A document up to this size of which entries are known is read at once: little is left of it, less than carrying it to
another process and back would cost."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A poll's outcome with what could be read out of it. An unreadable document has become a failed outcome."""

    outcome: FetchOutcome
    parsed: ParsedFeed | None = None
    articles: tuple[Article, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        """How many entries the document has, those that were known and left out included."""
        return len(self.parsed.entries) + self.parsed.left_out if self.parsed else 0


def read(feed: Feed, outcome: FetchOutcome, known: frozenset[bytes] = frozenset()) -> Reading:
    """Parse and extract what came, if anything, but for the `known` entries. Pure but for the log."""
    if outcome.raw is None:
        return Reading(outcome)
    try:
        parsed = parse_feed(outcome.raw, known=known)
        extracted = extract_feed(parsed, feed, outcome.finished)
    except ParseError as error:
        return Reading(_not_a_feed(outcome, str(error)))
    except Exception as error:
        log.exception("the document of feed %s could not be read", feed.name)
        return Reading(
            _not_a_feed(outcome, f"a fault of ours, {type(error).__name__}: {error}; please report it")
        )
    if extracted.set_aside and not extracted.articles and not parsed.left_out:
        fault = f"none of its {len(parsed.entries)} entries can be read; {extracted.set_aside[0]}"
        outcome = _not_a_feed(outcome, fault)
    # Entries are not needed any more, and would be carried from process to process.
    return Reading(replace(outcome, raw=None), _light(parsed), extracted.articles, extracted.set_aside)


def _light(parsed: ParsedFeed) -> ParsedFeed:
    return replace(parsed, entries=(), left_out=parsed.left_out + len(parsed.entries))


def _not_a_feed(outcome: FetchOutcome, detail: str) -> FetchOutcome:
    return replace(outcome, result="failed", failure="not-a-feed", detail=detail, raw=None)


class Readers:
    """`async with Readers(n) as readers:` then `await readers.read(...)`; 0 processes: as many as there are cores."""

    def __init__(self, processes: int = 0) -> None:
        # A daemon, as some schedulers' workers are, may have no children.
        self._processes = 1 if current_process().daemon else processes or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def read(self, feed: Feed, outcome: FetchOutcome, known: frozenset[bytes] = frozenset()) -> Reading:
        """`read`, where there is room for it."""
        if outcome.raw is None:
            return Reading(outcome)
        if known and len(outcome.raw.body) <= LIGHT_BYTES:
            return read(feed, outcome, known)
        self._waiting += 1
        try:
            if self._pool is None and self._processes > 1 and self._waiting >= APART_FROM:
                self._pool = _pool(self._processes)
            if self._pool is not None:
                return await self._apart(feed, outcome, known)
            async with self._turn:  # gives others the chance to come in, and so to be counted
                await asyncio.sleep(0)
                if self._pool is None:
                    return read(feed, outcome, known)
            return await self._apart(feed, outcome, known)
        finally:
            self._waiting -= 1

    async def _apart(self, feed: Feed, outcome: FetchOutcome, known: frozenset[bytes]) -> Reading:
        assert self._pool is not None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, read, feed, outcome, known)
        except BrokenProcessPool:
            log.error(
                "a reading process died, perhaps of the document of feed %s; it is read here", feed.name
            )
            self._pool = None
            return await asyncio.to_thread(read, feed, outcome, known)


def _pool(processes: int) -> ProcessPoolExecutor:
    """New processes that have the modules loaded, and share nothing with this one's threads and connections."""
    if "forkserver" not in get_all_start_methods():  # Windows
        return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return ProcessPoolExecutor(processes, mp_context=context)
