"""What the log of polls says of each feed over the last days."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from pipeline.db import schema

WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PollCounts:
    """Polls of one feed in a week: how many, how many failed, new entries in it and in its last day, and the mean time
    of an answer in seconds."""

    polls: int = 0
    failed: int = 0
    new: int = 0
    new_in_last_day: int = 0
    elapsed_s: float | None = None


def of_last_week(connection: Connection, now: datetime) -> dict[str, PollCounts]:
    """By feed name; feeds that were not polled in the week before `now` are absent."""
    poll = schema.poll.c
    rows = connection.execute(
        select(
            poll.feed,
            func.count(),
            func.count().filter(poll.result == "failed"),
            func.sum(poll.new),
            func.coalesce(func.sum(poll.new).filter(poll.at > now - _DAY), 0),
            func.avg(poll.elapsed_s),
        )
        .where(poll.at > now - WEEK, poll.at <= now)
        .group_by(poll.feed)
    )
    return {
        name: PollCounts(int(polls), int(failed), int(new), int(new_day), float(elapsed_s))
        for name, polls, failed, new, new_day, elapsed_s in rows
    }
