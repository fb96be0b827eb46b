"""Polling what is due, end to end on a real server: each outcome recorded, nothing asked twice, nothing half done."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.db import feeds as feed_rows
from pipeline.db import schema
from pipeline.db.engine import Database
from pipeline.fetch.settings import FetchSettings
from pipeline.steps.ingest import IngestSettings, ingest_due
from pipeline.types import Feed, FeedReport
from tests.samples import feed
from tests.servers import FeedServer, Reply

SETTINGS = IngestSettings(
    FetchSettings(allow_private_addresses=True, domain_gap_s=0.0, jitter=0.0), horizon=timedelta(days=1)
)


@dataclass
class Clock:
    """A clock that moves only when told."""

    time: datetime = datetime(2025, 3, 18, 12, 0, tzinfo=UTC)
    hours: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **delta: float) -> None:
        self.time += timedelta(**delta)


def rss(*titles: str, when: str = "Tue, 18 Mar 2025 11:00:00 +0000") -> bytes:
    items = "".join(
        f"<item><title>{title}</title><link>https://news.example/{number}</link><guid>{number}</guid>"
        f"<pubDate>{when}</pubDate><description>{title}, said officials.</description></item>"
        for number, title in enumerate(titles)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def poll(database: Database, feeds: list[Feed], clock: Callable[[], datetime]) -> dict[str, FeedReport]:
    with database.write() as connection:
        feed_rows.sync(connection, feeds)
    listed = {item.name: item for item in feeds}
    reports = asyncio.run(
        ingest_due(database, listed, SETTINGS, now=clock, holder="test", rng=random.Random(1))
    )
    return {report.feed: report for report in reports}


def rows(database: Database, table: Any) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(table)))


def test_a_feed_is_recorded_once_and_then_asked_conditionally(database: Database) -> None:
    clock = Clock()
    with FeedServer() as server:
        server.feed("/rss", rss("Envoys meet", "Grid struck"), etag='"1"')
        source = feed("news", url=server.url("/rss"))
        first = poll(database, [source], clock)["news"]
        assert (first.result, first.entries, first.new) == ("fetched", 2, 2)
        assert poll(database, [source], clock) == {}, "it is not due again yet"
        clock.forward(days=1)
        assert poll(database, [source], clock)["news"].result == "unchanged"
    assert len(rows(database, schema.article)) == 2
    assert server.asked[-1].headers["if-none-match"] == '"1"'
    assert [row.result for row in rows(database, schema.poll)] == ["fetched", "unchanged"]


def test_what_comes_first_is_history_and_what_comes_next_is_live(database: Database) -> None:
    clock = Clock()
    with FeedServer() as server:
        server.feed("/rss", rss("Envoys meet"))
        source = feed("news", url=server.url("/rss"))
        poll(database, [source], clock)
        clock.forward(hours=3)
        server.feed("/rss", rss("Envoys meet", "Grid struck", when="Tue, 18 Mar 2025 14:30:00 +0000"))
        assert poll(database, [source], clock)["news"].new == 1
    assert {row.title: row.reason for row in rows(database, schema.article)} == {
        "Envoys meet": "first-fetch",
        "Grid struck": "live",
    }


def test_a_web_page_in_a_feeds_place_is_a_failure_that_says_so_and_keeps_the_last_validators(
    database: Database,
) -> None:
    clock = Clock()
    with FeedServer() as server:
        server.feed("/rss", rss("Envoys meet"), etag='"1"')
        source = feed("news", url=server.url("/rss"))
        poll(database, [source], clock)
        clock.forward(days=1)
        page = b"<!doctype html><html><head><title>We value your privacy</title></head><body>OK</body></html>"
        server.answer("/rss", lambda _asked: Reply(body=page, headers={"Content-Type": "text/html"}))
        report = poll(database, [source], clock)["news"]
    assert report.result == "failed"
    assert "HTML" in report.detail
    (state,) = rows(database, schema.feed)
    assert (state.failure, state.failures, state.etag) == ("not-a-feed", 1, '"1"')
    assert len(rows(database, schema.article)) == 1


def test_one_dead_feed_costs_only_itself(database: Database) -> None:
    with FeedServer() as server:
        server.feed("/good", rss("Envoys meet"))
        server.answer("/bad", lambda _asked: Reply(status=500))
        reports = poll(
            database, [feed("good", url=server.url("/good")), feed("bad", url=server.url("/bad"))], Clock()
        )
    assert {name: report.result for name, report in reports.items()} == {"good": "fetched", "bad": "failed"}
    states = {row.name: row for row in rows(database, schema.feed)}
    assert states["bad"].failure == "http-5xx"
    assert states["bad"].next_due > states["bad"].last_poll
    assert all(row.leased_until is None for row in states.values())


def test_a_domain_that_asks_for_silence_is_left_alone_by_all_its_feeds(database: Database) -> None:
    clock = Clock()
    with FeedServer() as server:
        server.answer("/a", lambda _asked: Reply(status=429, headers={"Retry-After": "7200"}))
        server.feed("/b", rss("Envoys meet"))
        sources = [feed("a", url=server.url("/a"))]
        assert poll(database, sources, clock)["a"].result == "failed"
        asked = len(server.asked)
        clock.forward(hours=1)
        assert poll(database, [*sources, feed("b", url=server.url("/b"))], clock) == {}, (
            "b's turn comes later"
        )
        assert len(server.asked) == asked
        clock.forward(hours=2)
        assert poll(database, [*sources, feed("b", url=server.url("/b"))], clock)["b"].result == "fetched"


def test_a_large_document_is_taken_in_whole(database: Database) -> None:
    with FeedServer() as server:
        server.feed("/rss", rss(*[f"Report number {n} of the day" for n in range(450)]))
        report = poll(database, [feed("news", url=server.url("/rss"))], Clock())["news"]
    assert report.new == 450
    assert len(rows(database, schema.article_key)) == 900


def test_when_told_to_stop_it_gives_unpolled_feeds_back(database: Database) -> None:
    stop = asyncio.Event()
    clock = Clock()
    with FeedServer() as server:
        server.answer("/slow", lambda _asked: Reply(silent_after=0))
        server.feed("/quick", rss("Envoys meet"))
        feeds = [feed("slow", url=server.url("/slow")), feed("quick", url=server.url("/quick"))]
        with database.write() as connection:
            feed_rows.sync(connection, feeds)
        reports = asyncio.run(
            ingest_due(
                database, {item.name: item for item in feeds}, SETTINGS, now=clock, holder="test",
                stop=stop, progress=lambda _report: stop.set(), rng=random.Random(1),
            )
        )  # fmt: skip
    assert [report.feed for report in reports] == ["quick"]
    states = {row.name: row for row in rows(database, schema.feed)}
    assert states["slow"].leased_until is None
    assert states["slow"].last_poll is None


def test_two_processes_never_poll_one_feed_at_once(database: Database) -> None:
    feeds = [feed(f"feed-{n}") for n in range(6)]
    now = Clock()()
    with database.write() as connection:
        feed_rows.sync(connection, feeds)
        mine = feed_rows.claim_due(connection, now, "one", timedelta(minutes=5), 4)
    with database.write() as connection:
        yours = feed_rows.claim_due(connection, now, "two", timedelta(minutes=5), 10)
        assert {state.name for state in mine}.isdisjoint(state.name for state in yours)
        assert len(mine) + len(yours) == 6
    with database.write() as connection:
        later = feed_rows.claim_due(connection, now + timedelta(minutes=6), "three", timedelta(minutes=5), 10)
    assert len(later) == 6, "leases of the dead run out"


@pytest.mark.parametrize("status", [404, 410])
def test_a_feed_that_is_gone_stops_and_one_not_found_is_tried_again(database: Database, status: int) -> None:
    clock = Clock()
    with FeedServer() as server:
        server.answer("/rss", lambda _asked: Reply(status=status))
        source = feed("news", url=server.url("/rss"))
        poll(database, [source], clock)
        clock.forward(days=2)
        again = poll(database, [source], clock)
    assert (again == {}) == (status == 410)
