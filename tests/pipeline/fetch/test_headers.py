"""What headers say about time."""

from datetime import UTC, datetime

import pytest

from pipeline.fetch.headers import http_date, max_age_s, retry_after_s

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
NINE = "Wed, 25 Nov 2026 09:00:00 GMT"
TEN = "Wed, 25 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize("text", ["", "soon", "Wed, 99 Nov 2026 09:00:00 GMT", "0", "-1"])
def test_unreadable_dates_are_none(text: str) -> None:
    assert http_date(text) is None


def test_dates_are_aware_and_utc() -> None:
    assert http_date("Wed, 25 Nov 2026 11:00:00 +0200") == NOW


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": 'public, Max-Age="600"'}, 600),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "900"}, 0),
        ({"cache-control": "max-age=600", "age": "old"}, 600),
        ({"cache-control": "s-maxage=60"}, None),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "no-store", "expires": TEN}, None),
        ({"expires": TEN}, 3600),
        ({"expires": TEN, "date": TEN}, 0),
        ({"expires": "0"}, None),
        ({"cache-control": "max-age=60", "expires": TEN}, 60),
    ],
)
def test_max_age(headers: dict[str, str], expected: float | None) -> None:
    assert max_age_s(headers, NOW) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 7.5 "}, 7.5),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "later"}, None),
        ({"retry-after": TEN}, 3600),
        ({"retry-after": TEN, "date": NINE}, 3600),
        ({"retry-after": NINE, "date": TEN}, 0),
        ({"retry-after": TEN, "date": "broken"}, 3600),
    ],
)
def test_retry_after(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_s(headers, NOW) == expected
