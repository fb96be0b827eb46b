"""Dates as feeds write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dates import read_date


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("Wed, 25 Nov 2026 10:15:30 GMT", "2026-11-25T10:15:30"),
        ("Wed, 25 Nov 2026 10:15:30 +0200", "2026-11-25T08:15:30"),
        ("Wed, 25 Nov 2026 10:15:30 +02:00", "2026-11-25T08:15:30"),
        ("25 Nov 2026 10:15 -0330", "2026-11-25T13:45:00"),
        ("Wed, 25 Nov 26 10:15:30 Z", "2026-11-25T10:15:30"),
        ("Wed, 25 November 2026 10:15:30 EST", "2026-11-25T15:15:30"),
        ("Wed, 25 Nov 2026 10:15:30 EET", "2026-11-25T08:15:30"),
        ("Wed, 25 Nov 2026 10:15:30 MSK", "2026-11-25T07:15:30"),
        ("Wed, 25 Nov 2026 10:15:30 GMT+0300", "2026-11-25T07:15:30"),
        ("Wed, 25 Nov 2026 10:15:30 UTC+2", "2026-11-25T08:15:30"),
        ("Wednesday, 25-Nov-26 10:15:30 GMT", "2026-11-25T10:15:30"),
        ("Ср, 25 ноя 2026 10:15:30 +0300", "2026-11-25T07:15:30"),
        ("25 листопада 2026, 10:15 +0200", "2026-11-25T08:15:00"),
        ("Mi, 25. Dez. 2026 10:15:30 +0100", "2026-12-25T09:15:30"),
        ("mer, 25 févr. 2026 10:15:30 +0100", "2026-02-25T09:15:30"),
        ("2026-11-25T10:15:30Z", "2026-11-25T10:15:30"),
        ("2026-11-25T10:15:30.123456+02:00", "2026-11-25T08:15:30"),
        ("2026-11-25 10:15:30+02", "2026-11-25T08:15:30"),
        ("2026-11-25T10:15-0500", "2026-11-25T15:15:00"),
        ("2026/11/25 10:15:30 UTC", "2026-11-25T10:15:30"),
        ("November 25, 2026 10:15 PM EST", "2026-11-26T03:15:00"),
        ("Nov 25, 2026 12:05 AM GMT", "2026-11-25T00:05:00"),
        ("Wed Nov 25 10:15:30 GMT 2026", "2026-11-25T10:15:30"),
        ("Wed, 25 Nov 2026 24:00:00 GMT", "2026-11-26T00:00:00"),
        ("Wed, 25 Nov 2026 23:59:60 GMT", "2026-11-25T23:59:59"),
        ("1795601730", "2026-11-25T10:15:30"),
        ("1795601730000", "2026-11-25T10:15:30"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
    ],
)
def test_date_with_zone_is_utc(text: str, utc: str) -> None:
    assert read_date(text) == (datetime.fromisoformat(utc).replace(tzinfo=UTC), True)


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 25 Nov 2026 10:15:00",
        "2026-11-25T10:15:00",
        "2026-11-25 10:15",
        "25.11.2026 10:15",
        "25 Nov 2026 10:15",
        "November 25, 2026, 10:15",
        "Wed Nov 25 10:15:00 2026",
        "Wed, 25 Nov 2026 10:15:00 IST",
        "2026-11-25T10:15:00 Europe/Kyiv",
    ],
)
def test_date_without_a_known_zone_says_so(text: str) -> None:
    assert read_date(text) == (datetime(2026, 11, 25, 10, 15, tzinfo=UTC), False)


@pytest.mark.parametrize("text", ["2026-11-25", "25 Nov 2026", "25.11.2026", "November 25, 2026"])
def test_day_alone_is_its_midnight(text: str) -> None:
    assert read_date(text) == (datetime(2026, 11, 25, tzinfo=UTC), False)


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026", "2026-13-01", "2026-02-30T10:00:00Z", "Wed, 25 Foo 2026 10:00:00 GMT",
        "Wed, 25 Nov 2026 25:00:00 GMT", "Wed, 25 Nov 2026 10:00:00 +9900", "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00", "x" * 500,
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) == (None, False)


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    moment, has_zone = read_date(text)
    assert moment is None or moment.tzinfo is UTC
    assert not (moment is None and has_zone)


@given(
    st.datetimes(datetime.fromisoformat("1995-01-01"), datetime.fromisoformat("2100-01-01")),
    st.integers(-12 * 60, 14 * 60),
    st.sampled_from(["%a, %d %b %Y %H:%M:%S ", "%Y-%m-%dT%H:%M:%S", "%d %B %Y %H:%M:%S "]),
)
def test_date_is_read_back_in_any_zone(moment: datetime, offset_min: int, form: str) -> None:
    sign, minutes = ("-", -offset_min) if offset_min < 0 else ("+", offset_min)
    text = f"{moment:{form}}{sign}{minutes // 60:02}{minutes % 60:02}"
    expected = moment.replace(microsecond=0, tzinfo=UTC).timestamp() - offset_min * 60
    found, has_zone = read_date(text)
    assert found is not None
    assert (found.timestamp(), has_zone) == (expected, True)
