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


WORD, OTHER = "ninety", "sixty"


def edited(old: str = WORD, new: str = OTHER) -> str:
    assert old in PAGE.text
    return PAGE.html.replace(old, new)


def versions(database: Database) -> list[Any]:
    return sorted(rows(database, schema.version), key=lambda row: row.number)


def test_an_edit_of_the_page_alone_makes_a_version(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.cycle()
        server.answer("/n/1", page(edited()))
        site.cycle(hours=2)
        article, source = site.row(schema.article), site.row(schema.article_source)
    before, after = versions(database)
    assert OTHER in article.text and WORD not in article.text
    assert (article.version, article.tagged_text_hash, article.version_seen) == (2, None, after.seen)
    assert (before.text, after.text) == (PAGE.text, article.text), "page is compared with page"
    assert after.reason == "live"
    assert source.text == SUMMARY, "the feed's own words stay with the feed"


def test_a_headline_that_only_the_page_changed_is_a_silent_edit(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.cycle()
        server.answer("/n/1", page(PAGE.html.replace(PAGE.title, "Talks above the harbour fail")))
        site.cycle(hours=2)
    assert site.row(schema.article).title == "Talks above the harbour fail"
    assert [version.mark for version in versions(database)] == [None, "silent-headline"]


def test_what_the_page_shows_beside_the_article_makes_no_version(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.cycle()
        server.answer("/n/1", page(PAGE.html.replace("</main>", "</main><aside>Most read: a cat</aside>")))
        site.cycle(hours=2)
    assert len(versions(database)) == 1
    assert site.row(schema.article).revision == 2


def test_pages_are_looked_at_less_and_less_often_and_then_not_at_all(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page(ETag='"v1"'))
        site.cycle()
        asked_at = []
        for hour in range(1, 24 * 6):
            before = site.pages_asked()
            site.cycle(hours=1)
            if site.pages_asked() > before:
                asked_at.append(hour)
        conditional = [asked.headers.get("if-none-match") for asked in server.asked if asked.path == "/n/1"]
    assert asked_at == [1, 3, 7, 15, 31, 63]
    assert conditional == [None, *['"v1"'] * 6]


@pytest.mark.parametrize(
    "answer",
    [page(page_layouts.paywall()), page(page_layouts.consent()), page(status=404), page(status=500)],
    ids=["paywall", "consent", "gone", "out of order"],
)
def test_a_page_that_shows_no_article_any_more_leaves_the_text_as_it_was(
    database: Database, answer: Reply
) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.cycle()
        server.answer("/n/1", answer)
        site.cycle(hours=2)
    assert site.row(schema.article).text == PAGE.text
    assert len(versions(database)) == 1
    found = site.row(schema.page)
    assert (found.state, found.checks) == ("read", 1)
    assert (found.next_check is None) == (answer.status == 404)


def test_pages_are_not_looked_at_again_once_their_owner_does_not_allow_it(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.cycle()
        site.feed = replace(site.feed, full_text=False)
        site.cycle(hours=2)
        assert site.pages_asked() == 1


@pytest.mark.parametrize("setting", ["page_check_s", "page_check_budget_s"])
def test_no_page_is_looked_at_again_where_the_setting_says_never(database: Database, setting: str) -> None:
    never = replace(SETTINGS, fetch=replace(SETTINGS.fetch, **{setting: 0.0}))
    with FeedServer() as server:
        site = Site(database, server, page())
        with database.write() as connection:
            feed_rows.sync(connection, [site.feed])
        for _ in range(3):
            asyncio.run(ingest_due(database, {"news": site.feed}, never, now=site.clock, holder="test"))
            site.clock.forward(hours=4)
        assert site.pages_asked() == 1


def test_the_feeds_next_edit_is_compared_with_the_page_that_was_shown(database: Database) -> None:
    with FeedServer() as server:
        site = Site(database, server, page())
        site.cycle()
        server.answer("/n/1", page(edited()))
        site.cycle(hours=2)
        site.server.feed("/rss", document(site.article_url, title="Third round ends in anger"))
        site.cycle(hours=3)
    told = [(version.title, OTHER in version.text) for version in versions(database)]
    assert told[1:] == [("Third round ends", True), ("Third round ends in anger", True)]
