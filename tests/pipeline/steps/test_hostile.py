"""Servers that misbehave, through to what an operator reads in `ceasefire feeds list`: each outcome is one we chose.

How each is told apart on the wire is tests/pipeline/fetch/test_client.py; here it is recorded, counted and put into words.
"""

import asyncio
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import brotli
import pytest

from pipeline.cli.feeds import state_words
from pipeline.db import feeds as feed_rows
from pipeline.db import schema
from pipeline.db.engine import Database
from pipeline.db.feeds import FeedState
from pipeline.steps.ingest import IngestSettings, ingest_due
from pipeline.types import FeedReport
from tests.pipeline.steps.test_ingest import SETTINGS, Clock, rows, rss
from tests.samples import feed
from tests.servers import FeedServer, Reply, compressed

HASTY: IngestSettings = replace(
    SETTINGS,
    fetch=replace(
        SETTINGS.fetch, total_timeout_s=3.0, read_timeout_s=1.0, connect_timeout_s=1.0, max_body_bytes=300_000
    ),
)
ROOMY = replace(SETTINGS, fetch=replace(SETTINGS.fetch, max_body_bytes=32 * 2**20))
GOOD = rss("Envoys meet")


def polled(
    database: Database, reply: Reply | Callable[[FeedServer], Reply], settings: IngestSettings = HASTY
) -> tuple[FeedReport, FeedState]:
    """One poll of a server that answers so, and how the feed stands then."""
    with FeedServer() as server:
        answer = reply if isinstance(reply, Reply) else reply(server)
        source = feed("news", url=server.answer("/rss", answer))
        with database.write() as connection:
            feed_rows.sync(connection, [source])
        (report,) = asyncio.run(ingest_due(database, {"news": source}, settings, now=Clock(), holder="test"))
    with database.read() as connection:
        return report, feed_rows.states(connection)["news"]


def endless(_server: FeedServer) -> Reply:
    def chunks() -> Any:
        while True:
            yield b"<item>" * 1000

    return Reply(chunks=chunks)


def dripping(server: FeedServer) -> Reply:
    def chunks() -> Any:
        while not server.stopped.wait(0.05):
            yield b"<"

    return Reply(chunks=chunks)


FAILURES: dict[str, tuple[Reply | Callable[[FeedServer], Reply], str, str]] = {
    "endless body": (endless, "too-large", "larger than the limit"),
    "gzip bomb": (
        Reply(body=gzip.compress(bytes(20_000_000)), headers={"Content-Encoding": "gzip"}), "too-large", "larger than",
    ),
    "brotli bomb": (
        Reply(body=brotli.compress(bytes(20_000_000)), headers={"Content-Encoding": "br"}), "too-large", "larger than",
    ),
    "a byte at a time": (dripping, "timeout", "too slow"),
    "promises more than it sends": (Reply(body=GOOD, length=len(GOOD) + 9), "bad-response", "breaks off"),
    "redirects to itself": (lambda server: Reply(302, headers={"Location": "/rss"}), "redirect", "circle"),
    "demands a login": (
        Reply(401, headers={"WWW-Authenticate": "Basic realm=x", "Set-Cookie": "a=1"}), "http-4xx", "wants a login",
    ),
    "redirects to a file": (Reply(301, headers={"Location": "file:///etc/passwd"}), "redirect", "not a web address"),
    "a page in its place": (Reply(body=b"<html><body>Accept cookies</body></html>"), "not-a-feed", "consent page"),
    "asks for rest": (Reply(429, headers={"Retry-After": "soon"}), "throttled", "left alone"),
    "is gone": (Reply(410), "gone", "not polled any more"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_what_goes_wrong_is_counted_and_said_in_words(sqlite_database: Database, name: str) -> None:
    reply, kind, words = FAILURES[name]
    report, state = polled(sqlite_database, reply)
    assert (report.result, state.failure, state.failures) == ("failed", kind, 1)
    assert words in state_words(state)
    (poll,) = rows(sqlite_database, schema.poll)
    assert (poll.result, poll.failure) == ("failed", kind)
    assert rows(sqlite_database, schema.article) == []


def xml(inner: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>N</title>{inner}</channel></rss>'.encode()


def entry(
    title: str, guid: str = "1", link: str = "https://news.example/1", date: str = "", text: str = ""
) -> str:
    return (
        f"<item><title>{title}</title><link>{link}</link><guid>{guid}</guid>"
        f"<pubDate>{date or 'Tue, 18 Mar 2025 11:00:00 GMT'}</pubDate><description>{text or title}</description></item>"
    )


def titles(database: Database) -> list[str]:
    return sorted(row.title for row in rows(database, schema.article))


def test_entity_bombs_and_external_entities_stay_unexpanded(sqlite_database: Database) -> None:
    bomb = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};&e{n - 1};&e{n - 1};">' for n in range(1, 30))
    head = f'<!DOCTYPE rss [<!ENTITY e0 "boom boom"><!ENTITY x SYSTEM "file:///etc/passwd">{bomb}]>'
    report, _ = polled(sqlite_database, Reply(body=xml(entry("Envoys meet &e29; &x;"), head)))
    stored = json.dumps([(row.title, row.text) for row in rows(sqlite_database, schema.article)])
    assert "root:" not in stored
    assert len(stored) < 2000
    assert report.result in ("fetched", "failed")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "windows-1251", "koi8-r"])
