"""Several processes that poll at the same time: nothing twice, no domain asked by two, no gap forgotten between them."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from threading import Thread

from sqlalchemy import select

from pipeline.db import domains, schema
from pipeline.db import feeds as feed_rows
from pipeline.db.engine import Database, open_database
from pipeline.fetch.pacing import LocalPacer
from pipeline.steps.claims import Claims
from pipeline.steps.ingest import IngestSettings, ingest_due
from pipeline.types import Feed, FeedReport
from tests.pipeline.steps.test_ingest import SETTINGS, Clock, poll, rows, rss
from tests.samples import feed
from tests.servers import FeedServer, Reply

SMALL = replace(SETTINGS, fetch=replace(SETTINGS.fetch, concurrency=1, domain_wait_s=0))
"""Feeds are claimed eight at a time, so that two processes share forty."""


def polled_by(
    database: Database, feeds: dict[str, Feed], holder: str, settings: IngestSettings
) -> list[FeedReport]:
    opened = open_database(database.url.render_as_string(hide_password=False))
    try:
        return asyncio.run(ingest_due(opened, feeds, settings, now=Clock(), holder=holder))
    finally:
        opened.close()


def test_two_fetchers_share_the_work_and_do_nothing_twice(database: Database) -> None:
    with FeedServer(
        "0.0.0.0"
    ) as server:  # all of 127.0.0.0/8 is this machine: each feed has a host of its own
        feeds = {}
        for number in range(40):
            server.feed(f"/{number}", rss(f"Report {number}", f"Another report {number}"))
            url = server.url(f"/{number}", host=f"127.0.1.{number}")
            feeds[f"feed-{number}"] = feed(f"feed-{number}", url=url)
        with database.write() as connection:
            feed_rows.sync(connection, list(feeds.values()))
        done: dict[str, list[FeedReport]] = {}

        def work(holder: str) -> None:
            done[holder] = polled_by(database, feeds, holder, SMALL)

        threads = [Thread(target=work, args=(holder,)) for holder in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asked = Counter(request.path for request in server.asked)
    reports = [report for each in done.values() for report in each]
    polls = Counter(row.feed for row in rows(database, schema.poll))
    assert sum(polls.values()) == len(polls) == len(reports)
    assert set(asked.values()) == {1}, "nothing was asked twice"
    assert all(row.leased_until is None for row in rows(database, schema.feed))
    assert all(row.holder is None for row in rows(database, schema.domain_lease))


def test_a_domain_is_asked_by_one_process_at_a_time(database: Database) -> None:
    clock = Clock()
    with FeedServer() as server:
        source = feed("news", url=server.feed("/rss", rss("Envoys meet")))
        with database.write() as connection:
            feed_rows.sync(connection, [source])
            domains.take(connection, ["127.0.0.1"], "another", clock(), timedelta(minutes=2))
        waiting = replace(SETTINGS, fetch=replace(SETTINGS.fetch, domain_wait_s=0))
        assert asyncio.run(ingest_due(database, {"news": source}, waiting, now=clock, holder="me")) == []
        assert server.asked == []
        clock.forward(minutes=3)
        reports = asyncio.run(ingest_due(database, {"news": source}, waiting, now=clock, holder="me"))
    assert [report.result for report in reports] == ["fetched"], "the lease of the dead has run out"


def test_the_rest_that_one_process_leaves_is_kept_by_the_next(database: Database) -> None:
    clock = Clock()
    source = feed("news")
    fetch = replace(SETTINGS.fetch, domain_gap_s=5.0)
    with database.write() as connection:
        feed_rows.sync(connection, [source])
        domains.take(connection, ["news.example"], "first", clock(), timedelta(minutes=2))
        domains.release(connection, {"news.example": 4.0}, "first", clock())
    pacer = LocalPacer(fetch, clock=lambda: 0.0)
    claims = Claims(database, {"news": source}, fetch, pacer, now=clock, holder="second")
    assert [claim.feed.name for claim in claims.next(9)] == ["news"]
    assert pacer.rest_s("news.example") == 4.0
    claims.done("news")
    claims.close()
    (lease,) = rows(database, schema.domain_lease)
    assert lease.holder is None
    assert lease.next_start == clock() + timedelta(seconds=4)


def test_what_is_held_for_long_is_renewed(database: Database) -> None:
    clock = Clock()
    source = feed("news")
    with database.write() as connection:
        feed_rows.sync(connection, [source])
    claims = Claims(
        database, {"news": source}, SETTINGS.fetch, LocalPacer(SETTINGS.fetch), now=clock, holder="me"
    )
    claims.next(9)
    for _ in range(40):
        clock.forward(minutes=1)
        claims.renew()
    with database.write() as connection:
        assert feed_rows.claim_due(connection, clock(), "another", timedelta(minutes=1), 9) == []
        assert domains.take(connection, ["news.example"], "another", clock(), timedelta(minutes=1)) == {}


def test_a_silent_host_holds_up_its_own_feeds_only_and_watch_knows_until_when(database: Database) -> None:
    clock = Clock()
    with FeedServer() as server:
        server.answer("/a", Reply(status=429, headers={"Retry-After": "7200"}))
        sources = [feed("a", url=server.url("/a")), feed("b", url=server.feed("/b", rss("Envoys meet")))]
        reports = poll(database, sources[:1], clock)
        assert reports["a"].result == "failed"
        poll(database, sources, clock)
        with database.read() as connection:
            due = feed_rows.next_due(connection)
            failures = connection.execute(select(schema.feed.c.name, schema.feed.c.failures)).all()
    assert due is not None
    assert due >= clock() + timedelta(hours=2)
    assert dict(map(tuple, failures)) == {"a": 1, "b": 0}, "b has not failed: it was not asked"


def test_known_entries_are_not_read_again(database: Database) -> None:
    clock = Clock()
    with FeedServer() as server:
        source = feed("news", url=server.feed("/rss", rss("Envoys meet", "Grid struck")))
        poll(database, [source], clock)
        before = rows(database, schema.article)
        clock.forward(days=1)
        server.feed("/rss", rss("Envoys meet", "Grid struck", "Truce holds"))
        report = poll(database, [source], clock)["news"]
    assert (report.entries, report.new, report.known, report.changed) == (3, 1, 2, 0)
    assert [row for row in rows(database, schema.article) if row.title != "Truce holds"] == before


def test_a_feed_within_another_one_rests_until_it_brings_something_of_its_own(database: Database) -> None:
    clock = Clock()
    titles = [f"Report number {number} of the day" for number in range(6)]
    eager = replace(SETTINGS, fetch=replace(SETTINGS.fetch, full_fetch_every=1))

    def cycle() -> dict[str, FeedReport]:
        reports = asyncio.run(ingest_due(database, listed, eager, now=clock, holder="test"))
        return {report.feed: report for report in reports}

    with FeedServer() as server:
        everything = feed("all", url=server.feed("/all", rss(*titles)))
        part = feed("part", url=server.feed("/part", rss(*titles[:5])))
        listed = {"all": everything, "part": part}
        with database.write() as connection:
            feed_rows.sync(connection, list(listed.values()))
        asyncio.run(ingest_due(database, {"all": everything}, eager, now=clock, holder="test", only=["all"]))
        for _ in range(3):
            cycle()
            clock.forward(hours=3)
        state = {row.name: row for row in rows(database, schema.feed)}
        assert (state["part"].covered_by, state["all"].covered_by) == ("all", None)
        assert "part" not in cycle(), "it rests"
        clock.forward(days=2)
        server.feed("/part", rss(*titles[:5], "Something of its own", *titles[5:]))
        assert cycle()["part"].new == 1
        state = {row.name: row for row in rows(database, schema.feed)}
    assert state["part"].covered_by is None
