"""Days, instants and relative times of a query, as half-open spans of UTC.

Accepted: 2025, 2025-03, 2025-03-18 (whole local years, months and days), 2025-03-18T12:30[:15[.250]][Z|+02:00]
(an instant; without an offset it is local), now, today, yesterday, and with -N or +N and a unit behind them
(now-7d, today-1w); `7d` alone is the last seven days. Units: min, h, d, w. "Local" is the zone of the query.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_OFFSET = re.compile(r"(?P<base>now|today|yesterday)(?:(?P<sign>[+-])(?P<count>\d{1,5})(?P<unit>min|h|d|w))?")
_LAST = re.compile(r"(?P<count>\d{1,5})(?P<unit>min|h|d|w)")
_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?")

EXPECTED = (
    "a day like 2025-03-18, a time like 2025-03-18T12:30, or a relative one like now-7d, yesterday or 7d"
)


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end), aware UTC, whole milliseconds. An instant is one millisecond long."""

    start: datetime
    end: datetime


def span(text: str, now: datetime, zone: ZoneInfo) -> Span:
    """What one value of a time field covers. Raises ValueError with a message that completes "… is not a time: "."""
    lower = text.strip().lower()
    if found := _LAST.fullmatch(lower):
        return Span(_whole_ms(now - int(found["count"]) * _UNITS[found["unit"]]), _after(now))
    if found := _OFFSET.fullmatch(lower):
        return _relative(found, now, zone)
    if found := _DATE.fullmatch(lower):
        return _calendar(found, zone)
    if _INSTANT.fullmatch(text.strip().upper()):
        instant = datetime.fromisoformat(text.strip().upper().replace("Z", "+00:00"))
        start = _whole_ms(instant if instant.tzinfo else instant.replace(tzinfo=zone))
        return Span(start, _after(start))
    raise ValueError(f"expected {EXPECTED}")


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC; a midnight that a clock change skips is the change itself."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _relative(found: re.Match[str], now: datetime, zone: ZoneInfo) -> Span:
    step = timedelta()
    if found["count"]:
        step = int(found["count"]) * _UNITS[found["unit"]] * (1 if found["sign"] == "+" else -1)
    if found["base"] == "now":
        return Span(_whole_ms(now + step), _after(now + step))
    day = now.astimezone(zone).date() - timedelta(days=found["base"] == "yesterday")
    if step % timedelta(days=1) == timedelta():
        return Span(day_start(day + step, zone), day_start(day + step + timedelta(days=1), zone))
    start = day_start(day, zone) + step
    return Span(start, _after(start))


def _calendar(found: re.Match[str], zone: ZoneInfo) -> Span:
    year, month, day = int(found["year"]), found["month"], found["day"]
    first = date(year, int(month or 1), int(day or 1))
    if day:
        following = first + timedelta(days=1)
    elif month:
        following = date(year + (first.month == 12), first.month % 12 + 1, 1)
    else:
        following = date(year + 1, 1, 1)
    return Span(day_start(first, zone), day_start(following, zone))


def _whole_ms(instant: datetime) -> datetime:
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _after(instant: datetime) -> datetime:
    return _whole_ms(instant) + timedelta(milliseconds=1)
