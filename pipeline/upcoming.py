"""The day that a sentence announces: "talks will be held on Sunday", as a date. Pure; English only, as the sentences are.

A day counts from when the sentence was published, in the reader's zone: a weekday is the next one of that name, a date
without a year the one nearest to it. A day of the telling ("said on Monday") is none of the event, and a vague time
("in the coming days") is no date.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH = "|".join(name.title() for name in _MONTHS)
_TIME = re.compile(
    rf"\b(?:(?P<next>next\s+)?(?P<weekday>{'|'.join(name.title() for name in _WEEKDAYS)})\b(?!,?\s+(?:\d|{_MONTH}))"
    r"|(?P<tomorrow>tomorrow)\b|(?P<week>next\s+week)\b|(?P<weekend>this\s+weekend)\b"
    rf"|(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})"
    rf"|(?P<month_first>{_MONTH})\s+(?P<day_last>\d{{1,2}})(?:st|nd|rd|th)?)\b(?:,?\s+(?P<year>20\d\d)\b)?)"
)
_TELLING = re.compile(
    r"\b(?:said|says|told|announced|confirmed|stated|reported|wrote|posted|added|spoke|declared|met|earlier|last|since)"
    r"(?:\s+\w+){0,3}?\s*(?:,\s*)?(?:on\s+|late\s+|early\s+)*$",
    re.IGNORECASE,
)
_LOOKED_BACK = 60


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """One day, or a few in a row; both are included."""

    first: date
    last: date

    def __str__(self) -> str:
        """ "Fri 21 Mar", "24 to 30 Mar"."""
        if self.first == self.last:
            return f"{self.first:%a} {self.first.day} {self.first:%b}"
        begin = (
            f"{self.first.day}"
            if self.first.month == self.last.month
            else f"{self.first.day} {self.first:%b}"
        )
        return f"{begin} to {self.last.day} {self.last:%b}"


def announced(sentence: str, published: datetime, zone: str) -> Day | None:
    """The first day that the sentence names for what is to come; None where it names none."""
    told = published.astimezone(ZoneInfo(zone)).date()
    for found in _TIME.finditer(sentence):
        if not _TELLING.search(sentence[max(0, found.start() - _LOOKED_BACK) : found.start()]):
            day = _resolved(found, told)
            if day is not None and day.last >= told:
                return day
    return None


def _resolved(found: re.Match[str], told: date) -> Day | None:
    part = found.groupdict()
    if part["weekday"]:
        ahead = (_WEEKDAYS.index(part["weekday"].lower()) - told.weekday()) % 7
        if part["next"] and ahead == 0:
            ahead = 7
        return _single(told + timedelta(days=ahead))
    if part["tomorrow"]:
        return _single(told + timedelta(days=1))
    monday = told - timedelta(days=told.weekday())
    if part["week"]:
        return Day(monday + timedelta(days=7), monday + timedelta(days=13))
    if part["weekend"]:
        return Day(monday + timedelta(days=5), monday + timedelta(days=6))
    month = _MONTHS.index((part["month"] or part["month_first"]).lower()) + 1
    number = int(part["day"] or part["day_last"])
    years = [int(part["year"])] if part["year"] else [told.year - 1, told.year, told.year + 1]
    return min(
        (day for year in years if (day := _dated(year, month, number))),
        key=lambda day: abs(day.first - told),
        default=None,
    )


def _dated(year: int, month: int, day: int) -> Day | None:
    try:
        return _single(date(year, month, day))
    except ValueError:  # 31 April, 29 February
        return None


def _single(day: date) -> Day:
    return Day(day, day)
