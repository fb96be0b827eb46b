"""When a feed is asked and where: its quiet hours, its moves, and another feed that carries all of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.fetch.policy import NOT_MOVED, Move, address, counted_hours, moved, next_poll, quiet_until
from pipeline.fetch.settings import HOUR, FetchSettings
from pipeline.types import FetchOutcome

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
SETTINGS = FetchSettings()
DAYTIME = tuple(0 if hour < 6 else 20 for hour in range(24))
GOOD = FetchOutcome("f", "unchanged", NOW)


def due(**more: object) -> datetime:
    found = next_poll(GOOD, SETTINGS, interval_s=HOUR, failures=0, jitter=0.0, **more)  # type: ignore[arg-type]
    assert found.due is not None
    return found.due


def test_a_paper_that_never_publishes_at_night_is_asked_less_then() -> None:
    assert due(hours=DAYTIME) == NOW + timedelta(hours=3)


def test_the_first_poll_of_the_morning_is_not_put_off() -> None:
    late = replace(GOOD, finished=datetime(2026, 11, 25, 4, 30, tzinfo=UTC))
    found = next_poll(late, SETTINGS, interval_s=HOUR, failures=0, jitter=0.0, hours=DAYTIME)
    assert found.due == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    assert "this hour" in found.reason


def test_wires_have_no_quiet_hours() -> None:
    assert due(hours=DAYTIME, kind="wire") == NOW + timedelta(hours=1)


def test_a_feed_that_is_hardly_known_has_no_quiet_hours() -> None:
    assert quiet_until(NOW, (0,) * 12 + (5,) * 12, SETTINGS) is None
    assert quiet_until(NOW, (), SETTINGS) is None


def test_hours_are_counted_where_entries_came_and_old_habits_fade() -> None:
    assert counted_hours((), NOW, 3)[1] == 3
    assert sum(counted_hours((0, 6000, *(0,) * 22), NOW, 1)) == 3000


def test_a_feed_that_another_one_carries_is_asked_once_a_day() -> None:
    assert due(covered=True) == NOW + timedelta(days=1)


def asked(move: Move, last_success: datetime, failures: int = 0) -> str:
    return address("https://old.example/rss", move, last_success, failures, SETTINGS)


def test_a_permanent_redirect_is_followed_without_asking_once_it_has_held_for_a_week() -> None:
    move = moved(NOT_MOVED, replace(GOOD, permanent_url="https://new.example/rss"), "https://old.example/rss")
    assert asked(move, NOW + timedelta(days=6)) == "https://old.example/rss"
    assert asked(move, NOW + timedelta(days=7)) == "https://new.example/rss"


def test_the_new_address_is_remembered_after_polls_of_it() -> None:
    """There the server redirects no more, which does not mean that the old address holds again."""
    move = Move("https://new.example/rss", NOW)
    assert moved(move, GOOD, "https://new.example/rss") == move
    onwards = moved(move, replace(GOOD, permanent_url="https://newer.example/rss"), "https://new.example/rss")
    assert onwards == Move("https://newer.example/rss", NOW)


def test_a_redirect_that_ends_is_forgotten() -> None:
    assert moved(Move("https://new.example/rss", NOW), GOOD, "https://old.example/rss") == NOT_MOVED


def test_where_the_new_address_fails_the_listed_one_is_tried_again() -> None:
    move = Move("https://new.example/rss", NOW - timedelta(days=9))
    places = [asked(move, NOW, failures) for failures in range(5)]
    assert places == ["https://new.example/rss"] * 3 + ["https://old.example/rss", "https://new.example/rss"]
