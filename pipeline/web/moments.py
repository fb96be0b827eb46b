"""Times as readers see them: in their own zone, which is named, with UTC at hand. Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup


def local(moment: datetime, zone: str) -> datetime:
    """The moment on the clock of `zone`."""
    return moment.astimezone(ZoneInfo(zone))


def day(moment: datetime, zone: str) -> str:
    """Tuesday 18 March 2025."""
    at = local(moment, zone)
    return f"{at:%A} {at.day} {at:%B %Y}"


def clock(moment: datetime, zone: str) -> str:
    """14:05."""
    return f"{local(moment, zone):%H:%M}"


def short(moment: datetime, zone: str, now: datetime) -> str:
    """14:05 for today, 18 Mar 14:05 for this year, 18 Mar 2024 before."""
    at, today = local(moment, zone), local(now, zone)
    if at.date() == today.date():
        return f"{at:%H:%M}"
    if at.year == today.year:
        return f"{at.day} {at:%b %H:%M}"
    return f"{at.day} {at:%b %Y}"


def full(moment: datetime, zone: str) -> str:
    """18 Mar 2025 14:05 EET."""
    at = local(moment, zone)
    name = at.strftime("%Z")
    return f"{at.day} {at:%b %Y %H:%M} {name if name.isalpha() else zone}"


def in_utc(moment: datetime) -> str:
    """What hovering shows: 18 Mar 2025 12:05:30 UTC."""
    at = local(moment, "UTC")
    return f"{at.day} {at:%b %Y %H:%M:%S} UTC"


def element(moment: datetime, text: str) -> Markup:
    """A <time> with the reader's words, UTC on hover and for machines."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(rfc3339(moment), in_utc(moment), text)


def rfc3339(moment: datetime) -> str:
    """For machines, in UTC."""
    return local(moment, "UTC").isoformat().replace("+00:00", "Z")


def ago(moment: datetime, now: datetime) -> str:
    """How long since, or until: "12 minutes ago", "in 3 hours"."""
    span = now - moment
    ahead = span < timedelta(0)
    minutes = round(abs(span).total_seconds() / 60)
    if minutes == 0:
        return "just now"
    words = _span(minutes)
    return f"in {words}" if ahead else f"{words} ago"


def _span(minutes: int) -> str:
    for size, name in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size * (2 if name == "day" else 1):
            count = round(minutes / size)
            return f"{count} {name}" + ("" if count == 1 else "s")
    return "less than a minute"
