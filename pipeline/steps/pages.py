"""Read the article pages that wait: within a time budget, at their hosts' pace, where robots.txt lets us.

A page that does not come costs nothing but its text: the article has been recorded with what its feed said, and may
have been announced already. When the page comes, the article is tagged anew and may announce only what is new. Pages that
were read are looked at again for some days, within a budget of their own, because outlets edit pages without a word in
their feeds; what was edited is a new version.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from protego import Protego
from sqlalchemy import Connection

from pipeline.db import articles as article_rows
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
    """What the step did: `states` counts pages by what came of them, `later` those to be tried again; `checked` those
    that were looked at again, and `edited` those of them that had been edited."""

    states: Counter[str] = field(default_factory=Counter)
    later: int = 0
    checked: int = 0
    edited: int = 0


async def read_pages(
    database: Database,
    settings: FetchSettings,
    *,
    now: Callable[[], datetime],
    holder: str,
    again: Collection[str] = (),
    versions_per_day: int = 10,
    stop: asyncio.Event | None = None,
) -> PagesReport:
    """Read pages, the newest first, until none is due, the budget is used up, or `stop` is set; then look again at
    pages of the feeds `again` that were read before.

    `versions_per_day`: a page that is edited more often is kept at its last state, without further versions.
    """
    report = PagesReport()
    if settings.page_budget_s <= 0:
        return report
    with database.read() as connection:
        moment = now()
        if not page_rows.due(connection, moment, holder, 1) and not page_rows.due_again(
            connection, moment, holder, 1, feeds=again
        ):
            return report
    limits = replace(
        settings, total_timeout_s=settings.page_timeout_s, max_body_bytes=settings.page_max_bytes
    )
    stop = stop or asyncio.Event()
    async with open_client(limits) as client:
        reader = _PageReader(database, client, limits, now, holder, report, versions_per_day)
        try:
            await _within(settings.page_budget_s, reader.read_new(), stop)
            await _within(settings.page_check_budget_s, reader.look_again(again), stop)
        finally:
            reader.close()
    log.info(
        "pages: %s, %d to be tried again; %d looked at again, %d of them edited",
        dict(report.states), report.later, report.checked, report.edited,
    )  # fmt: skip
    return report


async def _within(budget_s: float, work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Do `work` until it is done, its time is used up, or `stop` is set."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, timeout=budget_s, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


class _PageReader:
    def __init__(
        self,
        database: Database,
        client: HttpClient,
        settings: FetchSettings,
        now: Callable[[], datetime],
        holder: str,
        report: PagesReport,
        versions_per_day: int,
    ) -> None:
        self._database = database
        self._client = client
        self._settings = settings
        self._now = now
        self._holder = holder
        self._report = report
        self._versions_per_day = versions_per_day
        self._pacer = LocalPacer(settings)
        self._places = asyncio.Semaphore(settings.concurrency)
        self._lease = timedelta(seconds=settings.domain_lease_s)
        self._held: set[str] = set()
        self._tried: set[str] = set()
        self._rules: dict[str, tuple[int, Protego]] = {}

    async def read_new(self) -> None:
        """Lot after lot of the pages that wait, until there is none that has not been tried in this cycle."""
        await self._lots(page_rows.due, self._page)

    async def look_again(self, feeds: Collection[str]) -> None:
        """The same of pages that were read before, of these feeds."""
        if feeds:
            await self._lots(partial(page_rows.due_again, feeds=feeds), self._check)

    async def _lots(
        self,
        due: Callable[[Connection, datetime, str, int, Collection[str]], list[WaitingPage]],
        work: Callable[[WaitingPage], Coroutine[Any, Any, None]],
    ) -> None:
        while lot := self._claim(due):
            async with asyncio.TaskGroup() as group:
                for page in lot:
                    group.create_task(work(page))

    def _claim(
        self, due: Callable[[Connection, datetime, str, int, Collection[str]], list[WaitingPage]]
    ) -> list[WaitingPage]:
        """Those of the next pages whose domain nobody else asks; empty where none is left."""
        now = self._now()
        while True:
            with self._database.write() as connection:
                lot = due(connection, now, self._holder, LOT, self._tried)
                taken = domains.take(
                    connection, (page.domain for page in lot), self._holder, now, self._lease
                )
            for domain, wait_s in taken.items():
                self._pacer.rest(domain, wait_s)
            self._held |= set(taken)
            self._tried |= {page.article for page in lot}
            mine = [page for page in lot if page.domain in taken]
            if mine or not lot:
                return mine

    async def _page(self, page: WaitingPage) -> None:
        allowed = await self._allowed(page)
        if isinstance(allowed, PageText):
            self._finish(page, allowed)
            return
        outcome = await self._get(page.url, page.domain)
        if outcome.raw is not None:
            text = await asyncio.to_thread(read_article_page, outcome.raw.body, outcome.raw.url)
            self._finish(page, text, outcome.validators)
        elif outcome.result == "skipped":
            self._later(page, outcome.detail)
        elif outcome.failure in _PASSING or outcome.status in _AGAIN:
            self._later(page, f"{outcome.failure}: {outcome.detail}")
        else:
            self._finish(page, PageText("failed", f"{outcome.failure}: {outcome.detail}"))

    async def _check(self, page: WaitingPage) -> None:
        """Look at a page that was read before. Whatever comes, its article keeps the text unless it was edited."""
        refused = await self._allowed(page)
        if refused is not None:
            self._looked_at(page, None, detail=refused.detail)
            return
        outcome = await self._get(page.url, page.domain, validators=page.validators)
        if outcome.result == "skipped":
            return
        next_check = self._next_check(page, page.tries + 1)
        if outcome.raw is None:
            passing = outcome.result == "unchanged" or outcome.failure in _PASSING
            detail = "" if passing else f"when looked at again: {outcome.failure}: {outcome.detail}"
            again = next_check if passing or outcome.status in _AGAIN else None
            self._looked_at(page, again, validators=outcome.validators, detail=detail)
            return
        text = await asyncio.to_thread(read_article_page, outcome.raw.body, outcome.raw.url)
        if text.state != "read":
            self._looked_at(page, next_check, validators=outcome.validators, detail=text.detail)
            return
        self._looked_at(page, next_check, validators=outcome.validators, text=text)

    def _looked_at(
        self,
        page: WaitingPage,
        next_check: datetime | None,
        *,
        validators: Validators | None = None,
        text: PageText | None = None,
        detail: str = "",
    ) -> None:
        self._report.checked += 1
        with self._database.write() as connection:
            edited = text is not None and article_rows.page_edited(
                connection, page.article, text, self._now(), self._versions_per_day
            )
            shown = text if edited else None
            page_rows.looked_at(
                connection, page, next_check, validators=validators, text=shown, detail=detail
            )
        self._report.edited += edited

    def _next_check(self, page: WaitingPage, checks: int) -> datetime | None:
        """When a page that was looked at so often is looked at again; None: not any more."""
        settings, now = self._settings, self._now()
        due = now + timedelta(seconds=settings.page_check_s * 2**checks)
        too_old = due - page.seen > timedelta(seconds=settings.page_max_age_s)
        return None if settings.page_check_s <= 0 or too_old else due

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

    async def _get(
        self,
        url: str,
        domain: str,
        max_bytes: int | None = None,
        validators: Validators = Validators(),  # noqa: B008  frozen
    ) -> FetchOutcome:
        settings = self._settings if max_bytes is None else replace(self._settings, max_body_bytes=max_bytes)
        async with self._pacer.turn(domain), self._places:
            pause_s = self._pacer.pause_s(domain)
            if pause_s > 0:
                detail = f"not asked: {domain} wants to be left alone for another {pause_s:.0f} s"
                return FetchOutcome("page", "skipped", self._now(), detail=detail)
            outcome = await fetch_feed(
                self._client, _page_feed(url), validators, settings, self._now(), accept=HTML
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

    def _finish(
        self,
        page: WaitingPage,
        text: PageText,
        validators: Validators = Validators(),  # noqa: B008  frozen
    ) -> None:
        with self._database.write() as connection:
            page_rows.finish(connection, page, text, self._now(), validators, self._next_check(page, 0))
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
