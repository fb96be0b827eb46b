"""Show how the feeds are doing where people look at the articles with another tool (Kibana), after every cycle."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pipeline.db import feeds as feed_rows
from pipeline.db import health as health_rows
from pipeline.db import poll_counts
from pipeline.db.engine import Database
from pipeline.db.feeds import FeedState
from pipeline.db.poll_counts import WEEK, PollCounts
from pipeline.fetch.policy import failure_told
from pipeline.health import Judgement, judge
from pipeline.index.base import Index
from pipeline.types import Feed, FeedHealth

_DAY = timedelta(days=1)


def show_feed_health(database: Database, index: Index, feeds: Mapping[str, Feed], now: datetime) -> None:
    """Write every listed feed's health into the index, if that keeps it. Raises IndexUnavailableError."""
    index.show_feeds(lambda: feed_health(database, feeds, now))


def feed_health(database: Database, feeds: Mapping[str, Feed], now: datetime) -> list[FeedHealth]:
    """How each listed feed has been doing up to `now`, in order of name, judged as `ceasefire health` judges it."""
    with database.read() as connection:
        states = feed_rows.states(connection, feeds)
        counts = poll_counts.of_last_week(connection, now)
        before = health_rows.known(connection)
        judged = {
            record.name: judge(record, now, before.get(record.name))
            for record in health_rows.records(connection, now)
        }
    return [
        _health(feeds[name], state, judged[name], counts.get(name, PollCounts()), now)
        for name, state in sorted(states.items())
        if name in judged
    ]


def _health(feed: Feed, state: FeedState, judged: Judgement, counts: PollCounts, now: datetime) -> FeedHealth:
    return FeedHealth(
        feed=feed,
        checked=now,
        state="new" if state.last_poll is None else judged.state,
        state_words=judged.detail,
        first_success=state.first_success,
        last_poll=state.last_poll,
        last_success=state.last_success,
        last_new=state.last_new,
        next_poll=None if state.gone else state.next_due,
        silent_since=state.last_new or state.first_success if judged.state == "silent" else None,
        failures=state.failures,
        failure=state.failure,
        failure_words="" if state.failure is None else failure_told(state.failure, state.failure_detail),
        problems=state.problems,
        moved_to=state.moved_to,
        interval_s=state.interval_s,
        polls=state.polls,
        polls_7d=counts.polls,
        failed_7d=counts.failed,
        new_24h=counts.new_in_last_day,
        new_7d=counts.new,
        entries_per_day=round(counts.new / _days_watched(state, now), 2),
        elapsed_s=counts.elapsed_s,
    )


def _days_watched(state: FeedState, now: datetime) -> float:
    """Days since the feed first answered, one at least and seven at most."""
    since = state.first_success or now
    return min(max((now - since) / _DAY, 1.0), WEEK / _DAY)
