"""What the health index says of each feed, as the polls left it behind."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, literal, update

from pipeline.app import App
from pipeline.cycle import show_feeds
from pipeline.db import feeds as feed_rows
from pipeline.db import schema
from pipeline.db.engine import Database
from pipeline.db.times import UtcTime
from pipeline.index.sqlite import SqliteIndex
from pipeline.settings import Settings
from pipeline.steps.feed_health import feed_health, show_feed_health
from pipeline.types import Feed, FeedHealth
from tests.elasticsearch_node.node import free_port


def feed(name: str) -> Feed:
    return Feed(name, f"https://{name}.example/rss", name.title(), "Owner", "UA", "ukraine", "en", "news")


def poll(
    database: Database, name: str, at: datetime, *, new: int = 0, failure: str | None = None, detail: str = ""
) -> None:
    """One poll as it is recorded: a row in the log, and the feed's own row."""
    table = schema.feed
    told: dict[str, Any] = {"last_poll": at, "polls": table.c.polls + 1, "interval_s": 3600}
    if failure is None:
        told |= {"failures": 0, "failure": None, "last_success": at}
        told |= {"first_success": func.coalesce(table.c.first_success, literal(at, UtcTime))}
        told |= {"last_new": at} if new else {}
    else:
        told |= {"failures": table.c.failures + 1, "failure": failure, "failure_detail": detail}
    told |= {"gone": failure == "gone", "next_due": at + timedelta(hours=1)}
    result, elapsed_s = ("fetched", 2.0) if failure is None else ("failed", 4.0)
    with database.write() as connection:
        connection.execute(update(table).where(table.c.name == name).values(**told))
        connection.execute(
            insert(schema.poll).values(feed=name, at=at, result=result, new=new, elapsed_s=elapsed_s)
        )


def health(database: Database, now: datetime, *names: str) -> dict[str, FeedHealth]:
    found = feed_health(database, {name: feed(name) for name in names}, now)
    assert [one.feed.name for one in found] == sorted(names)
    return {one.feed.name: one for one in found}


@pytest.fixture
def listed(database: Database) -> Database:
    with database.write() as connection:
        feed_rows.sync(connection, [feed(name) for name in ("courier", "echo", "bulletin")])
    return database


def test_feed_that_was_never_polled_is_new(listed: Database, now: datetime) -> None:
    found = health(listed, now, "courier")["courier"]
    assert (found.state, found.polls_7d, found.entries_per_day, found.elapsed_s) == ("new", 0, 0.0, None)


def test_entries_are_counted_over_a_day_and_a_week(listed: Database, now: datetime) -> None:
    for days, new in ((9, 50), (5, 8), (0.5, 6)):
        poll(listed, "courier", now - timedelta(days=days), new=new)
    found = health(listed, now, "courier")["courier"]
    assert (found.state, found.polls, found.polls_7d) == ("well", 3, 2)
    assert (found.new_24h, found.new_7d, found.entries_per_day) == (6, 14, 2.0)
    assert found.interval_s == 3600
    assert found.next_poll == now - timedelta(days=0.5) + timedelta(hours=1)


def test_feed_watched_for_two_days_is_measured_over_two(listed: Database, now: datetime) -> None:
    poll(listed, "courier", now - timedelta(days=2), new=3)
    poll(listed, "courier", now - timedelta(hours=1), new=3)
    assert health(listed, now, "courier")["courier"].entries_per_day == 3.0


def test_failing_feed_says_how_often_why_and_what_to_do(listed: Database, now: datetime) -> None:
    poll(listed, "echo", now - timedelta(days=10), new=1)
    for hours in (3, 2, 1):
        poll(listed, "echo", now - timedelta(hours=hours), failure="dns", detail="No such host.")
    found = health(listed, now, "echo")["echo"]
    assert (found.state, found.failures, found.failure) == ("failing", 3, "dns")
    assert found.failure_words.startswith("No such host. Its host name is not known.")
    assert found.silent_since is None
    assert (found.polls_7d, found.failed_7d, found.elapsed_s) == (3, 3, 4.0)


def test_feed_that_answers_but_brings_nothing_new_is_silent_since_its_last_entry(
    listed: Database, now: datetime
) -> None:
    last = now - timedelta(days=8)
    for day in range(12):
        poll(listed, "bulletin", last - timedelta(days=11 - day), new=4)
    poll(listed, "bulletin", now - timedelta(hours=1))
    found = health(listed, now, "bulletin")["bulletin"]
    assert (found.state, found.silent_since) == ("silent", last)
    assert "nothing new for 8 d" in found.state_words


def test_feed_that_is_gone_has_no_next_poll(listed: Database, now: datetime) -> None:
    poll(listed, "echo", now - timedelta(hours=1), failure="gone", detail="410.")
    found = health(listed, now, "echo")["echo"]
    assert (found.state, found.next_poll) == ("gone", None)


def test_index_with_the_database_beside_it_asks_for_no_health(
    listed: Database, now: datetime, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the embedded index has no use for it")

    monkeypatch.setattr("pipeline.steps.feed_health.feed_health", asked)
    show_feed_health(listed, SqliteIndex(tmp_path / "i.db"), {"echo": feed("echo")}, now)


def test_index_out_of_reach_is_told_and_ends_no_cycle(tmp_path: Path, clock: Callable[[], datetime]) -> None:
    pytest.importorskip("elasticsearch")
    listed = tmp_path / "feeds.toml"
    listed.write_text(
        '[[feed]]\nurl = "https://courier.example/rss"\noutlet = "Courier"\nowner = "Owner"\ncountry = "UA"\n'
        'side = "ukraine"\nlanguage = "en"\nkind = "news"\n'
    )
    app = App(
        Settings(
            database_url=f"sqlite:///{tmp_path / 'd.db'}",
            index_url=f"http://127.0.0.1:{free_port()}",
            feeds=str(listed),
        )
    )
    (problem,) = show_feeds(app, clock)
    assert "cannot be reached" in problem
    app.close()
