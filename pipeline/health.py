"""Is a feed well? Judged against its own last 28 days, so that a weekly bulletin and a wire are both understood. Pure.

What is judged: that it answers, that it is not silent for much longer than it ever was, and that it brings about as
much a day as it used to. A change stays until it is over, or has become the feed's habit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal

State = Literal["well", "failing", "gone", "silent", "volume", "idle"]

MONITOR = "monitor"
"""The subject that stands for ourselves: nothing was polled."""

DAYS = 28
FAILING_AFTER = 3
"""Polls that must fail in a row: most troubles pass by themselves."""
IDLE_AFTER = timedelta(hours=3)
"""When nothing at all was polled for so long, it is us: no feed's own interval explains it."""

LEAST_NEWS = 5
"""Times with something new in 28 days below which a feed's rhythm cannot be told."""
LEAST_SILENCE = timedelta(days=1)
SILENCE_FACTOR = 2.0
"""Silent is who says nothing for twice as long as the longest pause of 28 days, which has weekends and a holiday in it."""

LEAST_DAYS = 14
"""Watched days without which nothing is said of rhythm and volume: two weekends."""
LEAST_VOLUME = 5
"""Entries a day below which a quiet day means nothing."""
VOLUME_FACTOR = 2.0
"""Changed is a day with less than half of the least, or more than twice the most, of any day before it."""
LEAST_RISE = 10
"""And more by so many: a busy day of a small feed is no change."""


@dataclass(frozen=True, slots=True)
class Day:
    """Twenty-four hours of one feed: good polls, and new entries."""

    polls: int
    new: int


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one feed. `news`: when something new came in the last 28 days, in order. `days[n]`: the 24 hours
    that ended n days ago; days without a good poll are absent. Times are UTC; None: never."""

    name: str
    outlet: str
    failures: int = 0
    failure: str = ""
    gone: bool = False
    covered_by: str | None = None
    first_success: datetime | None = None
    last_success: datetime | None = None
    last_poll: datetime | None = None
    last_new: datetime | None = None
    news: Sequence[datetime] = ()
    days: Mapping[int, Day] | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """How a subject was found at the last look, since when, and which state the operator was told of."""

    state: State
    since: datetime
    detail: str = ""
    told: State = "well"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state, with the reason in words; "" where it is well."""

    state: State
    detail: str = ""


WELL = Judgement("well")


@dataclass(frozen=True, slots=True)
class Tally:
    """Listed feeds counted by their last poll alone, however well they were before: `failed` (the `gone` are among
    them), and `waiting` for their first one."""

    feeds: int
    failed: int
    gone: int
    waiting: int

    def __str__(self) -> str:
        gone = f" ({self.gone} of them gone for good)" if self.gone else ""
        return f"{self.failed} failed at the last poll{gone}, {self.waiting} not asked yet"


def judge(record: Record, now: datetime, before: Known | None = None) -> Judgement:
    """How a feed is. `before`: how it was found last; a change of volume is measured by the days before it began."""
    if record.gone:
        return Judgement(
            "gone", f"it is not polled any more: {record.failure or 'its server says that it is gone'}"
        )
    if record.failures >= FAILING_AFTER:
        since = f"it answered last on {_at(record.last_success)}; " if record.last_success else ""
        return Judgement("failing", f"{since}{record.failures} polls failed in a row: {record.failure}")
    if record.covered_by is not None or record.first_success is None:
        return WELL
    if now - record.first_success < timedelta(days=LEAST_DAYS):
        return WELL  # its weeks are not known yet
    return _silence(record, now) or _volume(record, now, before) or WELL


def judge_monitor(records: Sequence[Record], now: datetime) -> Judgement:
    """Whether we are polling at all."""
    polls = [record.last_poll for record in records if record.last_poll is not None]
    if not polls or now - max(polls) < IDLE_AFTER:
        return WELL
    return Judgement(
        "idle",
        f"no feed was polled since {_at(max(polls))}: `ceasefire watch`, or the schedule that runs `ceasefire run`, "
        "has stopped. What the feeds say meanwhile comes with the next poll, as far as they still list it.",
    )


def _silence(record: Record, now: datetime) -> Judgement | None:
    last = record.last_new or record.first_success
    if last is None:
        return None
    silence = now - last
    if len(record.news) < LEAST_NEWS:
        if silence <= timedelta(days=DAYS):
            return None
        return Judgement("silent", f"it answers, and has brought nothing new since {_at(last)}")
    longest = max(later - earlier for earlier, later in pairwise(record.news))
    if silence <= max(LEAST_SILENCE, longest * SILENCE_FACTOR):
        return None
    return Judgement(
        "silent",
        f"it answers, and has brought nothing new for {_span(silence)}; in the {DAYS} days before, its longest pause "
        f"was {_span(longest)}",
    )


def _volume(record: Record, now: datetime, before: Known | None) -> Judgement | None:
    days = record.days or {}
    began = before.since if before is not None and before.state == "volume" else now
    settled = (record.first_success or now) + timedelta(days=1)  # the first poll brings what the feed held
    usual = [
        day
        for back, day in days.items()
        if now - timedelta(days=back) <= began - timedelta(days=1)
        and now - timedelta(days=back + 1) >= settled
    ]  # fmt: skip
    today = days.get(0)
    if today is None or len(usual) < LEAST_DAYS:
        return None
    polls = median(day.polls for day in usual)
    usual = [day for day in usual if day.polls * 2 >= polls]
    if len(usual) < LEAST_DAYS or today.polls * 2 < polls:
        return None  # not watched as usual: nothing can be said
    counts = [day.new for day in usual]
    least, most = min(counts), max(counts)
    changed = before is not None and before.state == "volume"
    low = median(counts) >= LEAST_VOLUME and today.new < (least if changed else least / VOLUME_FACTOR)
    high = today.new > (most if changed else most * VOLUME_FACTOR) and today.new - most >= LEAST_RISE
    if not low and not high:
        return None
    how = "few" if low else "many"
    return Judgement(
        "volume",
        f"unusually {how} new entries in the last 24 hours: {today.new}; on the days before there were {least} to {most}",
    )


def _at(moment: datetime) -> str:
    return f"{moment:%d %b %Y %H:%M} UTC"


def _span(span: timedelta) -> str:
    hours = round(span / timedelta(hours=1))
    days, rest = divmod(hours, 24)
    if not days:
        return f"{hours} h"
    return f"{days} d {rest} h" if rest else f"{days} d"
