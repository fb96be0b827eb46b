"""Moments as people write them on the command line."""

from datetime import UTC, datetime

import pytest

from pipeline.errors import SettingsError
from pipeline.periods import parse_moment

NOW = datetime(2025, 3, 18, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("7d", "UTC", datetime(2025, 3, 11, 9, 30, tzinfo=UTC)),
        ("36h", "UTC", datetime(2025, 3, 16, 21, 30, tzinfo=UTC)),
        ("2025-03-10", "UTC", datetime(2025, 3, 10, tzinfo=UTC)),
        ("2025-03-10", "Europe/Kyiv", datetime(2025, 3, 9, 22, tzinfo=UTC)),
        ("yesterday 18:00", "UTC", datetime(2025, 3, 17, 18, tzinfo=UTC)),
        ("yesterday at 18:00", "Europe/Kyiv", datetime(2025, 3, 17, 16, tzinfo=UTC)),
        ("today 06:15", "UTC", datetime(2025, 3, 18, 6, 15, tzinfo=UTC)),
        ("2025-03-17T18:00", "Europe/Kyiv", datetime(2025, 3, 17, 16, tzinfo=UTC)),
    ],
)
def test_a_moment_is_understood_in_the_readers_zone(text: str, zone: str, expected: datetime) -> None:
    assert parse_moment(text, NOW, zone) == expected


@pytest.mark.parametrize("text", ["soon", "yesterday 25:00", "2025-02-30", ""])
def test_what_is_no_moment_says_what_may_be_written(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a moment"):
        parse_moment(text, NOW)


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(SettingsError, match="no time zone 'Mars/Base'"):
        parse_moment("7d", NOW, "Mars/Base")
