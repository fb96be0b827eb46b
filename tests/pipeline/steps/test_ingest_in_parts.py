"""One cycle's feeds polled by several processes: each polls its own, and a try that died hands its feeds to the next."""

import asyncio
from datetime import timedelta

from pipeline.db import feeds as feed_rows
from pipeline.db.engine import Database
from pipeline.steps.ingest import ingest_due
from tests.pipeline.steps.test_ingest import SETTINGS, Clock, rss
from tests.samples import feed
from tests.servers import FeedServer

LEASE = timedelta(minutes=5)


def test_only_the_feeds_of_the_part_are_polled(database: Database) -> None:
    clock = Clock()
    with FeedServer() as server:
        feeds = {
            name: feed(name, url=server.feed(f"/{name}", rss(f"News of {name}")))
            for name in ("east", "west", "north")
        }
        with database.write() as connection:
            feed_rows.sync(connection, list(feeds.values()))
        reports = asyncio.run(
            ingest_due(database, feeds, SETTINGS, now=clock, holder="part 1", only=["east", "west", "gone"])
        )
        assert {asked.path for asked in server.asked} == {"/east", "/west"}
    assert {report.feed for report in reports} == {"east", "west"}
    with database.read() as connection:
        assert list(feed_rows.due(connection, clock())) == ["north"]


def test_a_second_try_gets_back_what_the_first_one_leased_before_it_died(database: Database) -> None:
    now = Clock()()
    with database.write() as connection:
        feed_rows.sync(connection, [feed("east"), feed("west")])
        feed_rows.claim_due(connection, now, "run 1, shard 1", LEASE, 9, only=["east"])
    with database.write() as connection:
        assert feed_rows.claim_due(connection, now, "run 1, shard 2", LEASE, 9, only=["east"]) == []
        again = feed_rows.claim_due(connection, now, "run 1, shard 1", LEASE, 9, only=["east"])
    assert [state.name for state in again] == ["east"]
