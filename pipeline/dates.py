"""Dates as feeds write them, to aware UTC. Pure.

feedparser reads many forms too, but takes a missing or unknown zone for UTC without saying so, and gives up on RFC 822
dates without zone; a monitor must know which of its times were guesses.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_ZONE_HOURS: Final[dict[str, float]] = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "met": 1, "cest": 2, "mest": 2,
    "eet": 2, "sast": 2, "eest": 3, "msk": 3, "msd": 4, "trt": 3, "gst": 4, "pkt": 5, "sgt": 8, "hkt": 8, "jst": 9,
    "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "adt": -3, "ast": -4, "edt": -4, "est": -5,
    "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
}  # fmt: skip
"""Abbreviations with one likely meaning in news feeds. IST and others with several are left out: zone unknown."""

_MONTH_STARTS: Final[dict[str, int]] = {
    start: number
    for number, starts in enumerate(
        (
            "jan janv sty янв січ oca ene gen",
            "feb fév fev fevr lut фев лют şub",
            "mar mär mrt мар бер",
            "apr avr kwi апр кві nis abr",
            "may mai maj mag мая май тра",
            "jun juin cze июн чер haz giu",
            "jul juil lip июл лип tem lug",
            "aug aoû aou sie авг сер ağu ago",
            "sep sept wrz сен вер eyl set",
            "oct okt paź окт жов eki ott",
            "nov lis ноя лис kas",
            "dec dez déc gru дек гру ara dic",
        ),
        start=1,
    )
    for start in starts.split()
}

_ZONE: Final = r"(?P<zone>[+-]\d{1,2}:?\d{2}|[+-]\d{2}|(?:gmt|utc)[+-]\d{1,2}(?::?\d{2})?|[a-z]{1,5}\b)?"
_TIME: Final = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*(?P<half>[ap]\.?m\b\.?)?\s*"
    + _ZONE
)
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # ISO 8601 and RFC 3339
        r"\s*(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:[t\s]+" + _TIME + r")?",
        # RFC 822 and RFC 2822, day names and months in several languages
        r"\s*(?:[^\W\d_]{2,12}\.?,?\s+)?(?P<day>\d{1,2})\.?[\s-]+(?P<name>[^\W\d_]{3,12})\.?,?[\s-]+(?P<year>\d{4}|\d{2})\b"
        r"(?:,?\s+" + _TIME + r")?",
        # March 4, 2025, 10:15 AM
        r"\s*(?:[^\W\d_]{2,12}\.?,\s+)?(?P<name>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})"
        r"(?:,?\s+(?:[-–]\s+)?" + _TIME + r")?",
        # asctime: Tue Mar  4 10:15:00 2025
        r"\s*(?:[a-z]{3})\s+(?P<name>[a-z]{3})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
        r"\s+(?P<zone>[a-z]{3,5})?\s*(?P<half>)(?P<year>\d{4})",
        # 04.03.2025 10:15, as Ukrainian, Russian and German sites write it
        r"\s*(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?:,?\s+" + _TIME + r")?",
    )
)
_LONGEST: Final = 100
_EPOCH: Final = re.compile(r"\s*(\d{10})(\d{3})?\s*")


def read_date(text: str) -> tuple[datetime | None, bool]:
    """Read a date and tell whether it says its zone.

    Returns (aware UTC time, True), or (time as if it were UTC, False) where no zone or an unknown one is given, or
    (None, False) where the text is not a date. Never raises.
    """
    if not text or len(text) > _LONGEST:
        return None, False
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC), True
    for form in _FORMS:
        if found := form.match(text):
            return _moment(found)
    return None, False


def _moment(found: re.Match[str]) -> tuple[datetime | None, bool]:
    parts = found.groupdict()
    month = int(parts["month"]) if parts.get("month") else _month(parts["name"])
    year = int(parts["year"])
    if len(parts["year"]) == 2:  # RFC 2822 section 4.3
        year += 2000 if year < 50 else 1900
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        hour = hour % 12 + (12 if parts["half"][0] in "pP" else 0)
    second = min(int(parts["second"] or 0), 59)  # leap seconds exist, datetime knows none
    days = 1 if hour == 24 else 0
    try:
        moment = datetime(
            year, month, int(parts["day"]), 0 if days else hour, int(parts["minute"] or 0), second, tzinfo=UTC
        )
        offset = _offset(parts["zone"])
        return moment + timedelta(days=days) - (offset or timedelta()), offset is not None
    except (ValueError, OverflowError):
        return None, False


def _month(name: str) -> int:
    """1 to 12 for a month's name or abbreviation, 0 for any other word."""
    name = name.lower()
    return _MONTH_STARTS.get(name[:4]) or _MONTH_STARTS.get(name[:3]) or 0


def _offset(zone: str | None) -> timedelta | None:
    if not zone:
        return None
    zone = zone.lower()
    if zone in _ZONE_HOURS:
        return timedelta(hours=_ZONE_HOURS[zone])
    zone = zone.removeprefix("gmt").removeprefix("utc")
    if zone[:1] not in ("+", "-"):
        return None
    digits = zone[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset
