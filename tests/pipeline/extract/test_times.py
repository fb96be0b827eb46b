"""When an article was published, as far as its feed can be believed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.times import publication_time
from tests.samples import entry

SEEN = datetime(2025, 3, 18, 18, 0, tzinfo=UTC)


def at(
    published: datetime | None, updated: datetime | None = None, *, zone: bool = True, time_zone: str = "UTC"
) -> tuple[datetime, str]:
    return publication_time(entry(published=published, updated=updated, date_has_zone=zone), time_zone, SEEN)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_stated_time_is_taken() -> None:
    assert at(utc(2025, 3, 18, 12)) == (utc(2025, 3, 18, 12), "stated")


def test_time_without_zone_is_read_in_the_feeds_own() -> None:
    assert at(utc(2025, 3, 18, 12), zone=False, time_zone="Europe/Moscow") == (
        utc(2025, 3, 18, 9),
        "assumed-zone",
    )
    assert at(utc(2025, 3, 18, 12), zone=False) == (utc(2025, 3, 18, 12), "assumed-zone")


def test_summer_time_of_the_zone_is_counted() -> None:
    assert at(utc(2024, 7, 1, 12), zone=False, time_zone="Europe/Kyiv")[0] == utc(2024, 7, 1, 9)
    assert at(utc(2024, 12, 1, 12), zone=False, time_zone="Europe/Kyiv")[0] == utc(2024, 12, 1, 10)


def test_ten_minutes_ahead_are_forgiven_and_more_becomes_first_seen() -> None:
    assert at(SEEN + timedelta(minutes=10)) == (SEEN + timedelta(minutes=10), "stated")
    assert at(SEEN + timedelta(minutes=11)) == (SEEN, "future")


def test_missing_time_is_first_seen() -> None:
    assert at(None) == (SEEN, "undated")


@pytest.mark.parametrize("moment", [utc(1970, 1, 1), utc(1, 1, 1), utc(1899, 12, 30), utc(1994, 12, 31)])
def test_zeroes_of_databases_are_absurd(moment: datetime) -> None:
    assert at(moment) == (SEEN, "absurd")


def test_absurd_publication_falls_back_to_the_update() -> None:
    assert at(utc(1970, 1, 1), utc(2025, 3, 18, 12)) == (utc(2025, 3, 18, 12), "stated")


def test_update_stands_in_for_a_missing_publication() -> None:
    assert at(None, utc(2025, 3, 18, 12)) == (utc(2025, 3, 18, 12), "stated")


@pytest.mark.parametrize("time_zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_ends_of_the_calendar_do_not_break(time_zone: str) -> None:
    assert at(utc(1, 1, 1), zone=False, time_zone=time_zone) == (SEEN, "absurd")
    assert at(utc(9999, 12, 31, 23), zone=False, time_zone=time_zone) == (SEEN, "future")


@given(st.datetimes(), st.booleans(), st.sampled_from(["UTC", "Europe/Kyiv", "Asia/Kolkata"]))
def test_result_is_aware_utc_and_never_far_ahead(moment: datetime, zone: bool, time_zone: str) -> None:
    published, flag = at(moment.replace(tzinfo=UTC), zone=zone, time_zone=time_zone)
    assert published.utcoffset() == timedelta()
    assert published <= SEEN + timedelta(minutes=10)
    assert flag in ("stated", "assumed-zone", "future", "absurd")
