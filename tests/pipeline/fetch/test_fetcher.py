"""Many polls at once against a real server."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.fetch.client import open_client
from pipeline.fetch.fetcher import Fetcher, FetchRequest
from pipeline.fetch.settings import FetchSettings
from pipeline.types import Feed, FetchOutcome
from tests.servers import FeedServer, Reply, item, rss

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SETTINGS = FetchSettings(allow_private_addresses=True, domain_gap_s=0, per_domain=50, concurrency=8)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def request(url: str, name: str = "test") -> FetchRequest:
    return FetchRequest(Feed(name, url, "Test", "Test", "UA", "ukraine", "en", "news"))


def fetch_all(requests: Iterable[FetchRequest], settings: FetchSettings = SETTINGS) -> list[FetchOutcome]:
    async def run() -> list[FetchOutcome]:
        async with open_client(settings) as client:
            fetcher = Fetcher(client, settings, now=lambda: NOW)
            return [outcome async for outcome in fetcher.fetch_all(requests)]

    return asyncio.run(run())


def test_every_request_gets_one_outcome(server: FeedServer) -> None:
    requests = [request(server.feed(f"/{n}", rss(item(n))), str(n)) for n in range(20)]
    requests.append(request(server.url("/missing"), "missing"))
    outcomes = fetch_all(requests)
    assert sorted(outcome.feed for outcome in outcomes) == sorted([*map(str, range(20)), "missing"])
    assert sum(outcome.result == "fetched" for outcome in outcomes) == 20


def test_requests_at_once_stay_within_the_limits(server: FeedServer) -> None:
    requests = [request(server.feed(f"/{n}", rss(item(n))), str(n)) for n in range(30)]
    fetch_all(requests, replace(SETTINGS, per_domain=3))
    assert server.most_at_once <= 3


def test_domain_that_asks_for_rest_is_not_asked_again(server: FeedServer) -> None:
    server.answer("/busy", Reply(429, headers={"Retry-After": "600"}))
    url = server.feed("/rss", rss(item()))
    outcomes = fetch_all(
        [request(server.url("/busy"), "first"), request(url, "second"), request(url, "third")],
        replace(SETTINGS, per_domain=1),
    )
    assert [outcome.result for outcome in outcomes] == ["failed", "skipped", "skipped"]
    assert [asked.path for asked in server.asked] == ["/busy"]
    assert "127.0.0.1" in outcomes[1].detail
    assert outcomes[1].retry_after_s is not None
    assert 590 < outcomes[1].retry_after_s <= 600


def test_closing_the_iterator_cancels_what_is_under_way(server: FeedServer) -> None:
    url = server.feed("/rss", rss(item()))
    silent = server.answer("/silent", Reply(silent_after=0))

    async def run() -> str:
        async with open_client(SETTINGS) as client:
            outcomes = Fetcher(client, SETTINGS).fetch_all([request(silent, "silent"), request(url, "good")])
            first = await anext(outcomes)
            await outcomes.aclose()  # type: ignore[attr-defined]
            return first.feed

    assert asyncio.run(asyncio.wait_for(run(), 10)) == "good"
