"""Article pages, read from a real server: what the article shows then, and what a page that does not come costs."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks import page_layouts
from pipeline.db import feeds as feed_rows
from pipeline.db import schema
from pipeline.db.engine import Database
from pipeline.steps.ingest import ingest_due
from pipeline.types import Feed
from tests.pipeline.steps.test_ingest import SETTINGS, Clock, rows
from tests.samples import feed
from tests.servers import FeedServer, Reply

SUMMARY = "The delegations met above the harbour and left without a statement, said officials."
PAGE = page_layouts.wire()


def document(url: str, *, title: str = "Third round ends", text: str = SUMMARY) -> str:
    return (
        '<rss version="2.0"><channel><title>News</title><item>'
        f"<title>{title}</title><link>{url}</link><guid>1</guid><pubDate>Tue, 18 Mar 2025 11:00:00 +0000</pubDate>"
        f"<description>{text}</description></item></channel></rss>"
    )


class Site:
    """A newspaper whose feed gives summaries; `page` is how its article page answers."""

    def __init__(
        self, database: Database, server: FeedServer, page: Reply, robots: Reply | None = None
    ) -> None:
        self.database, self.server, self.clock = database, server, Clock()
        self.article_url = server.answer("/n/1", page)
        if robots is not None:
            server.answer("/robots.txt", robots)
        self.feed: Feed = feed("news", url=server.feed("/rss", document(self.article_url)), full_text=True)

    def cycle(self, **hours: float) -> None:
        self.clock.forward(**(hours or {"hours": 3}))
        with self.database.write() as connection:
            feed_rows.sync(connection, [self.feed])
        asyncio.run(
            ingest_due(
                self.database,
                {"news": self.feed},
                SETTINGS,
                now=self.clock,
                holder="test",
                rng=random.Random(1),
            )
        )

    def row(self, table: Any) -> Any:
        (found,) = rows(self.database, table)
        return found

    def pages_asked(self) -> int:
        return sum(asked.path == "/n/1" for asked in self.server.asked)


def page(body: str = PAGE.html, status: int = 200, **headers: str) -> Reply:
    return Reply(status, body.encode(), {"Content-Type": "text/html; charset=utf-8", **headers})


def test_the_page_gives_the_text_and_the_feeds_own_words_stay(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.cycle()
        article, source, version = (
            site.row(schema.article),
            site.row(schema.article_source),
            site.row(schema.version),
        )
    assert article.text == PAGE.text
    assert (article.version, article.revision, article.reason) == (1, 2, "first-fetch")
    assert article.tagged_text_hash is None, "it is tagged anew"
    assert (source.text, version.text) == (SUMMARY, SUMMARY)
    assert site.row(schema.page).state == "read"


def test_only_what_its_owner_allows_is_read(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.feed = replace(site.feed, full_text=False)
        site.cycle()
        assert [asked.path for asked in server.asked] == ["/rss"]


def test_robots_txt_is_obeyed_and_asked_once(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page(), Reply(body=b"User-agent: CeasefireMonitor\nDisallow: /n/"))
        site.cycle()
        site.server.feed("/rss", document(server.answer("/n/2", page()), title="Fourth round begins"))
        site.cycle()
        asked = [request.path for request in server.asked]
    states = {row.state for row in rows(database, schema.page)}
    assert states == {"robots"}
    assert asked.count("/robots.txt") == 1
    assert "/n/1" not in asked


def test_a_robots_txt_that_cannot_be_had_allows_nothing(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page(), Reply(503))
        site.cycle()
    assert site.row(schema.page).state == "robots"
    assert site.pages_asked() == 0


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (page(page_layouts.paywall()), "paywall"),
        (page(page_layouts.consent()), "consent"),
        (page(page_layouts.front()), "no-text"),
        (page(status=404), "failed"),
        (page(status=401), "failed"),
        (page(status=451), "failed"),
    ],
)
def test_where_the_page_shows_no_article_the_feeds_text_is_kept_and_it_is_said(
    database: Database, answer: Reply, state: str
) -> None:
    with FeedServer() as server:
        site = Site(database, server, answer)
        site.cycle()
        site.cycle(days=1)
    found = site.row(schema.page)
    assert (found.state, site.row(schema.article).text) == (state, SUMMARY)
    assert found.detail
    assert site.pages_asked() == 1, "the answer is final"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_page_that_does_not_come_now_is_tried_later_and_then_given_up(
    database: Database, status: int
) -> None:
    with FeedServer() as server:
        site = Site(database, server, page(status=status, **({"Retry-After": "60"} if status == 429 else {})))
        site.cycle()
        assert site.row(schema.page).state == "waiting"
        assert site.row(schema.article).text == SUMMARY
        for _ in range(5):
            site.cycle(hours=5)
    assert site.row(schema.page).state == "failed"
    assert site.pages_asked() == SETTINGS.fetch.page_tries


def test_a_page_that_comes_at_the_second_try_is_shown(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page(status=500))
        site.cycle()
        server.answer("/n/1", page())
        site.cycle(hours=5)
    assert site.row(schema.article).text == PAGE.text


def test_an_edit_in_the_feed_makes_a_version_and_the_page_is_read_anew(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.cycle()
        new_page = page_layouts.magazine()
        server.answer("/n/1", page(new_page.html))
        site.server.feed("/rss", document(site.article_url, title="Third round ends in anger"))
        site.cycle()
        article = site.row(schema.article)
    assert (article.title, article.text) == ("Third round ends in anger", new_page.text)
    with database.read() as connection:
        marks = (
            connection.execute(select(schema.version.c.mark).order_by(schema.version.c.number))
            .scalars()
            .all()
        )
    assert marks == [None, "silent-headline"], "the feed gave no new date"


def test_old_articles_of_a_first_fetch_cost_no_request(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.clock.forward(days=9)
        site.cycle()
        assert site.pages_asked() == 0
    assert rows(database, schema.page) == []


def test_no_page_is_read_without_a_budget(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        clock = site.clock
        with database.write() as connection:
            feed_rows.sync(connection, [site.feed])
        frugal = replace(SETTINGS, fetch=replace(SETTINGS.fetch, page_budget_s=0.0))
        asyncio.run(ingest_due(database, {"news": site.feed}, frugal, now=clock, holder="test"))
        assert site.pages_asked() == 0
        assert site.row(schema.page).state == "waiting"
        clock.forward(seconds=timedelta(hours=1).total_seconds())
        asyncio.run(ingest_due(database, {"news": site.feed}, SETTINGS, now=clock, holder="test"))
        assert site.pages_asked() == 1
