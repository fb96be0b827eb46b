"""When an article was published, as far as its feed can be believed. Pure. DESIGN: "Times"."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.types import Entry, TimeFlag

FUTURE_TOLERANCE: Final = timedelta(minutes=10)
"""Clocks of two machines differ by less; what is further ahead is a wrong zone or a planned release."""

EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)
"""No news site is older: earlier dates are zeroes (1970, 0001, 1899) of somebody's database."""


def publication_time(entry: Entry, time_zone: str, seen: datetime) -> tuple[datetime, TimeFlag]:
    """Publication time (aware UTC) and how it came about.

    `time_zone` (IANA) holds where the feed states none; `seen` is when we first saw the entry (aware UTC) and stands in
    for a time that is missing, absurd or more than ten minutes ahead. Of published and updated, the first believable
    one counts.
    """
    moments = [moment for moment in (entry.published, entry.updated) if moment is not None]
    if not moments:
        return seen, "undated"
    flag: TimeFlag = "absurd"
    for moment in moments:
        stated = moment if entry.date_has_zone else _in_zone(moment, time_zone)
        if stated < EARLIEST:
            continue
        if stated > seen + FUTURE_TOLERANCE:
            flag = "future"
            continue
        return stated, "stated" if entry.date_has_zone else "assumed-zone"
    return seen, flag


def _in_zone(moment: datetime, time_zone: str) -> datetime:
    """Read the wall-clock time of `moment` in `time_zone`; of a repeated hour the first one."""
    try:
        return moment.replace(tzinfo=_zone(time_zone)).astimezone(UTC)
    except OverflowError:
        return moment


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
