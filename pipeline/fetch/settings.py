"""Every number that decides how we treat other people's servers, each with its reason."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from pipeline.types import FailureKind, Kind

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0


def _start_intervals() -> dict[Kind, float]:
    return {
        "news": 30 * MINUTE,
        "opinion": 60 * MINUTE,
        "wire": 15 * MINUTE,
        "government": 15 * MINUTE,
        "official-channel": 15 * MINUTE,
    }


def _failure_weights() -> dict[FailureKind, float]:
    return {
        "timeout": 1.0,
        "connect": 1.0,
        "http-5xx": 1.0,
        "bad-response": 1.0,
        "dns": 2.0,
        "tls": 2.0,
        "not-a-feed": 2.0,
        "throttled": 2.0,
        "too-large": 4.0,
        "http-4xx": 4.0,
        "redirect": 4.0,
        "forbidden-address": 4.0,
        "file": 1.0,
        "gone": 4.0,
    }


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How feeds are fetched and how often. Durations are in seconds, sizes in bytes after decompression."""

    contact: str = ""
    """Mail address or page of whoever runs this; sent in the User-Agent, so that a server's owner can complain
    to a person instead of blocking us."""

    concurrency: int = 32
    """Requests under way at once over all hosts: a laptop's line is not full, and a cycle of 80 feeds takes seconds."""

    per_domain: int = 2
    """Requests under way at once to one registered domain: what a reader with two tabs does."""

    domain_gap_s: float = 5.0
    """Rest between two requests to one registered domain."""

    slow_host_factor: float = 2.0
    """The rest grows to this many times what the last answer took: a host in trouble is asked less."""

    connect_timeout_s: float = 10.0
    """For name look-up, TCP and TLS each: beyond it a host is down, not slow."""

    read_timeout_s: float = 20.0
    """Longest silence within an answer: slow generators of feeds need up to 15 s for their first byte."""

    total_timeout_s: float = 60.0
    """Whole poll with redirects: ends servers that send one byte a second for ever."""

    max_body_bytes: int = 16 * 1024 * 1024
    """Largest honest feeds (full text, 300 entries) are about 10 MB."""

    max_redirects: int = 5
    """Browsers allow 20, honest chains (http, https, www, new path) need 4."""

    redirect_held_s: float = 7 * DAY
    """A permanent redirect is believed once it has held this long: sites under repair send wrong ones for a day."""

    accept_language: str = ""
    """Empty: none is sent, so that servers do not choose an edition by our machine's place."""

    allow_private_addresses: bool = False
    """True lets feeds point into the operator's own network (CEASEFIRE_ALLOW_PRIVATE_ADDRESSES=1)."""

    http2: bool = True
    """Fewer connections where servers speak it; everything works without."""

    full_fetch_every: int = 50
    """About every 50th poll goes without validators: some servers answer 304 for ever."""

    start_interval_s: "MappingProxyType[Kind, float]" = field(
        default_factory=lambda: MappingProxyType(_start_intervals())
    )
    """First poll interval by kind: wires and governments publish what alerts are about, so they come faster."""

    min_interval_s: float = 10 * MINUTE
    """No feed is polled more often, however busy it is."""

    max_interval_s: float = DAY
    """No feed is polled less often, whatever it or its server asks: also the cap of every back-off."""

    fast_max_interval_s: float = 2 * HOUR
    """The same for wires and government feeds: they may be silent for a week and then matter at once."""

    jitter: float = 0.1
    """Share of the interval by which a poll may come later, so that feeds do not march in step."""

    quiet_factor: float = 3.0
    """In hours of the day in which a feed has never brought anything, a poll may come this many times later, but not
    later than the hour's end. Wires and government feeds have no such hours."""

    quiet_from_entries: int = 100
    """New entries that must have come before their hours are believed: about a week of a small newspaper."""

    covered_checks: int = 3
    """So many full fetches in a row (about one a day) on which another feed of the same domain carries every entry of
    this one; from then on this one is polled only every `max_interval_s`, to see whether that still holds."""

    domain_lease_s: float = 120.0
    """How long a process holds a domain without renewing it: a process that died delays the next one by no more."""

    domain_wait_s: float = 60.0
    """How long a process with nothing else to do waits for domains that another process asks; then it leaves those
    feeds to the next cycle."""

    readers: int = 0
    """Processes that read documents once many are waiting; 0: as many as there are cores, 1: none besides this one."""

    page_timeout_s: float = 10.0
    """Whole time for one article page: it brings text only, so it is not worth more."""

    page_max_bytes: int = 5 * 1024 * 1024
    """Pages larger than this are applications, not articles."""

    page_budget_s: float = 60.0
    """Time a cycle spends on article pages after its feeds; what is left waits for the next cycle. 0: none are read."""

    page_tries: int = 4
    """Tries at a page that answers 408, 429 or 5xx, or not in time; other answers are final."""

    page_retry_s: float = 15 * MINUTE
    """Unit of the linear back-off between tries at one page."""

    page_max_age_s: float = 3 * DAY
    """A page that could not be read within this time is given up, and one that was is not looked at again: its news is
    old."""

    page_check_s: float = HOUR
    """So long after a page was read it is looked at again (with a conditional GET), to see whether it was edited; each
    further look comes after twice as long, until `page_max_age_s`: most edits come early. 0: never."""

    page_check_budget_s: float = 20.0
    """Time a cycle spends on looking at pages again, after the new ones; what is left waits for the next cycle."""

    robots_ttl_s: float = DAY
    """How long a robots.txt is believed (RFC 9309 section 2.4: a day at most)."""

    failure_weight: "MappingProxyType[FailureKind, float]" = field(
        default_factory=lambda: MappingProxyType(_failure_weights())
    )
    """Back-off is linear: failures in a row x weight x `failure_step_s`. Passing troubles weigh 1, likely lasting
    ones 2, what only a person can mend 4."""

    failure_step_s: float = 15 * MINUTE
    """Unit of the back-off."""

    warn_after_failures: int = 5
    """Failures in a row after which an operator is told: before, most troubles pass by themselves."""

    throttled_pause_s: float = 10 * MINUTE
    """Pause after 429 or 503 whose Retry-After is missing or cannot be read."""

    forbidden_is_throttling_after: int = 2
    """Repeated 403 is how many shields say "too fast": from the second in a row on it is treated like 429."""

    @property
    def user_agent(self) -> str:
        """Product, purpose and contact, as RFC 9110 section 10.1.5 recommends."""
        contact = f"; +{self.contact}" if self.contact else ""
        return f"CeasefireMonitor/1.0 (news feed reader{contact})"
