"""Which feeds this process polls: claimed in small lots together with their domains, so that processes share the work.

    claim ─► feeds that are due, and the domains to ask ─► done ─► domains given back with what is left of their gap

A domain is asked by one process at a time, which keeps `per_domain` and `domain_gap_s` within itself. Nothing is waited
for while other domains have work.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pipeline.db import domains
from pipeline.db import feeds as feed_rows
from pipeline.db.engine import Database
from pipeline.db.feeds import FeedState
from pipeline.fetch.pacing import LocalPacer, registered_domain
from pipeline.fetch.policy import Move, address
from pipeline.fetch.settings import FetchSettings
from pipeline.types import Feed

LEASE = timedelta(minutes=20)
"""How long a claimed feed is ours without being renewed; a dead process's feeds come back after that."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One feed that is ours to poll, at the address to ask."""

    feed: Feed
    state: FeedState


class Claims:
    """The feeds and domains that this process holds. Not for several threads at once."""

    def __init__(
        self,
        database: Database,
        feeds: Mapping[str, Feed],
        settings: FetchSettings,
        pacer: LocalPacer,
        *,
        now: Callable[[], datetime],
        holder: str,
        only: Collection[str] | None = None,
    ) -> None:
        self._database = database
        self._feeds = feeds
        self._settings = settings
        self._pacer = pacer
        self._now = now
        self._holder = holder
        self._only = only
        self._lease = timedelta(seconds=settings.domain_lease_s)
        self._domains: dict[str, str] = {}
        self._waiting: Counter[str] = Counter()
        self._finished: set[str] = set()
        self._renewed = now()

    def next(self, limit: int) -> list[Claim]:
        """Up to `limit` further feeds that are due, now ours; domains that are finished go back on the way."""
        now = self._now()
        with self._database.write() as connection:
            self._give_back(connection, now)
            states = feed_rows.claim_due(
                connection, now, self._holder, LEASE, limit, self._only, besides=self._domains
            )
            claims = [self._claim(state) for state in states if state.name in self._feeds]
            asked = {claim.state.name: registered_domain(claim.feed.url) for claim in claims}
            taken = domains.take(
                connection, (name for name in asked.values() if name), self._holder, now, self._lease
            )
            lost = {name for name, domain in asked.items() if domain and domain not in taken}
            if lost:  # another process took the domain at the same moment
                feed_rows.release(connection, lost, self._holder)
            gates = domains.gates(connection, now)
        for domain, wait_s in taken.items():
            self._pacer.rest(domain, wait_s)
            if domain in gates:
                self._pacer.hold(domain, (gates[domain] - now).total_seconds())
        self._domains |= {state.name: "" for state in states}
        self._domains |= asked
        for name in lost:
            del self._domains[name]
        ours = [claim for claim in claims if claim.state.name not in lost]
        self._waiting.update(domain for name, domain in asked.items() if name not in lost)
        self._finished -= set(self._waiting)
        return ours

    def _claim(self, state: FeedState) -> Claim:
        feed = self._feeds[state.name]
        move = Move(state.moved_to, state.moved_since)
        url = address(feed.url, move, state.last_success, state.failures, self._settings)
        return Claim(replace(feed, url=url), state)

    def done(self, name: str) -> None:
        """This feed's poll is recorded, and with it its lease given back."""
        domain = self._domains.pop(name)
        self._waiting[domain] -= 1
        if not self._waiting[domain]:
            del self._waiting[domain]
            self._finished.add(domain)

    def skip(self, names: Iterable[str]) -> None:
        """Give feeds back that were not asked; they stay due."""
        names = list(names)
        with self._database.write() as connection:
            feed_rows.release(connection, names, self._holder)
        for name in names:
            self.done(name)

    def renew(self) -> None:
        """Prolong what is held, once a third of the domains' lease has gone by."""
        now = self._now()
        if now - self._renewed < self._lease / 3:
            return
        self._renewed = now
        with self._database.write() as connection:
            domains.renew(connection, self._holder, now, self._lease)
            feed_rows.renew(connection, self._domains, self._holder, now + LEASE)

    def elsewhere(self) -> int:
        """How many feeds are due that wait for another process to finish with their domain."""
        with self._database.read() as connection:
            return feed_rows.count_elsewhere(connection, self._now(), self._holder, self._only)

    def close(self) -> None:
        """Give back everything; feeds that were not polled stay due."""
        self._finished |= set(self._waiting)
        if not self._domains and not self._finished:
            return
        with self._database.write() as connection:
            feed_rows.release(connection, list(self._domains), self._holder)
            self._give_back(connection, self._now())
        self._domains.clear()
        self._waiting.clear()

    def _give_back(self, connection: Connection, now: datetime) -> None:
        rests_s = {domain: self._pacer.rest_s(domain) for domain in sorted(self._finished) if domain}
        domains.release(connection, rests_s, self._holder, now)
        self._finished.clear()
