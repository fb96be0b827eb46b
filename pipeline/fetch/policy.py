"""When is a feed due next, and what does its failure mean? Pure: outcomes, counts and a random number come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.fetch.settings import FetchSettings
from pipeline.types import FailureKind, FetchOutcome, Kind

_FAST_KINDS: Final = frozenset({"wire", "government", "official-channel"})


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When to poll again. `due` is None where polling stopped for good; `reason` says why it is then, for people."""

    due: datetime | None
    reason: str


def start_interval_s(kind: Kind, settings: FetchSettings) -> float:
    """The interval of a feed that nothing is known about."""
    return settings.start_interval_s[kind]


def learned_interval_s(interval_s: float, new_entries: int, kind: Kind, settings: FetchSettings) -> float:
    """The next interval of a feed that was polled after `interval_s` and brought `new_entries`.

    Aims at about one new entry a poll: each poll moves the interval by at most a half down or a fifth up, so that one
    quiet night does not make a wire slow. Stays within the settings' bounds for the kind.
    """
    if new_entries == 0:
        wanted = interval_s * 1.2
    else:
        wanted = max(interval_s / 2, interval_s / (1 + 0.1 * new_entries))
    longest = settings.fast_max_interval_s if kind in _FAST_KINDS else settings.max_interval_s
    return min(max(wanted, settings.min_interval_s), longest)


def wants_full_fetch(polls: int, settings: FetchSettings) -> bool:
    """Whether poll number `polls` (from 1) of a feed should go without validators."""
    return polls % settings.full_fetch_every == 0


def quiet_until(due: datetime, hours: Sequence[int], settings: FetchSettings) -> datetime | None:
    """The end of the quiet hours in which `due` (UTC) falls, or None where it falls in none.

    `hours`: how many new entries came in each hour of the day, 24 counts. Nothing is quiet until enough have come.
    """
    if len(hours) != 24 or sum(hours) < settings.quiet_from_entries or hours[due.hour]:
        return None
    end = due.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while not hours[end.hour]:  # ends, because at least one hour has entries
        end += timedelta(hours=1)
    return end


