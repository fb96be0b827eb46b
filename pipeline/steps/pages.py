"""Read the article pages that wait: within a time budget, at their hosts' pace, where robots.txt lets us.

A page that does not come costs nothing but its text: the article has been recorded with what its feed said, and may
have been announced already. When the page comes, the article is tagged anew and may announce only what is new.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from protego import Protego

from pipeline.db import domains
from pipeline.db import pages as page_rows
from pipeline.db.engine import Database
from pipeline.db.pages import WaitingPage
from pipeline.extract.page import PageText, origin, read_article_page
from pipeline.fetch.client import HTML, fetch_feed, open_client
from pipeline.fetch.pacing import LocalPacer
from pipeline.fetch.pool import HttpClient
from pipeline.fetch.settings import HOUR, FetchSettings
from pipeline.types import Feed, FetchOutcome, Validators

log = logging.getLogger(__name__)

LOT: Final = 64
"""Pages taken from the queue at once."""

ROBOT: Final = "CeasefireMonitor"
"""The name by which robots.txt may address us: the product of our User-Agent."""

ROBOTS_BYTES: Final = 512 * 1024
"""RFC 9309 section 2.5 asks for 500 KiB at least."""

UNREACHABLE_ROBOTS_S: Final = HOUR
"""While a robots.txt cannot be had nothing is allowed (RFC 9309 section 2.3.1.4); an hour later it is tried again."""

LONGEST_CRAWL_DELAY_S: Final = 60.0
"""A crawl delay beyond it means "stay away" to a reader of single pages, and costs only their time."""

_AGAIN: Final = frozenset({408, 425, 429})
_PASSING: Final = frozenset({"timeout", "connect", "dns", "http-5xx", "throttled", "bad-response"})
_NO_ROBOTS: Final = (404, "")


@dataclass(slots=True)
class PagesReport:
    """What the step did: `states` counts pages by what came of them, `later` those to be tried again."""

    states: Counter[str] = field(default_factory=Counter)
    later: int = 0


async def read_pages(
    database: Database,
    settings: FetchSettings,
    *,
    now: Callable[[], datetime],
    holder: str,
    stop: asyncio.Event | None = None,
) -> PagesReport:
    """Read pages, the newest first, until none is due, the budget is used up, or `stop` is set."""
    report = PagesReport()
    if settings.page_budget_s <= 0:
        return report
    with database.read() as connection:
        if not page_rows.due(connection, now(), holder, 1):
            return report
    limits = replace(
        settings, total_timeout_s=settings.page_timeout_s, max_body_bytes=settings.page_max_bytes
    )
    async with open_client(limits) as client:
        reader = _PageReader(database, client, limits, now, holder, report)
        work = asyncio.create_task(reader.work())
        stopping = asyncio.create_task((stop or asyncio.Event()).wait())
        try:
            await asyncio.wait(
                {work, stopping}, timeout=settings.page_budget_s, return_when=asyncio.FIRST_COMPLETED
            )
            if work.done():
                work.result()
        finally:
            stopping.cancel()
            work.cancel()
            await asyncio.gather(work, stopping, return_exceptions=True)
            reader.close()
    log.info("pages: %s, %d to be tried again", dict(report.states), report.later)
    return report


class _PageReader:
    def __init__(
        self,
        database: Database,
        client: HttpClient,
        settings: FetchSettings,
        now: Callable[[], datetime],
        holder: str,
        report: PagesReport,
    ) -> None:
        self._database = database
        self._client = client
        self._settings = settings
        self._now = now
        self._holder = holder
        self._report = report
        self._pacer = LocalPacer(settings)
        self._places = asyncio.Semaphore(settings.concurrency)
        self._lease = timedelta(seconds=settings.domain_lease_s)
        self._held: set[str] = set()
        self._tried: set[str] = set()
        self._rules: dict[str, tuple[int, Protego]] = {}

    async def work(self) -> None:
        """Lot after lot, until there is none that has not been tried in this cycle."""
        budget_end = time.monotonic() + self._settings.page_budget_s
        while time.monotonic() < budget_end:
            lot = self._claim()
            if not lot:
                return
            async with asyncio.TaskGroup() as group:
                for page in lot:
                    group.create_task(self._page(page))

    def _claim(self) -> list[WaitingPage]:
        now = self._now()
        with self._database.write() as connection:
            lot = page_rows.due(connection, now, self._holder, LOT, self._tried)
            taken = domains.take(connection, (page.domain for page in lot), self._holder, now, self._lease)
        for domain, wait_s in taken.items():
            self._pacer.rest(domain, wait_s)
        self._held |= set(taken)
        mine = [page for page in lot if page.domain in taken]
        self._tried |= {page.article for page in lot}
        return mine

    async def _page(self, page: WaitingPage) -> None:
        allowed = await self._allowed(page)
        if isinstance(allowed, PageText):
            self._finish(page, allowed)
            return
        outcome = await self._get(page.url, page.domain)
        if outcome.raw is not None:
            text = await asyncio.to_thread(read_article_page, outcome.raw.body, outcome.raw.url)
            self._finish(page, text)
        elif outcome.result == "skipped":
            self._later(page, outcome.detail)
        elif outcome.failure in _PASSING or outcome.status in _AGAIN:
            self._later(page, f"{outcome.failure}: {outcome.detail}")
        else:
            self._finish(page, PageText("failed", f"{outcome.failure}: {outcome.detail}"))

    async def _allowed(self, page: WaitingPage) -> PageText | None:
        """None where robots.txt lets us read the page, else the reason why not."""
        site = origin(page.url)
        if site not in self._rules:
            status, text = await self._robots(site, page.domain)
            self._rules[site] = (status, Protego.parse(text))
            delay = self._rules[site][1].crawl_delay(ROBOT)
            if delay:
                self._pacer.rest(page.domain, min(float(delay), LONGEST_CRAWL_DELAY_S))
        status, rules = self._rules[site]
        if status == 503:
            return PageText("robots", f"the robots.txt of {site} cannot be had, so nothing is allowed")
        if not rules.can_fetch(page.url, ROBOT):
            return PageText("robots", f"the robots.txt of {site} forbids this page")
        return None

    async def _robots(self, site: str, domain: str) -> tuple[int, str]:
        with self._database.read() as connection:
            known = page_rows.robots(connection, site, self._now())
        if known is not None:
            return known
        outcome = await self._get(f"{site}/robots.txt", domain, ROBOTS_BYTES)
        ttl_s = self._settings.robots_ttl_s
        if outcome.raw is not None:
            found = (200, outcome.raw.body.decode("utf-8", "replace").removeprefix("\ufeff"))
        elif outcome.status is not None and 400 <= outcome.status < 500 and outcome.status != 429:
            found = _NO_ROBOTS  # RFC 9309 section 2.3.1.3: "unavailable" allows all
        else:
            found, ttl_s = (503, ""), UNREACHABLE_ROBOTS_S
        with self._database.write() as connection:
            page_rows.keep_robots(connection, site, *found, self._now() + timedelta(seconds=ttl_s))
        return found

    async def _get(self, url: str, domain: str, max_bytes: int | None = None) -> FetchOutcome:
        settings = self._settings if max_bytes is None else replace(self._settings, max_body_bytes=max_bytes)
        async with self._pacer.turn(domain), self._places:
            pause_s = self._pacer.pause_s(domain)
            if pause_s > 0:
                detail = f"not asked: {domain} wants to be left alone for another {pause_s:.0f} s"
                return FetchOutcome("page", "skipped", self._now(), detail=detail)
            outcome = await fetch_feed(
                self._client, _page_feed(url), Validators(), settings, self._now(), accept=HTML
            )
            if outcome.failure == "throttled":
                asked_s = outcome.retry_after_s
                pause_s = self._settings.throttled_pause_s if asked_s is None else asked_s
                pause_s = min(pause_s, self._settings.max_interval_s)
                self._pacer.hold(domain, pause_s)
                with self._database.write() as connection:
                    until = self._now() + timedelta(seconds=pause_s)
                    domains.close(connection, domain, until, outcome.detail)
        return outcome

    def _finish(self, page: WaitingPage, text: PageText) -> None:
        with self._database.write() as connection:
            page_rows.finish(connection, page, text, self._now())
        self._report.states[text.state] += 1

    def _later(self, page: WaitingPage, detail: str) -> None:
        settings, now = self._settings, self._now()
        tries = page.tries + 1
        too_old = now - page.seen > timedelta(seconds=settings.page_max_age_s)
        if tries >= settings.page_tries or too_old:
            self._finish(page, PageText("failed", f"{detail}; given up after {tries} tries"))
            return
        with self._database.write() as connection:
            wait = timedelta(seconds=settings.page_retry_s * tries)
            page_rows.try_later(connection, page.article, detail, now + wait)
        self._report.later += 1

    def close(self) -> None:
        """Give the domains back."""
        rests_s = {domain: self._pacer.rest_s(domain) for domain in self._held}
        if rests_s:
            with self._database.write() as connection:
                domains.release(connection, rests_s, self._holder, self._now())


def _page_feed(url: str) -> Feed:
    return Feed(
        name="page", url=url, outlet="", owner="", country="", side="third-party", language="", kind="news"
    )
