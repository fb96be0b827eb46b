"""Charts as numbers for SVG: bars, a line with its band, cells of a heat map. Pure; the templates draw them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.index.base import Bucket

WIDTH, HEIGHT = 720.0, 88.0
MOST_BARS = 120


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; x, y, width and height in the chart's own units. `first` and `last`: the local days that it spans."""

    x: float
    y: float
    width: float
    height: float
    count: int
    first: date
    last: date
    label: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Articles over time. `ticks`: (x, text) below the bars. `interval` in words."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    highest: int
    interval: str
    width: float = WIDTH
    height: float = HEIGHT


def interval_for(days: int) -> str:
    """The finest interval that gives a readable number of bars."""
    return (
        "hour" if days <= 2 else "day" if days <= MOST_BARS else "week" if days <= 7 * MOST_BARS else "month"
    )


def histogram(buckets: Sequence[Bucket], interval: str, zone: str) -> Histogram:
    """Bars for buckets that follow each other; none for no buckets."""
    if not buckets:
        return Histogram((), (), 0, interval)
    highest = max(bucket.count for bucket in buckets)
    slot = WIDTH / max(len(buckets), 12)
    start = (WIDTH - slot * len(buckets)) / 2
    gap = 0.16 if slot > 3 else 0.0
    bars: list[Bar] = []
    for place, bucket in enumerate(buckets):
        height = max(HEIGHT * bucket.count / highest, 1.5) if bucket.count else 0.0
        first = bucket.start.astimezone(ZoneInfo(zone))
        last = (bucket.end - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        bars.append(
            Bar(
                round(start + slot * (place + gap / 2), 2),
                round(HEIGHT - height, 2),
                round(slot * (1 - gap), 2),
                round(height, 2),
                bucket.count,
                first.date(),
                last.date(),
                _label(first, interval),
            )
        )
    return Histogram(tuple(bars), _ticks(bars), highest, interval)


def merged(buckets: Sequence[Bucket], months: bool, zone: str) -> list[Bucket]:
    """Days joined into weeks from Monday, or calendar months, in `zone`."""
    result: list[Bucket] = []
    kept: object = None
    local = ZoneInfo(zone)
    for bucket in buckets:
        at = bucket.start.astimezone(local)
        key = (at.year, at.month) if months else at.isocalendar()[:2]
        if result and key == kept:
            result[-1] = Bucket(result[-1].start, bucket.end, result[-1].count + bucket.count)
        else:
            result.append(bucket)
        kept = key
    return result


def _label(moment: datetime, interval: str) -> str:
    if interval == "hour":
        return f"{moment.day} {moment:%b %H:%M}"
    if interval == "week":
        return f"week of {moment.day} {moment:%b %Y}"
    return f"{moment:%B %Y}" if interval == "month" else f"{moment:%a} {moment.day} {moment:%b %Y}"


def _ticks(bars: Sequence[Bar]) -> tuple[tuple[float, str], ...]:
    """The first bar, the last, and one or two between, where there is room."""
    if len(bars) == 1:
        return ((bars[0].x + bars[0].width / 2, bars[0].label),)
    wanted = (0, len(bars) - 1) if len(bars) < 8 else (0, len(bars) // 2, len(bars) - 1)
    return tuple((bars[place].x + bars[place].width / 2, bars[place].label) for place in wanted)


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A few small bars: (x, y, width, height, count)."""

    bars: tuple[tuple[float, float, float, float, int], ...]
    width: float
    height: float
    words: str


def sparkline(counts: Sequence[int], words: str, width: float = 84.0, height: float = 18.0) -> Sparkline:
    """Counts over equal spans, the latest last; `words` say the same to those who do not see it."""
    highest = max(counts, default=0)
    slot = width / max(len(counts), 1)
    bars = tuple(
        (round(place * slot, 2), round(height - _rise(count, highest, height), 2), round(slot * 0.72, 2),
         round(_rise(count, highest, height), 2), count)
        for place, count in enumerate(counts)
    )  # fmt: skip
    return Sparkline(bars, width, height, words)


def _rise(count: int, highest: int, height: float) -> float:
    return max(height * count / highest, 1.0) if count else 0.6


@dataclass(frozen=True, slots=True)
class Band:
    """Volume by day against its own past: `points` and `band` are SVG point lists, `usual` the middle line's height."""

    bars: tuple[Bar, ...]
    low: float
    high: float
    usual: float
    ticks: tuple[tuple[float, str], ...]
    highest: int
    width: float = WIDTH
    height: float = 120.0


def band(days: Sequence[tuple[date, int]], low: float, usual: float, high: float) -> Band:
    """The last days as bars, over the band that the days before them make."""
    height = 120.0
    highest = max(*(count for _, count in days), round(high), 1)
    slot = WIDTH / max(len(days), 1)
    bars = tuple(
        Bar(
            round(place * slot + slot * 0.08, 2), round(height * (1 - count / highest), 2), round(slot * 0.84, 2),
            round(height * count / highest, 2), count, day, day, f"{day:%a} {day.day} {day:%b}",
        )
        for place, (day, count) in enumerate(days)
    )  # fmt: skip

    def level(value: float) -> float:
        return round(height * (1 - min(value, highest) / highest), 2)

    return Band(bars, level(low), level(high), level(usual), _ticks(bars), highest)


def usual_range(counts: Sequence[int]) -> tuple[float, float, float]:
    """The 10th, 50th and 90th percentile of the days before: what is ordinary. Zeros where there is no past."""
    if not counts:
        return 0.0, 0.0, 0.0
    ordered = sorted(counts)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return at(0.1), at(0.5), at(0.9)


def shade(count: int, highest: int) -> int:
    """0 (nothing) to 5 (the most): the step of a heat map's cell, by square root, since counts are skewed."""
    if count <= 0 or highest <= 0:
        return 0
    return max(1, min(5, round(5 * math.sqrt(count / highest))))
