"""The history of a feed: earlier pages of the feed itself (RFC 5005), then its site's sitemaps, within limits.

What comes in is `backfill`: it can be searched and belongs to stories, and appears in no message, ever. So what may
still be news is left to the polls of a feed that is polled: what stands in its document now, and the last day.
"""

import html
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from protego import Protego

from pipeline.db import articles as article_rows
from pipeline.db import feeds as feed_rows
from pipeline.db.articles import Arrival
from pipeline.db.dialect import chunks
from pipeline.db.engine import Database
from pipeline.errors import ExtractError, ParseError
from pipeline.extract.build import extract_article, extract_feed
from pipeline.extract.page import origin, read_page
from pipeline.extract.url import canonical_url
from pipeline.fetch.client import HTML, fetch_feed, open_client
from pipeline.fetch.pacing import LocalPacer, registered_domain
from pipeline.fetch.pool import HttpClient
from pipeline.fetch.settings import FetchSettings
from pipeline.parse import parse_feed
from pipeline.sitemap import Listed, read_sitemap
from pipeline.steps.pages import ROBOT
from pipeline.types import Article, Entry, Feed, FetchOutcome, Validators

log = logging.getLogger(__name__)

SITEMAPS: Final = 20
"""Files of sitemaps read at most: news sites keep one a month or a day, and the newest are what is wanted."""


STILL_NEWS: Final = timedelta(days=1)
"""Younger articles of a feed that is polled are left to its polls."""


@dataclass(frozen=True, slots=True)
class BackfillLimits:
    """How far back, and how much. `pages` counts documents of the feed, `articles` what is taken in."""

    since: datetime
    pages: int = 20
    articles: int = 1000
    sitemaps: bool = True


@dataclass(slots=True)
class BackfillReport:
    """What a backfill came to. `ended` says, for each source, why it went no further."""

    documents: int = 0
    new: int = 0
    known: int = 0
    set_aside: int = 0
    ended: tuple[str, ...] = ()

    @property
    def taken(self) -> int:
        """Entries that were looked at."""
        return self.new + self.known


async def backfill(
    database: Database,
    feed: Feed,
    settings: FetchSettings,
    limits: BackfillLimits,
    *,
    now: Callable[[], datetime],
    progress: Callable[[BackfillReport], None] = lambda _report: None,
) -> BackfillReport:
    """Take in what `feed` and its site still tell of the past. Known articles stay as they are.

    Article pages are read only where the feed's `full_text` allows it; elsewhere a sitemap counts only where it tells
    titles (news sitemaps).
    """
    report = BackfillReport()
    async with open_client(settings) as client:
        work = _Backfill(database, feed, settings, limits, client, now, report, progress)
        await work.feed_pages()
        if limits.sitemaps and report.taken < limits.articles:
            await work.sitemaps()
        work.finish()
    return report


