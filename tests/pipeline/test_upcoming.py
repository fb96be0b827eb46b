"""What day a sentence announces, told on Tuesday 18 March 2025."""

from datetime import UTC, datetime

import pytest

from pipeline.upcoming import announced

TOLD = datetime(2025, 3, 18, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("Talks will be held in Jeddah on Sunday.", "Sun 23 Mar"),
        ("Teams meet on Tuesday evening.", "Tue 18 Mar"),
        ("Teams meet next Tuesday.", "Tue 25 Mar"),
        ("They meet tomorrow in Riyadh.", "Wed 19 Mar"),
        ("Delegations gather next week in Doha.", "24 to 30 Mar"),
        ("A call is planned for this weekend.", "22 to 23 Mar"),
        ("The summit opens on 2 April in Paris.", "Wed 2 Apr"),
        ("The summit opens on April 2nd, 2025.", "Wed 2 Apr"),
        ("The council convenes on Friday, March 21.", "Fri 21 Mar"),
        ("A meeting follows on 3 January.", None),
        ("A meeting follows on 3 January 2026.", "Sat 3 Jan"),
        ("The Kremlin said on Monday that envoys will meet on Thursday.", "Thu 20 Mar"),
        ("The envoy told reporters late on Friday that talks would go on.", None),
        ("Talks go on in the coming days.", None),
        ("They met on 11 March.", None),
        ("They meet on 31 April.", None),
        ("The march on the capital may go on.", None),
    ],
)
def test_the_day_that_is_announced(sentence: str, day: str | None) -> None:
    found = announced(sentence, TOLD, "UTC")
    assert (None if found is None else str(found)) == day


def test_days_are_the_readers_own() -> None:
    assert str(announced("They meet tomorrow.", TOLD, "Asia/Tokyo")) == "Thu 20 Mar"