def counted_hours(hours: Sequence[int], at: datetime, new: int) -> list[int]:
    """`hours` with `new` more entries that came at `at`; halved once they are many, so that habits may change."""
    counts = list(hours) if len(hours) == 24 else [0] * 24
    counts[at.hour] += new
    return [count // 2 for count in counts] if sum(counts) > _HOURS_REMEMBERED else counts


_HOURS_REMEMBERED: Final = 5000


def next_poll(
    outcome: FetchOutcome,
    settings: FetchSettings,
    *,
    interval_s: float,
    failures: int,
    jitter: float,
    ttl_min: int | None = None,
    kind: Kind = "news",
    hours: Sequence[int] = (),
    covered: bool = False,
) -> NextPoll:
    """Decide when the feed of `outcome` is due again.

    `interval_s`: its interval while all is well; `failures`: how many failed in a row, this one included (0 after a
    success); `jitter`: a random number from 0 to 1; `ttl_min`: minutes that the document itself asked for; `hours`: see
    `quiet_until`; `covered`: another feed carries all that this one does.
    """
    if outcome.failure == "gone":
        return NextPoll(None, "stopped: the server says that this feed is gone for good (410)")
    if outcome.result == "failed":
        wait_s, reason = _after_failure(outcome, settings, interval_s, failures)
    elif covered:
        wait_s, reason = settings.max_interval_s, "another feed carries all of it"
    else:
        wait_s, reason = _after_success(outcome, settings, interval_s, ttl_min)
    wait_s = min(wait_s, settings.max_interval_s)
    due = outcome.finished + timedelta(seconds=wait_s)
    if outcome.result != "failed" and kind not in _FAST_KINDS:
        quiet = quiet_until(due, hours, settings)
        later = outcome.finished + timedelta(
            seconds=min(wait_s * settings.quiet_factor, settings.max_interval_s)
        )
        if quiet is not None and later > due:
            due, reason = min(later, quiet), "it never brings anything at this hour"
    due += timedelta(seconds=wait_s * settings.jitter * min(max(jitter, 0.0), 1.0))
    return NextPoll(due, reason)


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect that a feed's server sends, and since when it has."""

    to: str | None = None
    since: datetime | None = None


NOT_MOVED: Final = Move()


def address(
    listed: str, move: Move, last_success: datetime | None, failures: int, settings: FetchSettings
) -> str:
    """Where to ask: at the address that a long-standing permanent redirect gave, else as `listed`.

    Every third failure in a row is answered by a try at the listed address: the new one may have been a mistake.
    """
    if move.to is None or move.since is None or last_success is None:
        return listed
    believed = (last_success - move.since).total_seconds() >= settings.redirect_held_s
    return move.to if believed and not (failures and failures % 3 == 0) else listed


def moved(move: Move, outcome: FetchOutcome, asked: str) -> Move:
    """What is known of a feed's move after a good poll at the address `asked`."""
    if asked == move.to:  # asked at its new place: a further move goes on from there
        return move if outcome.permanent_url is None else Move(outcome.permanent_url, move.since)
    if outcome.permanent_url is None:
        return NOT_MOVED
    return move if outcome.permanent_url == move.to else Move(outcome.permanent_url, outcome.finished)


def _after_success(
    outcome: FetchOutcome, settings: FetchSettings, interval_s: float, ttl_min: int | None
) -> tuple[float, str]:
    wait_s, reason = max(interval_s, settings.min_interval_s), "its own pace"
    if ttl_min is not None and ttl_min * 60 > wait_s:
        wait_s, reason = ttl_min * 60, f"the feed asks for {ttl_min} min between polls"
    if outcome.max_age_s is not None and outcome.max_age_s > wait_s:
        wait_s, reason = (
            outcome.max_age_s,
            f"the server calls its answer fresh for {outcome.max_age_s / 60:.0f} min",
        )
    return wait_s, reason


def _after_failure(
    outcome: FetchOutcome, settings: FetchSettings, interval_s: float, failures: int
) -> tuple[float, str]:
    kind = effective_failure(outcome, failures, settings)
    back_off_s = max(failures, 1) * settings.failure_weight[kind] * settings.failure_step_s
    wait_s, reason = max(interval_s, back_off_s), f"failed {max(failures, 1)} times in a row"
    if kind == "throttled":
        asked_s = outcome.retry_after_s
        wait_s = max(settings.throttled_pause_s if asked_s is None else asked_s, settings.min_interval_s)
        reason = "the server asked to be left alone"
        if asked_s is None and failures > 1:  # it gave no time, and the first guess was too short
            wait_s = max(wait_s, back_off_s)
    elif outcome.retry_after_s is not None:
        wait_s = max(wait_s, outcome.retry_after_s)
    return wait_s, reason


def effective_failure(outcome: FetchOutcome, failures: int, settings: FetchSettings) -> FailureKind:
    """The kind to act on: repeated 403 means "too fast" from most shields, so it is handled as throttling."""
    assert outcome.failure is not None
    if outcome.status == 403 and failures >= settings.forbidden_is_throttling_after:
        return "throttled"
    return outcome.failure


_WORDS: Final[dict[FailureKind, str]] = {
    "dns": "Its host name is not known. Check the address for a slip; the site may have moved or be down.",
    "connect": "Its server does not accept connections. Mostly passes by itself.",
    "tls": "Its certificate is not valid or no secure connection came about. Check the host name; the site must mend it.",
    "timeout": "Its server is too slow to answer. Mostly passes by itself.",
    "http-4xx": "Its server refuses this address. Check whether the feed has moved or wants a login.",
    "http-5xx": "Its server has a fault of its own. Mostly passes by itself.",
    "gone": "Its server says that it is gone for good. It is not polled any more: find its new address or remove it.",
    "throttled": "Its server asks to be left alone for a while, and is.",
    "redirect": "It redirects to nowhere useful. Open it in a browser and enter the address that works.",
    "too-large": "It is larger than the limit (max_body_bytes). Look for a shorter feed of the same outlet.",
    "forbidden-address": "It leads into a private network. Allow that with CEASEFIRE_ALLOW_PRIVATE_ADDRESSES=1 if meant.",
    "not-a-feed": "What comes is not a feed, often a web page or a consent page. Check the address in a browser.",
    "bad-response": "Its answer breaks off or breaks the rules of HTTP. Mostly passes by itself.",
    "file": "The file cannot be read. Check the path and its permissions.",
}


def failure_words(kind: FailureKind) -> str:
    """What a failure of this kind means and what to do, in an operator's words."""
    return _WORDS[kind]


def failure_told(kind: FailureKind, detail: str | None) -> str:
    """What went wrong, what that means and what to do: whole sentences, the same wherever a feed's failure is told."""
    return ". ".join(filter(None, ((detail or "").rstrip(". "), failure_words(kind))))


WHY: Final[dict[FailureKind, str]] = {
    "dns": "its name cannot be found",
    "connect": "its server does not answer",
    "tls": "its certificate or encryption is broken",
    "timeout": "its server is too slow",
    "http-4xx": "its server refuses us",
    "http-5xx": "its server is in trouble",
    "gone": "it says that it is gone for good",
    "throttled": "its server asks us to come less often",
    "redirect": "it leads us in circles",
    "too-large": "it is larger than we take",
    "forbidden-address": "it points into a private network",
    "not-a-feed": "what it sends is no feed",
    "bad-response": "its answer is broken",
    "file": "its file cannot be read",
}
"""Why a poll failed, in half a sentence."""
