"""When an alert may speak: digest slots, quiet hours and daily caps in the alert's own time zone.

Local times follow RFC 5545's plain sense: one that does not exist (clocks put forward) is taken at the next that does,
one that comes twice (clocks put back) at its first occurrence.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.errors import SettingsError
from pipeline.periods import zone_of
from pipeline.types import Alert

CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Slot:
    """One digest that is due: `key` names it (local date, or date and hour), `at` is when it fell due, UTC."""

    key: str
    at: datetime


def clock_time(text: str) -> time:
    """HH:MM to a time of day. Raises SettingsError."""
    found = CLOCK.fullmatch(text.strip())
    if found is None:
        raise SettingsError(f"{text!r} is not a time of day; write HH:MM, for example 07:00")
    return time(int(found[1]), int(found[2]))


def instant(day: date, at: time, tz: ZoneInfo) -> datetime:
    """The UTC instant of a local time: the first of two, or the next that exists (days have been skipped whole)."""
    local = datetime.combine(day, at)
    for _ in range(2 * 24 * 60):
        moment = local.replace(tzinfo=tz).astimezone(UTC)
        if moment.astimezone(tz).replace(tzinfo=None) == local:
            return moment
        local += timedelta(minutes=1)
    raise AssertionError("no time zone skips two days")


def due_slot(alert: Alert, now: datetime) -> Slot | None:
    """The latest digest of an hourly or daily alert that has fallen due by `now`, after the alert's `since`.

    Earlier ones that were missed are joined into it, so there is never more than one. None for instant alerts and
    before the first one. Whether it was given out already is for the caller to look up by its key.
    """
    tz = zone_of(alert.zone)
    local = now.astimezone(tz)
    if alert.cadence == "hourly":
        slot = Slot(f"{local:%Y-%m-%dT%H}", instant(local.date(), time(local.hour), tz))
    elif alert.cadence == "daily":
        at = clock_time(alert.daily_at)
        day = local.date()
        if instant(day, at, tz) > now:
            day -= timedelta(days=1)
        slot = Slot(day.isoformat(), instant(day, at, tz))
    else:
        return None
    return slot if slot.at > alert.since else None


def quiet_until(alert: Alert, now: datetime) -> datetime | None:
    """When the quiet hours that `now` falls into end, UTC; None outside them. They may span midnight."""
    if alert.quiet is None:
        return None
    tz = zone_of(alert.zone)
    begin, end = (clock_time(text) for text in alert.quiet)
    today = now.astimezone(tz).date()
    for day in (today - timedelta(days=1), today):
        last_day = day if begin < end else day + timedelta(days=1)
        if instant(day, begin, tz) <= now < instant(last_day, end, tz):
            return instant(last_day, end, tz)
    return None


def day_start(alert: Alert, now: datetime) -> datetime:
    """The beginning of the alert's local day that `now` falls into, UTC: daily caps count from there."""
    tz = zone_of(alert.zone)
    return instant(now.astimezone(tz).date(), time(0), tz)


def after_cap(alert: Alert, now: datetime) -> datetime:
    """When what a daily cap held back is told: at the digest hour of the next local day, after quiet hours, UTC."""
    tz = zone_of(alert.zone)
    tomorrow = now.astimezone(tz).date() + timedelta(days=1)
    at = instant(tomorrow, clock_time(alert.daily_at), tz)
    return quiet_until(alert, at) or at


def is_open(alert: Alert, now: datetime) -> bool:
    """Whether the alert is at work: neither paused nor past its expiry."""
    return not alert.paused and (alert.expires is None or now < alert.expires)