def test_encodings_are_read_for_what_they_are(sqlite_database: Database, encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    text = (
        xml(entry("Делегації зустрілися над гаванню"))
        .decode()
        .replace('version="1.0"', f'version="1.0" encoding="{declared}"', 1)
    )
    polled(sqlite_database, Reply(body=text.encode(encoding, "replace")))
    (title,) = titles(sqlite_database)
    assert title.startswith("Делегац")


def test_bytes_that_are_no_letters_cost_themselves_only(sqlite_database: Database) -> None:
    body = xml(entry("Envoys meet – again, said “officials”")).replace(b"again", b"aga\xffin")
    _, state = polled(sqlite_database, Reply(body=body))
    assert "broken characters" in state_words(state)
    assert len(titles(sqlite_database)) == 1


def test_fifty_thousand_entries_are_read_in_part_and_it_is_said(sqlite_database: Database) -> None:
    items = "".join(f"<item><title>Report {n}</title><guid>{n}</guid></item>" for n in range(50_000))
    report, state = polled(
        sqlite_database,
        Reply(body=compressed(xml(items), "gzip"), headers={"Content-Encoding": "gzip"}),
        ROOMY,
    )
    assert (report.result, report.new) == ("fetched", 2000)
    assert "50000 entries, only the first 2000 are read" in state_words(state)


def test_an_entry_of_ten_megabytes_is_cut_and_it_is_said(sqlite_database: Database) -> None:
    _, state = polled(sqlite_database, Reply(body=xml(entry("Long", text="word " * 2_000_000))), ROOMY)
    (article,) = rows(sqlite_database, schema.article)
    assert len(article.text) <= 100_000
    assert "over the limit, cut" in state_words(state)


def test_dates_of_the_future_and_of_1970_become_first_seen_and_are_flagged(sqlite_database: Database) -> None:
    items = entry("Future", "1", "https://news.example/1", "Tue, 18 Mar 2042 11:00:00 GMT")
    items += entry("Zero", "2", "https://news.example/2", "Thu, 01 Jan 1970 00:00:00 GMT")
    polled(sqlite_database, Reply(body=xml(items)))
    found = {
        row.title: (row.published_flag, row.published == row.seen)
        for row in rows(sqlite_database, schema.article)
    }
    assert found == {"Future": ("future", True), "Zero": ("absurd", True)}


def test_one_guid_for_all_entries_identifies_none_of_them(sqlite_database: Database) -> None:
    items = "".join(
        entry(f"Report {n} on the harbour", "same", f"https://news.example/{n}") for n in range(4)
    )
    report, _ = polled(sqlite_database, Reply(body=xml(items)))
    assert report.new == 4


def test_a_guid_that_is_used_again_for_another_article_makes_a_new_one(sqlite_database: Database) -> None:
    polled(
        sqlite_database, Reply(body=xml(entry("Envoys meet in the harbour", "7", "https://news.example/a")))
    )
    with sqlite_database.write() as connection:
        connection.execute(schema.feed.update().values(next_due=None, url="x"))
    report, _ = polled(
        sqlite_database, Reply(body=xml(entry("Storm closes every bridge", "7", "https://news.example/b")))
    )
    assert report.new == 1
    assert len(titles(sqlite_database)) == 2


def test_scripts_in_a_feed_reach_nobody(sqlite_database: Database) -> None:
    hostile = entry(
        "Envoys&lt;script&gt;alert(1)&lt;/script&gt; meet",
        text="&lt;img src=x onerror=alert(1)&gt;&lt;p&gt;They met.&lt;/p&gt;",
    )
    polled(sqlite_database, Reply(body=xml(hostile)))
    (article,) = rows(sqlite_database, schema.article)
    assert article.text == "They met."
    assert "script" not in article.title
