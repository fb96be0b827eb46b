"""Time buckets of a histogram: local hours, days, weeks (from Monday) and months, as UTC instants. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipeline.errors import QueryError
from pipeline.index.base import Bucket, Interval
from pipeline.index.fields import from_ms, to_ms
from pipeline.query.times import day_start

GRAIN_MS = 15 * 60 * 1000
"""Every zone of today begins its days and hours at a quarter of an hour of UTC, so quarters can be summed up."""

MAX_BUCKETS = 20_000


def buckets(counts: Mapping[int, int], interval: Interval, zone: ZoneInfo, query: str) -> tuple[Bucket, ...]:
    """`counts`: hits by quarter of an hour (milliseconds // GRAIN_MS). From the first non-empty bucket to the last.

    Raises QueryError (about `query`) for more than MAX_BUCKETS.
    """
    if not counts:
        return ()
    quarters = sorted(counts)
    first, last = (from_ms(quarter * GRAIN_MS) for quarter in (quarters[0], quarters[-1]))
    edges: list[datetime] = []
    for edge in _edges(first, interval, zone):
        edges.append(edge)
        if edge > last:
            break
        if len(edges) > MAX_BUCKETS:
            raise QueryError(
                f"More than {MAX_BUCKETS} {interval}s; take a longer interval or less time", query, 0
            )
    totals = dict.fromkeys(edges[:-1], 0)
    following = iter(pairwise(edges))
    start, end = next(following)
    for quarter in quarters:
        moment = from_ms(quarter * GRAIN_MS)
        while moment >= end:
            start, end = next(following)
        totals[start] += counts[quarter]
    return tuple(Bucket(start, end, totals[start]) for start, end in pairwise(edges))


def bucket_start(moment_ms: int, interval: Interval, zone: ZoneInfo) -> int:
    """The start, in milliseconds, of the bucket that holds a moment."""
    return to_ms(next(_edges(from_ms(moment_ms), interval, zone)))


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
