"""How fast one registered domain is asked, on a clock that only sleeping moves."""

import asyncio
from dataclasses import replace

import pytest

from pipeline.fetch.pacing import LocalPacer, registered_domain
from pipeline.fetch.settings import FetchSettings

SETTINGS = FetchSettings(per_domain=2, domain_gap_s=5, slow_host_factor=2)


class Clock:
    """Simulated seconds: sleeping takes no time but moves the clock."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://feeds.bbci.co.uk/news/rss.xml", "bbci.co.uk"),
        ("https://www.pravda.com.ua/rss/", "pravda.com.ua"),
        ("https://www.mil.gov.ua/rss.xml", "mil.gov.ua"),
        ("http://en.kremlin.ru/events/all/feed", "kremlin.ru"),
        ("https://a.github.io/feed", "a.github.io"),
        ("https://EXAMPLE.org.:8443/feed", "example.org"),
        ("http://127.0.0.1:8000/rss", "127.0.0.1"),
        ("http://[::1]:8000/rss", "::1"),
        ("http://localhost/rss", "localhost"),
        ("file:///srv/feed.xml", ""),
    ],
)
def test_registered_domain(url: str, domain: str) -> None:
    assert registered_domain(url) == domain


def starts(settings: FetchSettings, took_s: float, count: int) -> list[float]:
    """When `count` requests to one domain start, each taking `took_s`."""
    clock = Clock()
    pacer = LocalPacer(settings, sleep=clock.sleep, clock=clock)
    seen: list[float] = []

    async def ask() -> None:
        async with pacer.turn("example.org"):
            seen.append(clock.now)
            clock.now += took_s

    async def run() -> None:
        await asyncio.gather(*(ask() for _ in range(count)))

    asyncio.run(run())
    return seen


def test_requests_to_one_domain_keep_the_gap() -> None:
    assert starts(SETTINGS, 0, 3) == [0, 5, 10]


def test_slow_host_is_asked_at_longer_gaps() -> None:
    assert starts(replace(SETTINGS, per_domain=1), 20, 2) == [0, 40]


def test_gap_of_zero_does_not_wait() -> None:
    assert starts(replace(SETTINGS, domain_gap_s=0), 0, 3) == [0, 0, 0]


def test_no_more_than_the_allowed_number_run_at_once() -> None:
    pacer = LocalPacer(replace(SETTINGS, domain_gap_s=0))
    at_once = most = 0

    async def ask() -> None:
        nonlocal at_once, most
        async with pacer.turn("example.org"):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1

    async def run() -> None:
        await asyncio.gather(*(ask() for _ in range(10)))

    asyncio.run(run())
    assert most == 2


def test_other_domains_and_files_do_not_wait() -> None:
    clock = Clock()
    pacer = LocalPacer(SETTINGS, sleep=clock.sleep, clock=clock)

    async def run() -> None:
        for domain in ("a.example", "b.example", "", "", ""):
            async with pacer.turn(domain):
                pass

    asyncio.run(run())
    assert clock.now == 0


def test_hold_counts_down_and_the_longer_one_stays() -> None:
    clock = Clock()
    pacer = LocalPacer(SETTINGS, sleep=clock.sleep, clock=clock)
    assert pacer.pause_s("example.org") == 0
    pacer.hold("example.org", 100)
    pacer.hold("example.org", 50)
    clock.now += 30
    assert pacer.pause_s("example.org") == 70
    assert pacer.pause_s("other.example") == 0
    clock.now += 100
    assert pacer.pause_s("example.org") == 0
