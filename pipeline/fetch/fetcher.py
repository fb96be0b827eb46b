"""Many polls at once: bounded over all hosts, paced for each domain, given back as they finish."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field

from pipeline.clock import Clock, utc_now
from pipeline.fetch.client import fetch_feed
from pipeline.fetch.pacing import LocalPacer, Monotonic, Pacer, Sleep, registered_domain
from pipeline.fetch.pool import HttpClient
from pipeline.fetch.settings import FetchSettings
from pipeline.types import Feed, FetchOutcome, Validators


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One feed that is due, with what its server told us last time."""

    feed: Feed
    validators: Validators = field(default_factory=Validators)


class Fetcher:
    """Polls feeds with the limits of `settings`.

    `now` gives the time stamped on outcomes (a simulated clock will do); `sleep` and `monotonic` serve pacing only.
    """

    def __init__(
        self,
        client: HttpClient,
        settings: FetchSettings,
        *,
        now: Clock = utc_now,
        pacer: Pacer | None = None,
        sleep: Sleep = asyncio.sleep,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._client = client
        self._settings = settings
        self._now = now
        self._pacer = pacer or LocalPacer(settings, sleep=sleep, clock=monotonic)
        self._places = asyncio.Semaphore(settings.concurrency)

    async def fetch_all(self, requests: Iterable[FetchRequest]) -> AsyncGenerator[FetchOutcome, None]:
        """Yield one outcome for each request, in the order in which they finish.

        Closing the iterator (or cancelling its task) cancels what is under way.
        """
        tasks = [asyncio.create_task(self.fetch(request)) for request in requests]
        try:
            for next_done in asyncio.as_completed(tasks):
                yield await next_done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        """Poll one feed when its domain's turn comes.

        A domain that asked to be left alone is not asked: its feeds come out as skipped, with the time that is left.
        """
        feed = request.feed
        domain = registered_domain(feed.url)
        async with self._pacer.turn(domain):
            async with self._places:
                pause_s = self._pacer.pause_s(domain)
                if pause_s > 0:
                    return self._left_alone(request, domain, pause_s)
                outcome = await fetch_feed(
                    self._client, feed, request.validators, self._settings, self._now()
                )
            if outcome.failure == "throttled":  # before the next in the queue gets the domain's turn
                asked_s = outcome.retry_after_s
                pause_s = self._settings.throttled_pause_s if asked_s is None else asked_s
                self._pacer.hold(domain, min(pause_s, self._settings.max_interval_s))
        return outcome

    def _left_alone(self, request: FetchRequest, domain: str, pause_s: float) -> FetchOutcome:
        return FetchOutcome(
            feed=request.feed.name,
            result="skipped",
            finished=self._now(),
            validators=request.validators,
            detail=f"not asked: {domain} wants to be left alone for another {pause_s:.0f} s",
            retry_after_s=pause_s,
        )
