"""When a feed is due next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fetch.policy import (
    NextPoll,
    effective_failure,
    failure_words,
    learned_interval_s,
    next_poll,
    start_interval_s,
    wants_full_fetch,
)
from pipeline.fetch.settings import DAY, HOUR, MINUTE, FetchSettings
from pipeline.types import FailureKind, FetchOutcome, Kind

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SETTINGS = FetchSettings()
GOOD = FetchOutcome("test", "fetched", NOW)
KINDS: tuple[FailureKind, ...] = get_args(FailureKind)


def failed(kind: FailureKind, **more: object) -> FetchOutcome:
    return replace(FetchOutcome("test", "failed", NOW, failure=kind), **more)  # type: ignore[arg-type]


def wait_s(
    outcome: FetchOutcome, *, failures: int = 0, interval_s: float = 1800, ttl_min: int | None = None
) -> float:
    poll = next_poll(outcome, SETTINGS, interval_s=interval_s, failures=failures, jitter=0.0, ttl_min=ttl_min)
    assert poll.due is not None
    return (poll.due - NOW).total_seconds()


def test_success_is_followed_by_the_feeds_own_interval() -> None:
    assert wait_s(GOOD) == 1800


def test_unchanged_counts_as_success() -> None:
    assert wait_s(replace(GOOD, result="unchanged")) == 1800


def test_interval_below_the_minimum_is_raised_to_it() -> None:
    assert wait_s(GOOD, interval_s=1) == SETTINGS.min_interval_s


def test_longer_ttl_of_the_document_wins() -> None:
    assert wait_s(GOOD, ttl_min=60) == 3600


def test_shorter_ttl_does_not_make_polls_faster() -> None:
    assert wait_s(GOOD, ttl_min=1) == 1800


def test_longer_freshness_of_the_answer_wins() -> None:
    assert wait_s(replace(GOOD, max_age_s=7200.0)) == 7200


def test_nothing_that_a_server_says_exceeds_a_day() -> None:
    assert wait_s(replace(GOOD, max_age_s=1e9), ttl_min=10**7) == DAY


def test_jitter_only_delays_and_by_its_share() -> None:
    due = next_poll(GOOD, SETTINGS, interval_s=1000, failures=0, jitter=1.0).due
    assert due == NOW + timedelta(seconds=1000 * (1 + SETTINGS.jitter))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("gone", "throttled")])
def test_back_off_grows_with_each_failure_up_to_a_day_and_never_ends(kind: FailureKind) -> None:
    waits = [wait_s(failed(kind), failures=count, interval_s=600) for count in range(1, 200)]
    assert waits == sorted(waits)
    assert waits[0] < DAY
    assert waits[-1] == DAY


def test_lasting_troubles_back_off_faster_than_passing_ones() -> None:
    assert (
        wait_s(failed("http-4xx"), failures=4)
        > wait_s(failed("dns"), failures=4)
        > wait_s(failed("timeout"), failures=4)
    )


def test_gone_stops_with_a_note() -> None:
    assert next_poll(failed("gone"), SETTINGS, interval_s=1800, failures=1, jitter=0) == NextPoll(
        None, "stopped: the server says that this feed is gone for good (410)"
    )


def test_retry_after_is_obeyed() -> None:
    assert wait_s(failed("throttled", retry_after_s=4000.0), failures=1) == 4000


def test_retry_after_is_capped_at_a_day() -> None:
    assert wait_s(failed("throttled", retry_after_s=1e8), failures=1) == DAY


def test_retry_after_of_zero_still_keeps_the_minimum() -> None:
    assert wait_s(failed("throttled", retry_after_s=0.0), failures=1) == SETTINGS.min_interval_s


def test_throttling_without_a_time_pauses_ten_minutes_at_first_and_longer_then() -> None:
    assert wait_s(failed("throttled"), failures=1) == 10 * MINUTE
    assert wait_s(failed("throttled"), failures=6) > HOUR


def test_retry_after_on_other_failures_is_a_lower_bound() -> None:
    assert wait_s(failed("http-5xx", retry_after_s=20_000.0), failures=1) == 20_000


def test_first_403_is_a_refusal_and_repeated_ones_are_throttling() -> None:
    refused = failed("http-4xx", status=403)
    assert effective_failure(refused, 1, SETTINGS) == "http-4xx"
    assert effective_failure(refused, 2, SETTINGS) == "throttled"
    assert effective_failure(failed("http-4xx", status=404), 2, SETTINGS) == "http-4xx"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_failure_has_words_and_a_weight(kind: FailureKind) -> None:
    assert len(failure_words(kind)) > 20
    assert SETTINGS.failure_weight[kind] > 0


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_feed_has_a_start_interval_within_bounds(kind: Kind) -> None:
    assert SETTINGS.min_interval_s <= start_interval_s(kind, SETTINGS) <= SETTINGS.max_interval_s


def test_wires_and_governments_start_faster_than_newspapers() -> None:
    assert start_interval_s("wire", SETTINGS) < start_interval_s("news", SETTINGS)
    assert start_interval_s("government", SETTINGS) < start_interval_s("news", SETTINGS)


def test_busy_feed_becomes_faster_and_silent_one_slower() -> None:
    assert (
        learned_interval_s(1800, 12, "news", SETTINGS) < 1800 < learned_interval_s(1800, 0, "news", SETTINGS)
    )


def test_silent_government_feed_is_still_asked_every_two_hours() -> None:
    interval = 900.0
    for _ in range(100):
        interval = learned_interval_s(interval, 0, "government", SETTINGS)
    assert interval == 2 * HOUR


@given(st.floats(1, 1e7), st.integers(0, 10_000), st.sampled_from(get_args(Kind)))
def test_learned_interval_stays_within_bounds(interval_s: float, new: int, kind: Kind) -> None:
    assert (
        SETTINGS.min_interval_s
        <= learned_interval_s(interval_s, new, kind, SETTINGS)
        <= SETTINGS.max_interval_s
    )


def test_every_fiftieth_poll_is_a_full_one() -> None:
    assert [polls for polls in range(1, 151) if wants_full_fetch(polls, SETTINGS)] == [50, 100, 150]


def test_user_agent_carries_the_contact() -> None:
    assert FetchSettings(contact="desk@monitor.example").user_agent.endswith(
        "(news feed reader; +desk@monitor.example)"
    )
    assert "+" not in FetchSettings().user_agent


@given(
    st.sampled_from(KINDS),
    st.integers(1, 10_000),
    st.floats(0, 1e9),
    st.none() | st.floats(0, 1e12),
    st.floats(0, 1),
)
def test_any_failure_but_gone_is_tried_again_between_ten_minutes_and_a_day(
    kind: FailureKind, failures: int, interval_s: float, retry_after_s: float | None, jitter: float
) -> None:
    outcome = failed(kind, retry_after_s=retry_after_s)
    due = next_poll(outcome, SETTINGS, interval_s=interval_s, failures=failures, jitter=jitter).due
    if kind == "gone":
        assert due is None
    else:
        assert due is not None
        assert SETTINGS.min_interval_s <= (due - NOW).total_seconds() <= DAY * (1 + SETTINGS.jitter)
