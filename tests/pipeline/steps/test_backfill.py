"""The history of a feed, from a real server: older pages, sitemaps, limits; and never an alert."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import page_layouts
from pipeline.db import feeds as feed_rows
from pipeline.db import schema
from pipeline.db.engine import Database
from pipeline.steps.backfill import BackfillLimits, BackfillReport, backfill
from pipeline.types import Feed
from tests.pipeline.steps.test_ingest import SETTINGS, Clock, poll, rows
from tests.samples import feed
from tests.servers import FeedServer, Reply

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LIMITS = BackfillLimits(NOW - timedelta(days=60))


def document(first: int, count: int, head: str = "") -> str:
    items = "".join(
        f"<item><title>Report {n}</title><link>https://news.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>{25 - n // 10:02} Nov 2026 08:00:00 GMT</pubDate><description>What report {n} says.</description></item>"
        for n in range(first, first + count)
    )
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News</title>'
        f"{head}{items}</channel></rss>"
    )


def fill(database: Database, source: Feed, **limits: Any) -> BackfillReport:
    with database.write() as connection:
        feed_rows.sync(connection, [source])
    return asyncio.run(backfill(database, source, SETTINGS.fetch, replace(LIMITS, **limits), now=lambda: NOW))


def older(url: str, rel: str = "next") -> str:
    return f'<atom:link rel="{rel}" href="{url}"/>'


def test_older_pages_are_followed_to_their_end_and_are_history(sqlite_database: Database) -> None:
    with FeedServer() as server:
        source = feed("news", url=server.feed("/rss", document(0, 10, older("/rss?page=2"))))
        server.feed("/rss?page=2", document(10, 10, older("/rss?page=3", "prev-archive")))
        server.feed("/rss?page=3", document(20, 5))
        report = fill(sqlite_database, source)
    assert (report.documents, report.new) == (3, 25)
    assert {row.reason for row in rows(sqlite_database, schema.article)} == {"backfill"}
    assert report.ended[0] == "the feed names no older page"


def test_what_is_known_stays_as_it_is(sqlite_database: Database) -> None:
    with FeedServer() as server:
        source = feed("news", url=server.feed("/rss", document(0, 10)))
        fill(sqlite_database, source)
        again = fill(sqlite_database, source)
    assert (again.new, again.known) == (0, 10)


def test_limits_of_articles_pages_and_days_end_it(sqlite_database: Database) -> None:
    with FeedServer() as server:
        source = feed("news", url=server.feed("/rss", document(0, 10, older("/2"))))
        server.feed("/2", document(10, 10, older("/3")))
        server.feed("/3", document(20, 10))
        assert fill(sqlite_database, source, articles=15).new == 15
        assert fill(sqlite_database, source, pages=1, sitemaps=False).documents == 1
        recent = fill(sqlite_database, source, since=NOW - timedelta(hours=30), sitemaps=False)
    assert recent.documents == 3, "the third is from before"
    assert "from before" in recent.ended[-1]


def test_wordpress_pages_its_feeds_without_saying_so(sqlite_database: Database) -> None:
    with FeedServer() as server:
        head = "<generator>https://wordpress.org/?v=6.7</generator>"
        source = feed("news", url=server.feed("/feed/", document(0, 10, head)))
        server.feed("/feed/?paged=2", document(10, 4, head))
        report = fill(sqlite_database, source, sitemaps=False)
    assert report.new == 14
    assert "same document" in report.ended[-1], "this site answers any number with its first page"


def test_paging_in_a_circle_ends(sqlite_database: Database) -> None:
    with FeedServer() as server:
        url = server.url("/rss")
        source = feed("news", url=server.feed("/rss", document(0, 3, older(url))))
        assert fill(sqlite_database, source, sitemaps=False).documents == 1


NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>{site}/n/1</loc><news:news><news:publication><news:name>P</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-11-24T10:00:00+02:00</news:publication_date><news:title>Envoys meet &amp; part</news:title></news:news></url>
<url><loc>https://elsewhere.example/x</loc><lastmod>2026-11-24</lastmod></url>
<url><loc>{site}/old</loc><lastmod>2020-01-01</lastmod></url>
<url><loc>{site}/n/2</loc><lastmod>2026-11-23T10:00:00Z</lastmod></url></urlset>"""


def site_of(server: FeedServer) -> Feed:
    site = server.url("")
    index = f"<sitemapindex><sitemap><loc>{site}/news.xml</loc><lastmod>2026-11-24</lastmod></sitemap></sitemapindex>"
    server.answer(
        "/robots.txt", Reply(body=f"Sitemap: {site}/map.xml\nUser-agent: *\nDisallow: /private".encode())
    )
    server.answer("/map.xml", Reply(body=index.encode()))
    server.answer("/news.xml", Reply(body=NEWS.format(site=site).encode()))
    server.answer(
        "/n/2", Reply(body=page_layouts.wire().html.encode(), headers={"Content-Type": "text/html"})
    )
    return feed("news", url=server.feed("/rss", document(0, 1)))


def test_a_news_sitemap_tells_titles_and_other_sites_and_old_pages_are_left(
    sqlite_database: Database,
) -> None:
    with FeedServer() as server:
        report = fill(sqlite_database, site_of(server))
        assert not any(asked.path in ("/n/1", "/n/2", "/old") for asked in server.asked), (
            "pages need permission"
        )
    titles = {row.title: row.published for row in rows(sqlite_database, schema.article)}
    assert titles["Envoys meet & part"] == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert report.new == 2
    assert "full_text" in report.ended[-1]


def test_where_the_owner_allows_it_untitled_pages_are_read(sqlite_database: Database) -> None:
    with FeedServer() as server:
        report = fill(sqlite_database, replace(site_of(server), full_text=True))
    texts = {row.text for row in rows(sqlite_database, schema.article)}
    assert page_layouts.wire().text in texts
    assert report.new == 3


def test_a_sitemap_that_is_none_costs_itself_only(sqlite_database: Database) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    with FeedServer() as server:
        source = site_of(server)
        for body in (b"<html></html>", b"", bomb):
            server.answer("/map.xml", Reply(body=body))
            report = fill(sqlite_database, source)
    assert report.known == 1


def test_what_may_still_be_news_is_left_to_the_polls_of_a_feed_that_is_polled(
    sqlite_database: Database,
) -> None:
    clock = Clock(NOW - timedelta(hours=1))
    with FeedServer() as server:
        source = feed("news", url=server.feed("/rss", document(0, 3)))
        poll(sqlite_database, [source], clock)
        fresh = document(10, 1, older("/2")).replace("24 Nov 2026 08:00", "25 Nov 2026 08:50")
        server.feed("/rss", fresh)
        server.feed("/2", document(20, 5))
        report = fill(sqlite_database, source, sitemaps=False)
        clock.forward(hours=3)
        poll(sqlite_database, [source], clock)
    assert report.new == 5
    assert report.ended[-1] == "1 report of the last day, or of the feed as it stands, is left to its polls"
    reasons = {row.title: row.reason for row in rows(sqlite_database, schema.article)}
    assert reasons["Report 10"] == "live"
    assert reasons["Report 20"] == "backfill"