class _Backfill:
    def __init__(
        self,
        database: Database,
        feed: Feed,
        settings: FetchSettings,
        limits: BackfillLimits,
        client: HttpClient,
        now: Callable[[], datetime],
        report: BackfillReport,
        progress: Callable[[BackfillReport], None],
    ) -> None:
        self._database = database
        self._feed = feed
        self._settings = settings
        self._limits = limits
        self._client = client
        self._now = now
        self._report = report
        self._progress = progress
        self._pacer = LocalPacer(settings)
        with database.read() as connection:
            state = feed_rows.states(connection, [feed.name]).get(feed.name)
        self._polled = state is not None and state.first_success is not None
        self._standing: set[str] = set()
        self._left = 0

    async def feed_pages(self) -> None:
        """The feed's own document and those that it names as older."""
        url: str | None = self._feed.url
        seen: set[str] = set()
        bodies: set[str | None] = set()
        for _ in range(self._limits.pages):
            if url is None:
                self._end("the feed names no older page")
                return
            if url in seen or registered_domain(url) != registered_domain(self._feed.url):
                self._end("the feed's paging leads in a circle or to another site")
                return
            seen.add(url)
            outcome = await self._get(url)
            if outcome.raw is None:
                self._end(f"{url}: {outcome.failure}: {outcome.detail}")
                return
            if outcome.validators.body_hash in bodies:
                self._end("the older page is the same document again")
                return
            bodies.add(outcome.validators.body_hash)
            try:
                parsed = parse_feed(outcome.raw)
            except ParseError as error:
                self._end(str(error))
                return
            extracted = extract_feed(parsed, self._feed, self._now())
            self._report.set_aside += len(extracted.set_aside)
            if url == self._feed.url:
                self._standing = {key for one in extracted.articles for key in one.keys}
            articles = [one for one in extracted.articles if one.published >= self._limits.since]
            self._record(articles)
            self._report.documents += 1
            self._progress(self._report)
            if not parsed.entries:
                self._end("the older pages have no more entries")
                return
            if not articles:
                self._end(f"older entries are from before {self._limits.since:%Y-%m-%d}")
                return
            if self._full():
                return
            url = parsed.older
        self._end(f"{self._limits.pages} pages of the feed were read")

    async def sitemaps(self) -> None:
        """The addresses that the site's own sitemaps list, the newest first."""
        site = origin(self._feed.url)
        outcome = await self._get(f"{site}/robots.txt")
        rules = Protego.parse(outcome.raw.body.decode("utf-8", "replace") if outcome.raw else "")
        starts = list(rules.sitemaps)
        if not starts:
            self._end(f"{site}/robots.txt names no sitemap")
            return
        listed: list[Listed] = []
        async for page in self._listed(starts):
            wanted = page.date is not None and page.date >= self._limits.since
            if wanted and registered_domain(page.url) == registered_domain(site):
                listed.append(page)
        listed.sort(key=lambda page: page.date or self._limits.since, reverse=True)
        told = [page for page in listed if page.title]
        self._record([article for page in told if (article := self._of_sitemap(page)) is not None])
        self._progress(self._report)
        rest = [page for page in listed if not page.title]
        if rest and not self._feed.full_text:
            self._end(
                f"{len(rest)} addresses without a title: full_text = true in the source list lets their pages be read"
            )
            return
        for page in rest:
            if self._full():
                return
            await self._read(page, rules)
        self._end(f"{len(listed)} addresses of sitemaps were looked at")

    async def _listed(self, starts: list[str]) -> AsyncIterator[Listed]:
        waiting, seen = list(starts), set[str]()
        while waiting and len(seen) < SITEMAPS:
            url = waiting.pop(0)
            if url in seen or registered_domain(url) != registered_domain(self._feed.url):
                continue
            seen.add(url)
            outcome = await self._get(url)
            if outcome.raw is None:
                log.warning("sitemap %s: %s: %s", url, outcome.failure, outcome.detail)
                continue
            try:
                sitemap = read_sitemap(outcome.raw.body, url)
            except ParseError as error:
                log.warning("%s", error)
                continue
            self._report.documents += 1
            inner = [each for each in sitemap.sitemaps if each[1] is None or each[1] >= self._limits.since]
            inner.sort(key=lambda each: each[1] or self._limits.since, reverse=True)
            waiting += [each[0] for each in inner]
            for page in sitemap.pages:
                yield page

    def _of_sitemap(self, page: Listed) -> Article | None:
        entry = Entry(
            guid=None, link=page.url, title=html.escape(page.title), summary="", content="", published=page.date,
            updated=page.changed, date_text="", date_has_zone=page.has_zone, language=page.language,
        )  # fmt: skip
        try:
            return extract_article(entry, self._feed, self._now())
        except ExtractError:
            self._report.set_aside += 1
            return None

    async def _read(self, page: Listed, rules: Protego) -> None:
        if canonical_url(page.url) is None or not rules.can_fetch(page.url, ROBOT):
            self._report.set_aside += 1
            return
        outcome = await self._get(page.url, accept=HTML)
        if outcome.raw is None:
            self._report.set_aside += 1
            return
        try:
            entry = read_page(outcome.raw.body, outcome.raw.url)
            dated = entry if entry.published else replace(entry, published=page.date, date_has_zone=True)
            article = extract_article(dated, self._feed, self._now())
        except ExtractError:
            self._report.set_aside += 1
            return
        self._record([replace(article, text_source="page")])
        self._progress(self._report)

    async def _get(self, url: str, accept: str | None = None) -> FetchOutcome:
        more = {} if accept is None else {"accept": accept}
        async with self._pacer.turn(registered_domain(url)):
            return await fetch_feed(
                self._client, replace(self._feed, url=url), Validators(), self._settings, self._now(), **more
            )

    def _record(self, articles: list[Article]) -> None:
        """Take articles in as history, as many as there is room for, but not what may still be news."""
        if self._polled:
            past = [one for one in articles if self._is_past(one)]
            self._left += len(articles) - len(past)
            articles = past
        room = self._limits.articles - self._report.taken
        arrival = Arrival(self._now(), timedelta(days=1), given="backfill")
        for part in chunks(articles[: max(room, 0)], 200):
            with self._database.write() as connection:
                recorded = article_rows.record(connection, self._feed, part, arrival)
            self._report.new += len(recorded.new)
            self._report.known += recorded.known + len(recorded.changed)

    def _is_past(self, article: Article) -> bool:
        return article.published < self._now() - STILL_NEWS and self._standing.isdisjoint(article.keys)

    def finish(self) -> None:
        """Say what was left alone."""
        if self._left:
            left = "1 report" if self._left == 1 else f"{self._left} reports"
            verb = "is" if self._left == 1 else "are"
            self._end(f"{left} of the last day, or of the feed as it stands, {verb} left to its polls")

    def _full(self) -> bool:
        if self._report.taken < self._limits.articles:
            return False
        self._end(f"the limit of {self._limits.articles} articles is reached")
        return True

    def _end(self, why: str) -> None:
        self._report.ended = (*self._report.ended, why)
