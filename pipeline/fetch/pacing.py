"""How fast one registered domain may be asked: few at once, a gap between them, silence where a server asked for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from pipeline.fetch.settings import FetchSettings

Sleep = Callable[[float], Awaitable[None]]
Monotonic = Callable[[], float]


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=65_536)
def _registered(host: str) -> str:
    return _suffixes().privatesuffix(host) or host


def registered_domain(url: str) -> str:
    """The domain that somebody registered: `feeds.example.co.uk` gives `example.co.uk`.

    From the public suffix list that the library publicsuffixlist brings along; nothing is downloaded. An IP address
    or a name without a known suffix is its own domain; a URL without host (`file:`) gives "".
    """
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if not host or ":" in host or host.replace(".", "").isdigit():
        return host
    return _registered(host)


class Pacer(Protocol):
    """Lends out turns to ask a domain within one process; between processes, domains are leased (`pipeline.db.domains`)."""

    def turn(self, domain: str) -> AbstractAsyncContextManager[None]:
        """A context in which one request to `domain` may run."""
        ...

    def pause_s(self, domain: str) -> float:
        """Seconds for which `domain` has asked to be left alone; 0 where it has not."""
        ...

    def hold(self, domain: str, seconds: float) -> None:
        """Leave `domain` alone for so long."""
        ...


@dataclass(slots=True)
class _Domain:
    slots: asyncio.Semaphore
    start: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_start: float = 0.0
    held_until: float = 0.0


class LocalPacer:
    """The pacer of one process. `sleep` and `clock` (monotonic seconds) are given in, for tests."""

    def __init__(
        self, settings: FetchSettings, *, sleep: Sleep = asyncio.sleep, clock: Monotonic = time.monotonic
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        self._domains: dict[str, _Domain] = {}

    def _domain(self, name: str) -> _Domain:
        known = self._domains.get(name)
        if known is None:
            known = self._domains[name] = _Domain(asyncio.Semaphore(self._settings.per_domain))
        return known

    @asynccontextmanager
    async def turn(self, domain: str) -> AsyncIterator[None]:
        """Wait for a free place and for the gap since the last start, and set the gap by how long this one took."""
        if not domain:  # a file has no server to spare
            yield
            return
        state = self._domain(domain)
        async with state.slots:
            async with state.start:
                if (wait_s := state.next_start - self._clock()) > 0:
                    await self._sleep(wait_s)
                started = self._clock()
                state.next_start = started + self._settings.domain_gap_s
            try:
                yield
            finally:
                took_s = self._clock() - started
                gap_s = self._settings.domain_gap_s
                if gap_s > 0:
                    gap_s = max(gap_s, took_s * self._settings.slow_host_factor)
                state.next_start = max(state.next_start, started + gap_s)

    def pause_s(self, domain: str) -> float:
        """Seconds for which `domain` has asked to be left alone."""
        known = self._domains.get(domain)
        return max(0.0, known.held_until - self._clock()) if known else 0.0

    def hold(self, domain: str, seconds: float) -> None:
        """Leave `domain` alone for so long; a longer hold stays."""
        state = self._domain(domain)
        state.held_until = max(state.held_until, self._clock() + seconds)

    def rest(self, domain: str, seconds: float) -> None:
        """Start no request to `domain` for so long: what another process left of its gap."""
        state = self._domain(domain)
        state.next_start = max(state.next_start, self._clock() + seconds)

    def rest_s(self, domain: str) -> float:
        """Seconds until the next request to `domain` may start: what to hand on to the next process."""
        known = self._domains.get(domain)
        return max(0.0, known.next_start - self._clock()) if known else 0.0
