"""Moments that people write on the command line: `7d`, `36h`, `2026-11-20`, `yesterday 18:00`. Pure."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import SettingsError
from pipeline.query import times

_CLOCK = re.compile(r"(?P<day>.+?)\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})")


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises SettingsError for one that is not there."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(f"there is no time zone {name!r}; use a name like Europe/Kyiv") from error


def period(
    since: str | None, until: str | None, now: datetime, zone: str = "UTC"
) -> tuple[datetime | None, datetime | None]:
    """Both ends of a time as people write them (`parse_moment`); None: open. Raises SettingsError where it is empty."""
    begin = parse_moment(since, now, zone) if since else None
    end = parse_moment(until, now, zone) if until else None
    if begin is not None and end is not None and begin >= end:
        raise SettingsError(
            f"nothing lies between {since} and {until}: the start ({begin:%d %b %Y %H:%M} UTC) must lie before the end "
            f"({end:%d %b %Y %H:%M} UTC)"
        )
    return begin, end


def parse_moment(text: str, now: datetime, zone: str = "UTC") -> datetime:
    """The moment that `text` means, aware UTC: what a query's time field takes, and a day with a clock time behind it.

    Days and clock times are local to `zone`. Raises SettingsError with what may be written.
    """
    local = zone_of(zone)
    clock = _CLOCK.fullmatch(text.strip())
    try:
        start = times.span(clock["day"] if clock else text, now, local).start
        if clock is None:
            return start
        day = start.astimezone(local)
        return day.replace(hour=int(clock["hour"]), minute=int(clock["minute"])).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SettingsError(
            f"{text!r} is not a moment: {error}; a day with a clock time, 'yesterday 18:00', will do too"
        ) from error
