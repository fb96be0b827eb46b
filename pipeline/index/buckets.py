"""Time buckets of a histogram: local hours, days, weeks (from Monday) and months, as UTC instants. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QueryError
from pipeline.index.base import Bucket, Interval
from pipeline.index.fields import from_ms, to_ms
from pipeline.query.times import day_start

GRAIN_MS = 15 * 60 * 1000
"""Every zone of today begins its days and hours at a quarter of an hour of UTC, so quarters can be summed up."""

QUARTERS = 4
"""Of an hour."""

MAX_BUCKETS = 20_000


def buckets(
    first_quarter: int, counts: NDArray[np.int64], interval: Interval, zone: ZoneInfo, query: str
) -> tuple[Bucket, ...]:
    """From the first non-empty bucket to the last, empty ones between them included.

    `counts`: hits in each quarter of an hour from `first_quarter` (milliseconds since 1970 // GRAIN_MS) on; the first
    and last are not 0. Raises QueryError (about `query`) for more than MAX_BUCKETS.
    """
    if not len(counts):
        return ()
    last_quarter = first_quarter + len(counts) - 1
    edges = _edges_over(
        bucket_start(first_quarter * GRAIN_MS, interval, zone), last_quarter * GRAIN_MS, interval, zone
    )
    if len(edges) > MAX_BUCKETS:
        raise QueryError(
            f"More than {MAX_BUCKETS:,} {interval}s; take a longer interval or less time", query, 0
        )
    before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    places = np.array([quarter for _, quarter in edges]) - first_quarter
    sums = np.diff(before[np.clip(places, 0, len(counts))]).tolist()
    return tuple(
        Bucket(start, end, count) for ((start, _), (end, _)), count in zip(pairwise(edges), sums, strict=True)
    )


def bucket_start(moment_ms: int, interval: Interval, zone: ZoneInfo) -> datetime:
    """The start of the bucket that holds a moment."""
    return next(_edges(from_ms(moment_ms), interval, zone))


def bucket_end(start: datetime, interval: Interval, zone: ZoneInfo) -> datetime:
    """The end of the bucket that begins at `start`."""
    edges = _edges(start, interval, zone)
    next(edges)
    return next(edges)


def too_many_buckets(interval: Interval, query: str) -> QueryError:
    """For more than MAX_BUCKETS."""
    return QueryError(f"More than {MAX_BUCKETS:,} {interval}s; take a longer interval or less time", query, 0)


def _edges_over(
    first: datetime, last_ms: int, interval: Interval, zone: ZoneInfo
) -> list[tuple[datetime, int]]:
    """Boundaries, each with its number of quarters since 1970, from `first` to the one behind `last_ms`; stops where
    there are too many."""
    begin, last = to_ms(first) // GRAIN_MS, last_ms // GRAIN_MS
    if interval == "hour":
        hours = range(min((last - begin) // QUARTERS + 2, MAX_BUCKETS + 1))
        return [(first + timedelta(hours=hour), begin + QUARTERS * hour) for hour in hours]
    edges: list[tuple[datetime, int]] = []
    month = first.astimezone(zone).date().replace(day=1)
    while len(edges) <= MAX_BUCKETS:
        for edge in _edges_of_month(month, interval, zone):
            if edge[1] >= begin:
                edges.append(edge)
                if edge[1] > last:
                    return edges
        month = _next(month, "month")
    return edges


@lru_cache(maxsize=4096)
def _edges_of_month(month: date, interval: Interval, zone: ZoneInfo) -> tuple[tuple[datetime, int], ...]:
    """The days or weeks of a local month that begins on this day, each with its number of quarters since 1970: they are the
    same for every query, and time zones make them dear."""
    begin, end = day_start(month, zone), day_start(_next(month, "month"), zone)
    edges = takewhile(lambda edge: edge < end, _edges(begin, interval, zone))
    return tuple((edge, to_ms(edge) // GRAIN_MS) for edge in edges if edge >= begin)


def _edges(first: datetime, interval: Interval, zone: ZoneInfo) -> Iterator[datetime]:
    """Boundaries from the one at or before `first` on, in UTC."""
    local = first.astimezone(zone)
    if interval == "hour":
        edge = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        while True:
            yield edge
            edge += timedelta(hours=1)
    day = local.date()
    if interval == "week":
        day -= timedelta(days=day.weekday())
    elif interval == "month":
        day = day.replace(day=1)
    while True:
        yield day_start(day, zone)
        day = _next(day, interval)


def _next(day: date, interval: Interval) -> date:
    if interval == "month":
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=7 if interval == "week" else 1)
