"""Digest slots, quiet hours and caps in local time, with clocks that are put forward and back."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.cadence import after_cap, clock_time, day_start, due_slot, instant, is_open, quiet_until
from pipeline.errors import SettingsError
from pipeline.types import Alert

MADE = datetime(2025, 1, 1, tzinfo=UTC)
KYIV = Alert(1, "a", "issue:prisoners", ("a@example.org",), "daily", MADE, MADE, zone="Europe/Kyiv")
"""Kyiv puts its clocks forward on 30 March 2025 at 03:00 and back on 26 October at 04:00."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_daily_digest_falls_due_at_its_local_hour() -> None:
    assert due_slot(KYIV, at("2025-03-18T04:59")).key == "2025-03-17"  # type: ignore[union-attr]
    slot = due_slot(KYIV, at("2025-03-18T05:00"))
    assert slot is not None
    assert (slot.key, slot.at) == ("2025-03-18", at("2025-03-18T05:00"))


def test_an_alert_made_after_todays_hour_waits_for_tomorrows() -> None:
    alert = replace(KYIV, since=at("2025-03-18T08:00"))
    assert due_slot(alert, at("2025-03-18T09:00")) is None
    assert due_slot(alert, at("2025-03-19T05:00")) is not None


def test_a_local_time_that_does_not_exist_fires_at_the_next_one() -> None:
    alert = replace(KYIV, daily_at="03:30")
    assert due_slot(alert, at("2025-03-30T00:59")).key == "2025-03-29"  # type: ignore[union-attr]
    slot = due_slot(alert, at("2025-03-30T01:00"))
    assert slot is not None
    assert (slot.key, slot.at) == ("2025-03-30", at("2025-03-30T01:00"))


def test_a_local_time_that_comes_twice_fires_once_at_the_first() -> None:
    alert = replace(KYIV, daily_at="03:30")
    first, second = due_slot(alert, at("2025-10-26T00:30")), due_slot(alert, at("2025-10-26T01:30"))
    assert first == second
    assert first is not None
    assert first.at == at("2025-10-26T00:30")


def test_hourly_digests_have_one_slot_a_local_hour_over_both_changes() -> None:
    alert = replace(KYIV, cadence="hourly")

    def keys(start: datetime) -> list[str]:
        slots = [due_slot(alert, start + timedelta(minutes=30 * step)) for step in range(10)]
        return list(dict.fromkeys(slot.key for slot in slots if slot))

    assert keys(at("2025-03-29T23:00")) == [f"2025-03-30T{hour:02}" for hour in (1, 2, 4, 5, 6)]
    assert keys(at("2025-10-25T23:00")) == [f"2025-10-26T{hour:02}" for hour in (2, 3, 4, 5)]


def test_days_that_a_zone_skipped_whole_are_stepped_over() -> None:
    moment = instant(date(2011, 12, 30), time(12, 0), ZoneInfo("Pacific/Apia"))
    assert moment.astimezone(ZoneInfo("Pacific/Apia")).date() == date(2011, 12, 31)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2025-03-18T19:59", None),
        ("2025-03-18T20:00", "2025-03-19T05:00"),
        ("2025-03-19T04:59", "2025-03-19T05:00"),
        ("2025-03-19T05:00", None),
        ("2025-03-29T22:00", "2025-03-30T04:00"),
    ],
)
def test_quiet_hours_over_midnight(now: str, end: str | None) -> None:
    alert = replace(KYIV, quiet=("22:00", "07:00"))
    assert quiet_until(alert, at(now)) == (at(end) if end else None)


def test_quiet_hours_within_a_day() -> None:
    alert = replace(KYIV, quiet=("12:00", "14:00"))
    assert quiet_until(alert, at("2025-03-18T10:30")) == at("2025-03-18T12:00")
    assert quiet_until(alert, at("2025-03-18T12:30")) is None


def test_what_a_cap_held_back_comes_at_tomorrows_digest_hour_outside_quiet_hours() -> None:
    assert after_cap(KYIV, at("2025-03-18T20:00")) == at("2025-03-19T05:00")
    quiet = replace(KYIV, quiet=("22:00", "08:00"))
    assert after_cap(quiet, at("2025-03-18T15:00")) == at("2025-03-19T06:00")


def test_a_capped_day_begins_at_local_midnight() -> None:
    assert day_start(KYIV, at("2025-03-18T23:00")) == at("2025-03-18T22:00")


def test_paused_and_expired_alerts_are_not_open() -> None:
    assert is_open(KYIV, MADE)
    assert not is_open(replace(KYIV, paused=True), MADE)
    assert not is_open(replace(KYIV, expires=MADE), MADE)


@pytest.mark.parametrize("text", ["25:00", "7", "7:60", "noon", ""])
def test_what_is_no_time_of_day_says_so(text: str) -> None:
    with pytest.raises(SettingsError, match="HH:MM"):
        clock_time(text)
