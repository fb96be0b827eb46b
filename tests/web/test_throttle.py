"""Who guesses passwords waits, and nobody else does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.web import throttle
from pipeline.web.access import Access, Door, TooManyGuessesError, hashed
from pipeline.web.throttle import FREE_A_NAME, FREE_AN_ADDRESS, LONGEST_WAIT_S, Throttle
from tests.web.conftest import opened
from tests.web.test_safety import basic


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(clock: Clock) -> Iterator[Throttle]:
    yield Throttle(clock)


def guess(kept: Throttle, times: int, peer: str = "203.0.113.9", name: str = "olena") -> None:
    for _ in range(times):
        kept.wrong(peer, name)


def test_slips_cost_nothing_and_guessing_doubles_its_wait_up_to_a_minute(
    kept: Throttle, clock: Clock
) -> None:
    guess(kept, FREE_A_NAME - 1)
    assert kept.wait_s("203.0.113.9", "olena") == 0
    waits = []
    for _ in range(9):
        guess(kept, 1)
        waits.append(kept.wait_s("203.0.113.9", "olena"))
        clock.now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]
    assert kept.wait_s("203.0.113.9", "olena") == 0, "the wait is over"


def test_another_address_and_another_name_do_not_wait(kept: Throttle) -> None:
    guess(kept, FREE_A_NAME + 3)
    assert kept.wait_s("203.0.113.10", "olena") == 0
    assert kept.wait_s("203.0.113.9", "ivan") == 0


def test_many_names_from_one_address_wait_together(kept: Throttle) -> None:
    for number in range(FREE_AN_ADDRESS):
        kept.wrong("2001:db8::1", f"name {number}")
    assert kept.wait_s("2001:db8::ffff", "olena") > 0, "an IPv6 customer has a whole /64"
    assert kept.wait_s("2001:db8:0:1::1", "olena") == 0


def test_a_right_password_and_a_quarter_of_an_hour_forgive(kept: Throttle, clock: Clock) -> None:
    guess(kept, FREE_A_NAME - 1)
    kept.right("203.0.113.9", "olena")
    guess(kept, FREE_A_NAME - 1)
    assert kept.wait_s("203.0.113.9", "olena") == 0
    clock.now += throttle.FORGOTTEN_AFTER_S + 1
    guess(kept, 1)
    assert kept.wait_s("203.0.113.9", "olena") == 0


def test_memory_is_bounded_however_many_guess(kept: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_KEPT", 100)
    guess(kept, FREE_A_NAME, peer="198.51.100.1")
    for number in range(60):
        kept.wrong(f"203.0.113.{number}", "olena")
    assert kept.wait_s("198.51.100.1", "olena") == 0
    assert len(kept._held) == 100


def test_while_an_address_waits_not_even_the_right_password_is_tried(clock: Clock) -> None:
    door = Door(Access(users={"olena": hashed("correct horse")}), Throttle(clock))
    inside = {"authorization": basic("olena", "correct horse")["Authorization"]}
    assert door.reader("203.0.113.1", inside) == "olena"
    for _ in range(FREE_A_NAME):
        assert door.reader("203.0.113.9", {"authorization": basic("olena", "guess")["Authorization"]}) is None
    other = {"authorization": basic("olena", "another guess")["Authorization"]}
    with pytest.raises(TooManyGuessesError, match="try again in 1 s"):
        door.reader("203.0.113.9", other)
    assert door.reader("203.0.113.9", inside) == "olena", "who is in stays in"
    clock.now += 1
    assert door.reader("203.0.113.9", other) is None


def test_the_page_says_how_long_to_wait_and_leaves_open_what_needs_no_name(
    sample_folder: Path,
) -> None:
    with opened(sample_folder, Access(users={"olena": hashed("correct horse")}, read_only=True)) as desk:
        for _ in range(FREE_A_NAME):
            assert desk.client.get("/", headers=basic("olena", "wrong")).status_code == 401
        answer = desk.client.get("/", headers=basic("olena", "still wrong"))
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "1"
        assert "Too many wrong passwords" in answer.text
        assert desk.client.get("/healthz", headers=basic("olena", "still wrong")).status_code == 200
