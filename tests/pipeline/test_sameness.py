"""Is this entry an article that we know? The rules by example."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline import sameness

MONDAY = datetime(2025, 3, 17, 6, 0, tzinfo=UTC)


def test_a_summary_and_its_full_text_read_alike() -> None:
    summary = "Kyiv backs a truce of thirty days."
    full = "Kyiv backs a truce of thirty days. Moscow studies it, and envoys will meet again in Jeddah next week."
    assert sameness.shared_words(summary, full) == 1.0


def test_two_reports_of_different_days_do_not_read_alike() -> None:
    assert sameness.shared_words("Twelve drones fell near Sumy", "Shelling hit Nikopol; nobody hurt") < 0.3


@pytest.mark.parametrize(
    ("new", "published", "expected"),
    [
        ("Shelling hit Nikopol today, nobody was hurt", MONDAY + timedelta(days=1), True),
        ("Shelling hit Nikopol today, nobody was hurt", MONDAY, False),
        ("Twelve drones fell near Sumy, two more over Poltava", MONDAY + timedelta(days=1), False),
    ],
)
def test_a_known_address_holds_another_article_only_with_a_new_date_and_other_words(
    new: str, published: datetime, expected: bool
) -> None:
    assert sameness.is_another_article("Twelve drones fell near Sumy", new, MONDAY, published) is expected


def test_the_page_is_better_than_the_feeds_content_and_that_than_its_summary() -> None:
    assert sameness.better_text("page", "short", "content", "longer text") == "new"
    assert sameness.better_text("summary", "much longer text", "content", "short") == "old"
    assert sameness.better_text("summary", "longer", "summary", "short") == "new"
    assert sameness.better_text("summary", "short", "summary", "short") == "old"
